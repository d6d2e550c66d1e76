//! Numbers with what they count.

use std::fmt::Display;

/// `1 gap`, `2 gaps`, as findings and their summaries count things.
pub fn plural<N: Copy + Display + PartialEq + From<u8>>(count: N, what: &str) -> String {
    let end = if count == N::from(1) { "" } else { "s" };
    format!("{count} {what}{end}")
}
