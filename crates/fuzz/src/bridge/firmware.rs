//! Any bytes as a board's firmware are written to the drive of its boot loader as they are, or refused and not written.

use std::fs;
use std::sync::LazyLock;

use tempfile::TempDir;
use ulna_bringup::bridge::flash;

/// A drive as an RP2040's boot loader has it, and a firmware next to it.
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let drive = folder.path().join("drive");
    fs::create_dir(&drive).expect("a drive");
    fs::write(drive.join("INFO_UF2.TXT"), "Board-ID: RPI-RP2\n").expect("its description");
    folder
});

pub(crate) fn run(input: &[u8]) {
    let (file, drive) = (FOLDER.path().join("new.uf2"), FOLDER.path().join("drive"));
    fs::write(&file, input).expect("the file can be written");
    let written = drive.join("ulna.uf2");
    match flash(&file, Some(&drive)) {
        Ok(_) => {
            assert_eq!(fs::read(&written).expect("the firmware"), input);
            fs::remove_file(&written).expect("it can be removed");
        }
        Err(_) => assert!(!written.exists(), "what is refused is not written"),
    }
}

/// Two blocks, the way UF2 says.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let words = |index: u32| {
        let address = 0x1000_0000 + 256 * index;
        [
            0x0A32_4655,
            0x9E5D_5157,
            0x2000,
            address,
            256,
            index,
            2,
            0xE48B_FF56,
        ]
    };
    let block = |index| {
        let mut block: Vec<u8> = words(index)
            .into_iter()
            .flat_map(u32::to_le_bytes)
            .collect();
        block.resize(508, 7);
        block.extend(0x0AB1_6F30_u32.to_le_bytes());
        block
    };
    vec![[block(0), block(1)].concat()]
}
