//! One client: requests come in, replies go out, until it ends, vanishes, or all is to stop.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde::Serialize;
use ulna_rt::Stop;

use crate::frame::{EnvFrames, LONGEST_REQUEST};
use crate::message::{EnvRefusal, EnvRefusalKind, EnvReply, EnvRequest, Hello, read, written};
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
    frames: EnvFrames,
    piece: Vec<u8>,
}

/// What became of waiting for a request.
enum Came {
    Frame(Vec<u8>),
    /// It says how long it is, and that is too long.
    TooLong(EnvRefusal),
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
            frames: EnvFrames::new(LONGEST_REQUEST),
            piece: vec![0; PIECE],
        })
    }

    /// Says hello and answers requests until the end. A client that is gone is no fault.
    pub(crate) fn serve(mut self, hello: &Hello, mut worlds: Worlds) -> Ended {
        if let Err(ended) = self.send(&EnvReply::Hello(Box::new(hello.clone()))) {
            return ended;
        }
        loop {
            let content = match self.wait() {
                Came::Frame(content) => content,
                Came::TooLong(refusal) => {
                    return self
                        .send(&EnvReply::Error(refusal))
                        .err()
                        .unwrap_or(Ended::Client);
                }
                Came::Ended(ended) => return ended,
            };
            let answer = match read::<EnvRequest>(&content) {
                Ok(EnvRequest::Reset(reset)) => worlds.reset(reset),
                Ok(EnvRequest::Step(step)) => worlds.step(&step),
                Ok(EnvRequest::Render(render)) => worlds.render(&render),
                Ok(EnvRequest::Close) => {
                    let sent = self.send(&EnvReply::Closed);
                    return sent.err().unwrap_or(Ended::Client);
                }
                Err(error) => {
                    let why = format!("this is no request: {error}");
                    Err(EnvRefusal::new(EnvRefusalKind::Request, why))
                }
            };
            // A signal ends episodes, too: that is no fault of them.
            if self.stop.requested().is_some() {
                return Ended::Stopped;
            }
            let reply = answer.unwrap_or_else(EnvReply::Error);
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
                Err(error) => return Came::TooLong(EnvRefusal::new(EnvRefusalKind::Frame, error)),
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
    fn until(&self, wanted: PollFlags) -> Result<(), Ended> {
        loop {
            if self.stop.requested().is_some() {
                return Err(Ended::Stopped);
            }
            let [ready, others] = ready(&self.stream, wanted, self.others, &GLANCE)?;
            // Readable, writable or gone: the next call says which.
            if ready {
                return Ok(());
            }
            // A client that is gone is no reason to send the next one away, who came after that: is it still there?
            if others && !ready_now(&self.stream, wanted)? {
                self.others.map(send_away);
            }
        }
    }
}

/// Whether the stream is ready for this, and whether others come, after some time at most.
fn ready(
    stream: &UnixStream,
    wanted: PollFlags,
    others: Option<&UnixListener>,
    patience: &Timespec,
) -> Result<[bool; 2], Ended> {
    let stream = PollFd::from_borrowed_fd(stream.as_fd(), wanted);
    let others = others.map(|others| PollFd::from_borrowed_fd(others.as_fd(), PollFlags::IN));
    let mut waited: Vec<PollFd<'_>> = std::iter::once(stream).chain(others).collect();
    match poll(&mut waited, Some(patience)) {
        Ok(_) => {}
        Err(error) if error == rustix::io::Errno::INTR => return Ok([false; 2]),
        Err(_) => return Err(Ended::Client),
    }
    let is_ready = |index: usize| waited.get(index).is_some_and(|it| !it.revents().is_empty());
    Ok([is_ready(0), is_ready(1)])
}

fn ready_now(stream: &UnixStream, wanted: PollFlags) -> Result<bool, Ended> {
    let at_once = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let [ready, _] = ready(stream, wanted, None, &at_once)?;
    Ok(ready)
}

/// Another client hears that it has to wait; it is not waited for.
fn send_away(others: &UnixListener) {
    let Ok((mut stream, _)) = others.accept() else {
        return;
    };
    let why = "another client is connected; start a server of your own, or wait until it has ended";
    let refusal = EnvReply::Error(EnvRefusal::new(EnvRefusalKind::Busy, why));
    if let Ok(bytes) = written(&refusal) {
        // A new connection has room for a line; what does not go is no loss.
        let _ = stream.set_nonblocking(true);
        let _ = stream.write_all(&bytes);
    }
}

fn waits(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
