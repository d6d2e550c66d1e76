//! `--display`.

use clap::Args;

/// Where to show a session, or an episode.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct DisplayArgs {
    /// Show it in Rerun: `spawn` opens the viewer (pip install rerun-sdk==0.36.3), `connect` or `connect=URL` uses one that runs, FILE.rrd is
    /// written for later
    #[arg(long, value_name = "PLACE", help_heading = "Session")]
    pub(crate) display: Option<String>,
}
