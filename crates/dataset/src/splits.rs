//! The `splits` of `info.json`: names for ranges of episodes, as Python slices such as `0:80`.

use std::ops::Range;

use serde_json::{Map, Value, json};

/// The splits of a dataset that has this many episodes now: the one that holds all episodes grows, others stay.
pub(crate) fn grown(splits: Option<&Value>, episodes: u64) -> Value {
    let all = json!({"train": format!("0:{episodes}")});
    let Some(Value::Object(map)) = splits else {
        return all;
    };
    let whole = map.iter().all(|(name, range)| {
        let text = range.as_str().unwrap_or_default();
        name == "train" && text.trim_start().starts_with("0:")
    });
    match whole {
        true => all,
        false => Value::Object(map.clone()),
    }
}

/// The splits after an edit. `episodes` has, for each episode of the result, its number in the dataset that the splits are
/// of; none for those of other datasets. The second value names what could not be kept.
pub(crate) fn remapped(
    splits: &Value,
    before: u64,
    episodes: &[Option<u64>],
) -> (Value, Vec<String>) {
    let mut notes = Vec::new();
    let Value::Object(map) = splits else {
        return (splits.clone(), notes);
    };
    let mut out = Map::new();
    for (name, range) in map {
        let Some(range) = range.as_str().and_then(|text| parse(text, before)) else {
            notes.push(format!(
                "the split `{name}` in meta/info.json is no range of episodes, and was left as it is"
            ));
            out.insert(name.clone(), range.clone());
            continue;
        };
        let numbers = episodes.iter().enumerate();
        let members = numbers.filter(|(_, old)| old.is_some_and(|old| range.contains(&old)));
        let members: Vec<u64> = members.map(|(number, _)| number as u64).collect();
        out.insert(name.clone(), json!(text(&members, episodes, &range)));
    }
    (Value::Object(out), notes)
}

/// `a:b` over `count` episodes, as Python takes it.
fn parse(text: &str, count: u64) -> Option<Range<u64>> {
    let (from, to) = text.split_once(':')?;
    let end = |text: &str, default: u64| match text.trim() {
        "" => Some(default),
        text => {
            let number: i64 = text.parse().ok()?;
            Some(match u64::try_from(number) {
                Ok(number) => number.min(count),
                Err(_) => count.saturating_sub(number.unsigned_abs()),
            })
        }
    };
    Some(end(from, 0)?..end(to, count)?)
}

/// Episodes as ranges; an empty one stands where its episodes stood.
fn text(members: &[u64], episodes: &[Option<u64>], old: &Range<u64>) -> String {
    let mut runs: Vec<Range<u64>> = Vec::new();
    for &member in members {
        match runs.last_mut() {
            Some(run) if run.end == member => run.end += 1,
            _ => runs.push(member..member + 1),
        }
    }
    if runs.is_empty() {
        let before = episodes
            .iter()
            .flatten()
            .filter(|number| **number < old.start);
        let at = before.count();
        return format!("{at}:{at}");
    }
    let runs: Vec<String> = runs
        .iter()
        .map(|run| format!("{}:{}", run.start, run.end))
        .collect();
    runs.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_split_grows_and_others_stay() {
        assert_eq!(grown(None, 3), json!({"train": "0:3"}));
        assert_eq!(
            grown(Some(&json!({"train": "0:2"})), 3),
            json!({"train": "0:3"})
        );
        let two = json!({"train": "0:2", "val": "2:3"});
        assert_eq!(grown(Some(&two), 4), two);
    }

    #[test]
    fn ranges_follow_their_episodes() {
        let two = json!({"train": "0:2", "val": "2:"});
        let kept = |kept: &[u64]| {
            let kept: Vec<Option<u64>> = kept.iter().copied().map(Some).collect();
            remapped(&two, 3, &kept).0
        };
        assert_eq!(kept(&[0, 1, 2]), json!({"train": "0:2", "val": "2:3"}));
        assert_eq!(kept(&[1, 2]), json!({"train": "0:1", "val": "1:2"}));
        assert_eq!(kept(&[0, 1]), json!({"train": "0:2", "val": "2:2"}));
        assert_eq!(kept(&[0, 2, 1]), json!({"train": "0:1,2:3", "val": "1:2"}));
        let odd = json!({"train": [0, 1]});
        let (same, notes) = remapped(&odd, 3, &[Some(0)]);
        assert_eq!((same, notes.len()), (odd, 1));
    }
}
