use proptest::prelude::*;

use super::file::parse;
use super::*;

fn so101() -> RobotKind {
    toml::from_str(include_str!("../../../../../configs/so101.toml")).unwrap()
}

const LIFT: &str = include_str!("../../../../../configs/scenes/lift.toml");
const FILES: [&str; 3] = [
    LIFT,
    SORT,
    include_str!("../../../../../configs/scenes/pick-place.toml"),
];
const SORT: &str = include_str!("../../../../../configs/scenes/sort.toml");

#[test]
fn what_is_wrong_with_a_scene_is_said_with_its_name() {
    for (find, replace, says) in [
        (
            "mass = { from = 0.01, to = 0.05 }",
            "mass = -1.0",
            "object `cube`: mass -1 is not between",
        ),
        (
            "mass = { from = 0.01, to = 0.05 }",
            "mass = nan",
            "mass NaN",
        ),
        (
            "mass = { from = 0.01, to = 0.05 }",
            "mass = { from = 0.5, to = 0.1 }",
            "is no range",
        ),
        (
            "mass = { from = 0.01, to = 0.05 }",
            "mass = \"heavy\"",
            "expected a number, or a range",
        ),
        (
            "size = { from = 0.02, to = 0.04 }",
            "size = 0.0",
            "size 0 is not",
        ),
        ("yaw =", "jaw =", "jaw"),
        (
            "object = \"cube\"",
            "object = \"ball\"",
            "no object `ball`; there are: cube",
        ),
        ("lifted = 0.05", "in = \"bin\"", "no bin `bin`"),
        ("lifted = 0.05", "", "one of `lifted`, `at`, `in` and `on`"),
        ("lifted = 0.05", "on = \"cube\"", "cannot stand on itself"),
        (
            "task = \"Lift the cube\"",
            "",
            "either `task`, or `choices`",
        ),
        (
            "colours = [\"#c22f3a\", \"#2456c8\", \"#8a3fb0\"]",
            "colours = []",
            "colours is empty",
        ),
        ("name = \"cube\"", "name = \"../cube\"", "is no name"),
        (
            "time_limit_s = 20.0",
            "time_limit_s = inf",
            "time_limit_s inf",
        ),
    ] {
        assert!(LIFT.contains(find), "{find}");
        let problem = parse(&LIFT.replacen(find, replace, 1)).unwrap_err();
        assert!(problem.contains(says), "{replace}: {problem}");
    }
    let twice = format!("{LIFT}\n{}", &LIFT[LIFT.find("[[objects]]").unwrap()..]);
    assert!(
        parse(&twice)
            .unwrap_err()
            .contains("two things named `cube`")
    );
}

#[test]
fn things_without_room_are_refused() {
    let text = SORT.replace("{ from = 0.16, to = 0.26 }", "0.2");
    let text = text.replace("{ from = -0.12, to = 0.07 }", "0.0");
    let file = Arc::new(parse(&text).unwrap());
    let error = Things::new("mine", &file, &so101(), 0, None).unwrap_err();
    assert!(error.to_string().contains("no room"), "{error}");
}

#[test]
fn the_words_of_the_task_say_which_cube() {
    let file = Arc::new(parse(SORT).unwrap());
    let goal = |words: Option<&str>, seed| {
        let things = Things::new("sort", &file, &so101(), seed, words).unwrap();
        (things.task.goals[0].thing(), things.task.text.clone())
    };
    assert_eq!(goal(Some("put the BLUE one away"), 0).0, 1);
    assert_eq!(goal(Some("red please"), 0).0, 0);
    let drawn: Vec<_> = (0..8).map(|seed| goal(None, seed).0).collect();
    assert!(drawn.contains(&0) && drawn.contains(&1), "{drawn:?}");
    assert_eq!(goal(None, 3), goal(None, 3));
    let error = Things::new("sort", &file, &so101(), 0, Some("tidy up")).unwrap_err();
    assert!(error.to_string().contains("Put the red cube"), "{error}");
}

#[test]
fn the_seed_and_the_number_say_where_things_lie() {
    let file = Arc::new(parse(SORT).unwrap());
    let places = |seed, number| {
        let things = Things::new("sort", &file, &so101(), seed, None).unwrap();
        let layout = things.layout(number).unwrap();
        layout
            .things
            .iter()
            .map(|it| it.pose.translation.vector)
            .collect::<Vec<_>>()
    };
    assert_eq!(places(1, 0), places(1, 0));
    assert_ne!(places(1, 0), places(1, 1));
    assert_ne!(places(1, 0), places(2, 0));
    for seed in 0..50 {
        let [red, blue, green] = places(seed, 3)[..] else {
            unreachable!()
        };
        assert!((red - blue).norm() > 0.05 && (red - green).norm() > 0.05);
    }
}

proptest! {
    /// Any number in the place of any number of a scene is refused or makes a scene that can be laid out and looked at.
    #[test]
    fn any_number_is_refused_or_drawn(
        scene in 0..FILES.len(),
        at in any::<prop::sample::Index>(),
        number in prop_oneof![prop::num::f64::ANY, -2.0..2.0, (-3i32..700).prop_map(f64::from)],
        seed in any::<u64>(),
    ) {
        let text = format!("{}\n{}", FILES[scene], crate::scenes::look::STANDARD);
        let numbers: Vec<_> = text
            .split_inclusive(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-'))
            .scan(0, |end, part| {
                let start = *end;
                *end += part.len();
                Some(start..*end - 1)
            })
            .filter(|range| text[range.clone()].parse::<f64>().is_ok())
            .collect();
        let place = at.get(&numbers).clone();
        let text = format!("{}{number:?}{}", &text[..place.start], &text[place.end..]);
        let Ok(scene) = crate::scenes::read("any.toml", &text) else {
            return Ok(());
        };
        let Ok(built) = scene.set_up(&so101(), seed, None) else {
            return Ok(());
        };
        prop_assert!(built.layout(0).is_some());
        let look = built.look(0, true).unwrap();
        prop_assert!(look.lamps.iter().all(|lamp| lamp.position.z > 0.5 && lamp.softness > 0.0));
        for camera in scene.look.cameras_for(&so101()).unwrap() {
            prop_assert!(camera.view.frame.translation.vector.iter().all(|part| part.is_finite()));
            prop_assert!(camera.view.fovy > 0.0 && camera.size.0 >= 16);
        }
    }
}
