//! Any text as a scene file is read or refused, and what is read can be laid out and looked at.

use ulna_sim::scenes;

pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let (Ok(scene), Ok(robot)) = (
        scenes::read("fuzz.toml", text),
        ulna_robot::files::find("so101"),
    ) else {
        return;
    };
    let Ok(cameras) = scene.look.cameras_for(&robot) else {
        return;
    };
    for camera in cameras {
        let place = camera.view.frame.translation.vector;
        assert!(place.iter().all(|part| part.is_finite()));
        assert!(camera.size.0 >= 16 && camera.size.1 >= 16);
    }
    if let Ok(scene) = scene.set_up(&robot, 0, None) {
        let look = scene.look(1, true);
        assert!(look.is_some_and(|look| !look.lamps.is_empty()));
        assert!(scene.layout(1).is_some());
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let names = ["push", "lift", "pick-place", "stack", "sort"].into_iter();
    names
        .filter_map(scenes::text)
        .map(String::into_bytes)
        .collect()
}
