//! A table with a cube on it, and nothing to do: an operator's hand wanders about.

use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use ulna_robot::FrameSpec;

use crate::scene::{Scene, SceneKind};
use crate::scenes::look::file::LookSpec;
use crate::visual::{Colour, Object, Shape, TableTop, VisualScene};

/// What the registry says of it.
pub fn kind() -> SceneKind {
    SceneKind {
        name: "table".to_owned(),
        summary: "A table with a cube; the simulated hand wanders about, and touches nothing"
            .to_owned(),
        tasks: Vec::new(),
        time_limit: None,
        environment: &[],
        look: LookSpec::shared(),
        fits: |_| Ok(()),
        build: Arc::new(|_, seed, _| Ok(Arc::new(TableWithCube { seed }) as Arc<dyn Scene>)),
    }
}

/// The cube's colour.
pub const CUBE: Colour = Colour([36, 92, 210]);

#[derive(Debug)]
struct TableWithCube {
    seed: u64,
}

impl Scene for TableWithCube {
    fn fixtures(&self, surroundings: &VisualScene) -> Vec<(String, Object)> {
        let cube = cube_from_seed(&surroundings.table, CUBE, self.seed);
        vec![("cube".to_owned(), cube)]
    }
}

/// A cube of 3 cm somewhere in front of the arm, where its hand can reach it; the place and the turn are those of the seed.
pub fn cube_from_seed(table: &TableTop, colour: Colour, seed: u64) -> Object {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let distance = random.random_range(0.19..0.29);
    let bearing: f64 = random.random_range(-0.6..0.6);
    let yaw = random.random_range(0.0..core::f64::consts::FRAC_PI_2);
    let at = [distance * bearing.cos(), distance * bearing.sin()];
    cube_on(table, 0.03, at, yaw, colour)
}

/// A cube lying flat on the table top at x, y, turned by `yaw` rad about the vertical.
pub fn cube_on(table: &TableTop, side: f64, at: [f64; 2], yaw: f64, colour: Colour) -> Object {
    let frame = FrameSpec {
        xyz: [at[0], at[1], table.centre.z + side / 2.0],
        rpy: [0.0, 0.0, yaw],
    };
    Object {
        shape: Shape::Box {
            half: [side / 2.0; 3],
        },
        pose: frame.isometry(),
        colour,
        pattern: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_says_where_the_cube_lies() {
        let kind = toml::from_str(include_str!("../../../../configs/so101.toml")).unwrap();
        let surroundings = VisualScene::of(&kind);
        let at = |seed| {
            let fixtures = TableWithCube { seed }.fixtures(&surroundings);
            fixtures[0].1.pose.translation.vector
        };
        assert_eq!(at(3), at(3));
        assert!((at(3) - at(4)).norm() > 1e-3);
        for seed in 0..100 {
            let (cube, r) = (at(seed), at(seed).xy().norm());
            assert!((0.19..0.29).contains(&r) && (cube.z - 0.015).abs() < 1e-9);
        }
    }
}
