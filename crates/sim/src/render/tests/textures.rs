//! A texture lies on its object as if it were painted there.

use super::*;

/// Sides of the cube, m, and where on a face colours are compared: 14 % of it at each border have the second colour.
const SIDE: f64 = 0.06;
const PLACES: [f64; 5] = [-0.42, -0.25, 0.0, 0.2, 0.42];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_frame_stays_on_the_faces_of_a_cube_wherever_it_goes(
        place in (0.1..0.3, -0.15..0.15, 0.0..0.2),
        turn in prop::array::uniform3(-3.0..3.0),
    ) {
        let (own, other) = (Colour([200, 40, 40]), Colour([40, 40, 200]));
        let mut scene = scene();
        scene.visuals.clear();
        scene.table.centre.z = -10.0;
        let pose = Isometry3::new(Vector3::new(place.0, place.1, place.2), turn.into());
        scene.objects = vec![Object {
            shape: Shape::Box { half: [SIDE / 2.0; 3] },
            pose,
            colour: own,
            pattern: Some(Pattern { texture: Texture::Frame, colour: other }),
        }];
        let eye = Point3::new(0.5, -0.25, 0.35);
        let camera = PinholeCamera::looking_at("near", eye, pose.translation.vector.into(), 0.5);
        let mut renderer = Renderer::new(WIDTH, HEIGHT).unwrap();
        let picture = Picture(renderer.render(&scene, &parked(), &camera));
        let view = camera.view(&parked(), WIDTH, HEIGHT);
        let mut compared = 0;
        for (axis, sign) in (0..3).flat_map(|axis| [(axis, -1.0), (axis, 1.0)]) {
            let normal = pose * Vector3::ith(axis, sign);
            let middle = pose * Point3::from(Vector3::ith(axis, sign * SIDE / 2.0));
            // A face that is seen from aside has few pixels.
            if normal.dot(&(eye - middle).normalize()) < 0.3 {
                continue;
            }
            for (a, b) in PLACES.into_iter().flat_map(|a| PLACES.map(|b| (a, b))) {
                let mut local = Vector3::ith(axis, sign * SIDE / 2.0);
                local[(axis + 1) % 3] = a * SIDE;
                local[(axis + 2) % 3] = b * SIDE;
                let (u, v) = view.project(&(pose * Point3::from(local))).unwrap();
                let [red, _, blue] = picture.at(u, v);
                let at_border = a.abs().max(b.abs()) > 0.36;
                prop_assert_eq!(blue > red, at_border, "{} {} of {}: {} {}", a, b, axis, red, blue);
                compared += 1;
            }
        }
        prop_assert!(compared >= PLACES.len() * PLACES.len());
    }
}

#[test]
fn a_pattern_lies_on_the_table_as_it_was_laid() {
    let mut renderer = Renderer::new(WIDTH, HEIGHT).unwrap();
    let mut scene = scene();
    scene.visuals.clear();
    scene.objects.clear();
    let laid = Laid {
        size: 0.2,
        corner: [0.23, -0.04],
        turn: 0.4,
    };
    scene.table.laid = laid;
    let [front, _] = cameras();
    let view = front.view(&parked(), WIDTH, HEIGHT);
    let picture = Picture(renderer.render(&scene, &parked(), &front));
    let (sin, cos) = laid.turn.sin_cos();
    for (a, b) in (-2..3).flat_map(|a| (-2..3).map(move |b| (a, b))) {
        let [x, y] = [a, b].map(|square| (f64::from(square) + 0.5) * laid.size / 2.0);
        let point = Point3::new(
            laid.corner[0] + x * cos - y * sin,
            laid.corner[1] + x * sin + y * cos,
            0.0,
        );
        let Some((u, v)) = view.project(&point) else {
            continue;
        };
        if !(0.0..640.0).contains(&u) || !(0.0..480.0).contains(&v) || (point.x - 0.2).abs() > 0.42
        {
            continue;
        }
        let light = picture.at(u, v)[0] > 190;
        assert_eq!(
            light,
            (a + b) % 2 == 0,
            "square {a}, {b}: {:?}",
            picture.at(u, v)
        );
    }
}
