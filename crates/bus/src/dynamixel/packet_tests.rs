//! The bytes of every kind of packet, and the packets that cannot be.

use std::vec::Vec;

use super::*;

type Written = Result<Vec<u8>, EncodeError>;

fn written(make: impl FnOnce(&mut [u8]) -> Result<&[u8], EncodeError>) -> Written {
    let mut buffer = [0; MAX_PACKET];
    make(&mut buffer).map(<[u8]>::to_vec)
}

fn hex(text: &str) -> Vec<u8> {
    text.split(' ')
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect()
}

/// The packet without its CRC, which the CRC's own tests and the decoder check.
fn body(make: impl FnOnce(&mut [u8]) -> Result<&[u8], EncodeError>) -> Vec<u8> {
    let bytes = written(make).unwrap();
    let (body, crc) = bytes.split_last_chunk::<2>().unwrap();
    assert_eq!(Crc16::of(body).to_bytes(), *crc);
    body.to_vec()
}

#[test]
fn packets_match_the_documented_bytes() {
    assert_eq!(
        written(|b| ping(b, 1)),
        Ok(hex("FF FF FD 00 01 03 00 01 19 4E"))
    );
    assert_eq!(
        body(|b| read(b, 1, 132, 4)),
        hex("FF FF FD 00 01 07 00 02 84 00 04 00")
    );
    assert_eq!(
        body(|b| write(b, 1, 116, &[0, 2, 0, 0])),
        hex("FF FF FD 00 01 09 00 03 74 00 00 02 00 00")
    );
    assert_eq!(
        body(|b| reg_write(b, 1, 64, &[1])),
        hex("FF FF FD 00 01 06 00 04 40 00 01")
    );
    assert_eq!(
        body(|b| action(b, BROADCAST)),
        hex("FF FF FD 00 FE 03 00 05")
    );
    assert_eq!(body(|b| reboot(b, 1)), hex("FF FF FD 00 01 03 00 08"));
    assert_eq!(
        body(|b| clear_turns(b, 1)),
        hex("FF FF FD 00 01 08 00 10 01 44 58 4C 22")
    );
    assert_eq!(
        body(|b| sync_read(b, 132, 4, [1, 2])),
        hex("FF FF FD 00 FE 09 00 82 84 00 04 00 01 02")
    );
    assert_eq!(
        body(|b| fast_sync_read(b, 132, 4, [1, 2])),
        hex("FF FF FD 00 FE 09 00 8A 84 00 04 00 01 02")
    );
    assert_eq!(
        body(|b| sync_write(b, 65, 1, [(1, &[1][..]), (2, &[0][..])])),
        hex("FF FF FD 00 FE 0B 00 83 41 00 01 00 01 01 02 00")
    );
    assert_eq!(
        body(|b| bulk_read(b, [(1, 144, 2), (2, 146, 1)])),
        hex("FF FF FD 00 FE 0D 00 92 01 90 00 02 00 02 92 00 01 00")
    );
    assert_eq!(
        body(|b| fast_bulk_read(b, [(1, 144, 2)])),
        hex("FF FF FD 00 FE 08 00 9A 01 90 00 02 00")
    );
    assert_eq!(
        body(|b| bulk_write(b, [(1, 32, &[0xA0, 0][..]), (2, 31, &[0x50][..])])),
        hex("FF FF FD 00 FE 10 00 93 01 20 00 02 00 A0 00 02 1F 00 01 00 50")
    );
    assert_eq!(
        body(|b| status(b, 1, 0x80, &[6, 4, 0x26])),
        hex("FF FF FD 00 01 07 00 55 80 06 04 26")
    );
}

#[test]
fn a_header_in_the_data_is_stuffed() {
    let data = [0xFF, 0xFF, 0xFD, 0x00, 0xFF, 0xFF, 0xFF, 0xFD];
    assert_eq!(
        body(|b| write(b, 1, 0, &data)),
        hex("FF FF FD 00 01 0F 00 03 00 00 FF FF FD FD 00 FF FF FF FD FD")
    );
}

/// Bytes that `dynamixel-sdk` 4.1.0 makes of the same goals, its own stuffing applied.
#[test]
fn stuffed_packets_match_the_vendors() {
    let entries = [(1, &[0xFF, 0xFF, 0xFD, 0][..]), (2, &[1, 2, 3, 4][..])];
    assert_eq!(
        written(|b| sync_write(b, 116, 4, entries)),
        Ok(hex(
            "FF FF FD 00 FE 12 00 83 74 00 04 00 01 FF FF FD FD 00 02 01 02 03 04 4B 86"
        ))
    );
    assert_eq!(
        written(|b| reg_write(b, 7, 116, &[0xFF, 0xFF, 0xFD, 0])),
        Ok(hex("FF FF FD 00 07 0A 00 04 74 00 FF FF FD FD 00 B3 E8"))
    );
}

#[test]
fn a_fast_answer_carries_a_running_crc() {
    let blocks = [(1, 0, &[0xA6, 0, 0, 0][..]), (2, 0, &[0x1F, 8, 0, 0][..])];
    let whole = written(|b| fast_status(b, [4, 4], blocks)).unwrap();
    assert_eq!(whole.len(), 8 + 2 * 8);
    assert_eq!(
        whole[..14],
        hex("FF FF FD 00 FE 11 00 55 00 01 A6 00 00 00")
    );
    assert_eq!(whole[14..16], Crc16::of(&whole[..14]).to_bytes());
    assert_eq!(whole[22..], Crc16::of(&whole[..22]).to_bytes());
    let broken_off = written(|b| fast_status(b, [4, 4], blocks.into_iter().take(1)));
    assert_eq!(broken_off.unwrap(), whole[..16]);
    let silent = written(|b| fast_status(b, [4, 4], []));
    assert_eq!(silent, Ok(Vec::new()));
    assert_eq!(
        written(|b| fast_status(b, [1000; 3], [])),
        Err(EncodeError::PacketTooLong)
    );
}

#[test]
fn impossible_packets_are_refused() {
    assert_eq!(
        written(|b| read(b, BROADCAST, 132, 4)),
        Err(EncodeError::BadId { id: BROADCAST })
    );
    assert_eq!(
        written(|b| ping(b, 0xFD)),
        Err(EncodeError::BadId { id: 0xFD })
    );
    assert_eq!(written(|b| read(b, 1, 132, 0)), Err(EncodeError::Empty));
    assert_eq!(
        written(|b| sync_read(b, 132, 4, [])),
        Err(EncodeError::Empty)
    );
    assert_eq!(
        written(|b| write(b, 1, 0, &[0; MAX_PACKET])),
        Err(EncodeError::PacketTooLong)
    );
    let entries = [(1, &[0, 1][..]), (2, &[0][..])];
    assert_eq!(
        written(|b| sync_write(b, 100, 2, entries)),
        Err(EncodeError::WrongWidth {
            id: 2,
            expected: 2,
            got: 1
        })
    );
    for size in 0..14 {
        let mut small = std::vec![0; size];
        assert_eq!(
            read(&mut small, 1, 132, 4).map(<[u8]>::to_vec),
            Err(EncodeError::BufferTooSmall { available: size })
        );
    }
}
