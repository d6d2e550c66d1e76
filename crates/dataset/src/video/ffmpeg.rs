//! Decoding through an `ffmpeg` on the PATH, for codecs that are not built in.

use std::io::{self, BufReader, Read};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::thread::{self, JoinHandle};

use crate::video::demux::VideoFile;

/// No more of what the program complains about is kept.
const MAX_COMPLAINT: u64 = 2048;
/// A picture that would take more memory than this is refused.
const MAX_PICTURE: usize = 512 << 20;

/// A running `ffmpeg` that gives the pictures of a video file one after another.
#[derive(Debug)]
pub(crate) struct Ffmpeg {
    child: Child,
    out: BufReader<ChildStdout>,
    complaint: Option<JoinHandle<String>>,
    picture: usize,
}

impl Ffmpeg {
    /// Starts at the picture shown at `place`; `codec` is named when there is no such program.
    pub(crate) fn start(file: &VideoFile, place: usize, codec: &str) -> Result<Ffmpeg, String> {
        let (width, height) = (file.width, file.height);
        let picture = width.checked_mul(height).and_then(|n| n.checked_mul(3));
        let picture = picture.filter(|n| (1..=MAX_PICTURE).contains(n));
        let picture = picture.ok_or_else(|| format!("has pictures of {width}x{height}"))?;
        let mut input = std::ffi::OsString::from("file:");
        input.push(file.path());
        // The program's own way to seek exactly starts too late where pictures refer across a key frame. So it seeks
        // with room to spare, and everything before the picture is dropped by its time.
        let start = file.seconds_of_safe_key(place);
        let first = file.seconds_before(place) - start.unwrap_or(0.0);
        let seek = start.map(|start| {
            [
                "-noaccurate_seek".into(),
                "-ss".into(),
                format!("{start:.6}"),
            ]
        });
        let count = file.len() - place.min(file.len());
        let child = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-noautorotate"])
            .args(["-protocol_whitelist", "file,pipe", "-threads", "1"])
            .args(seek.into_iter().flatten())
            .arg("-i")
            .arg(input)
            .args(["-map", "0:v:0", "-fps_mode", "passthrough"])
            .args(["-frames:v", &count.to_string()])
            .args([
                "-vf",
                &format!("select=gte(t\\,{first:.6}),scale={width}:{height}"),
            ])
            .args(["-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = child.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => format!(
                "is {codec}; ulna decodes H.264 and AV1 by itself and others through ffmpeg, which \
                 isn't on the PATH: install it, or leave this camera out"
            ),
            _ => format!("is {codec}, and ffmpeg doesn't start: {error}"),
        })?;
        let (out, complaints) = (child.stdout.take(), child.stderr.take());
        let complaint = complaints.map(listen);
        let out = out.ok_or("ffmpeg has no output")?;
        Ok(Ffmpeg {
            child,
            out: BufReader::with_capacity(1 << 16, out),
            complaint,
            picture,
        })
    }

    /// The next picture's RGB pixels.
    pub(crate) fn next(&mut self) -> Result<Vec<u8>, String> {
        let mut rgb = vec![0; self.picture];
        match self.out.read_exact(&mut rgb) {
            Ok(()) => Ok(rgb),
            Err(error) => {
                let _ = self.child.kill();
                let complaint = self.complaint.take().and_then(|c| c.join().ok());
                let why = complaint.filter(|text| !text.is_empty());
                let why = why.unwrap_or_else(|| error.to_string());
                Err(format!("ffmpeg doesn't give it: {why}"))
            }
        }
    }
}

impl Drop for Ffmpeg {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Collects what a program complains about, on a thread of its own.
pub(crate) fn listen(mut complaints: ChildStderr) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut text = Vec::new();
        let _ = Read::by_ref(&mut complaints)
            .take(MAX_COMPLAINT)
            .read_to_end(&mut text);
        // A full pipe would stop the program.
        let _ = io::copy(&mut complaints, &mut io::sink());
        String::from_utf8_lossy(&text).trim().to_owned()
    })
}
