//! Textures: how much of a second colour is mixed into the first, over a square tile that repeats.
//!
//! A tile is made once in a process, from nothing but its name, and kept at every size down to one texel: from afar a camera sees the means.

use std::sync::LazyLock;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use ulna_robot::Colour;

/// Texels along a side of the largest level; a power of two.
const SIDE: usize = 256;
/// Fractional bits of a position in texels, and their mask.
const FRACTION: u32 = 8;
const PART: i32 = (1 << FRACTION) - 1;

/// A texture by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Texture {
    /// The first colour alone.
    Plain,
    /// Two squares along each side.
    Checker,
    /// Grain along the first axis, and rings across it.
    Wood,
    /// Lines at the border of the tile, and fainter ones between: a cutting mat.
    Mat,
    /// Grains of any shape, as in stone or cork.
    Speckle,
    /// The second colour around the border.
    Frame,
    /// Three stripes along the first axis.
    Stripes,
}

/// What is painted on a surface besides its own colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern {
    /// In what way.
    pub texture: Texture,
    /// In which colour.
    pub colour: Colour,
}

/// A tile at all its sizes.
#[derive(Debug)]
pub(crate) struct Tile {
    /// Shares of the second colour in 255ths, rows along the second axis, each texel with its neighbours to the right, below, and below on the right in
    /// one word; each level has half the side of the one before.
    levels: Vec<Vec<u32>>,
}

impl Texture {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Checker => "checker",
            Self::Wood => "wood",
            Self::Mat => "mat",
            Self::Speckle => "speckle",
            Self::Frame => "frame",
            Self::Stripes => "stripes",
        }
    }

    /// Its tile; `None` if it has one colour.
    pub(crate) fn tile(self) -> Option<&'static Tile> {
        static TILES: LazyLock<[Tile; 6]> = LazyLock::new(|| {
            [
                Tile::of(|x, y| f32::from((x < 0.5) != (y < 0.5))),
                wood(),
                Tile::of(|x, y| mat(x).max(mat(y))),
                speckle(),
                Tile::of(|x, y| f32::from(border(x) < 0.14 || border(y) < 0.14)),
                Tile::of(|_, y| f32::from((y * 3.0).fract() < 0.4)),
            ]
        });
        let number = match self {
            Self::Plain => return None,
            Self::Checker => 0,
            Self::Wood => 1,
            Self::Mat => 2,
            Self::Speckle => 3,
            Self::Frame => 4,
            Self::Stripes => 5,
        };
        Some(&TILES[number])
    }
}

/// How far a place is from the nearer border of the tile.
fn border(x: f32) -> f32 {
    x.min(1.0 - x)
}

fn mat(x: f32) -> f32 {
    let between = (x * 5.0).fract();
    match border(x) < 0.016 {
        true => 1.0,
        false if border(between) < 0.035 => 0.35,
        false => 0.0,
    }
}

fn wood() -> Tile {
    let (bend, grain, pores) = (
        Noise::new(1, 2, 5),
        Noise::new(2, 4, 64),
        Noise::new(3, 16, 128),
    );
    Tile::of(|x, y| {
        let rings = (core::f32::consts::TAU * (5.0 * y + 1.6 * bend.at(x, y))).sin();
        0.3 * (1.0 + rings) + 0.28 * grain.at(x, y) + 0.12 * pores.at(x, y)
    })
}

fn speckle() -> Tile {
    let (coarse, fine) = (Noise::new(4, 32, 32), Noise::new(5, 96, 96));
    Tile::of(|x, y| ((coarse.at(x, y) + 0.6 * fine.at(x, y) - 0.72) * 5.0).clamp(0.0, 1.0))
}

/// Smooth noise that repeats with the tile: random numbers on a grid, and curves between them.
struct Noise {
    values: Vec<u8>,
    columns: usize,
    rows: usize,
}

impl Noise {
    fn new(seed: u64, columns: usize, rows: usize) -> Self {
        let mut values = vec![0; columns * rows];
        ChaCha8Rng::seed_from_u64(seed).fill_bytes(&mut values);
        Self {
            values,
            columns,
            rows,
        }
    }

    /// 0 to 1.
    fn at(&self, x: f32, y: f32) -> f32 {
        let (x, y) = (x * self.columns as f32, y * self.rows as f32);
        let smooth = |part: f32| part * part * (3.0 - 2.0 * part);
        let (right, down) = (smooth(x.fract()), smooth(y.fract()));
        let value = |dx: usize, dy: usize| {
            let (x, y) = (
                (x as usize + dx) % self.columns,
                (y as usize + dy) % self.rows,
            );
            f32::from(self.values[y * self.columns + x]) / 255.0
        };
        let mix = |a: f32, b: f32, part: f32| a + (b - a) * part;
        let upper = mix(value(0, 0), value(1, 0), right);
        mix(upper, mix(value(0, 1), value(1, 1), right), down)
    }
}

impl Tile {
    /// The tile with this share of the second colour, 0 to 1, at each place of the unit square.
    fn of(share: impl Fn(f32, f32) -> f32) -> Self {
        let middle = |texel: usize| (texel as f32 + 0.5) / SIDE as f32;
        let texels = (0..SIDE * SIDE).map(|index| {
            let share = share(middle(index % SIDE), middle(index / SIDE));
            (share.clamp(0.0, 1.0) * 255.0 + 0.5) as u8
        });
        let (mut texels, mut side) = (texels.collect::<Vec<_>>(), SIDE);
        let mut levels = vec![with_neighbours(&texels, side)];
        while side > 1 {
            let half = side / 2;
            let coarser = (0..half * half).map(|index| {
                let at = 2 * (index / half) * side + 2 * (index % half);
                let four = [at, at + 1, at + side, at + side + 1];
                let sum: u32 = four.iter().map(|at| u32::from(texels[*at])).sum();
                ((sum + 2) / 4) as u8
            });
            (texels, side) = (coarser.collect(), half);
            levels.push(with_neighbours(&texels, side));
        }
        Self { levels }
    }

    /// The level whose texels are as large as what a pixel covers, which is `footprint` tiles long.
    pub(crate) fn level(&self, footprint: f32) -> Level<'_> {
        // The exponent of a float is its logarithm; half a level sharper than the mean of a pixel, as edges are smoothed anyway.
        let texels = footprint * SIDE as f32 * 1.4;
        let exponent = (texels.to_bits() >> 23) as i32 - 127;
        let number = usize::try_from(exponent).unwrap_or(0);
        let number = number.min(self.levels.len() - 1);
        Level {
            texels: &self.levels[number],
            shift: SIDE.trailing_zeros() - number as u32,
        }
    }
}

fn with_neighbours(texels: &[u8], side: usize) -> Vec<u32> {
    let at = |x: usize, y: usize| texels[y % side * side + x % side];
    let words = (0..side * side).map(|index| {
        let (x, y) = (index % side, index / side);
        u32::from_le_bytes([at(x, y), at(x + 1, y), at(x, y + 1), at(x + 1, y + 1)])
    });
    words.collect()
}

/// A tile at one size.
#[derive(Clone, Copy)]
pub(crate) struct Level<'a> {
    texels: &'a [u32],
    /// The side is two to the power of it.
    shift: u32,
}

impl Level<'_> {
    /// The share of the second colour, 0 to 1, between the four texels around each place, given in tiles.
    pub(crate) fn mix<const N: usize>(&self, u: &[f32; N], v: &[f32; N]) -> [f32; N] {
        let scale = (1u32 << (self.shift + FRACTION)) as f32;
        // From the middles of the texels.
        let fixed = |place: &f32| ((place * scale) as i32).wrapping_sub(1 << (FRACTION - 1));
        let (mut words, mut rights, mut downs) = ([0; N], [0; N], [0; N]);
        let (mask, last) = ((1 << self.shift) - 1, self.texels.len().saturating_sub(1));
        for k in 0..N {
            let (u, v) = (fixed(&u[k]), fixed(&v[k]));
            (rights[k], downs[k]) = (u & PART, v & PART);
            let (x, y) = (u >> FRACTION & mask, v >> FRACTION & mask);
            words[k] = (y << self.shift) + x;
        }
        for word in &mut words {
            *word = self.texels[*word as usize & last] as i32;
        }
        core::array::from_fn(|k| {
            let (word, right, down) = (words[k], rights[k], downs[k]);
            let byte = |number: i32| word >> (8 * number) & 0xff;
            let upper = (byte(0) << FRACTION) + (byte(1) - byte(0)) * right;
            let lower = (byte(2) << FRACTION) + (byte(3) - byte(2)) * right;
            let mixed = (upper << FRACTION) + (lower - upper) * down;
            mixed as f32 * (1.0 / 255.0 / (1 << (2 * FRACTION)) as f32)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Texture; 6] = [
        Texture::Checker,
        Texture::Wood,
        Texture::Mat,
        Texture::Speckle,
        Texture::Frame,
        Texture::Stripes,
    ];

    #[test]
    fn a_tile_repeats_without_a_seam_and_keeps_its_mean_from_afar() {
        for texture in ALL {
            let tile = texture.tile().unwrap();
            let (near, far) = (tile.level(0.001), tile.level(10.0));
            let at = |level: &Level<'_>, u: f32, v: f32| level.mix(&[u], &[v])[0];
            let mut sum = 0.0;
            for (x, y) in (0..64).flat_map(|x| (0..64).map(move |y| (x, y))) {
                let (u, v) = (x as f32 / 64.0 + 0.003, y as f32 / 64.0 + 0.003);
                let here = at(&near, u, v);
                assert!((0.0..=1.0).contains(&here), "{texture:?} {here}");
                let tiles_away = at(&near, u + 3.0, v - 2.0);
                assert!((here - tiles_away).abs() < 0.02, "{texture:?} at {u} {v}");
                sum += here;
            }
            let mean = far.mix(&[7.3], &[-0.4])[0];
            assert!((sum / 4096.0 - mean).abs() < 0.02, "{texture:?}: {mean}");
            assert!((0.03..0.97).contains(&mean), "{texture:?} is of one colour");
        }
        assert!(Texture::Plain.tile().is_none());
    }

    #[test]
    fn a_texture_is_called_as_in_files() {
        for texture in ALL {
            let read: Texture = toml::Value::from(texture.name()).try_into().unwrap();
            assert_eq!(read, texture);
        }
    }
}
