//! The scenes that there are. A new one is a file here and a line in [`all`].

mod reach;
pub mod table;

use crate::scene::{SceneError, SceneKind};

/// The scene that a simulation has if no other is asked for.
pub const DEFAULT: &str = "table";

/// All scenes.
pub fn all() -> &'static [SceneKind] {
    &[table::KIND, reach::KIND]
}

/// The scene of this name.
///
/// # Errors
/// [`SceneError::Unknown`] if there is none.
pub fn find(name: &str) -> Result<&'static SceneKind, SceneError> {
    let found = all().iter().find(|scene| scene.name == name);
    found.ok_or_else(|| SceneError::Unknown {
        name: name.to_owned(),
        known: all()
            .iter()
            .map(|scene| scene.name)
            .collect::<Vec<_>>()
            .join(", "),
    })
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
        for scene in all() {
            assert_eq!(find(scene.name).unwrap().name, scene.name);
            (scene.fits)(&kind).unwrap();
            let built = (scene.build)(&kind, 3);
            let names = built.environment().map_or(Vec::new(), |it| it.names());
            assert_eq!(names, scene.environment, "{}", scene.name);
            assert_eq!(built.task().is_some(), scene.task.is_some());
            let mut objects = Vec::new();
            built.moving(ulna_core::Stamp::ZERO, &mut objects);
            let seen = built.fixtures(&surroundings).len() + objects.len();
            assert!(seen > 0, "{}: nothing to see", scene.name);
        }
        assert!(find(DEFAULT).is_ok());
        let error = find("moon").unwrap_err().to_string();
        assert!(
            error.contains("moon") && error.contains("table, reach"),
            "{error}"
        );
    }
}
