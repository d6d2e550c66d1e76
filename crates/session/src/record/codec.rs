//! The codec of a recording: as asked for with a new dataset, as declared with one that is there.

use ulna_dataset::tools::Encoding;
use ulna_dataset::{Dataset, Dtype, Feature};

use crate::error::SessionError;
use crate::usage::{RecordUsage, UsageError};

/// What was asked for; nothing means the built-in codec, or that of the dataset which is resumed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CodecChoice {
    /// `h264` (built in), `av1`, `hevc`, `vp9` or the name of an encoder of ffmpeg's.
    pub codec: Option<String>,
    /// Distance of key frames, in frames.
    pub gop: Option<u32>,
    /// Constant quality, less is better.
    pub crf: Option<u32>,
    /// Speed, as the encoder names it.
    pub preset: Option<String>,
}

impl CodecChoice {
    /// The encoding of a new dataset.
    ///
    /// # Errors
    /// If settings are given that the built-in codec doesn't have.
    pub fn encoding(&self) -> Result<Encoding, SessionError> {
        let codec = self.codec.as_deref().unwrap_or("h264");
        let mut encoding = Encoding::of(codec);
        let own = self.gop.is_some() || self.crf.is_some() || self.preset.is_some();
        if encoding.is_built_in() && own {
            return Err(UsageError::from(RecordUsage::BuiltInCodec).into());
        }
        encoding.gop = self.gop.unwrap_or(encoding.gop);
        encoding.crf = self.crf.or(encoding.crf);
        encoding.preset = self.preset.clone().or(encoding.preset);
        Ok(encoding)
    }

    /// One sentence for each camera of a dataset that is encoded in another way than was asked for, the last with what to do.
    pub(super) fn differences(&self, dataset: &Dataset) -> Vec<String> {
        let cameras = dataset.info().cameras();
        let differences = cameras.filter_map(|camera| self.difference(camera));
        let mut differences: Vec<String> = differences.collect();
        if let Some(last) = differences.last_mut() {
            last.push_str(
                " (leave --codec and its settings out to go on with what is there, or change it first with `ulna dataset reencode`)",
            );
        }
        differences
    }

    fn difference(&self, camera: &Feature) -> Option<String> {
        let there = Encoding::declared_by(camera);
        let name = &camera.key;
        if let Some(codec) = &self.codec
            && Encoding::of(codec).encoder() != there.encoder()
        {
            return Some(format!("camera `{name}` has {}, not {codec}", there.codec));
        }
        let or_none = |value: Option<&str>| value.unwrap_or("none").to_owned();
        let number = |value: Option<u32>| value.map(|value| value.to_string());
        let settings = [
            ("gop", number(self.gop), Some(there.gop.to_string())),
            ("crf", number(self.crf), number(there.crf)),
            ("preset", self.preset.clone(), there.preset),
        ];
        settings.into_iter().find_map(|(setting, wanted, there)| {
            let differs = wanted.is_some() && wanted != there;
            differs.then(|| {
                let (there, wanted) = (or_none(there.as_deref()), or_none(wanted.as_deref()));
                format!("camera `{name}` has {setting} {there}, not {wanted}")
            })
        })
    }
}

/// The features with their cameras' videos declared as encoded so.
pub(super) fn declared(features: Vec<Feature>, encoding: &Encoding, fps: u32) -> Vec<Feature> {
    let declared = |feature: Feature| match feature.dtype {
        Dtype::Video => encoding.declared(&feature, fps),
        _ => feature,
    };
    features.into_iter().map(declared).collect()
}

/// Rows from one sync of the disk to the next: a second's. ffmpeg's encoders hold back up to half a second's pictures, so with
/// them it is half a second's, and a power cut costs no more.
pub(super) fn sync_every(cameras: &[Feature], fps: u32) -> u32 {
    let prompt = |camera: &Feature| Encoding::declared_by(camera).is_built_in();
    match cameras.iter().all(prompt) {
        true => fps,
        false => fps.div_ceil(2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dataset_goes_on_with_its_codec_and_refuses_another() {
        let plain = Feature::camera("observation.images.front", 64, 64, 30);
        let av1 = Encoding::of("av1").declared(&plain, 30);
        let choice = |codec: &str| CodecChoice {
            codec: Some(codec.to_owned()),
            ..CodecChoice::default()
        };
        for fits in [CodecChoice::default(), choice("av1"), choice("libsvtav1")] {
            assert_eq!(fits.difference(&av1), None);
        }
        let other = choice("hevc").difference(&av1).unwrap();
        assert_eq!(other, "camera `observation.images.front` has av1, not hevc");
        let finer = CodecChoice {
            crf: Some(20),
            ..CodecChoice::default()
        };
        assert!(
            finer
                .difference(&av1)
                .unwrap()
                .contains("has crf 30, not 20")
        );
        assert!(finer.encoding().is_err());
        assert_eq!(choice("h264").difference(&plain), None);
        assert!(choice("libx264").difference(&plain).is_some());
        assert_eq!((sync_every(&[plain], 30), sync_every(&[av1], 15)), (30, 8));
    }
}
