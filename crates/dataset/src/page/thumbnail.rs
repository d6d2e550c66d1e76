//! Small pictures, as JPEG in the page itself.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::{ImageBuffer, Rgb, imageops};

use crate::pictures::Picture;

/// A thumbnail lies within this many pixels.
const WIDTH: u32 = 208;
const HEIGHT: u32 = 156;
/// What a thumbnail takes at most, in bytes before base64.
const MOST_BYTES: usize = 10_000;
/// What it takes in the page at most, in bytes.
pub(super) const MOST_TEXT: u64 = (MOST_BYTES as u64).div_ceil(3) * 4;
/// Noise takes more room than a scene; it gets the later ones.
const QUALITIES: [u8; 4] = [72, 50, 30, 10];

/// A picture made small, with its size.
#[derive(Debug)]
pub(super) struct Thumbnail {
    /// The picture as an URL.
    pub(super) url: String,
    /// Width, pixels.
    pub(super) width: u32,
    /// Height, pixels.
    pub(super) height: u32,
}

/// The picture made small; none if it has no pixels, or cannot be made small enough.
pub(super) fn thumbnail(picture: &Picture) -> Option<Thumbnail> {
    let (width, height) = (
        u32::try_from(picture.width).ok()?,
        u32::try_from(picture.height).ok()?,
    );
    let full: ImageBuffer<Rgb<u8>, &[u8]> = ImageBuffer::from_raw(width, height, &picture.rgb[..])?;
    let (width, height) = fit(width, height)?;
    let small = imageops::thumbnail(&full, width, height);
    QUALITIES.into_iter().find_map(|quality| {
        let mut bytes = Vec::new();
        let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
        small.write_with_encoder(encoder).ok()?;
        (bytes.len() <= MOST_BYTES).then(|| Thumbnail {
            url: format!("data:image/jpeg;base64,{}", STANDARD.encode(&bytes)),
            width,
            height,
        })
    })
}

/// The largest size of these proportions that fits; pictures that fit already stay as they are.
fn fit(width: u32, height: u32) -> Option<(u32, u32)> {
    if width == 0 || height == 0 {
        return None;
    }
    let (w, h) = (f64::from(width), f64::from(height));
    let share = (f64::from(WIDTH) / w).min(f64::from(HEIGHT) / h).min(1.0);
    let side = |full: f64| (full * share).round().max(1.0) as u32;
    Some((side(w), side(h)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn even_noise_is_small() {
        let mut state = 1_u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let rgb = (0..640 * 480 * 3).map(|_| noise()).collect();
        let picture = Picture {
            width: 640,
            height: 480,
            rgb,
        };
        let small = thumbnail(&picture).unwrap();
        assert_eq!((small.width, small.height), (208, 156));
        assert!(
            small.url.len() as u64 <= MOST_TEXT + 30,
            "{}",
            small.url.len()
        );
    }

    #[test]
    fn odd_sizes() {
        assert_eq!(fit(64, 48), Some((64, 48)));
        assert_eq!(fit(100_000, 2), Some((208, 1)));
        assert_eq!(fit(0, 5), None);
        let broken = Picture {
            width: 640,
            height: 480,
            rgb: vec![0; 5],
        };
        assert!(thumbnail(&broken).is_none());
    }
}
