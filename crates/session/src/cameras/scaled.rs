//! Pictures for a use that wants fewer or smaller ones than the camera gives.

use std::time::Duration;

use image::{ImageBuffer, Rgb, imageops};
use ulna_core::{CameraFault, Frame, FrameSink, JpegFrame, Stamp};

/// Passes on no more than so many pictures a second, made smaller where they are larger than wanted.
#[derive(Debug)]
pub(super) struct ScaledSink {
    sink: Box<dyn FrameSink>,
    largest: (u32, u32),
    period: Duration,
    due: Stamp,
}

/// A JPEG up to this size goes on as it came: that costs nothing, and a smaller one would have to be decoded and encoded.
const AS_IT_CAME: (u32, u32) = (640, 480);

impl ScaledSink {
    /// At most `largest` pixels wide and high, the aspect kept, and at most `fps` pictures a second.
    pub(super) fn new(sink: Box<dyn FrameSink>, largest: (u32, u32), fps: f64) -> Self {
        Self {
            sink,
            largest,
            // A camera's grid is not exact: a picture that comes a tenth of a period early is still the next one.
            period: Duration::try_from_secs_f64(0.9 / fps).unwrap_or_default(),
            due: Stamp::ZERO,
        }
    }
}

impl FrameSink for ScaledSink {
    fn take(&mut self, frame: &Frame) -> bool {
        if frame.stamp < self.due {
            return true;
        }
        self.due = frame.stamp + self.period;
        match smaller(frame, self.largest) {
            Some(small) => self.sink.take(&small),
            None => self.sink.take(frame),
        }
    }

    fn wants_jpeg(&self, size: (u32, u32)) -> bool {
        let (widest, highest) = AS_IT_CAME;
        size.0 <= widest && size.1 <= highest && self.sink.wants_jpeg(size)
    }

    fn take_jpeg(&mut self, frame: &JpegFrame) -> bool {
        if frame.stamp < self.due {
            return true;
        }
        self.due = frame.stamp + self.period;
        self.sink.take_jpeg(frame)
    }

    fn end(&mut self, fault: &CameraFault) {
        self.sink.end(fault);
    }
}

/// The picture at most this large; `None` if it is that already.
fn smaller(frame: &Frame, largest: (u32, u32)) -> Option<Frame> {
    let (width, height) = (frame.width, frame.height);
    let by =
        (f64::from(largest.0) / f64::from(width)).min(f64::from(largest.1) / f64::from(height));
    if by >= 1.0 {
        return None;
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    // smaller than before, and positive
    let scaled = |side: u32| ((f64::from(side) * by).round() as u32).max(1);
    let picture = ImageBuffer::<Rgb<u8>, _>::from_raw(width, height, &*frame.pixels)?;
    let small = imageops::thumbnail(&picture, scaled(width), scaled(height));
    Some(Frame {
        width: small.width(),
        height: small.height(),
        pixels: small.into_raw().into(),
        ..frame.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Debug, Clone, Default)]
    struct Kept(Arc<Mutex<Vec<Frame>>>);

    impl FrameSink for Kept {
        fn take(&mut self, frame: &Frame) -> bool {
            self.0.lock().unwrap().push(frame.clone());
            true
        }

        fn end(&mut self, _: &CameraFault) {}
    }

    fn frame(number: u64) -> Frame {
        let shades = [10u8, 20, 30].repeat(8 * 4);
        Frame {
            stamp: Stamp::new(Duration::from_millis(33 * number)),
            sequence: number,
            width: 8,
            height: 4,
            pixels: shades.into(),
        }
    }

    #[test]
    fn pictures_come_smaller_and_at_a_lower_rate() {
        let kept = Kept::default();
        let mut sink = ScaledSink::new(Box::new(kept.clone()), (4, 4), 15.0);
        (0..10).for_each(|number| assert!(sink.take(&frame(number))));
        let frames = kept.0.lock().unwrap();
        let numbers: Vec<u64> = frames.iter().map(|frame| frame.sequence).collect();
        assert_eq!(numbers, [0, 2, 4, 6, 8]);
        assert!(
            frames
                .iter()
                .all(|f| (f.width, f.height, f.pixels.len()) == (4, 2, 24))
        );
        assert_eq!(&frames[0].pixels[..3], [10, 20, 30]);
    }

    #[test]
    fn a_picture_that_is_small_enough_shares_its_pixels() {
        let kept = Kept::default();
        let mut sink = ScaledSink::new(Box::new(kept.clone()), (8, 8), 100.0);
        let given = frame(0);
        sink.take(&given);
        assert!(Arc::ptr_eq(
            &kept.0.lock().unwrap()[0].pixels,
            &given.pixels
        ));
    }
}
