//! The thread that reads one camera: it waits for pictures, and opens the camera again when it was lost.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::error::CameraError;
use crate::inbox::Inbox;
use crate::source::Source;

/// Opens the camera, at first and again.
pub(crate) type Opener = Box<dyn FnMut() -> Result<Box<dyn Source>, CameraError> + Send>;

/// How long is waited for a picture at a time.
const GLANCE: Duration = Duration::from_millis(250);

/// How patient the reader is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Without a picture for so long, the camera is opened again.
    pub(crate) stall: Duration,
    /// A camera that is lost may be away for so long. A recorder gives up after 10 s of silence, so the reason is known before.
    pub(crate) away: Duration,
    /// From one attempt to open it to the next.
    pub(crate) between: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            stall: Duration::from_secs(2),
            away: Duration::from_secs(8),
            between: Duration::from_millis(250),
        }
    }
}

/// Starts the thread.
///
/// # Errors
/// If the system gives none.
pub(crate) fn start(
    source: Box<dyn Source>,
    opener: Opener,
    inbox: Arc<Inbox>,
    patience: Patience,
) -> std::io::Result<thread::JoinHandle<()>> {
    let builder = thread::Builder::new().name("camera-reader".to_owned());
    builder.spawn(move || {
        let mut reader = Reader {
            opener,
            inbox: Arc::clone(&inbox),
            patience,
            base: 0,
            next: 0,
            last: None,
        };
        if let Err(why) = reader.run(source) {
            inbox.end(why);
        }
    })
}

struct Reader {
    opener: Opener,
    inbox: Arc<Inbox>,
    patience: Patience,
    /// What is added to the camera's count, which begins again when it is opened again.
    base: u64,
    /// The largest number that was given.
    next: u64,
    /// When it last gave a picture, if it ever did.
    last: Option<Instant>,
}

impl Reader {
    /// Until the inbox is closed, or the camera is lost for good.
    fn run(&mut self, mut source: Box<dyn Source>) -> Result<(), CameraError> {
        loop {
            let Err(lost) = self.read(&mut *source) else {
                return Ok(());
            };
            let Some(last) = self.last else {
                return Err(lost); // it never worked: that is not a cable
            };
            drop(source); // before it is opened again: most cameras can be open once only
            match self.open_again(&lost, last)? {
                Some(again) => source = again,
                None => return Ok(()),
            }
            // Whatever it lost meanwhile, at least one picture is missing.
            self.base = self.next + 2;
            self.inbox.count_reopened();
        }
    }

    /// Until the inbox is closed.
    fn read(&mut self, source: &mut dyn Source) -> Result<(), CameraError> {
        let opened = Instant::now();
        let mut first = None;
        while !self.inbox.is_closed() {
            let Some(mut shot) = source.next(GLANCE)? else {
                let since = self.last.map_or(opened, |last| last.max(opened));
                if since.elapsed() > self.patience.stall {
                    let seconds = self.patience.stall.as_secs_f64();
                    return Err(CameraError::failed(
                        "",
                        format!("it gave no picture for {seconds} s"),
                    ));
                }
                continue;
            };
            self.last = Some(Instant::now());
            // A driver that counts on over being opened again, and one that begins at zero, look the same from here on.
            let first = *first.get_or_insert(shot.sequence);
            shot.sequence = self.base + shot.sequence.saturating_sub(first);
            self.next = self.next.max(shot.sequence);
            if !self.inbox.put(shot) {
                break;
            }
        }
        Ok(())
    }

    /// Nothing if the inbox was closed meanwhile. A camera that can be opened and gives nothing is as lost as one that cannot.
    fn open_again(
        &mut self,
        lost: &CameraError,
        last: Instant,
    ) -> Result<Option<Box<dyn Source>>, CameraError> {
        let mut why = lost.problem().to_owned();
        loop {
            thread::sleep(self.patience.between);
            if self.inbox.is_closed() {
                return Ok(None);
            }
            let away = last.elapsed() > self.patience.away;
            match (self.opener)() {
                Ok(source) if !away => return Ok(Some(source)),
                Err(still) if away && still.problem() != lost.problem() => {
                    why = format!("{why}; {}", still.problem());
                }
                _ => {}
            }
            if away {
                let seconds = self.patience.away.as_secs_f64();
                let why = format!("{why}; it did not come back within {seconds} s");
                return Err(CameraError::failed("", why));
            }
        }
    }
}
