use super::*;

include!("expected.rs");

#[test]
fn every_schedule_gives_what_diffusers_gives() {
    for (name, schedule, prediction, steps, clip, wanted) in EXPECTED {
        let scheduler = Scheduler::new(&Settings {
            noise_scheduler_type: name,
            num_train_timesteps: 50,
            num_inference_steps: *steps,
            beta_schedule: schedule,
            beta_start: 1e-4,
            beta_end: 0.02,
            prediction_type: prediction,
            clip: *clip,
            numbers: 16,
            skip: 0,
        })
        .unwrap();
        let mut noise = Noise::seeded(3);
        let mut sample = vec![0.0; 16];
        noise.fill(&mut sample);
        for index in 0..scheduler.len() {
            let time = scheduler.timestep(index) / 50.0;
            let answer: Vec<f32> = sample.iter().map(|x| (x + time).tanh()).collect();
            scheduler.step(index, &answer, &mut sample, &mut noise);
        }
        for (given, wanted) in sample.iter().zip(wanted) {
            assert!(
                (given - wanted).abs() < 2e-5 * wanted.abs().max(1.0),
                "{name} {schedule} {prediction} {steps}: {given} for {wanted}"
            );
        }
    }
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    let sound = Settings {
        noise_scheduler_type: "DDIM",
        num_train_timesteps: 100,
        num_inference_steps: 10,
        beta_schedule: "linear",
        beta_start: 1e-4,
        beta_end: 0.02,
        prediction_type: "epsilon",
        clip: Some(1.0),
        numbers: 1,
        skip: 0,
    };
    assert!(Scheduler::new(&sound).is_ok());
    for (settings, word) in [
        (
            Settings {
                noise_scheduler_type: "PNDM",
                ..sound
            },
            "PNDM",
        ),
        (
            Settings {
                num_inference_steps: 101,
                ..sound
            },
            "num_inference_steps",
        ),
        (
            Settings {
                num_inference_steps: 0,
                ..sound
            },
            "num_inference_steps",
        ),
        (
            Settings {
                beta_schedule: "sigmoid",
                ..sound
            },
            "beta_schedule",
        ),
        (
            Settings {
                beta_end: 1.0,
                ..sound
            },
            "beta_end",
        ),
        (
            Settings {
                prediction_type: "v_prediction",
                ..sound
            },
            "prediction_type",
        ),
        (
            Settings {
                clip: Some(f64::NAN),
                ..sound
            },
            "clip_sample_range",
        ),
    ] {
        let error = Scheduler::new(&settings).unwrap_err();
        assert!(error.contains(word), "{error}");
    }
}
