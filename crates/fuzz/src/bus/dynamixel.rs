//! Any bytes in any chunks give the same packets, every packet is parsed, and every byte is accounted for.

use ulna_bus::dynamixel::{Decoded, Decoder, DecoderCounters, MAX_PACKET, Packet};

type Packets = Vec<(u8, u8, Vec<u8>)>;

/// The blocks of a fast answer count as packets of instruction 0.
fn packets<'a>(
    blocks: Option<(usize, usize)>,
    chunks: impl Iterator<Item = &'a [u8]>,
) -> (Packets, DecoderCounters) {
    let mut decoder = Decoder::new();
    decoder.expect_blocks(blocks);
    let mut found = Vec::new();
    for mut chunk in chunks {
        while !chunk.is_empty() {
            let taken = decoder.push(chunk);
            chunk = &chunk[taken..];
            while let Some(decoded) = decoder.next() {
                match decoded {
                    Decoded::Packet(packet) => {
                        found.push((packet.id, packet.instruction, packet.params.to_vec()));
                    }
                    Decoded::Block(block) => found.push((block.id, 0, block.data.to_vec())),
                    Decoded::Corrupt { .. } => {}
                }
            }
        }
    }
    (found, decoder.counters())
}

pub(crate) fn run(input: &[u8]) {
    let [size, len, count, bytes @ ..] = input else {
        return;
    };
    let blocks = (*count > 0).then_some((usize::from(*len % 40), usize::from(*count % 33)));
    let whole = packets(blocks, std::iter::once(bytes));
    let chunked = packets(blocks, bytes.chunks(usize::from(*size).max(1)));
    assert_eq!(whole, chunked);

    let (found, counters) = whole;
    assert_eq!(counters.packets as usize, found.len());
    let used: usize = found.iter().map(|(_, _, params)| params.len()).sum();
    assert!(used + counters.skipped_bytes as usize <= bytes.len());
    for (id, instruction, params) in found {
        let packet = Packet {
            id,
            instruction,
            params: &params,
        };
        let _ = packet.parse();
        assert!(params.len() < MAX_PACKET);
    }
}
