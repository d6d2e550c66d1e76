//! The page around the episodes: its head, and what concerns the dataset as a whole.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::extent::Extent;
use super::file::GENERATOR;
use super::verdict::{Verdicts, class, severity_class};
use super::words::{bytes, clip, count, counted, seconds};
use crate::check::{CheckReport, Finding, Grade, Severity};
use crate::facts::Facts;
use crate::reader::Dataset;
use crate::units::JointUnits;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

pub(super) const LONGEST_TEXT: usize = 300;
const MOST_TASKS: usize = 100;
const MOST_ROWS: usize = 5000;

/// Nothing may be fetched from anywhere, and no script run but ours.
fn policy() -> String {
    let script = STANDARD.encode(Sha256::digest(SCRIPT));
    format!(
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{script}'; \
         base-uri 'none'; form-action 'none'"
    )
}

/// Everything up to and with the head. What follows stands in the body, which the end closes.
pub(super) fn start(title: &str) -> String {
    let head = html! {
        (DOCTYPE)
        meta charset="utf-8";
        meta name="generator" content={ (GENERATOR) ", ulna " (env!("CARGO_PKG_VERSION")) };
        meta http-equiv="Content-Security-Policy" content=(policy());
        meta name="viewport" content="width=device-width, initial-scale=1";
        meta name="color-scheme" content="light dark";
        title { (title) ", dataset report" }
        style { (PreEscaped(STYLE)) }
    };
    head.into_string()
}

/// The end of the page. The script comes last, when everything it works on is there.
pub(super) fn end(notes: &[String]) -> String {
    let end = html! {
        footer {
            @for note in notes {
                p { (note) }
            }
            p {
                "Made by ulna " (env!("CARGO_PKG_VERSION")) " (" code { "ulna dataset view DIR --report FILE.html" } "). "
                "This page needs no network and holds everything that it shows."
            }
        }
        script { (PreEscaped(SCRIPT)) }
    };
    end.into_string()
}

/// What concerns the whole dataset, up to the findings.
pub(super) fn overview(
    dataset: &Dataset,
    facts: &Facts,
    report: &CheckReport,
    verdicts: &Verdicts,
) -> Markup {
    let (data, videos) = crate::facts::sizes(dataset);
    let number = |severity| report.count(severity) as u64;
    let (errors, warnings) = (number(Severity::Error), number(Severity::Warning));
    let graded = [Grade::Good, Grade::Fair, Grade::Poor].map(|grade| (report.graded(grade), grade));
    let graded = graded.into_iter().filter(|(episodes, _)| *episodes > 0);
    let grades: Vec<String> = graded
        .map(|(episodes, grade)| format!("{} {}", count(episodes as u64), grade.word()))
        .collect();
    let grades = grades.join(", ");
    html! {
        header {
            p.kicker { "Dataset report" }
            h1 { bdi { (clip(&facts.name, LONGEST_TEXT)) } }
            p.lead {
                span class={ "pill " (class(verdicts.whole())) } {
                    @if errors + warnings == 0 { "sound: nothing wrong found" }
                    @if errors > 0 { (counted(errors, "error")) }
                    @if errors > 0 && warnings > 0 { ", " }
                    @if warnings > 0 { (counted(warnings, "warning")) }
                }
                " " (origin(facts))
            }
            nav {
                a href="#facts" { "Facts" }
                @if !report.findings.is_empty() { a href="#findings" { "Findings" } }
                a href="#episodes" { "Episodes" }
                a href="#distribution" { "Distribution" }
            }
        }
        section #facts {
            dl.cards {
                (card("Episodes", &count(facts.episodes), &grades))
                (card("Frames", &count(facts.frames), &format!("at {} a second", facts.fps)))
                (card("Duration", &seconds(facts.seconds()), ""))
                (card("Robot", &clip(&robot(facts), 60), ""))
                (card("Joints in", units(facts).0, units(facts).1))
                (card("On disk", &bytes(data + videos), &format!("{} of pictures", bytes(videos))))
            }
            div.columns {
                div {
                    h2 { "Cameras" }
                    @if facts.cameras.is_empty() { p.quiet { "None." } }
                    @else {
                        div.scroll { table {
                            thead { tr { th { "camera" } th.number { "pixels" } th { "codec" } } }
                            tbody { @for camera in facts.cameras.iter().take(64) {
                                tr {
                                    td { bdi { (clip(&camera.key, 80)) } }
                                    td.number { (camera.size) }
                                    td { bdi { (clip(&camera.codec, 40)) } }
                                }
                            } }
                        } }
                    }
                }
                div {
                    h2 { "Tasks" }
                    (tasks(dataset))
                }
            }
        }
    }
}

fn card(name: &str, value: &str, note: &str) -> Markup {
    html! {
        div {
            dt { (name) }
            dd.long[value.chars().count() > 12] { bdi { (value) } @if !note.is_empty() { small { (note) } } }
        }
    }
}

fn robot(facts: &Facts) -> String {
    let named = facts
        .manifest
        .as_ref()
        .map(|manifest| manifest.robot.as_str());
    match (
        named.filter(|name| !name.is_empty()),
        facts.robot_type.as_deref(),
    ) {
        (Some(name), Some(kind)) if name != kind => format!("{name} ({kind})"),
        (Some(name), _) => name.to_owned(),
        (None, Some(kind)) => kind.to_owned(),
        (None, None) => "not told".to_owned(),
    }
}

fn units(facts: &Facts) -> (&'static str, &'static str) {
    match facts.joint_units() {
        Some(JointUnits::Degrees) => ("degrees", "grippers 0 to 100"),
        Some(JointUnits::M100) => ("−100 to 100", "grippers 0 to 100"),
        None => ("not told", ""),
    }
}

/// Who wrote it.
fn origin(facts: &Facts) -> String {
    let format = facts.format;
    let Some(version) = facts.ulna() else {
        return format!(
            "LeRobot {format}; holds no note of ulna's, so another program may have recorded it."
        );
    };
    let world = match facts.simulated() {
        Some(true) => " in simulation",
        Some(false) => " on hardware",
        None => "",
    };
    let rate = facts
        .manifest
        .as_ref()
        .and_then(|m| m.extra.get("control_rate_hz")?.as_f64());
    let rate = rate.map_or(String::new(), |rate| format!(", control loop at {rate} Hz"));
    format!(
        "LeRobot {format}; recorded by ulna {}{world}{rate}.",
        clip(version, 20)
    )
}

fn tasks(dataset: &Dataset) -> Markup {
    let all = dataset.tasks();
    let with = |task: &String| {
        let episodes = dataset
            .episodes()
            .iter()
            .filter(|row| row.tasks.contains(task));
        counted(episodes.count() as u64, "episode")
    };
    html! {
        @if all.is_empty() { p.quiet { "None." } }
        ol.tasks start="0" {
            @for task in all.iter().take(MOST_TASKS) {
                li { bdi { (clip(task, LONGEST_TEXT)) } " " small { (with(task)) } }
            }
        }
        @if all.len() > MOST_TASKS {
            p.quiet { "And " (count((all.len() - MOST_TASKS) as u64)) " more, which are left out." }
        }
    }
}

/// How much a finding matters.
pub(super) fn severity(finding: &Finding) -> Markup {
    let severity = finding.severity;
    html! { span class={ "pill " (severity_class(severity)) } { (severity.word()) } }
}

/// The table of all episodes, and what of them is shown below.
pub(super) fn episodes(dataset: &Dataset, extent: &Extent, verdicts: &Verdicts) -> Markup {
    let rows = dataset.episodes();
    let fps = dataset.fps();
    let achieved = |number| verdicts.measured(number)?.achieved_fps;
    let timed = (0..rows.len()).any(|number| achieved(number).is_some());
    let rate = |number| achieved(number).map_or("–".to_owned(), |rate| format!("{rate:.2}"));
    let longest = rows.iter().map(|row| row.length).max().unwrap_or(1).max(1);
    html! {
        section #episodes {
            h2 { "Episodes" }
            @if extent.episodes.len() < extent.asked {
                p.quiet {
                    "In detail below: " (count(extent.episodes.len() as u64)) " of " (count(extent.asked as u64))
                    ", spread evenly over the dataset, those with the worst findings first. Others by "
                    code { "--episodes" } "."
                }
            } @else if extent.episodes.len() < rows.len() {
                p.quiet { "In detail below: the " (count(extent.asked as u64)) " that were asked for." }
            }
            div.scroll.tall { table {
                thead { tr {
                    th.number { "episode" } th { "grade" } @if timed { th.number.wide { "rows/s" } } th.number { "frames" } th.number { "time" } th.bar { "" } th.rest { "tasks" }
                } }
                tbody { @for (number, row) in rows.iter().enumerate().take(MOST_ROWS) {
                    tr {
                        td.number {
                            @if extent.episodes.binary_search(&number).is_ok() { a href={ "#episode-" (number) } { (number) } }
                            @else { (number) }
                        }
                        td { (verdict(verdicts, number)) }
                        @if timed { td.number.wide { (rate(number)) } }
                        td.number { (count(row.length)) }
                        td.number { (seconds(row.length as f64 / fps)) }
                        td.bar { i style={ "width:" (100 * u128::from(row.length) / u128::from(longest)) "%" } {} }
                        td { bdi { (clip(&row.tasks.join("; "), 120)) } }
                    }
                } }
            } }
            @if rows.len() > MOST_ROWS {
                p.quiet { "The table ends after " (count(MOST_ROWS as u64)) " of " (count(rows.len() as u64)) " episodes." }
            }
        }
    }
}

/// An episode's grade.
pub(super) fn verdict(verdicts: &Verdicts, episode: usize) -> Markup {
    let grade = verdicts.episode(episode);
    html! { span class={ "pill " (class(grade)) } { (grade.word()) } }
}
