//! The ready-made layout: on the left the arm in space over what the cameras see, on the right a plot for each joint over the
//! tracking error, the time and the gate.

use rerun::external::re_sdk_types;

use re_sdk_types::blueprint::archetypes::{
    EyeControls3D, LineGrid3D, PlotLegend, ScalarAxis, TimeAxis, VisibleTimeRanges,
};
use re_sdk_types::blueprint::components::{Corner2D, GridSpacing, LinkAxis, VisibleTimeRange};
use re_sdk_types::components::{Range1D, Visible};
use re_sdk_types::datatypes;

use crate::panel::{Panel, View};
use crate::target::TIME;

/// What was measured.
pub(crate) const MEASURED: [u8; 3] = [64, 156, 255];
/// What was commanded: what the gate sent.
pub(crate) const COMMANDED: [u8; 3] = [255, 150, 40];
/// What the source wanted, where the gate sent something else.
pub(crate) const WANTED: [u8; 3] = [150, 150, 150];

/// What there is to lay out.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// A robot whose shape is known.
    pub(crate) arm: bool,
    pub(crate) cameras: Vec<String>,
    /// Joint plots are at `joints/NAME`.
    pub(crate) joints: Vec<String>,
    /// The name and path of more plots. The first has a place of its own; if there are more than two, the others share the second.
    pub(crate) plots: Vec<(String, String)>,
    /// Rows of states at `gate`, so many.
    pub(crate) gate: Option<usize>,
    /// Plots look back so far, s; everything if absent.
    pub(crate) window: Option<f64>,
}

impl Contents {
    /// The layout.
    pub(crate) fn layout(&self) -> Panel {
        let mut left = Vec::new();
        if self.arm {
            left.push((3.0, arm()));
        }
        if !self.cameras.is_empty() {
            let views = self
                .cameras
                .iter()
                .map(|name| View::new("2D", name, [format!("cameras/{name}")]).panel());
            let columns = if self.cameras.len() > 1 { 2 } else { 1 };
            left.push((2.0, Panel::Grid(columns, views.collect())));
        }
        left.push((1.2, words()));
        let mut right = Vec::new();
        if !self.joints.is_empty() {
            let plots = self
                .joints
                .iter()
                .map(|name| self.plot(name, format!("joints/{name}"), false).panel());
            right.push((6.0, Panel::Grid(2, plots.collect())));
        }
        if !self.plots.is_empty() {
            let plots = self.plots.iter();
            let plots = plots.map(|(name, path)| self.plot(name, path.clone(), true).panel());
            let mut plots: Vec<Panel> = plots.collect();
            if plots.len() > 2 {
                let others = plots.split_off(1);
                plots.push(Panel::Tabs(others));
            }
            right.push((2.6, Panel::Grid(2, plots)));
        }
        if let Some(rows) = self.gate {
            let axis = ScalarAxis::new().with_range(Range1D::new(-0.7, rows as f64 - 0.3));
            let gate = self.plot("the safety gate", "gate".to_owned(), true);
            right.push((1.7, gate.with("ScalarAxis", &axis).panel()));
        }
        Panel::Row(vec![
            (2.0, Panel::Column(left)),
            (3.0, Panel::Column(right)),
        ])
    }

    /// All plots show the same span of time.
    fn plot(&self, name: &str, path: String, legend: bool) -> View {
        let axis = TimeAxis::new().with_link(LinkAxis::LinkToGlobal);
        let legend = PlotLegend::new()
            .with_visible(Visible::from(legend))
            .with_corner(Corner2D::LeftTop);
        let view = View::new("TimeSeries", name, [path])
            .with("TimeAxis", &axis)
            .with("PlotLegend", &legend);
        let Some(window) = self.window else {
            return view;
        };
        #[allow(clippy::cast_possible_truncation)]
        let back = datatypes::TimeInt(-(window * 1e9) as i64);
        let range = VisibleTimeRange(datatypes::VisibleTimeRange {
            timeline: TIME.into(),
            range: datatypes::TimeRange {
                start: datatypes::TimeRangeBoundary::CursorRelative(back),
                end: datatypes::TimeRangeBoundary::CursorRelative(datatypes::TimeInt(0)),
            },
        });
        view.with("VisibleTimeRanges", &VisibleTimeRanges::new([range]))
    }
}

/// The arm from the front left, a grid of 10 cm under it.
fn arm() -> Panel {
    let eye = EyeControls3D::new()
        .with_position([0.42f32, 0.36, 0.34])
        .with_look_target([0.13f32, 0.0, 0.11])
        .with_eye_up([0.0f32, 0.0, 1.0]);
    let grid = LineGrid3D::new().with_spacing(GridSpacing(0.1.into()));
    let contents = ["arm", "things"].map(|path| format!("/{path}/**"));
    View::new("3D", "the arm", contents)
        .with("EyeControls3D", &eye)
        .with("LineGrid3D", &grid)
        .panel()
}

fn words() -> Panel {
    let about = View::new("TextDocument", "about", ["about".to_owned()]).panel();
    let log = View::new("TextLog", "what happened", ["log".to_owned()]).panel();
    Panel::Tabs(vec![about, log])
}
