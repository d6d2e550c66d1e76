//! Shadows: a lamp's picture of what stands in its light, and how much of its light reaches a point.
//!
//! The picture holds, for each direction, the inverse depth at which light would first leave a solid again. What lies behind that is dark. A lit
//! face is never behind the back of its own solid, so faces do not darken themselves. The edges are softened over a square of texels.

use nalgebra::{Point3, Vector3};

use super::face::{Projector, Side};
use super::facets::Facets;
use super::polygon::{Linear, Mesh, Polygon, ceil};
use crate::visual::{Lamp, NEAR, View, looking};

/// Side of the square over which an edge is softened, texels.
const KERNEL: usize = 3;
/// Side of the blocks of texels that are looked at as one; more than half a kernel.
const BLOCK: usize = 4;
/// Room around what throws shadows, texels: at least a block and half a kernel.
const MARGIN: i32 = 8;
/// Longest side of a lamp's picture, texels.
const LONGEST: i32 = 768;
/// Smallest texel at the table, m.
const FINEST: f64 = 0.001;
/// How far before a solid's back darkness begins, m, so that it is dark under what stands on a surface, and no light leaks from there into its shadow.
/// It has to be less than the thickness of anything that is lit.
const BIAS: f32 = 0.0003;
/// The bounds of a block that darkens nothing.
const OPEN: [f32; 2] = [f32::NEG_INFINITY; 2];
/// A lamp's picture reaches as far as this from its axis, in parts of the depth.
const WIDEST: f64 = 3.0;

/// What stands in one lamp's light.
#[derive(Debug, Default)]
pub(super) struct ShadowMap {
    projector: Option<Projector>,
    width: usize,
    height: usize,
    /// Inverse depth of the nearest back, 1/m; 0 is none.
    backs: Vec<f32>,
    /// The largest and the smallest inverse depth in each block and its eight neighbours.
    blocks: Vec<[f32; 2]>,
    /// The same in each block alone.
    own: Vec<[f32; 2]>,
    mesh: Mesh,
}

impl ShadowMap {
    /// Takes the lamp's picture; `focus` is where it is to be sharp.
    pub(super) fn take(&mut self, lamp: &Lamp, focus: Point3<f64>, facets: &Facets) {
        self.mesh.clear();
        self.projector = view(lamp, focus, facets).and_then(|(view, width, height)| {
            (self.width, self.height) = (width, height);
            Projector::new(&view)
        });
        let Some(projector) = &self.projector else {
            return;
        };
        for facet in facets.casting() {
            let corners = facets.corners(facet);
            projector.add(&mut self.mesh, corners, facet.normal, Side::Inner);
        }
        self.backs.clear();
        self.backs.resize(self.width * self.height, 0.0);
        for polygon in self.mesh.polygons() {
            draw(
                &mut self.backs,
                (self.width, self.height),
                &self.mesh,
                polygon,
            );
        }
        self.summarise();
    }

    /// The lamp as a camera; `None` if nothing throws a shadow.
    pub(super) fn projector(&self) -> Option<&Projector> {
        self.projector.as_ref()
    }

    fn summarise(&mut self) {
        let (columns, rows) = (self.width / BLOCK, self.height / BLOCK);
        self.own.clear();
        for strip in self.backs.chunks_exact(self.width * BLOCK) {
            self.own.extend((0..columns).map(|column| {
                let lines = strip.chunks_exact(self.width);
                lines.fold([0.0f32, f32::INFINITY], |[most, least], line| {
                    let texels = line[column * BLOCK..][..BLOCK].iter();
                    texels.fold([most, least], |[most, least], back| {
                        [most.max(*back), least.min(*back)]
                    })
                })
            }));
        }
        self.blocks.clear();
        // The outermost blocks darken nothing.
        self.blocks.resize(columns * rows, OPEN);
        for row in 1..rows.saturating_sub(1) {
            for column in 1..columns - 1 {
                let mut here = [0.0f32, f32::INFINITY];
                for line in row - 1..=row + 1 {
                    for [most, least] in &self.own[line * columns + column - 1..][..3] {
                        here = [here[0].max(*most), here[1].min(*least)];
                    }
                }
                self.blocks[row * columns + column] = here;
            }
        }
    }

    /// How much of the lamp reaches each of the first `count` places, 0 to 1: (u, v) is where it is in the lamp's picture, `plane` the inverse depth
    /// there of the face on which they lie.
    pub(super) fn reaching<const N: usize>(
        &self,
        u: &[f32; N],
        v: &[f32; N],
        plane: &Linear,
        count: usize,
    ) -> [f32; N] {
        let [across, down, corner] = *plane;
        let columns = self.width / BLOCK;
        // What lies outside counts as in the outermost blocks, which nothing darkens; NaN does, too.
        let (right, bottom) = (columns as f32 - 1.0, (self.height / BLOCK) as f32 - 1.0);
        let (mut here, mut block) = ([0.0; N], [0; N]);
        for k in 0..N {
            here[k] = across * u[k] + down * v[k] + corner;
            let column = (u[k] * (1.0 / BLOCK as f32)).max(0.0).min(right) as i32;
            let row = (v[k] * (1.0 / BLOCK as f32)).max(0.0).min(bottom) as i32;
            block[k] = row * columns as i32 + column;
        }
        let spread = (across.abs() + down.abs()) * (KERNEL as f32 * 0.5 + 0.5);
        let mut reaching = [1.0; N];
        for k in 0..count.min(N) {
            let [most, least] = self.blocks.get(block[k] as usize).copied().unwrap_or(OPEN);
            let bias = BIAS * here[k] * here[k];
            let behind = here[k] - bias;
            if most > behind - spread {
                reaching[k] = match least > behind + spread {
                    true => 0.0,
                    false => self.softened(u[k], v[k], [across, down, corner - bias]),
                };
            }
        }
        reaching
    }

    /// The mean over the square of [`KERNEL`] texels around (u, v): texels at its border count by the part that is inside.
    fn softened(&self, u: f32, v: f32, [across, down, corner]: Linear) -> f32 {
        let half = KERNEL as f32 * 0.5;
        let (left, top) = (u - half, v - half);
        let (column, row) = (left as usize, top as usize);
        let (right_part, down_part) = (left - column as f32, top - row as f32);
        let weights = |part: f32| {
            let mut weights = [1.0; KERNEL + 1];
            (weights[0], weights[KERNEL]) = (1.0 - part, part);
            weights
        };
        let (right, down_weights) = (weights(right_part), weights(down_part));
        let first = corner + across * (column as f32 + 0.5) + down * (row as f32 + 0.5);
        let steps: [f32; KERNEL + 1] = core::array::from_fn(|x| across * x as f32);
        let mut open = 0.0;
        for (y, weight) in down_weights.into_iter().enumerate() {
            let texels = &self.backs[(row + y) * self.width + column..][..=KERNEL];
            let line = first + down * y as f32;
            let mut sum = 0.0;
            for ((back, step), weight) in texels.iter().zip(steps).zip(right) {
                sum += if *back <= line + step { weight } else { 0.0 };
            }
            open += sum * weight;
        }
        open * (1.0 / (KERNEL * KERNEL) as f32)
    }
}

/// The lamp as a camera whose picture has everything that throws shadows, and the size of that picture.
fn view(lamp: &Lamp, focus: Point3<f64>, facets: &Facets) -> Option<(View, usize, usize)> {
    let to_camera = looking(lamp.position, focus).inverse();
    let distance = (lamp.position - focus).norm();
    let narrow = to_camera.cast::<f32>();
    // From the left, from below, to the right, to above, in parts of the depth.
    let mut bounds = [
        f32::INFINITY,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NEG_INFINITY,
    ];
    for corner in facets
        .casting()
        .iter()
        .flat_map(|facet| facets.corners(facet))
    {
        let seen: Vector3<f32> = narrow.rotation * corner + narrow.translation.vector;
        let inverse = 1.0 / (-seen.z).max(NEAR as f32);
        let (x, y) = (seen.x * inverse, seen.y * inverse);
        bounds = [
            bounds[0].min(x),
            bounds[1].min(y),
            bounds[2].max(x),
            bounds[3].max(y),
        ];
    }
    let bounds = bounds.map(|bound| f64::from(bound).clamp(-WIDEST, WIDEST));
    // Texels lie on a grid that does not move with what stands there, so that edges which rest look the same in every picture.
    let mut texel = (lamp.softness / KERNEL as f64).max(FINEST) / distance;
    let grid = |texel: f64| bounds.map(|bound| (bound / texel).floor() as i32);
    let fits = |[left, low, right, high]: [i32; 4]| {
        right - left + 2 * MARGIN <= LONGEST && high - low + 2 * MARGIN <= LONGEST
    };
    if !(texel.is_finite() && texel > 1e-6 && bounds[2] > bounds[0]) {
        return None;
    }
    while !fits(grid(texel)) {
        texel *= 2.0;
    }
    let [left, low, right, high] = grid(texel);
    let side = |from: i32, to: i32| {
        let texels = usize::try_from(to - from + 1 + 2 * MARGIN).unwrap_or(0);
        texels.next_multiple_of(BLOCK)
    };
    let view = View {
        to_camera,
        focal: 1.0 / texel,
        centre: [f64::from(MARGIN - left), f64::from(high + 1 + MARGIN)],
    };
    Some((view, side(left, right), side(low, high)))
}

/// Draws a face that looks away from the lamp.
fn draw(backs: &mut [f32], (width, height): (usize, usize), mesh: &Mesh, polygon: &Polygon) {
    let [across, down, corner] = polygon.plane;
    let first = ceil(polygon.rows.start - 0.5);
    let last = ceil(polygon.rows.end - 0.5).min(height);
    for row in first..last {
        let y = row as f32 + 0.5;
        let [(low, high)] = mesh.spans(polygon, [y]);
        let start = ceil(low - 0.5);
        let end = ceil(high - 0.5).min(width);
        if start >= end {
            continue;
        }
        let line = down * y + corner + across * 0.5;
        for (x, back) in backs[row * width..][start..end].iter_mut().enumerate() {
            let here = (line + across * (start + x) as f32).min(polygon.nearest);
            *back = back.max(here);
        }
    }
}
