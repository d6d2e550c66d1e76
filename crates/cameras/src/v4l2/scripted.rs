//! A webcam that follows a script.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::device::{Capability, Control, ControlKind, Format, Sizes, Taken, VideoDevice};

/// What the device does when a picture is asked for.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// It gives this picture with this sequence number.
    Gives(u32, Vec<u8>),
    /// It gives this one and says that it is damaged.
    GivesDamaged(u32, Vec<u8>),
    /// There is none for now.
    Nothing,
    /// It fails.
    Fails(Errno),
}

#[derive(Debug, Clone)]
pub(crate) struct Scripted {
    pub(crate) modes: Vec<([u8; 4], Sizes, Vec<f64>)>,
    pub(crate) answers_size: Option<(u32, u32)>,
    pub(crate) answers_rate: Option<f64>,
    pub(crate) start: Result<(), Errno>,
    pub(crate) steps: VecDeque<Step>,
    pub(crate) controls: Vec<(Control, i32)>,
}

impl Scripted {
    /// A usual one.
    pub(crate) fn webcam() -> Self {
        let one = |fourcc: &[u8; 4], width, height, rates: &[f64]| {
            (*fourcc, Sizes::One(width, height), rates.to_vec())
        };
        let control = |id, name: &str, kind, (least, most), usual| {
            let control = Control {
                id,
                name: name.to_owned(),
                kind,
                least,
                most,
                step: 1,
                usual,
                ..Control::default()
            };
            (control, usual)
        };
        use ControlKind::{Boolean, Integer, Menu};
        Self {
            modes: vec![
                one(b"YUYV", 640, 480, &[30.0, 15.0]),
                one(b"YUYV", 160, 120, &[30.0]),
                one(b"YUYV", 1280, 720, &[10.0]),
                one(b"MJPG", 640, 480, &[30.0, 25.0, 15.0]),
                one(b"MJPG", 1280, 720, &[30.0]),
            ],
            answers_size: None,
            answers_rate: None,
            start: Ok(()),
            steps: VecDeque::new(),
            controls: vec![
                control(0x0098_090C, "White Balance, Automatic", Boolean, (0, 1), 1),
                control(
                    0x0098_091A,
                    "White Balance Temperature",
                    Integer,
                    (2800, 6500),
                    4600,
                ),
                control(0x009A_0901, "Auto Exposure", Menu, (0, 3), 3),
                control(
                    0x009A_0902,
                    "Exposure Time, Absolute",
                    Integer,
                    (3, 2047),
                    250,
                ),
                control(
                    0x009A_0903,
                    "Exposure, Dynamic Framerate",
                    Boolean,
                    (0, 1),
                    1,
                ),
                control(0x009A_090A, "Focus, Absolute", Integer, (0, 250), 0),
                control(
                    0x009A_090C,
                    "Focus, Automatic Continuous",
                    Boolean,
                    (0, 1),
                    1,
                ),
            ],
        }
    }

    pub(crate) fn value(&self, id: u32) -> i32 {
        self.controls
            .iter()
            .find(|(control, _)| control.id == id)
            .unwrap()
            .1
    }

    /// The camera has decided by itself.
    pub(crate) fn settle(&mut self, values: &[(u32, i32)]) {
        for (id, value) in values {
            self.controls
                .iter_mut()
                .find(|(control, _)| control.id == *id)
                .unwrap()
                .1 = *value;
        }
    }

    /// Whether an automatism decides this control.
    fn is_inactive(&self, id: u32) -> bool {
        match id {
            0x0098_091A => self.value(0x0098_090C) == 1,
            0x009A_0902 => self.value(0x009A_0901) != 1,
            0x009A_090A => self.value(0x009A_090C) == 1,
            _ => false,
        }
    }
}

impl VideoDevice for Scripted {
    fn capability(&mut self) -> Result<Capability, Errno> {
        Ok(Capability {
            driver: "uvcvideo".to_owned(),
            card: "HD Webcam".to_owned(),
            bus_info: "usb-0000:00:14.0-2".to_owned(),
            captures: true,
        })
    }

    fn format(&mut self, index: u32) -> Result<[u8; 4], Errno> {
        let mut formats: Vec<[u8; 4]> = self.modes.iter().map(|mode| mode.0).collect();
        formats.dedup();
        formats.get(index as usize).copied().ok_or(Errno::INVAL)
    }

    fn sizes(&mut self, fourcc: [u8; 4], index: u32) -> Result<Sizes, Errno> {
        let mut of_it = self.modes.iter().filter(|mode| mode.0 == fourcc);
        of_it
            .nth(index as usize)
            .map(|mode| mode.1)
            .ok_or(Errno::INVAL)
    }

    fn interval(&mut self, fourcc: [u8; 4], size: (u32, u32), index: u32) -> Result<f64, Errno> {
        let mut of_it = self
            .modes
            .iter()
            .filter(|mode| mode.0 == fourcc && mode.1 == Sizes::One(size.0, size.1));
        let rates = of_it.next().map(|mode| mode.2.clone()).unwrap_or_default();
        rates
            .get(index as usize)
            .map(|rate| 1.0 / rate)
            .ok_or(Errno::INVAL)
    }

    fn set_format(&mut self, wanted: Format) -> Result<Format, Errno> {
        let (width, height) = self.answers_size.unwrap_or((wanted.width, wanted.height));
        Ok(Format {
            width,
            height,
            stride: width * 2,
            ..wanted
        })
    }

    fn set_rate(&mut self, fps: u32) -> Result<Option<f64>, Errno> {
        Ok(Some(self.answers_rate.unwrap_or(f64::from(fps))))
    }

    fn control_after(&mut self, after: u32) -> Result<Control, Errno> {
        let next = self.controls.iter().find(|(control, _)| control.id > after);
        let control = next.ok_or(Errno::INVAL)?.0.clone();
        Ok(Control {
            inactive: self.is_inactive(control.id),
            ..control
        })
    }

    fn menu_entry(&mut self, _: u32, index: u32) -> Result<String, Errno> {
        match index {
            1 => Ok("Manual Mode".to_owned()),
            3 => Ok("Aperture Priority Mode".to_owned()),
            _ => Err(Errno::INVAL),
        }
    }

    fn get_control(&mut self, id: u32) -> Result<i32, Errno> {
        Ok(self.value(id))
    }

    fn set_control(&mut self, id: u32, value: i32) -> Result<(), Errno> {
        if self.is_inactive(id) {
            return Err(Errno::ACCESS);
        }
        self.settle(&[(id, value)]);
        Ok(())
    }

    fn start(&mut self) -> Result<(), Errno> {
        self.start
    }

    fn wait(&mut self, _: Duration) -> Result<bool, Errno> {
        Ok(
            !matches!(self.steps.front(), None | Some(Step::Nothing)) || {
                self.steps.pop_front();
                false
            },
        )
    }

    fn take(&mut self, into: &mut Vec<u8>) -> Result<Taken, Errno> {
        let (sequence, bytes, damaged) = match self.steps.pop_front() {
            Some(Step::Gives(sequence, bytes)) => (sequence, bytes, false),
            Some(Step::GivesDamaged(sequence, bytes)) => (sequence, bytes, true),
            Some(Step::Fails(error)) => return Err(error),
            _ => return Err(Errno::AGAIN),
        };
        *into = bytes;
        Ok(Taken {
            sequence,
            light: Some(Instant::now()),
            damaged,
        })
    }
}
