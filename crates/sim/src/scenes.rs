//! The scenes that there are. Those of things that can be touched are files of `configs/scenes` with a line in `FILES`; another kind is a
//! file here and a line in [`all`].

pub mod drawn;
pub mod look;
mod reach;
pub mod table;
pub mod things;

use std::path::Path;
use std::sync::{Arc, LazyLock};

use ulna_outside::files;

use crate::scene::{Scene, SceneError, SceneKind, one_arm};
use things::Things;
use things::file::{SceneFile, parse};

/// The scene that a simulation has if no other is asked for.
pub const DEFAULT: &str = "table";

/// The files of `configs/scenes`, compiled in.
const FILES: [(&str, &str); 5] = [
    ("push", include_str!("../../../configs/scenes/push.toml")),
    ("lift", include_str!("../../../configs/scenes/lift.toml")),
    (
        "pick-place",
        include_str!("../../../configs/scenes/pick-place.toml"),
    ),
    ("stack", include_str!("../../../configs/scenes/stack.toml")),
    ("sort", include_str!("../../../configs/scenes/sort.toml")),
];

/// Longest scene file, bytes: far more than one needs.
const LONGEST: u64 = 1 << 20;

/// All scenes.
pub fn all() -> &'static [SceneKind] {
    static ALL: LazyLock<Vec<SceneKind>> = LazyLock::new(|| {
        let mut all = vec![table::kind(), reach::kind()];
        // Those that come with ulna are sound: a test says so.
        let files = FILES.iter();
        all.extend(files.filter_map(|(name, text)| Some(of_file(name, parse(text).ok()?))));
        all
    });
    &ALL
}

/// The scene of this name, or of the file with this path.
///
/// # Errors
/// If there is none, or its file is none.
pub fn find(name: &str) -> Result<SceneKind, SceneError> {
    if name.contains(['/', '\\']) || name.ends_with(".toml") {
        let text = files::read_text(Path::new(name), LONGEST);
        let text = text.map_err(|source| SceneError::Unreadable {
            path: name.to_owned(),
            reason: source.to_string(),
        })?;
        return read(name, &text);
    }
    let found = all().iter().find(|scene| scene.name == name);
    found.cloned().ok_or_else(|| SceneError::Unknown {
        name: name.to_owned(),
        known: all()
            .iter()
            .map(|scene| scene.name.as_str())
            .collect::<Vec<_>>()
            .join(", "),
    })
}

/// The scene of a file with this path and this text.
///
/// # Errors
/// If it is none.
pub fn read(path: &str, text: &str) -> Result<SceneKind, SceneError> {
    let file = parse(text).map_err(|problem| SceneError::Malformed {
        origin: path.to_owned(),
        problem,
    })?;
    let stem = Path::new(path).file_stem();
    let stem = stem.map_or(path.into(), |stem| stem.to_string_lossy());
    Ok(of_file(&stem, file))
}

/// The text of the scene's file, if it is one of those that come with ulna, with the parts of the standard look that it takes.
pub fn text(name: &str) -> Option<String> {
    let (_, text) = FILES.iter().find(|(known, _)| *known == name)?;
    Some(format!("{text}\n{}", look::STANDARD))
}

fn of_file(name: &str, file: SceneFile) -> SceneKind {
    let (file, own) = (Arc::new(file), name.to_owned());
    let choices = file.choices.iter().map(|choice| choice.task.clone());
    SceneKind {
        name: name.to_owned(),
        summary: file.summary.clone(),
        tasks: file.task.iter().cloned().chain(choices).collect(),
        time_limit: Some(file.time_limit_s),
        environment: &[],
        look: Arc::new(file.look()),
        fits: one_arm,
        build: Arc::new(move |kind, seed, words| {
            let things = Things::new(&own, &file, kind, seed, words)?;
            Ok(Arc::new(things) as Arc<dyn Scene>)
        }),
    }
}

#[cfg(test)]
mod tests {
    use ulna_robot::RobotKind;

    use super::*;
    use crate::visual::VisualScene;

    #[test]
    fn every_scene_is_what_its_description_says() {
        let kind: RobotKind = toml::from_str(include_str!("../../../configs/so101.toml")).unwrap();
        let surroundings = VisualScene::of(&kind);
        assert_eq!(all().len(), 2 + FILES.len(), "a built-in file is no scene");
        for scene in all() {
            assert_eq!(find(&scene.name).unwrap().name, scene.name);
            let built = scene.set_up(&kind, 3, None).unwrap();
            let names = built.environment().map_or(Vec::new(), |it| it.names());
            assert_eq!(names, scene.environment, "{}", scene.name);
            let text = built.task().and_then(|task| task.text());
            assert_eq!(text.is_some(), !scene.tasks.is_empty());
            if let Some(text) = text {
                assert!(scene.tasks.iter().any(|task| task == text), "{text}");
            }
            let mut objects = Vec::new();
            built.moving(ulna_core::Stamp::ZERO, &mut objects);
            let things = built.layout(0).map_or(0, |layout| layout.things.len());
            let seen = built.fixtures(&surroundings).len() + objects.len() + things;
            assert!(seen > 0, "{}: nothing to see", scene.name);
        }
        for (name, _) in FILES {
            let read = read("mine.toml", &text(name).unwrap()).unwrap();
            assert_eq!(read.look, find(name).unwrap().look, "{name}");
        }
        assert!(find(DEFAULT).is_ok());
        let error = find("moon").unwrap_err().to_string();
        assert!(
            error.contains("moon") && error.contains("table, reach, push, lift"),
            "{error}"
        );
        let error = find("no/such.toml").unwrap_err().to_string();
        assert!(error.contains("no/such.toml"), "{error}");
    }
}
