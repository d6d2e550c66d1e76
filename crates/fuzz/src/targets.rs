//! All targets.

use crate::{
    bridge, bus, calibration, cameras, dataset, env, hub, policy, rig_file, robot_file, scene_file,
    servos, words,
};

/// One way in.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&[u8]),
    /// Inputs to start from, besides those that `xtask fuzz` finds in files.
    pub(crate) seeds: fn() -> Vec<Vec<u8>>,
}

const fn target(name: &'static str, run: fn(&[u8]), seeds: fn() -> Vec<Vec<u8>>) -> Target {
    Target { name, run, seeds }
}

fn none() -> Vec<Vec<u8>> {
    Vec::new()
}

pub(crate) const TARGETS: &[Target] = &[
    target("bridge-board", bridge::board::run, none),
    target(
        "bridge-firmware",
        bridge::firmware::run,
        bridge::firmware::seeds,
    ),
    target("bridge-host", bridge::host::run, none),
    target("bus-decoder", bus::decoder::run, none),
    target("bus-dynamixel", bus::dynamixel::run, none),
    target("bus-engine", bus::engine::run, none),
    target("bus-registers", bus::registers::run, none),
    target("calibration", calibration::run, calibration::seeds),
    target("camera-ffmpeg", cameras::ffmpeg, cameras::ffmpeg_output),
    target("camera-http", cameras::http, cameras::http_seeds),
    target("camera-jpeg", cameras::jpeg, cameras::jpegs),
    target("camera-known", cameras::known, cameras::known_seeds),
    target("camera-webcam", cameras::webcam, none),
    target(
        "checkpoint",
        policy::checkpoint::run,
        policy::checkpoint::seeds,
    ),
    target("dataset-card", dataset::readers::card, none),
    target("dataset-info", dataset::readers::info, none),
    target(
        "dataset-journal",
        dataset::journal::run,
        dataset::journal::seeds,
    ),
    target(
        "dataset-left",
        dataset::journal::damage,
        dataset::journal::damage_seeds,
    ),
    target("dataset-numpy", dataset::numpy::run, dataset::numpy::seeds),
    target(
        "dataset-parquet",
        dataset::readers::parquet,
        dataset::readers::tables,
    ),
    target(
        "dataset-parquet-damage",
        dataset::readers::parquet_damage,
        none,
    ),
    target(
        "dataset-picture",
        dataset::readers::picture,
        dataset::readers::pictures,
    ),
    target("dataset-stats", dataset::readers::stats, none),
    target("dataset-v2", dataset::v2::run, dataset::v2::seeds),
    target(
        "dataset-video",
        dataset::readers::video,
        dataset::readers::videos,
    ),
    target("dataset-video-damage", dataset::readers::video_damage, none),
    target("env-requests", env::run, env::seeds),
    target("hub-answers", hub::run, hub::seeds),
    target(
        "policy-manifest",
        policy::bundle::manifest,
        policy::bundle::manifests,
    ),
    target(
        "policy-network",
        policy::bundle::network,
        policy::bundle::networks,
    ),
    target(
        "policy-tensors",
        policy::bundle::tensors,
        policy::bundle::tensor_files,
    ),
    target("rig-file", rig_file::run, rig_file::seeds),
    target("robot-file", robot_file::run, robot_file::seeds),
    target("scene-file", scene_file::run, scene_file::seeds),
    target("served-servos", servos::run, none),
    target("words", words::run, none),
];
