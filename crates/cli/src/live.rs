//! One line on stderr that is always up to date, in as many columns as the terminal has; nothing if stderr is no terminal.

use ulna_outside::Printable;

use crate::print::notes;
use crate::wrap::{columns, cut};
use crate::{paint, region};

/// What a line says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Status {
    /// What must not be overlooked: it comes first.
    pub(crate) alarms: Vec<String>,
    /// The rest, in full, and then in fewer and fewer columns.
    pub(crate) levels: Vec<String>,
    /// The keys, from which something can be left out as well: they come last, and stay.
    pub(crate) keys: Vec<String>,
}

impl Status {
    /// The same with what names from outside hold shown as text.
    fn printable(&self) -> Self {
        let all = |texts: &[String]| {
            texts
                .iter()
                .map(|text| Printable(text).to_string())
                .collect()
        };
        Self {
            alarms: all(&self.alarms),
            levels: all(&self.levels),
            keys: all(&self.keys),
        }
    }

    /// The line in these columns, with how many bytes of it are alarms: the fullest text that fits next to alarms and keys, cut off only
    /// where even the shortest does not.
    fn fit(&self, width: usize) -> (usize, String) {
        let alarms = self.alarms.join("  ");
        let gap = |text: &str| if text.is_empty() { "" } else { "  " };
        let room = |keys: &str| {
            let taken =
                columns(&alarms) + columns(gap(&alarms)) + columns(keys) + columns(gap(keys));
            width.saturating_sub(taken)
        };
        let none = vec![String::new()];
        let keys = if self.keys.is_empty() {
            &none
        } else {
            &self.keys
        };
        let levels = if self.levels.is_empty() {
            &none
        } else {
            &self.levels
        };
        let all = || {
            keys.iter()
                .flat_map(|keys| levels.iter().map(move |level| (keys, level)))
        };
        let fits = all().find(|(keys, level)| columns(level) <= room(keys));
        let shortest = (keys.last(), levels.last());
        let (keys, level) = match (fits, shortest) {
            (Some((keys, level)), _) => (keys.as_str(), level.clone()),
            (None, (Some(keys), Some(level))) => (keys.as_str(), cut(level, room(keys))),
            (None, _) => ("", String::new()),
        };
        let line = format!("{alarms}{}{level}{}{keys}", gap(&alarms), gap(keys));
        let line = cut(&line, width);
        (alarms.len().min(line.len()), line)
    }
}

/// The line, until it is dropped.
#[derive(Debug)]
pub(crate) struct LiveLine {
    shown: bool,
}

impl LiveLine {
    /// No line yet.
    pub(crate) fn new() -> Self {
        Self {
            shown: region::can_draw(),
        }
    }

    /// Shows this in the place of what was there.
    pub(crate) fn show(&mut self, status: &Status) {
        if !self.shown {
            return;
        }
        let (width, _) = region::room();
        let (alarms, line) = status.printable().fit(width.saturating_sub(1));
        let (alarm, rest) = line.split_at_checked(alarms).unwrap_or(("", &line));
        let (on, off) = match paint::on_stderr() && !alarm.is_empty() {
            true => (
                paint::ALARM.render().to_string(),
                paint::ALARM.render_reset().to_string(),
            ),
            false => (String::new(), String::new()),
        };
        let coloured = format!("{on}{alarm}{off}{rest}");
        region::draw(&[(line, coloured)]);
    }

    /// Prints lines that stay, above the line.
    pub(crate) fn say(&mut self, text: impl std::fmt::Display) {
        notes(text);
    }
}

impl Drop for LiveLine {
    fn drop(&mut self) {
        drop(region::erased());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status() -> Status {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Status {
            alarms: words(&["NO ANSWER elbow"]),
            levels: words(&[
                "12.3 s  pan 1.0  lift 2.0  elbow 3.0",
                "12.3 s  pan 1  lift 2",
                "12.3 s",
            ]),
            keys: words(&["n next  r again  q stop", "n r q"]),
        }
    }

    #[test]
    fn alarms_come_first_and_keys_stay() {
        let line = |width| status().fit(width).1;
        assert_eq!(
            line(80),
            "NO ANSWER elbow  12.3 s  pan 1.0  lift 2.0  elbow 3.0  n next  r again  q stop"
        );
        assert_eq!(
            line(65),
            "NO ANSWER elbow  12.3 s  pan 1  lift 2  n next  r again  q stop"
        );
        assert_eq!(line(48), "NO ANSWER elbow  12.3 s  n next  r again  q stop");
        assert_eq!(line(30), "NO ANSWER elbow  12.3 s  n r q");
        assert_eq!(line(10), "NO ANSWER…");
    }

    #[test]
    fn no_width_is_exceeded_and_alarms_are_never_split_wrongly() {
        for width in 0..120 {
            for status in [status(), Status::default()] {
                let (alarms, line) = status.fit(width);
                assert!(columns(&line) <= width, "{width}: {line}");
                assert!(line.len() >= alarms);
            }
        }
    }
}
