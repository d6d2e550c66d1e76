//! Opening what `--display` asks for.

use anyhow::Result;
use ulna_session::display::Display;

use crate::args::DisplayArgs;
use crate::outcome::Misuse;

/// The display that was asked for, if one was; `title` is what the viewer calls it.
pub(super) fn open(args: &DisplayArgs, title: &str) -> Result<Option<Box<dyn Display>>> {
    let Some(place) = &args.display else {
        return Ok(None);
    };
    session(place, title).map(Some)
}

#[cfg(feature = "viewer")]
fn session(place: &str, title: &str) -> Result<Box<dyn Display>> {
    let viewer = viewer(place, title)?;
    Ok(Box::new(ulna_viewer::SessionView::new(viewer)))
}

#[cfg(not(feature = "viewer"))]
fn session(_place: &str, _title: &str) -> Result<Box<dyn Display>> {
    Err(without())
}

/// A display that writes into this file.
#[cfg(feature = "viewer")]
pub(super) fn film(path: &std::path::Path, title: &str) -> Result<Option<Box<dyn Display>>> {
    let target = ulna_viewer::ViewerTarget::File(path.to_owned());
    let viewer = ulna_viewer::Viewer::open(&target, title)?;
    Ok(Some(Box::new(ulna_viewer::SessionView::new(viewer))))
}

/// Without a viewer there is none.
#[cfg(not(feature = "viewer"))]
#[allow(clippy::unnecessary_wraps, reason = "it is what the viewer's twin is")]
pub(super) fn film(_path: &std::path::Path, _title: &str) -> Result<Option<Box<dyn Display>>> {
    Ok(None)
}

/// What to say when there is no viewer in this program.
#[cfg(not(feature = "viewer"))]
pub(super) fn without() -> anyhow::Error {
    Misuse(
        "--display: this ulna was built without its viewer; build it with the default features"
            .to_owned(),
    )
    .into()
}

/// Opens a viewer at this place.
#[cfg(feature = "viewer")]
pub(super) fn viewer(place: &str, title: &str) -> Result<ulna_viewer::Viewer> {
    let target: ulna_viewer::ViewerTarget = place.parse().map_err(usage)?;
    let viewer = ulna_viewer::Viewer::open(&target, title)?;
    if let Some(url) = viewer.url() {
        crate::output::note(format_args!("open in a browser: {url}"));
    }
    Ok(viewer)
}

/// A place that cannot be meant is wrong usage.
#[cfg(feature = "viewer")]
#[allow(clippy::needless_pass_by_value)] // for map_err
fn usage(error: ulna_viewer::ViewerError) -> anyhow::Error {
    Misuse(format!("--display: {error}")).into()
}
