//! Any bytes at any times reach simulated servos, as another program may send them to `ulna sim serve`: no panic, and answers end.

use std::sync::LazyLock;
use std::time::Duration;

use ulna_robot::RobotKind;
use ulna_sim::arm::{Arm, ArmOptions};
use ulna_sim::bus::{BusOptions, ServoBus};
use ulna_sim::workbench::Workbench;

static ROBOTS: LazyLock<[RobotKind; 2]> = LazyLock::new(|| {
    ["so101", "koch"].map(|name| ulna_robot::files::find(name).expect("a built-in robot"))
});

fn bus(kind: &RobotKind) -> ServoBus<Arm> {
    let calibration = kind.nominal_calibration();
    let arm = Arm::new(kind, &calibration, ArmOptions::default()).expect("an arm");
    let servos = Workbench::follower(kind, &calibration).expect("its servos");
    (servos.into_bus(arm, BusOptions::default())).expect("a bus")
}

pub(crate) fn run(input: &[u8]) {
    let Some((&which, mut bytes)) = input.split_first() else {
        return;
    };
    let mut bus = bus(&ROBOTS[usize::from(which % 2)]);
    let (mut now, mut answers) = (Duration::ZERO, [0; 1024]);
    while let Some((&head, rest)) = bytes.split_first() {
        let (sent, rest) = rest.split_at(rest.len().min(usize::from(head % 32)));
        bus.host_writes(now, sent);
        now += Duration::from_micros(u64::from(head / 32) * 300);
        bus.host_reads(now, &mut answers);
        bytes = rest;
    }
    bus.host_reads(now + Duration::from_millis(50), &mut answers);
    for joint in bus.plant().angles().iter() {
        assert!(joint.is_finite());
    }
}
