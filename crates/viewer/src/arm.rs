//! The arm in space: as it stands in its own colours, where it was commanded to be as a ghost, and the way its tool came.

use std::collections::VecDeque;
use std::time::Duration;

use nalgebra::Isometry3;
use rerun::{
    LineStrips3D, Quaternion, RecordingStream, RecordingStreamResult, Transform3D, Vec3D,
    ViewCoordinates,
};
use ulna_core::Joints;
use ulna_core::unit::AngleMap;
use ulna_robot::RobotKind;
use ulna_robot::VisualSpec;
use ulna_robot::kinematics::{Chain, Pose};

use crate::layout::{COMMANDED, MEASURED};
use crate::solid::Triangles;
use crate::target::{TIME, time};

/// Which of the two arms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// As it stands.
    Measured,
    /// As it was commanded to stand.
    Commanded,
}

impl Which {
    fn path(self) -> &'static str {
        match self {
            Self::Measured => "arm/measured",
            Self::Commanded => "arm/commanded",
        }
    }
}

/// The ghost is a little smaller, so that it hides in an arm that is where it was commanded to be.
const GHOST_SCALE: f64 = 0.93;
/// How long the tool's way stays.
const TRAIL: Duration = Duration::from_secs(3);

/// The arm in space.
#[derive(Debug)]
pub(crate) struct Arm {
    names: Vec<String>,
    parents: Vec<Option<usize>>,
    chain: Chain,
    angles: Joints<AngleMap>,
    has_visuals: bool,
    trail: VecDeque<(Duration, [f32; 3])>,
}

impl Arm {
    /// The arm of a robot file; `angles` are the maps from its joints' units.
    pub(crate) fn new(kind: &RobotKind, angles: Joints<AngleMap>) -> Self {
        Self {
            names: kind.names().map(str::to_owned).collect(),
            parents: kind.joints.iter().map(|joint| joint.parent).collect(),
            chain: Chain::new(kind),
            angles,
            has_visuals: !kind.visuals.is_empty(),
            trail: VecDeque::new(),
        }
    }

    /// Sends what stays the same: the solids of the links, and the things around the arm.
    pub(crate) fn log_solids(
        &self,
        stream: &RecordingStream,
        kind: &RobotKind,
        things: &[(String, VisualSpec)],
    ) -> RecordingStreamResult<()> {
        stream.log_static("/", &ViewCoordinates::RIGHT_HAND_Z_UP())?;
        let links = self.names.iter().map(Some).chain([None]);
        for link in links {
            let (mut solid, mut ghost) = (Triangles::default(), Triangles::default());
            let visuals = kind.visuals.iter();
            for visual in visuals.filter(|visual| visual.joint.as_ref() == link) {
                solid.add(visual);
                ghost.add_scaled(visual, GHOST_SCALE);
            }
            let [red, green, blue] = COMMANDED;
            let (Some(mesh), Some(ghost)) = (solid.mesh(), ghost.ghost([red, green, blue, 110]))
            else {
                continue;
            };
            match link {
                None => stream.log_static("arm/base", &mesh)?,
                Some(joint) => {
                    stream.log_static(link_path(Which::Measured, joint), &mesh)?;
                    stream.log_static(link_path(Which::Commanded, joint), &ghost)?;
                }
            }
        }
        for (name, solid) in things {
            let mut triangles = Triangles::default();
            triangles.add(solid);
            if let Some(mesh) = triangles.mesh() {
                stream.log_static(format!("things/{name}"), &mesh)?;
            }
        }
        Ok(())
    }

    /// Sends where one of the arms is when its joints have these values.
    pub(crate) fn log(
        &mut self,
        stream: &RecordingStream,
        which: Which,
        at: Duration,
        values: &Joints<f64>,
    ) -> RecordingStreamResult<()> {
        let angles = Joints::from_fn(self.angles.len(), |joint| {
            let value = values.get(joint).copied().unwrap_or_default();
            self.angles[joint].radians(value)
        });
        if angles.iter().any(|angle| !angle.is_finite()) {
            return Ok(());
        }
        let pose = self.chain.pose(&angles);
        stream.set_time(TIME, time(at));
        if self.has_visuals {
            for (joint, link) in self.names.iter().zip(pose.links()) {
                stream.log(link_path(which, joint), &transform(link))?;
            }
        } else {
            stream.log(
                format!("{}/skeleton", which.path()),
                &self.skeleton(which, &pose),
            )?;
        }
        if which == Which::Measured {
            self.log_trail(stream, at, &pose)?;
        }
        Ok(())
    }

    /// Lines from joint to joint, for robots whose file does not say what they look like.
    fn skeleton(&self, which: Which, pose: &Pose) -> LineStrips3D {
        let origin = |link: usize| point(&pose.links()[link]);
        let bones = self.parents.iter().enumerate().map(|(joint, parent)| {
            let from = parent.map_or([0.0; 3], origin);
            [from, origin(joint)]
        });
        let last = self.parents.len().checked_sub(1).map(origin);
        let hand = last.map(|last| [last, point(pose.tool())]);
        let (colour, radius) = match which {
            Which::Measured => (MEASURED, 0.008f32),
            Which::Commanded => (COMMANDED, 0.004),
        };
        LineStrips3D::new(bones.chain(hand))
            .with_colors([colour])
            .with_radii([radius])
    }

    fn log_trail(
        &mut self,
        stream: &RecordingStream,
        at: Duration,
        pose: &Pose,
    ) -> RecordingStreamResult<()> {
        self.trail.push_back((at, point(pose.tool())));
        while self
            .trail
            .front()
            .is_some_and(|(then, _)| *then + TRAIL < at)
        {
            self.trail.pop_front();
        }
        let strip = LineStrips3D::new([self.trail.iter().map(|(_, point)| *point)])
            .with_colors([MEASURED])
            .with_radii([0.0012f32]);
        stream.log("arm/path", &strip)
    }
}

fn link_path(which: Which, joint: &str) -> String {
    format!("{}/{joint}", which.path())
}

#[allow(clippy::cast_possible_truncation)]
fn point(frame: &Isometry3<f64>) -> [f32; 3] {
    frame.translation.vector.map(|length| length as f32).into()
}

#[allow(clippy::cast_possible_truncation)]
fn transform(frame: &Isometry3<f64>) -> Transform3D {
    let [x, y, z, w]: [f64; 4] = frame.rotation.coords.into();
    Transform3D::from_translation_rotation(
        Vec3D(point(frame)),
        Quaternion::from_xyzw([x, y, z, w].map(|part| part as f32)),
    )
}
