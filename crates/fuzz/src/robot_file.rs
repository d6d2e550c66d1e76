//! Any text as a robot file is read or refused, and what is read has limits that are numbers.

use std::path::Path;

pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    // A file may begin with another one, by its path: only the built-in ones are meant here.
    if text.contains(['/', '\\']) {
        return;
    }
    if let Ok(kind) = ulna_robot::files::parse(text, "fuzz") {
        let calibration = kind.nominal_calibration();
        let limits = kind.gate_limits(&calibration);
        for (low, high) in limits.range.iter() {
            assert!(low.is_finite() && high.is_finite() && low <= high);
        }
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files
        .filter_map(|file| std::fs::read(file.path()).ok())
        .collect()
}
