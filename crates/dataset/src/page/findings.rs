//! What the check found, kind by kind, the worst first.

use std::path::Path;

use maud::{Markup, html};

use super::document::LONGEST_TEXT;
use super::verdict::severity_class;
use super::words::{clip, count, counted};
use crate::check::{CheckReport, Finding, Group};

const MOST_GROUPS: usize = 100;
const MOST_EPISODES: usize = 40;
const MOST_MESSAGES: usize = 5;

/// The section. `short` takes the dataset's folder out of a text.
pub(super) fn section(report: &CheckReport, short: &dyn Fn(&str) -> String) -> Markup {
    let groups = report.groups();
    html! {
        section #findings {
            h2 { "Findings" }
            @for group in groups.iter().take(MOST_GROUPS) { (kind(report, group, short)) }
            @if groups.len() > MOST_GROUPS {
                p.quiet { "And " (count((groups.len() - MOST_GROUPS) as u64)) " more kinds: " code { "ulna dataset check" } " names them all." }
            }
        }
    }
}

fn kind(report: &CheckReport, group: &Group, short: &dyn Fn(&str) -> String) -> Markup {
    let kind = group.kind();
    let episodes = group.episodes();
    let next = report.next_step(&group.findings, Path::new("DIR"));
    html! {
        div.kind {
            h3 {
                span class={ "pill " (severity_class(group.severity())) } { (group.severity().word()) }
                " " (kind.title)
                @if let Some(camera) = group.camera() { " " bdi { (clip(camera, 80)) } }
                " " small { code { (kind.code) } }
            }
            p { (kind.meaning) " " span.next { "What to do: " (quoted(&clip(&next, 3 * LONGEST_TEXT))) } }
            @if !episodes.is_empty() {
                p.quiet {
                    (counted(episodes.len() as u64, "episode")) ": "
                    @for episode in episodes.iter().take(MOST_EPISODES) { a href={ "#episode-" (episode) } { (episode) } " " }
                    @if episodes.len() > MOST_EPISODES { "…" }
                }
            }
            ul.messages {
                @for finding in group.findings.iter().take(MOST_MESSAGES) { (message(finding, short)) }
                @if group.findings.len() > MOST_MESSAGES {
                    li { "and " (count((group.findings.len() - MOST_MESSAGES) as u64)) " more" }
                }
            }
        }
    }
}

/// What stands between backticks as code.
pub(super) fn quoted(text: &str) -> Markup {
    html! {
        @for (at, part) in text.split('`').enumerate() {
            @if at % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn message(finding: &Finding, short: &dyn Fn(&str) -> String) -> Markup {
    html! {
        li {
            @if let Some(episode) = finding.episode { "episode " (episode) }
            @if let Some(frame) = finding.frame { ", frame " (count(frame)) }
            @if finding.episode.is_some() { ": " }
            bdi { (quoted(&clip(&short(&finding.message), LONGEST_TEXT))) }
        }
    }
}
