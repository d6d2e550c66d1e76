//! What a bench gives: figures, each with what the same run gave for the bare minimum of its case.

use std::path::Path;
use std::{fs, thread};

use serde::Serialize;

use crate::error::BenchError;

/// One figure.
#[derive(Debug, Clone, Serialize)]
pub struct Case {
    /// What was done.
    pub case: String,
    /// What was measured.
    pub metric: String,
    /// How much.
    pub value: f64,
    /// In which unit.
    pub unit: &'static str,
    /// What the bare minimum gave in the same run.
    pub floor: Option<f64>,
}

impl Case {
    pub(crate) fn new(
        case: &str,
        metric: &str,
        value: f64,
        unit: &'static str,
        floor: Option<f64>,
    ) -> Self {
        Self {
            case: case.to_owned(),
            metric: metric.to_owned(),
            value,
            unit,
            floor,
        }
    }
}

/// Where the figures were measured.
#[derive(Debug, Clone, Serialize)]
pub struct Computer {
    /// The processor's name.
    pub cpu: String,
    /// Processors available.
    pub processors: usize,
    /// Load average over the last minute, before the run.
    pub load: f64,
    /// `release` or `debug`.
    pub build: &'static str,
}

/// A finished bench.
#[derive(Debug, Clone, Serialize)]
pub struct BenchReport {
    /// Its name.
    pub bench: &'static str,
    /// Where it ran.
    pub machine: Computer,
    /// The figures.
    pub cases: Vec<Case>,
}

impl BenchReport {
    /// The figures as a table.
    pub fn table(&self) -> String {
        let Computer {
            cpu,
            processors,
            load,
            build,
        } = &self.machine;
        let mut lines = vec![format!(
            "{} bench ({build}) on {processors} x {cpu}, load {load:.1}",
            self.bench
        )];
        let widest = |of: fn(&Case) -> &str| {
            let widths = self.cases.iter().map(|case| of(case).chars().count());
            widths.max().unwrap_or(0) + 2
        };
        let (cases, metrics) = (widest(|case| &case.case), widest(|case| &case.metric));
        for Case {
            case,
            metric,
            value,
            unit,
            floor,
        } in &self.cases
        {
            let floor = floor.map_or(String::new(), |floor| format!("   floor {floor:>10.1}"));
            let decimals = match *unit {
                "" => 4,
                "times" => 2,
                _ => 1,
            };
            lines.push(format!(
                "  {case:<cases$}{metric:<metrics$}{value:>10.decimals$} {unit:<9}{floor}"
            ));
        }
        lines.join("\n")
    }
}

/// Measures in a folder among the temporary ones, which is removed again.
pub(crate) fn in_folder(
    bench: &'static str,
    measure: impl FnOnce(&Path) -> Result<Vec<Case>, BenchError>,
) -> Result<BenchReport, BenchError> {
    let machine = machine();
    // Its name cannot be guessed, and other users may not look into it.
    let folder = temporary()?;
    Ok(BenchReport {
        bench,
        machine,
        cases: measure(folder.path())?,
    })
}

/// A folder of its own among the temporary ones.
pub(crate) fn temporary() -> Result<tempfile::TempDir, BenchError> {
    let folder = tempfile::Builder::new().prefix("ulna-bench-").tempdir();
    folder.map_err(|source| BenchError::System {
        what: "making a folder for temporary files".to_owned(),
        source,
    })
}

/// This machine, now.
pub(crate) fn machine() -> Computer {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    Computer {
        cpu: cpu.map_or("unknown processor", |(_, name)| name).to_owned(),
        processors: thread::available_parallelism().map_or(1, usize::from),
        load: load
            .split(' ')
            .next()
            .and_then(|load| load.parse().ok())
            .unwrap_or(0.0),
        build: if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        },
    }
}
