//! The colour of what is seen: the face's own colours, and the light that reaches it.

use nalgebra::{Point3, Vector3};

use super::face::Projector;
use super::facets::{Facet, Facets};
use super::polygon::Linear;
use super::shadow::ShadowMap;
use crate::visual::texture::Tile;
use crate::visual::{Colour, Lamp, MAX_LAMPS, VisualScene};

/// Pixels that are coloured together, so that compilers make vector code of it.
const WIDE: usize = 16;

/// Adding it to a small number leaves that number's integer part, rounded to nearest, in the lowest bits.
const ROUND: f32 = 12_582_912.0;

/// Colours pixels of one picture.
#[derive(Debug, Default)]
pub(super) struct Shader {
    /// What face 0 is: nothing.
    background: [u8; 3],
    surfaces: Vec<Surface>,
    lit: Vec<Lit>,
    ambient: f32,
    lamps: Vec<(Vector3<f32>, Lamp)>,
    maps: Vec<ShadowMap>,
}

/// A face that is seen.
#[derive(Debug)]
struct Surface {
    /// Its first colour, and what its second has more.
    colours: [[f32; 3]; 2],
    /// The light that no shadow takes away, red, green and blue.
    steady: [f32; 3],
    painted: Option<Painted>,
    /// The lamps that it faces, in [`Shader::lit`].
    lit: (u32, u32),
}

/// What is painted on a face.
#[derive(Debug)]
struct Painted {
    tile: &'static Tile,
    at: Ratio,
}

/// A lamp that a face faces.
#[derive(Debug)]
struct Lit {
    lamp: usize,
    /// What it adds to red, green and blue.
    colour: [f32; 3],
    /// Where in the lamp's picture a pixel's point is.
    at: Ratio,
    /// The face's inverse depth over the lamp's picture.
    plane: Linear,
}

/// A place that a face's pixels have in perspective: two numbers by a third.
#[derive(Debug, Clone, Copy)]
struct Ratio {
    u: Linear,
    v: Linear,
    by: Linear,
}

impl Ratio {
    fn at(&self, x: f32, y: f32) -> [f32; 2] {
        let value = |[across, down, corner]: &Linear| across * x + down * y + corner;
        let inverse = 1.0 / value(&self.by);
        [value(&self.u) * inverse, value(&self.v) * inverse]
    }

    /// The places of [`WIDE`] pixels from x on.
    fn row(&self, x: f32, y: f32) -> ([f32; WIDE], [f32; WIDE]) {
        let line = |[across, down, corner]: &Linear| (*across, across * x + down * y + corner);
        let (u, v, by) = (line(&self.u), line(&self.v), line(&self.by));
        let (mut us, mut vs) = ([0.0; WIDE], [0.0; WIDE]);
        for (index, (u_at, v_at)) in us.iter_mut().zip(&mut vs).enumerate() {
            let x = index as f32;
            let inverse = 1.0 / (by.1 + by.0 * x);
            *u_at = (u.1 + u.0 * x) * inverse;
            *v_at = (v.1 + v.0 * x) * inverse;
        }
        (us, vs)
    }
}

impl Painted {
    /// How many tiles a pixel is long.
    fn footprint(&self, x: f32, y: f32) -> f32 {
        let [here, right, down] =
            [(x, y), (x + 1.0, y), (x, y + 1.0)].map(|(x, y)| self.at.at(x, y));
        let length = |to: [f32; 2]| (to[0] - here[0]).abs().max((to[1] - here[1]).abs());
        length(right).max(length(down))
    }
}

impl Shader {
    /// Gets ready for a picture of this scene.
    pub(super) fn prepare(&mut self, scene: &VisualScene, facets: &Facets) {
        let Colour(background) = scene.background;
        self.background = background;
        self.surfaces.clear();
        self.lit.clear();
        self.ambient = scene.ambient as f32;
        self.lamps.clear();
        let lamps = scene.lamps.iter().take(MAX_LAMPS);
        let lamps = lamps.filter(|lamp| lamp.position.iter().all(|part| part.is_finite()));
        self.lamps
            .extend(lamps.map(|lamp| (lamp.position.coords.cast(), *lamp)));
        self.maps.resize_with(self.lamps.len(), ShadowMap::default);
        // Where the shadows lie that are seen best.
        let focus = Point3::new(
            scene.table.centre.x,
            scene.table.centre.y,
            scene.table.centre.z,
        );
        for (map, (_, lamp)) in self.maps.iter_mut().zip(&self.lamps) {
            map.take(lamp, focus, facets);
        }
    }

    /// Adds a face that is seen, with its inverse depth over the picture.
    pub(super) fn add(
        &mut self,
        projector: &Projector,
        facet: &Facet,
        corners: &[Vector3<f32>],
        plane: Linear,
    ) {
        let middle = corners.iter().sum::<Vector3<f32>>() / corners.len() as f32;
        let first = self.lit.len() as u32;
        let mut steady = [self.ambient; 3];
        for (index, (position, lamp)) in self.lamps.iter().enumerate() {
            let towards = (position - middle).try_normalize(1e-9).unwrap_or_default();
            let facing = facet.normal.dot(&towards);
            let colour = lamp.colour.map(|part| part as f32 * facing);
            let map = &self.maps[index];
            match map.projector() {
                Some(lamp) if facing > 0.0 => self.lit.push(Lit {
                    lamp: index,
                    colour,
                    at: {
                        let [u, v, by] = lamp.image().map(|of| projector.linear(&of, &plane));
                        Ratio { u, v, by }
                    },
                    plane: lamp.plane_of(facet.normal, &corners[0]),
                }),
                _ => {
                    let counts = if facing > 0.0 { 1.0 } else { 0.25 };
                    for (steady, part) in steady.iter_mut().zip(colour) {
                        *steady += part * counts;
                    }
                }
            }
        }
        let base = rgb(facet.colour);
        let painted = facet.paint.and_then(|(pattern, tile_at)| {
            let [u, v] = tile_at.map(|of| projector.linear(&of, &plane));
            let at = Ratio { u, v, by: plane };
            let tile = pattern.texture.tile()?;
            Some((Painted { tile, at }, rgb(pattern.colour)))
        });
        let other = painted.as_ref().map_or(base, |(_, other)| *other);
        self.surfaces.push(Surface {
            colours: [base, core::array::from_fn(|k| other[k] - base[k])],
            steady,
            painted: painted.map(|(painted, _)| painted),
            lit: (first, self.lit.len() as u32),
        });
    }

    /// Colours the pixels of `out`, from x on in the row at `y`, which show this face alone.
    pub(super) fn run(&self, face: u32, x: usize, y: f32, out: &mut [u8]) {
        let Some(surface) = self.surface(face) else {
            out.chunks_exact_mut(3)
                .for_each(|rgb| rgb.copy_from_slice(&self.background));
            return;
        };
        let lit = self.lit(surface);
        if lit.is_empty() && surface.painted.is_none() {
            let colour = mix(surface, 0.0, surface.steady).map(|part| (part + 0.5) as u8);
            out.chunks_exact_mut(3)
                .for_each(|rgb| rgb.copy_from_slice(&colour));
            return;
        }
        let mut x = x as f32 + 0.5;
        let y = y + 0.5;
        for out in out.chunks_mut(WIDE * 3) {
            let count = out.len() / 3;
            let mut light = surface.steady.map(|part| [part; WIDE]);
            for lit in lit {
                let map = &self.maps[lit.lamp];
                let (u, v) = lit.at.row(x, y);
                let reaching = map.reaching(&u, &v, &lit.plane, count);
                for (light, colour) in light.iter_mut().zip(lit.colour) {
                    for (light, reaching) in light.iter_mut().zip(&reaching) {
                        *light += colour * reaching;
                    }
                }
            }
            let share = surface.painted.as_ref().map_or([0.0; WIDE], |painted| {
                let level = painted
                    .tile
                    .level(painted.footprint(x + 0.5 * count as f32, y));
                let (u, v) = painted.at.row(x, y);
                level.mix(&u, &v)
            });
            write(surface, &share, &light, out);
            x += WIDE as f32;
        }
    }

    /// The colour of this face at one place of the picture, each part up to 255.
    pub(super) fn point(&self, face: u32, x: f32, y: f32) -> [f32; 3] {
        let Some(surface) = self.surface(face) else {
            return self.background.map(f32::from);
        };
        let mut light = surface.steady;
        for lit in self.lit(surface) {
            let [u, v] = lit.at.at(x, y);
            let [reaching] = self.maps[lit.lamp].reaching(&[u], &[v], &lit.plane, 1);
            for (light, colour) in light.iter_mut().zip(lit.colour) {
                *light += colour * reaching;
            }
        }
        let share = surface.painted.as_ref().map_or(0.0, |painted| {
            let level = painted.tile.level(painted.footprint(x, y));
            let [u, v] = painted.at.at(x, y);
            level.mix(&[u], &[v])[0]
        });
        mix(surface, share, light)
    }

    fn surface(&self, face: u32) -> Option<&Surface> {
        self.surfaces.get((face as usize).checked_sub(1)?)
    }

    fn lit(&self, surface: &Surface) -> &[Lit] {
        &self.lit[surface.lit.0 as usize..surface.lit.1 as usize]
    }
}

fn rgb(Colour(rgb): Colour) -> [f32; 3] {
    rgb.map(f32::from)
}

/// The colour with this share of the second one in this light.
fn mix(surface: &Surface, share: f32, light: [f32; 3]) -> [f32; 3] {
    let [base, more] = &surface.colours;
    core::array::from_fn(|k| {
        ((base[k] + more[k] * share) * light[k].clamp(0.0, 1.0)).clamp(0.0, 255.0)
    })
}

/// [`mix`] for several pixels, as bytes.
fn write(surface: &Surface, share: &[f32; WIDE], light: &[[f32; WIDE]; 3], out: &mut [u8]) {
    let [base, more] = &surface.colours;
    let mut parts = [[0u32; WIDE]; 3];
    for (k, (parts, light)) in parts.iter_mut().zip(light).enumerate() {
        for ((part, share), light) in parts.iter_mut().zip(share).zip(light) {
            let bright = (base[k] + more[k] * share) * light.clamp(0.0, 1.0);
            *part = (bright + ROUND).to_bits();
        }
    }
    for (index, rgb) in out.chunks_exact_mut(3).enumerate() {
        for (byte, part) in rgb.iter_mut().zip(&parts) {
            *byte = part[index] as u8;
        }
    }
}
