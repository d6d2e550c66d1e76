//! Pictures as every viewer shows them: JPEG, which needs no video decoder and no `ffmpeg` on the viewer's side.

use image::codecs::jpeg::JpegEncoder;
use image::error::{ParameterError, ParameterErrorKind};
use image::{ExtendedColorType, ImageError};
use rerun::{EncodedImage, MediaType};

/// Good enough to look at.
const QUALITY: u8 = 80;

/// A picture of `width` x `height` pixels, each of red, green and blue, made smaller by a whole number until it is at most `widest`
/// pixels wide.
///
/// Sizes that do not fit the pixels, or no JPEG, are an error.
pub(crate) fn encode(
    rgb: &[u8],
    width: usize,
    height: usize,
    widest: usize,
) -> Result<EncodedImage, ImageError> {
    if width
        .checked_mul(height)
        .and_then(|count| count.checked_mul(3))
        != Some(rgb.len())
    {
        let kind = ParameterErrorKind::DimensionMismatch;
        return Err(ImageError::Parameter(ParameterError::from_kind(kind)));
    }
    let by = width.div_ceil(widest.max(1)).max(1);
    let (width, height, pixels) = match by {
        1 => (width, height, None),
        _ => (
            width / by,
            height / by,
            Some(smaller(rgb, width, height, by)),
        ),
    };
    let mut jpeg = Vec::new();
    let (across, down) = (small(width), small(height));
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode(
        pixels.as_deref().unwrap_or(rgb),
        across,
        down,
        ExtendedColorType::Rgb8,
    )?;
    Ok(EncodedImage::new(jpeg).with_media_type(MediaType::JPEG))
}

/// A picture that is JPEG already.
pub(crate) fn as_it_came(jpeg: &[u8]) -> EncodedImage {
    EncodedImage::new(jpeg.to_vec()).with_media_type(MediaType::JPEG)
}

/// Sizes that do not fit are refused by the encoder.
fn small(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

/// The means of squares of `by` x `by` pixels.
fn smaller(rgb: &[u8], width: usize, height: usize, by: usize) -> Vec<u8> {
    let count = u32::try_from(by * by).unwrap_or(u32::MAX);
    let mut out = Vec::with_capacity((width / by) * (height / by) * 3);
    for y in 0..height / by {
        for x in 0..width / by {
            for channel in 0..3 {
                let sum: u32 = (0..by)
                    .flat_map(|row| {
                        let start = ((y * by + row) * width + x * by) * 3 + channel;
                        (0..by).map(move |column| start + column * 3)
                    })
                    .map(|at| rgb.get(at).map_or(0, |value| u32::from(*value)))
                    .sum();
                out.push(u8::try_from(sum / count).unwrap_or(u8::MAX));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smaller_picture_is_the_mean_of_the_large_one() {
        let rgb: Vec<u8> = (0..4 * 2)
            .flat_map(|pixel| [pixel * 10, 100, 255])
            .collect();
        assert_eq!(smaller(&rgb, 4, 2, 2), [25, 100, 255, 45, 100, 255]);
    }

    #[test]
    fn pictures_become_jpeg_and_impossible_ones_an_error() {
        let rgb = vec![128u8; 64 * 48 * 3];
        assert!(encode(&rgb, 64, 48, 64).is_ok() && encode(&rgb, 64, 48, 10).is_ok());
        assert!(encode(&[], 0, 0, 10).is_err());
        assert!(encode(&rgb, 64, 47, 64).is_err() && encode(&rgb, usize::MAX, 2, 64).is_err());
        let long = vec![0; 3 << 20];
        assert!(encode(&long, 1 << 20, 1, 1 << 20).is_err());
    }
}
