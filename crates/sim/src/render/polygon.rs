//! Faces as they appear in the picture.

use core::ops::Range;

/// A packed sample: red in the lowest byte, then green and blue; bit 24 marks what shadows fall on.
pub(super) type Sample = u32;

/// Marks a sample of the lit table top; darkening a sample clears it, so that overlapping shadows darken once.
pub(super) const SHADOWABLE: Sample = 1 << 24;

/// What a face does to the samples it covers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Paint {
    /// One colour.
    Flat(Sample),
    /// Squares on the table top.
    Checker(Checker),
    /// Multiplies what is [`SHADOWABLE`] by this many 256ths, whatever its depth.
    Shadow(u32),
}

/// The table's squares as the picture sees them: coordinate k of a sample at (x, y), in squares, is
/// `start[k] + (slope[k] · (x, y, 1)) / inverse depth`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Checker {
    pub(super) colours: [Sample; 2],
    pub(super) start: [f32; 2],
    pub(super) slope: [[f32; 3]; 2],
}

/// A line from an upper to a lower corner; y grows downwards. Pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub(super) top: f32,
    pub(super) bottom: f32,
    x: f32,
    slope: f32,
}

impl Edge {
    /// Where it crosses the height `y`.
    pub(super) fn x_at(&self, y: f32) -> f32 {
        self.x + (y - self.top) * self.slope
    }
}

/// A convex face in the picture.
#[derive(Debug, Clone)]
pub(super) struct Polygon {
    /// The heights between which it lies, pixels.
    pub(super) rows: Range<f32>,
    /// Its edges in [`Mesh::edges`].
    pub(super) edges: Range<u32>,
    /// Inverse depth (1/m) at (x, y) is `plane · (x, y, 1)`.
    pub(super) plane: [f32; 3],
    /// Inverse depth of its nearest corner: seen edge-on, the plane says anything.
    pub(super) nearest: f32,
    /// What it does to samples.
    pub(super) paint: Paint,
}

/// All faces of a picture, in the order in which they are drawn.
#[derive(Debug, Default)]
pub(super) struct Mesh {
    polygons: Vec<Polygon>,
    edges: Vec<Edge>,
}

impl Mesh {
    pub(super) fn clear(&mut self) {
        self.polygons.clear();
        self.edges.clear();
    }

    /// Adds a face by its corners (x, y in pixels, inverse depth) in either direction of rotation.
    pub(super) fn push(&mut self, corners: &[[f32; 3]], plane: [f32; 3], paint: Paint) {
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
        self.polygons.push(Polygon {
            rows,
            edges: first_edge as u32..self.edges.len() as u32,
            plane,
            nearest,
            paint,
        });
    }

    /// The faces that reach into the strip from `top` to `bottom`, in the order of drawing.
    pub(super) fn crossing(&self, top: f32, bottom: f32) -> impl Iterator<Item = u32> {
        self.polygons
            .iter()
            .zip(0..)
            .filter(move |(polygon, _)| polygon.rows.start < bottom && polygon.rows.end > top)
            .map(|(_, index)| index)
    }

    pub(super) fn polygon(&self, index: u32) -> &Polygon {
        &self.polygons[index as usize]
    }

    /// Where a face begins and ends at the height `y`; the end is before the beginning where it isn't.
    pub(super) fn span(&self, polygon: &Polygon, y: f32) -> (f32, f32) {
        let edges = &self.edges[polygon.edges.start as usize..polygon.edges.end as usize];
        let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
        for edge in edges {
            if edge.top <= y && y < edge.bottom {
                let x = edge.x_at(y);
                low = low.min(x);
                high = high.max(x);
            }
        }
        (low, high)
    }
}
