//! What a camera saw, small enough to be kept: has it been moved, or exchanged with another?

use serde::{Deserialize, Serialize};
use ulna_core::Frame;

/// Columns and rows.
const SIZE: (usize, usize) = (24, 18);

/// The brightness of a picture in 24 x 18 fields, in hexadecimal digits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Thumbnail(String);

impl Thumbnail {
    /// That of a picture.
    pub fn of(frame: &Frame) -> Self {
        let (width, height) = (frame.width as usize, frame.height as usize);
        let mut digits = String::with_capacity(SIZE.0 * SIZE.1 * 2);
        for row in 0..SIZE.1 {
            for column in 0..SIZE.0 {
                let rows = row * height / SIZE.1
                    ..((row + 1) * height / SIZE.1).max(row * height / SIZE.1 + 1);
                let columns = column * width / SIZE.0
                    ..((column + 1) * width / SIZE.0).max(column * width / SIZE.0 + 1);
                let (mut sum, mut count) = (0u64, 0u64);
                for y in rows {
                    for x in columns.clone() {
                        let green = frame.pixels.get((y * width + x) * 3 + 1);
                        sum += u64::from(green.copied().unwrap_or_default());
                        count += 1;
                    }
                }
                digits.push_str(&format!("{:02x}", sum / count.max(1)));
            }
        }
        Self(digits)
    }

    fn fields(&self) -> Vec<f64> {
        let pairs = (0..self.0.len() / 2).filter_map(|pair| self.0.get(2 * pair..2 * pair + 2));
        pairs
            .filter_map(|digits| u8::from_str_radix(digits, 16).ok().map(f64::from))
            .collect()
    }

    /// How alike two views are, whatever their brightness and contrast: the correlation of their fields, -1 to 1; nothing if one of them shows
    /// nothing.
    pub fn likeness(&self, other: &Self) -> Option<f64> {
        let (a, b) = (self.fields(), other.fields());
        if a.len() != b.len() || a.is_empty() {
            return None;
        }
        let mean = |fields: &[f64]| fields.iter().sum::<f64>() / fields.len() as f64;
        let (mean_a, mean_b) = (mean(&a), mean(&b));
        let (mut both, mut of_a, mut of_b) = (0.0, 0.0, 0.0);
        for (a, b) in a.iter().zip(&b) {
            let (a, b) = (a - mean_a, b - mean_b);
            both += a * b;
            of_a += a * a;
            of_b += b * b;
        }
        // Less than two steps of brightness on average is noise.
        let least = 4.0 * a.len() as f64;
        (of_a > least && of_b > least).then(|| both / (of_a * of_b).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ulna_core::Stamp;

    fn view(shade: impl Fn(u32, u32) -> u8) -> Thumbnail {
        let pixels = (0..48u32 * 36).flat_map(|at| [shade(at % 48, at / 48); 3]);
        Thumbnail::of(&Frame {
            stamp: Stamp::ZERO,
            sequence: 0,
            width: 48,
            height: 36,
            pixels: pixels.collect(),
        })
    }

    #[test]
    fn the_same_view_in_other_light_is_the_same_and_another_is_not() {
        let across = view(|x, _| (x * 4) as u8);
        let darker = view(|x, _| (x * 2 + 10) as u8);
        let down = view(|_, y| (y * 5) as u8);
        assert!(across.likeness(&darker).unwrap() > 0.99);
        assert!(across.likeness(&down).unwrap().abs() < 0.1);
        assert_eq!(across.likeness(&view(|_, _| 0)), None);
        assert_eq!(across.likeness(&Thumbnail("zz".to_owned())), None);
    }
}
