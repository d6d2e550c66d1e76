//! At every question, only the answers that it names go on; whatever else is typed is asked again, and the end of the input writes nothing.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::VecDeque;
use std::path::Path;

use ulna_bringup::calibrate::{CalibrateOptions, calibrate};
use ulna_bringup::service::WorkOptions;
use ulna_bringup::setup::{Done, SetUp, SetupOptions, setup};
use ulna_bringup::{BringupError, Dialogue, DialogueReply, ports};
use ulna_drivers::calibration::use_folder;
use ulna_rt::Stop;

/// Words that people type when they mean something else than Enter.
const UNEXPECTED: [&str; 9] = [
    "skip", "no!", "quit", "hello", "x", " ", "yes", "qq", "\u{1b}[A",
];

/// A user who types these lines, then closes the input.
#[derive(Default)]
struct Script {
    lines: VecDeque<String>,
    asked: Vec<String>,
    said: Vec<String>,
}

impl Script {
    fn new<'a>(lines: impl IntoIterator<Item = &'a str>) -> Self {
        let lines = lines.into_iter().map(str::to_owned).collect();
        Self {
            lines,
            ..Self::default()
        }
    }

    fn next(&mut self) -> DialogueReply {
        self.lines
            .pop_front()
            .map_or(DialogueReply::EndOfInput, DialogueReply::Line)
    }

    /// How many servos were written to, by what was said.
    fn written(&self) -> usize {
        let said = self.said.iter();
        said.filter(|text| text.contains("read back")).count()
    }
}

impl Dialogue for Script {
    fn say(&mut self, text: &str) {
        self.said.push(text.to_owned());
    }
    fn ask(&mut self, question: &str) -> DialogueReply {
        self.asked.push(question.to_owned());
        self.next()
    }
    fn take_line(&mut self) -> Option<DialogueReply> {
        None
    }
    fn show(&mut self, _text: &str) {}
    fn progress(&mut self, _done: u64, _of: u64, _text: &str) {}
    fn clear(&mut self) {}
}

fn simulated() -> WorkOptions {
    WorkOptions {
        sim: true,
        ..WorkOptions::default()
    }
}

fn set_up(identify: bool, script: &mut Script) -> Result<SetUp, BringupError> {
    let options = SetupOptions {
        work: simulated(),
        wiggle: false,
        identify,
    };
    setup(&options, &Stop::new(), script)
}

#[test]
fn setup_writes_no_id_for_a_word() {
    let mut script = Script::new(UNEXPECTED);
    let error = set_up(false, &mut script).unwrap_err();
    assert!(matches!(error, BringupError::NoAnswer { .. }), "{error}");
    assert_eq!(script.written(), 0, "{:?}", script.said);
    assert_eq!(script.asked.len(), UNEXPECTED.len() + 1);
    let answered = |word| script.said.iter().any(|text| text.contains(word));
    assert!(answered("`quit` is no answer here: Enter"));
}

#[test]
fn q_ends_a_setup_and_what_is_done_stays() {
    for quit in ["q", "Q", " q "] {
        let mut script = Script::new(["", "", quit, "", ""]);
        let error = set_up(false, &mut script).unwrap_err();
        assert!(matches!(error, BringupError::Quit { .. }), "{error}");
        assert!(error.to_string().contains("keep their ids"), "{error}");
        assert_eq!(script.written(), 2, "{:?}", script.said);
    }
}

#[test]
fn words_between_the_answers_change_nothing() {
    // Each servo, then the whole chain.
    let lines = (0..7).flat_map(|_| ["hello", ""]);
    let report = set_up(false, &mut Script::new(lines)).unwrap();
    assert!(report.complete);
    assert!(
        report
            .joints
            .iter()
            .all(|joint| joint.done != Done::Skipped)
    );
}

#[test]
fn identify_moves_nothing_for_a_word() {
    let mut script = Script::new(UNEXPECTED.into_iter().chain(["s", "q"]));
    let report = set_up(true, &mut script).unwrap();
    let done: Vec<Done> = report.joints.iter().map(|joint| joint.done).collect();
    assert_eq!(done, [Done::Skipped], "{:?}", script.said);
}

#[test]
fn a_calibration_is_not_written_for_a_word_nor_at_the_end_of_the_input() {
    let folder = tempfile::tempdir().unwrap();
    use_folder(folder.path());
    let options = CalibrateOptions {
        work: simulated(),
        ..CalibrateOptions::default()
    };
    let run = |options: &CalibrateOptions, lines: &[&str]| {
        let mut script = Script::new(lines.iter().copied());
        calibrate(options, &Stop::new(), &mut script).map(|_| ())
    };
    let empty = || files(folder.path()) == 0;
    // The first question, the sweep, the resting pose.
    for lines in [&UNEXPECTED[..], &["", "hello"], &[""], &["", "q"], &["q"]] {
        run(&options, lines).unwrap_err();
        assert!(empty(), "{lines:?}");
    }
    run(&options, &["no", "", "no", ""]).unwrap();
    assert!(!empty());
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

#[test]
fn ports_find_waits_for_enter() {
    let mut script = Script::new(["done", "", "what?", ""]);
    assert!(
        ports::find(true, None, &mut script)
            .unwrap()
            .plugged_in_again
    );
    let mut script = Script::new(["done", "q"]);
    let error = ports::find(true, None, &mut script).unwrap_err();
    assert!(error.to_string().contains("nothing was changed"), "{error}");
}
