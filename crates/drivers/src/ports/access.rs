//! Whether a port can be opened, and who has it open now.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde::Serialize;

/// Whether this user may use a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PortAccess {
    /// Nothing is in the way.
    Free,
    /// A program has it open.
    Busy {
        /// Programs and their process ids, as far as this user may see them.
        holders: Vec<String>,
    },
    /// No permission.
    Forbidden {
        /// The number of the group whose members may.
        group: u32,
    },
    /// There is no such device.
    Missing,
}

/// Looks, without opening the port: opening one restarts some boards.
pub fn access(path: &Path) -> PortAccess {
    let Ok(meta) = fs::metadata(path) else {
        return PortAccess::Missing;
    };
    let wanted = rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK;
    if rustix::fs::access(path, wanted).is_err() {
        return PortAccess::Forbidden { group: meta.gid() };
    }
    let holders = holders(path);
    if holders.is_empty() {
        PortAccess::Free
    } else {
        PortAccess::Busy { holders }
    }
}

/// The other programs that have a device open, as `name (pid 123)`: those that this user may look into.
pub fn holders(path: &Path) -> Vec<String> {
    let Ok(device) = fs::canonicalize(path) else {
        return Vec::new();
    };
    let own = std::process::id().to_string();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut holders: Vec<(u32, String)> = processes
        .filter_map(|entry| {
            let pid = entry.file_name().into_string().ok()?;
            let number: u32 = pid.parse().ok()?;
            let mut files = fs::read_dir(entry.path().join("fd")).ok()?.flatten();
            let holds = pid != own
                && files.any(|file| fs::read_link(file.path()).is_ok_and(|to| to == device));
            let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            holds.then(|| (number, format!("{} (pid {pid})", name.trim())))
        })
        .collect();
    holders.sort();
    holders.into_iter().map(|(_, words)| words).collect()
}
