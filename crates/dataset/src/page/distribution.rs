//! How the numbers of each feature are spread, from the dataset's statistics.
//!
//! Why plots are our own is said in [`super::plots`].

use maud::{Markup, html};

use super::words::{clip, count, number};
use crate::features::Feature;
use crate::own_columns::meaning;
use crate::quantile::QUANTILES;
use crate::reader::Dataset;
use crate::stats::{FeatureStats, Stats};

const MOST_FEATURES: usize = 32;
const MOST_ELEMENTS: usize = 32;
const COLOURS: [&str; 3] = ["red", "green", "blue"];

/// The section; it says so where there are no statistics.
pub(super) fn section(dataset: &Dataset, stats: Result<Option<Stats>, String>) -> Markup {
    let features = dataset.info().features.iter();
    // Those of ulna's own columns add little to the plots of each episode.
    let own = |feature: &Feature| meaning(feature).is_some();
    let shown: Vec<&Feature> = features.filter(|f| !f.is_auto() && !own(f)).collect();
    html! {
        section #distribution {
            h2 { "Distribution" }
            @match stats {
                Ok(Some(stats)) => {
                    p.quiet {
                        "From " code { "meta/stats.json" } ": the line goes from the least to the largest number, the box from the 10 % to the \
                         90 % quantile, the mark is the median, the dot the mean. One scale for each feature."
                    }
                    div.columns { @for feature in shown.iter().take(MOST_FEATURES) {
                        @if let Some(stats) = stats.get(&feature.key) { (of_feature(feature, stats)) }
                    } }
                    @if shown.len() > MOST_FEATURES {
                        p.quiet { "The other " (shown.len() - MOST_FEATURES) " features are left out." }
                    }
                },
                Ok(None) => { p.quiet { "The dataset has no statistics; " code { "ulna dataset stats DIR" } " computes them." } },
                Err(why) => { p.unreadable { (why) } },
            }
        }
    }
}

fn of_feature(feature: &Feature, stats: &FeatureStats) -> Markup {
    let width = stats.mean.len();
    let scale = Span::of(stats);
    html! {
        div.feature {
            h3 { bdi { (clip(&feature.key, 80)) } " " small { (count(stats.count)) " " (if stats.picture { "pictures" } else { "frames" }) } }
            div.scroll { table.boxes {
                thead { tr { th { "" } th.plotted { "" } th.number.wide { "least" } th.number { "mean ± deviation" } th.number.wide { "largest" } } }
                tbody { @for at in 0..width.min(MOST_ELEMENTS) {
                    tr {
                        td.name { bdi { (name(feature, stats, at)) } }
                        td.plotted { (boxed(stats, at, &scale)) }
                        td.number.wide { (scale.text(stats.min[at])) }
                        td.number { (scale.text(stats.mean[at])) " ± " (scale.text(stats.std[at])) }
                        td.number.wide { (scale.text(stats.max[at])) }
                    }
                } }
            } }
            @if width > MOST_ELEMENTS { p.quiet { "The first " (MOST_ELEMENTS) " of " (width) "." } }
        }
    }
}

fn name(feature: &Feature, stats: &FeatureStats, at: usize) -> String {
    let width = stats.mean.len();
    let name = match feature.names.get(at) {
        _ if stats.picture => COLOURS.get(at).map(|name| (*name).to_owned()),
        Some(name) if feature.names.len() == width => {
            Some(name.strip_suffix(".pos").unwrap_or(name).to_owned())
        }
        _ if width == 1 => Some("value".to_owned()),
        _ => None,
    };
    clip(&name.unwrap_or_else(|| at.to_string()), 40)
}

/// The range of a feature's numbers.
#[derive(Default)]
struct Span {
    low: f64,
    high: f64,
    /// Whether all numbers are one.
    still: bool,
}

impl Span {
    fn of(stats: &FeatureStats) -> Span {
        if stats.picture {
            return Span {
                high: 1.0,
                ..Span::default()
            };
        }
        let numbers = stats.min.iter().chain(&stats.max).copied();
        let (low, high) = numbers
            .filter(|value| value.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
        match low < high {
            true => Span {
                low,
                high,
                still: false,
            },
            // It stands in the middle.
            false if low == high => Span {
                low: low - 0.5,
                high: high + 0.5,
                still: true,
            },
            false => Span {
                high: 1.0,
                ..Span::default()
            },
        }
    }

    /// A number with digits that fit all of the feature's.
    fn text(&self, value: f64) -> String {
        let largest = self.low.abs().max(self.high.abs());
        if self.still || !value.is_finite() || largest >= 1e6 {
            return number(value);
        }
        let digits =
            (2.0 - ((self.high - self.low) / 5.0).log10().floor()).clamp(0.0, 6.0) as usize;
        let text = format!("{value:.digits$}");
        match text.trim_start_matches(['-', '0', '.']) {
            "" => text.trim_start_matches('-').to_owned(),
            _ => text,
        }
    }

    /// In thousandths of the way.
    fn place(&self, value: f64) -> u32 {
        let share = (value - self.low) / (self.high - self.low);
        (share * 1000.0).round().clamp(0.0, 1000.0) as u32
    }
}

fn boxed(stats: &FeatureStats, at: usize, scale: &Span) -> Markup {
    let place = |value: f64| scale.place(value);
    let (least, most) = (place(stats.min[at]), place(stats.max[at]));
    let quantile = |wanted: f64| {
        let known = QUANTILES.iter().position(|(_, share)| *share == wanted);
        let lists = stats.quantiles.as_ref()?;
        Some(place(lists[known?][at]))
    };
    html! {
        svg viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true" {
            path.whole d={ "M" (least) " 50H" (most) } {}
            @if let (Some(low), Some(middle), Some(high)) = (quantile(0.1), quantile(0.5), quantile(0.9)) {
                rect.most x=(low) y="18" width=(high.saturating_sub(low).max(2)) height="64" {}
                path.middle d={ "M" (middle) " 12V88" } {}
            }
            path.mean d={ "M" (place(stats.mean[at])) " 50h0" } {}
        }
    }
}
