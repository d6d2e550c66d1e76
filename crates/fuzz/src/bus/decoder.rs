//! Any bytes in any chunks give the same packets, and every byte is accounted for.

use ulna_bus::feetech::{Decoder, DecoderCounters, OVERHEAD};

type Packets = Vec<(u8, u8, Vec<u8>)>;

fn packets<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> (Packets, DecoderCounters) {
    let mut decoder = Decoder::new();
    let mut found = Vec::new();
    for chunk in chunks {
        decoder.feed(chunk, |packet| {
            found.push((packet.id, packet.kind, packet.params.to_vec()));
        });
    }
    (found, decoder.counters())
}

pub(crate) fn run(input: &[u8]) {
    let Some((&size, bytes)) = input.split_first() else {
        return;
    };
    let whole = packets(std::iter::once(bytes));
    let chunked = packets(bytes.chunks(usize::from(size).max(1)));
    assert_eq!(whole, chunked);

    let (found, counters) = whole;
    let used: usize = found
        .iter()
        .map(|(_, _, params)| params.len() + OVERHEAD)
        .sum();
    let unread = bytes.len() - used - counters.skipped_bytes as usize;
    assert!(
        unread < 256,
        "a packet has no more than 254 bytes, but {unread} are held back"
    );
}
