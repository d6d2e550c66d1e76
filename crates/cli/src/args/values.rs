//! Values as they are typed.

use std::num::NonZeroUsize;
use std::time::Duration;

use ulna_outside::duration;
use ulna_session::datasets::{Moment, NewValues, Number};

/// What is said of a text that is no time.
const NO_TIME: &str = "not a time such as 5, 5s, 500ms or 1m30s";

/// Whether something varies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Variation {
    /// As the scene's file says
    On,
    /// Always the middle of what it says, and no noise
    Off,
}

impl Variation {
    pub(crate) fn is_on(self) -> bool {
        self == Self::On
    }
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let duration = duration(text).ok_or_else(|| NO_TIME.to_owned())?;
    match !duration.is_zero() && duration.as_secs() < 1_000_000 {
        true => Ok(duration),
        false => Err("must be above zero, and less than a million seconds".to_owned()),
    }
}

pub(super) fn seconds_or_none(text: &str) -> Result<Duration, String> {
    match duration(text) {
        Some(Duration::ZERO) => Ok(Duration::ZERO),
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
    match (text.parse(), duration(text)) {
        (Ok(frame), _) => Ok(Moment::Frame(frame)),
        // A fraction without its unit could mean either.
        (_, Some(time)) if text.ends_with(char::is_alphabetic) && time.as_secs() < 1_000_000 => {
            Ok(Moment::Seconds(time.as_secs_f64()))
        }
        _ => Err("neither a frame's number nor a time such as 1.5s or 1m30s".to_owned()),
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
    fn times() {
        for (text, ms) in [("5", 5000), ("5s", 5000), ("1.5", 1500), ("1m30s", 90_000)] {
            assert_eq!(seconds(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        assert_eq!(seconds_or_none("0s"), Ok(Duration::ZERO));
        for wrong in ["", "0", "-1", "nan", "inf", "5 apples", "1e9", "9999999"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn moments() {
        assert_eq!(moment("12").unwrap(), Moment::Frame(12));
        assert_eq!(moment("1.5s").unwrap(), Moment::Seconds(1.5));
        assert_eq!(moment("1m30s").unwrap(), Moment::Seconds(90.0));
        for wrong in ["1.5", "-1s", "s", "infs", "nans", "1e300s"] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
    }
}
