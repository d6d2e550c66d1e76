//! What the emulated board sends to the servos, put together again.
//!
//! A UART sends what it has been given without a gap. QEMU hands on each byte by itself, and a busy computer may let milliseconds pass in the middle of a
//! packet; servos take what comes after such a silence for the beginning of another one, and do not answer.

/// Begins every packet of a Feetech servo.
const MARK: u8 = 0xFF;
/// Bytes up to the one that says how many come after it: twice [`MARK`], the id, that one.
const HEADER: usize = 4;

/// Bytes that are not a whole packet yet.
#[derive(Debug, Default)]
pub(super) struct Packets {
    rest: Vec<u8>,
    whole: Vec<u8>,
}

impl Packets {
    /// Takes bytes of the board; everything up to the end of the last packet that is whole. What is no packet is not held back.
    pub(super) fn whole(&mut self, bytes: &[u8]) -> &[u8] {
        self.rest.extend(bytes);
        let mut end = 0;
        while let Some(len) = self.rest.get(end..).and_then(first_len) {
            end += len;
        }
        self.whole.clear();
        self.whole.extend(self.rest.drain(..end));
        &self.whole
    }
}

/// The length of the packet at the beginning of these bytes, or 1 if none begins there; nothing as long as it is not whole.
fn first_len(bytes: &[u8]) -> Option<usize> {
    let is_mark = |at: usize| bytes.get(at).is_none_or(|byte| *byte == MARK);
    if bytes.is_empty() {
        return None;
    }
    if !is_mark(0) || !is_mark(1) {
        return Some(1);
    }
    let len = HEADER + usize::from(*bytes.get(HEADER - 1)?);
    (len <= bytes.len()).then_some(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_go_on_whole_and_what_is_none_at_once() {
        let mut packets = Packets::default();
        let ping = [0xFF, 0xFF, 1, 2, 1, 0xFB];
        assert!(packets.whole(&ping[..1]).is_empty());
        assert!(packets.whole(&ping[1..5]).is_empty());
        assert_eq!(packets.whole(&[ping[5], 0xFF, 0xFF]), ping);
        assert_eq!(packets.whole(&ping[2..]), ping);
        assert_eq!(packets.whole(&[7, 0xFF, 8]), [7, 0xFF, 8]);
    }
}
