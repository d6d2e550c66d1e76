//! Pictures out of a body: the parts of `multipart/x-mixed-replace`, or JPEG after JPEG where there are no boundaries.
//!
//! Cameras are careless with RFC 2046: boundaries with and without their dashes, lengths that are absent or wrong. So a part is found by its
//! boundary, its length is only a hint, and what is in it must be a JPEG, which says by itself where it ends.

use std::io::{self, Read};
use std::time::Instant;

use memchr::memmem;

use crate::arrivals::Arrivals;
use crate::jpeg::{Extent, Walk, extent};

/// A picture is no larger than this, bytes.
pub(crate) const LARGEST: usize = 16 << 20;
/// Neither are the headers of a part.
const LONGEST_HEAD: usize = 8 << 10;

/// Why there are no more pictures.
#[derive(Debug)]
pub(super) enum PartError {
    /// Nothing came for a while; asking again goes on.
    Waiting,
    /// In words.
    Ended(String),
}

impl From<io::Error> for PartError {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
        match error.kind() {
            WouldBlock | TimedOut | Interrupted => Self::Waiting,
            _ => Self::Ended(format!("the connection broke: {error}")),
        }
    }
}

/// A picture, and when its own first byte was seen.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) arrived: Instant,
    pub(super) jpeg: Vec<u8>,
}

/// Cuts a body into pictures. What has come so far is kept when a read times out.
#[derive(Debug)]
pub(super) struct Parts<R> {
    body: R,
    /// What separates the parts, without the dashes that it begins with; nothing if the answer names none.
    boundary: Option<Vec<u8>>,
    bytes: Vec<u8>,
    arrivals: Arrivals,
    /// Up to here `bytes` were searched in vain.
    searched: usize,
    /// How far the picture that `bytes` begin with was followed, where no length is stated.
    walk: Walk,
}

impl<R: Read> Parts<R> {
    /// The pictures of this body, of which the answer says this.
    ///
    /// # Errors
    /// In words, if there are none in it.
    pub(super) fn new(body: R, content_type: &str) -> Result<Self, String> {
        let lower = content_type.to_ascii_lowercase();
        if lower.starts_with("text/") || lower.starts_with("application/json") {
            return Err(format!(
                "it answers with a page ({lower}), not with pictures: its manual says under which address its MJPEG stream is, often /video, /stream or :81/stream"
            ));
        }
        if lower.starts_with("image/") {
            return Err("it answers with one picture, not with a stream: its manual says under which address its MJPEG stream is".to_owned());
        }
        Ok(Self {
            body,
            boundary: boundary_of(content_type),
            bytes: Vec::new(),
            arrivals: Arrivals::default(),
            searched: 0,
            walk: Walk::default(),
        })
    }

    /// The next picture, if it is whole by then.
    pub(super) fn next_part(&mut self, until: Instant) -> Result<Part, PartError> {
        loop {
            let found = match &self.boundary {
                Some(boundary) => in_parts(&self.bytes, boundary, self.searched, &mut self.walk),
                None => in_a_row(&self.bytes, &mut self.walk),
            };
            match found {
                Found::Picture { from, to, used } => {
                    let jpeg = self.bytes[from..to].to_vec();
                    let arrived = self.arrivals.of(from);
                    self.drop_first(used);
                    return Ok(Part { arrived, jpeg });
                }
                Found::Nothing { used } => self.drop_first(used),
                Found::More { searched } => {
                    self.searched = searched;
                    if self.bytes.len() > LARGEST + LONGEST_HEAD {
                        return Err(PartError::Ended(format!(
                            "it sent {} MB without the end of a picture",
                            LARGEST >> 20
                        )));
                    }
                    self.fill()?;
                    if Instant::now() > until {
                        return Err(PartError::Waiting);
                    }
                }
                Found::Wrong(why) => return Err(PartError::Ended(why)),
            }
        }
    }

    fn drop_first(&mut self, count: usize) {
        self.bytes.drain(..count);
        // The line break behind a picture and the head of the next part come with this picture, a whole period before the next one.
        self.arrivals.drop_first(count);
        self.searched = 0;
        self.walk = Walk::default();
    }

    fn fill(&mut self) -> Result<(), PartError> {
        let mut buffer = [0; 32 << 10];
        let count = self.body.read(&mut buffer)?;
        if count == 0 {
            return Err(PartError::Ended("it ended the stream".to_owned()));
        }
        self.bytes.extend_from_slice(&buffer[..count]);
        self.arrivals.came(self.bytes.len());
        Ok(())
    }
}

/// The boundary in `multipart/x-mixed-replace; boundary="--x"`, without its dashes.
fn boundary_of(content_type: &str) -> Option<Vec<u8>> {
    let pieces = content_type.split(';').skip(1);
    let value = pieces
        .filter_map(|piece| piece.split_once('='))
        .find_map(|(key, value)| {
            key.trim()
                .eq_ignore_ascii_case("boundary")
                .then(|| value.trim())
        })?;
    let bare = value.trim_matches('"').trim_start_matches('-');
    (!bare.is_empty()).then(|| bare.as_bytes().to_vec())
}

/// What the bytes begin with.
enum Found {
    /// A picture, and how many bytes are done with.
    Picture { from: usize, to: usize, used: usize },
    /// So many bytes without a picture.
    Nothing { used: usize },
    /// It goes on behind what has come; so much need not be searched again.
    More { searched: usize },
    /// This is no stream.
    Wrong(String),
}

fn find(bytes: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    let found = memmem::find(bytes.get(from..)?, wanted);
    found.map(|at| from + at)
}

fn in_parts(bytes: &[u8], boundary: &[u8], searched: usize, walk: &mut Walk) -> Found {
    let more = |searched| Found::More { searched };
    let Some(at) = find(bytes, boundary, 0) else {
        // What comes before the first boundary is nothing.
        let keep = bytes.len().min(boundary.len());
        return match bytes.len() - keep {
            used if used > 0 => Found::Nothing { used },
            _ => more(0),
        };
    };
    let after = at + boundary.len();
    let Some(next) = bytes.get(after..after + 2) else {
        return more(0);
    };
    if next == b"--" {
        return Found::Wrong("it ended the stream".to_owned());
    }
    let head = &bytes[..bytes.len().min(after + LONGEST_HEAD + 4)];
    let ends = [&b"\r\n\r\n"[..], b"\n\n"];
    let ends = ends.map(|end| find(head, end, after).map(|at| at + end.len()));
    let Some(from) = ends.into_iter().flatten().min() else {
        return match bytes.len() - after > LONGEST_HEAD {
            true => Found::Wrong("the headers of a part have no end".to_owned()),
            false => more(0),
        };
    };
    let length = length_of(&bytes[after..from]);
    if let Some(length) = length
        && length > LARGEST as u64
    {
        return Found::Wrong(format!("it announces a picture of {length} bytes"));
    }
    let stated = length.and_then(|length| from.checked_add(usize::try_from(length).ok()?));
    if let Some(to) = stated
        && !walk.has_begun()
    {
        if bytes.len() < to {
            return more(0);
        }
        if matches!(extent(&bytes[from..to]), Extent::Whole(_)) {
            return Found::Picture { from, to, used: to };
        }
        // A length that is wrong, or no picture.
    }
    // By itself a picture ends where it says, before the next part has begun, and whatever letters of the boundary are in it.
    match walk.advance(&bytes[from..]) {
        Extent::Whole(length) => {
            let to = from + length;
            return Found::Picture { from, to, used: to };
        }
        Extent::Open => return more(0),
        Extent::NoJpeg => {}
    }
    // What else is there goes to the next boundary.
    match find(
        bytes,
        boundary,
        from.max(searched.saturating_sub(boundary.len())),
    ) {
        Some(next) if next > from => Found::Picture {
            from,
            to: next,
            used: next,
        },
        _ => more(bytes.len()),
    }
}

fn length_of(head: &[u8]) -> Option<u64> {
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(key, _)| key.trim().eq_ignore_ascii_case("content-length"))?;
    value.trim().parse().ok()
}

/// JPEG after JPEG.
fn in_a_row(bytes: &[u8], walk: &mut Walk) -> Found {
    match find(bytes, &[0xFF, 0xD8, 0xFF], 0) {
        Some(0) => match walk.advance(bytes) {
            Extent::Whole(to) => Found::Picture {
                from: 0,
                to,
                used: to,
            },
            Extent::Open => Found::More { searched: 0 },
            Extent::NoJpeg => Found::Nothing { used: 2 },
        },
        Some(used) => Found::Nothing { used },
        None => match bytes.len() {
            0..=2 => Found::More { searched: 0 },
            length => Found::Nothing { used: length - 2 },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::picture;
    use std::time::Duration;

    /// Reads a few bytes at a time.
    struct Slowly<'a>(&'a [u8], usize);

    impl Read for Slowly<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(into.len()).min(self.0.len());
            into[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    /// Gives one piece after the other, and notes when.
    struct Pieces<'a> {
        left: std::slice::Iter<'a, &'a [u8]>,
        given: std::rc::Rc<std::cell::RefCell<Vec<Instant>>>,
    }

    impl Read for Pieces<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let Some(piece) = self.left.next() else {
                return Ok(0);
            };
            self.given.borrow_mut().push(Instant::now());
            into[..piece.len()].copy_from_slice(piece);
            Ok(piece.len())
        }
    }

    #[test]
    fn a_picture_arrives_with_its_own_first_byte() {
        let (first, second, third) = (picture(32, 24, 1), picture(32, 24, 2), picture(32, 24, 3));
        let head = &b"--frame\r\n\r\n"[..];
        // What follows a picture: a line break, a line break and the next head, nothing.
        let broken = [&first[..], b"\r\n"].concat();
        let with_head = [&second[10..], b"\r\n", head].concat();
        let pieces = [
            head,
            &broken,
            head,
            &second[..10],
            &with_head,
            &third,
            b"\r\n--frame--",
        ];
        let given = std::rc::Rc::default();
        let body = Pieces {
            left: pieces.iter(),
            given: std::rc::Rc::clone(&given),
        };
        let mut parts = Parts::new(body, TYPE).unwrap();
        for piece in [1, 3, 5] {
            let part = parts.next_part(Instant::now() + Duration::from_secs(60));
            let arrived = part.unwrap().arrived;
            let given = given.borrow();
            let next = given.get(piece + 1).copied();
            assert!(given[piece] <= arrived, "{piece}: of an earlier piece");
            assert!(next.is_none_or(|next| arrived <= next), "{piece}: late");
        }
    }

    fn pictures(content_type: &str, body: &[u8], at_once: usize) -> (Vec<Vec<u8>>, String) {
        let mut parts = Parts::new(Slowly(body, at_once), content_type).unwrap();
        let mut out = Vec::new();
        loop {
            match parts.next_part(Instant::now() + Duration::from_secs(60)) {
                Ok(part) => out.push(part.jpeg),
                Err(PartError::Ended(why)) => return (out, why),
                Err(PartError::Waiting) => unreachable!(),
            }
        }
    }

    const TYPE: &str = "multipart/x-mixed-replace;boundary=frame";

    #[test]
    fn every_careless_camera_is_understood() {
        let jpegs: Vec<Vec<u8>> = (0..3).map(|number| picture(32, 24, number)).collect();
        let body = |dashes: &str, lengths: Option<i64>| {
            let mut body = b"preamble\r\n".to_vec();
            for jpeg in &jpegs {
                body.extend(format!("{dashes}frame\r\nContent-Type: image/jpeg\r\n").bytes());
                if let Some(off) = lengths {
                    body.extend(format!("Content-Length: {}\r\n", jpeg.len() as i64 + off).bytes());
                }
                body.extend(b"\r\n");
                body.extend(jpeg);
                body.extend(b"\r\n");
            }
            body.extend(b"--frame--");
            body
        };
        let same = |got: &[Vec<u8>]| {
            got.len() == 3
                && got
                    .iter()
                    .zip(&jpegs)
                    .all(|(got, jpeg)| got.starts_with(jpeg))
        };
        for at_once in [1, 7, 4096] {
            for dashes in ["--", "", "----"] {
                for lengths in [None, Some(0), Some(-40)] {
                    let (got, why) = pictures(TYPE, &body(dashes, lengths), at_once);
                    assert!(same(&got), "{dashes} {lengths:?} {at_once}: {}", got.len());
                    assert_eq!(why, "it ended the stream");
                }
            }
            for content_type in [
                "multipart/x-mixed-replace; boundary=\"--frame\"",
                "multipart/x-mixed-replace",
                "",
            ] {
                assert!(
                    same(&pictures(content_type, &body("--", None), at_once).0),
                    "{content_type}"
                );
            }
        }
    }

    #[test]
    fn a_picture_is_given_as_soon_as_it_is_whole_whatever_the_boundary() {
        let jpeg = picture(32, 24, 1);
        // The first part alone, without a length: nothing has come that ends it.
        let first = [&b"--x\r\n\r\n"[..], &jpeg].concat();
        // A boundary of one letter, which is found in any picture.
        let kind = "multipart/x-mixed-replace; boundary=x";
        assert_eq!(pictures(kind, &first, 100).0, std::slice::from_ref(&jpeg));
        // One that was cut off takes nothing of the next one with it.
        let next = picture(32, 24, 2);
        let cut = &jpeg[..jpeg.len() - 20];
        let parts = [b"--frame\r\n\r\n", cut, b"\r\n--frame\r\n\r\n", &next].concat();
        for at_once in [1, 50, 4096] {
            let got = pictures(TYPE, &parts, at_once).0;
            assert!(got.len() == 2 && got[1] == next, "{at_once}");
            let row = [cut, &next].concat();
            assert_eq!(pictures("", &row, at_once).0, std::slice::from_ref(&next));
        }
    }

    #[test]
    fn giants_pages_and_headers_without_end_are_refused() {
        for content_type in ["text/html", "image/jpeg", "application/json"] {
            assert!(Parts::new(&b""[..], content_type).is_err());
        }
        let giant = b"--frame\r\nContent-Length: 99999999999\r\n\r\n".to_vec();
        let (got, why) = pictures(TYPE, &giant, 4096);
        assert!(got.is_empty() && why.contains("99999999999"), "{why}");
        let head = [&b"--frame\r\n"[..], &b"X: y\r\n".repeat(5000)].concat();
        assert!(pictures(TYPE, &head, 4096).1.contains("headers"));
        let endless = [&b"--frame\r\n\r\n"[..], &[0; LARGEST + (100 << 10)]].concat();
        assert!(
            pictures(TYPE, &endless, 1 << 20)
                .1
                .contains("without the end")
        );
        let endless = [
            &[0xFF, 0xD8, 0xFF, 0xDA, 0, 2][..],
            &[1; LARGEST + (100 << 10)],
        ]
        .concat();
        assert!(
            pictures("", &endless, 1 << 20)
                .1
                .contains("without the end")
        );
        assert_eq!(
            pictures("", &vec![7; 3 << 20], 4096).1,
            "it ended the stream"
        );
    }
}
