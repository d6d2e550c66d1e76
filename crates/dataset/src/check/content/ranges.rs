//! What the numbers of all episodes together say: other units than the dataset's, joints that never move.

use super::body::{Body, Joint, Part};
use crate::check::{CheckReport, Finding, Severity};
use crate::episode::Episode;
use crate::features::{ACTION, STATE};
use crate::units::JointUnits;

/// No joint turns further than this, rad, with a little to spare.
const RADIANS: f64 = 3.5;
/// Numbers within this are fractions of a range rather than radians.
const FRACTION: f64 = 1.0;
/// Numbers beyond this are steps of a servo's encoder, of which a turn has 4096.
const STEPS: f64 = 400.0;
/// The share of values beyond their range that doubts the units rather than the values.
const MOST: f64 = 0.2;
/// Joints that move by less than this, in multiples of rest, stand still.
const STILL: f64 = 0.5;
/// So many frames tell whether a joint moves, s.
const LONG: f64 = 3.0;

/// What a column's numbers of one joint span.
#[derive(Clone, Copy, Debug)]
struct Span {
    low: f64,
    high: f64,
    values: u64,
    /// Those beyond the range of the unit.
    beyond: u64,
}

impl Span {
    const NONE: Span = Span {
        low: f64::INFINITY,
        high: f64::NEG_INFINITY,
        values: 0,
        beyond: 0,
    };

    fn add(&mut self, value: f64, range: Option<(f64, f64)>) {
        if value.is_finite() {
            self.low = self.low.min(value);
            self.high = self.high.max(value);
            self.values += 1;
            let inside = range.is_none_or(|(low, high)| (low..=high).contains(&value));
            self.beyond += u64::from(!inside);
        }
    }

    fn width(&self) -> f64 {
        self.high - self.low
    }

    fn largest(&self) -> f64 {
        self.low.abs().max(self.high.abs())
    }
}

/// The spans of all joints, states and actions.
#[derive(Debug)]
pub(super) struct Ranges {
    joints: Vec<(Joint, [Span; 2])>,
    frames: u64,
    fps: f64,
}

impl Ranges {
    pub(super) fn new(body: &Body) -> Ranges {
        let joints = body.joints.iter().filter(|joint| joint.part != Part::Wheel);
        Ranges {
            joints: joints
                .map(|joint| (joint.clone(), [Span::NONE; 2]))
                .collect(),
            frames: 0,
            fps: 1.0,
        }
    }

    pub(super) fn add(&mut self, episode: &Episode) {
        self.frames += episode.len() as u64;
        self.fps = episode.fps();
        for (key, place) in [(STATE, 0), (ACTION, 1)] {
            let Ok(column) = episode.column(key) else {
                continue;
            };
            for (joint, spans) in &mut self.joints {
                let at = if place == 0 {
                    joint.state
                } else {
                    joint.action
                };
                let Some(at) = at.filter(|at| *at < column.width()) else {
                    continue;
                };
                for row in column.rows() {
                    spans[place].add(row[at], joint.range);
                }
            }
        }
    }

    fn spans(&self) -> impl Iterator<Item = &Span> {
        let spans = self.joints.iter().flat_map(|(_, spans)| spans);
        spans.filter(|span| span.values > 0)
    }

    pub(super) fn judge(&self, body: &Body, report: &mut CheckReport) {
        if let Some(units) = body.units
            && let Some(message) = self.other_units(units)
        {
            // What the wrong unit makes of the numbers is no finding of its own.
            let follows = [
                "no-motion",
                "idle-head",
                "idle-tail",
                "dead-joint",
                "saturated-joint",
            ];
            let leaps = [
                "beyond-range",
                "outside-range",
                "state-jump",
                "action-jump",
                "clipped-action",
            ];
            report.findings.retain(|finding| {
                !follows.contains(&finding.code) && !leaps.contains(&finding.code)
            });
            let finding = Finding::new(Severity::Warning, "other-units", message);
            return report.findings.push(finding);
        }
        self.constant(body, report);
    }

    /// What the numbers look like, if not like the unit that the dataset has.
    fn other_units(&self, units: JointUnits) -> Option<String> {
        let declared = match units {
            JointUnits::Degrees => "degrees",
            JointUnits::M100 => "-100 to 100",
        };
        let largest = self.spans().map(Span::largest).reduce(f64::max)?;
        let widest = self.spans().map(Span::width).reduce(f64::max)?;
        let (values, beyond) = self.spans().fold((0, 0), |(values, beyond), span| {
            (values + span.values, beyond + span.beyond)
        });
        let several = self.joints.len() >= 3;
        let look = match () {
            () if several && largest <= RADIANS && widest > 0.02 => match largest <= FRACTION {
                true => "radians, or fractions of a range",
                false => "radians",
            },
            () if (beyond as f64) <= MOST * values as f64 => return None,
            () if largest > STEPS => "steps of the servos' encoders",
            () if units == JointUnits::M100 => "degrees",
            () => "another unit",
        };
        let reach = match largest <= RADIANS {
            true => format!("no value is beyond {largest:.2}"),
            false => format!("numbers go up to {largest:.0}"),
        };
        Some(format!(
            "its joints are taken to be in {declared}, but {reach}: these look like {look}"
        ))
    }

    /// Joints whose state or target is the same in all frames.
    fn constant(&self, body: &Body, report: &mut CheckReport) {
        if (self.frames as f64) < LONG * self.fps {
            return;
        }
        let moves = |span: &Span| span.width() > STILL * body.rest;
        let any = self.spans().any(moves);
        for (joint, spans) in self.joints.iter().filter(|_| any) {
            let known = spans.iter().filter(|span| span.values > 0);
            let known: Vec<&Span> = known.collect();
            let still = !known.is_empty() && known.iter().all(|span| !moves(span));
            let dead = spans[0].values > 0 && spans[0].width() == 0.0 && spans[1].values > 0;
            let reported = report.findings.iter().any(|finding| {
                finding.code == "dead-joint" && finding.joint.as_ref() == Some(&joint.name)
            });
            if (still || dead) && !reported {
                let at = known.first().map_or(0.0, |span| span.low);
                let message = format!(
                    "`{}` stays at {at:.1}{} in all episodes",
                    joint.name,
                    body.unit(joint)
                );
                let finding = Finding::new(Severity::Warning, "constant-joint", message);
                report.findings.push(Finding {
                    joint: Some(joint.name.clone()),
                    ..finding
                });
            }
        }
    }
}
