//! Talking with the person who holds the arm.

/// What comes back from the front end after a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DialogueReply {
    /// A line, without its end; empty if only Enter was pressed.
    Line(String),
    /// Ctrl-C.
    Interrupted,
    /// The input has ended: there is no person to ask.
    EndOfInput,
}

/// One thing to do of several, for a checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChecklistStep {
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

/// The front end's side of a procedure: a person at a terminal, a script, or a closed input.
pub trait Dialogue {
    /// Says something that stays.
    fn say(&mut self, text: &str);

    /// Asks, and waits for the Enter key.
    fn ask(&mut self, question: &str) -> DialogueReply;

    /// A line that has been typed since the last question or call, or why none will come; `None` if nothing was typed. Does not wait.
    fn take_line(&mut self) -> Option<DialogueReply>;

    /// Shows what is going on now, in the place of what was shown before.
    fn show(&mut self, text: &str);

    /// Shows how far long work has come.
    fn progress(&mut self, done: u64, of: u64, text: &str);

    /// Takes away what was shown.
    fn clear(&mut self);

    /// Shows how far the whole procedure has come, in place of the last such list; a dialogue of plain lines has no use for it.
    fn steps(&mut self, _steps: &[ChecklistStep]) {}
}
