//! Places that the surroundings report: three numbers named `STEM_x`, `STEM_y` and `STEM_z` are a point in the base frame, m.

use std::time::Duration;

use rerun::{Boxes3D, FillMode, RecordingStream, RecordingStreamResult};

use crate::target::{TIME, time};

/// The colour and half the side, m, of their marks.
const COLOUR: [u8; 3] = [225, 60, 205];
const HALF: f32 = 0.008;

/// One such place.
#[derive(Debug)]
struct Place {
    path: String,
    /// Where its x stands among the numbers.
    first: usize,
    last: Option<[f32; 3]>,
}

/// The places among the numbers of an environment.
#[derive(Debug, Default)]
pub(crate) struct Places(Vec<Place>);

impl Places {
    /// Those that these names stand for.
    pub(crate) fn among(names: &[String]) -> Self {
        let places = names.windows(3).enumerate().filter_map(|(first, names)| {
            let stem = names[0].strip_suffix("_x")?;
            let (y, z) = (names[1].strip_suffix("_y"), names[2].strip_suffix("_z"));
            (y == Some(stem) && z == Some(stem)).then(|| Place {
                path: format!("things/{}", stem.replace('/', "_")),
                first,
                last: None,
            })
        });
        Self(places.collect())
    }

    /// Sends those that have moved.
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn log(
        &mut self,
        stream: &RecordingStream,
        at: Duration,
        numbers: &[f64],
    ) -> RecordingStreamResult<()> {
        for place in &mut self.0 {
            let Some([x, y, z]) = numbers.get(place.first..place.first + 3) else {
                continue;
            };
            let point = [*x as f32, *y as f32, *z as f32];
            if place.last != Some(point) && point.iter().all(|part| part.is_finite()) {
                place.last = Some(point);
                stream.set_time(TIME, time(at));
                let mark = Boxes3D::from_centers_and_half_sizes([point], [[HALF; 3]])
                    .with_colors([COLOUR])
                    .with_fill_mode(FillMode::Solid);
                stream.log(place.path.as_str(), &mark)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_three_names_of_one_stem_are_a_place() {
        let paths = |names: &[&str]| -> Vec<(String, usize)> {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let places = Places::among(&names);
            places
                .0
                .into_iter()
                .map(|place| (place.path, place.first))
                .collect()
        };
        assert_eq!(
            paths(&["t", "cup_x", "cup_y", "cup_z"]),
            [("things/cup".to_owned(), 1)]
        );
        assert!(paths(&["a_x", "b_y", "a_z"]).is_empty());
        assert!(paths(&["a_x", "a_y"]).is_empty());
    }
}
