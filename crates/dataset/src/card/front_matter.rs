//! The YAML at the head of a card, from which the Hub knows what kind of dataset it is.
//!
//! Only what stands at the beginning of a line is understood, which is enough to tell keys apart; the lines of keys that
//! are not ours stay as they are.
//!
//! That is all there is of YAML here: a library such as `serde_yaml_ng` reads values and writes values, and what the user wrote (comments, quotes, order) has to
//! stay as it is, byte for byte.

use crate::error::{DatasetError, Result};

/// What LeRobot 0.6.2 writes, in its order.
const TASKS: &str = "task_categories:\n- robotics\n";
const TAGS: &str = "tags:\n- LeRobot\n- robotics\n";
const CONFIGS: &str = "configs:\n- config_name: default\n  data_files: data/*/*.parquet\n";
const LONGEST_LICENSE: usize = 60;

/// Refuses what cannot be an identifier of a licence on the Hub.
pub(super) fn check_license(license: &str) -> Result<()> {
    let letters = |letter: char| letter.is_ascii_alphanumeric() || "-.+_".contains(letter);
    let starts = license.starts_with(|letter: char| letter.is_ascii_alphabetic());
    if starts && license.len() <= LONGEST_LICENSE && license.chars().all(letters) {
        return Ok(());
    }
    Err(DatasetError::invalid(
        format!("licence `{}`", license.escape_debug()),
        "is no identifier of the Hub's, such as apache-2.0, mit, cc-by-4.0 or other",
    ))
}

/// A card's front matter, without the lines around it, and the rest. None if it has no front matter.
pub(super) fn split(card: &str) -> Option<(&str, &str)> {
    let mut lines = card.split_inclusive('\n');
    let first = lines.next()?;
    if first.trim_end() != "---" {
        return None;
    }
    let mut end = first.len();
    for line in lines {
        if line.trim_end() == "---" {
            return Some((&card[first.len()..end], &card[end + line.len()..]));
        }
        end += line.len();
    }
    None
}

/// The front matter with the keys that a LeRobot dataset needs. A key that is there is the user's, but for the licence if
/// one is given; the tag `LeRobot`, by which LeRobot's datasets are found, is added to the tags that are there.
pub(super) fn completed(front: &str, license: Option<&str>) -> String {
    let mut entries = entries(front);
    if let Some(license) = license {
        let line = format!("license: {license}\n");
        match entries.iter_mut().find(|entry| is_key(entry, "license")) {
            Some(entry) => *entry = line,
            None => entries.insert(0, line),
        }
    }
    for (key, default) in [
        ("task_categories", TASKS),
        ("tags", TAGS),
        ("configs", CONFIGS),
    ] {
        match entries.iter_mut().find(|entry| is_key(entry, key)) {
            Some(tags) if key == "tags" => *tags = tagged(tags),
            Some(_) => {}
            None => entries.push(default.to_owned()),
        }
    }
    entries.concat()
}

/// The lines of each key, its values and comments included.
fn entries(front: &str) -> Vec<String> {
    let mut entries: Vec<String> = Vec::new();
    for line in front.split_inclusive('\n') {
        let continues = line.starts_with([' ', '\t', '-', '#']) || line.trim().is_empty();
        let whole = if line.ends_with('\n') {
            line.to_owned()
        } else {
            format!("{line}\n")
        };
        match entries.last_mut() {
            Some(last) if continues => last.push_str(&whole),
            _ => entries.push(whole),
        }
    }
    entries
}

fn is_key(entry: &str, key: &str) -> bool {
    let rest = entry.strip_prefix(key);
    rest.is_some_and(|rest| rest.trim_start().starts_with(':'))
}

/// The entry of the tags with ours among them.
fn tagged(entry: &str) -> String {
    const TAG: &str = "LeRobot";
    let ends = |letter: char| !letter.is_alphanumeric();
    if entry.split(ends).any(|word| word == TAG) {
        return entry.to_owned();
    }
    let value = entry.split_once(':').map_or("", |(_, value)| value.trim());
    match value
        .strip_prefix('[')
        .and_then(|list| list.strip_suffix(']'))
    {
        Some(list) if list.trim().is_empty() => format!("tags: [{TAG}]\n"),
        Some(list) => format!("tags: [{TAG}, {}]\n", list.trim()),
        // A list with a line for each, as deep as those that are there.
        None if value.is_empty() => format!("{}- {TAG}\n", ended(entry)),
        None if value.starts_with('-') => {
            let first = entry
                .lines()
                .find(|line| line.trim_start().starts_with('-'));
            let deep = first.map_or(0, |line| line.len() - line.trim_start().len());
            format!("{}{}- {TAG}\n", ended(entry), " ".repeat(deep))
        }
        // Something else, which may be right in a way that is not seen here.
        None => entry.to_owned(),
    }
}

fn ended(entry: &str) -> String {
    format!("{}\n", entry.trim_end())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_new_one_is_lerobots() {
        let whole = format!("license: mit\n{TASKS}{TAGS}{CONFIGS}");
        assert_eq!(completed("", Some("mit")), whole);
        assert_eq!(completed(&whole, None), whole);
        assert_eq!(
            completed(&whole, Some("apache-2.0")),
            whole.replace("mit", "apache-2.0")
        );
    }

    #[test]
    fn the_users_keys_stay() {
        let mine = "# of mine\npretty_name: 'Cubes: red'\ntags:\n  - cubes\n  # and\n  - so101\nconfigs:\n- config_name: red";
        let done = completed(mine, None);
        let expected = "# of mine\npretty_name: 'Cubes: red'\ntags:\n  - cubes\n  # and\n  - so101\n  - LeRobot\nconfigs:\n\
                        - config_name: red\ntask_categories:\n- robotics\n";
        assert_eq!(done, expected);
        assert_eq!(completed(&done, None), done);
        assert!(completed("tags: [a, 'b']\n", None).contains("tags: [LeRobot, a, 'b']\n"));
        assert!(completed("tags: []\n", None).contains("tags: [LeRobot]\n"));
        assert!(completed("tags:\n", None).contains("tags:\n- LeRobot\n"));
        assert!(completed("tags: [LeRobot]\n", None).contains("tags: [LeRobot]\n"));
    }

    #[test]
    fn front_matter_is_found() {
        assert_eq!(split("---\na: 1\n---\n# x\n"), Some(("a: 1\n", "# x\n")));
        assert_eq!(split("---\r\na: 1\r\n---"), Some(("a: 1\r\n", "")));
        assert_eq!(split("---\n---\n"), Some(("", "")));
        for none in ["", "# x\n---\n", "---\na: 1\n", "----\n---\n"] {
            assert_eq!(split(none), None, "{none}");
        }
    }

    #[test]
    fn licences() {
        for good in ["apache-2.0", "cc-by-nc-sa-4.0", "other", "c-uda", "lgpl-lr"] {
            check_license(good).unwrap();
        }
        for bad in ["", "a b", "mit\ntags: x", "[mit]", "1.0", "mit: x", "«mit»"] {
            assert!(check_license(bad).is_err(), "{bad}");
        }
    }
}
