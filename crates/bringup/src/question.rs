//! Questions that only the answers they name go on from.

use crate::dialogue::{Dialogue, DialogueReply};
use crate::error::BringupError;

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
pub enum Pressed {
    /// The Enter key alone.
    Enter,
    /// One of the question's keys, then Enter.
    Key(char),
}

impl Pressed {
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
        if !self.names_quit() {
            words.push(format!("{QUIT} ends"));
        }
        words.join(", ")
    }

    fn names_quit(&self) -> bool {
        self.keys.iter().any(|(key, _)| *key == QUIT)
    }
}

/// The key that ends everything.
const QUIT: char = 'q';

/// Asks again and again until the answer is one of those that the question names.
///
/// # Errors
/// With the question's `left`: [`BringupError::Interrupted`] after Ctrl-C, [`BringupError::Quit`] after `q`,
/// [`BringupError::NoAnswer`] if the input has ended.
pub fn ask(talk: &mut dyn Dialogue, question: &Question<'_>) -> Result<Pressed, BringupError> {
    let answers = question.answers();
    let whole = format!("{} ({answers}):", question.text);
    let keys = question.keys.iter().map(|(key, _)| *key);
    let keys: Vec<char> = keys.chain([QUIT]).collect();
    loop {
        let line = typed(talk.ask(&whole), question.left)?;
        match Pressed::of(&line, keys.iter().copied()) {
            Some(Pressed::Key(QUIT)) if !question.names_quit() => return Err(quit(question.left)),
            Some(answer) => return Ok(answer),
            None => talk.say(&format!("`{line}` is no answer here: {answers}.")),
        }
    }
}

/// Whether Enter has been pressed since the last question or call; does not wait. Anything else that was typed is answered with a
/// sentence.
///
/// # Errors
/// As [`ask`].
pub fn pressed(talk: &mut dyn Dialogue, left: &str) -> Result<bool, BringupError> {
    while let Some(reply) = talk.take_line() {
        let line = typed(reply, left)?;
        match Pressed::of(&line, [QUIT]) {
            Some(Pressed::Enter) => return Ok(true),
            Some(Pressed::Key(_)) => return Err(quit(left)),
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
/// [`BringupError::Quit`] after `q`.
pub fn forget_typed(talk: &mut dyn Dialogue, left: &str) -> Result<(), BringupError> {
    while let Some(DialogueReply::Line(line)) = talk.take_line() {
        if Pressed::of(&line, [QUIT]) == Some(Pressed::Key(QUIT)) {
            return Err(quit(left));
        }
    }
    Ok(())
}

fn quit(left: &str) -> BringupError {
    let left = left.to_owned();
    BringupError::Quit { left }
}

fn typed(reply: DialogueReply, left: &str) -> Result<String, BringupError> {
    let left = || left.to_owned();
    match reply {
        DialogueReply::Line(line) => Ok(line),
        DialogueReply::Interrupted => Err(BringupError::Interrupted { left: left() }),
        DialogueReply::EndOfInput => Err(BringupError::NoAnswer { left: left() }),
    }
}
