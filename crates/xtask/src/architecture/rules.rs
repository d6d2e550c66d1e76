//! What must not be named in the shipped code of a crate, and why.

use std::path::Path;

use super::modules::{Module, Modules};

/// In these crates no path begins so, and why. A path counts as it is after its imports are put in.
#[derive(Clone, Copy)]
struct Rule {
    crates: &'static [&'static str],
    path: &'static [&'static str],
    why: &'static str,
    /// Whether what is there with a feature only is exempt.
    without_features: bool,
}

const fn rule(
    crates: &'static [&'static str],
    path: &'static [&'static str],
    why: &'static str,
) -> Rule {
    Rule {
        crates,
        path,
        why,
        without_features: false,
    }
}

/// The rule for what is there without any feature of the crate.
const fn without_features(rule: Rule) -> Rule {
    Rule {
        without_features: true,
        ..rule
    }
}

/// Crates that write files for users through `ulna_outside::files` alone, which follows no link and leaves no half file.
const WRITERS: &[&str] = &[
    "bringup", "cli", "drivers", "env", "hub", "policy", "recorder", "robot", "session", "viewer",
];
const WRITES: &str = "writes files through ulna_outside::files";

const RULES: [Rule; 11] = [
    rule(WRITERS, &["std", "fs", "write"], WRITES),
    rule(WRITERS, &["std", "fs", "copy"], WRITES),
    rule(WRITERS, &["std", "fs", "File", "create"], WRITES),
    rule(WRITERS, &["std", "fs", "OpenOptions"], WRITES),
    without_features(rule(
        &["core", "bus", "bridge", "robot"],
        &["std"],
        "is no_std without a feature",
    )),
    without_features(rule(
        &["core", "bus", "bridge"],
        &["alloc"],
        "needs no heap without a feature",
    )),
    rule(&["control"], &["std", "time", "Instant"], "reads no clock"),
    rule(
        &["control", "sim"],
        &["std", "time", "SystemTime"],
        "reads no clock",
    ),
    rule(&["control"], &["std", "thread"], "knows no threads"),
    rule(&["control", "rt"], &["std", "fs"], "opens no files"),
    rule(&["control"], &["std", "net"], "opens no sockets"),
];

/// The crates that are no_std.
const NO_STD: [&str; 4] = ["core", "bus", "bridge", "robot"];

/// Whether a root file of Rust says that its crate is no_std.
pub(super) fn no_std_fault(name: &str, root_file: &str) -> Option<String> {
    let missing = NO_STD.contains(&name) && !root_file.lines().any(|line| line == "#![no_std]");
    missing.then(|| format!("crates/{name}: the crate is no_std, but its root lacks #![no_std]"))
}

/// Every place that names what its crate must not.
pub(super) fn faults(name: &str, folder: &Path, modules: &Modules) -> Vec<String> {
    let mut faults = Vec::new();
    for module in modules.0.values() {
        for (path, line, needs_feature) in named_outside(module) {
            let broken = RULES.iter().find(|rule| {
                rule.crates.contains(&name)
                    && starts_with(&path, rule.path)
                    && !(rule.without_features && needs_feature)
            });
            if let Some(Rule { why, .. }) = broken {
                let file = module.file.strip_prefix(folder).unwrap_or(&module.file);
                let (file, path) = (file.display(), path.join("::"));
                faults.push(format!(
                    "crates/{name}/{file}:{line}: `{path}`, but crate {name} {why}"
                ));
            }
        }
    }
    faults
}

fn starts_with(path: &[String], prefix: &[&str]) -> bool {
    path.len() >= prefix.len() && path.iter().zip(prefix).all(|(name, wanted)| name == wanted)
}

/// The paths that a module names, in imports and in code: whole path, line, whether it is there with a feature only.
pub(super) fn named_outside(module: &Module) -> impl Iterator<Item = (Vec<String>, usize, bool)> {
    let imports = module.imports.iter();
    let imports = imports.map(|import| (import.path.clone(), import.line, import.needs_feature));
    let named = module.named.iter().map(|named| {
        let first = named.path.first();
        let import = module
            .imports
            .iter()
            .find(|import| import.name.is_some() && import.name.as_ref() == first);
        let path = match import {
            Some(import) => [import.path.as_slice(), &named.path[1..]].concat(),
            None => named.path.clone(),
        };
        (path, named.line, named.needs_feature)
    });
    imports.chain(named)
}

#[cfg(test)]
mod tests {
    use super::super::modules::Modules;
    use super::faults;

    fn found(name: &str, text: &str) -> usize {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("lib.rs");
        std::fs::write(&root, text).unwrap();
        faults(name, folder.path(), &Modules::read(&root).unwrap()).len()
    }

    #[test]
    fn clocks_and_files_are_found_however_they_are_named() {
        for text in [
            "use std::time::Instant;",
            "use std::time;\nfn f() { time::Instant::now(); }",
            "fn f() { std::time::Instant::now(); }",
            "use std::{time::{Duration, Instant as Now}};",
            "fn f() { format!(\"{:?}\", std::time::Instant::now()); }",
        ] {
            assert_eq!(found("control", text), 1, "{text}");
            assert_eq!(found("session", text), 0, "{text}");
        }
        assert_eq!(found("rt", "use std::fs::File;"), 1);
        assert_eq!(found("rt", "use rustix::fs::open;"), 0);
    }

    #[test]
    fn files_are_written_in_one_place() {
        for text in [
            "fn f() { std::fs::write(\"a\", \"\"); }",
            "use std::fs; fn f() { fs::copy(\"a\", \"b\"); }",
            "use std::fs::File; fn f() { File::create(\"a\"); }",
            "use std::fs::OpenOptions;",
        ] {
            assert_eq!(found("session", text), 1, "{text}");
            assert_eq!(found("dataset", text), 0, "{text}");
        }
        let reads = "use std::fs::File; fn f() { File::create_new(\"a\"); File::open(\"a\"); }";
        assert_eq!(found("session", reads), 0);
    }

    #[test]
    fn comments_strings_and_tests_are_exempt_but_not_what_follows_them() {
        let text = "// std::fs\n/// std::fs\nconst A: &str = \"std::fs\";";
        assert_eq!(found("control", text), 0);
        let test = "#[cfg(test)]\nmod tests { use std::fs; }\n";
        assert_eq!(found("control", test), 0);
        assert_eq!(found("control", &format!("{test}use std::fs;")), 1);
        assert_eq!(
            found(
                "control",
                "#[cfg(test)]\nuse std::fs;\nuse std::net::TcpStream;"
            ),
            1
        );
    }

    #[test]
    fn a_line_that_names_core_is_not_exempt() {
        let text = "fn f() { core::mem::drop(std::time::Instant::now()); }";
        assert_eq!(found("control", text), 1);
        assert_eq!(found("bus", "use core::fmt; use std::vec::Vec;"), 1);
    }

    #[test]
    fn the_heap_and_std_are_behind_features() {
        let gated = "#[cfg(feature = \"alloc\")]\nextern crate alloc;\n#[cfg(feature = \"alloc\")]\nmod m { use alloc::vec::Vec; }";
        assert_eq!(found("core", gated), 0);
        assert_eq!(found("bus", "use alloc::vec::Vec;"), 1);
        assert_eq!(found("core", "use alloc::vec::Vec;"), 1);
        let files = "#[cfg(feature = \"files\")]\nuse std::fs; #[cfg(feature = \"files\")]\nfn f() { std::fs::read(\"\"); }";
        assert_eq!(found("robot", files), 0);
        assert_eq!(found("robot", "fn f() { std::fs::read(\"\"); }"), 1);
        assert_eq!(found("robot", "use alloc::vec::Vec;"), 0);
    }
}
