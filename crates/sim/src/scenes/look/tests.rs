use proptest::prelude::*;

use super::*;
use crate::scenes;

fn so101() -> RobotKind {
    toml::from_str(include_str!("../../../../../configs/so101.toml")).unwrap()
}

fn standard() -> LookSpec {
    toml::from_str(STANDARD).unwrap()
}

fn draw(look: &LookSpec, seed: u64, number: u64, varied: bool) -> Look {
    let textures = [vec![Texture::Plain, Texture::Frame], Vec::new()];
    let textures = textures.iter().map(Vec::as_slice);
    look.draw(textures, seed, number, varied)
}

#[test]
fn the_middle_of_the_standard_look_is_how_every_scene_looks() {
    standard().check().unwrap();
    assert_eq!(*LookSpec::standard(), standard());
    let look = draw(&standard(), 5, 3, false);
    assert_eq!(look, draw(&standard(), 8, 1, false));
    let plain = VisualScene::of(&so101());
    let mut painted = plain.clone();
    look.paint(&mut painted);
    assert_eq!(painted.background, plain.background);
    assert!((painted.ambient - plain.ambient).abs() < 1e-9);
    assert_eq!((painted.lamps.len(), plain.lamps.len()), (1, 1));
    let (lamp, other) = (painted.lamps[0], plain.lamps[0]);
    assert!((lamp.position - other.position).norm() < 1e-9);
    assert!((lamp.colour[0] - other.colour[0]).abs() < 1e-9 && lamp.colour[0] == lamp.colour[2]);
    assert!((lamp.softness - other.softness).abs() < 1e-9);
    assert_eq!(
        (painted.table.colour, painted.table.pattern),
        (plain.table.colour, plain.table.pattern)
    );
    assert_eq!(painted.table.laid, plain.table.laid);
    for camera in &look.cameras {
        assert_eq!((camera.off, camera.noise), (Isometry3::identity(), None));
    }
    assert_eq!(look.things[0].coat(plain.background).0, plain.background);
}

proptest! {
    #[test]
    fn what_is_drawn_keeps_its_range_and_depends_on_seed_and_number_alone(seed in any::<u64>(), number in 0..1_000_000u64) {
        let spec = standard();
        let look = draw(&spec, seed, number, true);
        prop_assert_eq!(&look, &draw(&spec, seed, number, true));
        prop_assert_ne!(&look, &draw(&spec, seed, number + 1, true));
        prop_assert_ne!(&look, &draw(&spec, seed.wrapping_add(1), number, true));
        let within = |value: f64, drawn: Drawn| {
            let (from, to) = drawn.ends();
            (from..=to).contains(&value)
        };
        prop_assert!(within(look.ambient, spec.room.ambient));
        let (lamp, light) = (&look.lamps[0], &spec.lights[0]);
        for axis in 0..3 {
            prop_assert!(within(lamp.position[axis], light.xyz[axis]));
        }
        let strongest = lamp.colour.into_iter().fold(0.0, f64::max);
        prop_assert!(within(strongest, light.brightness) && within(lamp.softness, light.softness));
        let most = 255.0 * spec.table.tint + 1.0;
        let near = |a: Colour, b: Colour| a.0.iter().zip(b.0).all(|(a, b)| f64::from(a.abs_diff(b)) <= most);
        prop_assert!(spec.room.backgrounds.iter().any(|colour| near(look.background, *colour)));
        prop_assert!(spec.table.surfaces.iter().any(|surface| near(look.table.0, surface.colours[0])));
        prop_assert!(look.things[1].texture == Texture::Plain);
        for (camera, spec) in look.cameras.iter().zip(&spec.cameras) {
            let shift = camera.off.translation.vector;
            prop_assert!(shift.amax() <= spec.shift);
            let (roll, pitch, yaw) = camera.off.rotation.euler_angles();
            for angle in [roll, pitch, yaw] {
                prop_assert!(angle.abs() <= spec.turn.to_radians() + 1e-9);
            }
            let amplitude = camera.noise.map_or(0, |noise| noise.amplitude);
            prop_assert!(within(f64::from(amplitude), spec.noise));
        }
    }
}

#[test]
fn what_is_wrong_with_a_look_is_said_with_its_key() {
    let lift = scenes::text("lift").unwrap();
    let lamp =
        "xyz = [{ from = 0.3, to = 1.1 }, { from = -1.1, to = -0.1 }, { from = 1.2, to = 1.6 }]";
    for (find, replace, says) in [
        (
            lamp,
            "xyz = [0.2, 0.0, -0.01]",
            "light `lamp`: xyz[2], above table and arm, -0.01",
        ),
        (lamp, "xyz = [nan, 0.0, 1.0]", "light `lamp`: xyz[0] NaN"),
        (lamp, "xyz = [0.0, 1.0]", "invalid length 2"),
        (
            "kelvin = { from = 5200.0, to = 8000.0 }",
            "kelvin = 0",
            "light `lamp`: kelvin 0",
        ),
        (
            "softness = { from = 0.004, to = 0.012 }",
            "softness = { from = 0.02, to = 0.01 }",
            "light `lamp`: softness from 0.02 to 0.01",
        ),
        (
            "brightness = { from = 0.4, to = 0.7 }",
            "",
            "missing field `brightness`",
        ),
        ("size = [640, 480]", "", "missing field `size`"),
        (
            "size = [640, 480]",
            "size = [0, 480]",
            "camera `front`: size 0 x 480",
        ),
        (
            "size = [640, 480]",
            "size = [641, 480]",
            "camera `front`: size 641 x 480",
        ),
        ("size = [640, 480]", "size = [-2, 480]", "invalid value"),
        ("shift = 0.01", "shift = nan", "camera `front`: shift NaN"),
        (
            "noise = { from = 0.0, to = 6.0 }",
            "noise = 200",
            "camera `front`: noise 200",
        ),
        ("fovy = 42.0", "fovy = 180.0", "camera `top`: fovy 180"),
        (
            "target = [0.21, 0.0, 0.0]",
            "target = [0.21, 0.0, 0.75]",
            "camera `top`: target is where its eye is",
        ),
        (
            "target = [0.21, 0.0, 0.0]",
            "",
            "camera `top`: give `eye` and `target`, or `frame`",
        ),
        (
            "name = \"wrist\"",
            "name = \"a/b\"",
            "`a/b` is no camera name",
        ),
        (
            "name = \"wrist\"",
            "name = \"front\"",
            "two cameras named `front`",
        ),
        (
            "ambient = { from = 0.4, to = 0.6 }",
            "ambient = 0",
            "room: ambient 0",
        ),
        (
            "backgrounds = [\"#70808c\", \"#9a968c\", \"#565b63\", \"#b9bfc4\"]",
            "backgrounds = []",
            "room: backgrounds is empty",
        ),
        ("texture = \"checker\"", "texture = \"marble\"", "marble"),
        ("tint = 0.06", "tint = -1.0", "table: tint -1"),
        ("tint = 0.06", "tant = 0.06", "tant"),
    ] {
        assert!(lift.contains(find), "{find}");
        let problem = scenes::read("mine.toml", &lift.replacen(find, replace, 1)).unwrap_err();
        let problem = problem.to_string();
        assert!(problem.contains(says), "{replace}: {problem}");
    }
    let (scene, _) = lift.split_once("# What cameras see").unwrap();
    let dark = format!("lights = []\n{scene}");
    let problem = scenes::read("mine.toml", &dark).unwrap_err().to_string();
    assert!(problem.contains("0 lights: give 1 to 3"), "{problem}");
}

#[test]
fn cameras_stand_where_the_file_says_for_this_robot() {
    let mut kind = so101();
    let cameras = |kind: &RobotKind, more: &str| {
        let more: toml::Table = toml::from_str(more).unwrap();
        let more: Vec<SceneCameraSpec> = more["cameras"].clone().try_into().unwrap();
        standard().with_cameras(&more).cameras_for(kind)
    };
    let side = "[[cameras]]\nname = \"side\"\nsize = [64, 48]\nfovy = 50.0\neye = [0.2, 0.6, 0.2]\ntarget = [0.2, 0.0, 0.0]";
    let all = cameras(&kind, side).unwrap();
    let names: Vec<&str> = all.iter().map(|camera| camera.view.name.as_str()).collect();
    assert_eq!(names, ["front", "wrist", "top", "side"]);
    assert_eq!(all[1].joint.as_deref(), Some("wrist_roll"));
    assert!(all[2].spare && !all[3].spare);
    assert_eq!((all[3].size, all[3].view.mount), ((64, 48), None));
    // One of the same name stands in the place of the robot's.
    let front = side.replace("side", "front");
    let all = cameras(&kind, &front).unwrap();
    assert_eq!((all.len(), all[0].size), (3, (64, 48)));
    assert!((all[0].view.frame.translation.y - 0.6).abs() < 1e-9);
    let hand = "[[cameras]]\nname = \"hand\"\nsize = [64, 48]\nfovy = 50.0\njoint = \"knee\"\nframe = { xyz = [0.0, 0.0, 0.1] }";
    let problem = cameras(&kind, hand).unwrap_err();
    assert!(
        problem.contains("no joint `knee`; it has: shoulder_pan"),
        "{problem}"
    );
    let nowhere = "[[cameras]]\nname = \"side\"\nsize = [64, 48]\nfovy = 50.0";
    let problem = cameras(&kind, nowhere).unwrap_err();
    assert!(
        problem.contains("camera `side`: `so101` has none of this name"),
        "{problem}"
    );
    // A robot without cameras has the one that stands by the table.
    kind.cameras.clear();
    let all = standard().cameras_for(&kind).unwrap();
    assert_eq!(all.len(), 1);
}
