//! The kernel's video devices.
#![allow(unsafe_code)] // system calls on the kernel's structures, and its memory

use std::ffi::c_void;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::ptr::{null_mut, slice_from_raw_parts};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::ioctl::{Getter, Opcode, Setter, Updater, ioctl};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use rustix::time::{ClockId, clock_gettime};

use super::abi::{self, Buffer};
use super::device::{Capability, Control, ControlKind, Format, Sizes, Taken, VideoDevice};

/// So many pictures the driver may fill before one is fetched: a tenth of a second at 30 a second.
const BUFFERS: u32 = 4;

/// Opens a device without waiting for it.
///
/// # Errors
/// What the system says.
pub(crate) fn open(path: &Path) -> std::io::Result<Box<dyn VideoDevice>> {
    let nonblock = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(nonblock)
        .open(path)?;
    Ok(Box::new(KernelDevice {
        file,
        buffers: Vec::new(),
    }))
}

#[derive(Debug)]
struct KernelDevice {
    file: File,
    buffers: Vec<Mapping>,
}

/// A buffer of the driver's in this process.
#[derive(Debug)]
struct Mapping {
    at: *mut c_void,
    length: usize,
}

// SAFETY: the memory belongs to the process, not to a thread, and it is used through one owner alone.
unsafe impl Send for Mapping {}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: `mmap` gave this address and length, and nothing refers to it any more.
        let _ = unsafe { munmap(self.at, self.length) };
    }
}

impl KernelDevice {
    /// A call that reads and writes one structure.
    fn update<const CALL: Opcode, T>(&self, value: &mut T) -> Result<(), Errno> {
        // SAFETY: each call is made with the structure of `abi` of which its number was made, whose layout is the kernel's (its size is part of
        // the number). The kernel writes nothing outside of it: none of these has a pointer that is followed.
        unsafe { ioctl(&self.file, Updater::<CALL, T>::new(value)) }
    }

    fn map(&self, index: u32) -> Result<Mapping, Errno> {
        let mut buffer = buffer(index);
        self.update::<{ abi::QUERYBUF }, _>(&mut buffer)?;
        let length = buffer.length as usize;
        // SAFETY: a new mapping at a place of the kernel's choice; nothing else is there.
        let at = unsafe {
            mmap(
                null_mut(),
                length,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED,
                &self.file,
                buffer.offset,
            )
        }?;
        Ok(Mapping { at, length })
    }
}

fn buffer(index: u32) -> Buffer {
    Buffer {
        index,
        kind: abi::CAPTURE,
        memory: abi::MMAP,
        ..Buffer::default()
    }
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0);
    String::from_utf8_lossy(&bytes[..end.unwrap_or(bytes.len())]).into_owned()
}

/// A moment of the kernel's monotonic clock, which `Instant` counts, too.
fn moment(time: [i64; 2]) -> Option<Instant> {
    let now = Duration::try_from(clock_gettime(ClockId::Monotonic)).ok()?;
    let micros = time[0].checked_mul(1_000_000)?.checked_add(time[1])?;
    let then = Duration::from_micros(u64::try_from(micros).ok()?);
    let here = Instant::now();
    match now.checked_sub(then) {
        Some(age) => here.checked_sub(age),
        None => here.checked_add(then - now),
    }
}

impl VideoDevice for KernelDevice {
    fn capability(&mut self) -> Result<Capability, Errno> {
        // SAFETY: as in `update`; this call only writes.
        let call = unsafe { Getter::<{ abi::QUERYCAP }, abi::Capability>::new() };
        // SAFETY: likewise.
        let found = unsafe { ioctl(&self.file, call) }?;
        let caps = match found.capabilities & abi::CAP_DEVICE_CAPS {
            0 => found.capabilities,
            _ => found.device_caps,
        };
        let wanted = abi::CAP_CAPTURE | abi::CAP_STREAMING;
        Ok(Capability {
            driver: text(&found.driver),
            card: text(&found.card),
            bus_info: text(&found.bus_info),
            captures: caps & wanted == wanted,
        })
    }

    fn format(&mut self, index: u32) -> Result<[u8; 4], Errno> {
        let mut description = abi::FormatDescription {
            index,
            kind: abi::CAPTURE,
            ..Default::default()
        };
        self.update::<{ abi::ENUM_FMT }, _>(&mut description)?;
        Ok(description.pixel_format)
    }

    fn sizes(&mut self, fourcc: [u8; 4], index: u32) -> Result<Sizes, Errno> {
        let mut size = abi::FrameSize {
            index,
            pixel_format: fourcc,
            ..Default::default()
        };
        self.update::<{ abi::ENUM_FRAMESIZES }, _>(&mut size)?;
        let [a, b, _, c, d, _] = size.sizes;
        Ok(match size.kind {
            1 => Sizes::One(a, b),
            _ => Sizes::Range {
                least: (a, c),
                most: (b, d),
            },
        })
    }

    fn interval(&mut self, fourcc: [u8; 4], size: (u32, u32), index: u32) -> Result<f64, Errno> {
        let mut interval = abi::FrameInterval {
            index,
            pixel_format: fourcc,
            width: size.0,
            height: size.1,
            ..Default::default()
        };
        self.update::<{ abi::ENUM_FRAMEINTERVALS }, _>(&mut interval)?;
        if interval.kind != 1 && index > 0 {
            return Err(Errno::INVAL); // a range is one entry
        }
        let [numerator, denominator, ..] = interval.intervals;
        Ok(f64::from(numerator) / f64::from(denominator))
    }

    fn set_format(&mut self, wanted: Format) -> Result<Format, Errno> {
        let mut format = abi::Format::new(abi::PixFormat {
            width: wanted.width,
            height: wanted.height,
            pixel_format: wanted.fourcc,
            field: abi::PROGRESSIVE,
            ..Default::default()
        });
        self.update::<{ abi::S_FMT }, _>(&mut format)?;
        Ok(Format {
            fourcc: format.pix.pixel_format,
            width: format.pix.width,
            height: format.pix.height,
            stride: format.pix.bytes_per_line,
        })
    }

    fn set_rate(&mut self, fps: u32) -> Result<Option<f64>, Errno> {
        let mut parameters = abi::StreamParameters::new([1, fps]);
        match self.update::<{ abi::S_PARM }, _>(&mut parameters) {
            Err(Errno::NOTTY | Errno::INVAL) => return Ok(None),
            other => other?,
        }
        let [numerator, denominator] = parameters.interval;
        let says = parameters.capability & abi::CAP_RATE != 0 && numerator > 0;
        Ok(says.then(|| f64::from(denominator) / f64::from(numerator)))
    }

    fn control_after(&mut self, after: u32) -> Result<Control, Errno> {
        let mut id = after;
        loop {
            let mut query = abi::QueryControl {
                id: id | abi::NEXT_CONTROL,
                ..Default::default()
            };
            self.update::<{ abi::QUERYCTRL }, _>(&mut query)?;
            if query.id <= id {
                return Err(Errno::INVAL); // a driver that goes round in a circle
            }
            id = query.id;
            if query.flags & abi::CONTROL_DISABLED != 0 {
                continue;
            }
            return Ok(Control {
                id,
                name: text(&query.name),
                kind: match query.kind {
                    1 => ControlKind::Integer,
                    2 => ControlKind::Boolean,
                    3 => ControlKind::Menu,
                    _ => ControlKind::Other,
                },
                least: query.least,
                most: query.most,
                step: query.step,
                usual: query.usual,
                inactive: query.flags & abi::CONTROL_INACTIVE != 0,
                read_only: query.flags & abi::CONTROL_READ_ONLY != 0,
            });
        }
    }

    fn menu_entry(&mut self, id: u32, index: u32) -> Result<String, Errno> {
        let mut entry = abi::QueryMenu {
            id,
            index,
            ..Default::default()
        };
        self.update::<{ abi::QUERYMENU }, _>(&mut entry)?;
        Ok(text(&entry.name))
    }

    fn get_control(&mut self, id: u32) -> Result<i32, Errno> {
        let mut value = abi::ControlValue { id, value: 0 };
        self.update::<{ abi::G_CTRL }, _>(&mut value)?;
        Ok(value.value)
    }

    fn set_control(&mut self, id: u32, value: i32) -> Result<(), Errno> {
        self.update::<{ abi::S_CTRL }, _>(&mut abi::ControlValue { id, value })
    }

    fn start(&mut self) -> Result<(), Errno> {
        let mut request = abi::RequestBuffers {
            count: BUFFERS,
            kind: abi::CAPTURE,
            memory: abi::MMAP,
            ..Default::default()
        };
        self.update::<{ abi::REQBUFS }, _>(&mut request)?;
        for index in 0..request.count {
            let mapping = self.map(index)?;
            self.buffers.push(mapping);
            self.update::<{ abi::QBUF }, _>(&mut buffer(index))?;
        }
        // SAFETY: the call reads one number.
        let call = unsafe { Setter::<{ abi::STREAMON }, u32>::new(abi::CAPTURE) };
        // SAFETY: likewise.
        unsafe { ioctl(&self.file, call) }
    }

    fn wait(&mut self, patience: Duration) -> Result<bool, Errno> {
        let patience = Timespec::try_from(patience).map_err(|_| Errno::INVAL)?;
        let mut ready = [PollFd::new(&self.file, PollFlags::IN)];
        match poll(&mut ready, Some(&patience)) {
            Ok(0) | Err(Errno::INTR) => Ok(false),
            Ok(_) => Ok(true), // an error, too: fetching the picture says which
            Err(error) => Err(error),
        }
    }

    fn take(&mut self, into: &mut Vec<u8>) -> Result<Taken, Errno> {
        let mut filled = buffer(0);
        self.update::<{ abi::DQBUF }, _>(&mut filled)?;
        into.clear();
        if let Some(mapping) = self.buffers.get(filled.index as usize) {
            let length = mapping.length.min(filled.bytes_used as usize);
            let bytes = slice_from_raw_parts(mapping.at.cast::<u8>(), length);
            // SAFETY: the mapping is at least so long and lives as long as `self`; the driver does not write to a buffer that was fetched
            // until it is given back, below.
            into.extend_from_slice(unsafe { &*bytes });
        }
        let monotonic = filled.flags & abi::STAMP_KIND == abi::STAMP_MONOTONIC;
        let taken = Taken {
            sequence: filled.sequence,
            light: monotonic.then(|| moment(filled.time)).flatten(),
            damaged: filled.flags & abi::DAMAGED != 0,
        };
        self.update::<{ abi::QBUF }, _>(&mut buffer(filled.index))?;
        Ok(taken)
    }
}
