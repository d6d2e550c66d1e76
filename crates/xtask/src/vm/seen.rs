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
        let prefix = format!("VM {log}| ");
        let lines = || {
            self.console
                .lines()
                .filter_map(|said| said.strip_prefix(&prefix))
        };
        words
            .iter()
            .all(|word| lines().any(|line| line.contains(word)))
    }
}

/// One thing that must be so.
pub(super) struct Check {
    pub(super) what: &'static str,
    pub(super) holds: fn(&Seen) -> bool,
}
