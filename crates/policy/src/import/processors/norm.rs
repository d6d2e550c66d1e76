//! How one feature is normalised, by LeRobot's names.

/// How one feature is normalised.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::import) struct Norm {
    /// LeRobot's name of the mode.
    pub(in crate::import) mode: &'static str,
    /// By LeRobot's names, in the order that the mode has them; empty for `IDENTITY`.
    pub(in crate::import) statistics: Vec<(&'static str, Vec<f32>)>,
}

impl Norm {
    pub(super) fn identity() -> Self {
        Self {
            mode: "IDENTITY",
            statistics: Vec::new(),
        }
    }
}

/// The mode of this name, and the statistics that it needs.
pub(super) fn mode_of(name: &str) -> Result<(&'static str, &'static [&'static str]), String> {
    Ok(match name {
        "IDENTITY" => ("IDENTITY", &[]),
        "MEAN_STD" => ("MEAN_STD", &["mean", "std"]),
        "MIN_MAX" => ("MIN_MAX", &["min", "max"]),
        "QUANTILES" => ("QUANTILES", &["q01", "q99"]),
        "QUANTILE10" => ("QUANTILE10", &["q10", "q90"]),
        other => {
            return Err(format!(
                "its normalisation {other} is not known; LeRobot has IDENTITY, MEAN_STD, MIN_MAX, QUANTILES and QUANTILE10"
            ));
        }
    })
}
