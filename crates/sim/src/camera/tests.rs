use super::*;
use crate::visual::cameras_of;
use ulna_core::Joints;
use ulna_robot::RobotKind;

fn kind() -> RobotKind {
    toml::from_str(include_str!("../../../../configs/so101.toml")).unwrap()
}

fn ms(ms: u64) -> Stamp {
    Stamp::new(Duration::from_millis(ms))
}

fn pose() -> PoseSlot {
    let kind = kind();
    PoseSlot::new(Joints::from_fn(kind.dof(), |i| kind.joints[i].middle()))
}

fn camera(pose: &PoseSlot, options: CameraOptions) -> SimCamera {
    let kind = kind();
    let front = cameras_of(&kind).swap_remove(0);
    let scene = VisualScene::of(&kind);
    SimCamera::new(front, scene, Chain::new(&kind), pose.clone(), options).unwrap()
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
    let mut camera = camera(&pose(), small());
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
    let pose = pose();
    let mut camera = camera(&pose, small());
    assert_eq!(camera.poll(ms(50)).unwrap(), None);
    pose.publish(&Joints::filled(6, 0.3), &[]);
    assert_eq!(camera.poll(ms(149)).unwrap(), None);
    let before = camera.poll(ms(150)).unwrap().unwrap();
    let after = camera.poll(ms(250)).unwrap().unwrap();
    assert_ne!(before.pixels, after.pixels);
}

#[test]
fn a_camera_that_is_polled_too_late_skips_numbers() {
    let mut camera = camera(&pose(), small());
    camera.poll(ms(50)).unwrap();
    assert_eq!(camera.poll(ms(370)).unwrap().unwrap().sequence, 0);
    let late = camera.poll(ms(470)).unwrap().unwrap();
    assert_eq!((late.sequence, late.stamp), (3, ms(370)));
}

#[test]
fn noise_is_small_and_the_same_in_every_run() {
    let pose = pose();
    let noisy = |seed| {
        let noise = Some(SensorNoise { seed, amplitude: 3 });
        let mut camera = camera(&pose, CameraOptions { noise, ..small() });
        drain(&mut camera, ms(300))
    };
    let clean = drain(&mut camera(&pose, small()), ms(300));
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
    let faulty = |kind| FaultyCamera::new(camera(&pose(), small()), kind);
    let from = ms(300);

    let frozen = drain(&mut faulty(CameraFaultKind::Frozen { from }), ms(600));
    let numbers: Vec<_> = frozen.iter().map(|(_, f)| (f.sequence, f.stamp)).collect();
    assert_eq!(numbers[1..4], [(1, ms(150)), (1, ms(250)), (1, ms(350))]);
    assert_eq!(frozen[1].1.pixels, frozen[3].1.pixels);

    assert_eq!(
        drain(&mut faulty(CameraFaultKind::Silent { from }), ms(600)).len(),
        2
    );

    let by = Duration::from_millis(400);
    let late = drain(&mut faulty(CameraFaultKind::Late { from, by }), ms(800));
    assert_eq!((late[1].0, late[2].0), (ms(250), ms(750)));
    assert_eq!(late[2].1.stamp, ms(250));

    let mut gone = faulty(CameraFaultKind::Gone { from });
    assert!(gone.poll(ms(299)).is_ok());
    let fault = gone.poll(from).unwrap_err().to_string();
    assert!(fault.contains("front"), "{fault}");
    assert!(faulty(CameraFaultKind::Gone { from }).next_due(ms(250)) <= from);
}

#[test]
fn camera_faults_read_as_they_are_written() {
    let from = ms(1500);
    let by = Duration::from_millis(700);
    for (text, kind) in [
        ("front:frozen@1.5s", CameraFaultKind::Frozen { from }),
        ("front:silent@1500ms", CameraFaultKind::Silent { from }),
        ("front:gone@1.5s", CameraFaultKind::Gone { from }),
        ("front:late+700ms@1.5s", CameraFaultKind::Late { from, by }),
    ] {
        assert_eq!(CameraFaultKind::parse(text), Ok(("front".to_owned(), kind)));
    }
    for text in [
        "front",
        "front:frozen",
        "front:slow@1s",
        "front:late@1s",
        "front:gone@soon",
    ] {
        let error = CameraFaultKind::parse(text).unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    }
}
