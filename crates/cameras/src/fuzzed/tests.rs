//! A few of the inputs that `xtask fuzz` tries by the million.

use proptest::collection::vec;
use proptest::num::u8::ANY;
use proptest::prelude::*;

use super::*;
use crate::testing::{picture, without_tables};

/// An answer with two pictures, as a server sends it.
fn answer() -> Vec<u8> {
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=x\r\n\r\n";
    let part = |number| {
        let jpeg = picture(16, 8, number);
        let length = format!("--x\r\nContent-Length: {}\r\n\r\n", jpeg.len());
        [length.as_bytes(), &jpeg, b"\r\n"].concat()
    };
    [&head[..], &part(1), &part(2)].concat()
}

/// The same with some bytes exchanged.
fn damaged(mut bytes: Vec<u8>, changes: &[(usize, u8)]) -> Vec<u8> {
    for (at, byte) in changes {
        let at = at % bytes.len();
        bytes[at] = *byte;
    }
    bytes
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(ANY, 0..300), at_once in ANY) {
        http(&bytes, at_once);
        jpeg(&bytes);
        ffmpeg(&bytes);
        webcam(&bytes);
    }

    #[test]
    fn damaged_answers_and_pictures_are_read_or_refused(
        changes in vec((0..5000usize, ANY), 0..12),
        at_once in ANY,
    ) {
        http(&damaged(answer(), &changes), at_once);
        jpeg(&damaged(picture(24, 16, 3), &changes));
        jpeg(&damaged(without_tables(&picture(24, 16, 3)), &changes));
        let ppm = [&b"P6\n4 2\n255\n"[..], &[7; 24]].concat().repeat(2);
        ffmpeg(&damaged(ppm, &changes));
    }

    /// Answers that mostly go on: few errors, small numbers.
    #[test]
    fn a_driver_that_says_anything_is_asked_to_the_end(bytes in vec(4u8..=255, 0..600)) {
        webcam(&bytes);
    }
}
