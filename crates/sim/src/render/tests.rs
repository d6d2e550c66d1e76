//! What is seen must be where the kinematics say.

mod shadows;
mod textures;

use nalgebra::{Isometry3, Point3, Vector3};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use ulna_core::Joints;
use ulna_robot::RobotKind;
use ulna_robot::kinematics::{Chain, Pose};

use super::*;
use crate::scenes::table::cube_on;
use crate::visual::{Colour, Laid, Lamp, Object, Pattern, Shape, Texture, cameras_of};

const WIDTH: u32 = 640;
const HEIGHT: u32 = 480;

/// The gripper's fixed and its moving finger in the robot file: nothing else in the scene has their hues.
const FINGERS: [Colour; 2] = [Colour([0xe2, 0x3e, 0x1c]), Colour([0x16, 0x9e, 0x7e])];
/// Nor this one.
const CUBE: Colour = Colour([36, 92, 210]);

fn kind() -> RobotKind {
    toml::from_str(include_str!("../../../../configs/so101.toml")).unwrap()
}

/// The robot of the file, with a cube in its reach.
fn scene() -> VisualScene {
    let mut scene = VisualScene::of(&kind());
    scene
        .objects
        .push(cube_on(&scene.table, 0.03, [0.25, 0.06], 0.4, CUBE));
    scene
}

/// The file's cameras: before the arm, and on its hand.
fn cameras() -> [PinholeCamera; 2] {
    cameras_of(&kind()).try_into().unwrap()
}

fn pose(angles: [f64; 6]) -> Pose {
    Chain::new(&kind()).pose(&Joints::from_slice(&angles).unwrap())
}

/// Pixels of a picture [`WIDTH`] wide.
struct Picture<'a>(&'a [u8]);

/// How much of a picture has a colour's hue, and where that is.
#[derive(Debug)]
struct Patch {
    pixels: usize,
    middle: [f64; 2],
    whole: bool,
}

impl Picture<'_> {
    fn at(&self, x: f64, y: f64) -> [u8; 3] {
        let index = (y as usize * WIDTH as usize + x as usize) * 3;
        [self.0[index], self.0[index + 1], self.0[index + 2]]
    }

    /// Light and shade scale a colour as a whole, so its hue is the ratio of its parts.
    fn patch(&self, Colour(wanted): Colour) -> Patch {
        let hue = |rgb: [u8; 3]| {
            let most = f64::from(rgb.into_iter().max().unwrap().max(1));
            rgb.map(|part| f64::from(part) / most)
        };
        let wanted = hue(wanted);
        let (mut pixels, mut sum, mut whole) = (0, [0.0, 0.0], true);
        for (index, rgb) in self.0.chunks_exact(3).enumerate() {
            let rgb = [rgb[0], rgb[1], rgb[2]];
            let same_hue = || {
                hue(rgb)
                    .iter()
                    .zip(wanted)
                    .all(|(a, b)| (a - b).abs() < 0.1)
            };
            if rgb.into_iter().max().unwrap() > 40 && same_hue() {
                let (x, y) = (index as u32 % WIDTH, index as u32 / WIDTH);
                pixels += 1;
                sum = [sum[0] + f64::from(x) + 0.5, sum[1] + f64::from(y) + 0.5];
                whole &= (1..WIDTH - 1).contains(&x) && (1..HEIGHT - 1).contains(&y);
            }
        }
        let count = pixels.max(1) as f64;
        Patch {
            pixels,
            middle: [sum[0] / count, sum[1] / count],
            whole,
        }
    }
}

/// The pose with random angles within the joints' limits.
fn random_pose(kind: &RobotKind, rng: &mut ChaCha8Rng) -> Pose {
    let angles = Joints::from_fn(kind.dof(), |joint| {
        rng.random_range(kind.joints[joint].lower..kind.joints[joint].upper)
    });
    Chain::new(kind).pose(&angles)
}

/// Folded on its base, out of the way of the camera.
fn parked() -> Pose {
    pose([0.0, -1.69, 1.6, 1.22, 0.0, 0.0])
}

fn only(scene: &VisualScene, colour: Colour) -> VisualScene {
    let mut alone = scene.clone();
    alone.visuals.retain(|visual| visual.colour == colour);
    alone.objects.retain(|object| object.colour == colour);
    alone.table.centre.z = -10.0;
    alone
}

fn distance(patch: &Patch, expected: (f64, f64)) -> f64 {
    (patch.middle[0] - expected.0).hypot(patch.middle[1] - expected.1)
}

/// How far the middle of a colour is from where the kinematics project it, pixels; `None` unless all of it is seen.
fn miss(
    renderer: &mut Renderer,
    scene: &VisualScene,
    pose: &Pose,
    camera: &PinholeCamera,
    colour: Colour,
) -> Option<f64> {
    let alone = Picture(renderer.render(&only(scene, colour), pose, camera)).patch(colour);
    if alone.pixels < 100 || !alone.whole {
        return None;
    }
    let seen = Picture(renderer.render(scene, pose, camera)).patch(colour);
    if seen.pixels * 100 < alone.pixels * 98 {
        return None;
    }
    let centre = scene.centre_of(colour, pose).unwrap();
    let expected = camera.view(pose, WIDTH, HEIGHT).project(&centre).unwrap();
    Some(distance(&seen, expected))
}

#[test]
fn the_fingers_are_seen_where_the_kinematics_have_them() {
    let kind = kind();
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut renderer = Renderer::new(WIDTH, HEIGHT).unwrap();
    let scene = scene();
    let [front, _] = cameras();
    let mut compared = [0, 0];
    for _ in 0..160 {
        let pose = random_pose(&kind, &mut rng);
        for (count, colour) in compared.iter_mut().zip(FINGERS) {
            if let Some(miss) = miss(&mut renderer, &scene, &pose, &front, colour) {
                assert!(miss < 5.0, "{miss} pixels off: {:?}", pose.links());
                *count += 1;
            }
        }
    }
    assert!(compared.iter().all(|&count| count >= 10), "{compared:?}");
}

#[test]
fn the_files_cameras_look_where_it_says() {
    let [front, wrist] = cameras();
    assert_eq!((front.name.as_str(), front.mount), ("front", None));
    assert_eq!((wrist.name.as_str(), wrist.mount), ("wrist", Some(4)));
    let eye = Point3::new(0.66, -0.3, 0.42);
    let aimed =
        PinholeCamera::looking_at("front", eye, Point3::new(0.19, -0.005, 0.085), front.fovy);
    assert!(front.frame.rotation.angle_to(&aimed.frame.rotation) < 1e-9);
    assert_eq!(front.frame.translation, aimed.frame.translation);
    assert!((front.fovy.to_degrees() - 41.0).abs() < 1e-9);
}

#[test]
fn the_cube_is_seen_where_it_lies() {
    let mut renderer = Renderer::new(WIDTH, HEIGHT).unwrap();
    let mut scene = scene();
    let [front, _] = cameras();
    let mut compared = 0;
    for (x, y) in (0..4).flat_map(|x| (0..5).map(move |y| (x, y))) {
        let at = [0.2 + 0.05 * f64::from(x), -0.16 + 0.08 * f64::from(y)];
        scene.objects = vec![cube_on(&scene.table, 0.03, at, f64::from(x + y), CUBE)];
        if let Some(miss) = miss(&mut renderer, &scene, &parked(), &front, CUBE) {
            assert!(miss < 3.0, "{miss} pixels off at {at:?}");
            compared += 1;
        }
    }
    assert!(compared >= 15, "{compared}");
}

#[test]
fn the_wrist_camera_goes_with_the_hand() {
    let kind = kind();
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let mut renderer = Renderer::new(WIDTH, HEIGHT).unwrap();
    let mut scene = scene();
    let [_, wrist] = cameras();
    let mut compared = 0;
    for _ in 0..60 {
        let pose = random_pose(&kind, &mut rng);
        let view = wrist.view(&pose, WIDTH, HEIGHT);
        // Held between the camera and the fingers, a little off the middle of the view.
        let ahead = view.to_camera.inverse() * Point3::new(0.005, 0.01, -0.07);
        scene.objects = vec![Object {
            shape: Shape::Box { half: [0.003; 3] },
            pose: Isometry3::new(ahead.coords, Vector3::new(0.3, 0.7, 0.2)),
            colour: CUBE,
            pattern: None,
        }];
        // Random poses also reach below the table and into the arm itself.
        let Some(miss) = miss(&mut renderer, &scene, &pose, &wrist, CUBE) else {
            continue;
        };
        assert!(miss < 5.0, "{miss} pixels off");
        // The end of the fixed finger, 2 mm above its tip.
        let tip = pose.links()[4] * Point3::new(-0.0107, 0.0, -0.1024);
        let (u, v) = view.project(&tip).unwrap();
        let picture = Picture(renderer.render(&scene, &pose, &wrist));
        let tip = picture.at(u, v);
        assert_eq!(Picture(&tip).patch(FINGERS[0]).pixels, 1, "{tip:?}");
        compared += 1;
    }
    assert!(compared >= 10, "{compared}");
}

#[test]
fn what_is_behind_is_hidden_and_what_is_before_hides() {
    let mut renderer = Renderer::new(WIDTH, HEIGHT).unwrap();
    let mut scene = scene();
    let [front, _] = cameras();
    let pose = parked();
    let eye = front.frame.translation.vector;
    let post = Vector3::new(0.025, 0.0, 0.045);
    let mut pixels_at = |along: f64| {
        scene.objects = vec![Object {
            shape: Shape::Box { half: [0.008; 3] },
            pose: Isometry3::new(eye + (post - eye) * along, Vector3::zeros()),
            colour: CUBE,
            pattern: None,
        }];
        Picture(renderer.render(&scene, &pose, &front))
            .patch(CUBE)
            .pixels
    };
    assert_eq!(pixels_at(1.15), 0);
    assert!(pixels_at(0.7) > 400);
}

#[test]
fn table_squares_background_and_shadow_are_in_their_places() {
    let mut renderer = Renderer::new(WIDTH, HEIGHT).unwrap();
    let mut scene = scene();
    scene.visuals.clear();
    scene.objects.clear();
    let [front, _] = cameras();
    let view = front.view(&parked(), WIDTH, HEIGHT);
    let mut shades = |scene: &VisualScene, points: &[[f64; 2]]| -> Vec<[u8; 3]> {
        let picture = Picture(renderer.render(scene, &parked(), &front));
        assert_eq!(Colour(picture.at(1.0, 1.0)), scene.background);
        let places = points
            .iter()
            .map(|[x, y]| view.project(&Point3::new(*x, *y, 0.0)).unwrap());
        places.map(|(u, v)| picture.at(u, v)).collect()
    };

    let squares = [[0.2, 0.0], [0.25, 0.0], [0.2, 0.05], [0.25, 0.05]];
    let bare = shades(&scene, &squares);
    assert_eq!(bare[0], bare[3]);
    assert_eq!(bare[1], bare[2]);
    assert!(bare[0][0] > bare[1][0] + 20);

    // A plate high above the first square; the light comes down at a slant.
    let height = 0.1;
    let (lamp, under) = (scene.lamps[0].position.coords, Vector3::new(0.2, 0.0, 0.0));
    let slant = (lamp - under) * (height / lamp.z);
    scene.objects = vec![Object {
        shape: Shape::Cylinder {
            radius: 0.012,
            half_length: 0.001,
        },
        pose: Isometry3::new(under + slant, Vector3::zeros()),
        colour: CUBE,
        pattern: None,
    }];
    let shadowed = shades(&scene, &squares);
    assert!(shadowed[0][0] + 40 < bare[0][0], "{shadowed:?} {bare:?}");
    assert_eq!(shadowed[1..], bare[1..]);

    scene.lamps[0].position.z = -0.2;
    let from_below = shades(&scene, &squares);
    assert_eq!(from_below[0], from_below[3]);
}

#[test]
fn the_table_reaches_under_the_camera() {
    let mut renderer = Renderer::new(WIDTH, HEIGHT).unwrap();
    let mut scene = scene();
    (scene.table.colour, scene.table.pattern) = (Colour([200, 0, 0]), None);
    let eye = Point3::new(0.2, 0.3, 0.02);
    let camera = PinholeCamera::looking_at("low", eye, Point3::new(0.2, 0.6, 0.02), 1.2);
    let picture = Picture(renderer.render(&scene, &parked(), &camera));
    for x in [2.0, 320.0, 637.0] {
        assert_eq!(Colour(picture.at(x, 100.0)), scene.background);
        let [r, g, b] = picture.at(x, 470.0);
        assert!(r > 150 && g == 0 && b == 0);
    }
}

#[test]
fn a_solid_has_no_cracks() {
    let mut renderer = Renderer::new(WIDTH, HEIGHT).unwrap();
    let mut scene = scene();
    scene.visuals.clear();
    scene.table.centre.z = -50.0;
    let [front, _] = cameras();
    for turn in 0..20 {
        scene.objects = vec![Object {
            shape: Shape::Cylinder {
                radius: 0.05,
                half_length: 0.08,
            },
            pose: Isometry3::new(
                Vector3::new(0.2, 0.0, 0.1),
                Vector3::new(0.4, 0.3, 0.2) * f64::from(turn),
            ),
            colour: CUBE,
            pattern: None,
        }];
        let picture = renderer.render(&scene, &parked(), &front);
        let mut drawn = 0;
        for line in picture.chunks_exact(WIDTH as usize * 3) {
            let blank = |rgb: &&[u8]| **rgb == scene.background.0;
            let left = line.chunks_exact(3).take_while(blank).count();
            let right = line.chunks_exact(3).rev().take_while(blank).count();
            let holes = line.chunks_exact(3).filter(blank).count();
            assert_eq!(holes, (left + right).min(WIDTH as usize));
            drawn += WIDTH as usize - holes;
        }
        assert!(drawn > 5000);
    }
}

#[test]
fn a_picture_depends_on_nothing_but_the_arguments() {
    let scene = scene();
    let [front, wrist] = cameras();
    let mut renderer = Renderer::new(320, 240).unwrap();
    let first = renderer.render(&scene, &parked(), &front).to_vec();
    renderer.render(&scene, &pose([0.3; 6]), &wrist);
    assert!(first == renderer.render(&scene, &parked(), &front));
    let mut other = Renderer::new(320, 240).unwrap();
    assert!(first == other.render(&scene, &parked(), &front));
}

#[test]
fn impossible_sizes_are_refused() {
    for (width, height) in [(0, 480), (640, 0), (5000, 480), (u32::MAX, u32::MAX)] {
        let error = Renderer::new(width, height).unwrap_err();
        assert_eq!(error, PictureSizeError { width, height });
    }
}

/// Any number, also none.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![4 => -3.0..3.0, 1 => prop::num::f64::ANY]
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(
        angles in prop::array::uniform6(number()),
        place in prop::array::uniform6(number()),
        size in prop::array::uniform3(number()),
        eye in prop::array::uniform6(number()),
        lamp in prop::array::uniform3(number()),
        (soft, turn) in (number(), number()),
        mount in prop::option::of(0usize..9),
        fovy in number(),
        (width, height) in (1u32..70, 1u32..50),
    ) {
        let at = |n: [f64; 6]| {
            Isometry3::new(Vector3::new(n[0], n[1], n[2]), Vector3::new(n[3], n[4], n[5]))
        };
        let mut scene = scene();
        scene.lamps[0].position = lamp.into();
        scene.lamps.push(Lamp { colour: [soft; 3], softness: soft, ..scene.lamps[0] });
        scene.table.laid = Laid { size: soft, corner: [turn, soft], turn };
        scene.table.centre.z = size[2];
        let cylinder = Shape::Cylinder { radius: size[0], half_length: size[1] };
        let taper = Shape::Taper {
            low: [size[0], size[1]],
            high: [size[2], 0.0],
            shift: [size[1], size[2]],
            half_length: size[0],
        };
        scene.objects.extend([Shape::Box { half: size }, cylinder, taper].map(|shape| Object {
            shape,
            pose: at(place),
            colour: CUBE,
            pattern: Some(Pattern { texture: Texture::Wood, colour: FINGERS[0] }),
        }));
        let camera = PinholeCamera { name: "any".to_owned(), mount, frame: at(eye), fovy };
        let picture_len = (width * height * 3) as usize;
        let mut renderer = Renderer::new(width, height).unwrap();
        prop_assert_eq!(renderer.render(&scene, &pose(angles), &camera).len(), picture_len);
    }
}
