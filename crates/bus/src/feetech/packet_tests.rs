//! The bytes of every kind of packet, and the packets that cannot be.

use super::*;

type Written = Result<std::vec::Vec<u8>, EncodeError>;

fn written(make: impl FnOnce(&mut [u8]) -> Result<&[u8], EncodeError>) -> Written {
    let mut buffer = [0; MAX_PACKET];
    make(&mut buffer).map(<[u8]>::to_vec)
}

#[test]
fn packets_match_the_documented_bytes() {
    let hex = |text: &str| -> Written {
        Ok(text
            .split(' ')
            .map(|byte| u8::from_str_radix(byte, 16).unwrap())
            .collect())
    };
    assert_eq!(written(|b| ping(b, 1)), hex("FF FF 01 02 01 FB"));
    assert_eq!(
        written(|b| read(b, 1, 56, 2)),
        hex("FF FF 01 04 02 38 02 BE")
    );
    assert_eq!(
        written(|b| sync_read(b, 56, 2, [1, 2])),
        hex("FF FF FE 06 82 38 02 01 02 3C")
    );
    let half_turn = 2048u16.to_le_bytes();
    assert_eq!(
        written(|b| sync_write(b, 42, 2, [(1, &half_turn[..]), (2, &half_turn[..])])),
        hex("FF FF FE 0A 83 2A 02 01 00 08 02 00 08 35")
    );
    assert_eq!(
        written(|b| write(b, 1, 40, &[1])),
        hex("FF FF 01 04 03 28 01 CE")
    );
    assert_eq!(
        written(|b| reg_write(b, 1, 40, &[1])),
        hex("FF FF 01 04 04 28 01 CD")
    );
    assert_eq!(written(|b| action(b, BROADCAST)), hex("FF FF FE 02 05 FA"));
    assert_eq!(
        written(|b| status(b, 1, 0, &[0, 8])),
        hex("FF FF 01 04 00 00 08 F2")
    );
}

#[test]
fn impossible_packets_are_refused() {
    assert_eq!(
        written(|b| read(b, BROADCAST, 56, 2)),
        Err(EncodeError::BadId { id: BROADCAST })
    );
    assert_eq!(
        written(|b| ping(b, 0xFD)),
        Err(EncodeError::BadId { id: 0xFD })
    );
    assert_eq!(written(|b| read(b, 1, 56, 0)), Err(EncodeError::Empty));
    assert_eq!(
        written(|b| sync_read(b, 56, 2, [])),
        Err(EncodeError::Empty)
    );
    assert_eq!(
        written(|b| write(b, 1, 0, &[0; 243])).map(|bytes| bytes.len()),
        Ok(MAX_PACKET)
    );
    assert_eq!(
        written(|b| write(b, 1, 0, &[0; 244])),
        Err(EncodeError::PacketTooLong)
    );
    assert_eq!(
        written(|b| sync_write(b, 42, 2, [(9, &[0u8; 3][..])])),
        Err(EncodeError::WrongWidth {
            id: 9,
            expected: 2,
            got: 3
        })
    );
}

#[test]
fn small_buffers_are_an_error_of_their_own() {
    for size in 0..8 {
        let mut small = [0; 8];
        let result = read(&mut small[..size], 1, 56, 2);
        assert_eq!(result, Err(EncodeError::BufferTooSmall { available: size }));
    }
    assert!(read(&mut [0; 8], 1, 56, 2).is_ok());
}
