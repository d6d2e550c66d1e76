//! The model that MuJoCo gets: the arm of a robot file, what it stands among, and the free bodies, as MJCF.
//!
//! What touches what is listed pair by pair: the same solids, the same pairs and the same friction as in `contact`. MuJoCo would take
//! the larger friction of two surfaces, and has no other rule that leaves out two links of one arm.
//!
//! Each joint is two hinges about one axis, both in the servo's own sense: `rN` turns with the rotor and carries its inertia, `tN` is how far the output
//! is ahead of it. The output is their sum, which the tendon `oN` stands for. Inertias, friction and torques are set in each tick.

use core::fmt::Write;

use nalgebra::Isometry3;
use ulna_core::joints::Joints;
use ulna_robot::RobotKind;

use crate::contact::pieces::{Group, Piece, Pieces};
use crate::contact::{Matter, body};
use crate::visual::Shape;

/// How MuJoCo is set up, to be printed next to its figures. It is the same for every scene.
pub(crate) const SETTINGS: &str =
    "elliptic cones, impratio 10, Newton, noslip 3, implicitfast, contacts solref 0.005 1, 1 ms";

/// The options of [`SETTINGS`]. A state that is not finite stays so: a reset in the middle of a run would be a quiet lie.
const OPTIONS: &str = r#"<option timestep="0.001" gravity="0 0 -9.80665" cone="elliptic" impratio="10" solver="Newton" integrator="implicitfast"
 iterations="100" tolerance="1e-10" noslip_iterations="3"><flag autoreset="disable" multiccd="enable"/></option>
<default><pair condim="3" solref="0.005 1" solimp="0.95 0.99 0.001"/>
<joint type="hinge" solreffriction="0.002 1" solimpfriction="0.9999 0.9999 0.001"/>
<tendon solreffriction="0.002 1" solimpfriction="0.9999 0.9999 0.001"/></default>
"#;

/// A robot among fixtures and bodies as MJCF. `pieces` are its solids, `matter` the free bodies in their order.
pub(super) fn model(
    kind: &RobotKind,
    turns: &Joints<f64>,
    pieces: &Pieces,
    matter: &[Matter],
) -> String {
    let mut text = Text(String::from("<mujoco model=\"ulna\">\n"));
    text.line(format_args!(
        "<compiler angle=\"radian\" autolimits=\"true\" balanceinertia=\"true\" inertiafromgeom=\"false\"/>"
    ));
    text.0.push_str(OPTIONS);
    text.meshes(pieces);
    text.line(format_args!("<worldbody>"));
    for fixture in &pieces.fixtures {
        text.geom(fixture, &fixture.pose);
    }
    text.group(pieces.links.first());
    for joint in (0..kind.dof()).filter(|joint| kind.joints[*joint].parent.is_none()) {
        text.link(kind, turns, pieces, joint);
    }
    for (index, (piece, matter)) in pieces.bodies.iter().zip(matter).enumerate() {
        let [x, y, z]: [f64; 3] = body::inertia(matter).into();
        text.line(format_args!(
            "<body name=\"b{index}\"><freejoint name=\"b{index}\"/>"
        ));
        text.line(format_args!(
            "<inertial pos=\"0 0 0\" mass=\"{}\" diaginertia=\"{x} {y} {z}\"/>",
            matter.mass
        ));
        text.geom(piece, &Isometry3::identity());
        text.line(format_args!("</body>"));
    }
    text.line(format_args!("</worldbody>\n<tendon>"));
    for joint in 0..kind.dof() {
        text.line(format_args!(
            "<fixed name=\"o{joint}\"><joint joint=\"r{joint}\" coef=\"1\"/><joint joint=\"t{joint}\" coef=\"1\"/></fixed>"
        ));
    }
    text.line(format_args!("</tendon>\n<contact>"));
    text.pairs(pieces);
    text.line(format_args!("</contact>\n</mujoco>"));
    text.0
}

/// The joints in MuJoCo's order: each before those that hang on it, and all of these before the next.
pub(super) fn order(kind: &RobotKind) -> Vec<usize> {
    fn visit(kind: &RobotKind, parent: Option<usize>, order: &mut Vec<usize>) {
        for joint in (0..kind.dof()).filter(|joint| kind.joints[*joint].parent == parent) {
            order.push(joint);
            visit(kind, Some(joint), order);
        }
    }
    let mut order = Vec::with_capacity(kind.dof());
    visit(kind, None, &mut order);
    order
}

/// MJCF that is being written.
struct Text(String);

impl Text {
    fn line(&mut self, line: core::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "{line}");
    }

    /// The corners of every solid that is neither a box nor a cylinder.
    fn meshes(&mut self, pieces: &Pieces) {
        self.line(format_args!("<asset>"));
        for piece in pieces.all() {
            if !matches!(piece.shape, Shape::Taper { .. }) {
                continue;
            }
            let mut corners = String::new();
            for corner in &piece.solid.points {
                let _ = write!(corners, "{} {} {} ", corner.x, corner.y, corner.z);
            }
            let number = piece.number;
            // Its frame stays where it is: MuJoCo moves a mesh to its own centre and axes, and the geom with it.
            self.line(format_args!(
                "<mesh name=\"m{number}\" vertex=\"{}\"/>",
                corners.trim_end()
            ));
        }
        self.line(format_args!("</asset>"));
    }

    /// A link, with those that hang on it.
    fn link(&mut self, kind: &RobotKind, turns: &Joints<f64>, pieces: &Pieces, joint: usize) {
        let spec = &kind.joints[joint];
        let frame = placed(&spec.frame.isometry());
        self.line(format_args!("<body name=\"l{joint}\" {frame}>"));
        let [xx, yy, zz, xy, xz, yz] = spec.link.inertia;
        let [x, y, z] = spec.link.com;
        self.line(format_args!(
            "<inertial pos=\"{x} {y} {z}\" mass=\"{}\" fullinertia=\"{xx} {yy} {zz} {xy} {xz} {yz}\"/>",
            spec.link.mass
        ));
        let turn = turns[joint];
        for name in ["r", "t"] {
            self.line(format_args!(
                "<joint name=\"{name}{joint}\" axis=\"0 0 {turn}\" armature=\"{NOMINAL}\"/>"
            ));
        }
        self.group(pieces.links.get(joint + 1));
        for child in (0..kind.dof()).filter(|child| kind.joints[*child].parent == Some(joint)) {
            self.link(kind, turns, pieces, child);
        }
        self.line(format_args!("</body>"));
    }

    fn group(&mut self, group: Option<&Group>) {
        for piece in group.into_iter().flat_map(|group| &group.pieces) {
            self.geom(piece, &piece.local);
        }
    }

    /// A solid; what it touches is said by the pairs alone.
    fn geom(&mut self, piece: &Piece, at: &Isometry3<f64>) {
        let number = piece.number;
        let shape = match piece.shape {
            Shape::Box { half: [x, y, z] } => format!("type=\"box\" size=\"{x} {y} {z}\""),
            Shape::Cylinder {
                radius,
                half_length,
            } => format!("type=\"cylinder\" size=\"{radius} {half_length}\""),
            Shape::Taper { .. } => format!("type=\"mesh\" mesh=\"m{number}\""),
        };
        let frame = placed(at);
        self.line(format_args!(
            "<geom name=\"g{number}\" {shape} {frame} contype=\"0\" conaffinity=\"0\" mass=\"0\"/>"
        ));
    }

    /// What can touch: links and bodies, links and fixtures, bodies and each other, bodies and fixtures.
    fn pairs(&mut self, pieces: &Pieces) {
        for (index, group) in pieces.links.iter().enumerate() {
            for piece in &group.pieces {
                for body in &pieces.bodies {
                    self.pair(piece, body);
                }
                // The base does not move, and so meets no fixture.
                for (number, fixture) in pieces.fixtures.iter().enumerate() {
                    if index > 0 && piece.feels(number) {
                        self.pair(piece, fixture);
                    }
                }
            }
        }
        for (index, body) in pieces.bodies.iter().enumerate() {
            for other in &pieces.bodies[index + 1..] {
                self.pair(body, other);
            }
            for fixture in &pieces.fixtures {
                self.pair(fixture, body);
            }
        }
    }

    fn pair(&mut self, a: &Piece, b: &Piece) {
        let friction = a.friction.min(b.friction);
        self.line(format_args!(
            "<pair geom1=\"g{}\" geom2=\"g{}\" friction=\"{friction} {friction}\"/>",
            a.number, b.number
        ));
    }
}

/// Inertia that MuJoCo takes for rotor and gears, kg·m², where it estimates how soft its constraints are; each tick sets the true one.
const NOMINAL: f64 = 5e-3;

/// Position and rotation as attributes.
fn placed(at: &Isometry3<f64>) -> String {
    let (p, q) = (at.translation.vector, at.rotation.coords);
    format!(
        "pos=\"{} {} {}\" quat=\"{} {} {} {}\"",
        p.x, p.y, p.z, q.w, q.x, q.y, q.z
    )
}
