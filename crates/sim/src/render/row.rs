//! One row of the picture while it is drawn.

use super::polygon::{Checker, Mesh, Paint, Polygon, SHADOWABLE, Sample};
use crate::visual::Colour;

/// Where in a pixel its samples are: no two share a row or a column, so that steep and flat edges get four steps.
const SAMPLES: [[f32; 2]; 4] = [
    [0.375, 0.125],
    [0.875, 0.375],
    [0.125, 0.625],
    [0.625, 0.875],
];

/// Adding it to a small number leaves that number's integer part, rounded to nearest, in the lowest bits.
const ROUND: f32 = 12_582_912.0;

/// The samples of a row of pixels, one plane per place in the pixel.
#[derive(Debug)]
pub(super) struct RowSamples {
    planes: [SamplePlane; SAMPLES.len()],
    /// 0, 1, 2, …: cheaper to load than to convert.
    ramp: Vec<f32>,
    mixed: Vec<Sample>,
}

#[derive(Debug, Clone)]
struct SamplePlane {
    inverse_depth: Vec<f32>,
    colour: Vec<Sample>,
}

impl RowSamples {
    pub(super) fn new(width: usize) -> Self {
        Self {
            planes: core::array::from_fn(|_| SamplePlane {
                inverse_depth: vec![0.0; width],
                colour: vec![0; width],
            }),
            ramp: (0..width).map(|x| x as f32).collect(),
            mixed: vec![0; width],
        }
    }

    /// Forgets the last row.
    pub(super) fn clear(&mut self, Colour([r, g, b]): Colour) {
        for plane in &mut self.planes {
            plane.inverse_depth.fill(0.0);
            plane.colour.fill(u32::from_le_bytes([r, g, b, 0]));
        }
    }

    /// Draws what the row at `y` shows of a face.
    pub(super) fn draw(&mut self, mesh: &Mesh, index: u32, y: f32) {
        let polygon = mesh.polygon(index);
        for (plane, [right, down]) in self.planes.iter_mut().zip(SAMPLES) {
            let y = y + down;
            let (low, high) = mesh.span(polygon, y);
            // Casts of floats saturate, which also sends NaN to the left border.
            let start = (low - right).ceil() as usize;
            let end = ((high - right).ceil() as usize).min(self.ramp.len());
            if start < end {
                let ramp = &self.ramp[start..end];
                let depths = &mut plane.inverse_depth[start..end];
                let colours = &mut plane.colour[start..end];
                match polygon.paint {
                    Paint::Flat(colour) => {
                        flat(ramp, depths, colours, polygon, [right, y], colour);
                    }
                    Paint::Checker(checker) => {
                        check(ramp, depths, colours, polygon, [right, y], &checker);
                    }
                    Paint::Shadow(part) => shade(colours, part),
                }
            }
        }
    }

    /// Mixes the samples into RGB bytes.
    pub(super) fn resolve(&mut self, line: &mut [u8]) {
        let [a, b, c, d] = &self.planes;
        let samples = a.colour.iter().zip(&b.colour).zip(&c.colour).zip(&d.colour);
        for (mixed, (((a, b), c), d)) in self.mixed.iter_mut().zip(samples) {
            // Red and blue side by side, green alone: four bytes add up within sixteen bits.
            let red_blue = [a, b, c, d].map(|sample| sample & 0xff_00ff);
            let green = [a, b, c, d].map(|sample| sample >> 8 & 0xff);
            let red_blue = red_blue[0] + red_blue[1] + red_blue[2] + red_blue[3] + 0x2_0002;
            let green = green[0] + green[1] + green[2] + green[3] + 2;
            *mixed = red_blue >> 2 & 0xff_00ff | (green >> 2) << 8;
        }
        for (rgb, mixed) in line.chunks_exact_mut(3).zip(&self.mixed) {
            rgb.copy_from_slice(&mixed.to_le_bytes()[..3]);
        }
    }
}

/// Chooses without a branch, so that the loop around it becomes vector code.
fn choose(first: bool, a: u32, b: u32) -> u32 {
    let mask = u32::from(first).wrapping_neg();
    a & mask | b & !mask
}

fn flat(
    ramp: &[f32],
    depths: &mut [f32],
    colours: &mut [Sample],
    polygon: &Polygon,
    [right, y]: [f32; 2],
    colour: Sample,
) {
    let [across, down, corner] = polygon.plane;
    let start = across * right + down * y + corner;
    for ((x, depth), sample) in ramp.iter().zip(depths).zip(colours) {
        let here = (start + across * x).min(polygon.nearest);
        let nearer = here > *depth;
        *depth = if nearer { here } else { *depth };
        *sample = if nearer { colour } else { *sample };
    }
}

fn check(
    ramp: &[f32],
    depths: &mut [f32],
    colours: &mut [Sample],
    polygon: &Polygon,
    [right, y]: [f32; 2],
    checker: &Checker,
) {
    let [across, down, corner] = polygon.plane;
    let start = across * right + down * y + corner;
    let along = |axis: usize| {
        let [across, down, corner] = checker.slope[axis];
        (across, across * right + down * y + corner)
    };
    let ((u_step, u_start), (v_step, v_start)) = (along(0), along(1));
    for ((x, depth), sample) in ramp.iter().zip(depths).zip(colours) {
        let here = (start + across * x).min(polygon.nearest);
        let far = 1.0 / here;
        let u = checker.start[0] + (u_start + u_step * x) * far;
        let v = checker.start[1] + (v_start + v_step * x) * far;
        let odd = ((u + ROUND).to_bits() ^ (v + ROUND).to_bits()) & 1 == 1;
        let colour = choose(odd, checker.colours[1], checker.colours[0]);
        let nearer = here > *depth;
        *depth = if nearer { here } else { *depth };
        *sample = if nearer { colour } else { *sample };
    }
}

fn shade(colours: &mut [Sample], part: u32) {
    for sample in colours {
        let lit = *sample;
        let red_blue = (((lit & 0xff_00ff) * part) >> 8) & 0xff_00ff;
        let green = (((lit >> 8) & 0xff) * part) & 0xff00;
        *sample = choose(lit & SHADOWABLE != 0, red_blue | green, lit);
    }
}
