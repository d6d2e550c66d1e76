//! A line of a plot as an SVG path: long series become one smallest and one largest value per column, so peaks stay.
//!
//! Why plots are our own is said in [`super::plots`].

use std::fmt::Write as _;

use super::scale::{Scale, drawable};

/// How many places a series of this many frames has from left to right, with `columns` at most for long ones.
pub(super) fn places(frames: usize, columns: usize) -> usize {
    match frames <= 2 * columns {
        true => frames,
        false => columns,
    }
}

/// The path of a series over `places` places. NaN, and what is too large to be drawn, is a gap.
pub(super) fn path(values: &[f64], places: usize, scale: &Scale) -> String {
    let mut points: Vec<Option<(usize, u16)>> = Vec::with_capacity(places * 2);
    let at = |place: usize, value: f64| Some((place, scale.height_of(value)));
    for place in 0..places {
        let frames = values.len() * place / places..values.len() * (place + 1) / places;
        let column = frames.map(|frame| values[frame]).enumerate();
        let mut column = column.filter(|(_, value)| drawable(*value));
        let Some(first) = column.next() else {
            points.push(None);
            continue;
        };
        let (least, most) = column.fold((first, first), |(least, most), next| {
            let least = if next.1 < least.1 { next } else { least };
            (least, if next.1 > most.1 { next } else { most })
        });
        let (one, other) = if least.0 <= most.0 {
            (least, most)
        } else {
            (most, least)
        };
        points.push(at(place, one.1));
        if one.1 != other.1 {
            points.push(at(place, other.1));
        }
    }
    let mut text = String::new();
    for stretch in points.split(Option::is_none) {
        write_stretch(stretch.iter().flatten().copied(), &mut text);
    }
    text
}

fn write_stretch(points: impl Iterator<Item = (usize, u16)>, text: &mut String) {
    let points: Vec<(usize, u16)> = points.collect();
    for (number, (place, height)) in points.iter().enumerate() {
        // Between two points of its height, a point adds nothing.
        let same = |other: Option<&(usize, u16)>| other.is_some_and(|(_, h)| h == height);
        let before = number.checked_sub(1).and_then(|before| points.get(before));
        if same(before) && same(points.get(number + 1)) {
            continue;
        }
        let lead = if number == 0 { "M" } else { " " };
        // Writing to a string has no way to fail.
        let _ = write!(text, "{lead}{place} {height}");
    }
    if let [(place, height)] = points[..] {
        // A point alone shows as a dot, by its round ends.
        let _ = write!(text, " {place} {height}");
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn scale() -> Scale {
        Scale::over([0.0, 1000.0].into_iter(), 0.0).unwrap()
    }

    #[test]
    fn short_series_are_drawn_as_they_are() {
        let scale = scale();
        let (_, high) = scale.ends();
        let drawn = path(&[0.0, high, f64::NAN, 0.0, 0.0, 0.0], 6, &scale);
        assert_eq!(drawn, "M0 1000 1 0M3 1000 5 1000");
        assert_eq!(path(&[f64::NAN, high], 2, &scale), "M1 0 1 0");
        assert_eq!(path(&[], 0, &scale), "");
    }

    #[test]
    fn a_peak_of_one_frame_stays() {
        let scale = scale();
        let (_, high) = scale.ends();
        let mut values = vec![0.0; 100_000];
        values[77_777] = high;
        let places = places(values.len(), 100);
        assert_eq!(places, 100);
        let drawn = path(&values, places, &scale);
        assert!(drawn.contains(" 77 1000 77 0 "), "{drawn}");
        assert!(drawn.len() < 100, "{drawn}");
    }
}
