use super::*;
use crate::arm::ArmOptions;
use crate::scene::cameras_of;
use ulna_core::Joints;
use ulna_robot::RobotKind;

fn kind() -> RobotKind {
    toml::from_str(include_str!("../../../../configs/so101.toml")).unwrap()
}

fn ms(ms: u64) -> Stamp {
    Stamp::new(Duration::from_millis(ms))
}

fn arm() -> Arc<Mutex<Arm>> {
    let kind = kind();
    let arm = Arm::new(&kind, &kind.nominal_calibration(), ArmOptions::default()).unwrap();
    Arc::new(Mutex::new(arm))
}

fn camera(arm: &Arc<Mutex<Arm>>, options: CameraOptions) -> SimCamera {
    let kind = kind();
    let front = cameras_of(&kind).swap_remove(0);
    let chain = Chain::new(&kind);
    SimCamera::new(
        front,
        Arc::new(Scene::of(&kind)),
        chain,
        Arc::clone(arm),
        options,
    )
    .unwrap()
}

/// Ten pictures a second, the first at 50 ms.
fn small() -> CameraOptions {
    CameraOptions::new(64, 48, 10.0)
}

/// Polls at every moment that the camera asks for, up to `end`.
fn drain(camera: &mut dyn Camera, end: Stamp) -> Vec<(Stamp, Frame)> {
    let mut frames = Vec::new();
    let mut now = Stamp::ZERO;
    while now <= end {
        while let Some(frame) = camera.poll(now).unwrap() {
            frames.push((now, frame));
        }
        now = camera.next_due(now);
    }
    frames
}

#[test]
fn pictures_are_stamped_at_capture_and_arrive_later() {
    let mut camera = camera(&arm(), small());
    let frames = drain(&mut camera, ms(480));
    let times: Vec<_> = frames
        .iter()
        .map(|(at, frame)| (*at, frame.stamp, frame.sequence))
        .collect();
    assert_eq!(
        times,
        [
            (ms(150), ms(50), 0),
            (ms(250), ms(150), 1),
            (ms(350), ms(250), 2),
            (ms(450), ms(350), 3)
        ]
    );
    assert_eq!(frames[0].1.age(ms(150)), Duration::from_millis(100));
    assert_eq!(frames[0].1.pixels.len(), 64 * 48 * 3);
}

#[test]
fn a_picture_shows_the_arm_at_its_stamp() {
    let arm = arm();
    let mut camera = camera(&arm, small());
    assert_eq!(camera.poll(ms(50)).unwrap(), None);
    arm.lock().unwrap().place(&Joints::filled(6, 0.3));
    assert_eq!(camera.poll(ms(149)).unwrap(), None);
    let before = camera.poll(ms(150)).unwrap().unwrap();
    let after = camera.poll(ms(250)).unwrap().unwrap();
    assert_ne!(before.pixels, after.pixels);
}

#[test]
fn a_camera_that_is_polled_too_late_skips_numbers() {
    let mut camera = camera(&arm(), small());
    camera.poll(ms(50)).unwrap();
    assert_eq!(camera.poll(ms(370)).unwrap().unwrap().sequence, 0);
    let late = camera.poll(ms(470)).unwrap().unwrap();
    assert_eq!((late.sequence, late.stamp), (3, ms(370)));
}

#[test]
fn noise_is_small_and_the_same_in_every_run() {
    let arm = arm();
    let noisy = |seed| {
        let noise = Some(SensorNoise { seed, amplitude: 3 });
        let mut camera = camera(&arm, CameraOptions { noise, ..small() });
        drain(&mut camera, ms(300))
    };
    let clean = drain(&mut camera(&arm, small()), ms(300));
    let (first, again, other) = (noisy(1), noisy(1), noisy(2));
    assert_eq!(first, again);
    assert_ne!(first[0].1.pixels, other[0].1.pixels);
    assert_ne!(first[0].1.pixels, first[1].1.pixels);
    let off = |a: &Frame, b: &Frame| -> Vec<i32> {
        let pairs = a.pixels.iter().zip(b.pixels.iter());
        pairs.map(|(a, b)| i32::from(*a) - i32::from(*b)).collect()
    };
    let off = off(&first[0].1, &clean[0].1);
    assert_eq!(off.iter().map(|d| d.abs()).max(), Some(3));
    assert!(off.iter().sum::<i32>().abs() < off.len() as i32 / 20);
}

#[test]
fn faulty_cameras_misbehave_as_asked() {
    let faulty = |trouble| FaultyCamera::new(camera(&arm(), small()), trouble);
    let from = ms(300);

    let frozen = drain(&mut faulty(Trouble::Frozen { from }), ms(600));
    let numbers: Vec<_> = frozen.iter().map(|(_, f)| (f.sequence, f.stamp)).collect();
    assert_eq!(numbers[1..4], [(1, ms(150)), (1, ms(250)), (1, ms(350))]);
    assert_eq!(frozen[1].1.pixels, frozen[3].1.pixels);

    assert_eq!(
        drain(&mut faulty(Trouble::Silent { from }), ms(600)).len(),
        2
    );

    let by = Duration::from_millis(400);
    let late = drain(&mut faulty(Trouble::Late { from, by }), ms(800));
    assert_eq!((late[1].0, late[2].0), (ms(250), ms(750)));
    assert_eq!(late[2].1.stamp, ms(250));

    let mut gone = faulty(Trouble::Gone { from });
    assert!(gone.poll(ms(299)).is_ok());
    let fault = gone.poll(from).unwrap_err().to_string();
    assert!(fault.contains("front"), "{fault}");
    assert!(faulty(Trouble::Gone { from }).next_due(ms(250)) <= from);
}

#[test]
fn the_seed_says_where_the_cube_lies() {
    let table = Scene::of(&kind()).table;
    let at = |seed| {
        cube_from_seed(&table, Colour([36, 92, 210]), seed)
            .pose
            .translation
            .vector
    };
    assert_eq!(at(3), at(3));
    assert!((at(3) - at(4)).norm() > 1e-3);
    for seed in 0..100 {
        let (cube, r) = (at(seed), at(seed).xy().norm());
        assert!((0.19..0.29).contains(&r) && (cube.z - 0.015).abs() < 1e-9);
    }
}

#[test]
fn troubles_read_as_they_are_written() {
    let from = ms(1500);
    let by = Duration::from_millis(700);
    for (text, trouble) in [
        ("front:frozen@1.5s", Trouble::Frozen { from }),
        ("front:silent@1500ms", Trouble::Silent { from }),
        ("front:gone@1.5s", Trouble::Gone { from }),
        ("front:late+700ms@1.5s", Trouble::Late { from, by }),
    ] {
        assert_eq!(Trouble::parse(text), Ok(("front".to_owned(), trouble)));
    }
    for text in [
        "front",
        "front:frozen",
        "front:slow@1s",
        "front:late@1s",
        "front:gone@soon",
    ] {
        let error = Trouble::parse(text).unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    }
}
