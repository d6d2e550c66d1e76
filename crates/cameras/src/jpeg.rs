//! JPEG as cameras send it: where a picture ends, whether it is whole, and those that leave out their Huffman tables.

use std::sync::Arc;

use memchr::memchr;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::rooms::Rooms;

/// The longest side of a picture, pixels.
pub(crate) const LONGEST_SIDE: usize = 4096;

const START: [u8; 2] = [0xFF, 0xD8];
const END: [u8; 2] = [0xFF, 0xD9];

/// How far a JPEG picture goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// It has so many bytes.
    Whole(usize),
    /// Its end is not there yet.
    Open,
    /// It is no JPEG.
    NoJpeg,
}

/// How far a JPEG has been followed, so that what comes in pieces is looked at once.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Walk {
    at: usize,
    in_scan: bool,
}

/// How far the JPEG at the beginning of these bytes goes.
pub(crate) fn extent(bytes: &[u8]) -> Extent {
    Walk::default().advance(bytes)
}

impl Walk {
    /// Whether anything has been followed.
    pub(crate) fn has_begun(&self) -> bool {
        self.at > 0
    }

    /// Follows the segments of a JPEG from its first byte to its end marker (ITU T.81, annex B). What lies inside of segments, such as the
    /// end marker of a thumbnail, ends nothing. `bytes` are those of the last call and what has come since.
    pub(crate) fn advance(&mut self, bytes: &[u8]) -> Extent {
        let known = bytes.len().min(2);
        if bytes[..known] != START[..known] {
            return Extent::NoJpeg;
        }
        self.at = self.at.max(2);
        loop {
            if self.in_scan {
                let (at, ended) = after_scan(bytes, self.at);
                (self.at, self.in_scan) = (at, !ended);
                if !ended {
                    return Extent::Open;
                }
            }
            let at = self.at;
            let Some([marker, code]) = bytes.get(at..at + 2) else {
                return Extent::Open;
            };
            match (*marker, *code) {
                (0xFF, 0xFF) => self.at += 1, // fill
                (0xFF, 0xD9) => return Extent::Whole(at + 2),
                (0xFF, 0x01 | 0xD0..=0xD7) => self.at += 2,
                (0xFF, 0xD8) => return Extent::NoJpeg, // the next one: this one was cut off
                (0xFF, code) if code >= 0xC0 => {
                    let Some([high, low]) = bytes.get(at + 2..at + 4) else {
                        return Extent::Open;
                    };
                    let length = usize::from(u16::from_be_bytes([*high, *low]));
                    if length < 2 {
                        return Extent::NoJpeg;
                    }
                    self.at += 2 + length;
                    self.in_scan = code == 0xDA;
                }
                _ => return Extent::NoJpeg,
            }
        }
    }
}

/// Where the entropy-coded data from `at` on end: at a marker that is neither a stuffed byte nor a restart. False if that has not come yet.
fn after_scan(bytes: &[u8], mut at: usize) -> (usize, bool) {
    loop {
        let Some(found) = bytes.get(at..).and_then(|rest| memchr(0xFF, rest)) else {
            return (at.max(bytes.len()), false);
        };
        at += found;
        match bytes.get(at + 1) {
            None => return (at, false),
            Some(0x00 | 0xD0..=0xD7) => at += 2,
            Some(0xFF) => at += 1,
            Some(_) => return (at, true),
        }
    }
}

/// A number that differs for different pictures: of all segments but comments and those of applications, which may hold the time of day and differ for
/// one and the same picture.
pub(crate) fn digest(bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    let mut at = 2;
    while let Some([0xFF, code, high, low]) = bytes.get(at..at + 4) {
        let end = at + 2 + usize::from(u16::from_be_bytes([*high, *low]));
        match code {
            0xE0..=0xEF | 0xFE => {}
            0xDA => break,
            _ => hasher.update(bytes.get(at..end).unwrap_or_default()),
        }
        at = end;
    }
    let rest = bytes.get(at..).unwrap_or(bytes);
    hasher.update(rest);
    hasher.finalize()
}

/// Whether the tables with which its data were packed are in it.
fn has_huffman_tables(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some([0xFF, code, high, low]) = bytes.get(at..at + 4) {
        match code {
            0xC4 => return true,
            0xDA => return false,
            _ => at += 2 + usize::from(u16::from_be_bytes([*high, *low])),
        }
    }
    true // it is for the decoder to say what is wrong
}

/// Whether a JPEG can be handed on as it is: whole, with the tables that a reader needs.
pub(crate) fn is_complete(bytes: &[u8]) -> bool {
    matches!(extent(bytes), Extent::Whole(_)) && has_huffman_tables(bytes)
}

/// A decoded picture.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Rows from the top, red, green, blue.
    pub(crate) pixels: Arc<[u8]>,
}

/// Decodes one picture whose sides are at most [`LONGEST_SIDE`].
///
/// # Errors
/// In words, if it is damaged: what a broken transfer leaves is no picture.
pub(crate) fn decode(bytes: &[u8], rooms: &mut Rooms) -> Result<Decoded, String> {
    let whole = match extent(bytes) {
        Extent::Whole(length) => &bytes[..length],
        Extent::Open => return Err("it is cut off".to_owned()),
        Extent::NoJpeg => return Err("it is no JPEG".to_owned()),
    };
    if has_huffman_tables(whole) {
        return decode_whole(whole, rooms);
    }
    // Motion JPEG may leave out the usual tables. This header, that of AVI files, makes the decoder take them (T.81, annex K).
    let header = [0xFF, 0xE0, 0x00, 0x07, b'A', b'V', b'I', b'1', 0x00];
    let with_header = [&START[..], &header, &whole[2..]].concat();
    decode_whole(&with_header, rooms)
}

fn decode_whole(bytes: &[u8], rooms: &mut Rooms) -> Result<Decoded, String> {
    // At an end marker that comes too early the decoder makes up the rest and calls it a picture; at the end of the data it says so.
    let mut decoder = decoder(bytes.strip_suffix(&END).unwrap_or(bytes));
    decoder
        .decode_headers()
        .map_err(|error| error.to_string())?;
    let (width, height) = decoder.dimensions().ok_or("it has no size")?;
    let mut pixels = rooms.of(width * height * 3);
    let into = Arc::get_mut(&mut pixels).ok_or("its memory is shared")?;
    decoder
        .decode_into(into)
        .map_err(|error| error.to_string())?;
    let side = |pixels: usize| u32::try_from(pixels).map_err(|_| "it is too large".to_owned());
    Ok(Decoded {
        width: side(width)?,
        height: side(height)?,
        pixels,
    })
}

fn decoder(bytes: &[u8]) -> JpegDecoder<ZCursor<&[u8]>> {
    let options = DecoderOptions::default()
        .set_max_width(LONGEST_SIDE)
        .set_max_height(LONGEST_SIDE)
        .set_strict_mode(true)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    JpegDecoder::new_with_options(ZCursor::new(bytes), options)
}

/// A JPEG that does not decode.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct JpegError(#[from] zune_jpeg::errors::DecodeErrors);

/// The decoder alone, for those that measure what a camera costs on top of it: a sound JPEG into memory of its size, red, green, blue.
///
/// # Errors
/// The decoder's.
pub fn bare_decode(jpeg: &[u8], pixels: &mut [u8]) -> Result<(), JpegError> {
    Ok(decoder(jpeg).decode_into(pixels)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &[u8]) -> Result<Decoded, String> {
        super::decode(bytes, &mut Rooms::default())
    }
    use crate::testing::{picture, without_tables};

    #[test]
    fn the_end_is_found_and_not_that_of_a_thumbnail() {
        let jpeg = picture(64, 48, 3);
        assert_eq!(extent(&jpeg), Extent::Whole(jpeg.len()));
        let padded = [&jpeg[..], &[0; 100]].concat();
        assert_eq!(extent(&padded), Extent::Whole(jpeg.len()));
        let thumbnail = [0xFF, 0xE1, 0x00, 0x06, 0xFF, 0xD8, 0xFF, 0xD9];
        let with_thumbnail = [&jpeg[..2], &thumbnail, &jpeg[2..]].concat();
        assert_eq!(extent(&with_thumbnail), Extent::Whole(with_thumbnail.len()));
        for length in 0..jpeg.len() {
            assert_eq!(extent(&jpeg[..length]), Extent::Open, "{length}");
        }
        assert_eq!(extent(b"<html>"), Extent::NoJpeg);
        assert_eq!(extent(&[0xFF, 0xD8, 0xFF, 0xC4, 0, 0]), Extent::NoJpeg);
    }

    #[test]
    fn a_picture_without_huffman_tables_is_the_same_picture() {
        let jpeg = picture(64, 48, 3);
        let bare = without_tables(&jpeg);
        assert!(bare.len() < jpeg.len() && !has_huffman_tables(&bare));
        let (whole, bare) = (decode(&jpeg).unwrap(), decode(&bare).unwrap());
        assert_eq!((whole.width, whole.height), (64, 48));
        assert_eq!(whole.pixels, bare.pixels);
    }

    #[test]
    fn a_picture_with_another_time_of_day_in_it_is_the_same_picture() {
        let jpeg = picture(64, 48, 3);
        let at = |time: u8| {
            let comment = [0xFF, 0xFE, 0x00, 0x04, b'0', time];
            let exif = [0xFF, 0xE1, 0x00, 0x03, time];
            [&jpeg[..2], &comment, &exif, &jpeg[2..]].concat()
        };
        assert_eq!(digest(&at(b'1')), digest(&at(b'2')));
        assert_ne!(digest(&at(b'1')), digest(&picture(64, 48, 4)));
        // What is no JPEG, or ends early, differs where its bytes do.
        assert_ne!(digest(b"one thing"), digest(b"another"));
        assert_ne!(digest(&[0xFF, 0xD8, 1]), digest(&[0xFF, 0xD8, 2]));
    }

    #[test]
    fn whole_pictures_of_any_size_and_flatness_are_decoded() {
        for (width, height) in [(64, 16), (160, 120), (322, 242), (640, 480)] {
            for number in 0..3 {
                assert!(
                    decode(&picture(width, height, number)).is_ok(),
                    "{width}x{height}"
                );
            }
            let flat = crate::testing::flat(width, height, 0);
            assert!(decode(&flat).is_ok(), "{width}x{height}, black");
        }
    }

    #[test]
    fn damaged_and_huge_pictures_are_refused() {
        let jpeg = picture(64, 48, 3);
        assert!(decode(&jpeg[..jpeg.len() / 2]).is_err());
        assert!(decode(&[]).is_err());
        let mut huge = jpeg.clone();
        let sof = huge
            .windows(2)
            .position(|pair| pair == [0xFF, 0xC0])
            .unwrap();
        huge[sof + 5..sof + 9].copy_from_slice(&[0xFF; 4]); // 65,535 x 65,535
        assert!(decode(&huge).is_err());
        // A cut that is closed again with an end marker.
        let scan = jpeg
            .windows(2)
            .position(|pair| pair == [0xFF, 0xDA])
            .unwrap();
        let closed = [&jpeg[..(scan + jpeg.len()) / 2], &END].concat();
        assert!(decode(&closed).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
            let _ = (extent(&bytes), decode(&bytes));
            let in_a_picture = [&picture(16, 16, 1)[..200], &bytes, &END].concat();
            let _ = decode(&in_a_picture);
        }
    }
}
