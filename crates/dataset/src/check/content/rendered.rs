//! Whether pictures that show the same were nevertheless taken one after the other.
//!
//! Two pictures of a real sensor are never equal, so a real camera that shows the same for long has stopped, whatever its times say. A renderer has no
//! noise: where nothing in front of it moves, as before plain sky, its pictures are equal, and only their times tell that it goes on.

use crate::own_columns::PICTURE_AGE;
use crate::reader::Dataset;

/// The share of the rows that must have a picture of their own; a camera that is slower than the rows has fewer.
const NEW: f64 = 0.3;

/// Whether a renderer's camera went on taking pictures between two frames of an episode. False for real cameras, and where the dataset has no times
/// of pictures.
pub(super) fn goes_on(
    dataset: &Dataset,
    at: usize,
    camera: &str,
    (first, last): (usize, usize),
) -> bool {
    let manifest = dataset.manifest().ok().flatten();
    let simulated = manifest.and_then(|manifest| manifest.extra.get("simulated")?.as_bool());
    if simulated != Some(true) {
        return false;
    }
    let name = camera.rsplit('.').next().unwrap_or(camera);
    let key = format!("{PICTURE_AGE}{name}");
    let Ok(episode) = dataset.episode_columns(at, &[&key]) else {
        return false;
    };
    let Ok(ages) = episode.column(&key) else {
        return false;
    };
    let ages = ages.values().get(first..=last).unwrap_or_default();
    share_of_new(ages, dataset.fps()) >= NEW
}

/// The share of rows whose picture is another one than that of the row before: the same one again is older by exactly the time between two rows.
pub(super) fn share_of_new(ages: &[f64], fps: f64) -> f64 {
    let repeats = |pair: &&[f64]| (pair[1] - pair[0] - 1.0 / fps).abs() < 0.1 / fps;
    let new = ages.windows(2).filter(|pair| !repeats(pair)).count();
    new as f64 / ages.len().saturating_sub(1).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_that_only_grow_older_are_none_of_their_own() {
        let grows: Vec<f64> = (0..30).map(|row| f64::from(row) / 30.0).collect();
        assert_eq!(share_of_new(&grows, 30.0), 0.0);
        assert_eq!(share_of_new(&[0.02; 30], 30.0), 1.0);
        // A camera of half the rate.
        let half: Vec<f64> = (0..31).map(|row| f64::from(row % 2) / 30.0).collect();
        assert!((share_of_new(&half, 30.0) - 0.5).abs() < 0.01);
        assert_eq!(share_of_new(&[], 30.0), 0.0);
    }
}
