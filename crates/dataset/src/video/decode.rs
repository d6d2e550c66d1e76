//! The two decoders behind one face: a picture's bytes in, RGB out.

use std::panic::{AssertUnwindSafe, catch_unwind};

use openh264::OpenH264API;
use openh264::decoder::{DecodeOptions, DecodedYUV, Decoder as H264, DecoderConfig, Flush};
use openh264::formats::YUVSource;
use re_rav1d::pixel::{MatrixCoefficients, YUVRange};
use re_rav1d::{Decoder as Av1, PixelLayout, PlanarImageComponent, Settings};
use shiguredo_mp4::bitstream::h264::{LengthSize, length_prefixed_to_annexb};

use crate::video::codec::Codec;
use crate::video::color::{Emit, MAX_PIXELS, Matrix, Planes};

/// Decodes the pictures of one video in the order of the file.
pub(crate) struct Decoder {
    engine: CodecDecoder,
    codec: Codec,
}

enum CodecDecoder {
    H264 {
        decoder: Box<H264>,
        parameters: Vec<u8>,
        length_size: LengthSize,
        started: bool,
    },
    Av1 {
        decoder: Box<Av1>,
        config: Vec<u8>,
        started: bool,
    },
}

impl Decoder {
    pub(crate) fn new(codec: &Codec) -> Result<Decoder, String> {
        let engine = match codec {
            Codec::H264 {
                parameters,
                length_size,
            } => {
                let config = DecoderConfig::new();
                let decoder = H264::with_api_config(OpenH264API::from_source(), config);
                CodecDecoder::H264 {
                    decoder: Box::new(decoder.map_err(|e| e.to_string())?),
                    parameters: parameters.clone(),
                    length_size: *length_size,
                    started: false,
                }
            }
            Codec::Foreign { name } => {
                return Err(format!("is {name}, which isn't decoded here"));
            }
            Codec::Av1 { config } => {
                let mut settings = Settings::new();
                settings.set_n_threads(1);
                settings.set_max_frame_delay(1);
                settings.set_frame_size_limit(MAX_PIXELS);
                let decoder = Av1::with_settings(&settings);
                CodecDecoder::Av1 {
                    decoder: Box::new(decoder.map_err(|e| e.to_string())?),
                    config: config.clone(),
                    started: false,
                }
            }
        };
        Ok(Decoder {
            engine,
            codec: codec.clone(),
        })
    }

    /// Whether it was made for this very codec and its parameters.
    pub(crate) fn fits(&self, codec: &Codec) -> bool {
        self.codec == *codec
    }

    /// Forgets what it has decoded; the next picture must be a key frame. Only for streams in which every picture comes
    /// out as it goes in.
    pub(crate) fn restart(&mut self) {
        match &mut self.engine {
            // A key frame of H.264 (IDR) resets the decoder.
            CodecDecoder::H264 { started, .. } => *started = false,
            CodecDecoder::Av1 {
                decoder, started, ..
            } => {
                decoder.flush();
                *started = false;
            }
        }
    }

    /// Takes the next picture in the order of the file, or none at the end, and hands out those that are ready, in
    /// the order in which they are shown. A stream that reorders pictures has them ready later than it gets them.
    pub(crate) fn decode(&mut self, sample: Option<&[u8]>, emit: Emit) -> Result<(), String> {
        let engine = &mut self.engine;
        // The AV1 decoder asserts where a damaged stream contradicts itself.
        catch_unwind(AssertUnwindSafe(|| engine.decode(sample, emit)))
            .unwrap_or_else(|_| Err("the decoder gave up on a picture".to_owned()))
    }
}

impl CodecDecoder {
    fn decode(&mut self, sample: Option<&[u8]>, emit: Emit) -> Result<(), String> {
        match (self, sample) {
            (
                CodecDecoder::H264 {
                    decoder,
                    parameters,
                    length_size,
                    started,
                },
                Some(sample),
            ) => {
                let mut bytes = Vec::new();
                if !std::mem::replace(started, true) {
                    bytes.extend_from_slice(parameters);
                }
                bytes.extend(
                    length_prefixed_to_annexb(sample, *length_size).map_err(|e| e.to_string())?,
                );
                let options = DecodeOptions::new().flush_after_decode(Flush::NoFlush);
                let picture = decoder
                    .decode_with_options(&bytes, options)
                    .map_err(|e| e.to_string())?;
                picture.map_or(Ok(()), |picture| emit_h264(&picture, emit))
            }
            (CodecDecoder::H264 { decoder, .. }, None) => {
                let rest = decoder.flush_remaining().map_err(|e| e.to_string())?;
                rest.iter().try_for_each(|picture| emit_h264(picture, emit))
            }
            (
                CodecDecoder::Av1 {
                    decoder,
                    config,
                    started,
                },
                Some(sample),
            ) => {
                let mut bytes = Vec::new();
                if !std::mem::replace(started, true) {
                    bytes.extend_from_slice(config);
                }
                bytes.extend_from_slice(sample);
                decode_av1(decoder, bytes, emit)
            }
            // AV1 in mp4 shows one picture per sample.
            (CodecDecoder::Av1 { .. }, None) => Ok(()),
        }
    }
}

fn emit_h264(picture: &DecodedYUV, emit: Emit) -> Result<(), String> {
    let (width, height) = picture.dimensions();
    let (y_stride, u_stride, _) = picture.strides();
    emit(&Planes {
        width,
        height,
        data: [picture.y(), picture.u(), picture.v()],
        strides: [y_stride, u_stride],
        subsampling: [2, 2],
        // openh264 doesn't tell what the stream signals; these are what cameras' streams use, ours included.
        matrix: Matrix::Bt601,
        full_range: false,
    })
}

fn decode_av1(decoder: &mut Av1, bytes: Vec<u8>, emit: Emit) -> Result<(), String> {
    decoder
        .send_data(bytes, None, None, None)
        .map_err(|e| e.to_string())?;
    let picture = decoder.get_picture().map_err(|e| e.to_string())?;
    if picture.bit_depth() != 8 {
        let depth = picture.bit_depth();
        return Err(format!("has {depth} bits per colour, 8 are expected"));
    }
    let component = |which| picture.plane(which);
    let luma = component(PlanarImageComponent::Y);
    let (subsampling, chroma) = match picture.pixel_layout() {
        PixelLayout::I400 => ([1, 1], None),
        layout => {
            let planes = (
                component(PlanarImageComponent::U),
                component(PlanarImageComponent::V),
            );
            let subsampling = match layout {
                PixelLayout::I422 => [2, 1],
                PixelLayout::I444 => [1, 1],
                _ => [2, 2],
            };
            (subsampling, Some(planes))
        }
    };
    let (u, v): (&[u8], &[u8]) = chroma.as_ref().map_or((&[], &[]), |(u, v)| (u, v));
    let planes = Planes {
        width: picture.width() as usize,
        height: picture.height() as usize,
        data: [&luma, u, v],
        strides: [
            picture.stride(PlanarImageComponent::Y) as usize,
            picture.stride(PlanarImageComponent::U) as usize,
        ],
        subsampling,
        matrix: match picture.matrix_coefficients() {
            MatrixCoefficients::BT709 => Matrix::Bt709,
            MatrixCoefficients::BT2020NonConstantLuminance => Matrix::Bt2020,
            _ => Matrix::Bt601,
        },
        full_range: picture.color_range() == YUVRange::Full,
    };
    emit(&planes)
}
