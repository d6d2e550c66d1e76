//! Cameras that misbehave on purpose.

use core::time::Duration;

use ulna_core::{Camera, CameraFault, Frame, Stamp};

use crate::fault::FaultParseError;
use crate::fault::quantity::duration;

/// One way in which a camera misbehaves, from the given moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CameraFaultKind {
    /// The same picture again and again, with its old number but a new stamp: a driver that hands out the same buffer for ever.
    Frozen {
        /// Since when.
        from: Stamp,
    },
    /// No more pictures, and no error.
    Silent {
        /// Since when.
        from: Stamp,
    },
    /// Every picture arrives so much later.
    Late {
        /// Since when.
        from: Stamp,
        /// By how much.
        by: Duration,
    },
    /// Unplugged.
    Gone {
        /// Since when.
        from: Stamp,
    },
}

impl CameraFaultKind {
    /// Reads `front:frozen@3s`, `front:silent@3s`, `front:gone@3s` or `front:late+700ms@3s`: a camera's name and what is wrong with it.
    ///
    /// # Errors
    /// [`FaultParseError`] if it is none of these.
    pub fn parse(text: &str) -> Result<(String, Self), FaultParseError> {
        let parts = text.split_once(':').and_then(|(name, rest)| {
            let (word, from) = rest.rsplit_once('@')?;
            Some((name, word, from))
        });
        let incomplete = |example| FaultParseError::Incomplete {
            text: text.into(),
            example,
        };
        let (name, word, from) = parts.ok_or_else(|| incomplete("front:frozen@3s"))?;
        let from = Stamp::new(duration(text, from)?);
        let fault = match word.split_once('+').unwrap_or((word, "")) {
            ("frozen", "") => Self::Frozen { from },
            ("silent", "") => Self::Silent { from },
            ("gone", "") => Self::Gone { from },
            ("late", by) => Self::Late {
                from,
                by: duration(text, by)?,
            },
            _ => {
                return Err(incomplete(
                    "front:frozen@3s, front:silent@3s, front:gone@3s or front:late+700ms@3s",
                ));
            }
        };
        Ok((name.to_owned(), fault))
    }
}

/// A camera with a fault.
#[derive(Debug)]
pub struct FaultyCamera<C> {
    inner: C,
    kind: CameraFaultKind,
    last: Option<Frame>,
    delayed: std::collections::VecDeque<(Stamp, Frame)>,
}

impl<C: Camera> FaultyCamera<C> {
    /// `inner`, with this fault.
    pub fn new(inner: C, kind: CameraFaultKind) -> Self {
        Self {
            inner,
            kind,
            last: None,
            delayed: std::collections::VecDeque::new(),
        }
    }
}

impl<C: Camera> Camera for FaultyCamera<C> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn size(&self) -> (u32, u32) {
        self.inner.size()
    }

    fn fps(&self) -> f64 {
        self.inner.fps()
    }

    fn poll(&mut self, now: Stamp) -> Result<Option<Frame>, CameraFault> {
        if let CameraFaultKind::Gone { from } = self.kind
            && now >= from
        {
            return Err(CameraFault {
                camera: self.inner.name().to_owned(),
                reason: "the device is gone".to_owned(),
            });
        }
        let frame = self.inner.poll(now)?;
        match self.kind {
            CameraFaultKind::Frozen { from } if now >= from => {
                Ok(frame.map(|frame| match &self.last {
                    Some(last) => Frame {
                        stamp: frame.stamp,
                        ..last.clone()
                    },
                    None => self.last.insert(frame).clone(),
                }))
            }
            CameraFaultKind::Silent { from } if now >= from => Ok(None),
            CameraFaultKind::Late { from, by } => {
                self.delayed.extend(frame.map(|frame| {
                    let arrival = if now >= from { now + by } else { now };
                    (arrival, frame)
                }));
                match self.delayed.front() {
                    Some((arrival, _)) if *arrival <= now => {
                        Ok(self.delayed.pop_front().map(|(_, frame)| frame))
                    }
                    _ => Ok(None),
                }
            }
            _ => {
                if frame.is_some() {
                    self.last.clone_from(&frame);
                }
                Ok(frame)
            }
        }
    }

    fn next_due(&self, now: Stamp) -> Stamp {
        let due = self.inner.next_due(now);
        let delayed = self.delayed.front().map_or(Stamp::NEVER, |(at, _)| *at);
        match self.kind {
            CameraFaultKind::Gone { from } => due.min(from.max(now)),
            _ => due.min(delayed),
        }
    }
}
