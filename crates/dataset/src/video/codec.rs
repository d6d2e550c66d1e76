//! What the index of an mp4 file says of its codec.

use shiguredo_mp4::bitstream::h264::LengthSize;
use shiguredo_mp4::boxes::{Avc1Box, SampleEntry, VisualSampleEntryFields};

/// What is needed to decode a video's pictures.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Codec {
    H264 {
        /// The parameter sets, each behind a start code.
        parameters: Vec<u8>,
        length_size: LengthSize,
    },
    Av1 {
        config: Vec<u8>,
    },
    /// One that is not decoded here.
    Foreign {
        name: String,
    },
}

impl Codec {
    /// Its name, if it is left to an `ffmpeg`: one that is not decoded here, or any in a program without the decoders.
    pub(crate) fn foreign(&self) -> Option<&str> {
        match self {
            Codec::Foreign { name } => Some(name),
            _ if cfg!(feature = "video") => None,
            Codec::H264 { .. } => Some("H.264"),
            Codec::Av1 { .. } => Some("AV1"),
        }
    }
}

/// The codec that an index describes, and the size of its pictures.
pub(crate) fn codec_of(entry: &SampleEntry) -> Result<(Codec, usize, usize), String> {
    match entry {
        // High 10, High 4:2:2 and High 4:4:4, which the decoder doesn't know.
        SampleEntry::Avc1(avc) if avc.avcc_box.avc_profile_indication >= 110 => {
            Ok(foreign("H.264 of a high profile", &avc.visual))
        }
        SampleEntry::Avc1(avc) => Ok((
            Codec::H264 {
                parameters: parameter_sets(avc),
                length_size: match avc.avcc_box.length_size_minus_one.get() {
                    0 => LengthSize::OneByte,
                    1 => LengthSize::TwoBytes,
                    3 => LengthSize::FourBytes,
                    _ => return Err("has pictures framed in an unknown way".to_owned()),
                },
            },
            usize::from(avc.visual.width),
            usize::from(avc.visual.height),
        )),
        SampleEntry::Av01(av1) if av1.av1c_box.high_bitdepth.get() != 0 => {
            Ok(foreign("AV1 with more than 8 bits a colour", &av1.visual))
        }
        SampleEntry::Av01(av1) => Ok((
            Codec::Av1 {
                config: av1.av1c_box.config_obus.clone(),
            },
            usize::from(av1.visual.width),
            usize::from(av1.visual.height),
        )),
        SampleEntry::Hev1(hevc) => Ok(foreign("HEVC", &hevc.visual)),
        SampleEntry::Hvc1(hevc) => Ok(foreign("HEVC", &hevc.visual)),
        SampleEntry::Vp08(vp8) => Ok(foreign("VP8", &vp8.visual)),
        SampleEntry::Vp09(vp9) => Ok(foreign("VP9", &vp9.visual)),
        SampleEntry::Unknown(entry) => {
            let kind = String::from_utf8_lossy(entry.box_type.as_bytes());
            let name = match &*kind {
                "mp4v" => "MPEG-4 Part 2".to_owned(),
                other => format!("of the codec `{}`", other.escape_debug()),
            };
            let (width, height) = size_of_unknown(&entry.payload)
                .ok_or_else(|| format!("is {name}, and states no size"))?;
            Ok((Codec::Foreign { name }, width, height))
        }
        _ => Err("holds sound where pictures are expected".to_owned()),
    }
}

fn foreign(name: &str, visual: &VisualSampleEntryFields) -> (Codec, usize, usize) {
    let name = name.to_owned();
    let size = (usize::from(visual.width), usize::from(visual.height));
    (Codec::Foreign { name }, size.0, size.1)
}

/// Width and height, which stand at the same place in every visual sample entry (ISO/IEC 14496-12).
fn size_of_unknown(payload: &[u8]) -> Option<(usize, usize)> {
    let [a, b, c, d] = *payload.get(24..)?.first_chunk::<4>()?;
    let size = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    Some((usize::from(size.0), usize::from(size.1)))
}

fn parameter_sets(avc: &Avc1Box) -> Vec<u8> {
    let sets = avc.avcc_box.sps_list.iter().chain(&avc.avcc_box.pps_list);
    sets.flat_map(|set| [0, 0, 0, 1].iter().chain(set))
        .copied()
        .collect()
}
