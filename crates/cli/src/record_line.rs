//! What the live line says of a recording.

use ulna_robot::RobotKind;
use ulna_session::client::SessionEvent;
use ulna_session::{Phase, Progress};

use crate::live::Status;
use crate::status::{TickLine, leaving};

/// Free bytes below which they are shown.
const SCARCE: u64 = 2_000_000_000;

/// The keys, in full and in few columns.
const KEYS: [&str; 2] = ["n next  r again  q stop", "n r q"];

/// A recording as one line.
#[derive(Debug)]
pub(crate) struct RecordLine {
    ticks: TickLine,
    fps: f64,
    keyboard: bool,
    /// Of the newest tick.
    alarms: Vec<String>,
    leaving: Option<String>,
    progress: Option<Progress>,
}

impl RecordLine {
    /// For rows at `fps` of this robot; with `keyboard` the keys are shown.
    pub(crate) fn new(kind: &RobotKind, fps: u32, keyboard: bool) -> Self {
        Self {
            ticks: TickLine::of(kind),
            fps: f64::from(fps.max(1)),
            keyboard,
            alarms: Vec::new(),
            leaving: None,
            progress: None,
        }
    }

    /// Takes what a session says; true if the line is another one now.
    pub(crate) fn event(&mut self, event: &SessionEvent) -> bool {
        match event {
            SessionEvent::Tick(tick) => self.alarms = self.ticks.alarms(tick),
            SessionEvent::Leaving(what) => self.leaving = Some(leaving(what)),
            SessionEvent::Recording(progress) => self.progress = Some(*progress),
            _ => return false,
        }
        true
    }

    /// How it stands.
    pub(crate) fn status(&self) -> Status {
        let Some(progress) = &self.progress else {
            return Status::default();
        };
        let Progress {
            spooled,
            replaced,
            late,
            free,
            ..
        } = *progress;
        let mut alarms: Vec<String> = self.leaving.iter().cloned().collect();
        // That it is on its way is what the line says anyway.
        let is_going = progress.approaching;
        let news = self.alarms.iter().filter(|_| !is_going).cloned();
        alarms.extend(news);
        if (spooled, replaced) != (0, 0) {
            alarms.push(format!(
                "ENCODERS BEHIND: {spooled} on disk, {replaced} replaced"
            ));
        }
        if late > 0 {
            alarms.push(format!("LATE: {late} frames"));
        }
        if let Some(free) = free.filter(|free| *free < SCARCE) {
            alarms.push(format!("DISK: {} MB free", free / 1_000_000));
        }
        let keys = match self.keyboard && progress.phase != Phase::Over {
            true => KEYS.map(str::to_owned).to_vec(),
            false => Vec::new(),
        };
        Status {
            alarms,
            levels: self.levels(progress),
            keys,
        }
    }

    fn levels(&self, progress: &Progress) -> Vec<String> {
        let Progress {
            phase,
            approaching,
            episode,
            episodes,
            before,
            row,
            rows,
            saved,
            failed,
            ..
        } = *progress;
        let (episode, episodes) = (before + episode, before + episodes);
        let seconds = |rows: u64| rows as f64 / self.fps;
        let (now, all) = (seconds(row), seconds(rows));
        match phase {
            Phase::Waiting | Phase::Reset if approaching => vec![
                "going to the leader … (n begins at once)".to_owned(),
                "going to the leader …".to_owned(),
            ],
            Phase::Waiting => vec![
                "waiting for arm and cameras".to_owned(),
                "waiting".to_owned(),
            ],
            Phase::Recording => vec![
                format!(
                    "RECORDING episode {episode} of {episodes}  {now:.1} of {all:.1} s  saved {saved}"
                ),
                format!("RECORDING {episode}/{episodes}  {now:.1}/{all:.0} s  saved {saved}"),
                format!("REC {episode}/{episodes} {now:.0}/{all:.0} s"),
            ],
            Phase::Reset => vec![
                format!(
                    "reset the scene; next: episode {} of {episodes}  {now:.1} of {all:.1} s  saved {saved}",
                    episode + 1
                ),
                format!(
                    "reset; next {}/{episodes}  {now:.1}/{all:.0} s",
                    episode + 1
                ),
                format!("reset {now:.0}/{all:.0} s"),
            ],
            Phase::Over if failed => vec!["ending after a fault".to_owned()],
            Phase::Over => vec![format!("saving  saved {saved}"), "saving".to_owned()],
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn line(progress: Progress) -> RecordLine {
        let kind = ulna_robot::files::find("so101").unwrap();
        let mut line = RecordLine::new(&kind, 30, true);
        assert!(line.event(&SessionEvent::Recording(progress)));
        line
    }

    #[test]
    fn an_arm_on_its_way_is_not_recording() {
        let line = line(Progress {
            phase: Phase::Waiting,
            approaching: true,
            ..Progress::default()
        });
        assert!(line.status().levels[0].starts_with("going to the leader"));
    }

    #[test]
    fn episodes_are_counted_with_those_before() {
        let status = line(Progress {
            phase: Phase::Recording,
            episode: 1,
            episodes: 2,
            before: 3,
            row: 45,
            rows: 300,
            spooled: 2,
            free: Some(1_500_000_000),
            ..Progress::default()
        })
        .status();
        assert_eq!(
            status.levels[0],
            "RECORDING episode 4 of 5  1.5 of 10.0 s  saved 0"
        );
        assert_eq!(status.alarms.len(), 2);
        assert_eq!(status.keys[0], KEYS[0]);
    }
}
