//! Serial ports: USB adapters, UARTs, and the ptys of simulated servos, which are treated no differently.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use serialport::{ErrorKind, SerialPort as _, TTYPort};

use super::byte_port::Port;
use super::low_latency;

/// An open serial port, for this process alone.
#[derive(Debug)]
pub struct SerialPort {
    /// Owns the descriptor, and with it the lock that keeps others out.
    tty: TTYPort,
    name: String,
}

/// Why a port could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PortError {
    /// Nothing of that name.
    #[error(
        "port `{port}` does not exist: is the adapter plugged in and powered? \
         `ulna ports` lists the adapters that are"
    )]
    Missing {
        /// The path asked for.
        port: String,
    },
    /// Another program has it.
    #[error(
        "port `{port}` is busy: another program (a second ulna, LeRobot, a serial monitor, ModemManager) has it open; \
         `fuser {port}` names it, close it and try again"
    )]
    Busy {
        /// The path asked for.
        port: String,
    },
    /// No permission.
    #[error(
        "no permission to open port `{port}`: add yourself to its group (`sudo usermod -aG dialout $USER`, then log in again)"
    )]
    Forbidden {
        /// The path asked for.
        port: String,
    },
    /// A bridge board.
    #[error("{0}")]
    Bridge(Box<dyn std::error::Error + Send + Sync>),
    /// Not a serial port, or it refused its settings.
    #[error(
        "port `{port}` cannot be used as a serial port at {baud} baud: {reason}; check that the path is the servo adapter's"
    )]
    Unusable {
        /// The path asked for.
        port: String,
        /// Bits per second asked for.
        baud: u32,
        /// What the operating system said.
        reason: String,
    },
}

impl SerialPort {
    /// Opens `path` at `baud` bits per second, 8N1, raw, with the low latency that its driver can give.
    ///
    /// # Errors
    /// [`PortError`], with what to do about it.
    pub fn open(path: &str, baud: u32) -> Result<Self, PortError> {
        let port = path.to_owned();
        let tty =
            TTYPort::open(&serialport::new(path, baud)).map_err(|error| match error.kind {
                ErrorKind::Io(io::ErrorKind::NotFound) => PortError::Missing { port: port.clone() },
                ErrorKind::Io(io::ErrorKind::PermissionDenied) => {
                    PortError::Forbidden { port: port.clone() }
                }
                ErrorKind::NoDevice => PortError::Busy { port: port.clone() },
                _ => PortError::Unusable {
                    port: port.clone(),
                    baud,
                    reason: error.description.clone(),
                },
            })?;
        let opened = Self {
            tty,
            name: port.clone(),
        };
        // The control loop reads and writes without ever blocking.
        fcntl_getfl(opened.fd())
            .and_then(|flags| fcntl_setfl(opened.fd(), flags | OFlags::NONBLOCK))
            .map_err(|error| PortError::Unusable {
                port,
                baud,
                reason: error.to_string(),
            })?;
        low_latency::ask_for(opened.fd());
        Ok(opened)
    }

    #[allow(unsafe_code)]
    fn fd(&self) -> BorrowedFd<'_> {
        // SAFETY: the descriptor belongs to `self.tty`, which closes it only when `self`, borrowed here, is dropped.
        unsafe { BorrowedFd::borrow_raw(self.tty.as_raw_fd()) }
    }
}

impl Port for SerialPort {
    fn write(&mut self, _now: Duration, bytes: &[u8]) -> io::Result<()> {
        match rustix::io::write(self.fd(), bytes) {
            // A kernel buffer of 4 kB that is still full after dozens of cycles' bytes: it is not drained. The transaction
            // times out like any other whose bytes were lost.
            Ok(_) | Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn read(&mut self, _now: Duration, into: &mut [u8]) -> io::Result<usize> {
        let wanted = into.len();
        match rustix::io::read(self.fd(), into) {
            Ok(0) if wanted > 0 => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => Ok(count),
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    fn set_baud(&mut self, _now: Duration, baud: u32) -> io::Result<()> {
        Ok(self.tty.set_baud_rate(baud)?)
    }

    fn input(&self) -> Option<OwnedFd> {
        rustix::io::fcntl_dupfd_cloexec(self.fd(), 0).ok()
    }

    fn name(&self) -> &str {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_opened_is_explained() {
        let missing = SerialPort::open("/dev/no-such-port", 1_000_000).unwrap_err();
        assert!(matches!(missing, PortError::Missing { .. }), "{missing}");
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        let unusable = SerialPort::open(path, 1_000_000).unwrap_err();
        assert!(matches!(unusable, PortError::Unusable { .. }), "{unusable}");
    }
}
