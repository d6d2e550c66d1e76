//! An episode in detail.

use maud::{Markup, html};

use super::document::{LONGEST_TEXT, severity, verdict};
use super::findings::quoted;
use super::pictures::Strip;
use super::plots::{Group, Plot};
use super::scale::HEIGHT;
use super::verdict::{MOST_LISTED, Verdicts};
use super::words::{clip, count, counted, seconds};
use crate::check::{CameraGrade, EpisodeGrade};
use crate::episode::Episode;
use crate::own_columns::{FLAGS, FLAGS_KEY};

/// Changes of the task within an episode that are listed at most.
const MOST_CHANGES: usize = 20;

/// What is shown of an episode.
#[derive(Debug)]
pub(super) struct View {
    /// Its number.
    pub(super) number: usize,
    /// Frames.
    pub(super) frames: usize,
    /// Frames per second.
    pub(super) fps: f64,
    /// Its tasks in words.
    pub(super) tasks: Vec<String>,
    /// Its numbers, or why there are none.
    pub(super) numbers: Result<Numbers, String>,
    /// Its pictures.
    pub(super) strips: Vec<Strip>,
}

/// What is shown of an episode's numbers.
#[derive(Debug)]
pub(super) struct Numbers {
    /// When each task began, in frames, if there is more than one.
    pub(super) changes: Vec<(usize, String)>,
    /// The plots.
    pub(super) groups: Vec<Group>,
    /// A sentence on the times measured, if they were.
    pub(super) timing: Option<String>,
    /// What the flags of ulna say, a sentence each.
    pub(super) flags: Vec<String>,
}

impl View {
    /// How many pictures are shown.
    pub(super) fn picture_count(&self) -> u64 {
        self.strips
            .iter()
            .map(|strip| strip.pictures.len() as u64)
            .sum()
    }

    /// The section.
    pub(super) fn markup(&self, verdicts: &Verdicts, short: &dyn Fn(&str) -> String) -> Markup {
        let findings = verdicts.findings(self.number);
        let fps = self.fps;
        let last = self.frames.saturating_sub(1);
        html! {
            article.episode id={ "episode-" (self.number) } data-fps=(self.fps) data-last=(last) {
                h2 {
                    "Episode " (self.number) " " (verdict(verdicts, self.number)) " "
                    small { (counted(self.frames as u64, "frame")) ", " (seconds(self.frames as f64 / fps)) (still(verdicts.measured(self.number))) }
                }
                p.task { @for (at, task) in self.tasks.iter().take(MOST_CHANGES).enumerate() {
                    @if at > 0 { " · " }
                    bdi { (clip(task, LONGEST_TEXT)) }
                } }
                @if !findings.is_empty() {
                    ul.findings {
                        @for finding in findings.iter().take(MOST_LISTED) {
                            li {
                                (severity(finding)) " "
                                @if let Some(frame) = finding.frame { "frame " (count(frame)) ": " }
                                bdi { (quoted(&clip(&short(&finding.message), LONGEST_TEXT))) }
                            }
                        }
                        @if findings.len() > MOST_LISTED {
                            li { "and " (findings.len() - MOST_LISTED) " more" }
                        }
                    }
                }
                @for strip in &self.strips { (self.pictures(strip, verdicts, short)) }
                @match &self.numbers {
                    Ok(numbers) => { (self.numbers(numbers, verdicts)) },
                    Err(why) => { p.unreadable { (short(why)) } },
                }
            }
        }
    }

    fn numbers(&self, numbers: &Numbers, verdicts: &Verdicts) -> Markup {
        let fps = self.fps;
        let rate = verdicts
            .measured(self.number)
            .and_then(|measured| measured.achieved_fps);
        let achieved = rate.map_or(String::new(), |rate| {
            format!(
                "{rate:.2} rows a second were achieved, {} were declared. ",
                self.fps
            )
        });
        html! {
            @if !numbers.changes.is_empty() {
                ol.changes {
                    @for (frame, task) in numbers.changes.iter().take(MOST_CHANGES) {
                        li { "from " (format!("{:.2} s", *frame as f64 / fps)) ": " bdi { (clip(task, LONGEST_TEXT)) } }
                    }
                    @if numbers.changes.len() > MOST_CHANGES {
                        li { "and " (numbers.changes.len() - MOST_CHANGES) " more changes" }
                    }
                }
            }
            @for group in &numbers.groups {
                h3 {
                    bdi { (group.title) }
                    @if group.title == "Joints" {
                        span.legend { span.state { "state" } span.action { "action" } }
                    }
                }
                @if group.title == "Timing" {
                    @if let Some(timing) = &numbers.timing { p.quiet { (achieved) (timing) } }
                }
                @if !group.note.is_empty() { p.quiet { (group.note) } }
                div.plots { @for plot in &group.plots { (self.plot(plot)) } }
            }
            @for flag in &numbers.flags { p.quiet { (flag) } }
        }
    }

    fn plot(&self, plot: &Plot) -> Markup {
        let (low, high) = plot.scale.ends();
        let right = plot.places.saturating_sub(1).max(1);
        let height = HEIGHT as u32;
        html! {
            figure.plot data-low=(low) data-high=(high) data-right=(right) {
                figcaption {
                    bdi { (plot.name) } @if !plot.unit.is_empty() { " " small { (plot.unit) } }
                    output {}
                }
                div.canvas {
                    svg viewBox={ "0 0 " (right) " " (height) } preserveAspectRatio="none" aria-hidden="true" {
                        @for tick in plot.scale.ticks() {
                            path.grid d={ "M0 " (plot.scale.height_of(tick)) "H" (right) } {}
                        }
                        @for line in &plot.lines {
                            path class=(line.kind) d=(line.path) {}
                        }
                    }
                    @for tick in plot.scale.ticks() {
                        span.tick style={ "top:" (f64::from(plot.scale.height_of(tick)) / HEIGHT * 100.0) "%" } {
                            (plot.scale.label(tick))
                        }
                    }
                    i.cursor {}
                }
                div.axis {
                    span { "0" }
                    span { (format!("{:.1} s", self.frames.saturating_sub(1) as f64 / self.fps)) }
                }
            }
        }
    }

    fn pictures(
        &self,
        strip: &Strip,
        verdicts: &Verdicts,
        short: &dyn Fn(&str) -> String,
    ) -> Markup {
        let fps = self.fps;
        let measured = verdicts.camera(self.number, &strip.camera).map(measured);
        html! {
            @if strip.error.is_none() || !strip.pictures.is_empty() {
                h3 {
                    bdi { (clip(&strip.camera, 80)) } " "
                    @if let Some(measured) = measured { small { (measured) } }
                }
            }
            @if let Some(error) = &strip.error { p.unreadable { (quoted(&clip(&short(error), LONGEST_TEXT))) } }
            div.strip { @for (frame, picture) in &strip.pictures {
                figure data-frame=(frame) {
                    img src=(picture.url) width=(picture.width) height=(picture.height) alt={ "frame " (frame) } loading="lazy";
                    figcaption { (format!("{:.1} s", *frame as f64 / fps)) }
                }
            } }
        }
    }
}

/// How long the arm stands still at both ends, if it does.
fn still(measured: Option<&EpisodeGrade>) -> String {
    let Some(measured) = measured else {
        return String::new();
    };
    if !measured.moves {
        return ", the arm never moves".to_owned();
    }
    let ends = [
        (measured.idle_head_s, "before it moves"),
        (measured.idle_tail_s, "at the end"),
    ];
    let shown = ends.iter().filter(|(time, _)| *time >= 0.5);
    shown
        .map(|(time, when)| format!(", still for {time:.1} s {when}"))
        .collect()
}

/// What was measured of a camera, in words.
fn measured(camera: &CameraGrade) -> String {
    let mut words = Vec::new();
    words.extend(
        camera
            .achieved_fps
            .map(|rate| format!("{rate:.1} new pictures a second")),
    );
    words.extend(
        camera
            .oldest_s
            .map(|age| format!("{:.0} ms old at most", age * 1e3)),
    );
    words.extend(
        camera
            .brightness
            .map(|light| format!("brightness {light:.0} of 255")),
    );
    if camera.frozen_s > 0.0 {
        words.push(format!(
            "stood still for {:.1} s while the arm moved",
            camera.frozen_s
        ));
    }
    words.join(", ")
}

/// When tasks begin within an episode; empty when there is but one.
pub(super) fn changes(episode: &Episode) -> Vec<(usize, String)> {
    let indexes = episode.task_index();
    let is_new = |frame: &usize| *frame == 0 || indexes[*frame] != indexes[*frame - 1];
    let starts: Vec<usize> = (0..indexes.len()).filter(is_new).collect();
    if starts.len() < 2 {
        return Vec::new();
    }
    let named = starts.into_iter().map(|frame| {
        let task = episode.task(frame).unwrap_or("a task without a text");
        (frame, task.to_owned())
    });
    named.collect()
}

/// The measured periods in a sentence.
pub(super) fn timing(episode: &Episode) -> Option<String> {
    let mut periods = super::plots::periods(episode)?;
    periods.pop();
    periods.retain(|period| period.is_finite());
    periods.sort_by(f64::total_cmp);
    let last = periods.len().checked_sub(1)?;
    let at = |share: usize| periods[last * share / 100];
    Some(format!(
        "Period: median {:.2} ms, 99 % below {:.2} ms, longest {:.2} ms.",
        at(50),
        at(99),
        at(100)
    ))
}

/// How many rows have which flag.
pub(super) fn flags(episode: &Episode) -> Vec<String> {
    let Ok(column) = episode.column(FLAGS_KEY) else {
        return Vec::new();
    };
    let found = FLAGS.iter().filter_map(|(bit, what)| {
        let has = |value: &&f64| (**value as u64) & u64::from(*bit) != 0;
        let rows = column.values().iter().filter(has).count();
        (rows > 0).then(|| format!("{}: {what}.", counted(rows as u64, "row")))
    });
    found.collect()
}
