//! Where in an episode anything moves.

use std::ops::Range;

use crate::episode::Column;

/// Speeds of a base are in m/s (LeRobot's `x.vel` and `y.vel`), where joints are in degrees or hundredths: a twentieth of
/// the threshold is a movement.
fn share(column: &Column, element: usize) -> f64 {
    match column.names().get(element).map(String::as_str) {
        Some("x.vel" | "y.vel") => 0.05,
        _ => 1.0,
    }
}

/// The frames from the first to the last movement, as [`crate::tools::Cut::Idle`] understands it; none when there is none.
pub(crate) fn movement(columns: &[&Column], threshold: f64) -> Option<Range<usize>> {
    let length = columns.iter().map(|column| column.rows().len()).max()?;
    let away = |frame: usize, rest: usize| {
        columns.iter().any(|column| {
            let rows = (column.row(frame), column.row(rest));
            let (Some(here), Some(there)) = rows else {
                return false;
            };
            let pairs = here.iter().zip(there).enumerate();
            pairs
                .map(|(n, (a, b))| ((a - b).abs(), threshold * share(column, n)))
                .any(|(off, allowed)| off > allowed)
        })
    };
    let last = length.saturating_sub(1);
    let first_moved = (0..length).find(|frame| away(*frame, 0));
    let last_moved = (0..length).rev().find(|frame| away(*frame, last));
    match (first_moved, last_moved) {
        // The frame before the first that is away is where the movement begins, the one after the last where it ends.
        (Some(start), Some(end)) if start <= end + 1 => {
            Some(start.saturating_sub(1)..(end + 2).min(length))
        }
        _ => None,
    }
}
