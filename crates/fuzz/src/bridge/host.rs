//! Any bytes at the host's end: no panic, and what is taken for a message is one that can be sent again.

use ulna_bridge::frame::{self, FrameReader, MAX_FRAME};
use ulna_bridge::message::BoardAnswer;

pub(crate) fn run(input: &[u8]) {
    let (mut reader, mut rest) = (FrameReader::new(), input);
    while let Some(message) = reader.next::<BoardAnswer>(&mut rest) {
        let Ok((seq, answer)) = message else {
            continue;
        };
        let mut out = [0; MAX_FRAME];
        let again = frame::encode(seq, &answer, &mut out).expect("what was received fits");
        let mut again = again[..again.len() - 1].to_vec();
        assert_eq!(frame::decode::<BoardAnswer>(&mut again), Ok((seq, answer)));
    }
}
