//! Pictures that come again and pass for new ones: what must never be.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ulna_core::{CameraFault, Frame, FrameSink};

/// How many there were.
#[derive(Debug, Clone, Default)]
pub(super) struct SilentCount(Arc<AtomicU64>);

impl SilentCount {
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Hands on what it is given, and counts pictures with a new number and the old pixels. No two pictures of the bench in a row are alike.
#[derive(Debug)]
pub(super) struct WatchedSink<S> {
    inner: S,
    count: SilentCount,
    last: Option<Frame>,
}

impl<S: FrameSink> WatchedSink<S> {
    pub(super) fn new(inner: S, count: &SilentCount) -> Self {
        Self {
            inner,
            count: count.clone(),
            last: None,
        }
    }
}

impl<S: FrameSink> FrameSink for WatchedSink<S> {
    fn take(&mut self, frame: &Frame) -> bool {
        let again = self
            .last
            .as_ref()
            .is_some_and(|last| last.sequence != frame.sequence && last.pixels == frame.pixels);
        self.count.0.fetch_add(u64::from(again), Ordering::Relaxed);
        self.last = Some(frame.clone());
        self.inner.take(frame)
    }

    fn end(&mut self, fault: &CameraFault) {
        self.inner.end(fault);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ulna_core::Stamp;

    #[derive(Debug)]
    struct Nowhere;

    impl FrameSink for Nowhere {
        fn take(&mut self, _: &Frame) -> bool {
            true
        }

        fn end(&mut self, _: &CameraFault) {}
    }

    #[test]
    fn an_old_picture_with_a_new_number_is_counted() {
        let count = SilentCount::default();
        let mut sink = WatchedSink::new(Nowhere, &count);
        for (sequence, shade) in [(0, 1), (0, 1), (1, 2), (2, 2), (3, 3)] {
            sink.take(&Frame {
                stamp: Stamp::ZERO,
                sequence,
                width: 1,
                height: 1,
                pixels: vec![shade; 3].into(),
            });
        }
        assert_eq!(count.get(), 1);
    }
}
