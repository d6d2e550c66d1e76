//! A USB webcam for the guest, whose own `uvcvideo` drives it. QEMU passes every transfer of its USB socket on, in the protocol of usbredir; the webcam at
//! the other end is this program.
//!
//! A gadget in the guest would be nearer at hand, and Debian's kernel has the modules for one (`dummy_hcd`, `usb_f_uvc`). But `dummy_hcd` fails
//! every isochronous transfer, and `usb_f_uvc` knows no other kind: such a webcam is found and set, and gives no picture.

mod controls;
mod descriptors;
mod link;
mod pictures;

use std::collections::VecDeque;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use controls::Controls;
use link::{Control, Link, Message, Status};
use pictures::{PAYLOAD, payloads};

/// Pictures are this far apart.
const PERIOD: Duration = Duration::from_millis(100);
/// Every so many pictures one is damaged on its way, and says so.
const DAMAGED: u64 = 25;
/// How long its cable is out when it is pulled.
const AWAY: Duration = Duration::from_millis(1500);

/// The webcam's serial number, and that of another one.
const SERIALS: [&str; 2] = ["UL001", "UL002"];

/// The hand at the cable.
#[derive(Debug, Clone, Default)]
pub(super) struct Cable(Arc<AtomicU32>);

impl Cable {
    /// Pulls it; it is plugged in again soon.
    pub(super) fn pull(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A webcam in use.
#[derive(Debug)]
struct Webcam {
    link: Link,
    serial: &'static str,
    controls: Controls,
    /// Bulk transfers that wait for data, and how many bytes each takes.
    waiting: VecDeque<(u32, usize)>,
    /// What is left of the picture that is being sent.
    sending: VecDeque<Vec<u8>>,
    number: u64,
    due: Instant,
}

/// Is a webcam at the end of this socket until the machine is over.
pub(super) fn serve(socket: UnixStream, cable: &Cable) -> Result<()> {
    let mut webcam = Webcam {
        link: Link::new(socket)?,
        serial: SERIALS[0],
        controls: Controls::default(),
        waiting: VecDeque::new(),
        sending: VecDeque::new(),
        number: 0,
        due: Instant::now(),
    };
    let mut pulled = 0;
    loop {
        while let Some(message) = webcam.link.next(Duration::from_millis(5))? {
            if matches!(message, Message::End) {
                return Ok(());
            }
            webcam.hear(message)?;
        }
        webcam.show()?;
        let pulls = cable.0.load(Ordering::SeqCst);
        if pulls > pulled {
            pulled = pulls;
            // The second time another one is plugged in.
            webcam.serial = SERIALS[usize::from(pulls > 1)];
            webcam.unplug()?;
        }
    }
}

impl Webcam {
    fn hear(&mut self, message: Message) -> Result<()> {
        match message {
            Message::Hello => self.link.plug_in(),
            Message::Control(id, control) => self.control(id, &control),
            Message::Bulk(id, length) => {
                self.waiting.push_back((id, length));
                Ok(())
            }
            Message::Cancel(id) => {
                self.waiting.retain(|(waiting, _)| *waiting != id);
                self.link.bulk(id, Status::Cancelled, &[])
            }
            Message::Other | Message::End => Ok(()),
        }
    }

    /// Descriptors, and what a class request asks of the camera's parts.
    fn control(&mut self, id: u32, control: &Control) -> Result<()> {
        let mut answer = match (control.kind, control.request) {
            (0x80, 6) => descriptors::of(control.value, self.serial),
            (0xA1, _) => self.controls.get(control),
            (0x21, _) => self.controls.set(control).then(Vec::new),
            // Endpoints are unhalted, and interfaces have a status of zero.
            (0x02, 1) => Some(Vec::new()),
            (0x80..=0x82, 0) => Some(vec![0, 0]),
            _ => None,
        };
        if let Some(bytes) = &mut answer {
            bytes.truncate(usize::from(control.length));
        }
        match answer {
            Some(bytes) => self.link.control(id, control, Status::Success, &bytes),
            None => self.link.control(id, control, Status::Stall, &[]),
        }
    }

    /// Sends what is due to whom it waits for.
    fn show(&mut self) -> Result<()> {
        let now = Instant::now();
        if self.waiting.is_empty() {
            self.due = self.due.max(now);
            return Ok(());
        }
        if self.sending.is_empty() && now >= self.due {
            let damaged = self.number % DAMAGED == DAMAGED - 1;
            self.sending = payloads(self.number, damaged).into();
            self.number += 1;
            self.due = (self.due + PERIOD).max(now);
        }
        while let Some((id, length)) = self.waiting.front().copied() {
            let Some(payload) = self.sending.pop_front() else {
                break;
            };
            debug_assert!(payload.len() <= length.min(PAYLOAD));
            self.link.bulk(id, Status::Success, &payload)?;
            self.waiting.pop_front();
        }
        Ok(())
    }

    fn unplug(&mut self) -> Result<()> {
        self.link.unplug()?;
        self.waiting.clear();
        self.sending.clear();
        self.controls = Controls::default();
        let until = Instant::now() + AWAY;
        // What is still on its way to it is for no one.
        while Instant::now() < until {
            self.link.next(Duration::from_millis(20))?;
        }
        self.link.plug_in().context("the webcam cannot come back")
    }
}
