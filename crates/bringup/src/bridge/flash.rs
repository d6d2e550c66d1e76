//! Writes a firmware to a board that has been plugged in with its button held: it appears as a drive then, and takes a UF2 file.
//!
//! UF2: <https://github.com/microsoft/uf2>. The RP2040's boot ROM: RP2040 datasheet, section 2.8.4.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use ulna_outside::{Printable, files};

/// What every drive of a UF2 bootloader has.
const INFO: &str = "INFO_UF2.TXT";
/// What the RP2040's says it is.
const BOARD_ID: &str = "Board-ID: RPI-RP2";
/// Bytes of a block of UF2, and its three magic numbers with their places.
const BLOCK: usize = 512;
const MAGIC: [(usize, u32); 3] = [(0, 0x0A32_4655), (4, 0x9E5D_5157), (508, 0x0AB1_6F30)];
/// The RP2040 among the families of UF2, and where its flash is.
const RP2040: u32 = 0xE48B_FF56;
const FLASH: std::ops::Range<u32> = 0x1000_0000..0x1100_0000;
/// Bit of a block's flags: it names a family.
const HAS_FAMILY: u32 = 0x2000;
/// A firmware is smaller than this, bytes.
const LARGEST: u64 = 16 << 20;

/// A firmware that was written.
#[derive(Debug, Clone, Serialize)]
pub struct Flashed {
    /// The drive.
    pub drive: PathBuf,
    /// Blocks of 256 bytes.
    pub blocks: usize,
}

/// Why a firmware was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FlashError {
    /// No board waits for a firmware.
    #[error(
        "no board waits for a firmware: unplug it, hold its BOOTSEL button, plug it in, release the button; a drive named RPI-RP2 appears. Where it is not \
         mounted by itself, mount it and pass --drive"
    )]
    NoDrive,
    /// More than one does.
    #[error("several boards wait for a firmware: {drives}; say which with --drive")]
    SeveralDrives {
        /// Their drives.
        drives: String,
    },
    /// The drive is none of a board that this firmware is for.
    #[error("{} is no drive of a waiting RP2040: {reason}", Printable(drive.display()))]
    WrongDrive {
        /// The drive.
        drive: PathBuf,
        /// Why not.
        reason: String,
    },
    /// There is no such file.
    #[error(
        "there is no file {}: `cargo run -p xtask -- bridge --build-only` in ulna's sources builds the firmware, and says where it is",
        Printable(file.display())
    )]
    NoFile {
        /// The file.
        file: PathBuf,
    },
    /// The file is no firmware for the board.
    #[error("{} is no firmware for an RP2040: {reason}", Printable(file.display()))]
    WrongFile {
        /// The file.
        file: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The drive took it not, or not whole.
    #[error(
        "writing to {} failed ({source}): plug the board in again with its button held, and try again; a half-written firmware does no harm",
        Printable(drive.display())
    )]
    Write {
        /// The drive.
        drive: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Writes the firmware `file` (UF2) to the drive of a waiting board: `drive`, or the only one that is mounted.
///
/// # Errors
/// [`FlashError`]; nothing was written unless it is [`FlashError::Write`].
pub fn flash(file: &Path, drive: Option<&Path>) -> Result<Flashed, FlashError> {
    let (firmware, blocks) = firmware(file)?;
    let drive = match drive {
        Some(drive) => drive.to_owned(),
        None => only_drive()?,
    };
    check_drive(&drive)?;
    let failed = |source| FlashError::Write {
        drive: drive.clone(),
        source,
    };
    let path = drive.join("ulna.uf2");
    let mut out = new_file(&path).map_err(failed)?;
    out.write_all(&firmware).map_err(failed)?;
    // The board restarts with the last block, and its drive goes: that this fails then is no news.
    let _ = out.sync_all();
    Ok(Flashed { drive, blocks })
}

/// A boot loader takes files as they are written, and knows no renaming. What has the name loses it: through a link or a second name
/// another file would be overwritten.
fn new_file(path: &Path) -> io::Result<fs::File> {
    files::writable(path)?;
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::File::create_new(path)
}

/// A file of UF2 blocks for this chip's flash, each once.
fn firmware(file: &Path) -> Result<(Vec<u8>, usize), FlashError> {
    let wrong = |reason: String| FlashError::WrongFile {
        file: file.to_owned(),
        reason,
    };
    let bytes = files::read(file, LARGEST).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => FlashError::NoFile {
            file: file.to_owned(),
        },
        _ => wrong(error.to_string()),
    })?;
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    if blocks.is_empty() || !rest.is_empty() {
        return Err(wrong("it does not consist of UF2 blocks".to_owned()));
    }
    for (index, block) in (0u32..).zip(blocks) {
        let word = |at: usize| {
            let bytes = block.get(at..).and_then(|rest| rest.first_chunk::<4>());
            bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes))
        };
        if MAGIC.iter().any(|&(at, magic)| word(at) != magic) {
            return Err(wrong(format!("block {index} is no UF2")));
        }
        let (flags, address, size) = (word(8), word(12), word(16));
        if flags & HAS_FAMILY == 0 || word(28) != RP2040 {
            return Err(wrong(format!("block {index} is for another chip")));
        }
        let end = address.checked_add(size);
        if size > 476 || !FLASH.contains(&address) || end.is_none_or(|end| end > FLASH.end) {
            return Err(wrong(format!("block {index} lies outside the flash")));
        }
        if word(20) != index || word(24) as usize != blocks.len() {
            return Err(wrong(format!(
                "block {index} of {} is missing or twice there",
                blocks.len()
            )));
        }
    }
    let count = blocks.len();
    Ok((bytes, count))
}

fn check_drive(drive: &Path) -> Result<(), FlashError> {
    let wrong = |reason: String| FlashError::WrongDrive {
        drive: drive.to_owned(),
        reason,
    };
    let text = files::read(&drive.join(INFO), LARGEST)
        .map_err(|error| wrong(format!("{INFO}: {error}")))?;
    let text = String::from_utf8_lossy(&text);
    match text.lines().any(|line| line.trim() == BOARD_ID) {
        true => Ok(()),
        false => Err(wrong(format!("its {INFO} names another board"))),
    }
}

/// The only mounted drive that has a bootloader's file.
fn only_drive() -> Result<PathBuf, FlashError> {
    let mut drives = waiting(&fs::read_to_string("/proc/mounts").unwrap_or_default());
    match (drives.pop(), drives.as_slice()) {
        (Some(one), []) => Ok(one),
        (None, _) => Err(FlashError::NoDrive),
        (Some(last), _) => {
            drives.push(last);
            let drives = drives.iter().map(|drive| drive.display().to_string());
            let drives: Vec<String> = drives.collect();
            Err(FlashError::SeveralDrives {
                drives: drives.join(", "),
            })
        }
    }
}

/// The mount points in a table like `/proc/mounts` that have a bootloader's file; only the small file systems that such drives have are looked at.
fn waiting(mounts: &str) -> Vec<PathBuf> {
    let points = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ');
        let (point, system) = (fields.nth(1)?, fields.next()?);
        matches!(system, "vfat" | "msdos").then(|| PathBuf::from(point.replace("\\040", " ")))
    });
    points.filter(|point| point.join(INFO).is_file()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(index: u32, count: u32, address: u32) -> Vec<u8> {
        let mut block = vec![0; BLOCK];
        let words = [
            (0, MAGIC[0].1),
            (4, MAGIC[1].1),
            (8, HAS_FAMILY),
            (12, address),
            (16, 256),
            (20, index),
            (24, count),
            (28, RP2040),
            (508, MAGIC[2].1),
        ];
        for (at, word) in words {
            block[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
        block
    }

    fn sound() -> Vec<u8> {
        [block(0, 2, 0x1000_0000), block(1, 2, 0x1000_0100)].concat()
    }

    #[test]
    fn a_sound_firmware_goes_to_the_drive_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let (file, drive) = (folder.path().join("f.uf2"), folder.path().join("drive"));
        fs::create_dir(&drive).unwrap();
        fs::write(&file, sound()).unwrap();
        let refused = flash(&file, Some(&drive)).unwrap_err();
        assert!(
            matches!(refused, FlashError::WrongDrive { .. }),
            "{refused}"
        );
        fs::write(drive.join(INFO), "UF2 Bootloader\nBoard-ID: RPI-RP2350\n").unwrap();
        let refused = flash(&file, Some(&drive)).unwrap_err();
        assert!(refused.to_string().contains("another board"), "{refused}");
        fs::write(
            drive.join(INFO),
            "UF2 Bootloader v3.0\r\nBoard-ID: RPI-RP2\r\n",
        )
        .unwrap();
        assert_eq!(flash(&file, Some(&drive)).unwrap().blocks, 2);
        assert_eq!(fs::read(drive.join("ulna.uf2")).unwrap(), sound());
    }

    #[test]
    fn what_is_no_firmware_is_refused_and_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f.uf2");
        fs::write(folder.path().join(INFO), BOARD_ID).unwrap();
        let changed = |at: usize, byte: u8| {
            let mut bytes = sound();
            bytes[at] = byte;
            bytes
        };
        for (bytes, part) in [
            (Vec::new(), "UF2 blocks"),
            (sound()[..1000].to_vec(), "UF2 blocks"),
            (changed(0, 0), "block 0 is no UF2"),
            (changed(BLOCK + 508, 0), "block 1 is no UF2"),
            (changed(28, 0), "another chip"),
            (changed(15, 0x20), "outside the flash"),
            (changed(BLOCK + 20, 0), "missing or twice"),
            (block(0, 2, 0x1000_0000), "missing or twice"),
        ] {
            fs::write(&file, bytes).unwrap();
            let error = flash(&file, Some(folder.path())).unwrap_err().to_string();
            assert!(error.contains(part), "{part}: {error}");
        }
        assert!(!folder.path().join("ulna.uf2").exists());
        let missing = flash(&folder.path().join("none"), Some(folder.path())).unwrap_err();
        assert!(matches!(missing, FlashError::NoFile { .. }), "{missing}");
    }

    #[test]
    fn only_small_mounted_drives_with_a_bootloaders_file_are_taken() {
        let folder = tempfile::tempdir().unwrap();
        let drive = folder.path().join("RPI RP2");
        fs::create_dir(&drive).unwrap();
        fs::write(drive.join(INFO), BOARD_ID).unwrap();
        let point = drive.display().to_string().replace(' ', "\\040");
        let table = format!("/dev/sda1 {point} vfat rw 0 0\n/dev/sdb1 {point} ext4 rw 0 0\nx y\n");
        assert_eq!(waiting(&table), [drive]);
    }
}
