//! Our part of a card in one that is there.
//!
//! Why this works on lines and not on values is said in [`super::front_matter`].

use super::front_matter;

const BEGIN: &str = "<!-- ulna writes what follows; write above or below it -->";
/// How our part has begun in every version.
const BEGINS: &str = "<!-- ulna writes what follows";
const END: &str = "<!-- ulna: what follows is yours -->";

/// Whether a card has a part of ours.
pub(crate) fn holds_ours(card: &str) -> bool {
    part(card).is_some()
}

/// Where our part stands, its marks included. A beginning that another one follows has lost its end: what stands between the two is the
/// user's.
fn part(card: &str) -> Option<std::ops::Range<usize>> {
    let mut start = None;
    let mut at = 0;
    for line in card.split_inclusive('\n') {
        match (line.trim_end(), start) {
            (mark, _) if mark.starts_with(BEGINS) => start = Some(at),
            (END, Some(start)) => return Some(start..at + line.len()),
            _ => {}
        }
        at += line.len();
    }
    None
}

/// The card with `ours` in the place of our part, or at its end.
pub(super) fn merged(card: &str, ours: &str, license: Option<&str>) -> String {
    let (front, body) = front_matter::split(card).unwrap_or(("", card));
    let front = front_matter::completed(front, license);
    let ours = format!("{BEGIN}\n\n{}\n\n{END}\n", ours.trim());
    let body = match part(body) {
        Some(part) => format!("{}{ours}{}", &body[..part.start], &body[part.end..]),
        None if body.trim().is_empty() => format!("\n{ours}"),
        None => format!("{}\n\n{ours}", body.trim_end_matches('\n')),
    };
    format!("---\n{front}---\n{body}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_our_part_changes() {
        let first = merged("", "one", None);
        assert!(holds_ours(&first));
        let mine = first.replace("\n<!-- ulna w", "\n# Mine\n<!-- ulna w") + "\nBelow.\n";
        let second = merged(&mine, "two", None);
        assert_eq!(second, mine.replace("\none\n", "\ntwo\n"));
        let older = first.replace("follows;", "follows, as another version says it;");
        assert_ne!(older, first);
        assert_eq!(merged(&older, "two", None), merged(&first, "two", None));
        let foreign = "# Theirs\n";
        let added = merged(foreign, "ours", Some("mit"));
        assert!(
            added.contains("---\n# Theirs\n\n<!--") && added.starts_with("---\nlicense: mit\n")
        );
        assert!(!holds_ours(foreign) && holds_ours(&added));
    }

    #[test]
    fn what_follows_a_beginning_without_an_end_is_the_users() {
        let damaged = merged("", "one", None).replace(END, "Mine.");
        assert!(!holds_ours(&damaged));
        let first = merged(&damaged, "two", None);
        let second = merged(&first, "three", None);
        assert!(second.contains("\none\n\nMine.\n"), "{second}");
        assert_eq!(second, first.replace("\ntwo\n", "\nthree\n"));
    }

    /// Lines as a damaged or badly merged card may have them.
    fn damaged() -> impl Strategy<Value = String> {
        let line = prop_oneof![Just(BEGIN), Just(END), Just("---"), Just("mine"), Just("")];
        proptest::collection::vec(line, 0..8).prop_map(|lines| lines.join("\n"))
    }

    proptest! {
        #[test]
        fn merging_into_a_damaged_card_twice_is_merging_once(card in damaged()) {
            let once = merged(&card, "ours", None);
            prop_assert!(holds_ours(&once));
            prop_assert_eq!(merged(&once, "ours", None), once);
        }

        #[test]
        fn merging_twice_is_merging_once(card in "(---\n)?([a-z<!:#-]{0,6}\n){0,5}(---\n)?[ -~\n]{0,60}", ours in "[ -~\n]{0,40}") {
            let once = merged(&card, &ours, None);
            prop_assert!(holds_ours(&once));
            prop_assert_eq!(merged(&once, &ours, None), once);
        }
    }
}
