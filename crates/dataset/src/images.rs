//! Pictures that stand in the data files as PNG.

use std::io::Cursor;

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::pictures::Picture;

/// A picture that would take more memory than this is refused; 8K needs 95 MiB.
const MAX_BYTES: usize = 96 << 20;
const PNG: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// What is wrong with a picture; it goes on a sentence that begins with the picture's name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// No format has room for such a size.
    #[error("{width}x{height} is too large for a picture")]
    Size {
        /// Pixels of a row.
        width: usize,
        /// Rows.
        height: usize,
    },
    /// Not three bytes for each pixel.
    #[error("a picture of {width}x{height} has three bytes for each pixel, not {bytes} in all")]
    Length {
        /// Pixels of a row.
        width: usize,
        /// Rows.
        height: usize,
        /// What there is, bytes.
        bytes: usize,
    },
    /// It would take too much memory.
    #[error("{width}x{height} pixels are too many: at most {} MiB are taken for a picture", MAX_BYTES >> 20)]
    Memory {
        /// Pixels of a row.
        width: usize,
        /// Rows.
        height: usize,
    },
    /// A picture of another kind.
    #[error("is {kind}; ulna reads PNG and JPEG")]
    Kind {
        /// Which.
        kind: &'static str,
    },
    /// One that does not decode.
    #[error("is a damaged {format}: {source}")]
    Damaged {
        /// `PNG` or `JPEG`.
        format: &'static str,
        /// What its decoder says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// One that does not encode.
    #[error("cannot be encoded: {source}")]
    Encoding {
        /// What the encoder says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Encodes `height` rows of `width` RGB pixels as PNG, for a feature made by
/// [`Feature::image`](crate::Feature::image).
///
/// # Errors
/// [`PictureError`], if the bytes are not those of such a picture.
pub fn encode_png(rgb: &[u8], width: usize, height: usize) -> Result<Vec<u8>, PictureError> {
    let expected = width.checked_mul(height).and_then(|n| n.checked_mul(3));
    let size = (u32::try_from(width), u32::try_from(height));
    let (Ok(columns), Ok(rows)) = size else {
        return Err(PictureError::Size { width, height });
    };
    if expected != Some(rgb.len()) {
        let bytes = rgb.len();
        return Err(PictureError::Length {
            width,
            height,
            bytes,
        });
    }
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, columns, rows);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let write = |encoder: png::Encoder<_>| {
        let mut writer = encoder.write_header()?;
        writer.write_image_data(rgb)?;
        writer.finish()
    };
    write(encoder).map_err(|error: png::EncodingError| PictureError::Encoding {
        source: error.into(),
    })?;
    Ok(out)
}

/// The width and height that a PNG's header states.
pub(crate) fn png_size(bytes: &[u8]) -> Result<(usize, usize), PictureError> {
    let reader = open(bytes)?;
    let info = reader.info();
    Ok((info.width as usize, info.height as usize))
}

/// Decodes a picture as data files hold it to RGB: a PNG, or a JPEG, which other tools write. Transparency is dropped, as LeRobot drops it.
///
/// # Errors
/// What is wrong with the bytes, or that their picture would take too much memory.
pub fn decode_picture(bytes: &[u8]) -> Result<Picture, PictureError> {
    match bytes {
        [0xff, 0xd8, ..] => decode_jpeg(bytes),
        _ => decode_png(bytes),
    }
}

fn decode_jpeg(bytes: &[u8]) -> Result<Picture, PictureError> {
    let damaged = |source| PictureError::Damaged {
        format: "JPEG",
        source,
    };
    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    let headers = decoder.decode_headers();
    headers.map_err(|error| damaged(error.into()))?;
    let size = decoder.dimensions();
    let (width, height) = size.ok_or_else(|| damaged("it states no size".into()))?;
    if width.saturating_mul(height).saturating_mul(3) > MAX_BYTES {
        return Err(PictureError::Memory { width, height });
    }
    let rgb = decoder.decode().map_err(|error| damaged(error.into()))?;
    Ok(Picture { width, height, rgb })
}

/// Decodes a PNG of any colour type to RGB; transparency is dropped, as LeRobot drops it.
pub(crate) fn decode_png(bytes: &[u8]) -> Result<Picture, PictureError> {
    let mut reader = open(bytes)?;
    let length = reader.output_buffer_size();
    let info = reader.info();
    let (columns, rows) = (info.width as usize, info.height as usize);
    let rgb = columns.saturating_mul(rows).saturating_mul(3);
    // Transparency takes a fourth byte until it is dropped.
    let fits = |n: &usize| rgb <= MAX_BYTES && *n <= MAX_BYTES / 3 * 4;
    let length = length.filter(fits).ok_or(PictureError::Memory {
        width: columns,
        height: rows,
    })?;
    let mut pixels = vec![0; length];
    let frame = reader.next_frame(&mut pixels).map_err(damaged)?;
    pixels.truncate(frame.buffer_size());
    let gray = |step: usize| {
        let values = pixels.iter().step_by(step);
        values.flat_map(|v| [*v; 3]).collect::<Vec<u8>>()
    };
    let rgb = match frame.color_type {
        png::ColorType::Rgb => pixels,
        png::ColorType::Rgba => {
            let (pixels, _) = pixels.as_chunks::<4>();
            pixels
                .iter()
                .flat_map(|[r, g, b, _]| [*r, *g, *b])
                .collect()
        }
        png::ColorType::Grayscale => gray(1),
        png::ColorType::GrayscaleAlpha => gray(2),
        png::ColorType::Indexed => {
            return Err(PictureError::Damaged {
                format: "PNG",
                source: "its palette did not expand".into(),
            });
        }
    };
    Ok(Picture {
        width: frame.width as usize,
        height: frame.height as usize,
        rgb,
    })
}

fn open(bytes: &[u8]) -> Result<png::Reader<Cursor<&[u8]>>, PictureError> {
    if !bytes.starts_with(&PNG) {
        return Err(PictureError::Kind { kind: kind(bytes) });
    }
    let limits = png::Limits { bytes: MAX_BYTES };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    decoder.read_info().map_err(damaged)
}

fn damaged(error: png::DecodingError) -> PictureError {
    PictureError::Damaged {
        format: "PNG",
        source: error.into(),
    }
}

fn kind(bytes: &[u8]) -> &'static str {
    match bytes {
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => "a TIFF, as depth maps are stored",
        [b'R', b'I', b'F', b'F', ..] => "a WebP",
        [] => "empty",
        _ => "no picture of a known kind",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_png_comes_back_as_it_was() {
        let rgb: Vec<u8> = (0..5 * 3 * 3).map(|v| v * 5).collect();
        let bytes = encode_png(&rgb, 5, 3).unwrap();
        assert_eq!(png_size(&bytes).unwrap(), (5, 3));
        let picture = decode_png(&bytes).unwrap();
        assert_eq!((picture.width, picture.height), (5, 3));
        assert_eq!(picture.rgb, rgb);
        assert!(encode_png(&rgb, 5, 4).is_err());
    }

    #[test]
    fn other_colour_types_become_rgb() {
        let encode = |colour, depth, data: &[u8]| {
            let mut out = Vec::new();
            let mut encoder = png::Encoder::new(&mut out, 2, 1);
            encoder.set_color(colour);
            encoder.set_depth(depth);
            let mut writer = encoder.write_header().unwrap();
            writer.write_image_data(data).unwrap();
            writer.finish().unwrap();
            decode_png(&out).unwrap().rgb
        };
        let eight = png::BitDepth::Eight;
        let gray = encode(png::ColorType::Grayscale, eight, &[7, 200]);
        assert_eq!(gray, [7, 7, 7, 200, 200, 200]);
        let rgba = encode(png::ColorType::Rgba, eight, &[1, 2, 3, 0, 4, 5, 6, 255]);
        assert_eq!(rgba, [1, 2, 3, 4, 5, 6]);
        let sixteen = png::BitDepth::Sixteen;
        let wide = encode(png::ColorType::Grayscale, sixteen, &[12, 0, 99, 0]);
        assert_eq!(wide, [12, 12, 12, 99, 99, 99]);
    }

    #[test]
    fn other_formats_are_named() {
        let error = decode_picture(b"RIFF").unwrap_err().to_string();
        assert_eq!(error, "is a WebP; ulna reads PNG and JPEG");
        let error = decode_picture(b"II*\0").unwrap_err().to_string();
        assert!(error.contains("TIFF"), "{error}");
    }

    #[test]
    fn jpegs_are_read() {
        let rgb: Vec<u8> = (0..16 * 16).flat_map(|_| [200, 100, 50]).collect();
        let mut bytes = Vec::new();
        let mut encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 95);
        encoder
            .encode(&rgb, 16, 16, image::ExtendedColorType::Rgb8)
            .unwrap();
        let picture = decode_picture(&bytes).unwrap();
        assert_eq!((picture.width, picture.height), (16, 16));
        assert!(
            picture
                .rgb
                .iter()
                .zip(&rgb)
                .all(|(a, b)| a.abs_diff(*b) < 4)
        );
        for cut in 2..bytes.len() {
            let _ = decode_picture(&bytes[..cut]);
        }
    }

    proptest! {
        #[test]
        fn damaged_pictures_are_errors(at in 0_usize..60, byte: u8, cut in 0_usize..80) {
            let rgb: Vec<u8> = (0..48).collect();
            let mut bytes = encode_png(&rgb, 4, 4).unwrap();
            if let Some(there) = bytes.get_mut(at) {
                *there = byte;
            }
            bytes.truncate(bytes.len().saturating_sub(cut));
            let _ = decode_png(&bytes);
        }
    }
}
