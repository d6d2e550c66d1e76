//! Where two convex solids touch: the axis along which they overlap least, and up to four points there.

use nalgebra::{Isometry3, Vector3};

use super::solid::{Face, MAX_POINTS, Solid};

/// Most points of one patch.
pub(crate) const MAX_TOUCHES: usize = 4;
/// A face's axis is taken before the axis of two edges unless that separates by so much more, m: faces give steadier patches.
const EDGE_BONUS: f64 = 2e-4;
/// Corners of a clipped polygon.
const CLIPPED: usize = 2 * MAX_POINTS;

/// One point where two solids touch, or are about to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Touch {
    /// Half-way between the two surfaces.
    pub(crate) point: Vector3<f64>,
    /// What is between them, m; negative where they overlap.
    pub(crate) gap: f64,
}

/// The points where two solids touch.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Patch {
    /// From the first solid to the second, of length 1.
    pub(crate) normal: Vector3<f64>,
    touches: [Touch; MAX_TOUCHES],
    count: usize,
}

impl Patch {
    /// The points.
    pub(crate) fn touches(&self) -> &[Touch] {
        &self.touches[..self.count]
    }

    fn push(&mut self, touch: Touch) {
        if let Some(place) = self.touches.get_mut(self.count) {
            *place = touch;
            self.count += 1;
        }
    }
}

/// Where two solids touch that are no further than `margin` (m) from each other, in the frame of `a`; `at` is where `b` stands in it.
pub(crate) fn touch(a: &Solid, b: &Solid, at: &Isometry3<f64>, margin: f64) -> Option<Patch> {
    let mut moved = [Vector3::zeros(); MAX_POINTS];
    let b_points = &mut moved[..b.points.len().min(MAX_POINTS)];
    for (place, point) in b_points.iter_mut().zip(&b.points) {
        *place = at * point + at.translation.vector;
    }
    let b_points = &*b_points;
    let lowest = |points: &[Vector3<f64>], normal: &Vector3<f64>| {
        let depths = points.iter().map(|point| normal.dot(point));
        depths.fold(f64::INFINITY, f64::min)
    };

    let mut of_a = (f64::NEG_INFINITY, 0);
    for (index, face) in a.faces.iter().enumerate() {
        let gap = lowest(b_points, &face.normal) - face.offset;
        if gap > margin {
            return None;
        }
        if gap > of_a.0 {
            of_a = (gap, index);
        }
    }
    let mut of_b = (f64::NEG_INFINITY, 0);
    for (index, face) in b.faces.iter().enumerate() {
        let normal = at * face.normal;
        let offset = face.offset + normal.dot(&at.translation.vector);
        let gap = lowest(&a.points, &normal) - offset;
        if gap > margin {
            return None;
        }
        if gap > of_b.0 {
            of_b = (gap, index);
        }
    }
    let best = of_a.0.max(of_b.0);
    let crossed = crossed_edges(a, b, at, b_points, margin)?;
    if crossed.gap > best + EDGE_BONUS {
        return Some(edge_patch(a, b, b_points, &crossed));
    }
    // The same face as the one before where both are as good, so that a patch does not jump about.
    match of_b.0 > of_a.0 + EDGE_BONUS / 2.0 {
        false => face_patch(&a.points, &a.faces[of_a.1], b_points, &b.faces, at, margin),
        true => {
            let back = at.inverse();
            let mut moved = [Vector3::zeros(); MAX_POINTS];
            let a_points = &mut moved[..a.points.len().min(MAX_POINTS)];
            for (place, point) in a_points.iter_mut().zip(&a.points) {
                *place = back * point + back.translation.vector;
            }
            let seen = face_patch(
                &b.points,
                &b.faces[of_b.1],
                a_points,
                &a.faces,
                &back,
                margin,
            )?;
            let mut patch = Patch {
                normal: -(at * seen.normal),
                ..seen
            };
            for touch in &mut patch.touches[..patch.count] {
                touch.point = at * touch.point + at.translation.vector;
            }
            Some(patch)
        }
    }
}

/// Two edges that cross, seen along their common normal.
struct Crossed {
    gap: f64,
    /// From `a` to `b`.
    normal: Vector3<f64>,
    /// Directions of the edges.
    along: [Vector3<f64>; 2],
}

/// The pair of edge directions whose common normal separates the solids most; `None` if they are apart.
fn crossed_edges(
    a: &Solid,
    b: &Solid,
    at: &Isometry3<f64>,
    b_points: &[Vector3<f64>],
    margin: f64,
) -> Option<Crossed> {
    let mut best = Crossed {
        gap: f64::NEG_INFINITY,
        normal: Vector3::zeros(),
        along: [Vector3::zeros(); 2],
    };
    let apart = at * b.middle + at.translation.vector - a.middle;
    for of_a in &a.directions {
        for of_b in &b.directions {
            let of_b = at * of_b;
            let Some(normal) = of_a.cross(&of_b).try_normalize(1e-3) else {
                continue;
            };
            let normal = match normal.dot(&apart) < 0.0 {
                true => -normal,
                false => normal,
            };
            let (mut top, mut bottom) = (f64::NEG_INFINITY, f64::INFINITY);
            for point in &a.points {
                top = top.max(normal.dot(point));
            }
            for point in b_points {
                bottom = bottom.min(normal.dot(point));
            }
            let gap = bottom - top;
            if gap > margin {
                return None;
            }
            if gap > best.gap {
                best = Crossed {
                    gap,
                    normal,
                    along: [*of_a, of_b],
                };
            }
        }
    }
    Some(best)
}

/// The one point where two edges touch.
fn edge_patch(a: &Solid, b: &Solid, b_points: &[Vector3<f64>], crossed: &Crossed) -> Patch {
    let outermost =
        |points: &[Vector3<f64>], edges: &[[usize; 2]], way: f64, along: &Vector3<f64>| {
            let mut best = (f64::NEG_INFINITY, [Vector3::zeros(); 2]);
            for [from, to] in edges {
                let (from, to) = (points[*from], points[*to]);
                let parallel = (to - from).cross(along).norm() < 1e-6;
                let reach = way * crossed.normal.dot(&(from + to));
                if parallel && reach > best.0 {
                    best = (reach, [from, to]);
                }
            }
            best.1
        };
    let [a_from, a_to] = outermost(&a.points, &a.edges, 1.0, &crossed.along[0]);
    let [b_from, b_to] = outermost(b_points, &b.edges, -1.0, &crossed.along[1]);
    // The nearest points of two lines that are not parallel.
    let (u, v, w) = (a_to - a_from, b_to - b_from, a_from - b_from);
    let (uu, uv, vv) = (u.dot(&u), u.dot(&v), v.dot(&v));
    let (uw, vw) = (u.dot(&w), v.dot(&w));
    let down = uu * vv - uv * uv;
    let part = |up: f64| match down > 0.0 {
        true => (up / down).clamp(0.0, 1.0),
        false => 0.5,
    };
    let on_a = a_from + u * part(uv * vw - vv * uw);
    let on_b = b_from + v * part(uu * vw - uv * uw);
    let mut patch = Patch {
        normal: crossed.normal,
        ..Patch::default()
    };
    patch.push(Touch {
        point: (on_a + on_b) / 2.0,
        gap: crossed.gap,
    });
    patch
}

/// Clips the face of the other solid that looks most against `face` to its outline, in the frame of the solid that has `face`.
fn face_patch(
    points: &[Vector3<f64>],
    face: &Face,
    others: &[Vector3<f64>],
    other_faces: &[Face],
    at: &Isometry3<f64>,
    margin: f64,
) -> Option<Patch> {
    let against = |other: &&Face| -face.normal.dot(&(at * other.normal));
    let incident = other_faces
        .iter()
        .max_by(|a, b| against(a).total_cmp(&against(b)))?;
    let mut polygon = Polygon::default();
    for corner in &incident.corners {
        polygon.push(others[*corner]);
    }
    let corners = face.corners.iter();
    for (from, to) in corners.zip(face.corners.iter().cycle().skip(1)) {
        let (from, to) = (points[*from], points[*to]);
        let outward = (to - from).cross(&face.normal);
        polygon = polygon.clipped(&outward, outward.dot(&from));
    }
    let mut found = [Touch::default(); CLIPPED];
    let mut count = 0;
    for point in polygon.points() {
        let gap = face.normal.dot(point) - face.offset;
        if gap <= margin {
            found[count] = Touch {
                point: point - face.normal * (gap / 2.0),
                gap,
            };
            count += 1;
        }
    }
    let mut patch = Patch {
        normal: face.normal,
        ..Patch::default()
    };
    widest(&found[..count], &face.normal, &mut patch);
    (patch.count > 0).then_some(patch)
}

/// Keeps the deepest point and those that span the widest patch with it.
fn widest(found: &[Touch], normal: &Vector3<f64>, patch: &mut Patch) {
    if found.len() <= MAX_TOUCHES {
        found.iter().for_each(|touch| patch.push(*touch));
        return;
    }
    let best = |value: &dyn Fn(&Touch) -> f64| {
        let found = found.iter().copied();
        found.max_by(|a, b| value(a).total_cmp(&value(b)))
    };
    let Some(first) = best(&|touch| -touch.gap) else {
        return;
    };
    let from = |touch: &Touch| touch.point - first.point;
    let Some(second) = best(&|touch| from(touch).norm_squared()) else {
        return;
    };
    let side = normal.cross(&from(&second));
    let (left, right) = (
        best(&|touch| side.dot(&from(touch))),
        best(&|touch| -side.dot(&from(touch))),
    );
    for touch in [Some(first), Some(second), left, right]
        .into_iter()
        .flatten()
    {
        let near = |kept: &Touch| (kept.point - touch.point).norm_squared() < 1e-10;
        if !patch.touches().iter().any(near) {
            patch.push(touch);
        }
    }
}

/// A convex polygon in space.
#[derive(Debug, Clone, Copy)]
struct Polygon {
    points: [Vector3<f64>; CLIPPED],
    count: usize,
}

impl Default for Polygon {
    fn default() -> Self {
        Self {
            points: [Vector3::zeros(); CLIPPED],
            count: 0,
        }
    }
}

impl Polygon {
    fn points(&self) -> &[Vector3<f64>] {
        &self.points[..self.count]
    }

    fn push(&mut self, point: Vector3<f64>) {
        if let Some(place) = self.points.get_mut(self.count) {
            *place = point;
            self.count += 1;
        }
    }

    /// The part with `outward · x <= offset` (Sutherland and Hodgman).
    fn clipped(&self, outward: &Vector3<f64>, offset: f64) -> Self {
        let mut kept = Self::default();
        let points = self.points();
        let Some(mut before) = points.last().copied() else {
            return kept;
        };
        let mut depth = outward.dot(&before) - offset;
        for point in points {
            let next = outward.dot(point) - offset;
            if (depth <= 0.0) != (next <= 0.0) {
                kept.push(before + (point - before) * (depth / (depth - next)));
            }
            if next <= 0.0 {
                kept.push(*point);
            }
            (before, depth) = (*point, next);
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::visual::Shape;
    use nalgebra::{Translation3, UnitQuaternion};

    fn cube(side: f64) -> Solid {
        Solid::of(&Shape::Box {
            half: [side / 2.0; 3],
        })
    }

    #[test]
    fn a_cube_on_a_slab_touches_with_its_four_lower_corners() {
        let slab = Solid::of(&Shape::Box {
            half: [0.5, 0.5, 0.01],
        });
        let at = Isometry3::from_parts(
            Translation3::new(0.1, 0.2, 0.01 + 0.015 - 0.0005),
            UnitQuaternion::from_euler_angles(0.0, 0.0, 0.3),
        );
        for (patch, up) in [
            (touch(&slab, &cube(0.03), &at, 1e-3).unwrap(), 1.0),
            (
                touch(&cube(0.03), &slab, &at.inverse(), 1e-3).unwrap(),
                -1.0,
            ),
        ] {
            assert_eq!(patch.touches().len(), 4);
            assert!((patch.normal.z - up).abs() < 1e-9, "{}", patch.normal);
            for touch in patch.touches() {
                assert!((touch.gap + 0.0005).abs() < 1e-9, "{touch:?}");
            }
        }
        let above = Isometry3::translation(0.0, 0.0, 0.03);
        assert!(touch(&slab, &cube(0.03), &above, 1e-3).is_none());
    }

    #[test]
    fn crossed_edges_touch_in_one_point() {
        let quarter = core::f64::consts::FRAC_PI_4;
        let upper = UnitQuaternion::from_euler_angles(quarter, 0.0, 0.0);
        let lower = UnitQuaternion::from_euler_angles(0.0, quarter, 0.0);
        let height = 0.02 * 2f64.sqrt() - 0.001;
        let at =
            lower.inverse() * Isometry3::from_parts(Translation3::new(0.0, 0.0, height), upper);
        let patch = touch(&cube(0.02), &cube(0.02), &at, 1e-3).unwrap();
        assert_eq!(patch.touches().len(), 1);
        assert!((patch.touches()[0].gap + 0.001).abs() < 1e-9);
        assert!(((lower * patch.normal).z - 1.0).abs() < 1e-9);
    }

    // The gap is how far one must be moved along the normal to touch: moving it there leaves nothing between them.
    #[test]
    fn moving_along_the_normal_closes_the_gap() {
        let taper = Solid::of(&Shape::Taper {
            low: [0.003, 0.004],
            high: [0.01, 0.012],
            shift: [-0.01, 0.0],
            half_length: 0.03,
        });
        let mut touched = 0;
        for step in 0..400 {
            let way = f64::from(step);
            let at = Isometry3::from_parts(
                Translation3::new(
                    0.02 * (way * 0.7).sin(),
                    0.015 * (way * 1.3).cos(),
                    0.03 * (way * 0.37).sin(),
                ),
                UnitQuaternion::from_euler_angles(way * 0.31, way * 0.17, way * 0.23),
            );
            let Some(patch) = touch(&taper, &cube(0.02), &at, 1e-3) else {
                continue;
            };
            touched += 1;
            let deepest = patch.touches().iter().map(|touch| touch.gap);
            let deepest = deepest.fold(f64::INFINITY, f64::min);
            let apart = Translation3::from(patch.normal * (1e-5 + 1e-3 - deepest)) * at;
            assert!(
                touch(&taper, &cube(0.02), &apart, 1e-3).is_none(),
                "{step}: {patch:?}"
            );
        }
        assert!(touched > 100, "{touched}");
    }
}
