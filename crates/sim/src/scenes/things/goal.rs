//! What must be so at the end, and whether it is.

use nalgebra::{Isometry3, Vector2, Vector3};

use super::file::SceneFile;
use super::layout::Layout;

/// The hand is away from a thing when its tool is so far from the thing's middle, m.
const AWAY: f64 = 0.055;
/// A thing lies on the table, or stands on another, if its height is no further from that than this, m.
const LEVEL: f64 = 0.006;

/// What is to be done in one scene.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Task {
    /// The scene's name.
    pub(crate) scene: String,
    /// In words.
    pub(crate) text: String,
    /// What must be so at the end, all of it.
    pub(crate) goals: Vec<Goal>,
    /// For how long, s.
    pub(crate) hold: f64,
    /// How long an attempt may take, s.
    pub(crate) limit: f64,
}

/// One condition, by the numbers of the things in the file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Goal {
    /// The thing's lower side is so high above the table, m.
    Lifted { thing: usize, height: f64 },
    /// The thing lies near a mark's middle, m.
    At {
        thing: usize,
        mark: usize,
        within: f64,
    },
    /// The thing lies in a bin, whose middle, half width and height these are, m.
    In {
        thing: usize,
        middle: [f64; 2],
        half: [f64; 2],
        height: f64,
    },
    /// The thing stands on another.
    On { thing: usize, under: usize },
}

impl Goal {
    /// The conditions of a checked file; `chosen` is the object that `*` stands for.
    pub(crate) fn all(file: &SceneFile, chosen: Option<&str>) -> Vec<Self> {
        let number = |name: &str| {
            let name = if name == "*" {
                chosen.unwrap_or(name)
            } else {
                name
            };
            let mut objects = file.objects.iter();
            objects.position(|object| object.name == name).unwrap_or(0)
        };
        let goals = file.success.iter().filter_map(|success| {
            let thing = number(&success.object);
            if let Some(height) = success.lifted {
                return Some(Self::Lifted { thing, height });
            }
            if let (Some(mark), Some(within)) = (&success.at, success.within) {
                let mark = file.marks.iter().position(|known| known.name == *mark)?;
                return Some(Self::At {
                    thing,
                    mark,
                    within,
                });
            }
            if let Some(bin) = &success.into {
                let bin = file.bins.iter().find(|known| known.name == *bin)?;
                return Some(Self::In {
                    thing,
                    middle: [bin.x, bin.y],
                    half: bin.inner.map(|inner| inner / 2.0),
                    height: bin.height,
                });
            }
            let under = number(success.on.as_deref()?);
            Some(Self::On { thing, under })
        });
        goals.collect()
    }

    /// The thing that it is about.
    pub(crate) fn thing(&self) -> usize {
        match *self {
            Self::Lifted { thing, .. }
            | Self::At { thing, .. }
            | Self::In { thing, .. }
            | Self::On { thing, .. } => thing,
        }
    }

    /// Whether the thing has to lie still for it.
    pub(crate) fn wants_rest(&self) -> bool {
        !matches!(self, Self::Lifted { .. })
    }

    /// Whether it is so, with the things at these poses and the tool here.
    pub(crate) fn is_met(
        &self,
        layout: &Layout,
        poses: &[Isometry3<f64>],
        tool: &Vector3<f64>,
    ) -> bool {
        let thing = self.thing();
        let (Some(pose), Some(made)) = (poses.get(thing), layout.things.get(thing)) else {
            return false;
        };
        let at = pose.translation.vector;
        let away = (at - tool).norm() > AWAY;
        match *self {
            Self::Lifted { height, .. } => at.z - made.half() > height,
            Self::At { mark, within, .. } => {
                let middle = layout.marks.get(mark).copied();
                let near = middle.is_some_and(|middle| (at.xy() - middle).norm() <= within);
                near && (at.z - made.half()).abs() < LEVEL
            }
            Self::In {
                middle,
                half,
                height,
                ..
            } => {
                let off = at.xy() - Vector2::from(middle);
                let inside = off.x.abs() < half[0] && off.y.abs() < half[1];
                inside && at.z < height.max(made.half() + LEVEL) && away
            }
            Self::On { under, .. } => {
                let (Some(below), Some(base)) = (poses.get(under), layout.things.get(under)) else {
                    return false;
                };
                let off = at - below.translation.vector;
                let level = made.half() + base.half();
                off.xy().norm() < base.half() && (off.z - level).abs() < LEVEL && away
            }
        }
    }
}
