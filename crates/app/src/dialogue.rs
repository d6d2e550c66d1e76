//! Talking with the person who holds the arm.

use crate::error::AppError;

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

    /// A line that has been typed since this was last asked, or why none will come; `None` if nothing was typed. Does not wait.
    fn heard(&mut self) -> Option<Told>;

    /// Shows what is going on now, in the place of what was shown before.
    fn show(&mut self, text: &str);

    /// Shows how far long work has come.
    fn progress(&mut self, done: u64, of: u64, text: &str);

    /// Takes away what was shown.
    fn clear(&mut self);

    /// Tells how far the whole has come, in place of what this told before; a dialogue of plain lines has no use for it.
    fn steps(&mut self, _steps: &[Step]) {}
}

/// A question that only the answers it names go on from.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// What is asked, without the answers.
    pub text: &'a str,
    /// What Enter does.
    pub enter: &'a str,
    /// Keys and what they do. `q` ends everything, unless it stands here.
    pub keys: &'a [(char, &'a str)],
    /// How things are if it ends here.
    pub left: &'a str,
}

/// An answer that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The Enter key alone.
    Enter,
    /// One of the question's keys, then Enter.
    Key(char),
}

impl Answer {
    /// What a typed line means, if it is Enter alone or one of these keys; capitals count as small letters.
    fn of(line: &str, keys: impl IntoIterator<Item = char>) -> Option<Self> {
        if line.is_empty() {
            return Some(Self::Enter);
        }
        let mut signs = line.trim().chars();
        let (Some(sign), None) = (signs.next(), signs.next()) else {
            return None;
        };
        let key = sign.to_ascii_lowercase();
        keys.into_iter().find(|known| *known == key).map(Self::Key)
    }
}

impl Question<'_> {
    /// What can be answered, in words.
    fn answers(&self) -> String {
        let mut words = vec![format!("Enter {}", self.enter)];
        words.extend(self.keys.iter().map(|(key, does)| format!("{key} {does}")));
        if self.keys.iter().all(|(key, _)| *key != QUIT) {
            words.push(format!("{QUIT} ends"));
        }
        words.join(", ")
    }
}

/// The key that ends everything.
const QUIT: char = 'q';

/// Asks somebody who must be there, again and again until the answer is one of those that the question names.
///
/// # Errors
/// [`AppError::Interrupted`] with the question's `left` after Ctrl-C and `q`; [`AppError::Usage`] if there is nobody to ask.
pub fn ask(talk: &mut dyn Dialogue, question: &Question<'_>) -> Result<Answer, AppError> {
    let answers = question.answers();
    let whole = format!("{} ({answers}):", question.text);
    let keys = question.keys.iter().map(|(key, _)| *key);
    let keys: Vec<char> = keys.chain([QUIT]).collect();
    loop {
        let line = typed(talk.ask(&whole), question.left)?;
        match Answer::of(&line, keys.iter().copied()) {
            Some(Answer::Key(QUIT)) if question.keys.iter().all(|(key, _)| *key != QUIT) => {
                return Err(ended(question.left));
            }
            Some(answer) => return Ok(answer),
            None => talk.say(&format!("`{line}` is no answer here: {answers}.")),
        }
    }
}

/// Whether Enter has been pressed since this was last asked; does not wait. Whatever else was typed is answered with a word.
///
/// # Errors
/// As [`ask`].
pub fn pressed(talk: &mut dyn Dialogue, left: &str) -> Result<bool, AppError> {
    while let Some(told) = talk.heard() {
        let line = typed(told, left)?;
        match Answer::of(&line, [QUIT]) {
            Some(Answer::Enter) => return Ok(true),
            Some(Answer::Key(_)) => return Err(ended(left)),
            None => talk.say(&format!(
                "`{line}` is no answer here: Enter goes on, {QUIT} ends."
            )),
        }
    }
    Ok(false)
}

/// Drops what was typed before a question; only `q` counts all the same.
///
/// # Errors
/// [`AppError::Interrupted`] after `q`.
pub fn forget_typed(talk: &mut dyn Dialogue, left: &str) -> Result<(), AppError> {
    while let Some(Told::Line(line)) = talk.heard() {
        if Answer::of(&line, [QUIT]) == Some(Answer::Key(QUIT)) {
            return Err(ended(left));
        }
    }
    Ok(())
}

fn ended(left: &str) -> AppError {
    AppError::Interrupted(format!("ended; {left}"))
}

fn typed(told: Told, left: &str) -> Result<String, AppError> {
    match told {
        Told::Line(line) => Ok(line),
        Told::Interrupted => Err(AppError::Interrupted(format!("interrupted; {left}"))),
        Told::Nobody => Err(AppError::Usage(format!(
            "this needs somebody to answer, but the input has ended ({left}): run it in a terminal"
        ))),
    }
}
