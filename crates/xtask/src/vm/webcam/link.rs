//! The protocol of usbredir (version 0.7, `usb-redirection-protocol.md` of its sources), as far as a webcam of bulk transfers needs it: the side that has
//! the device. All numbers are little-endian.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::descriptors::{CLASSES, ENDPOINT, PACKET, PRODUCT, VENDOR, VERSION};

// Kinds of messages.
const HELLO: u32 = 0;
const CONNECT: u32 = 1;
const DISCONNECT: u32 = 2;
const INTERFACE_INFO: u32 = 4;
const ENDPOINT_INFO: u32 = 5;
const SET_CONFIGURATION: u32 = 6;
const GET_CONFIGURATION: u32 = 7;
const CONFIGURATION: u32 = 8;
const SET_ALTERNATE: u32 = 9;
const GET_ALTERNATE: u32 = 10;
const ALTERNATE: u32 = 11;
const CANCEL: u32 = 21;
const CONTROL: u32 = 100;
const BULK: u32 = 101;

/// What this end can: a device version when it connects, and packet sizes of endpoints. Numbers of messages stay short without more.
const CAPABILITIES: u32 = 1 << 1 | 1 << 4;
/// Nothing that is said is longer.
const LONGEST: usize = 1 << 20;
/// `usb_redir_speed_high`.
const HIGH_SPEED: u8 = 2;

/// What became of a transfer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Status {
    Success = 0,
    Cancelled = 1,
    Stall = 4,
}

/// A control transfer.
#[derive(Debug, Clone)]
pub(super) struct Control {
    pub(super) endpoint: u8,
    pub(super) request: u8,
    /// `bmRequestType`.
    pub(super) kind: u8,
    pub(super) value: u16,
    pub(super) index: u16,
    pub(super) length: u16,
    /// What comes with it, if it goes to the device.
    pub(super) data: Vec<u8>,
}

/// What QEMU says.
#[derive(Debug)]
pub(super) enum Message {
    Hello,
    Control(u32, Control),
    /// So many bytes are wanted.
    Bulk(u32, usize),
    Cancel(u32),
    /// It has been answered, or needs no answer.
    Other,
    /// The machine is over.
    End,
}

/// The way to QEMU.
#[derive(Debug)]
pub(super) struct Link {
    socket: UnixStream,
    bytes: Vec<u8>,
    configuration: u8,
}

impl Link {
    /// Says hello.
    pub(super) fn new(socket: UnixStream) -> Result<Self> {
        let mut link = Self {
            socket,
            bytes: Vec::new(),
            configuration: 0,
        };
        let mut hello = b"ulna xtask vm".to_vec();
        hello.resize(64, 0);
        hello.extend(CAPABILITIES.to_le_bytes());
        link.send(HELLO, 0, &[&hello])?;
        Ok(link)
    }

    /// The webcam is there.
    pub(super) fn plug_in(&mut self) -> Result<()> {
        self.configuration = 0;
        let mut interfaces = u32::try_from(CLASSES.len())?.to_le_bytes().to_vec();
        let numbers = (0..CLASSES.len()).map(|number| number as u8);
        for column in [
            numbers.collect::<Vec<u8>>(),
            CLASSES.iter().map(|class| class.0).collect(),
            CLASSES.iter().map(|class| class.1).collect(),
            CLASSES.iter().map(|class| class.2).collect(),
        ] {
            interfaces.extend(column.iter().copied().chain([0; 32]).take(32));
        }
        self.send(INTERFACE_INFO, 0, &[&interfaces])?;
        // Endpoints into the device come first, then those out of it: 0 is both, and the pictures have theirs.
        let pictures = 16 + usize::from(ENDPOINT & 0x0F);
        let (mut kinds, mut packets) = ([255u8; 32], [0u8; 64]);
        (kinds[0], kinds[16], kinds[pictures]) = (0, 0, 2);
        packets[2 * pictures..2 * pictures + 2].copy_from_slice(&PACKET.to_le_bytes());
        let mut interfaces = [0u8; 32];
        interfaces[pictures] = 1;
        self.send(ENDPOINT_INFO, 0, &[&kinds, &[0; 32], &interfaces, &packets])?;
        let [vendor, product, version] = [VENDOR, PRODUCT, VERSION].map(u16::to_le_bytes);
        let class = [HIGH_SPEED, 0xEF, 2, 1];
        self.send(CONNECT, 0, &[&class, &vendor, &product, &version])
    }

    /// Its cable is out.
    pub(super) fn unplug(&mut self) -> Result<()> {
        self.send(DISCONNECT, 0, &[])
    }

    /// Answers a control transfer.
    pub(super) fn control(
        &mut self,
        id: u32,
        of: &Control,
        status: Status,
        data: &[u8],
    ) -> Result<()> {
        // What went to the device is only counted.
        let length = match of.kind & 0x80 {
            0 if matches!(status, Status::Success) => of.data.len(),
            _ => data.len(),
        };
        let head = [of.endpoint, of.request, of.kind, status as u8];
        let [value, index] = [of.value, of.index].map(u16::to_le_bytes);
        let length = u16::try_from(length)?.to_le_bytes();
        self.send(CONTROL, id, &[&head, &value, &index, &length, data])
    }

    /// Answers a bulk transfer.
    pub(super) fn bulk(&mut self, id: u32, status: Status, data: &[u8]) -> Result<()> {
        let length = u16::try_from(data.len())?.to_le_bytes();
        let head = [ENDPOINT, status as u8];
        self.send(BULK, id, &[&head, &length, &[0; 4], data])
    }

    fn send(&mut self, kind: u32, id: u32, parts: &[&[u8]]) -> Result<()> {
        let body = parts.concat();
        let length = u32::try_from(body.len())?;
        let head = [kind, length, id].map(u32::to_le_bytes).concat();
        self.socket
            .write_all(&[head, body].concat())
            .context("QEMU does not take what the webcam says")
    }

    /// The next message, if one comes within this time.
    pub(super) fn next(&mut self, patience: Duration) -> Result<Option<Message>> {
        self.socket.set_read_timeout(Some(patience))?;
        loop {
            if let Some((kind, id, body)) = self.whole()? {
                return self.understood(kind, id, &body).map(Some);
            }
            let mut bytes = [0; 4096];
            match self.socket.read(&mut bytes) {
                Ok(0) => return Ok(Some(Message::End)),
                Ok(count) => self.bytes.extend_from_slice(&bytes[..count]),
                Err(error)
                    if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()) =>
                {
                    return Ok(None);
                }
                Err(error) => return Err(error).context("QEMU does not speak to the webcam"),
            }
        }
    }

    fn whole(&mut self) -> Result<Option<(u32, u32, Vec<u8>)>> {
        let number = |at: usize| {
            let four = self.bytes.get(at..at + 4)?;
            Some(u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
        };
        let (Some(kind), Some(length), Some(id)) = (number(0), number(4), number(8)) else {
            return Ok(None);
        };
        let end = 12 + length as usize;
        if end > LONGEST {
            bail!("QEMU says something of {length} bytes");
        }
        if self.bytes.len() < end {
            return Ok(None);
        }
        let body = self.bytes[12..end].to_vec();
        self.bytes.drain(..end);
        Ok(Some((kind, id, body)))
    }

    fn understood(&mut self, kind: u32, id: u32, body: &[u8]) -> Result<Message> {
        let byte = |at: usize| body.get(at).copied().unwrap_or(0);
        let short = |at: usize| u16::from_le_bytes([byte(at), byte(at + 1)]);
        match kind {
            HELLO => return Ok(Message::Hello),
            SET_CONFIGURATION | GET_CONFIGURATION => {
                if kind == SET_CONFIGURATION {
                    self.configuration = byte(0);
                }
                self.send(CONFIGURATION, id, &[&[0, self.configuration]])?;
            }
            SET_ALTERNATE => self.send(ALTERNATE, id, &[&[0, byte(0), byte(1)]])?,
            GET_ALTERNATE => self.send(ALTERNATE, id, &[&[0, byte(0), 0]])?,
            CANCEL => return Ok(Message::Cancel(id)),
            BULK => return Ok(Message::Bulk(id, usize::from(short(2)))),
            CONTROL => {
                let control = Control {
                    endpoint: byte(0),
                    request: byte(1),
                    kind: byte(2),
                    value: short(4),
                    index: short(6),
                    length: short(8),
                    data: body.get(10..).unwrap_or_default().to_vec(),
                };
                return Ok(Message::Control(id, control));
            }
            _ => {}
        }
        Ok(Message::Other)
    }
}
