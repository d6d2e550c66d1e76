//! Numbers over time. They are sent in blocks of many rows, which costs a small part of sending them one by one.

use rerun::{RecordingStream, RecordingStreamResult, Scalars, SeriesLines, TimeColumn};

use crate::target::TIME;

/// How one line of a plot looks.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// What the legend calls it.
    pub(crate) name: String,
    /// Red, green, blue.
    pub(crate) colour: [u8; 3],
}

/// A plot's lines.
#[derive(Debug)]
pub(crate) struct Plot {
    path: String,
    lines: Vec<Line>,
    values: Vec<f64>,
    width: f32,
}

impl Plot {
    /// A plot of these lines.
    pub(crate) fn new(path: String, lines: Vec<Line>) -> Self {
        Self {
            path,
            lines,
            values: Vec::new(),
            width: 1.5,
        }
    }

    /// With lines that are bars rather.
    pub(crate) fn thick(self) -> Self {
        Self { width: 7.0, ..self }
    }

    /// How it looks, which is sent once.
    pub(crate) fn log_style(&self, stream: &RecordingStream) -> RecordingStreamResult<()> {
        let names = self.lines.iter().map(|line| line.name.clone());
        let colours = self.lines.iter().map(|line| line.colour);
        let style = SeriesLines::new()
            .with_names(names)
            .with_colors(colours)
            .with_widths(self.lines.iter().map(|_| self.width));
        stream.log_static(self.path.as_str(), &style)
    }

    /// One more row: a value for each line; NaN is a gap.
    pub(crate) fn push(&mut self, row: impl IntoIterator<Item = f64>) {
        self.values.extend(row);
        debug_assert!(self.values.len().is_multiple_of(self.lines.len()));
    }

    /// Sends the rows that came since the last time, which happened at `times`, ns.
    pub(crate) fn send(
        &mut self,
        stream: &RecordingStream,
        times: &[i64],
    ) -> RecordingStreamResult<()> {
        let width = self.lines.len();
        if self.values.is_empty() {
            return Ok(());
        }
        let scalars = Scalars::new(self.values.drain(..)).columns(vec![width; times.len()])?;
        let times = TimeColumn::new_duration_nanos(TIME, times.iter().copied());
        stream.send_columns(self.path.as_str(), [times], scalars)
    }
}

/// Distinguishable colours, for lines that have no meaning of their own (the palette of Okabe and Ito, and a few more).
pub(crate) const PALETTE: [[u8; 3]; 8] = [
    [86, 180, 233],
    [230, 159, 0],
    [0, 158, 115],
    [240, 228, 66],
    [213, 94, 0],
    [204, 121, 167],
    [0, 114, 178],
    [160, 160, 160],
];

/// Lines of these names.
pub(crate) fn lines<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<Line> {
    let line = |(index, name): (usize, &str)| Line {
        name: name.to_owned(),
        colour: PALETTE[index % PALETTE.len()],
    };
    names.into_iter().enumerate().map(line).collect()
}
