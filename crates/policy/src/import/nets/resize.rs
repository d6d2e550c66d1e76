//! torchvision's `Resize` of a tensor of floats: bilinear, with smoothing when it shrinks. Being linear and separable, it is a product
//! with one matrix from each side.

/// The matrix [to, from] that brings `from` pixels to `to` pixels.
///
/// Each pixel of the result is a mean weighted by a triangle around its centre, whose half width is a pixel of the result or of the
/// source, whichever is larger; as in torch's `interpolate(mode="bilinear", align_corners=False, antialias=True)`.
pub(super) fn matrix(from: usize, to: usize) -> Vec<f32> {
    let scale = from as f64 / to as f64;
    let reach = scale.max(1.0);
    let mut rows = vec![0.0f32; from * to];
    for (index, row) in rows.chunks_mut(from).enumerate() {
        let centre = (index as f64 + 0.5) * scale;
        // torch truncates, which for what is not negative is the floor.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let first = (centre - reach + 0.5).max(0.0) as usize;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let end = ((centre + reach + 0.5) as usize).min(from);
        let weight = |place: usize| {
            let distance = (place as f64 - centre + 0.5) / reach;
            (1.0 - distance.abs()).max(0.0)
        };
        let sum: f64 = (first..end).map(weight).sum();
        for (place, value) in row.iter_mut().enumerate().take(end).skip(first) {
            #[allow(clippy::cast_possible_truncation)]
            let part = (weight(place) / sum) as f32;
            *value = part;
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    // torchvision.transforms.functional.resize of [0, 100, 200, 50, 70, 30] as 1x1x6 to 1x3 and 1x4.
    #[test]
    fn the_numbers_are_torchvisions() {
        let source = [0.0f32, 100.0, 200.0, 50.0, 70.0, 30.0];
        let resized = |to: usize| -> Vec<f32> {
            let rows = matrix(6, to);
            let rows = rows.chunks(6);
            rows.map(|row| row.iter().zip(source).map(|(a, b)| a * b).sum())
                .collect()
        };
        let close = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-3);
        assert!(close(&resized(3), &EXPECTED_3), "{:?}", resized(3));
        assert!(close(&resized(4), &EXPECTED_4), "{:?}", resized(4));
        assert_eq!(resized(6), source);
    }

    const EXPECTED_3: [f32; 3] = [71.4286, 115.0, 50.0];
    const EXPECTED_4: [f32; 4] = [37.5, 150.0, 73.3333, 45.0];
}
