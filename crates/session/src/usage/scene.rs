//! Scenes, experts and evaluations that cannot be had as asked for.

use ulna_outside::Printable;

/// What is wrong with how a scene was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SceneUsage {
    /// No episodes.
    #[error("no episodes were asked for: pass --episodes N")]
    NoEpisodes,
    /// A scene without a task.
    #[error(
        "there is nothing to do in the scene `{}`: name one with a task, such as --scene lift (`ulna sim scenes` lists them)",
        Printable(scene)
    )]
    NothingToDo {
        /// The scene.
        scene: String,
    },
    /// A scene with several tasks, none of which is named.
    #[error("--scene {} has several tasks: pass --task {tasks}", Printable(scene))]
    SeveralTasks {
        /// The scene.
        scene: String,
        /// The tasks.
        tasks: String,
    },
    /// No task is given, and none follows from the scene.
    #[error(
        "--task is missing: say what the robot is to do, for example --task \"pick up the cube\""
    )]
    NoTask,
    /// A scene that no file describes.
    #[error(
        "the scene `{}` is no file; `--toml` is for those that are, such as `lift`",
        Printable(scene)
    )]
    NoFile {
        /// The scene.
        scene: String,
    },
    /// A picture without the name of a file.
    #[error(
        "--picture {}: give the name of a file, such as lift.png",
        Printable(path)
    )]
    PictureName {
        /// What was given.
        path: String,
    },
}
