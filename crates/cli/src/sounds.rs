//! Sounds at the beginning and the end of an episode, for operators who look at the arm and have no hand free.

use std::io::{self, IsTerminal, Write};
use std::process::{Child, Command, Stdio};

use anyhow::{Result, bail};
use clap::ValueEnum;
use ulna_session::{Phase, Progress};

/// How it is announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sounds {
    /// Not at all
    Off,
    /// The terminal's bell: once when an episode begins, twice when it ends
    Bell,
    /// A voice says it
    Voice,
}

/// Programs that speak what they are given: those of macOS and of Linux desktops, in the order of how good they sound.
const VOICES: [&str; 4] = ["say", "spd-say", "espeak-ng", "espeak"];

/// Announces what changes from one progress to the next.
#[derive(Debug)]
pub(crate) struct Announcer {
    sounds: Sounds,
    voice: Option<&'static str>,
    speaking: Vec<Child>,
    last: Phase,
}

impl Announcer {
    /// Refuses a voice where nothing can speak.
    pub(crate) fn new(sounds: Sounds) -> Result<Self> {
        let mut voice = None;
        if sounds == Sounds::Voice {
            voice = VOICES.into_iter().find(|program| is_on_path(program));
            if voice.is_none() {
                bail!(
                    "--sounds voice needs a program that speaks, one of {}; none is on the PATH. Install one, or use --sounds bell",
                    VOICES.join(", ")
                );
            }
        }
        Ok(Self {
            sounds,
            voice,
            speaking: Vec::new(),
            last: Phase::Waiting,
        })
    }

    /// Announces a phase that has begun.
    pub(crate) fn announce(&mut self, progress: &Progress) {
        if progress.phase == self.last {
            return;
        }
        self.last = progress.phase;
        match self.sounds {
            Sounds::Off => {}
            Sounds::Bell => ring(progress),
            Sounds::Voice => self.say(&words(progress)),
        }
    }

    fn say(&mut self, words: &str) {
        self.speaking
            .retain_mut(|child| matches!(child.try_wait(), Ok(None)));
        let Some(voice) = self.voice else { return };
        let spoken = Command::new(voice)
            .arg(words)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        // A voice that fails must not end a recording; the progress line says the same.
        if let Ok(child) = spoken {
            self.speaking.push(child);
        }
    }
}

impl Drop for Announcer {
    /// Lets the last words be finished.
    fn drop(&mut self) {
        for child in &mut self.speaking {
            let _ = child.wait();
        }
    }
}

fn is_on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn ring(progress: &Progress) {
    let bells = match progress.phase {
        Phase::Recording => "\x07",
        Phase::Reset | Phase::Over => "\x07\x07",
        Phase::Waiting => "",
    };
    let mut stderr = io::stderr();
    if stderr.is_terminal() {
        let _ = stderr.write_all(bells.as_bytes());
    }
}

/// What LeRobot says at these moments, in ulna's words.
fn words(progress: &Progress) -> String {
    match progress.phase {
        Phase::Waiting => "Waiting".to_owned(),
        Phase::Recording => format!("Episode {}", progress.before + progress.episode),
        Phase::Reset => "Reset the scene".to_owned(),
        Phase::Over if progress.failed => "Stopped by a fault".to_owned(),
        Phase::Over => "Recording is over".to_owned(),
    }
}
