//! Pictures for tests.

use image::codecs::jpeg::JpegEncoder;

/// A JPEG with a gradient and a bar that moves with `number`.
pub(crate) fn picture(width: u32, height: u32, number: u32) -> Vec<u8> {
    let shade = |x: u32, y: u32| match (x + number * 4) % width < width / 8 {
        true => [250, 250, 250],
        false => [(x * 255 / width) as u8, (y * 255 / height) as u8, 90],
    };
    let pixels: Vec<u8> = (0..width * height)
        .flat_map(|at| shade(at % width, at / width))
        .collect();
    encoded(&pixels, width, height)
}

/// A JPEG of one shade, as small as they come.
pub(crate) fn flat(width: u32, height: u32, shade: u8) -> Vec<u8> {
    encoded(&vec![shade; (width * height * 3) as usize], width, height)
}

fn encoded(pixels: &[u8], width: u32, height: u32) -> Vec<u8> {
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 85)
        .encode(pixels, width, height, image::ExtendedColorType::Rgb8)
        .unwrap();
    jpeg
}

/// The same without its Huffman tables, which are the usual ones.
pub(crate) fn without_tables(jpeg: &[u8]) -> Vec<u8> {
    let mut out = jpeg[..2].to_vec();
    let mut at = 2;
    loop {
        let length = 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
        if jpeg[at + 1] == 0xDA {
            out.extend_from_slice(&jpeg[at..]);
            return out;
        }
        // Also without the JFIF header, as from a webcam.
        if ![0xC4, 0xE0].contains(&jpeg[at + 1]) {
            out.extend_from_slice(&jpeg[at..at + length]);
        }
        at += length;
    }
}
