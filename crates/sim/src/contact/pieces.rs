//! Everything that can touch, where it is, and what cannot meet.

use nalgebra::{Isometry3, Vector3};
use ulna_robot::RobotKind;
use ulna_robot::kinematics::Pose;

use super::body::{Fixture, MAX_BODIES, Matter};
use super::constraint::Side;
use super::solid::Solid;
use super::touch::touch;
use crate::visual::{Shape, Visual};

/// Friction of printed parts: what lies in the hand says how it slips.
const LINK_FRICTION: f64 = 1.0;

/// A solid somewhere.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) number: u16,
    /// What it is, and the corners that stand for it.
    #[cfg_attr(not(feature = "mujoco"), allow(dead_code))]
    // another engine has shapes of its own
    pub(crate) shape: Shape,
    pub(crate) solid: Solid,
    pub(crate) friction: f64,
    /// Where it is in the base frame now.
    pub(crate) pose: Isometry3<f64>,
    /// Half the extent of the box about it, in its own frame, and that box's middle.
    half: Vector3<f64>,
    middle: Vector3<f64>,
    /// Where it is on its link.
    pub(crate) local: Isometry3<f64>,
    /// The fixtures that it stands in from the beginning.
    ignored: u64,
}

/// The pieces of one link, or of the base.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) side: Side,
    pub(crate) pieces: Vec<Piece>,
    /// The sphere that holds them, in the link's frame.
    centre: Vector3<f64>,
    radius: f64,
}

/// All pieces of a scene.
#[derive(Debug, Clone)]
pub(crate) struct Pieces {
    pub(crate) links: Vec<Group>,
    pub(crate) bodies: Vec<Piece>,
    pub(crate) fixtures: Vec<Piece>,
    /// Which joints turn each link, a bit for each.
    chains: Vec<u64>,
}

impl Pieces {
    pub(crate) fn new(kind: &RobotKind, rest: &Pose, fixtures: &[Fixture]) -> Self {
        let mut numbers = u16::try_from(MAX_BODIES).unwrap_or(u16::MAX)..;
        let mut piece = |shape: &Shape, pose, friction| {
            Piece::new(shape, pose, friction, numbers.next().unwrap_or(u16::MAX))
        };
        let fixtures: Vec<Piece> = fixtures
            .iter()
            .map(|fixture| piece(&fixture.shape, fixture.pose, fixture.friction))
            .collect();
        let mut links: Vec<Group> = (0..=kind.dof())
            .map(|link| Group {
                side: match link.checked_sub(1) {
                    None => Side::Fixed,
                    Some(link) => Side::Link(link),
                },
                pieces: Vec::new(),
                centre: Vector3::zeros(),
                radius: 0.0,
            })
            .collect();
        for visual in kind.visuals.iter().map(|spec| Visual::of(kind, spec)) {
            let group = visual.link.map_or(0, |link| link + 1);
            let mut piece = piece(&visual.shape, visual.frame, LINK_FRICTION);
            piece.local = visual.frame;
            piece.pose = visual.isometry(rest).unwrap_or(visual.frame);
            piece.ignored = overlapping(&piece, &fixtures);
            if let Some(group) = links.get_mut(group) {
                group.pieces.push(piece);
            }
        }
        links.iter_mut().for_each(Group::enclose);
        let chains = (0..kind.dof()).map(|link| {
            let mut chain = 0;
            let mut joint = Some(link);
            while let Some(at) = joint {
                chain |= 1 << at;
                joint = kind.joints[at].parent;
            }
            chain
        });
        Self {
            links,
            bodies: Vec::new(),
            fixtures,
            chains: chains.collect(),
        }
    }

    /// Other bodies.
    pub(crate) fn replace(&mut self, matter: &[Matter]) {
        let bodies = matter.iter().take(MAX_BODIES).zip(0..);
        let pieces = bodies.map(|(matter, number)| {
            let pose = Isometry3::identity();
            Piece::new(&matter.shape, pose, matter.friction, number)
        });
        self.bodies = pieces.collect();
    }

    /// All of them.
    #[cfg(feature = "mujoco")]
    pub(crate) fn all(&self) -> impl Iterator<Item = &Piece> {
        let links = self.links.iter().flat_map(|group| &group.pieces);
        links.chain(&self.bodies).chain(&self.fixtures)
    }

    /// Whether a joint turns a link.
    pub(crate) fn turns(&self, joint: usize, link: usize) -> bool {
        self.chains
            .get(link)
            .is_some_and(|chain| chain >> joint & 1 == 1)
    }

    /// Puts the pieces of group `link` where they are if it is near anything that it can touch.
    pub(crate) fn approach(&mut self, link: usize, pose: &Pose, margin: f64) -> bool {
        let group = &mut self.links[link];
        let frame = match group.side {
            Side::Link(link) => pose.links().get(link).copied(),
            Side::Fixed | Side::Body(_) => Some(Isometry3::identity()),
        };
        let Some(frame) = frame.filter(|_| !group.pieces.is_empty()) else {
            return false;
        };
        let centre = frame * group.centre + frame.translation.vector;
        let radius = group.radius + margin;
        let near = self.bodies.iter().any(|body| {
            let apart = body.pose.translation.vector - centre;
            apart.norm() < radius + body.solid.radius
        });
        let fixed = group.side == Side::Fixed;
        let near = near
            || (!fixed
                && self
                    .fixtures
                    .iter()
                    .any(|fixture| fixture.distance(&centre) < radius));
        if near {
            for piece in &mut group.pieces {
                piece.pose = frame * piece.local;
            }
        }
        near
    }
}

impl Group {
    fn enclose(&mut self) {
        let corners = |piece: &Piece| -> Vec<Vector3<f64>> {
            let at = piece.local;
            let points = piece.solid.points.iter();
            points
                .map(|point| at * point + at.translation.vector)
                .collect()
        };
        let all: Vec<Vector3<f64>> = self.pieces.iter().flat_map(corners).collect();
        let low = all
            .iter()
            .fold(Vector3::repeat(f64::INFINITY), |a, b| a.inf(b));
        let high = all
            .iter()
            .fold(Vector3::repeat(f64::NEG_INFINITY), |a, b| a.sup(b));
        if !all.is_empty() {
            self.centre = (low + high) / 2.0;
            let radii = all.iter().map(|point| (point - self.centre).norm());
            self.radius = radii.fold(0.0, f64::max);
        }
    }
}

impl Piece {
    fn new(shape: &Shape, pose: Isometry3<f64>, friction: f64, number: u16) -> Self {
        let solid = Solid::of(shape);
        let points = &solid.points;
        let low = points.iter().fold(points[0], |a, b| a.inf(b));
        let high = points.iter().fold(points[0], |a, b| a.sup(b));
        Self {
            number,
            shape: *shape,
            friction,
            pose,
            half: (high - low) / 2.0,
            middle: (high + low) / 2.0,
            local: Isometry3::identity(),
            ignored: 0,
            solid,
        }
    }

    /// Whether it feels this fixture.
    pub(crate) fn feels(&self, fixture: usize) -> bool {
        self.ignored >> fixture.min(63) & 1 == 0
    }

    /// Whether the box about this piece comes within `margin` of the sphere about the other, and the other way round.
    pub(crate) fn near(&self, other: &Self, margin: f64) -> bool {
        self.distance(&other.pose.translation.vector) < other.solid.radius + margin
            && other.distance(&self.pose.translation.vector) < self.solid.radius + margin
    }

    /// How far a point is from the box about this piece, m.
    fn distance(&self, point: &Vector3<f64>) -> f64 {
        let local = self.pose.rotation.inverse() * (point - self.pose.translation.vector);
        let beyond = (local - self.middle).abs() - self.half;
        beyond.sup(&Vector3::zeros()).norm()
    }
}

/// The fixtures that a piece stands in, a bit for each.
fn overlapping(piece: &Piece, fixtures: &[Piece]) -> u64 {
    let mut bits = 0;
    for (index, fixture) in fixtures.iter().enumerate().take(63) {
        let at = piece.pose.inv_mul(&fixture.pose);
        let patch = touch(&piece.solid, &fixture.solid, &at, 0.0);
        if patch.is_some_and(|patch| patch.touches().iter().any(|touch| touch.gap < -1e-3)) {
            bits |= 1 << index;
        }
    }
    bits
}
