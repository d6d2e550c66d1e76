//! How similar two pictures look: the structural similarity index of Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment:
//! from error visibility to structural similarity", IEEE Transactions on Image Processing 13 (2004), with the paper's constants.
//!
//! It is our own because `image-compare` 0.5 takes the mean over squares of 8 x 8 that stand next to each other, all pixels alike; the figures in
//! README.md are the paper's, with its Gaussian window around every pixel.

/// Standard deviation of the window, pixels.
const SIGMA: f64 = 1.5;
/// Pixels from the middle of the window to its end.
const REACH: usize = 5;
/// (0.01 · 255)² and (0.03 · 255)².
const C1: f64 = 6.5025;
const C2: f64 = 58.5225;

/// The mean index of two RGB pictures of the same size over all windows that lie within them, by their luma (ITU-R BT.601): 1
/// for the same picture. Zero when no window fits.
pub(crate) fn ssim(one: &[u8], other: &[u8], width: usize) -> f64 {
    let (a, b) = (luma(one), luma(other));
    let blurred = |value: &dyn Fn(f64, f64) -> f64| {
        let values: Vec<f64> = a.iter().zip(&b).map(|(a, b)| value(*a, *b)).collect();
        blur(&values, width)
    };
    let means = (blurred(&|a, _| a), blurred(&|_, b| b));
    let squares = (blurred(&|a, _| a * a), blurred(&|_, b| b * b));
    let products = blurred(&|a, b| a * b);
    let windows = products.len();
    let index = |at: usize| {
        let (mean_a, mean_b) = (means.0[at], means.1[at]);
        let variances = squares.0[at] - mean_a * mean_a + squares.1[at] - mean_b * mean_b;
        let covariance = products[at] - mean_a * mean_b;
        (2.0 * mean_a * mean_b + C1) * (2.0 * covariance + C2)
            / ((mean_a * mean_a + mean_b * mean_b + C1) * (variances + C2))
    };
    (0..windows).map(index).sum::<f64>() / windows.max(1) as f64
}

fn luma(rgb: &[u8]) -> Vec<f64> {
    let weigh = |pixel: &[u8]| {
        let [red, green, blue] = [pixel[0], pixel[1], pixel[2]].map(f64::from);
        0.299 * red + 0.587 * green + 0.114 * blue
    };
    rgb.chunks_exact(3).map(weigh).collect()
}

/// The weighted mean of every window that lies within the picture.
fn blur(values: &[f64], width: usize) -> Vec<f64> {
    let weight = |at: usize| {
        let x = at as f64 - REACH as f64;
        (-x * x / (2.0 * SIGMA * SIGMA)).exp()
    };
    let window: [f64; 2 * REACH + 1] = std::array::from_fn(weight);
    let sum: f64 = window.iter().sum();
    let window = window.map(|weight| weight / sum);
    let height = values.len() / width.max(1);
    let (Some(columns), Some(rows)) = (
        (width + 1).checked_sub(window.len()),
        (height + 1).checked_sub(window.len()),
    ) else {
        return Vec::new();
    };
    let across = |row: &[f64], x: usize| {
        let pairs = row[x..].iter().zip(&window);
        pairs.map(|(value, weight)| value * weight).sum::<f64>()
    };
    let blurred = values
        .chunks_exact(width)
        .flat_map(|row| (0..columns).map(move |x| across(row, x)));
    let blurred: Vec<f64> = blurred.collect();
    let mut out = Vec::with_capacity(rows * columns);
    for y in 0..rows {
        for x in 0..columns {
            let down = window.iter().enumerate();
            out.push(
                down.map(|(k, weight)| blurred[(y + k) * columns + x] * weight)
                    .sum(),
            );
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(value: impl Fn(usize, usize) -> u8) -> Vec<u8> {
        let pixels = (0..24).flat_map(|y| (0..32).map(move |x| (x, y)));
        pixels.flat_map(|(x, y)| [value(x, y); 3]).collect()
    }

    #[test]
    fn known_values() {
        let ramp = picture(|x, y| (x * 6 + y) as u8);
        assert!((ssim(&ramp, &ramp, 32) - 1.0).abs() < 1e-12);
        // Two flat pictures differ by their brightness alone.
        let (dark, light) = (picture(|_, _| 50), picture(|_, _| 100));
        let expected = (2.0 * 50.0 * 100.0 + C1) / (50.0 * 50.0 + 100.0 * 100.0 + C1);
        assert!((ssim(&dark, &light, 32) - expected).abs() < 1e-9);
        // A checkerboard against its negative is as unlike as can be.
        let checks = picture(|x, y| if (x + y) % 2 == 0 { 120 } else { 136 });
        let negative = picture(|x, y| if (x + y) % 2 == 0 { 136 } else { 120 });
        let found = ssim(&checks, &negative, 32);
        // The variance is 64 and the covariance -64, but for the little that a window's middle weighs more.
        let expected = (C2 - 128.0) / (C2 + 128.0);
        assert!((found - expected).abs() < 0.01, "{found} {expected}");
        assert_eq!(ssim(&dark[..30], &light[..30], 10), 0.0);
    }
}
