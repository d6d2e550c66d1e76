//! The kernel's structures of `linux/videodev2.h` on 64-bit systems, with the sizes that are part of the calls' numbers.

use rustix::ioctl::{Opcode, opcode};

/// `V4L2_BUF_TYPE_VIDEO_CAPTURE`.
pub(super) const CAPTURE: u32 = 1;
/// `V4L2_MEMORY_MMAP`.
pub(super) const MMAP: u32 = 1;
/// `V4L2_FIELD_NONE`.
pub(super) const PROGRESSIVE: u32 = 1;
/// `V4L2_CAP_VIDEO_CAPTURE`, `_STREAMING` and `_DEVICE_CAPS`.
pub(super) const CAP_CAPTURE: u32 = 1;
pub(super) const CAP_STREAMING: u32 = 0x0400_0000;
pub(super) const CAP_DEVICE_CAPS: u32 = 0x8000_0000;
/// `V4L2_CAP_TIMEPERFRAME`.
pub(super) const CAP_RATE: u32 = 0x1000;
/// `V4L2_BUF_FLAG_ERROR`, `_TIMESTAMP_MASK` and `_TIMESTAMP_MONOTONIC`.
pub(super) const DAMAGED: u32 = 0x40;
pub(super) const STAMP_KIND: u32 = 0xE000;
pub(super) const STAMP_MONOTONIC: u32 = 0x2000;
/// `V4L2_CTRL_FLAG_NEXT_CTRL`, `_DISABLED`, `_READ_ONLY`, `_INACTIVE`.
pub(super) const NEXT_CONTROL: u32 = 0x8000_0000;
pub(super) const CONTROL_DISABLED: u32 = 1;
pub(super) const CONTROL_READ_ONLY: u32 = 4;
pub(super) const CONTROL_INACTIVE: u32 = 0x10;

#[repr(C)]
#[derive(Default)]
pub(super) struct Capability {
    pub(super) driver: [u8; 16],
    pub(super) card: [u8; 32],
    pub(super) bus_info: [u8; 32],
    pub(super) version: u32,
    pub(super) capabilities: u32,
    pub(super) device_caps: u32,
    pub(super) reserved: [u32; 3],
}

#[repr(C)]
#[derive(Default)]
pub(super) struct FormatDescription {
    pub(super) index: u32,
    pub(super) kind: u32,
    pub(super) flags: u32,
    pub(super) description: [u8; 32],
    pub(super) pixel_format: [u8; 4],
    pub(super) mbus_code: u32,
    pub(super) reserved: [u32; 3],
}

#[repr(C)]
#[derive(Default)]
pub(super) struct FrameSize {
    pub(super) index: u32,
    pub(super) pixel_format: [u8; 4],
    /// 1: the first two numbers of `sizes` are width and height; else least width, most, step, and so for the height.
    pub(super) kind: u32,
    pub(super) sizes: [u32; 6],
    pub(super) reserved: [u32; 2],
}

#[repr(C)]
#[derive(Default)]
pub(super) struct FrameInterval {
    pub(super) index: u32,
    pub(super) pixel_format: [u8; 4],
    pub(super) width: u32,
    pub(super) height: u32,
    /// 1: the first two numbers of `intervals` are a fraction; else they are the least one of a range.
    pub(super) kind: u32,
    pub(super) intervals: [u32; 6],
    pub(super) reserved: [u32; 2],
}

#[repr(C)]
#[derive(Default)]
pub(super) struct PixFormat {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) pixel_format: [u8; 4],
    pub(super) field: u32,
    pub(super) bytes_per_line: u32,
    pub(super) size_image: u32,
    pub(super) colorspace: u32,
    pub(super) private: u32,
    pub(super) flags: u32,
    pub(super) encoding: u32,
    pub(super) quantization: u32,
    pub(super) transfer: u32,
}

/// A union of 200 bytes that is aligned as a pointer is.
#[repr(C, align(8))]
pub(super) struct Format {
    pub(super) kind: u32,
    pub(super) padding: u32,
    pub(super) pix: PixFormat,
    pub(super) rest: [u8; 152],
}

impl Format {
    pub(super) fn new(pix: PixFormat) -> Self {
        Self {
            kind: CAPTURE,
            padding: 0,
            pix,
            rest: [0; 152],
        }
    }
}

#[repr(C)]
pub(super) struct StreamParameters {
    pub(super) kind: u32,
    pub(super) capability: u32,
    pub(super) mode: u32,
    /// s, as a fraction.
    pub(super) interval: [u32; 2],
    pub(super) rest: [u8; 184],
}

impl StreamParameters {
    pub(super) fn new(interval: [u32; 2]) -> Self {
        Self {
            kind: CAPTURE,
            capability: 0,
            mode: 0,
            interval,
            rest: [0; 184],
        }
    }
}

#[repr(C)]
#[derive(Default)]
pub(super) struct RequestBuffers {
    pub(super) count: u32,
    pub(super) kind: u32,
    pub(super) memory: u32,
    pub(super) capabilities: u32,
    pub(super) flags: u32,
}

#[repr(C)]
#[derive(Default)]
pub(super) struct Buffer {
    pub(super) index: u32,
    pub(super) kind: u32,
    pub(super) bytes_used: u32,
    pub(super) flags: u32,
    pub(super) field: u32,
    pub(super) padding: u32,
    /// Seconds and microseconds.
    pub(super) time: [i64; 2],
    pub(super) timecode: [u32; 4],
    pub(super) sequence: u32,
    pub(super) memory: u32,
    /// Where the mapping of this buffer begins.
    pub(super) offset: u64,
    pub(super) length: u32,
    pub(super) reserved: [u32; 3],
}

#[repr(C)]
#[derive(Default)]
pub(super) struct QueryControl {
    pub(super) id: u32,
    pub(super) kind: u32,
    pub(super) name: [u8; 32],
    pub(super) least: i32,
    pub(super) most: i32,
    pub(super) step: i32,
    pub(super) usual: i32,
    pub(super) flags: u32,
    pub(super) reserved: [u32; 2],
}

#[repr(C)]
#[derive(Default)]
pub(super) struct QueryMenu {
    pub(super) id: u32,
    pub(super) index: u32,
    pub(super) name: [u8; 32],
    pub(super) reserved: u32,
}

#[repr(C)]
#[derive(Default)]
pub(super) struct ControlValue {
    pub(super) id: u32,
    pub(super) value: i32,
}

pub(super) const QUERYCAP: Opcode = opcode::read::<Capability>(b'V', 0);
pub(super) const ENUM_FMT: Opcode = opcode::read_write::<FormatDescription>(b'V', 2);
pub(super) const S_FMT: Opcode = opcode::read_write::<Format>(b'V', 5);
pub(super) const REQBUFS: Opcode = opcode::read_write::<RequestBuffers>(b'V', 8);
pub(super) const QUERYBUF: Opcode = opcode::read_write::<Buffer>(b'V', 9);
pub(super) const QBUF: Opcode = opcode::read_write::<Buffer>(b'V', 15);
pub(super) const DQBUF: Opcode = opcode::read_write::<Buffer>(b'V', 17);
pub(super) const STREAMON: Opcode = opcode::write::<u32>(b'V', 18);
pub(super) const S_PARM: Opcode = opcode::read_write::<StreamParameters>(b'V', 22);
pub(super) const G_CTRL: Opcode = opcode::read_write::<ControlValue>(b'V', 27);
pub(super) const S_CTRL: Opcode = opcode::read_write::<ControlValue>(b'V', 28);
pub(super) const QUERYCTRL: Opcode = opcode::read_write::<QueryControl>(b'V', 36);
pub(super) const QUERYMENU: Opcode = opcode::read_write::<QueryMenu>(b'V', 37);
pub(super) const ENUM_FRAMESIZES: Opcode = opcode::read_write::<FrameSize>(b'V', 74);
pub(super) const ENUM_FRAMEINTERVALS: Opcode = opcode::read_write::<FrameInterval>(b'V', 75);

// The kernel's own sizes; a call with another one is refused as unknown.
const _: () = {
    assert!(size_of::<Capability>() == 104);
    assert!(size_of::<FormatDescription>() == 64);
    assert!(size_of::<FrameSize>() == 44);
    assert!(size_of::<FrameInterval>() == 52);
    assert!(size_of::<Format>() == 208);
    assert!(size_of::<StreamParameters>() == 204);
    assert!(size_of::<RequestBuffers>() == 20);
    assert!(size_of::<Buffer>() == 88);
    assert!(size_of::<QueryControl>() == 68);
    assert!(size_of::<QueryMenu>() == 44);
    assert!(size_of::<ControlValue>() == 8);
};
