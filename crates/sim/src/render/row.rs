//! One row of the picture while it is drawn.

use super::polygon::{Mesh, Polygon, ceil};
use super::shade::Shader;

/// Where in a pixel its samples are: no two share a row or a column, so that steep and flat edges get four steps.
const SAMPLES: [[f32; 2]; 4] = [
    [0.375, 0.125],
    [0.875, 0.375],
    [0.125, 0.625],
    [0.625, 0.875],
];

/// The samples of a row of pixels, one plane per place in the pixel.
#[derive(Debug)]
pub(super) struct RowSamples {
    planes: [SamplePlane; SAMPLES.len()],
    /// 0, 1, 2, …: cheaper to load than to convert.
    ramp: Vec<f32>,
}

#[derive(Debug, Clone)]
struct SamplePlane {
    inverse_depth: Vec<f32>,
    /// Which face is seen: 0 is none, else 1 and its index.
    seen: Vec<u32>,
}

impl RowSamples {
    pub(super) fn new(width: usize) -> Self {
        Self {
            planes: core::array::from_fn(|_| SamplePlane {
                inverse_depth: vec![0.0; width],
                seen: vec![0; width],
            }),
            ramp: (0..width).map(|x| x as f32).collect(),
        }
    }

    /// Forgets the last row.
    pub(super) fn clear(&mut self) {
        for plane in &mut self.planes {
            plane.inverse_depth.fill(0.0);
            plane.seen.fill(0);
        }
    }

    /// Draws what the row at `y` shows of a face.
    pub(super) fn draw(&mut self, mesh: &Mesh, index: u32, y: f32) {
        let polygon = mesh.polygon(index);
        let heights = SAMPLES.map(|[_, down]| y + down);
        let spans = mesh.spans(polygon, heights).into_iter().zip(heights);
        for ((plane, [right, _]), ((low, high), y)) in
            self.planes.iter_mut().zip(SAMPLES).zip(spans)
        {
            let start = ceil(low - right);
            let end = ceil(high - right).min(self.ramp.len());
            if start < end {
                let ramp = &self.ramp[start..end];
                let depths = &mut plane.inverse_depth[start..end];
                let seen = &mut plane.seen[start..end];
                cover(ramp, depths, seen, polygon, [right, y], index + 1);
            }
        }
    }

    /// Colours the row. Where a pixel's samples show one face, it is coloured once, together with its neighbours.
    pub(super) fn resolve(&self, shader: &Shader, y: f32, line: &mut [u8]) {
        let [a, b, c, d] = &self.planes;
        let width = self.ramp.len();
        let (a, b) = (&a.seen[..width], &b.seen[..width]);
        let (c, d) = (&c.seen[..width], &d.seen[..width]);
        let whole =
            |x: usize, face: u32| a[x] == face && b[x] == face && c[x] == face && d[x] == face;
        let mut x = 0;
        while x < width {
            let face = a[x];
            let start = x;
            while x < width && whole(x, face) {
                x += 1;
            }
            if x > start {
                shader.run(face, start, y, &mut line[start * 3..x * 3]);
            } else {
                let rgb = mixed(shader, [a[x], b[x], c[x], d[x]], [x as f32, y]);
                line[x * 3..x * 3 + 3].copy_from_slice(&rgb);
                x += 1;
            }
        }
    }
}

/// The colour of a pixel at whose samples different faces are seen, each coloured at the middle of its samples: that is inside of it.
fn mixed(shader: &Shader, seen: [u32; 4], [x, y]: [f32; 2]) -> [u8; 3] {
    let mut sum = [0.0f32; 3];
    for (first, &face) in seen.iter().enumerate() {
        if seen[..first].contains(&face) {
            continue;
        }
        let (mut count, mut right, mut down) = (0.0, 0.0, 0.0);
        for (other, sample) in seen.iter().zip(SAMPLES) {
            if *other == face {
                count += 1.0;
                right += sample[0];
                down += sample[1];
            }
        }
        let colour = shader.point(face, x + right / count, y + down / count);
        for (sum, part) in sum.iter_mut().zip(colour) {
            *sum += part * (0.25 * count);
        }
    }
    sum.map(|part| (part + 0.5) as u8)
}

fn cover(
    ramp: &[f32],
    depths: &mut [f32],
    seen: &mut [u32],
    polygon: &Polygon,
    [right, y]: [f32; 2],
    face: u32,
) {
    let [across, down, corner] = polygon.plane;
    let start = across * right + down * y + corner;
    for ((x, depth), seen) in ramp.iter().zip(depths).zip(seen) {
        let here = (start + across * x).min(polygon.nearest);
        let nearer = here > *depth;
        *depth = if nearer { here } else { *depth };
        *seen = if nearer { face } else { *seen };
    }
}
