//! The real cameras of a rig: opened, settled, locked and measured before anything moves, all at the same time.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use ulna_cameras::{CameraFacts, CameraSettings, LiveCamera, open_all, overloaded, usb_demand};
use ulna_core::Camera;

use crate::error::SessionError;

/// The cameras that a user has named.
#[derive(Debug)]
pub struct RealCameras {
    settings: Vec<(String, CameraSettings)>,
    epoch: Instant,
    ready: Mutex<BTreeMap<String, Ready>>,
}

/// A camera that is ready, until it is taken; what it gives stays known.
#[derive(Debug)]
struct Ready {
    camera: Option<LiveCamera>,
    facts: CameraFacts,
}

impl RealCameras {
    /// Those of these names; their stamps count from `epoch`. Nothing is opened yet.
    pub fn new(settings: Vec<(String, CameraSettings)>, epoch: Instant) -> Self {
        Self {
            settings,
            epoch,
            ready: Mutex::default(),
        }
    }

    /// Their names, in order.
    pub fn names(&self) -> Vec<String> {
        self.settings.iter().map(|(name, _)| name.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Ready>> {
        // What is in it is whole at all times.
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens those of these cameras that are not ready yet, which takes some seconds for all of them together. Gives what is known of them, in the
    /// order of `names`, and sentences for the user.
    ///
    /// # Errors
    /// If one is not there, or is not as its settings say.
    pub fn prepare(
        &self,
        names: &[String],
    ) -> Result<(Vec<CameraFacts>, Vec<String>), SessionError> {
        let mut ready = self.lock();
        let wanted = self
            .settings
            .iter()
            .filter(|(name, _)| names.contains(name));
        let missing = wanted.filter(|(name, _)| !ready.contains_key(name));
        let missing: Vec<_> = missing.cloned().collect();
        let demands = missing
            .iter()
            .filter_map(|(name, settings)| usb_demand(name, settings));
        let mut notes = overloaded(&demands.collect::<Vec<_>>());
        for ((name, _), opened) in missing.iter().zip(open_all(&missing, self.epoch)) {
            let (camera, facts) = opened.map_err(|problem| SessionError::Camera {
                name: name.clone(),
                problem,
            })?;
            notes.push(in_words(name, &facts));
            notes.extend(
                facts
                    .notes
                    .iter()
                    .map(|note| format!("camera `{name}`: {note}")),
            );
            let camera = Some(camera);
            ready.insert(name.clone(), Ready { camera, facts });
        }
        let facts = names
            .iter()
            .filter_map(|name| Some(ready.get(name)?.facts.clone()));
        Ok((facts.collect(), notes))
    }

    /// The camera of this name, ready; `None` if there is none, or it has been taken.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare).
    pub fn take(&self, name: &str) -> Result<Option<Box<dyn Camera>>, SessionError> {
        self.prepare(&[name.to_owned()])?;
        let mut ready = self.lock();
        let camera = ready.get_mut(name).and_then(|ready| ready.camera.take());
        Ok(camera.map(|camera| Box::new(camera) as Box<dyn Camera>))
    }
}

/// What a camera is and gives, for people.
fn in_words(name: &str, facts: &CameraFacts) -> String {
    let who = match facts.identity.card.is_empty() {
        true => facts.identity.address.clone().unwrap_or_default(),
        false => facts.identity.card.clone(),
    };
    let locked = facts.locked;
    let values = [
        ("exposure", locked.exposure),
        ("white balance", locked.white_balance),
        ("focus", locked.focus),
    ];
    let values = values
        .into_iter()
        .filter_map(|(what, value)| Some(format!("{what} {}", value?)));
    let values: Vec<String> = values.collect();
    let locked = match values.is_empty() {
        true => String::new(),
        false => format!("; locked: {}", values.join(", ")),
    };
    let stamps = match facts.stamps {
        ulna_cameras::StampSource::Driver => "the driver's time stamps",
        ulna_cameras::StampSource::Arrival => "stamped on arrival",
    };
    format!(
        "camera `{name}`: {who}, {} {}x{} at {:.1}/s, {stamps}{locked}",
        facts.format, facts.width, facts.height, facts.fps_measured
    )
}
