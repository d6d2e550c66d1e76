//! Encoding through an `ffmpeg` on the PATH: raw pictures go in, a fragment of mp4 comes out for each.
//!
//! What comes out is read on a thread of its own, so that neither side ever waits for the other's pipe.
//!
//! mp4 is read and written by `shiguredo_mp4`; only where one fragment ends in the stream, which is the size in front of each box, is found here, since the library
//! wants whole files.

use std::io::{self, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};

use crate::error::{DatasetError, Result};
use crate::video::encoding::{Encoding, Pace};
use crate::video::ffmpeg::listen;

/// No compressed picture is larger; a length beyond it is damage.
const MAX_BOX: u64 = 64 << 20;

/// An ffmpeg at work. Dropped early, it is ended.
pub(crate) struct Pipe {
    child: Child,
    pictures: Option<ChildStdin>,
    segments: Receiver<Vec<u8>>,
    complaint: Option<JoinHandle<String>>,
    what: String,
}

impl Pipe {
    /// Starts it for pictures of this width and height.
    pub(crate) fn open(
        encoding: &Encoding,
        (width, height): (usize, usize),
        fps: u32,
        pace: Pace,
    ) -> Result<Pipe> {
        let mut command = Command::new("ffmpeg");
        command.args(["-hide_banner", "-loglevel", "error"]);
        command.args(["-probesize", "32", "-analyzeduration", "0"]);
        command.args(["-f", "rawvideo", "-pix_fmt", "rgb24"]);
        command.args(["-video_size", &format!("{width}x{height}")]);
        command.args(["-framerate", &fps.to_string(), "-i", "pipe:0", "-an"]);
        command.args(encoding.arguments(fps, pace));
        command.args(["-flush_packets", "1", "-f", "mp4", "-movflags"]);
        command.args(["empty_moov+default_base_moof+frag_every_frame", "pipe:1"]);
        // SVT-AV1 otherwise tells its settings where errors go.
        command.env("SVT_LOG", "1");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(Stdio::piped());
        #[cfg(unix)]
        {
            // Ctrl-C goes to everything in the terminal's foreground group. The episode ends when its last picture is in.
            use std::os::unix::process::CommandExt;
            command.process_group(0);
        }
        let refuse = |reason: String| DatasetError::invalid(encoding.what(), reason);
        let mut child = command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => refuse(
                "needs the program `ffmpeg`, which is not on the PATH; install it, or use the codec \
                 h264, which is built in"
                    .to_owned(),
            ),
            _ => refuse(format!("ffmpeg doesn't start: {error}")),
        })?;
        let (sender, segments) = channel();
        let complaint = child.stderr.take().map(listen);
        if let Some(out) = child.stdout.take() {
            thread::spawn(move || {
                let mut out = BufReader::with_capacity(1 << 16, out);
                while let Some(segment) = next_segment(&mut out) {
                    if sender.send(segment).is_err() {
                        break;
                    }
                }
            });
        }
        Ok(Pipe {
            pictures: child.stdin.take(),
            child,
            segments,
            complaint,
            what: encoding.what(),
        })
    }

    /// Hands over a picture; waits while the encoder is busy with those before it.
    pub(crate) fn write(&mut self, rgb: &[u8]) -> Result<()> {
        let taken = match &mut self.pictures {
            Some(pictures) => pictures.write_all(rgb).is_ok(),
            None => false,
        };
        match taken {
            true => Ok(()),
            false => Err(self.failure()),
        }
    }

    /// What has come out and wasn't asked for yet: the head of the stream, then a segment for each picture.
    pub(crate) fn arrived(&self) -> impl Iterator<Item = Vec<u8>> {
        self.segments.try_iter()
    }

    /// Says that no more pictures follow, and waits for the rest.
    pub(crate) fn rest(&mut self) -> impl Iterator<Item = Vec<u8>> {
        drop(self.pictures.take());
        self.segments.iter()
    }

    /// Whether it ended well, after [`rest`](Self::rest).
    pub(crate) fn close(mut self) -> Result<()> {
        match self.child.wait() {
            Ok(status) if status.success() => Ok(()),
            _ => Err(self.failure()),
        }
    }

    fn failure(&mut self) -> DatasetError {
        drop(self.pictures.take());
        let said = self.complaint.take().and_then(|said| said.join().ok());
        let said = said.unwrap_or_default();
        let lines: Vec<&str> = said.lines().filter(|l| !l.trim().is_empty()).collect();
        // The encoder's own complaint comes first, what follows from it after.
        let mut reason = lines[..lines.len().min(4)].join("; ");
        if reason.is_empty() {
            let status = self.child.wait();
            reason = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        }
        DatasetError::invalid(self.what.clone(), format!("ffmpeg failed: {reason}"))
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The head of a fragmented mp4 (`ftyp` and `moov`), or one of its fragments (`moof` and `mdat`); none at its end, and
/// where it isn't one.
fn next_segment(out: &mut impl Read) -> Option<Vec<u8>> {
    let mut segment = Vec::new();
    loop {
        let mut head = [0; 8];
        out.read_exact(&mut head).ok()?;
        let [a, b, c, d, kind @ ..] = head;
        let mut size = u64::from(u32::from_be_bytes([a, b, c, d]));
        let keep = matches!(&kind, b"ftyp" | b"moov" | b"moof" | b"mdat");
        let start = segment.len();
        segment.extend(head);
        if size == 1 {
            let mut long = [0; 8];
            out.read_exact(&mut long).ok()?;
            segment.extend(long);
            size = u64::from_be_bytes(long);
        }
        let rest = size.checked_sub((segment.len() - start) as u64)?;
        if rest > MAX_BOX {
            return None;
        }
        let read = out.take(rest).read_to_end(&mut segment).ok()?;
        if read as u64 != rest {
            return None;
        }
        if !keep {
            segment.truncate(start);
        }
        if matches!(&kind, b"moov" | b"mdat") {
            return Some(segment);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], payload: &[u8]) -> Vec<u8> {
        let size = u32::try_from(payload.len() + 8).unwrap().to_be_bytes();
        [&size[..], kind, payload].concat()
    }

    #[test]
    fn a_stream_falls_into_its_head_and_its_fragments() {
        let head = [boxed(b"ftyp", b"iso5"), boxed(b"moov", &[1; 20])].concat();
        let long = [&[0, 0, 0, 1][..], b"mdat", &18_u64.to_be_bytes(), b"xy"].concat();
        let first = [boxed(b"moof", &[2; 9]), long].concat();
        let second = [boxed(b"moof", &[]), boxed(b"mdat", b"z")].concat();
        let stream = [&head[..], &first, &boxed(b"free", b"?"), &second].concat();
        let stream = [stream, boxed(b"mfra", &[0; 4])].concat();
        let mut rest = &stream[..];
        let found: Vec<_> = std::iter::from_fn(|| next_segment(&mut rest)).collect();
        assert_eq!(found, [head, first, second]);
    }

    #[test]
    fn an_ffmpeg_that_dies_is_an_error_and_leaves_what_it_made() {
        let black = vec![0; 64 * 64 * 3];
        let mut encoding = Encoding::of("mpeg4");
        encoding.crf = None;
        let mut pipe = match Pipe::open(&encoding, (64, 64), 30, Pace::Live) {
            Ok(pipe) => pipe,
            Err(error) => {
                let required = std::env::var_os("ULNA_REQUIRE_FFMPEG");
                assert!(required.is_none_or(|value| value != "1"), "{error}");
                eprintln!("SKIPPED: {error}");
                return;
            }
        };
        // It gives a picture as soon as it has the next one.
        pipe.write(&black).unwrap();
        pipe.write(&black).unwrap();
        let first: Vec<_> = pipe.segments.iter().take(2).collect();
        assert_eq!(
            (&first[0][4..8], &first[1][4..8]),
            (&b"ftyp"[..], &b"moof"[..])
        );
        pipe.child.kill().unwrap();
        let error = (0..1000).find_map(|_| pipe.write(&black).err());
        let error = error.unwrap().to_string();
        assert!(error.contains("ffmpeg failed: signal: 9"), "{error}");
        assert_eq!(pipe.rest().count(), 0);
        pipe.close().unwrap_err();
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_end(bytes: Vec<u8>) {
            let mut rest = &bytes[..];
            while next_segment(&mut rest).is_some() {}
        }
    }
}
