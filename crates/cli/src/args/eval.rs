//! `ulna eval`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use ulna_session::policies::PolicyOptions;
use ulna_session::{PhysicsEngine, RigOptions};

use super::policy::EngineArgs;
use super::rig::SceneName;
use super::values::{MOST_EPISODES, Variation};

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("who").required(true).args(["expert", "policy"]))]
pub(crate) struct EvalArgs {
    /// The scene whose task is to be done: a name, or the path of a scene file; `ulna sim scenes` lists them
    #[arg(long, value_name = "NAME", value_parser = SceneName)]
    scene: String,

    /// What moves the arm and the things around it: ulna's own engine, or MuJoCo where it is built in
    #[arg(long, default_value = "ulna", value_name = "ulna|mujoco")]
    physics: PhysicsEngine,

    /// Evaluate the scripted expert
    #[arg(long)]
    expert: bool,

    /// Evaluate this policy: folder of its bundle
    #[arg(long, value_name = "BUNDLE")]
    policy: Option<PathBuf>,

    /// How many seeds
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=MOST_EPISODES))]
    pub(crate) episodes: u64,

    /// The first seed
    #[arg(long, default_value_t = 0, value_name = "N")]
    seed: u64,

    /// Whether the scene's light, colours, textures, cameras' places and noise vary with the seed
    #[arg(long, value_enum, default_value_t = Variation::On, value_name = "WHAT")]
    scene_variation: Variation,

    /// The robot: a built-in name, or the path of a robot file
    #[arg(long, default_value = ulna_robot::files::DEFAULT, value_name = "F")]
    robot: String,

    /// Which of a scene's tasks is meant, where it has several; the seed says unless given
    #[arg(long, value_name = "TEXT")]
    task: Option<String>,

    #[command(flatten)]
    engine: EngineArgs,
}

impl EvalArgs {
    pub(crate) fn rig(&self) -> RigOptions {
        RigOptions {
            robot: self.robot.clone(),
            sim: true,
            scene: Some(self.scene.clone()),
            physics: Some(self.physics.to_string()),
            scene_variation: self.scene_variation.is_on(),
            seed: self.seed,
            task: self.task.clone(),
            expert: self.expert,
            ..RigOptions::default()
        }
    }

    pub(crate) fn policy(&self) -> Option<PolicyOptions> {
        let bundle = self.policy.clone()?;
        Some(self.engine.options(bundle))
    }
}
