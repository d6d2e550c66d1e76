//! Frame rates: what time stamps say of them, and how mp4 files have them.

/// How far a time stamp may be off its grid, s; LeRobot's default.
const TOLERANCE: f64 = 1e-4;
/// What single precision rounds of a time stamp, as a share of it.
const ROUNDING: f64 = 1e-6;

/// Whether row k stands at k/fps.
pub(crate) fn fits(stamps: &[f64], fps: f64) -> bool {
    first_off(stamps, fps).is_none()
}

/// The first row that does not stand at k/fps.
pub(crate) fn first_off(stamps: &[f64], fps: f64) -> Option<usize> {
    let is_off = |(frame, stamp): (usize, &f64)| {
        let grid = frame as f64 / fps;
        // Written so that NaN is off.
        let fits = (stamp - grid).abs() <= TOLERANCE + ROUNDING * grid;
        !fits
    };
    stamps.iter().enumerate().position(is_off)
}

/// The rate that the time stamps of an episode agree on: a whole number of frames a second, or one with two decimals.
/// None if they are irregular, or too few to tell.
pub(crate) fn of_stamps(stamps: &[f64]) -> Option<f64> {
    let (first, last) = (stamps.first()?, stamps.last()?);
    let steps = stamps.len().checked_sub(1).filter(|steps| *steps >= 2)?;
    let rate = steps as f64 / (last - first);
    let rounded = [
        rate.round(),
        (rate * 100.0).round() / 100.0,
        (rate * 1001.0).round() / 1001.0,
    ];
    rounded
        .into_iter()
        .find(|rate| *rate > 0.0 && rate.is_finite() && fits(stamps, *rate))
}

/// A rate as an mp4 file has it: its time scale, and the ticks of one frame.
pub(crate) fn ticks(fps: f64, ticks_per_frame: u32) -> Option<(u32, u32)> {
    // Whole rates have one frame in so many ticks; 29.97 has 100 times as many in 2997.
    let denominators = [1_u32, 2, 5, 10, 100, 1000, 1001];
    denominators.into_iter().find_map(|denominator| {
        let scale = fps * f64::from(denominator);
        let near = (scale - scale.round()).abs() <= 1e-6 * scale;
        let scale =
            (near && scale.round() >= 1.0).then_some(scale.round() * f64::from(ticks_per_frame))?;
        let frame = denominator.checked_mul(ticks_per_frame)?;
        (scale <= f64::from(u32::MAX)).then_some((scale as u32, frame))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamps(fps: f64, count: usize) -> Vec<f64> {
        (0..count)
            .map(|k| f64::from((k as f64 / fps) as f32))
            .collect()
    }

    #[test]
    fn stamps_tell_their_rate_or_none() {
        for fps in [5.0, 10.0, 29.97, 30.0, 50.0] {
            assert_eq!(of_stamps(&stamps(fps, 400)), Some(fps), "{fps}");
        }
        assert_eq!(of_stamps(&[0.0, 0.1, 0.3, 0.35]), None);
        assert_eq!(of_stamps(&[0.0, 0.0, 0.0]), None);
        assert_eq!(of_stamps(&[0.0, 0.1]), None);
        assert!(fits(&stamps(30.0, 100_000), 30.0) && !fits(&stamps(29.97, 400), 30.0));
    }

    #[test]
    fn rates_are_exact_in_mp4() {
        assert_eq!(ticks(30.0, 512), Some((15_360, 512)));
        assert_eq!(ticks(29.97, 512), Some((2997 * 512, 51_200)));
        assert_eq!(ticks(12.5, 512), Some((25 * 512, 1024)));
    }
}
