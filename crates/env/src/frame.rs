//! Frames: four bytes with a length, the most significant first, and that many bytes.

/// The longest request, bytes: actions of 256 environments with 64 joints each are a seventh of it.
pub const LONGEST_REQUEST: usize = 1 << 20;
/// The longest reply, bytes.
pub const LONGEST_REPLY: usize = 256 << 20;

/// The bytes of a length.
const HEAD: usize = 4;

/// A frame that is longer than its reader takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a frame of {length} bytes, and {longest} are the most")]
pub struct FrameTooLong {
    /// What its head says.
    pub length: usize,
    /// What the reader takes.
    pub longest: usize,
}

/// Puts frames together from bytes as they come. It keeps no more than one frame and what came behind it.
#[derive(Debug)]
pub struct EnvFrames {
    longest: usize,
    bytes: Vec<u8>,
}

impl EnvFrames {
    /// A reader of frames up to this length, bytes.
    pub fn new(longest: usize) -> Self {
        Self {
            longest,
            bytes: Vec::new(),
        }
    }

    /// Takes bytes that came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next frame without its head, once it is there.
    ///
    /// # Errors
    /// [`FrameTooLong`], again at each call: where the frame behind it begins is not known before it has come.
    pub fn frame(&mut self) -> Result<Option<Vec<u8>>, FrameTooLong> {
        let Some((head, rest)) = self.bytes.split_first_chunk::<HEAD>() else {
            return Ok(None);
        };
        let length = usize::try_from(u32::from_be_bytes(*head)).unwrap_or(usize::MAX);
        if length > self.longest {
            let longest = self.longest;
            return Err(FrameTooLong { length, longest });
        }
        if rest.len() < length {
            return Ok(None);
        }
        let mut frame: Vec<u8> = self.bytes.drain(..HEAD + length).collect();
        frame.drain(..HEAD);
        // A long frame leaves no room behind.
        self.bytes.shrink_to(LONGEST_REQUEST);
        Ok(Some(frame))
    }
}

/// A frame with this content, written by `fill` behind the head.
///
/// # Errors
/// What `fill` returns, or [`FrameTooLong`] beyond `longest`.
pub fn framed<E: From<FrameTooLong>>(
    longest: usize,
    fill: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<Vec<u8>, E> {
    let mut bytes = vec![0; HEAD];
    fill(&mut bytes)?;
    let length = bytes.len() - HEAD;
    let head = u32::try_from(length).ok().filter(|_| length <= longest);
    let head = head.ok_or(FrameTooLong { length, longest })?;
    bytes[..HEAD].copy_from_slice(&head.to_be_bytes());
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(content: &[u8]) -> Vec<u8> {
        let filled: Result<_, FrameTooLong> = framed(LONGEST_REPLY, |bytes| {
            bytes.extend_from_slice(content);
            Ok(())
        });
        filled.unwrap()
    }

    proptest! {
        #[test]
        fn frames_come_out_as_they_went_in_however_they_are_cut(
            contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..6),
            cuts in prop::collection::vec(1..50usize, 1..40),
        ) {
            let sent: Vec<u8> = contents.iter().flat_map(|content| frame(content)).collect();
            let (mut reader, mut out, mut rest) = (EnvFrames::new(200), Vec::new(), &sent[..]);
            for cut in cuts.iter().cycle() {
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                reader.push(now);
                while let Some(frame) = reader.frame().unwrap() {
                    out.push(frame);
                }
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(out, contents);
        }

        #[test]
        fn any_bytes_are_frames_or_too_long(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut reader = EnvFrames::new(64);
            reader.push(&bytes);
            let mut taken = 0;
            loop {
                match reader.frame() {
                    Ok(Some(frame)) => {
                        prop_assert!(frame.len() <= 64);
                        taken += frame.len() + HEAD;
                    }
                    Ok(None) => break,
                    Err(error) => {
                        prop_assert!(error.length > 64);
                        prop_assert_eq!(reader.frame(), Err(error));
                        break;
                    }
                }
            }
            prop_assert!(taken <= bytes.len());
        }
    }

    #[test]
    fn a_frame_is_not_made_longer_than_it_may_be() {
        let fill = |bytes: &mut Vec<u8>| -> Result<(), FrameTooLong> {
            bytes.extend_from_slice(&[0; 10]);
            Ok(())
        };
        assert_eq!(framed(10, fill).unwrap().len(), 14);
        assert_eq!(
            framed(9, fill),
            Err(FrameTooLong {
                length: 10,
                longest: 9
            })
        );
    }
}
