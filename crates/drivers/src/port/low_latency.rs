//! A driver of a USB adapter that collects bytes, asked to pass them on at once.
//!
//! An FTDI adapter waits 16 ms for more bytes unless its latency timer is set. `ASYNC_LOW_LATENCY` sets it to 1 ms (`ftdi_sio.c`), which takes no
//! more rights than opening the port does. Drivers that know nothing of it refuse or ignore it.

use std::os::fd::BorrowedFd;

/// Asks the driver for low latency.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
pub(super) fn ask_for(port: BorrowedFd<'_>) {
    use rustix::ioctl::{Getter, Setter, ioctl};

    // On other processors the calls have other numbers.
    if !cfg!(any(
        target_arch = "x86_64",
        target_arch = "aarch64",
        target_arch = "x86",
        target_arch = "arm",
        target_arch = "riscv64"
    )) {
        return;
    }
    // SAFETY: `TIOCGSERIAL` writes the kernel's `serial_struct`, which `SerialInfo` mirrors, and nothing else.
    let info = unsafe { ioctl(port, Getter::<GET, SerialInfo>::new()) };
    let Ok(mut info) = info else {
        return; // a pty, for example
    };
    info.flags |= LOW_LATENCY;
    // SAFETY: `TIOCSSERIAL` reads the same struct, as the kernel has just written it but for one flag. What it answers changes nothing: the
    // round trip is measured.
    let _ = unsafe { ioctl(port, Setter::<SET, SerialInfo>::new(info)) };
}

/// Elsewhere there is no such call.
#[cfg(not(target_os = "linux"))]
pub(super) fn ask_for(_port: BorrowedFd<'_>) {}

/// `TIOCGSERIAL` and `TIOCSSERIAL` of `asm-generic/ioctls.h`.
#[cfg(target_os = "linux")]
const GET: rustix::ioctl::Opcode = 0x541E;
#[cfg(target_os = "linux")]
const SET: rustix::ioctl::Opcode = 0x541F;
/// `ASYNC_LOW_LATENCY` of `linux/tty_flags.h`.
#[cfg(target_os = "linux")]
const LOW_LATENCY: i32 = 1 << 13;

/// `struct serial_struct` of `linux/serial.h`.
#[cfg(target_os = "linux")]
#[repr(C)]
struct SerialInfo {
    kind: i32,
    line: i32,
    port: u32,
    irq: i32,
    flags: i32,
    xmit_fifo_size: i32,
    custom_divisor: i32,
    baud_base: i32,
    close_delay: u16,
    io_type: u8,
    reserved: u8,
    hub6: i32,
    closing_wait: u16,
    closing_wait2: u16,
    iomem_base: usize,
    iomem_reg_shift: u16,
    port_high: u32,
    iomap_base: usize,
}

#[cfg(all(test, target_os = "linux", target_pointer_width = "64"))]
mod tests {
    use super::SerialInfo;

    #[test]
    fn the_struct_is_the_kernels() {
        assert_eq!(size_of::<SerialInfo>(), 72);
        assert_eq!(std::mem::offset_of!(SerialInfo, flags), 16);
        assert_eq!(std::mem::offset_of!(SerialInfo, iomem_base), 48);
    }
}
