//! The program that was linked: how large it is, and its image for a Pico's bootloader.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use elf::ElfBytes;
use elf::abi::{PT_LOAD, SHF_ALLOC, SHF_EXECINSTR, SHT_NOBITS};
use elf::endian::LittleEndian;

/// Most code, bytes: what a Pico has 32 times, so that a smaller chip has room as well.
const MOST_CODE: u64 = 64 * 1024;
/// Most memory of the state machine, bytes.
const MOST_STATE: u64 = 16 * 1024;
/// What the static with the state machine is called.
const STATE: &str = "BOARD";

/// Bytes of flash in one block of UF2, and the three magic numbers, flags and family of one for an RP2040
/// (<https://github.com/microsoft/uf2>).
const PAYLOAD: usize = 256;
const MAGIC: [u32; 3] = [0x0A32_4655, 0x9E5D_5157, 0x0AB1_6F30];
const HAS_FAMILY: u32 = 0x2000;
const RP2040: u32 = 0xE48B_FF56;

type Elf<'a> = ElfBytes<'a, LittleEndian>;

fn parse<'a>(program: &Path, bytes: &'a [u8]) -> Result<Elf<'a>> {
    Elf::minimal_parse(bytes).with_context(|| format!("{} is no ELF", program.display()))
}

/// Says how large the program is, and whether that is small enough.
pub(super) fn check(program: &Path) -> Result<bool> {
    let bytes = fs::read(program).with_context(|| format!("cannot read {}", program.display()))?;
    let elf = parse(program, &bytes)?;
    let (mut code, mut constants, mut memory) = (0, 0, 0);
    for section in elf.section_headers().context("it has no sections")? {
        let flags = section.sh_flags;
        if flags & u64::from(SHF_ALLOC) == 0 {
            continue;
        }
        match (
            section.sh_type == SHT_NOBITS,
            flags & u64::from(SHF_EXECINSTR) != 0,
        ) {
            (true, _) => memory += section.sh_size,
            (false, true) => code += section.sh_size,
            (false, false) => constants += section.sh_size,
        }
    }
    let (symbols, names) = elf.symbol_table()?.context("it has no symbols")?;
    let state = symbols.iter().find(|symbol| {
        let name = usize::try_from(symbol.st_name).ok();
        let name = name.and_then(|name| names.get(name).ok());
        name.is_some_and(|name| name.contains(STATE))
    });
    let state = state.map(|symbol| symbol.st_size);
    let state = state.with_context(|| format!("it has no static {STATE}"))?;
    let good = code < MOST_CODE && state < MOST_STATE;
    let word = if good { "passed" } else { "FAILED" };
    println!(
        "  {word}  {}: code {code} bytes of {MOST_CODE}, constants {constants}, state {state} of {MOST_STATE}, memory {memory}",
        program.file_name().unwrap_or_default().display(),
    );
    Ok(good)
}

/// Writes the program as UF2 into `folder`.
pub(super) fn write_uf2(program: &Path, folder: &Path) -> Result<PathBuf> {
    let bytes = fs::read(program).with_context(|| format!("cannot read {}", program.display()))?;
    let elf = parse(program, &bytes)?;
    let mut pages = std::collections::BTreeMap::<u32, [u8; PAYLOAD]>::new();
    for segment in elf.segments().context("it has no segments")? {
        if segment.p_type != PT_LOAD || segment.p_filesz == 0 {
            continue;
        }
        let data = elf.segment_data(&segment)?;
        for (address, byte) in (segment.p_paddr..).zip(data) {
            let address = u32::try_from(address).context("it lies above 4 GiB")?;
            let place = address as usize % PAYLOAD;
            let page = pages
                .entry(address - place as u32)
                .or_insert([0xFF; PAYLOAD]);
            page[place] = *byte;
        }
    }
    let mut out = Vec::with_capacity(pages.len() * 512);
    let count = u32::try_from(pages.len())?;
    for (index, (address, page)) in (0u32..).zip(&pages) {
        let words = [
            MAGIC[0],
            MAGIC[1],
            HAS_FAMILY,
            *address,
            PAYLOAD as u32,
            index,
            count,
            RP2040,
        ];
        out.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        out.extend(page);
        out.resize(out.len() + 476 - PAYLOAD, 0);
        out.extend(MAGIC[2].to_le_bytes());
    }
    let path = folder.join("ulna-bridge-rp2040.uf2");
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::write(&path, out).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}
