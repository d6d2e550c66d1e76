//! How a progress bar is set up: on stderr, and nowhere if that is no terminal or little is to be said.

use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::loudness::is_quiet;

/// A bar of this template; `length` is what 100 % are, if that is known.
pub(crate) fn bar(template: &str, length: Option<u64>) -> ProgressBar {
    let target = match io::stderr().is_terminal() && !is_quiet() {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    };
    let bar = ProgressBar::with_draw_target(length, target);
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar, // a template is a constant of ours; without it the bar looks otherwise
    }
}
