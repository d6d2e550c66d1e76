//! Where things lie, as the seed and the number of the attempt draw it.

use std::sync::Arc;

use nalgebra::{Isometry3, Translation3, UnitQuaternion, Vector2};
use ulna_robot::Colour;

use super::file::{BinSpec, MarkSpec, SceneFile};
use crate::contact::{Fixture, Matter};
use crate::scenes::drawn::{Dice, Drawn};
use crate::scenes::look::Look;
use crate::visual::{Object, Shape, TableTop};

/// Room between two things, m: a finger's width on either side.
const ROOM: f64 = 0.02;
/// Times that a thing is put down again before the layout counts as impossible.
const TRIES: usize = 500;
/// How thick a bin's walls and floor are, m, and a mark's paint.
const WALL: f64 = 0.003;
const PAINT: f64 = 0.0006;
/// Friction of table and bins; the objects' own is mostly smaller, and then counts.
const FRICTION: f64 = 1.0;

/// Where everything is at the beginning of one attempt.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    /// The attempt's number.
    pub number: u64,
    /// What can be moved, in the file's order.
    pub things: Vec<Thing>,
    /// Middles of the marks, in the file's order, m.
    pub marks: Vec<Vector2<f64>>,
    /// What is drawn and never moves, such as marks.
    pub painted: Vec<Object>,
    /// How it looks, if not as every scene does.
    pub look: Option<Arc<Look>>,
}

/// Something that can be moved.
#[derive(Debug, Clone, Copy)]
pub struct Thing {
    /// What it is made of.
    pub matter: Matter,
    /// Where it is put.
    pub pose: Isometry3<f64>,
    /// Its colour.
    pub colour: Colour,
}

impl Thing {
    /// Half its height, m.
    pub(crate) fn half(&self) -> f64 {
        match self.matter.shape {
            Shape::Box { half } => half[2],
            Shape::Cylinder { half_length, .. } | Shape::Taper { half_length, .. } => half_length,
        }
    }
}

/// The layout of this seed and number; `None` if the things have no room.
pub(crate) fn draw(file: &SceneFile, table: &TableTop, seed: u64, number: u64) -> Option<Layout> {
    let mut dice = Dice::new(seed, number);
    let mut layout = Layout {
        number,
        ..Layout::default()
    };
    // Middles and radii of what is there already.
    let mut taken: Vec<(Vector2<f64>, f64)> = Vec::new();
    for bin in &file.bins {
        let radius = Vector2::from(bin.inner).norm() / 2.0 + WALL;
        taken.push((Vector2::new(bin.x, bin.y), radius));
    }
    for object in &file.objects {
        let side = dice.span(object.size);
        let mass = dice.span(object.mass);
        let friction = dice.span(object.friction);
        let colour = *dice.pick(&object.colours)?;
        let yaw = dice.span(object.yaw).to_radians();
        let radius = side * core::f64::consts::FRAC_1_SQRT_2;
        let at = place(&mut dice, (object.x, object.y), radius, &taken)?;
        taken.push((at, radius));
        layout.things.push(Thing {
            matter: Matter {
                shape: Shape::Box {
                    half: [side / 2.0; 3],
                },
                mass,
                friction,
            },
            pose: Isometry3::from_parts(
                Translation3::new(at.x, at.y, table.centre.z + side / 2.0),
                UnitQuaternion::from_euler_angles(0.0, 0.0, yaw),
            ),
            colour,
        });
    }
    for mark in &file.marks {
        let radius = mark.size / 2.0;
        let at = place(&mut dice, (mark.x, mark.y), radius, &taken)?;
        layout.marks.push(at);
        layout.painted.push(painted(mark, at, table));
    }
    Some(layout)
}

fn place(
    dice: &mut Dice,
    (x, y): (Drawn, Drawn),
    radius: f64,
    taken: &[(Vector2<f64>, f64)],
) -> Option<Vector2<f64>> {
    (0..TRIES).find_map(|_| {
        let at = Vector2::new(dice.span(x), dice.span(y));
        let free = |other: &(Vector2<f64>, f64)| (other.0 - at).norm() > other.1 + radius + ROOM;
        taken.iter().all(free).then_some(at)
    })
}

fn painted(mark: &MarkSpec, at: Vector2<f64>, table: &TableTop) -> Object {
    Object {
        shape: Shape::Box {
            half: [mark.size / 2.0, mark.size / 2.0, PAINT / 2.0],
        },
        pose: Isometry3::translation(at.x, at.y, table.centre.z + PAINT / 2.0),
        colour: mark.colour,
        pattern: None,
    }
}

/// The five parts of a bin.
pub(crate) fn parts(bin: &BinSpec, table: &TableTop) -> [Object; 5] {
    let [x, y] = bin.inner.map(|inner| inner / 2.0);
    let floor = table.centre.z;
    let part = |half: [f64; 3], at: [f64; 3]| Object {
        shape: Shape::Box { half },
        pose: Isometry3::translation(bin.x + at[0], bin.y + at[1], floor + at[2]),
        colour: bin.colour,
        pattern: None,
    };
    let (thin, up) = (WALL / 2.0, bin.height / 2.0);
    [
        part([x, y, thin], [0.0, 0.0, thin]),
        part([thin, y + WALL, up], [x + thin, 0.0, up]),
        part([thin, y + WALL, up], [-x - thin, 0.0, up]),
        part([x, thin, up], [0.0, y + thin, up]),
        part([x, thin, up], [0.0, -y - thin, up]),
    ]
}

/// The table and the bins as what can be touched.
pub(crate) fn fixtures(file: &SceneFile, table: &TableTop) -> Vec<Fixture> {
    // Thicker than it is drawn, so that nothing fast comes out below.
    let depth = 0.1;
    let top = Fixture {
        shape: Shape::Box {
            half: [table.half[0], table.half[1], depth / 2.0],
        },
        pose: Isometry3::translation(table.centre.x, table.centre.y, table.centre.z - depth / 2.0),
        friction: FRICTION,
    };
    let bins = file.bins.iter().flat_map(|bin| parts(bin, table));
    let bins = bins.map(|part| Fixture {
        shape: part.shape,
        pose: part.pose,
        friction: FRICTION,
    });
    core::iter::once(top).chain(bins).collect()
}
