//! What the decoder promises for any bytes in any chunks.

use std::vec::Vec;

use proptest::prelude::*;

use super::super::packet;
use super::*;

type Found = Vec<(u8, u8, Vec<u8>)>;

/// (id, instruction, params) of every packet, when `bytes` arrive in chunks of these sizes, repeated.
fn packets_in(bytes: &[u8], chunks: &[usize]) -> (Found, DecoderCounters) {
    let mut decoder = Decoder::new();
    let mut found = Vec::new();
    let mut rest = bytes;
    for &size in chunks.iter().cycle() {
        let (chunk, later) = rest.split_at(size.min(rest.len()));
        decoder.feed(chunk, |packet| {
            found.push((packet.id, packet.instruction, packet.params.to_vec()));
        });
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    (found, decoder.counters())
}

fn status(id: u8, error: u8, params: &[u8]) -> Vec<u8> {
    packet::status(&mut [0; MAX_PACKET], id, error, params)
        .unwrap()
        .to_vec()
}

/// Bytes among which headers, and what has to be stuffed, occur far more often than in pure noise.
fn line_noise(size: usize) -> impl Strategy<Value = Vec<u8>> {
    let byte =
        prop_oneof![4 => Just(0xFF), 3 => Just(0xFD), 2 => Just(0), 2 => 0u8..8, 1 => any::<u8>()];
    prop::collection::vec(byte, 0..size)
}

fn any_status() -> impl Strategy<Value = (u8, u8, Vec<u8>)> {
    (0..=MAX_ID, any::<u8>(), line_noise(40))
}

/// (id, error, data) of every block, when `bytes` arrive one by one.
fn blocks_in(bytes: &[u8], len: usize, count: usize) -> (Found, DecoderCounters) {
    let mut decoder = Decoder::new();
    decoder.expect_blocks(Some((len, count)));
    let mut found = Vec::new();
    for byte in bytes {
        decoder.push(&[*byte]);
        while let Some(decoded) = decoder.next() {
            if let Decoded::Block(block) = decoded {
                found.push((block.id, block.error, block.data.to_vec()));
            }
        }
    }
    while decoder.give_up_unfinished() {
        while decoder.next().is_some() {}
    }
    (found, decoder.counters())
}

fn fast_answer(blocks: &[(u8, u8, Vec<u8>)], asked: usize) -> Vec<u8> {
    let len = u16::try_from(blocks[0].2.len()).unwrap();
    let blocks = blocks
        .iter()
        .map(|(id, error, data)| (*id, *error, data.as_slice()));
    packet::fast_status(
        &mut [0; MAX_PACKET],
        std::iter::repeat_n(len, asked),
        blocks,
    )
    .unwrap()
    .to_vec()
}

fn any_blocks() -> impl Strategy<Value = Vec<(u8, u8, Vec<u8>)>> {
    let data =
        |len| prop::collection::vec(prop_oneof![Just(0xFF), Just(0xFD), any::<u8>()], len..=len);
    (1usize..20)
        .prop_flat_map(move |len| prop::collection::vec((0..=MAX_ID, any::<u8>(), data(len)), 1..9))
}

#[test]
fn a_packet_is_found_byte_by_byte() {
    let bytes = status(3, 0x80, &[0xFF, 0xFF, 0xFD, 0x08]);
    let (found, counters) = packets_in(&bytes, &[1]);
    assert_eq!(
        found,
        [(3, 0x55, Vec::from([0x80, 0xFF, 0xFF, 0xFD, 0x08]))]
    );
    assert_eq!((counters.packets, counters.skipped_bytes), (1, 0));
}

#[test]
fn data_that_should_have_been_stuffed_are_taken_as_they_are() {
    // A write of FF FF FD 00 as the vendor's Python SDK 4.1.0 sends it.
    let body = [
        0xFF, 0xFF, 0xFD, 0x00, 0x07, 0x09, 0x00, 0x03, 116, 0, 0xFF, 0xFF, 0xFD, 0x00,
    ];
    let bytes = [&body[..], &Crc16::of(&body).to_bytes()].concat();
    let (found, counters) = packets_in(&bytes, &[1]);
    assert_eq!(found, [(7, 3, Vec::from([116, 0, 0xFF, 0xFF, 0xFD, 0x00]))]);
    assert_eq!(counters.skipped_bytes, 0);
}

#[test]
fn a_packet_says_what_it_asks() {
    let parse = |bytes: &[u8], expected: Parsed<'_>| {
        let mut seen = false;
        Decoder::new().feed(bytes, |packet| {
            assert_eq!(packet.parse(), Some(expected));
            seen = true;
        });
        assert!(seen);
    };
    let mut b = [0; MAX_PACKET];
    let address = 132;
    parse(packet::ping(&mut b, 1).unwrap(), Parsed::Ping);
    parse(packet::reboot(&mut b, 1).unwrap(), Parsed::Reboot);
    parse(packet::clear_turns(&mut b, 1).unwrap(), Parsed::Clear);
    parse(packet::action(&mut b, 1).unwrap(), Parsed::Action);
    parse(
        packet::read(&mut b, 1, 132, 4).unwrap(),
        Parsed::Read { address, len: 4 },
    );
    let data = &[0xFF, 0xFF, 0xFD][..];
    parse(
        packet::write(&mut b, 1, 132, data).unwrap(),
        Parsed::Write { address, data },
    );
    parse(
        packet::reg_write(&mut b, 1, 132, data).unwrap(),
        Parsed::RegWrite { address, data },
    );
    for fast in [false, true] {
        let ids = &[5, 3][..];
        let make = if fast {
            packet::fast_sync_read(&mut b, 132, 4, [5, 3])
        } else {
            packet::sync_read(&mut b, 132, 4, [5, 3])
        };
        parse(
            make.unwrap(),
            Parsed::SyncRead {
                address,
                len: 4,
                ids,
                fast,
            },
        );
    }
}

#[test]
fn groups_come_apart_again() {
    let mut b = [0; MAX_PACKET];
    let bytes = packet::sync_write(&mut b, 116, 2, [(1, &[1, 2][..]), (2, &[3, 4][..])]).unwrap();
    Decoder::new().feed(bytes, |packet| {
        let Some(Parsed::SyncWrite {
            address: 116,
            items,
        }) = packet.parse()
        else {
            panic!("{packet:?}");
        };
        assert!(items.eq([(1, &[1, 2][..]), (2, &[3, 4][..])]));
    });
    let bytes = packet::bulk_write(&mut b, [(1, 32, &[1, 2][..]), (2, 31, &[5][..])]).unwrap();
    Decoder::new().feed(bytes, |packet| {
        let Some(Parsed::BulkWrite { items }) = packet.parse() else {
            panic!("{packet:?}");
        };
        assert!(items.eq([(1, 32, 2, &[1, 2][..]), (2, 31, 1, &[5][..])]));
    });
    let bytes = packet::fast_bulk_read(&mut b, [(1, 32, 2), (2, 31, 1)]).unwrap();
    Decoder::new().feed(bytes, |packet| {
        let Some(Parsed::BulkRead { items, fast: true }) = packet.parse() else {
            panic!("{packet:?}");
        };
        assert!(items.eq([(1, 32, 2, &[][..]), (2, 31, 1, &[][..])]));
    });
}

#[test]
fn parameters_that_do_not_fit_are_no_instruction() {
    let odd = [
        (0x02, &[1, 0, 4][..]),
        (0x03, &[1, 0]),
        (0x01, &[1]),
        (0x82, &[1, 0, 4]),
        (0x83, &[1, 0, 2, 0, 1, 2]),
        (0x83, &[1, 0, 0, 0, 1, 2]),
        (0x92, &[1, 0, 0, 2]),
        (0x93, &[1, 0, 0, 2, 0, 1]),
        (0x55, &[]),
        (0x77, &[]),
    ];
    for (instruction, params) in odd {
        let packet = Packet {
            id: 1,
            instruction,
            params,
        };
        assert_eq!(packet.parse(), None, "{packet:?}");
    }
}

#[test]
fn a_false_length_hides_no_packet() {
    let mut bytes = Vec::from([0xFF, 0xFF, 0xFD, 0x00, 1, 0xE0, 0x03]);
    bytes.extend(status(2, 0, &[1, 2, 3, 4]));
    let mut decoder = Decoder::new();
    decoder.set_max_params(33);
    let mut found = Vec::new();
    decoder.feed(&bytes, |packet| found.push(packet.id));
    assert_eq!(found, [2]);
    let mut patient = Decoder::new();
    patient.feed(&bytes, |packet| panic!("{packet:?}"));
    assert!(patient.give_up_unfinished());
    assert!(matches!(
        patient.next(),
        Some(Decoded::Packet(Packet { id: 2, .. }))
    ));
}

proptest! {
    #[test]
    fn what_was_written_is_found_in_any_chunks(
        sent in prop::collection::vec(any_status(), 1..6),
        chunks in prop::collection::vec(1usize..50, 1..5),
    ) {
        let bytes: Vec<u8> = sent.iter().flat_map(|(id, error, params)| status(*id, *error, params)).collect();
        let (found, counters) = packets_in(&bytes, &chunks);
        let expected: Found = sent.into_iter().map(|(id, error, params)| {
            (id, 0x55, [&[error], &params[..]].concat())
        }).collect();
        prop_assert_eq!(found, expected);
        prop_assert_eq!((counters.skipped_bytes, counters.checksum_errors), (0, 0));
    }

    /// On the wire the header stands at the beginning of a packet and nowhere else.
    #[test]
    fn stuffing_keeps_the_header_unique((id, error, params) in any_status()) {
        let bytes = status(id, error, &params);
        let body = &bytes[..bytes.len() - 2];
        prop_assert_eq!(body.windows(4).filter(|at| *at == HEADER).count(), 1);
    }

    #[test]
    fn garbage_before_a_packet_is_skipped(noise in line_noise(60), (id, error, params) in any_status()) {
        let mut bytes = noise.clone();
        bytes.extend(status(id, error, &params));
        let mut decoder = Decoder::new();
        let mut last = None;
        let mut take = |packet: Packet<'_>| last = Some((packet.id, packet.params.to_vec()));
        decoder.feed(&bytes, &mut take);
        while decoder.give_up_unfinished() {
            while let Some(decoded) = decoder.next() {
                if let Decoded::Packet(packet) = decoded {
                    take(packet);
                }
            }
        }
        prop_assert_eq!(last, Some((id, [&[error], &params[..]].concat())));
    }

    #[test]
    fn truncated_packets_are_not_taken((id, error, params) in any_status(), cut in 1usize..60) {
        let bytes = status(id, error, &params);
        let kept = bytes.len().saturating_sub(cut);
        prop_assert_eq!(packets_in(&bytes[..kept], &[7]).0, []);
    }

    /// A CRC-16 detects every single and every double flip in packets of this size, and every burst of 16 bits.
    #[test]
    fn flipped_packets_are_not_taken(
        (id, error, params) in any_status(), first in any::<usize>(), second in any::<usize>(),
    ) {
        let mut bytes = status(id, error, &params);
        let bits = bytes.len() * 8;
        for bit in [first % bits, second % bits] {
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        if first % bits == second % bits {
            bytes[first % bits / 8] ^= 1 << (first % bits % 8);
        }
        let (found, _) = packets_in(&bytes, &[16]);
        prop_assert_eq!(found, []);
    }

    #[test]
    fn any_bytes_are_accounted_for(bytes in line_noise(3000), chunks in prop::collection::vec(1usize..700, 1..4)) {
        let (found, counters) = packets_in(&bytes, &chunks);
        prop_assert_eq!(packets_in(&bytes, &[1]), (found.clone(), counters));
        prop_assert_eq!(counters.packets as usize, found.len());
        for (id, instruction, params) in &found {
            let _ = Packet { id: *id, instruction: *instruction, params }.parse();
        }
    }

    #[test]
    fn any_packet_is_parsed_without_panic(instruction in any::<u8>(), params in line_noise(60)) {
        if let Some(Parsed::BulkRead { items, .. } | Parsed::BulkWrite { items }) =
            (Packet { id: 1, instruction, params: &params }).parse() {
            prop_assert!(items.count() <= params.len());
        }
    }

    /// After noise that cannot be the beginning of a header, everything up to the gap is taken.
    #[test]
    fn blocks_before_a_gap_count(
        noise in prop::collection::vec(0u8..0xFF, 0..20), blocks in any_blocks(), missing in 0usize..4,
    ) {
        let asked = blocks.len() + missing;
        let bytes = [noise.clone(), fast_answer(&blocks, asked)].concat();
        let (found, counters) = blocks_in(&bytes, blocks[0].2.len(), asked);
        prop_assert_eq!(found, blocks);
        prop_assert_eq!((counters.skipped_bytes as usize, counters.checksum_errors), (noise.len(), 0));
    }

    #[test]
    fn no_flipped_block_is_taken(blocks in any_blocks(), bit in any::<usize>()) {
        let mut bytes = fast_answer(&blocks, blocks.len());
        let bit = bit % (bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let (found, _) = blocks_in(&bytes, blocks[0].2.len(), blocks.len());
        prop_assert!(blocks.starts_with(&found) && found.len() < blocks.len());
    }

    /// A fast answer that was not announced is one packet, the bytes of its data as they were.
    #[test]
    fn an_unannounced_fast_answer_is_one_packet(blocks in any_blocks()) {
        let bytes = fast_answer(&blocks, blocks.len());
        let (found, _) = packets_in(&bytes, &[9]);
        prop_assert_eq!(found, [(BROADCAST, 0x55, bytes[8..bytes.len() - 2].to_vec())]);
    }
}
