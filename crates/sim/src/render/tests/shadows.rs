//! A point is dark if and only if the way to the lamp is blocked, but for the soft edges.

use super::*;

/// What is compared is further from a shadow's edge than the edge is wide, m.
const CLEAR: f64 = 0.012;

/// Whether the way from `from` to `to` goes through a solid that is larger by so much on every side, m.
fn blocked(from: &Point3<f64>, to: &Point3<f64>, solid: &Object, larger: f64) -> bool {
    let inverse = solid.pose.inverse();
    let (from, to) = (inverse * from, inverse * to);
    let way = to - from;
    // The part of the way that is inside of all slabs.
    let (mut enters, mut leaves) = (0.0f64, 1.0f64);
    let mut slab = |axis: usize, half: f64| {
        let half = (half + larger).max(0.0);
        let ends = [-half, half].map(|side| (side - from[axis]) / way[axis]);
        enters = enters.max(ends[0].min(ends[1]));
        leaves = leaves.min(ends[0].max(ends[1]));
    };
    match solid.shape {
        Shape::Box { half } => (0..3).for_each(|axis| slab(axis, half[axis])),
        Shape::Cylinder {
            radius,
            half_length,
        } => {
            slab(2, half_length);
            let (a, b) = (way.xy().norm_squared(), from.xy().coords.dot(&way.xy()));
            // Drawn with twenty sides, a cylinder is up to 1.3 % thinner.
            let c = from.xy().coords.norm_squared() - (radius + larger).max(0.0).powi(2);
            let root = (b * b - a * c).max(0.0).sqrt();
            enters = enters.max((-b - root) / a);
            leaves = leaves.min((-b + root) / a);
        }
        Shape::Taper { .. } => unreachable!(),
    }
    enters < leaves
}

/// The height of its lowest point, m.
fn lowest(solid: &Object) -> f64 {
    let mut lowest = f64::INFINITY;
    crate::visual::solid::faces(&solid.shape, &solid.pose, |corners, _| {
        for corner in corners {
            lowest = lowest.min(f64::from(corner.z));
        }
    });
    lowest
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn dark_is_what_the_lamp_does_not_reach(
        lamp in (-0.6..1.0, -0.8..0.8, 0.7..1.8),
        solids in prop::collection::vec(
            (
                (0.0..0.4, -0.2..0.2),
                prop_oneof![Just(0.0), 0.0..0.15],
                prop::array::uniform3(-3.0..3.0),
                prop::array::uniform3(0.02..0.07),
                any::<bool>(),
            ),
            1..5,
        ),
        plate in any::<bool>(),
    ) {
        let mut scene = scene();
        scene.visuals.clear();
        let green = Colour([40, 220, 40]);
        (scene.table.colour, scene.table.pattern) = (green, None);
        scene.lamps[0].position = Point3::new(lamp.0, lamp.1, lamp.2);
        // A plate on the table, or the table itself, is what shadows fall on.
        let height = if plate { 0.02 } else { 0.0 };
        scene.objects = solids.into_iter().map(|(at, above, turn, size, round)| {
            let mut solid = Object {
                shape: match round {
                    true => Shape::Cylinder { radius: size[0], half_length: size[1] },
                    false => Shape::Box { half: size },
                },
                pose: Isometry3::new(Vector3::new(at.0, at.1, 0.0), turn.into()),
                colour: FINGERS[0],
                pattern: None,
            };
            // It stands on that, or hangs above it.
            solid.pose.translation.z = height + above - lowest(&solid);
            solid
        }).collect();
        let casting = scene.objects.clone();
        if plate {
            scene.objects.push(Object {
                shape: Shape::Box { half: [0.4, 0.4, 0.01] },
                pose: Isometry3::translation(0.2, 0.0, 0.01),
                colour: green,
                pattern: None,
            });
        }
        let camera = PinholeCamera::looking_at("top", Point3::new(0.2, 0.0, 1.0), Point3::new(0.2, 0.0, 0.0), 0.7);
        let view = camera.view(&parked(), WIDTH, HEIGHT);
        let mut renderer = Renderer::new(WIDTH, HEIGHT).unwrap();
        let picture = Picture(renderer.render(&scene, &parked(), &camera));
        let eye = Point3::from(camera.frame.translation.vector);
        let lamp = scene.lamps[0];
        let mut compared = [0, 0];
        for (x, y) in (0..40).flat_map(|x| (0..40).map(move |y| (x, y))) {
            let point = Point3::new(0.005 + 0.01 * f64::from(x), -0.195 + 0.01 * f64::from(y), height);
            let (u, v) = view.project(&point).unwrap();
            if !(1.0..639.0).contains(&u) || !(1.0..479.0).contains(&v) {
                continue;
            }
            // Only what the camera sees, and not at the border of what hides it.
            if casting.iter().any(|solid| blocked(&point, &eye, solid, 0.004)) {
                continue;
            }
            let seen = f64::from(picture.at(u, v)[1]);
            let ambient = f64::from(green.0[1]) * scene.ambient;
            let reached = {
                let middle = if plate { Point3::new(0.2, 0.0, height) } else { scene.table.centre };
                let facing = (lamp.position - middle).normalize().z;
                f64::from(green.0[1]) * (scene.ambient + lamp.colour[1] * facing).min(1.0)
            };
            let any = |larger: f64| casting.iter().any(|solid| blocked(&point, &lamp.position, solid, larger));
            if any(-CLEAR) {
                prop_assert!((seen - ambient).abs() < 2.5, "{:?} is dark: {} {} {}", point, seen, ambient, reached);
                compared[0] += 1;
            } else if !any(CLEAR) {
                prop_assert!((seen - reached).abs() < 2.5, "{:?} is lit: {} {} {}", point, seen, ambient, reached);
                compared[1] += 1;
            }
        }
        prop_assert!(compared[1] > 50, "{:?}", compared);
    }
}

#[test]
fn edges_are_as_wide_as_the_lamp_says() {
    let mut renderer = Renderer::new(WIDTH, HEIGHT).unwrap();
    let mut scene = scene();
    scene.visuals.clear();
    scene.table.pattern = None;
    // Straight above the middle of the table, so that nothing is at a slant.
    scene.lamps[0].position = Point3::new(0.2, 0.0, 1.5);
    scene.objects = vec![Object {
        shape: Shape::Box {
            half: [0.1, 0.1, 0.001],
        },
        pose: Isometry3::translation(0.2, 0.0, 0.01),
        colour: CUBE,
        pattern: None,
    }];
    let eye = Point3::new(0.7, 0.0, 0.3);
    let camera = PinholeCamera::looking_at("side", eye, Point3::new(0.3, 0.0, 0.0), 0.4);
    let mut wide = |softness: f64| {
        scene.lamps[0].softness = softness;
        let picture = Picture(renderer.render(&scene, &parked(), &camera));
        let view = camera.view(&parked(), WIDTH, HEIGHT);
        let shades = (0..600).map(|step| {
            let x = 0.26 + 0.0002 * f64::from(step);
            let (u, v) = view.project(&Point3::new(x, 0.0, 0.0)).unwrap();
            picture.at(u, v)[0]
        });
        let grey = shades.filter(|shade| (115..195).contains(shade));
        grey.count() as f64 * 0.0002
    };
    let (narrow, soft) = (wide(0.004), wide(0.02));
    assert!((0.001..0.008).contains(&narrow), "{narrow}");
    assert!((0.012..0.026).contains(&soft), "{soft}");
}
