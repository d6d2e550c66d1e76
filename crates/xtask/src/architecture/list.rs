//! What is left to mend, as a page for people.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::survey::{LONGEST_FILE, LONGEST_FUNCTION, LONGEST_TESTS, MANY_TYPES, Survey};

/// The page: a section for each thing that is counted, then every place of every word.
pub(super) fn list(survey: &Survey) -> String {
    let mut page = String::new();
    let circles = survey.circles.iter();
    let circles = circles.flat_map(|(name, (texts, _))| with(name, texts));
    section(&mut page, "circles between files of a crate", circles);
    let title = format!("functions over {LONGEST_FUNCTION} lines");
    section(
        &mut page,
        &title,
        survey.long_functions.values().flatten().cloned(),
    );
    let title =
        format!("files over {LONGEST_FILE} lines without tests, test files over {LONGEST_TESTS}");
    section(
        &mut page,
        &title,
        survey.long_files.values().flatten().cloned(),
    );
    let title = "files of the session that name the simulation";
    section(
        &mut page,
        title,
        survey.simulation.values().flatten().cloned(),
    );
    let homonyms = survey.public_types.iter().map(|(name, crates)| {
        let crates: Vec<&str> = crates.iter().map(String::as_str).collect();
        format!("{name}: {}", crates.join(" "))
    });
    let title = "public types of the same name in several crates";
    section(&mut page, title, homonyms);
    let many = survey.types.iter();
    let many = many.map(|(name, files)| format!("{name} {}: {}", files.len(), files.join(" ")));
    let title = format!("names that {MANY_TYPES} or more types have, public or not");
    section(&mut page, &title, many);
    let words = survey.words.iter();
    let words =
        words.map(|(word, places)| format!("{word}: {} ({})", places.len(), by_crate(places)));
    section(&mut page, "words that are not used any more", words);
    let places = survey.words.iter();
    let places = places.map(|(word, places)| format!("{word}: {}", places.join(" ")));
    section(&mut page, "places of these words", places);
    page
}

fn section(page: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    let _ = writeln!(page, "== {title}: {}\n{}\n", lines.len(), lines.join("\n"));
}

fn with(name: &str, texts: &[String]) -> Vec<String> {
    let texts = texts.iter().map(|text| format!("{name}: {text}"));
    texts.collect()
}

/// How many of the places are in which crate, or page.
fn by_crate(places: &[String]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for place in places {
        let within = place.strip_prefix("crates/").unwrap_or(place);
        let name = within.split(['/', ':']).next().unwrap_or(within);
        *counts.entry(name).or_default() += 1;
    }
    let counts = counts.iter().map(|(name, count)| format!("{name} {count}"));
    counts.collect::<Vec<_>>().join(", ")
}
