//! Showing a rig: its arm, what stands around it, and what its cameras see.

use ulna_robot::display::Display;

use super::Show;
use crate::error::AppError;
use crate::record::CameraChoice;
use crate::record::cameras::{self, Wanted};
use crate::rig::{Rig, RigOptions, World};

/// Pictures that are only looked at: small, and fewer than one would record.
const WATCHED: Wanted<'_> = Wanted {
    cameras: &CameraChoice::All,
    size: (320, 240),
    fps: 15,
    faults: &[],
};

/// This display, with what is known to stand around the rig's arm.
pub fn of_rig(display: Box<dyn Display>, rig: &Rig, options: &RigOptions) -> Show {
    let mut show = Show::new(display);
    if let World::Simulated { .. } = rig.world {
        let scene = cameras::scene(&rig.follower.kind, rig.task().is_some(), options.seed);
        for object in &scene.objects {
            show.add_thing("cube", object);
        }
    }
    show
}

/// Shows the rig's session on `display`, if there is one, with the pictures of its simulated cameras, which nobody else takes.
///
/// # Errors
/// If a camera cannot be opened.
pub fn watch(
    display: Option<Box<dyn Display>>,
    rig: &mut Rig,
    options: &RigOptions,
) -> Result<(), AppError> {
    let Some(display) = display else {
        return Ok(());
    };
    let mut show = of_rig(display, rig, options);
    if let World::Simulated { .. } = rig.world {
        for camera in cameras::open(rig, options, &WATCHED)? {
            show.watch(camera);
        }
    }
    rig.show = Some(show);
    Ok(())
}
