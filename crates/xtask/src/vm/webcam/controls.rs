//! What can be asked of the webcam and set (Video Class 1.1, chapter 4): its controls, and the negotiation of what is streamed.

use super::link::Control;
use super::pictures::{PAYLOAD, PERIOD_100NS, SIZE};

/// A control: the unit that has it, its selector, how many bytes it has, least, most, step, and what it is at first.
struct Known(u8, u8, usize, i32, i32, i32, i32);

/// The camera is unit 1, the processing unit 2.
const KNOWN: [Known; 8] = [
    Known(1, 0x02, 1, 1, 8, 9, 8), // automatic exposure: a bit for each mode, 1 manual, 8 aperture priority; the step says which there are
    Known(1, 0x03, 1, 0, 1, 1, 1), // its rate may fall in the dark
    Known(1, 0x04, 4, 1, 5000, 1, 157), // exposure time, 100 µs
    Known(1, 0x06, 2, 0, 250, 5, 35), // focus
    Known(1, 0x08, 1, 0, 1, 1, 1), // automatic focus
    Known(2, 0x02, 2, -64, 64, 1, 0), // brightness
    Known(2, 0x0A, 2, 2800, 6500, 10, 4600), // white balance, K
    Known(2, 0x0B, 1, 0, 1, 1, 1), // automatic white balance
];

// Requests.
const SET_CURRENT: u8 = 0x01;
const CURRENT: u8 = 0x81;
const LEAST: u8 = 0x82;
const MOST: u8 = 0x83;
const STEP: u8 = 0x84;
const LENGTH: u8 = 0x85;
const INFORMATION: u8 = 0x86;
const USUAL: u8 = 0x87;

/// Its settings.
#[derive(Debug)]
pub(super) struct Controls([i32; KNOWN.len()]);

impl Default for Controls {
    fn default() -> Self {
        Self(KNOWN.map(|known| known.6))
    }
}

/// Which of the controls is meant.
fn meant(control: &Control) -> Option<usize> {
    let ([_, selector], [_, unit]) = (control.value.to_le_bytes(), control.index.to_le_bytes());
    KNOWN
        .iter()
        .position(|known| (known.0, known.1) == (unit, selector))
}

/// Whether the request is for the streaming interface, whose selectors 1 and 2 are a proposal and a decision.
fn is_of_stream(control: &Control) -> bool {
    control.index == 1 && [1, 2].contains(&(control.value >> 8))
}

impl Controls {
    /// What is asked; nothing if there is no such thing.
    pub(super) fn get(&self, control: &Control) -> Option<Vec<u8>> {
        if is_of_stream(control) {
            return Some(match control.request {
                LENGTH => vec![34, 0],
                INFORMATION => vec![3],
                _ => streamed(),
            });
        }
        let at = meant(control)?;
        let Known(_, _, bytes, least, most, step, usual) = KNOWN[at];
        let number = match control.request {
            CURRENT => self.0[at],
            LEAST => least,
            MOST => most,
            STEP => step,
            USUAL => usual,
            LENGTH => return Some((bytes as u16).to_le_bytes().to_vec()),
            INFORMATION => return Some(vec![3]),
            _ => return None,
        };
        Some(number.to_le_bytes()[..bytes].to_vec())
    }

    /// Sets what is asked; false if there is no such thing, or the value is not to be had.
    pub(super) fn set(&mut self, control: &Control) -> bool {
        if is_of_stream(control) {
            return control.request == SET_CURRENT;
        }
        let Some(at) = meant(control) else {
            return false;
        };
        let Known(_, _, bytes, least, most, ..) = KNOWN[at];
        let mut number = [0; 4];
        let given = &control.data[..control.data.len().min(bytes)];
        number[..given.len()].copy_from_slice(given);
        let number = match bytes {
            2 => i32::from(i16::from_le_bytes([number[0], number[1]])),
            _ => i32::from_le_bytes(number),
        };
        let good = (least..=most).contains(&number);
        if good {
            self.0[at] = number;
        }
        good
    }
}

/// What is streamed, whatever was proposed.
fn streamed() -> Vec<u8> {
    let mut out = vec![1, 0, 1, 1];
    out.extend(PERIOD_100NS.to_le_bytes());
    out.extend([0; 10]); // key frames, quality, window, delay
    out.extend((SIZE.0 * SIZE.1 * 2).to_le_bytes());
    out.extend((PAYLOAD as u32).to_le_bytes());
    out.extend(6_000_000u32.to_le_bytes());
    out.extend([3, 0, 0, 0]); // a picture's end is marked, and pictures alternate
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(request: u8, unit: u8, selector: u8, data: &[u8]) -> Control {
        Control {
            endpoint: 0,
            request,
            kind: 0,
            value: u16::from_le_bytes([0, selector]),
            index: u16::from_le_bytes([0, unit]),
            length: 64,
            data: data.to_vec(),
        }
    }

    #[test]
    fn controls_are_set_within_their_range_and_read_back() {
        let mut controls = Controls::default();
        assert!(controls.set(&asked(SET_CURRENT, 2, 2, &(-20i16).to_le_bytes())));
        assert_eq!(
            controls.get(&asked(CURRENT, 2, 2, &[])),
            Some(vec![0xEC, 0xFF])
        );
        assert!(!controls.set(&asked(SET_CURRENT, 2, 2, &200i16.to_le_bytes())));
        assert_eq!(
            controls.get(&asked(MOST, 1, 4, &[])),
            Some(vec![0x88, 0x13, 0, 0])
        );
        assert_eq!(controls.get(&asked(CURRENT, 2, 9, &[])), None);
        assert_eq!(streamed().len(), 34);
    }
}
