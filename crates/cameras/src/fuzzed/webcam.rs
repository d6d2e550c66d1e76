//! A webcam whose driver answers anything.

use std::time::{Duration, Instant};

use rustix::io::Errno;

use crate::picture;
use crate::rooms::Rooms;
use crate::settings::CameraSettings;
use crate::source::Payload;
use crate::v4l2::choose::modes;
use crate::v4l2::controls::{begin, described, lock, set, unlock_exposure};
use crate::v4l2::device::{Capability, Control, ControlKind, Format, Sizes, Taken, VideoDevice};
use crate::v4l2::stream;

/// No picture of it is larger, so that an input tries many.
const SHORT: usize = 1 << 10;
/// What is asked for in turn.
const SETTINGS: [&str; 4] = [
    "0",
    "0,fourcc=YUYV,width=64,height=48,rotation=90",
    "0,auto=true,fps=30",
    "0,exposure=100,focus=7,white_balance=4000",
];

/// Asks a driver whose answers are these bytes everything that a session asks, and takes its pictures.
pub fn webcam(answers: &[u8]) {
    let spec = SETTINGS[usize::from(answers.first().copied().unwrap_or(0)) % SETTINGS.len()];
    let Ok(settings) = CameraSettings::parse(spec) else {
        return;
    };
    let mut device = Answers {
        left: answers.get(1..).unwrap_or_default().to_vec(),
        asked: 0,
    };
    let _ = modes(&mut device);
    let _ = begin(&mut device, &settings);
    let (_, notes) = lock(&mut device, &settings);
    assert!(notes.len() <= 16, "{notes:?}");
    let _ = (described(&mut device), set(&mut device, "gain", 3));
    unlock_exposure(&mut device);
    let Ok(mut source) = stream::open(Box::new(device), &settings) else {
        return;
    };
    let (mut last, mut rooms) = (0, Rooms::default());
    for _ in 0..32 {
        match source.next(Duration::ZERO) {
            Ok(Some(shot)) => {
                assert!(shot.sequence >= last, "its count goes back");
                last = shot.sequence;
                if let Ok(decoded) =
                    picture::decode(&shot.payload, settings.quarter_turns(), &mut rooms)
                {
                    let pixels = decoded.width as usize * decoded.height as usize;
                    assert_eq!(decoded.pixels.len(), pixels * 3);
                }
                let _ = (shot.payload.digest(), shot.payload.len());
                assert!(!matches!(shot.payload, Payload::Rgb { .. }));
            }
            Ok(None) => {}
            Err(_) => return,
        }
    }
}

/// Answers what its bytes say; behind their end, that there is no more.
#[derive(Debug)]
struct Answers {
    left: Vec<u8>,
    asked: usize,
}

impl Answers {
    fn byte(&mut self) -> Result<u8, Errno> {
        self.asked += 1;
        self.left.get(self.asked - 1).copied().ok_or(Errno::INVAL)
    }

    /// Small numbers, and the largest.
    fn number(&mut self) -> Result<u32, Errno> {
        Ok(match self.byte()? {
            255 => u32::MAX,
            254 => i32::MAX as u32,
            253 => u32::from_le_bytes([self.byte()?, self.byte()?, self.byte()?, self.byte()?]),
            252 => 640,
            251 => 480,
            small => u32::from(small),
        })
    }

    fn pair(&mut self) -> Result<(u32, u32), Errno> {
        Ok((self.number()?, self.number()?))
    }

    /// Whether it answers at all, and not with an error.
    fn good(&mut self) -> Result<(), Errno> {
        match self.byte()? {
            0 => Err(Errno::INVAL),
            1 => Err(Errno::NODEV),
            2 => Err(Errno::NOTTY),
            3 => Err(Errno::NOSPC),
            _ => Ok(()),
        }
    }
}

impl VideoDevice for Answers {
    fn capability(&mut self) -> Result<Capability, Errno> {
        self.good()?;
        let captures = self.byte()? > 10;
        Ok(Capability {
            captures,
            ..Capability::default()
        })
    }

    fn format(&mut self, _: u32) -> Result<[u8; 4], Errno> {
        self.good()?;
        Ok(match self.byte()? {
            200.. => [self.byte()?, self.byte()?, self.byte()?, self.byte()?],
            100..200 => *b"YUYV",
            _ => *b"MJPG",
        })
    }

    fn sizes(&mut self, _: [u8; 4], _: u32) -> Result<Sizes, Errno> {
        self.good()?;
        let (width, height) = self.pair()?;
        Ok(match self.byte()? {
            200.. => Sizes::Range {
                least: (width, height),
                most: self.pair()?,
            },
            _ => Sizes::One(width, height),
        })
    }

    fn interval(&mut self, _: [u8; 4], _: (u32, u32), _: u32) -> Result<f64, Errno> {
        let (numerator, denominator) = self.pair()?;
        Ok(f64::from(numerator) / f64::from(denominator))
    }

    fn set_format(&mut self, wanted: Format) -> Result<Format, Errno> {
        self.good()?;
        let stride = self.number()?;
        Ok(match self.byte()? {
            240.. => Format {
                width: self.number()?,
                ..wanted
            },
            _ => Format { stride, ..wanted },
        })
    }

    fn set_rate(&mut self, fps: u32) -> Result<Option<f64>, Errno> {
        self.good()?;
        Ok(match self.byte()? {
            200.. => Some(f64::from(self.number()?)),
            100..200 => None,
            _ => Some(f64::from(fps)),
        })
    }

    fn control_after(&mut self, after: u32) -> Result<Control, Errno> {
        self.good()?;
        // Those that are locked, by their last two digits, and any other.
        let known = [
            0x0098_090C,
            0x0098_091A,
            0x009A_0901,
            0x009A_0902,
            0x009A_0903,
        ];
        let known = known.into_iter().chain([0x009A_090A, 0x009A_090C]);
        let next = known.into_iter().find(|id| *id > after);
        let id = match self.byte()? {
            200.. => self.number()?,
            _ => next.ok_or(Errno::INVAL)?,
        };
        let bits = self.byte()?;
        Ok(Control {
            id,
            name: String::from_utf8_lossy(&[bits, self.byte()?]).into_owned(),
            kind: match bits % 4 {
                0 => ControlKind::Integer,
                1 => ControlKind::Boolean,
                2 => ControlKind::Menu,
                _ => ControlKind::Other,
            },
            least: self.number()? as i32,
            most: self.number()? as i32,
            step: self.number()? as i32,
            usual: self.number()? as i32,
            inactive: bits & 8 != 0,
            read_only: bits & 16 != 0,
        })
    }

    fn menu_entry(&mut self, _: u32, _: u32) -> Result<String, Errno> {
        self.good()?;
        Ok(char::from(self.byte()?).to_string())
    }

    fn get_control(&mut self, _: u32) -> Result<i32, Errno> {
        self.good()?;
        Ok(self.number()? as i32)
    }

    fn set_control(&mut self, _: u32, _: i32) -> Result<(), Errno> {
        self.good()
    }

    fn start(&mut self) -> Result<(), Errno> {
        self.good()
    }

    fn wait(&mut self, _: Duration) -> Result<bool, Errno> {
        Ok(self.byte()? > 10)
    }

    fn take(&mut self, into: &mut Vec<u8>) -> Result<Taken, Errno> {
        self.good()?;
        let (bits, sequence, length) = (self.byte()?, self.number()?, self.number()?);
        let rest = self.left.get(self.asked..).unwrap_or_default();
        let length = (length as usize).min(rest.len()).min(SHORT);
        *into = rest[..length].to_vec();
        self.asked += length;
        let now = Instant::now();
        let ahead = Duration::from_secs(u64::from(bits / 16));
        Ok(Taken {
            sequence,
            light: (bits & 1 != 0).then_some(now + ahead),
            damaged: bits & 2 != 0,
        })
    }
}
