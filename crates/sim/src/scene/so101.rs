//! What an SO-101 looks like: its servos and printed parts as boxes, cylinders and tapers.
//!
//! The extents are read off sections through the meshes of TheRobotStudio/SO-ARM100, Simulation/SO101 (Apache-2.0), as are
//! the servos' places; the wrist camera's pose and field of view are those of MuJoCo Menagerie's `robotstudio_so101`.

use core::f64::consts::{FRAC_PI_2, PI};

use nalgebra::{Isometry3, Point3, Vector3};

use super::{Camera, Colour, Light, Pattern, Scene, Shape, Table, Visual, frame};

/// The printed parts.
pub const PRINTED: Colour = Colour([244, 196, 48]);
/// The gripper's fixed finger: nothing else in the scene has this hue.
pub const GRIPPER: Colour = Colour([226, 62, 28]);
/// The gripper's moving finger: nothing else in the scene has this hue.
pub const JAW_FINGER: Colour = Colour([22, 158, 126]);
/// Servo cases, the controller board's mount and the wrist camera.
pub const SERVO: Colour = Colour([44, 45, 50]);
/// Servo horns.
pub const HORN: Colour = Colour([168, 170, 176]);
/// The cube that comes with the scene.
pub const CUBE: Colour = Colour([36, 92, 210]);

/// Indices of the joints whose links the parts belong to, in the order of the robot file.
const SHOULDER: Option<usize> = Some(0);
const UPPER_ARM: Option<usize> = Some(1);
const LOWER_ARM: Option<usize> = Some(2);
const WRIST: Option<usize> = Some(3);
const HAND: Option<usize> = Some(4);
const JAW: Option<usize> = Some(5);

/// The arm on a checkered table with one cube in reach of it.
pub fn scene() -> Scene {
    let table = Table {
        centre: Point3::new(0.2, 0.0, 0.0),
        half: [0.45, 0.45],
        thickness: 0.03,
        pattern: Pattern::Checker {
            colours: [Colour([212, 208, 200]), Colour([176, 172, 166])],
            square: 0.05,
        },
    };
    Scene {
        background: Colour([112, 128, 140]),
        light: Light {
            towards: Vector3::new(0.35, -0.45, 1.0),
            ambient: 0.5,
            diffuse: 0.55,
        },
        table,
        visuals: visuals(),
        objects: vec![super::cube_on(&table, 0.03, [0.25, 0.06], 0.4, CUBE)],
    }
}

/// The cameras that people put on this arm: `front`, fixed before it, and `wrist`, on the gripper.
pub fn cameras() -> [Camera; 2] {
    [
        Camera::looking_at(
            "front",
            Point3::new(0.66, -0.30, 0.42),
            Point3::new(0.19, -0.005, 0.085),
            41f64.to_radians(),
        ),
        Camera {
            name: "wrist".to_owned(),
            mount: HAND,
            frame: wrist_camera(),
            fovy: 48.5f64.to_radians(),
        },
    ]
}

fn wrist_camera() -> Isometry3<f64> {
    frame([0.0, 0.055, -0.045], [-0.57, 0.0, 0.0])
}

/// The arm's parts.
pub fn visuals() -> Vec<Visual> {
    let mut parts = Vec::new();
    base(&mut parts);
    shoulder(&mut parts);
    upper_arm(&mut parts);
    lower_arm(&mut parts);
    wrist(&mut parts);
    hand(&mut parts);
    jaw(&mut parts);
    parts
}

/// A box from its lower to its upper corner, mm, in the link's frame.
fn slab(link: Option<usize>, low: [f64; 3], high: [f64; 3], colour: Colour) -> Visual {
    let half = core::array::from_fn(|axis| (high[axis] - low[axis]) / 2000.0);
    let middle = core::array::from_fn(|axis| (high[axis] + low[axis]) / 2000.0);
    Visual {
        link,
        shape: Shape::Box { half },
        frame: frame(middle, [0.0; 3]),
        colour,
    }
}

/// A cylinder along the link's z axis, about (x, y), from one height to the other, mm.
fn disc(
    link: Option<usize>,
    at: [f64; 2],
    radius: f64,
    [from, to]: [f64; 2],
    colour: Colour,
) -> Visual {
    Visual {
        link,
        shape: Shape::Cylinder {
            radius: radius / 1000.0,
            half_length: (to - from) / 2000.0,
        },
        frame: frame(
            [at[0] / 1000.0, at[1] / 1000.0, (from + to) / 2000.0],
            [0.0; 3],
        ),
        colour,
    }
}

/// The same, turned: a part that was drawn about the origin of `at`.
fn placed(at: &Isometry3<f64>, part: Visual) -> Visual {
    Visual {
        frame: at * part.frame,
        ..part
    }
}

fn base(parts: &mut Vec<Visual>) {
    let printed = |low, high| slab(None, low, high, PRINTED);
    parts.extend([
        // The foot: a crossbar and two broad toes.
        printed([-22.0, -45.0, -2.0], [4.0, 45.0, 8.0]),
        printed([4.0, 14.0, -2.0], [44.0, 50.0, 8.0]),
        printed([4.0, -50.0, -2.0], [44.0, -14.0, 8.0]),
        printed([44.0, 20.0, -2.0], [64.0, 40.0, 8.0]),
        printed([44.0, -40.0, -2.0], [64.0, -20.0, 8.0]),
        // The post, and the frame that holds the servo on it.
        printed([-22.0, -17.0, 8.0], [2.0, 17.0, 69.0]),
        printed([2.0, -17.0, 36.0], [53.0, -12.6, 60.0]),
        printed([2.0, 12.6, 36.0], [53.0, 17.0, 60.0]),
        printed([49.0, -12.6, 36.0], [53.0, 12.6, 60.0]),
        slab(None, [3.6, -12.4, 26.0], [49.0, 12.4, 60.0], SERVO),
        disc(None, [38.8, 0.0], 10.0, [60.0, 62.5], HORN),
        // The controller board on its plate.
        slab(
            None,
            [-25.0, -25.0, 26.0],
            [-22.0, 25.0, 68.0],
            Colour([26, 38, 74]),
        ),
    ]);
}

// The shoulder's own z axis points down.
fn shoulder(parts: &mut Vec<Visual>) {
    let printed = |low, high| slab(SHOULDER, low, high, PRINTED);
    let lift_axis = frame([-0.0304, 0.0, -0.0542], [-FRAC_PI_2, 0.0, 0.0]);
    parts.extend([
        // A bracket around the servo of the base: over its horn, down its back, under its case.
        disc(SHOULDER, [0.0, 0.0], 12.0, [-7.0, 0.0], PRINTED),
        printed([-28.0, -15.0, -10.0], [0.0, 15.0, 0.0]),
        printed([-47.0, -10.0, -10.0], [-25.0, 10.0, 40.0]),
        printed([-40.0, -15.0, 39.0], [12.0, 15.0, 46.0]),
        // A cradle for the servo that lifts the upper arm.
        printed([-50.0, -23.0, -19.0], [-12.0, 23.0, -10.0]),
        printed([-47.6, -20.0, -38.0], [-42.8, 20.0, -19.0]),
        printed([-18.0, -20.0, -38.0], [-12.6, 20.0, -19.0]),
        slab(SHOULDER, [-42.8, -17.5, -64.4], [-18.0, 17.5, -19.0], SERVO),
        placed(
            &lift_axis,
            disc(SHOULDER, [0.0, 0.0], 10.0, [-20.0, 20.0], HORN),
        ),
    ]);
}

fn upper_arm(parts: &mut Vec<Visual>) {
    let printed = |low, high| slab(UPPER_ARM, low, high, PRINTED);
    parts.extend([
        // Two cheeks about the shoulder's servo, joined by a web.
        disc(UPPER_ARM, [0.0, 0.0], 12.0, [-13.5, -3.0], PRINTED),
        printed([-78.0, -12.0, -13.0], [0.0, 12.0, -3.0]),
        disc(UPPER_ARM, [0.0, 0.0], 12.0, [40.0, 49.9], PRINTED),
        printed([-78.0, -12.0, 40.0], [0.0, 12.0, 49.5]),
        printed([-80.0, -12.0, -11.0], [-52.0, 12.0, 47.0]),
        // A cradle for the elbow's servo.
        printed([-130.2, -12.5, -6.8], [-78.0, 12.0, -1.5]),
        printed([-130.2, -12.5, 36.5], [-78.0, 12.0, 43.2]),
        printed([-130.2, -12.5, -6.8], [-125.0, 12.0, 43.2]),
        printed([-100.2, -12.5, -6.8], [-90.0, 12.0, 43.2]),
        slab(UPPER_ARM, [-125.0, -38.2, 0.0], [-100.2, 7.2, 35.5], SERVO),
        disc(UPPER_ARM, [-112.6, -28.0], 10.0, [-2.5, 38.5], HORN),
    ]);
}

fn lower_arm(parts: &mut Vec<Visual>) {
    let printed = |low, high| slab(LOWER_ARM, low, high, PRINTED);
    parts.extend([
        disc(LOWER_ARM, [0.0, 0.0], 12.0, [-12.0, -3.0], PRINTED),
        printed([-92.0, -12.0, -11.5], [0.0, 12.0, -3.0]),
        disc(LOWER_ARM, [0.0, 0.0], 12.0, [39.5, 48.4], PRINTED),
        printed([-92.0, -12.0, 39.5], [0.0, 12.0, 48.0]),
        printed([-70.0, -12.0, -9.0], [-40.0, 12.0, 45.0]),
        printed([-118.7, -15.0, -5.0], [-90.7, 21.9, 43.0]),
        slab(LOWER_ARM, [-145.1, -7.2, 0.0], [-99.7, 17.6, 35.5], SERVO),
        disc(LOWER_ARM, [-134.9, 5.2], 10.0, [-2.5, 38.5], HORN),
    ]);
}

fn wrist(parts: &mut Vec<Visual>) {
    let printed = |low, high| slab(WRIST, low, high, PRINTED);
    let roll_axis = frame([0.0, -0.0611, 0.0181], [FRAC_PI_2, 0.0, 0.0]);
    parts.extend([
        disc(WRIST, [0.0, 0.0], 12.0, [-9.0, -3.0], PRINTED),
        printed([-12.0, -27.0, -9.0], [12.0, 0.0, -3.0]),
        disc(WRIST, [0.0, 0.0], 12.0, [39.0, 46.0], PRINTED),
        printed([-12.0, -27.0, 39.0], [12.0, 0.0, 46.0]),
        printed([-15.0, -28.0, -9.0], [15.0, -20.0, 46.0]),
        // A cage for the servo that rolls the hand.
        printed([-20.0, -58.0, 10.0], [-12.4, -23.0, 46.0]),
        printed([12.4, -58.0, 10.0], [15.7, -23.0, 46.0]),
        slab(WRIST, [-12.3, -60.0, 7.9], [12.3, -23.0, 53.3], SERVO),
        placed(&roll_axis, disc(WRIST, [0.0, 0.0], 10.0, [-2.0, 1.0], HORN)),
    ]);
}

fn hand(parts: &mut Vec<Visual>) {
    let printed = |low, high| slab(HAND, low, high, PRINTED);
    let lens = wrist_camera();
    parts.extend([
        disc(HAND, [0.0, 0.0], 12.0, [-4.0, 0.0], PRINTED),
        printed([-34.0, -24.0, -11.0], [26.0, 23.0, -3.0]),
        printed([-35.2, -22.0, -37.0], [-15.2, 22.0, -11.0]),
        printed([-20.0, 20.5, -36.0], [8.0, 24.0, -11.0]),
        printed([-20.0, -24.0, -36.0], [8.0, -20.5, -11.0]),
        slab(HAND, [-15.0, -17.5, -35.8], [30.4, 18.0, -11.0], SERVO),
        Visual {
            link: HAND,
            shape: Shape::Taper {
                low: [0.0029, 0.0034],
                high: [0.0100, 0.0125],
                shift: [-0.0136, 0.0],
                half_length: 0.0337,
            },
            frame: frame([-0.0107, 0.0, -0.0707], [0.0; 3]),
            colour: GRIPPER,
        },
        // The wrist camera's case, behind its lens, and the strut that carries it.
        placed(
            &lens,
            slab(HAND, [-12.0, -12.0, 0.0], [12.0, 12.0, 8.0], SERVO),
        ),
        slab(HAND, [-6.0, 22.0, -14.0], [6.0, 62.0, -10.0], PRINTED),
        slab(HAND, [-6.0, 57.0, -40.0], [6.0, 62.0, -14.0], PRINTED),
    ]);
}

fn jaw(parts: &mut Vec<Visual>) {
    let finger = |low, high, shift, half_length, at: [f64; 3]| Visual {
        link: JAW,
        shape: Shape::Taper {
            low,
            high,
            shift,
            half_length,
        },
        // The taper's z axis runs out along the finger, the link's -y; its x axis stays.
        frame: frame(at, [FRAC_PI_2, 0.0, 0.0]),
        colour: JAW_FINGER,
    };
    let horn = frame([0.0; 3], [PI, 0.0, 0.0]);
    parts.extend([
        // A fork about the servo.
        disc(JAW, [0.0, 0.0], 10.0, [-5.0, -1.0], PRINTED),
        slab(JAW, [-10.0, -22.0, -5.0], [8.5, 0.0, -1.0], PRINTED),
        disc(JAW, [0.0, 0.0], 10.0, [38.5, 42.9], PRINTED),
        slab(JAW, [-10.0, -22.0, 38.5], [8.5, 0.0, 42.9], PRINTED),
        slab(JAW, [-10.0, -23.0, -2.0], [8.5, -14.0, 40.0], PRINTED),
        placed(&horn, disc(JAW, [0.0, 0.0], 7.0, [-0.5, 1.5], HORN)),
        finger(
            [0.0081, 0.0108],
            [0.0064, 0.0071],
            [-0.0037, 0.0],
            0.0205,
            [-0.0002, -0.0425, 0.0189],
        ),
        finger(
            [0.0064, 0.0071],
            [0.0030, 0.0031],
            [-0.0054, 0.0],
            0.0095,
            [-0.0039, -0.0725, 0.0189],
        ),
    ]);
}
