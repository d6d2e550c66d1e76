//! Values as they are typed.

use std::num::NonZeroUsize;
use std::time::Duration;

use ulna_session::datasets::{Moment, NewValues, Number};

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "not a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|duration| !duration.is_zero() && duration.as_secs() < 1_000_000)
        .ok_or_else(|| "must be above zero, and less than a million seconds".to_owned())
}

pub(super) fn seconds_or_none(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(0.0) => Ok(Duration::ZERO),
        _ => seconds(text),
    }
}

/// More than any computer here has; each thread takes memory at once.
const MOST_THREADS: usize = 256;

pub(super) fn threads(text: &str) -> Result<NonZeroUsize, String> {
    let threads = text.parse().ok().and_then(NonZeroUsize::new);
    threads
        .filter(|threads| threads.get() <= MOST_THREADS)
        .ok_or_else(|| format!("not a number from 1 to {MOST_THREADS}"))
}

pub(super) fn size(text: &str) -> Result<(u32, u32), String> {
    let sides = text.split_once('x');
    sides
        .and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)))
        .ok_or_else(|| "not of the form 640x480".to_owned())
}

/// Numbers of episodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Episodes(pub(crate) Vec<u64>);

/// More than any dataset holds; a longer list is a slip of the finger.
pub(super) const MOST_EPISODES: u64 = 1_000_000;

pub(super) fn episodes(text: &str) -> Result<Episodes, String> {
    let mut all = Vec::new();
    for piece in text.split(',') {
        let piece = piece.trim();
        let (first, last) = piece.split_once('-').unwrap_or((piece, piece));
        let number = |text: &str| text.trim().parse::<u64>().ok();
        let room = MOST_EPISODES.saturating_sub(all.len() as u64);
        match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last && last - first < room => {
                all.extend(first..=last);
            }
            _ => {
                return Err(format!(
                    "`{piece}` is no episode or range; such as 1,3-5 is expected"
                ));
            }
        }
    }
    all.sort_unstable();
    all.dedup();
    Ok(Episodes(all))
}

fn named(text: &str) -> Result<(String, &str), String> {
    text.split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, rest)| (name.to_owned(), rest))
        .ok_or_else(|| "not of the form NAME=…".to_owned())
}

pub(super) fn fraction(text: &str) -> Result<(String, f64), String> {
    let (name, share) = named(text)?;
    match share.parse() {
        Ok(share) if share > 0.0 && share <= 1.0 => Ok((name, share)),
        _ => Err("the share must lie between 0 and 1".to_owned()),
    }
}

pub(super) fn part(text: &str) -> Result<(String, Vec<u64>), String> {
    let (name, list) = named(text)?;
    Ok((name, episodes(list)?.0))
}

pub(super) fn moment(text: &str) -> Result<Moment, String> {
    let seconds = text.strip_suffix('s').map(str::parse::<f64>);
    match (seconds, text.parse()) {
        (Some(Ok(seconds)), _) if (0.0..1e6).contains(&seconds) => Ok(Moment::Seconds(seconds)),
        (None, Ok(frame)) => Ok(Moment::Frame(frame)),
        _ => Err("neither a frame's number nor seconds such as 1.5s".to_owned()),
    }
}

pub(super) fn new_values(text: &str) -> Result<(String, NewValues), String> {
    let (key, values) = named(text)?;
    let numbers: Result<Vec<f64>, _> = values.split(',').map(|v| v.trim().parse()).collect();
    let values = match (numbers, values) {
        (Ok(numbers), _) => NewValues::Constant(numbers),
        (_, path) if path.ends_with(".npy") => NewValues::Numpy(path.into()),
        (_, path) if path.ends_with(".parquet") => NewValues::Parquet(path.into()),
        _ => return Err("neither numbers nor a .npy or .parquet file".to_owned()),
    };
    Ok((key, values))
}

pub(super) fn dtype(text: &str) -> Result<Number, String> {
    Number::named(text).ok_or_else(|| "not a type such as float32, int64 or bool".to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn lists_of_episodes() {
        assert_eq!(episodes("5,1, 2-4,3").unwrap().0, [1, 2, 3, 4, 5]);
        for wrong in [
            "",
            "a",
            "3-1",
            "1-",
            "1,,2",
            "0-18446744073709551615",
            "0-999999,0-999999",
        ] {
            assert!(episodes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn moments() {
        assert_eq!(moment("12").unwrap(), Moment::Frame(12));
        assert_eq!(moment("1.5s").unwrap(), Moment::Seconds(1.5));
        for wrong in ["1.5", "-1s", "s", "infs", "nans", "1e300s"] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
    }
}
