//! How much of a dataset a page shows: it is for looking at, so it stays small enough to be sent and opened.

use super::thumbnail::MOST_TEXT;

/// Episodes that are shown in detail when none are named.
const BY_ITSELF: usize = 100;
/// Episodes that are shown in detail at most.
const AT_MOST: usize = 1000;
/// What all episodes together should take, in bytes.
const AIM: u64 = 48 << 20;
/// After so much, no more episodes are shown, whatever was planned.
pub(super) const FULL: u64 = 96 << 20;
/// What a line of a plot takes for one of its columns, in bytes: two points.
const BYTES_PER_COLUMN: u64 = 18;

/// Which episodes are shown in detail, and how finely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Extent {
    /// The episodes, in order.
    pub(super) episodes: Vec<usize>,
    /// How many were to be shown.
    pub(super) asked: usize,
    /// Columns of a plot, for long series.
    pub(super) columns: usize,
    /// Pictures of each camera in each episode.
    pub(super) pictures: usize,
}

impl Extent {
    /// The extent for episodes that were asked for (all of `total`, if none were). Of too many, those with the worst
    /// findings (`notable`, the worst first) make up to a half, and the rest are spread evenly.
    pub(super) fn new(
        total: usize,
        asked: Option<&[usize]>,
        notable: &[usize],
        cameras: usize,
        lines: usize,
    ) -> Extent {
        let (all, most): (Vec<usize>, usize) = match asked {
            Some(asked) => (asked.to_vec(), AT_MOST),
            None => ((0..total).collect(), BY_ITSELF),
        };
        let wanted = all.len();
        let episodes = chosen(all, most, notable);
        let share = AIM / episodes.len().max(1) as u64 / 2;
        let fit = |bytes_each: u64, least: u64, most: u64| {
            usize::try_from((share / bytes_each.max(1)).clamp(least, most)).unwrap_or(1)
        };
        Extent {
            episodes,
            asked: wanted,
            columns: fit(BYTES_PER_COLUMN * lines as u64, 60, 480),
            pictures: fit(MOST_TEXT * cameras as u64, 1, 8),
        }
    }
}

fn chosen(all: Vec<usize>, most: usize, notable: &[usize]) -> Vec<usize> {
    if all.len() <= most {
        return all;
    }
    let mut chosen: Vec<usize> = notable
        .iter()
        .copied()
        .filter(|k| all.contains(k))
        .collect();
    chosen.truncate(most / 2);
    let rest: Vec<usize> = all.into_iter().filter(|k| !chosen.contains(k)).collect();
    let room = most - chosen.len();
    chosen.extend((0..room).map(|n| rest[n * rest.len() / room]));
    chosen.sort_unstable();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_datasets_are_shown_whole_and_fine() {
        let extent = Extent::new(3, None, &[], 2, 20);
        assert_eq!(extent.episodes, [0, 1, 2]);
        assert_eq!((extent.columns, extent.pictures), (480, 8));
        assert_eq!(Extent::new(9, Some(&[7, 8]), &[], 0, 0).episodes, [7, 8]);
        assert_eq!(Extent::new(0, None, &[], 0, 0).episodes, [0_usize; 0]);
    }

    #[test]
    fn of_large_ones_the_notable_and_some_of_all() {
        let extent = Extent::new(5000, None, &[4321], 2, 20);
        assert_eq!((extent.episodes.len(), extent.asked), (100, 5000));
        assert!(extent.episodes.contains(&4321) && extent.episodes.is_sorted());
        assert_eq!(extent.episodes[0], 0);
        let every: Vec<usize> = (0..5000).collect();
        let extent = Extent::new(5000, Some(&every), &every, 2, 20);
        assert_eq!(extent.episodes.len(), 1000);
        assert_eq!((extent.columns, extent.pictures), (69, 1));
    }
}
