//! What a package holds: nothing from outside of it, and a README whose example is compiled.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};

/// What is wrong with the files of a package, one sentence each. `listed` is what `cargo package --list` says, `folder` where they are.
pub(super) fn faults(name: &str, folder: &Path, listed: &str) -> Result<Vec<String>> {
    let files: BTreeSet<PathBuf> = listed.lines().map(PathBuf::from).collect();
    let mut faults = Vec::new();
    let readme = fs::read_to_string(folder.join("README.md")).unwrap_or_default();
    if !readme.contains("\n```") {
        faults.push(format!("{name} has no README.md with an example"));
    }
    let root = fs::read_to_string(folder.join("src/lib.rs")).context("src/lib.rs")?;
    if !root.starts_with("#![doc = include_str!(\"../README.md\")]") {
        faults.push(format!(
            "{name}: src/lib.rs does not begin with its README.md, so its example is not compiled"
        ));
    }
    let sources = files
        .iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "rs"));
    for source in sources {
        let path = folder.join(source);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        for included in included(&text) {
            let place = source.parent().unwrap_or(source).join(&included);
            if normal(&place).is_none_or(|place| !files.contains(&place)) {
                let source = source.display();
                faults.push(format!(
                    "{name}: {source} includes {included}, which is not in the package"
                ));
            }
        }
    }
    Ok(faults)
}

/// The paths of the files that a source makes a part of itself.
fn included(text: &str) -> Vec<String> {
    let openings = [
        "include_str!(\"",
        "include_bytes!(\"",
        "include!(\"",
        "#[path = \"",
    ];
    let paths = openings.iter().flat_map(|opening| {
        let pieces = text.split(opening).skip(1);
        pieces.filter_map(|piece| Some(piece.split_once('"')?.0.to_owned()))
    });
    paths.collect()
}

/// The path without its `..`; none if it leads out of where it begins.
fn normal(path: &Path) -> Option<PathBuf> {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                if !out.pop() {
                    return None;
                }
            }
            Component::Normal(name) => out.push(name),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
        faults("it", folder.path(), &names.join("\n")).unwrap()
    }

    const ROOT: &str = "#![doc = include_str!(\"../README.md\")]\n";
    const README: &str = "# it\n\n```\nlet a = 1;\n```\n";

    #[test]
    fn a_package_has_all_that_it_includes() {
        let sound = [("src/lib.rs", ROOT), ("README.md", README)];
        assert_eq!(found(&sound), Vec::<String>::new());
        let text = format!("{ROOT}const A: &str = include_str!(\"a.txt\");");
        let with = [
            ("src/lib.rs", text.as_str()),
            ("README.md", README),
            ("src/a.txt", ""),
        ];
        assert_eq!(found(&with), Vec::<String>::new());
        let without = found(&with[..2]);
        assert_eq!(
            without,
            ["it: src/lib.rs includes a.txt, which is not in the package"]
        );
        for outside in ["../../Cargo.toml", "../../../README.md", "/etc/hosts"] {
            let text =
                format!("{ROOT}#[cfg(test)]\nconst A: &[u8] = include_bytes!(\"{outside}\");");
            assert_eq!(
                found(&[("src/lib.rs", &text), ("README.md", README)]).len(),
                1,
                "{outside}"
            );
        }
    }

    #[test]
    fn a_readme_is_compiled() {
        assert_eq!(found(&[("src/lib.rs", ROOT)]).len(), 2); // no example, and no such file
        assert_eq!(
            found(&[("src/lib.rs", "//! it\n"), ("README.md", README)]).len(),
            1
        );
        assert_eq!(
            found(&[("src/lib.rs", ROOT), ("README.md", "# it\n")]).len(),
            1
        );
    }
}
