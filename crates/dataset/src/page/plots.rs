//! The plots of an episode: every joint's state and action, the times measured, and all other numbers.
//!
//! Drawn here and not by `plotters`: its SVG (0.3.7) puts colours and sizes into each element and knows no classes, and the page needs them for its light and
//! dark colours and for the value under the cursor. What a plot shows, gaps, peaks and round numbers, would be ours with it as well.

use super::line::{path, places};
use super::scale::Scale;
use super::words::clip;
use crate::episode::{Column, Episode};
use crate::features::{ACTION, Feature, STATE};
use crate::own_columns::{PICTURE_AGE, SENT, STATE_AGE, TIME};
use crate::units::JointUnits;

/// Elements of one feature that are plotted at most.
pub(super) const MOST_ELEMENTS: usize = 32;
/// Plots of an episode at most.
const MOST_PLOTS: usize = 64;
const LONGEST_NAME: usize = 60;

/// A diagram over the time of an episode.
#[derive(Debug)]
pub(super) struct Plot {
    /// Whose numbers.
    pub(super) name: String,
    /// Their unit, or nothing.
    pub(super) unit: &'static str,
    /// The vertical scale.
    pub(super) scale: Scale,
    /// How many places the lines have from left to right.
    pub(super) places: usize,
    /// The lines, the one drawn first first.
    pub(super) lines: Vec<PlotLine>,
}

/// A line of a plot.
#[derive(Debug)]
pub(super) struct PlotLine {
    /// What it is; the page has a colour for each.
    pub(super) kind: &'static str,
    /// Its SVG path.
    pub(super) path: String,
}

/// Plots that belong together.
#[derive(Debug)]
pub(super) struct Group {
    /// Their heading.
    pub(super) title: String,
    /// A sentence below it, or nothing.
    pub(super) note: String,
    /// The plots.
    pub(super) plots: Vec<Plot>,
}

/// The unit of a joint, in a sign or two.
fn unit_of(joint: &str, units: Option<JointUnits>) -> &'static str {
    match units {
        _ if !joint.ends_with(".pos") => "",
        Some(_) if joint.contains("gripper") => "0…100",
        Some(JointUnits::Degrees) => "°",
        Some(JointUnits::M100) => "±100",
        None => "",
    }
}

/// Plots numbers with at most so many columns each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plotter {
    /// Columns of long series.
    pub(super) columns: usize,
    /// The unit of joints, if the dataset tells.
    pub(super) units: Option<JointUnits>,
}

impl Plotter {
    /// All plots of an episode.
    pub(super) fn groups(self, episode: &Episode) -> Vec<Group> {
        let mut groups = vec![self.joints(episode), self.times(episode)];
        for (key, column) in episode.columns() {
            let shown = [STATE, ACTION, SENT, TIME, STATE_AGE].contains(&key);
            if !shown && !key.starts_with(PICTURE_AGE) {
                groups.push(self.others(key, column));
            }
        }
        let mut room = MOST_PLOTS;
        for group in &mut groups {
            let left_out = group.plots.len().saturating_sub(room);
            if left_out > 0 {
                group.plots.truncate(room);
                group.note = format!(
                    "{left_out} more are left out: an episode shows {MOST_PLOTS} plots at most"
                );
            }
            room -= group.plots.len();
        }
        groups.retain(|group| !group.plots.is_empty() || !group.note.is_empty());
        groups
    }

    fn joints(self, episode: &Episode) -> Group {
        let column = |key| episode.column(key).ok();
        let (state, action, sent) = (column(STATE), column(ACTION), column(SENT));
        let mut names: Vec<String> = Vec::new();
        for name in [state, action].into_iter().flatten().flat_map(elements) {
            if !names.contains(&name) && names.len() < MOST_ELEMENTS {
                names.push(name);
            }
        }
        let mut gated = false;
        let plots = names.into_iter().filter_map(|name| {
            let of = |column: Option<&Column>| element_named(column?, &name);
            let (state, action, sent) = (of(state), of(action), of(sent));
            let sent = sent.filter(|sent| {
                let differs = action.as_ref().is_some_and(|action| strays(action, sent));
                gated |= differs;
                differs
            });
            let unit = unit_of(&name, self.units);
            let least = if unit.is_empty() { 1e-3 } else { 2.0 };
            let lines = [("sent", sent), ("action", action), ("state", state)];
            let lines = lines
                .into_iter()
                .filter_map(|(kind, values)| Some((kind, values?)));
            let name = name.strip_suffix(".pos").unwrap_or(&name);
            self.plot(name, unit, least, &lines.collect::<Vec<_>>())
        });
        let plots: Vec<Plot> = plots.collect();
        let note = match gated {
            true => {
                "Where the safety gate sent something else than the action, that is drawn too (sent)."
            }
            false => "",
        };
        Group {
            title: "Joints".to_owned(),
            note: note.to_owned(),
            plots,
        }
    }

    /// What was measured about time, row by row.
    fn times(self, episode: &Episode) -> Group {
        let mut plots = Vec::new();
        if let Some(periods) = periods(episode) {
            let nominal = vec![1e3 / episode.fps(); periods.len()];
            let lines = [("state", periods), ("action", nominal)];
            plots.extend(self.plot("period", "ms", 2.0, &lines));
        }
        for (key, column) in episode.columns() {
            let name = match (key, key.strip_prefix(PICTURE_AGE)) {
                (STATE_AGE, _) => "age of the state".to_owned(),
                (_, Some(camera)) => format!("age of the picture, {camera}"),
                _ => continue,
            };
            let ages = column.values().iter().map(|age| age * 1e3);
            plots.extend(self.plot(&name, "ms", 2.0, &[("state", ages.collect())]));
        }
        let note = match plots.is_empty() {
            true => "",
            false => {
                "Measured while it was recorded: the time from one row's state to the next's, beside the nominal period, \
                      and how old state and pictures were at each row."
            }
        };
        Group {
            title: "Timing".to_owned(),
            note: note.to_owned(),
            plots,
        }
    }

    fn others(self, key: &str, column: &Column) -> Group {
        let width = column.width();
        let names = elements(column).into_iter().take(MOST_ELEMENTS);
        let plots = names.enumerate().filter_map(|(at, name)| {
            let name = if width == 1 { key.to_owned() } else { name };
            self.plot(&name, "", 1e-3, &[("state", element(column, at))])
        });
        let plots: Vec<Plot> = plots.collect();
        let note = match width > MOST_ELEMENTS {
            true => format!("The first {MOST_ELEMENTS} of {width} numbers."),
            false => String::new(),
        };
        Group {
            title: clip(key, LONGEST_NAME),
            note,
            plots,
        }
    }

    fn plot(
        self,
        name: &str,
        unit: &'static str,
        least: f64,
        lines: &[(&'static str, Vec<f64>)],
    ) -> Option<Plot> {
        let all = lines.iter().flat_map(|(_, values)| values.iter().copied());
        let scale = Scale::over(all, least)?;
        let frames = lines.first().map_or(0, |(_, values)| values.len());
        let places = places(frames, self.columns);
        let lines = lines.iter().map(|(kind, values)| PlotLine {
            kind,
            path: path(values, places, &scale),
        });
        Some(Plot {
            name: clip(name, LONGEST_NAME),
            unit,
            places,
            lines: lines.collect(),
            scale,
        })
    }
}

/// Whether a feature's numbers are worth reading for plots. Large arrays are not: they are pictures of a kind.
pub(super) fn is_plotted(feature: &Feature) -> bool {
    feature.number().is_some() && !feature.is_auto() && feature.width() <= 4 * MOST_ELEMENTS
}

/// The time from each row's state to the next's, ms, as it was measured; for the last row as for the one before.
pub(super) fn periods(episode: &Episode) -> Option<Vec<f64>> {
    let times = episode.column(TIME).ok()?.values();
    let mut periods: Vec<f64> = times
        .windows(2)
        .map(|pair| (pair[1] - pair[0]) * 1e3)
        .collect();
    periods.push(*periods.last()?);
    Some(periods)
}

/// The names of a feature's numbers: the dataset's own if they fit, else their places.
pub(super) fn elements(column: &Column) -> Vec<String> {
    match column.names().len() == column.width() {
        true => column.names().to_vec(),
        false => (0..column.width()).map(|at| at.to_string()).collect(),
    }
}

fn element(column: &Column, at: usize) -> Vec<f64> {
    let rows = column.rows().map(|row| row.get(at).copied());
    rows.map(|value| value.unwrap_or(f64::NAN)).collect()
}

fn element_named(column: &Column, name: &str) -> Option<Vec<f64>> {
    let at = elements(column).iter().position(|known| known == name)?;
    Some(element(column, at))
}

/// Whether what was sent is visibly something else than the action.
fn strays(action: &[f64], sent: &[f64]) -> bool {
    let (low, high) = action
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
            (low.min(*v), high.max(*v))
        });
    let visible = ((high - low) * 0.03).max(0.5);
    let mut pairs = action.iter().zip(sent);
    pairs.any(|(action, sent)| (action - sent).abs() > visible)
}
