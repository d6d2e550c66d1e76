//! Talking with the person who holds the arm.

use crate::error::BringupError;

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// A line, without its end; empty if only Enter was pressed.
    Line(String),
    /// Ctrl-C.
    Interrupted,
    /// There is nobody to ask.
    Nobody,
}

/// One thing to do of several, for a checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What it is about.
    pub name: String,
    /// How far it has come.
    pub state: StepState,
    /// What became of it; what to do, if it is its turn; what it will be, if it is to come.
    pub note: String,
}

/// How far a step has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// It waits for its turn.
    ToCome,
    /// It is its turn.
    Now,
    /// It is over.
    Done,
}

/// Somebody at a terminal, a script, or nobody.
pub trait Dialogue {
    /// Says something that stays.
    fn say(&mut self, text: &str);

    /// Asks, and waits for the Enter key.
    fn ask(&mut self, question: &str) -> Told;

    /// Whether the Enter key has been pressed since this was last asked; does not wait.
    fn pressed(&mut self) -> bool;

    /// Shows what is going on now, in the place of what was shown before.
    fn show(&mut self, text: &str);

    /// Shows how far long work has come.
    fn progress(&mut self, done: u64, of: u64, text: &str);

    /// Takes away what was shown.
    fn clear(&mut self);

    /// Tells how far the whole has come, in place of what this told before; a dialogue of plain lines has no use for it.
    fn steps(&mut self, _steps: &[Step]) {}
}

/// Asks somebody who must be there.
///
/// # Errors
/// [`BringupError::Interrupted`] with `left`, which says how things are; [`BringupError::Usage`] if there is nobody to ask.
pub fn ask(talk: &mut dyn Dialogue, question: &str, left: &str) -> Result<String, BringupError> {
    match talk.ask(question) {
        Told::Line(line) => Ok(line.trim().to_lowercase()),
        Told::Interrupted => Err(BringupError::Interrupted(format!("interrupted; {left}"))),
        Told::Nobody => Err(BringupError::Usage(format!(
            "this needs somebody to answer, but the input has ended ({left}): run it in a terminal"
        ))),
    }
}
