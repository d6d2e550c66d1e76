//! Kernel modules with what they need, from an unpacked kernel package.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// A module, ready to be loaded.
#[derive(Debug)]
pub(super) struct Module {
    /// Without the ending, dashes as underscores.
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// These modules and all that they need, in the order in which they can be loaded; `folder` is the kernel's in `lib/modules`.
pub(super) fn modules(folder: &Path, wanted: &[&str]) -> Result<Vec<Module>> {
    let mut files = BTreeMap::new();
    collect(&folder.join("kernel"), &mut files)?;
    let mut loaded = Vec::new();
    for name in wanted {
        load(&files, &plain(name), &mut loaded)?;
    }
    Ok(loaded)
}

/// The kernel takes both for the same letter.
fn plain(name: &str) -> String {
    name.replace('-', "_")
}

/// The files of all modules below a folder, by name.
fn collect(folder: &Path, files: &mut BTreeMap<String, PathBuf>) -> Result<()> {
    let within = || format!("cannot read {}", folder.display());
    for entry in fs::read_dir(folder).with_context(within)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            collect(&path, files)?;
        } else if let Some((name, ending)) = name.split_once('.')
            && ["ko", "ko.xz"].contains(&ending)
        {
            files.insert(plain(name), path);
        }
    }
    Ok(())
}

fn load(files: &BTreeMap<String, PathBuf>, name: &str, loaded: &mut Vec<Module>) -> Result<()> {
    if loaded.iter().any(|module| module.name == name) {
        return Ok(());
    }
    let path = files.get(name);
    // What is not a module is built into the kernel.
    let Some(path) = path else { return Ok(()) };
    let bytes = read(path)?;
    for needed in needs(&bytes) {
        load(files, &plain(&needed), loaded)?;
    }
    loaded.push(Module {
        name: name.to_owned(),
        bytes,
    });
    Ok(())
}

/// A module's bytes; newer packages have them packed.
fn read(path: &Path) -> Result<Vec<u8>> {
    if path.extension().is_none_or(|end| end != "xz") {
        return fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    }
    let unpacked = Command::new("xz").arg("-dc").arg(path).output();
    let unpacked = unpacked.context("cannot run `xz`, which unpacks the kernel's modules")?;
    if !unpacked.status.success() {
        bail!("`xz` cannot unpack {}", path.display());
    }
    Ok(unpacked.stdout)
}

/// What a module says that it needs: `depends=` among the texts of its information, each of which ends with a zero.
fn needs(module: &[u8]) -> Vec<String> {
    let mut texts = module.split(|byte| *byte == 0);
    let found = texts.find_map(|text| text.strip_prefix(b"depends="));
    let names = String::from_utf8_lossy(found.unwrap_or_default()).into_owned();
    let names = names.split(',').filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_module_needs_comes_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let drivers = folder.path().join("kernel/drivers");
        fs::create_dir_all(&drivers).unwrap();
        let module = |name: &str, needs: &str| {
            let text = format!("code\0license=GPL\0depends={needs}\0name={name}\0");
            fs::write(drivers.join(format!("{name}.ko")), text).unwrap();
        };
        module("vivid", "v4l2-tpg,mc,built-in");
        module("v4l2-tpg", "mc");
        module("mc", "");
        let loaded = modules(folder.path(), &["vivid", "mc"]).unwrap();
        let names: Vec<&str> = loaded.iter().map(|module| module.name.as_str()).collect();
        assert_eq!(names, ["mc", "v4l2_tpg", "vivid"]);
    }
}
