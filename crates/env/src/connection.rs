//! One client: requests come in, replies go out, until it ends, vanishes, or all is to stop.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde::Serialize;
use ulna_rt::Stop;

use crate::frame::{FrameReader, LONGEST_REQUEST};
use crate::message::{Hello, Refusal, RefusalKind, Reply, Request, read, written};
use crate::worlds::Worlds;

/// Bytes that are read at once.
const PIECE: usize = 64 << 10;
/// How often it is looked whether all is to stop.
const GLANCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};

/// Why a connection is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The client said so, or is gone.
    Client,
    /// A signal.
    Stopped,
}

/// A client that is connected.
pub(crate) struct Connection<'a> {
    stream: UnixStream,
    /// Where others come meanwhile.
    others: Option<&'a UnixListener>,
    stop: &'a Stop,
    frames: FrameReader,
    piece: Vec<u8>,
}

/// What became of waiting for a request.
enum Came {
    Frame(Vec<u8>),
    /// It says how long it is, and that is too long.
    TooLong(Refusal),
    Ended(Ended),
}

impl<'a> Connection<'a> {
    /// Serves this client; others that come to `others` meanwhile are sent away.
    ///
    /// # Errors
    /// If the socket cannot be set up.
    pub(crate) fn new(
        stream: UnixStream,
        others: Option<&'a UnixListener>,
        stop: &'a Stop,
    ) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream,
            others,
            stop,
            frames: FrameReader::new(LONGEST_REQUEST),
            piece: vec![0; PIECE],
        })
    }

    /// Says hello and answers requests until the end. A client that is gone is no fault.
    pub(crate) fn serve(mut self, hello: &Hello, mut worlds: Worlds) -> Ended {
        if let Err(ended) = self.send(&Reply::Hello(Box::new(hello.clone()))) {
            return ended;
        }
        loop {
            let content = match self.wait() {
                Came::Frame(content) => content,
                Came::TooLong(refusal) => {
                    return self
                        .send(&Reply::Error(refusal))
                        .err()
                        .unwrap_or(Ended::Client);
                }
                Came::Ended(ended) => return ended,
            };
            let answer = match read::<Request>(&content) {
                Ok(Request::Reset(reset)) => worlds.reset(reset),
                Ok(Request::Step(step)) => worlds.step(&step),
                Ok(Request::Render(render)) => worlds.render(&render),
                Ok(Request::Close) => {
                    let sent = self.send(&Reply::Closed);
                    return sent.err().unwrap_or(Ended::Client);
                }
                Err(error) => {
                    let why = format!("this is no request: {error}");
                    Err(Refusal::new(RefusalKind::Request, why))
                }
            };
            // A signal ends episodes, too: that is no fault of them.
            if self.stop.requested().is_some() {
                return Ended::Stopped;
            }
            let reply = answer.unwrap_or_else(Reply::Error);
            if let Err(ended) = self.send(&reply) {
                return ended;
            }
        }
    }

    /// The next frame. No more is read than one needs, so a client that asks for more than it hears fills its own buffer.
    fn wait(&mut self) -> Came {
        loop {
            match self.frames.frame() {
                Ok(Some(content)) => return Came::Frame(content),
                Err(error) => return Came::TooLong(Refusal::new(RefusalKind::Frame, error)),
                Ok(None) => {}
            }
            if let Err(ended) = self.until(PollFlags::IN) {
                return Came::Ended(ended);
            }
            match self.stream.read(&mut self.piece) {
                Ok(0) => return Came::Ended(Ended::Client),
                Ok(count) => self.frames.push(&self.piece[..count]),
                Err(error) if waits(&error) => {}
                Err(_) => return Came::Ended(Ended::Client),
            }
        }
    }

    fn send(&mut self, message: &impl Serialize) -> Result<(), Ended> {
        // What the environments can show goes into a reply: that was checked.
        let bytes = written(message).map_err(|_| Ended::Client)?;
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            match self.stream.write(rest) {
                Ok(0) => return Err(Ended::Client),
                Ok(count) => rest = &rest[count..],
                Err(error) if waits(&error) => self.until(PollFlags::OUT)?,
                // EPIPE: it is gone.
                Err(_) => return Err(Ended::Client),
            }
        }
        Ok(())
    }

    /// Waits until the stream is ready for this, and sends others away meanwhile.
    fn until(&self, ready: PollFlags) -> Result<(), Ended> {
        loop {
            if self.stop.requested().is_some() {
                return Err(Ended::Stopped);
            }
            let stream = PollFd::from_borrowed_fd(self.stream.as_fd(), ready);
            let others = self
                .others
                .map(|others| PollFd::from_borrowed_fd(others.as_fd(), PollFlags::IN));
            let mut waited: Vec<PollFd<'_>> = std::iter::once(stream).chain(others).collect();
            match poll(&mut waited, Some(&GLANCE)) {
                Ok(_) => {}
                Err(error) if error == rustix::io::Errno::INTR => continue,
                Err(_) => return Err(Ended::Client),
            }
            if waited
                .get(1)
                .is_some_and(|others| !others.revents().is_empty())
            {
                self.others.map(send_away);
            }
            // Readable, writable or gone: the next call says which.
            if !waited[0].revents().is_empty() {
                return Ok(());
            }
        }
    }
}

/// Another client hears that it has to wait; it is not waited for.
fn send_away(others: &UnixListener) {
    let Ok((mut stream, _)) = others.accept() else {
        return;
    };
    let why = "another client is connected; start a server of your own, or wait until it has ended";
    let refusal = Reply::Error(Refusal::new(RefusalKind::Busy, why));
    if let Ok(bytes) = written(&refusal) {
        // A new connection has room for a line; what does not go is no loss.
        let _ = stream.set_nonblocking(true);
        let _ = stream.write_all(&bytes);
    }
}

fn waits(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
