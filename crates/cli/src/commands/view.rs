//! `ulna dataset view`.

use anyhow::Result;

use crate::args::ViewArgs;
use crate::outcome::Outcome;

#[cfg(feature = "viewer")]
pub(crate) fn view(args: &ViewArgs, json: bool) -> Result<Outcome> {
    use ulna_outside::Shell;
    use ulna_session::view;
    use ulna_viewer::show_episode;

    use super::{display, stop};
    use crate::{output, progress};

    let stop = stop()?;
    let (dataset, robot) =
        view::open(&args.dir, args.robot.as_deref(), args.units.map(Into::into))?;
    dataset.episode_row(args.episode)?;
    let place = args.display.display.as_deref().unwrap_or("spawn");
    let title = format!("{}, episode {}", args.dir.display(), args.episode);
    let viewer = display::viewer(place, &title)?;
    let bar = progress::bar("{bar:24} {pos} of {len} {msg}", Some(0)).with_message("pictures");
    let robot = robot.map(|(kind, angles)| ulna_viewer::EpisodeRobot { kind, angles });
    let shown = show_episode(
        &viewer,
        &dataset,
        args.episode,
        robot.as_ref(),
        &mut |done, all| {
            bar.set_length(all as u64);
            bar.set_position(done as u64);
            stop.requested().is_none()
        },
    );
    bar.finish_and_clear();
    if !shown? {
        output::note("interrupted: not every picture is there");
        return Ok(Outcome::Interrupted);
    }
    if viewer.url().is_some() {
        output::note("Ctrl-C ends it");
        while stop.requested().is_none() {
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    }
    let frames = dataset.episode_row(args.episode)?.length;
    if json {
        let answer =
            serde_json::json!({ "episode": args.episode, "frames": frames, "display": place });
        output::json(&answer)?;
    } else {
        let hint = if place.ends_with(".rrd") {
            format!("; look at it with `rerun {}`", Shell(place))
        } else {
            String::new()
        };
        output::line(format_args!(
            "{title}: {frames} frames shown at {place}{hint}"
        ))?;
    }
    Ok(Outcome::Done)
}

#[cfg(not(feature = "viewer"))]
pub(crate) fn view(_args: &ViewArgs, _json: bool) -> Result<Outcome> {
    Err(super::display::without())
}
