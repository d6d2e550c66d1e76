//! What the webcam says it is (USB 2.0, chapter 9; Video Class 1.1, chapter 3): MJPEG of one size, a camera with exposure and focus, and a processing unit
//! with brightness and white balance.

use super::pictures::{PERIOD_100NS, SIZE};

/// Of pid.codes, for tests.
pub(super) const VENDOR: u16 = 0x1209;
pub(super) const PRODUCT: u16 = 0x0001;
pub(super) const VERSION: u16 = 0x0100;
/// Where pictures come out, in bulk.
pub(super) const ENDPOINT: u8 = 0x81;
/// Bytes of a packet there.
pub(super) const PACKET: u16 = 512;
/// Class, subclass and protocol of its interfaces: video control, video streaming.
pub(super) const CLASSES: [(u8, u8, u8); 2] = [(0x0E, 1, 0), (0x0E, 2, 0)];

/// Its texts, from number 1 on; the last one is its serial number.
const TEXTS: [&str; 2] = ["ulna", "Test Webcam"];

/// The descriptor of this kind (high byte) and number, of the webcam with this serial number; nothing if there is none.
pub(super) fn of(value: u16, serial: &str) -> Option<Vec<u8>> {
    let [number, kind] = value.to_le_bytes();
    match (kind, number) {
        (1, _) => Some(device()),
        (2, _) => Some(configuration()),
        (3, 0) => Some(vec![4, 3, 0x09, 0x04]),
        (3, number) => {
            let text = match TEXTS.get(usize::from(number) - 1) {
                None if number == 3 => serial,
                text => text?,
            };
            let letters: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            Some([&[letters.len() as u8 + 2, 3], &letters[..]].concat())
        }
        // At full speed it would be no other: it has high speed alone.
        _ => None,
    }
}

fn device() -> Vec<u8> {
    let [vendor, product, version] = [VENDOR, PRODUCT, VERSION].map(u16::to_le_bytes);
    let head: [u8; 8] = [18, 1, 0x00, 0x02, 0xEF, 2, 1, 64];
    [&head[..], &vendor, &product, &version, &[1, 2, 3, 1]].concat()
}

fn configuration() -> Vec<u8> {
    let body = [
        &[8, 0x0B, 0, 2, 0x0E, 3, 0, 2], // both interfaces are one function
        &control_interface()[..],
        &streaming_interface(),
    ]
    .concat();
    let total = (9 + body.len()) as u16;
    let [low, high] = total.to_le_bytes();
    [&[9, 2, low, high, 2, 1, 0, 0x80, 250][..], &body].concat()
}

fn control_interface() -> Vec<u8> {
    let interface = [9, 4, 0, 0, 0, 0x0E, 1, 0, 0];
    // Automatic exposure, its priority, exposure time, focus, automatic focus.
    let camera = [
        18, 0x24, 2, 1, 0x01, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0x2E, 0x00, 0x02,
    ];
    // Brightness, white balance, its automatic.
    let processing = [13, 0x24, 5, 2, 1, 0, 0, 3, 0x41, 0x10, 0x00, 0, 0];
    let output = [9, 0x24, 3, 3, 0x01, 0x01, 0, 2, 0];
    let units = [&camera[..], &processing, &output].concat();
    let [low, high] = (13 + units.len() as u16).to_le_bytes();
    let header = [
        13, 0x24, 1, 0x10, 0x01, low, high, 0x80, 0x8D, 0x5B, 0x00, 1, 1,
    ];
    [&interface[..], &header, &units].concat()
}

fn streaming_interface() -> Vec<u8> {
    let interface = [9, 4, 1, 0, 1, 0x0E, 2, 0, 0];
    let format = [11, 0x24, 6, 1, 1, 1, 1, 0, 0, 0, 0];
    let frame = frame();
    let colours = [6, 0x24, 0x0D, 1, 1, 4];
    let formats = [&format[..], &frame, &colours].concat();
    let [low, high] = (14 + formats.len() as u16).to_le_bytes();
    let header = [14, 0x24, 1, 1, low, high, ENDPOINT, 0, 3, 0, 0, 0, 1, 0];
    let [small, large] = PACKET.to_le_bytes();
    let endpoint = [7, 5, ENDPOINT, 2, small, large, 0];
    [&interface[..], &header, &formats, &endpoint].concat()
}

/// The one size and rate.
fn frame() -> Vec<u8> {
    let [width, height] = [SIZE.0, SIZE.1].map(|side| (side as u16).to_le_bytes());
    let bytes = (SIZE.0 * SIZE.1 * 2).to_le_bytes();
    let bits = (SIZE.0 * SIZE.1 * 16 * 10).to_le_bytes();
    let interval = PERIOD_100NS.to_le_bytes();
    let head = [30, 0x24, 7, 1, 0];
    [
        &head[..],
        &width,
        &height,
        &bits,
        &bits,
        &bytes,
        &interval,
        &[1],
        &interval,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_add_up() {
        let whole = of(0x0200, "").unwrap();
        assert_eq!(
            usize::from(u16::from_le_bytes([whole[2], whole[3]])),
            whole.len()
        );
        let (mut at, mut kinds) = (0, Vec::new());
        while at < whole.len() {
            kinds.push(whole[at + 1]);
            assert!(whole[at] > 1);
            at += usize::from(whole[at]);
        }
        assert_eq!(at, whole.len());
        assert_eq!(kinds.iter().filter(|kind| **kind == 4).count(), 2);
        assert_eq!(of(0x0100, "").unwrap().len(), 18);
        assert_eq!(of(0x0303, "UL001").unwrap()[2], b'U');
        assert_eq!(of(0x0600, ""), None);
    }
}
