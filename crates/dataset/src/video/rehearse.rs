//! Trying an encoder before anything depends on it.

use crate::error::{DatasetError, Result};
use crate::features::Feature;
use crate::video::encode::size_of;
use crate::video::encoding::{Encoding, Pace};
use crate::video::pipe::Pipe;

/// As many as show whether every picture comes out.
const PICTURES: usize = 4;

/// Has each of these cameras' encoders encode a few black pictures, so that a program that is missing, a setting that it
/// doesn't know and a size that it doesn't take come to light now. The built-in encoder needs none of this.
pub(crate) fn rehearse(cameras: &[Feature], fps: u32) -> Result<()> {
    let mut done = Vec::new();
    for camera in cameras {
        let encoding = Encoding::declared_by(camera);
        if encoding.is_built_in() {
            continue;
        }
        let what = (encoding, size_of(camera)?);
        if !done.contains(&what) {
            one(&what.0, what.1, fps)?;
            done.push(what);
        }
    }
    Ok(())
}

fn one(encoding: &Encoding, (width, height): (usize, usize), fps: u32) -> Result<()> {
    encoding.check()?;
    let mut pipe = Pipe::open(encoding, (width, height), fps, Pace::Live)?;
    let black = vec![0; width * height * 3];
    for _ in 0..PICTURES {
        pipe.write(&black)?;
    }
    let segments = pipe.rest().count();
    pipe.close()?;
    match segments == PICTURES + 1 {
        true => Ok(()),
        false => {
            let made = segments.saturating_sub(1);
            let reason = format!(
                "made {made} pictures of {PICTURES} in a rehearsal, so it is no encoder to record with; choose another"
            );
            Err(DatasetError::invalid(encoding.what(), reason))
        }
    }
}
