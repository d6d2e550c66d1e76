//! What was seen of a run, and what must have been.

/// What was seen of a run.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) console: String,
}

impl Seen {
    pub(super) fn says(&self, line: &str) -> bool {
        self.console.lines().any(|said| said.trim_end() == line)
    }

    pub(super) fn of_log(&self, log: &str, words: &[&str]) -> bool {
        let has = |word: &&str| self.lines_of(log).any(|line| line.contains(*word));
        words.iter().all(has)
    }

    /// The lines of a log.
    pub(super) fn lines_of(&self, log: &str) -> impl Iterator<Item = &str> {
        let prefix = format!("VM {log}| ");
        let lines = self.console.lines();
        lines.filter_map(move |said| said.strip_prefix(&prefix))
    }
}

/// One thing that must be so.
pub(super) struct Check {
    pub(super) what: &'static str,
    pub(super) holds: fn(&Seen) -> bool,
}
