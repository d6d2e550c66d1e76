//! Several cameras at once, as a session uses them: what they ask of one USB bus shows only then.

use std::thread;
use std::time::Instant;

use crate::error::CameraError;
use crate::live::LiveCamera;
use crate::settings::CameraSettings;
use crate::settle::{CameraFacts, settle};

/// A camera that has settled, and what is known of it.
pub type SettledCamera = (LiveCamera, CameraFacts);

/// Opens these cameras, lets them settle and measures them, all at the same time; their stamps count from `epoch`. In the order of `cameras`.
pub fn open_all(
    cameras: &[(String, CameraSettings)],
    epoch: Instant,
) -> Vec<Result<SettledCamera, CameraError>> {
    thread::scope(|scope| {
        let threads = cameras.iter().map(|(name, settings)| {
            scope.spawn(move || {
                let mut camera = LiveCamera::open(name, settings, epoch)?;
                let facts = settle(&mut camera, settings)?;
                Ok((camera, facts))
            })
        });
        let threads: Vec<_> = threads.collect();
        let joined = threads
            .into_iter()
            .zip(cameras)
            .map(|(thread, (_, settings))| {
                let failed =
                    |_| CameraError::failed(&settings.shown(), "its thread failed (see above)");
                thread.join().map_err(failed).flatten()
            });
        joined.collect()
    })
}
