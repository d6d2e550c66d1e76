//! What the decoder promises for any bytes in any chunks.

use std::vec::Vec;

use proptest::prelude::*;

use super::super::{MAX_ID, MAX_PACKET, packet};
use super::*;

/// (id, kind, params) of every packet, when `bytes` arrive in chunks of these sizes, repeated.
fn packets_in(bytes: &[u8], chunks: &[usize]) -> (Vec<(u8, u8, Vec<u8>)>, DecoderCounters) {
    let mut decoder = Decoder::new();
    let mut found = Vec::new();
    let mut rest = bytes;
    for &size in chunks.iter().cycle() {
        let (chunk, later) = rest.split_at(size.min(rest.len()));
        decoder.feed(chunk, |packet| {
            found.push((packet.id, packet.kind, packet.params.to_vec()));
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

/// Bytes in which headers, ids and lengths occur far more often than in pure noise.
fn line_noise(size: usize) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![4 => Just(0xFF), 2 => 0u8..8, 1 => any::<u8>()];
    prop::collection::vec(byte, 0..size)
}

fn any_status() -> impl Strategy<Value = (u8, u8, Vec<u8>)> {
    (
        0..=MAX_ID,
        any::<u8>(),
        prop::collection::vec(any::<u8>(), 0..40),
    )
}

#[test]
fn a_packet_is_found_byte_by_byte() {
    let bytes = status(3, 32, &[0x12, 0x08]);
    let (found, counters) = packets_in(&bytes, &[1]);
    assert_eq!(found, [(3, 32, Vec::from([0x12, 0x08]))]);
    assert_eq!(
        counters,
        DecoderCounters {
            packets: 1,
            skipped_bytes: 0,
            checksum_errors: 0
        }
    );
}

#[test]
fn a_bad_checksum_costs_one_packet_and_is_counted() {
    let mut bytes = status(1, 0, &[1, 2]);
    bytes[5] ^= 0x40;
    bytes.extend(status(2, 0, &[3, 4]));
    let (found, counters) = packets_in(&bytes, &[64]);
    assert_eq!(found, [(2, 0, Vec::from([3, 4]))]);
    assert_eq!(
        counters,
        DecoderCounters {
            packets: 1,
            skipped_bytes: 8,
            checksum_errors: 1
        }
    );
}

#[test]
fn a_packet_inside_a_rejected_one_is_found() {
    let inner = status(2, 0, &[3, 4]);
    let mut bytes = Vec::from([0xFF, 0xFF, 0x01, 0x08]);
    bytes.extend(&inner);
    bytes.extend([0, 0, 0, 0]);
    let (found, _) = packets_in(&bytes, &[3]);
    assert_eq!(found, [(2, 0, Vec::from([3, 4]))]);
}

#[test]
fn extra_header_bytes_do_no_harm() {
    let mut bytes = Vec::from([0xFF, 0xFF, 0xFF]);
    bytes.extend(status(7, 0, &[]));
    let (found, counters) = packets_in(&bytes, &[2]);
    assert_eq!(found, [(7, 0, Vec::new())]);
    assert_eq!(counters.skipped_bytes, 3);
}

#[test]
fn silence_frees_a_packet_behind_a_false_header() {
    let mut decoder = Decoder::new();
    decoder.push(&[0xFF, 0xFF, 0x01, 0xC8]);
    decoder.push(&status(2, 0, &[3, 4]));
    assert_eq!(decoder.next(), None);
    assert!(decoder.give_up_unfinished());
    assert_eq!(
        decoder.next(),
        Some(Decoded::Packet(Packet {
            id: 2,
            kind: 0,
            params: &[3, 4]
        }))
    );
    assert!(!decoder.give_up_unfinished());
}

#[test]
fn a_length_limit_frees_it_at_once() {
    let mut decoder = Decoder::new();
    decoder.set_max_params(32);
    decoder.push(&[0xFF, 0xFF, 0x01, 0xC8]);
    decoder.push(&status(2, 0, &[3, 4]));
    assert_eq!(
        decoder.next(),
        Some(Decoded::Packet(Packet {
            id: 2,
            kind: 0,
            params: &[3, 4]
        }))
    );
}

#[test]
fn a_packet_knows_its_own_bytes() {
    let packet = Packet {
        id: 2,
        kind: 0,
        params: &[3, 4],
    };
    assert!(packet.is_on_the_wire(&status(2, 0, &[3, 4])));
    assert!(!packet.is_on_the_wire(&status(2, 0, &[3, 5])));
    assert!(!packet.is_on_the_wire(&status(2, 0, &[3])));
    assert!(!packet.is_on_the_wire(&[0xFF, 0xFF]));
}

proptest! {
    #[test]
    fn chunking_changes_nothing(
        bytes in line_noise(2000),
        (id, error, params) in any_status(),
        at in any::<prop::sample::Index>(),
        chunks in prop::collection::vec(1usize..300, 1..8),
    ) {
        let mut stream = bytes;
        let at = at.index(stream.len() + 1);
        stream.splice(at..at, status(id, error, &params));
        prop_assert_eq!(packets_in(&stream, &chunks), packets_in(&stream, &[stream.len().max(1)]));
    }

    #[test]
    fn every_byte_is_either_in_a_packet_or_counted_as_skipped(bytes in line_noise(600)) {
        let mut decoder = Decoder::new();
        let mut used = 0;
        decoder.feed(&bytes, |packet| used += packet.params.len() + OVERHEAD);
        while decoder.give_up_unfinished() {
            while let Some(decoded) = decoder.next() {
                if let Decoded::Packet(packet) = decoded {
                    used += packet.params.len() + OVERHEAD;
                }
            }
        }
        prop_assert_eq!(used + decoder.counters().skipped_bytes as usize, bytes.len());
    }

    #[test]
    fn garbage_without_header_bytes_hides_nothing(
        garbage in prop::collection::vec(0u8..0xFF, 0..300),
        (id, error, params) in any_status(),
    ) {
        let mut bytes = garbage.clone();
        bytes.extend(status(id, error, &params));
        let (found, counters) = packets_in(&bytes, &[7]);
        prop_assert_eq!(found, [(id, error, params)]);
        prop_assert_eq!(counters.skipped_bytes as usize, garbage.len());
    }

    /// Noise may begin a false packet of up to 254 bytes, and with bad luck one with a right checksum, so the packet
    /// that must be found is the last of enough equal ones.
    #[test]
    fn the_line_recovers_from_any_garbage(garbage in line_noise(300), (id, error, params) in any_status()) {
        let wanted = status(id, error, &params);
        let mut bytes = garbage;
        for _ in 0..2 + 2 * MAX_PACKET / wanted.len() {
            bytes.extend(&wanted);
        }
        bytes.extend([0; 256]);
        let (found, _) = packets_in(&bytes, &[40]);
        prop_assert_eq!(found.last(), Some(&(id, error, params)));
    }

    #[test]
    fn what_is_written_is_read(packets in prop::collection::vec(any_status(), 0..20), chunk in 1usize..200) {
        let bytes: Vec<u8> = packets.iter().flat_map(|(id, error, params)| status(*id, *error, params)).collect();
        let (found, counters) = packets_in(&bytes, &[chunk]);
        prop_assert_eq!(counters.skipped_bytes, 0);
        prop_assert_eq!(found, packets);
    }
}
