//! The longest stretch of frames with a property.

/// The longest run of frames for which something holds: its first frame and its length.
pub(super) fn longest_run(length: usize, mut holds: impl FnMut(usize) -> bool) -> (usize, usize) {
    let (mut best, mut start) = ((0, 0), 0);
    for frame in 0..length {
        if !holds(frame) {
            start = frame + 1;
        } else if frame + 1 - start > best.1 {
            best = (start, frame + 1 - start);
        }
    }
    best
}
