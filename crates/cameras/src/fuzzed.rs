//! Ways in for `crates/fuzz`: whatever a camera sends, without a camera. No part of the library's interface.
//!
//! Each takes any bytes, and panics if what must hold does not.

#![doc(hidden)]

#[cfg(test)]
mod tests;
mod webcam;

use std::io::{self, ErrorKind, Read};
use std::time::{Duration, Instant};

use crate::http::{HttpPictures, LARGEST_PICTURE};
use crate::jpeg::{self, Extent, LONGEST_SIDE, Walk};
use crate::rooms::Rooms;
use crate::{ffmpeg, picture};

pub use webcam::webcam;

/// What an HTTP server answers, which comes so many bytes at a time.
pub fn http(answer: &[u8], at_once: u8) {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return;
    };
    let (head, body) = answer.split_at(end + 4);
    let (first, rest) = body.split_at(body.len().min(usize::from(at_once)));
    let stream = Slowly(rest, usize::from(at_once).max(1));
    let Ok(mut pictures) = HttpPictures::of_answer(head, first.to_vec(), stream) else {
        return;
    };
    // The stream ends, so the pictures do.
    let until = Instant::now() + Duration::from_secs(600);
    while let Some(jpeg) = pictures.next_picture(until) {
        assert!(
            !jpeg.is_empty() && jpeg.len() <= LARGEST_PICTURE + answer.len(),
            "a picture of {} bytes",
            jpeg.len()
        );
    }
}

/// A few bytes at a time, and now and then none yet.
struct Slowly<'a>(&'a [u8], usize);

impl Read for Slowly<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(into.len()).min(self.0.len());
        if self.0.len() % 5 == 4 {
            self.0 = &self.0[1..]; // a byte less, so that it goes on
            return Err(ErrorKind::WouldBlock.into());
        }
        into[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

/// What is to be a JPEG.
pub fn jpeg(bytes: &[u8]) {
    let whole = jpeg::extent(bytes);
    // In pieces it is followed to the same end.
    let mut walk = Walk::default();
    let mut in_pieces = Extent::Open;
    for end in (0..bytes.len()).step_by(7).chain([bytes.len()]) {
        in_pieces = walk.advance(&bytes[..end]);
        if in_pieces != Extent::Open {
            break;
        }
    }
    assert_eq!(in_pieces, whole);
    let _ = (jpeg::is_complete(bytes), jpeg::digest(bytes));
    if let Ok(decoded) = jpeg::decode(bytes, &mut Rooms::default()) {
        let (width, height) = (decoded.width as usize, decoded.height as usize);
        assert!(width.max(height) <= LONGEST_SIDE, "{width} x {height}");
        assert_eq!(decoded.pixels.len(), width * height * 3);
    }
}

/// What ffmpeg writes: its version, or pictures.
pub fn ffmpeg(bytes: &[u8]) {
    let _ = ffmpeg::is_old(&String::from_utf8_lossy(bytes));
    let mut left = bytes;
    while let ffmpeg::Ppm::Picture { size, from, to } = ffmpeg::ppm(left) {
        let (width, height) = (size.0 as usize, size.1 as usize);
        assert_eq!(left[from..to].len(), width * height * 3);
        let payload = crate::source::Payload::Rgb {
            pixels: left[from..to].into(),
            width: size.0,
            height: size.1,
        };
        let turned = picture::decode(&payload, bytes[0] % 4, &mut Rooms::default());
        assert!(turned.is_ok_and(|turned| turned.pixels.len() == width * height * 3));
        left = &left[to..];
    }
}
