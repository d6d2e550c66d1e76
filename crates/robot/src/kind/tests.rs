//! The shipped robot file, whole and broken.

use super::*;
use alloc::string::ToString;
use core::f64::consts::TAU;

const SO101: &str = include_str!("../../configs/so101.toml");

fn so101() -> RobotKind {
    toml::from_str(SO101).unwrap()
}

#[test]
fn the_shipped_file_is_sound() {
    so101().validate().unwrap();
}

#[test]
fn the_nominal_calibration_spans_the_joint_limits() {
    let kind = so101();
    let calibration = kind.nominal_calibration();
    let maps = kind.angle_maps(&calibration);
    for ((joint, value), map) in kind
        .joints
        .iter()
        .zip(calibration.values())
        .zip(maps.iter())
    {
        let (low, high) = joint.unit.range(value, joint.resolution);
        let step = TAU / 4096.0;
        if joint.full_turn {
            assert_eq!((value.range_min, value.range_max), (0, 4095));
        } else {
            assert!(
                (map.radians(low) - joint.lower).abs() < 2.0 * step,
                "{}",
                joint.name
            );
            assert!(
                (map.radians(high) - joint.upper).abs() < 2.0 * step,
                "{}",
                joint.name
            );
        }
    }
}

#[test]
fn contradictions_are_named() {
    for (from, to, key) in [
        ("id = 2", "id = 1", "joints.shoulder_lift.id"),
        (
            "name = \"elbow_flex\"",
            "name = \"gripper\"",
            "joints.gripper.name",
        ),
        ("lower = -1.69", "lower = 1.9", "joints.elbow_flex.lower"),
        ("lower = -1.69", "lower = nan", "joints.elbow_flex.lower"),
        (
            "ramp_velocity = 0.8",
            "ramp_velocity = 8.0",
            "gate.ramp_velocity",
        ),
        (
            "elbow_flex = 92.0",
            "elbow_flex = 120.0",
            "exit.park.elbow_flex",
        ),
        ("elbow_flex = 92.0", "elbow = 92.0", "exit.park.elbow"),
        ("parent = 0", "parent = 4", "joints.shoulder_lift.parent"),
        ("mass = 0.104", "mass = 0.0", "joints.elbow_flex.link.mass"),
        ("baud = 1_000_000", "baud = 12", "bus.baud"),
        (
            "tool_joint = \"wrist_roll\"",
            "tool_joint = \"wrist\"",
            "kinematics.tool_joint",
        ),
        (
            "joint = \"shoulder_pan\"",
            "joint = \"shoulder\"",
            "visuals[12].joint",
        ),
        ("[0.026, 0.09,", "[0.026, 0.0,", "visuals[0].box"),
        (
            "radius = 0.01,",
            "radius = inf,",
            "visuals[10].cylinder.radius",
        ),
        (
            "length = 0.0025",
            "length = -0.1",
            "visuals[10].cylinder.length",
        ),
        ("low = [0.0058,", "low = [-0.0058,", "visuals[55].taper.low"),
        (
            "shift = [-0.0136,",
            "shift = [nan,",
            "visuals[55].taper.shift",
        ),
        ("xyz = [-0.009,", "xyz = [nan,", "visuals[0].frame"),
        ("name = \"front\"", "name = \"wrist\"", "cameras.wrist.name"),
        ("name = \"front\"", "name = \"a/b\"", "cameras[0].name"),
        ("name = \"front\"", "name = \"\"", "cameras[0].name"),
        (
            "name = \"wrist\"\njoint = \"wrist_roll\"",
            "name = \"wrist\"\njoint = \"hand\"",
            "cameras.wrist.joint",
        ),
        ("xyz = [0.66,", "xyz = [inf,", "cameras.front.frame"),
        (
            "robot_type = \"so_follower\"",
            "robot_type = \"../../../x\"",
            "follower.robot_type",
        ),
        (
            "robot_type = \"so_leader\"",
            "robot_type = \"/tmp/x\"",
            "leader.robot_type",
        ),
        ("name = \"so101\"", "name = \"..\"", "name"),
        (
            "summary = \"",
            "summary = \"\\u001b]52;c;aGk=\\u0007",
            "summary",
        ),
        (
            "name = \"elbow_flex\"",
            "name = \"elbow\\nflex\"",
            "joints[2].name",
        ),
        ("8.10403e-5,", "1e308,", "joints.shoulder_pan.link.inertia"),
        ("8.3759e-5,", "1e-308,", "joints.shoulder_pan.link.inertia"),
        ("7.55525e-8", "1e-2", "joints.shoulder_pan.link.inertia"),
        (
            "mass = 0.104",
            "mass = 1e308",
            "joints.elbow_flex.link.mass",
        ),
        ("lower = -1.69", "lower = -1e300", "joints.elbow_flex.lower"),
        (
            "max_velocity = 6.0",
            "max_velocity = 1e300",
            "gate.max_velocity",
        ),
        ("jump = 0.35", "jump = 1e-300", "gate.jump"),
        ("xyz = [0.66,", "xyz = [1e200,", "cameras.front.frame"),
        ("fovy = 41.0", "fovy = 180.0", "cameras.front.fovy"),
        ("fovy = 48.5", "fovy = nan", "cameras.wrist.fovy"),
    ] {
        assert!(SO101.contains(from), "{from}");
        let kind: RobotKind = toml::from_str(&SO101.replacen(from, to, 1)).unwrap();
        assert_eq!(kind.validate().unwrap_err().key, key);
    }
}

#[test]
fn what_a_camera_sees_is_limited() {
    let mut kind = so101();
    kind.visuals = alloc::vec![kind.visuals[0].clone(); 257];
    assert_eq!(kind.validate().unwrap_err().key, "visuals");
    kind.visuals.clear();
    kind.cameras = alloc::vec![kind.cameras[0].clone(); 9];
    assert_eq!(kind.validate().unwrap_err().key, "cameras");
    kind.cameras.clear();
    kind.validate().unwrap();
}

#[test]
fn unknown_keys_are_refused() {
    let text = SO101.replacen("stale_ms", "stale_millis", 1);
    let error = toml::from_str::<RobotKind>(&text).unwrap_err().to_string();
    assert!(error.contains("stale_millis"), "{error}");
}
