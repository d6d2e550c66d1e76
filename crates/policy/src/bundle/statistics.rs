//! Where normalisation gets its numbers from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::PolicyError;
use crate::normalise::Normaliser;

use super::folder;
use super::manifest::{Mode, StatisticsSpec};
use super::tensors::TensorFile;

/// The files of statistics that have been read, each once.
pub(super) type Files = BTreeMap<PathBuf, TensorFile>;

/// The statistics of one feature, as `policy.toml` asks for them.
pub(super) struct Wanted<'a> {
    pub(super) dir: &'a Path,
    pub(super) key: &'a str,
    pub(super) mode: Mode,
    pub(super) spec: Option<&'a StatisticsSpec>,
    /// How many numbers each statistic has.
    pub(super) len: usize,
}

impl Wanted<'_> {
    /// Loads them; each file is read once.
    pub(super) fn load(
        &self,
        files: &mut Files,
        wrong: &dyn Fn(String) -> PolicyError,
    ) -> Result<Normaliser, PolicyError> {
        let (first, second) = match self.mode {
            Mode::Identity | Mode::Baked if self.spec.is_some() => {
                return Err(wrong(format!(
                    "`{}` has statistics, and its normalisation is one that needs none; name the normalisation, or leave them out",
                    self.key
                )));
            }
            Mode::Identity | Mode::Baked => return Ok(Normaliser::Identity),
            Mode::MeanStd => ("mean", "std"),
            Mode::MinMax => ("min", "max"),
            Mode::Quantiles => ("q01", "q99"),
            Mode::Quantile10 => ("q10", "q90"),
        };
        let mut get = |name| self.get(name, files, wrong);
        let names = (first, second);
        let (first, second) = (get(first)?, get(second)?);
        self.ordered(names, &first, &second).map_err(wrong)?;
        Ok(match self.mode {
            Mode::MeanStd => Normaliser::MeanStd {
                mean: first,
                std: second,
            },
            _ => Normaliser::Range {
                low: first,
                high: second,
            },
        })
    }

    fn get(
        &self,
        name: &str,
        files: &mut Files,
        wrong: &dyn Fn(String) -> PolicyError,
    ) -> Result<Vec<f32>, PolicyError> {
        let key = self.key;
        match self.spec {
            None => Err(wrong(format!(
                "`{key}` is to be normalised and has no statistics; give a file or {{ {name} = [...], ... }}"
            ))),
            Some(StatisticsSpec::Inline(table)) => {
                let values = table
                    .get(name)
                    .ok_or_else(|| wrong(format!("the statistics of `{key}` lack `{name}`")))?;
                self.check(name, values).map_err(wrong)?;
                Ok(values.clone())
            }
            Some(StatisticsSpec::File(file)) => {
                let path = folder::inside(self.dir, file)?;
                if !files.contains_key(&path) {
                    files.insert(path.clone(), TensorFile::read(&path)?);
                }
                let file = &files[&path];
                let full = format!("{key}.{name}");
                let values = file.floats(&full).ok_or_else(|| {
                    file.error(format!(
                        "there is no float32 tensor `{full}` (there are: {})",
                        file.names()
                    ))
                })?;
                self.check(name, values)
                    .map_err(|reason| file.error(reason))?;
                Ok(values.to_vec())
            }
        }
    }

    /// A deviation is not negative, and a range does not end before it begins.
    fn ordered(
        &self,
        (first, second): (&str, &str),
        firsts: &[f32],
        seconds: &[f32],
    ) -> Result<(), String> {
        let key = self.key;
        let mut pairs = firsts.iter().zip(seconds);
        match self.mode {
            Mode::MeanStd => match seconds.iter().find(|std| **std < 0.0) {
                Some(std) => Err(format!(
                    "`{key}.{second}` contains {std}, and a deviation is not negative"
                )),
                None => Ok(()),
            },
            _ => match pairs.find(|(low, high)| low > high) {
                Some((low, high)) => Err(format!(
                    "`{key}.{first}` is {low} where `{key}.{second}` is {high}, and a range does not end before it begins"
                )),
                None => Ok(()),
            },
        }
    }

    fn check(&self, name: &str, values: &[f32]) -> Result<(), String> {
        if values.len() != self.len {
            return Err(format!(
                "`{}.{name}` has {} numbers, and {} are needed",
                self.key,
                values.len(),
                self.len
            ));
        }
        match values.iter().find(|value| !value.is_finite()) {
            Some(value) => Err(format!("`{}.{name}` contains {value}", self.key)),
            None => Ok(()),
        }
    }
}
