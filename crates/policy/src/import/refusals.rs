//! Policies of LeRobot that are not imported, by name, with what they would need.

/// What a policy is made of that ulna has no part for.
const LANGUAGE: &str = "a language model and its tokenizer, and several graphs that share a cache";
const FLOW: &str = "flow matching on the host, with a vision-language model, its tokenizer and a cache between two graphs";

/// LeRobot's `type`, what people call it, what it would need.
const KNOWN: &[(&str, &str, &str)] = &[
    ("smolvla", "SmolVLA", FLOW),
    ("pi0", "π0", FLOW),
    ("pi05", "π0.5", FLOW),
    ("pi0_fast", "π0-FAST", LANGUAGE),
    ("groot", "GR00T", FLOW),
    ("xvla", "X-VLA", FLOW),
    ("wall_x", "WALL-X", LANGUAGE),
    ("molmoact2", "MolmoAct2", LANGUAGE),
    ("evo1", "EVO-1", FLOW),
    ("eo1", "EO-1", LANGUAGE),
    ("fastwam", "FastWAM", "a world model and its video codec"),
    ("vla_jepa", "VLA-JEPA", FLOW),
    ("lingbot_va", "LingBot-VA", FLOW),
    (
        "multi_task_dit",
        "Multi-task DiT",
        "a CLIP text encoder with its tokenizer, and a diffusion transformer",
    ),
    ("dp3", "DP3", "point clouds as an observation"),
    (
        "vqbet",
        "VQ-BeT",
        "a quantised action space and a transformer over past observations",
    ),
    (
        "tdmpc",
        "TD-MPC",
        "planning with a learned world model at each step",
    ),
    ("sac", "SAC", "a reinforcement-learning actor of one step"),
    (
        "gaussian_actor",
        "Gaussian actor",
        "a reinforcement-learning actor of one step",
    ),
    (
        "reward_classifier",
        "a reward classifier",
        "a place for rewards: it gives no actions",
    ),
];

/// Why a policy of this type is not imported, and what can be done.
/// `imported` are those that are.
pub(super) fn policy(kind: &str, imported: &str) -> String {
    match KNOWN.iter().find(|(name, ..)| *name == kind) {
        Some((_, name, needs)) => format!(
            "it is {name}, which is not imported: it would need {needs}. {imported} are imported; where a network is exported to one ONNX \
             graph from observation to chunk by other means, a policy.toml in the same folder makes it a bundle"
        ),
        None => format!(
            "it is a policy of type `{kind}`, which this ulna does not know; {imported} are imported"
        ),
    }
}

/// Why a step of a processor is not imported.
pub(super) fn step(name: &str) -> String {
    let needs = match name {
        name if name.contains("tokenizer") => "a tokenizer for the task's text",
        name if name.contains("relative")
            || name.contains("absolute")
            || name.contains("delta") =>
        {
            "actions relative to the state"
        }
        name if name.contains("image") || name.contains("resize") || name.contains("crop") => {
            "a change of the pictures before the network"
        }
        _ => "what this ulna does not know",
    };
    format!(
        "its step `{name}` is not imported ({needs}); known are renaming, batching, moving to a device, normalising and unnormalising"
    )
}
