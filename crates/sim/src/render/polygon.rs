//! Faces as they appear in a picture.

use core::ops::Range;

/// A line from an upper to a lower corner; y grows downwards. Pixels.
#[derive(Debug, Clone, Copy)]
struct Edge {
    top: f32,
    bottom: f32,
    x: f32,
    slope: f32,
}

/// A function that is linear over a picture: at (x, y) it is `[0] x + [1] y + [2]`.
pub(super) type Linear = [f32; 3];

/// A convex face in the picture.
#[derive(Debug, Clone)]
pub(super) struct Polygon {
    /// The heights between which it lies, pixels.
    pub(super) rows: Range<f32>,
    /// Its edges in [`Mesh::edges`].
    edges: Range<u32>,
    /// Inverse depth, 1/m.
    pub(super) plane: Linear,
    /// Inverse depth of its nearest corner: seen edge-on, the plane says anything.
    pub(super) nearest: f32,
}

/// All faces of a picture, in the order in which they are drawn.
#[derive(Debug, Default)]
pub(super) struct Mesh {
    polygons: Vec<Polygon>,
    edges: Vec<Edge>,
    /// The faces from the top of the picture down.
    order: Vec<u32>,
}

impl Mesh {
    pub(super) fn clear(&mut self) {
        self.polygons.clear();
        self.edges.clear();
        self.order.clear();
    }

    /// Adds a face by its corners (x, y in pixels, inverse depth) in either direction of rotation.
    pub(super) fn push(&mut self, corners: &[[f32; 3]], plane: Linear) {
        let first_edge = self.edges.len();
        let mut rows = f32::INFINITY..f32::NEG_INFINITY;
        let mut nearest = 0.0f32;
        for (index, &from) in corners.iter().enumerate() {
            let to = corners[(index + 1) % corners.len()];
            rows = rows.start.min(from[1])..rows.end.max(from[1]);
            nearest = nearest.max(from[2]);
            // Always from top to bottom, so that two faces agree to the last bit about the edge they share.
            let (upper, lower) = if from[1] < to[1] {
                (from, to)
            } else {
                (to, from)
            };
            if upper[1] < lower[1] {
                self.edges.push(Edge {
                    top: upper[1],
                    bottom: lower[1],
                    x: upper[0],
                    slope: (lower[0] - upper[0]) / (lower[1] - upper[1]),
                });
            }
        }
        self.order.push(self.polygons.len() as u32);
        self.polygons.push(Polygon {
            rows,
            edges: first_edge as u32..self.edges.len() as u32,
            plane,
            nearest,
        });
    }

    /// Gets ready for [`crossing`](Self::crossing) from the top.
    pub(super) fn sort(&mut self) {
        let polygons = &self.polygons;
        let top = |index: &u32| polygons[*index as usize].rows.start;
        self.order
            .sort_unstable_by(|a, b| top(a).total_cmp(&top(b)).then(a.cmp(b)));
    }

    /// Changes `active`, the faces that reach into the strip above, to those that reach into the strip from `top` to `bottom`; `next` is the first
    /// face in the order that has not been there yet.
    pub(super) fn crossing(&self, top: f32, bottom: f32, active: &mut Vec<u32>, next: &mut usize) {
        active.retain(|&index| self.polygon(index).rows.end > top);
        while let Some(&index) = self.order.get(*next) {
            let rows = &self.polygon(index).rows;
            if rows.start >= bottom {
                break;
            }
            if rows.end > top {
                active.push(index);
            }
            *next += 1;
        }
    }

    pub(super) fn polygon(&self, index: u32) -> &Polygon {
        &self.polygons[index as usize]
    }

    pub(super) fn polygons(&self) -> &[Polygon] {
        &self.polygons
    }

    /// Where a face begins and ends at each of these heights; the end is before the beginning where it isn't.
    pub(super) fn spans<const N: usize>(&self, polygon: &Polygon, y: [f32; N]) -> [(f32, f32); N] {
        let edges = &self.edges[polygon.edges.start as usize..polygon.edges.end as usize];
        let (mut low, mut high) = ([f32::INFINITY; N], [f32::NEG_INFINITY; N]);
        for edge in edges {
            for k in 0..N {
                // All heights go the same way through here, without a branch.
                let crosses = (edge.top <= y[k]) & (y[k] < edge.bottom);
                let x = edge.x + (y[k] - edge.top) * edge.slope;
                let nearer = crosses & (x < low[k]);
                low[k] = if nearer { x } else { low[k] };
                let further = crosses & (x > high[k]);
                high[k] = if further { x } else { high[k] };
            }
        }
        core::array::from_fn(|k| (low[k], high[k]))
    }
}

/// The first whole number from `place` on that is no less than 0. NaN counts as 0; `f32::ceil` is a call on processors without an instruction for it.
pub(super) fn ceil(place: f32) -> usize {
    // Casts of floats saturate.
    let whole = place.max(0.0) as u32;
    whole as usize + usize::from((whole as f32) < place)
}
