//! Import circles between the files of a crate.
//!
//! A file uses another if it imports a name that is defined there, or names it by a path. A re-export is followed to the file that
//! defines the name, and is no use by itself: `pub use child::Name` makes a parent use its child only where it needs `Name`. A child
//! that takes a name from its parent's file uses the parent, so the two form a circle if the parent also uses the child; what both
//! need belongs into a third file.

use std::collections::BTreeMap;
use std::path::Path;

use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;

use super::modules::{Module, ModulePath, Modules};
use super::naming::Import;

/// Where an arrow between two files comes from: the first line that needs it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reason {
    pub(super) line: usize,
    pub(super) path: String,
}

/// Arrows between files: (user, used) → why.
pub(super) type Arrows<'a> = BTreeMap<(&'a Path, &'a Path), Reason>;

/// Files that use each other in a circle, and the arrows among them.
#[derive(Debug)]
pub(super) struct Circle<'a> {
    pub(super) files: Vec<&'a Path>,
    pub(super) arrows: Arrows<'a>,
}

/// The circles of a crate, largest first.
pub(super) fn circles(modules: &Modules) -> Vec<Circle<'_>> {
    let arrows = arrows(modules);
    let graph: DiGraphMap<&Path, ()> = arrows.keys().map(|(from, to)| (*from, *to, ())).collect();
    let mut circles: Vec<Circle<'_>> = tarjan_scc(&graph)
        .into_iter()
        .filter(|files| files.len() > 1)
        .map(|mut files| {
            files.sort_unstable();
            let within = |(from, to): &(&Path, &Path)| files.contains(from) && files.contains(to);
            let arrows = arrows.iter().filter(|(ends, _)| within(ends));
            let arrows = arrows.map(|(ends, why)| (*ends, why.clone())).collect();
            Circle { files, arrows }
        })
        .collect();
    circles.sort_by_key(|circle| std::cmp::Reverse(circle.files.len()));
    circles
}

/// Which file of a crate uses which other.
pub(super) fn arrows(modules: &Modules) -> Arrows<'_> {
    let mut arrows = Arrows::new();
    for (at, module) in &modules.0 {
        let mut add = |path: &[String], line: usize, found: Option<Target>| {
            let Some(found) = found.filter(|found| !found.is_module) else {
                return;
            };
            let Some(Module { file, .. }) = modules.0.get(&found.at) else {
                return;
            };
            if *file != module.file {
                let why = Reason {
                    line,
                    path: path.join("::"),
                };
                let known = arrows.entry((module.file.as_path(), file.as_path()));
                let known = known.or_insert_with(|| why.clone());
                *known = why.min(known.clone());
            }
        };
        for import in module.imports.iter().filter(|import| !import.is_reexport) {
            let found = modules.find(at, &import.path, 0);
            // All names of a module are a use of it; the module's own name is none until something follows it.
            let found = found.map(|found| Target {
                is_module: found.is_module && import.name.is_some(),
                ..found
            });
            add(&import.path, import.line, found);
        }
        for named in &module.named {
            add(&named.path, named.line, modules.find(at, &named.path, 0));
        }
    }
    arrows
}

/// What a path leads to.
struct Target {
    /// The module that it names, or that defines the item which it names.
    at: ModulePath,
    /// Whether it names the module itself.
    is_module: bool,
}

/// Longer chains of re-exports than this are loops.
const LONGEST_CHAIN: usize = 16;

impl Modules {
    /// What a path leads to that stands in the module `from`. None if that is outside the crate, or a local name.
    fn find(&self, from: &ModulePath, path: &[String], depth: usize) -> Option<Target> {
        let (first, mut rest) = path.split_first()?;
        if depth > LONGEST_CHAIN {
            return None;
        }
        let mut at = from.clone();
        match first.as_str() {
            "crate" => at.clear(),
            "self" => {}
            "super" => {
                at.pop()?;
                while let Some((_, left)) = rest.split_first().filter(|(next, _)| *next == "super")
                {
                    (_, rest) = (at.pop()?, left);
                }
            }
            _ => return self.find_name(from, first, rest, depth),
        }
        let Some((first, rest)) = rest.split_first() else {
            return Some(Target {
                at,
                is_module: true,
            });
        };
        // A name that the module does not define as far as can be seen (a macro may) is taken for its own.
        let unseen = Target {
            at: at.clone(),
            is_module: false,
        };
        Some(self.find_name(&at, first, rest, depth).unwrap_or(unseen))
    }

    /// What the name `first` means in the module `at`, and what the path leads to that follows it.
    fn find_name(
        &self,
        at: &ModulePath,
        first: &str,
        rest: &[String],
        depth: usize,
    ) -> Option<Target> {
        let module = self.0.get(at)?;
        let child = [at.as_slice(), &[first.to_owned()]].concat();
        if self.0.contains_key(&child) {
            let path = [&["self".to_owned()], rest].concat();
            return self.find(&child, &path, depth + 1);
        }
        if module.items.contains(first) {
            return Some(Target {
                at: at.clone(),
                is_module: false,
            });
        }
        let imported = |import: &&Import| import.name.as_deref() == Some(first);
        if let Some(import) = module.imports.iter().find(imported) {
            // `use name::name` is about a crate.
            let path = [import.path.as_slice(), rest].concat();
            return match import.path.first() {
                Some(outside) if outside == first => None,
                _ => self.find(at, &path, depth + 1),
            };
        }
        let globs = module.imports.iter().filter(|import| import.name.is_none());
        globs
            .filter_map(|glob| self.find(at, &glob.path, depth + 1))
            .filter(|found| found.is_module && found.at != *at)
            .find_map(|found| self.find_name(&found.at, first, rest, depth + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// The arrows of a crate of these files, as `user>used`, and its circles.
    fn of(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = folder.path().join(format!("{name}.rs"));
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let modules = Modules::read(&folder.path().join("lib.rs")).unwrap();
        let name = |file: &Path| {
            let within = file.strip_prefix(folder.path()).unwrap();
            within.with_extension("").display().to_string()
        };
        let ends = |(from, to): &(&Path, &Path)| format!("{}>{}", name(from), name(to));
        let mut arrows: Vec<String> = arrows(&modules).keys().map(ends).collect();
        arrows.sort();
        let circles = circles(&modules).into_iter().map(|circle| {
            let mut files: Vec<_> = circle.files.iter().map(|file| name(file)).collect();
            files.sort();
            files.join(" ")
        });
        (arrows, circles.collect())
    }

    /// The arrows of the module `a` of a crate that has `b`, with a child `c`, and defines `Root`.
    fn arrows_of(text: &str) -> String {
        let lib = "mod a; mod b; pub use b::Bee; pub use b::c::Cee as See; pub struct Root;";
        let b = "pub mod c; pub use c::Cee; pub struct Bee; pub fn bee() {}";
        let files = [
            ("lib", lib),
            ("a", text),
            ("b", b),
            ("b/c", "pub struct Cee; pub fn cee() {}"),
        ];
        of(&files).0.join(" ")
    }

    #[test]
    fn imports_lead_to_the_file_that_defines_the_name() {
        for (text, found) in [
            ("use crate::b::Bee;", "a>b"),
            ("use crate::Bee;", "a>b"),
            ("use super::b::Bee as Insect;", "a>b"),
            ("use crate::Root;", "a>lib"),
            ("use crate::b::Cee;", "a>b/c"),
            ("use crate::See;", "a>b/c"),
            (
                "use crate::{\n    b::{\n        self, c::{cee, Cee},\n        Bee,\n    },\n};",
                "a>b a>b/c",
            ),
            ("use crate::b::*;", "a>b"),
            ("use std::fmt; use serde::b;", ""),
        ] {
            assert_eq!(arrows_of(text), found, "{text}");
        }
    }

    #[test]
    fn paths_in_code_count_like_imports() {
        for (text, found) in [
            ("fn f() { crate::b::bee() }", "a>b"),
            ("fn f(_: super::b::c::Cee) {}", "a>b/c"),
            ("use crate::b; fn f() { b::c::cee() }", "a>b/c"),
            ("use crate::b as other; fn f() { other::bee() }", "a>b"),
            ("fn f() { println!(\"{}\", crate::b::bee()) }", "a>b"),
            ("fn f() { use crate::b::bee; bee() }", "a>b"),
            ("impl From<crate::b::Bee> for X {} struct X;", "a>b"),
            ("macro_rules! m { () => { $crate::b::bee() } }", "a>b"),
        ] {
            assert_eq!(arrows_of(text), found, "{text}");
        }
    }

    #[test]
    fn what_is_no_use_is_no_arrow() {
        for text in [
            "use crate::b;",
            "pub use crate::b::Bee;",
            "pub(super) use crate::b::Bee;",
            "/// [`crate::b::Bee`]\npub struct X; // crate::b::bee()",
            "const TEXT: &str = \"crate::b::bee()\";",
            "#[cfg(test)]\nuse crate::b::Bee;",
            "#[cfg(test)]\nmod tests { use crate::b::Bee; }",
            "#[cfg(all(test, unix))]\nmod tests { use crate::b::Bee; }",
            "pub(in crate::b) fn f() { let b = 1; drop(b) }",
        ] {
            assert_eq!(arrows_of(text), "", "{text}");
        }
        assert_eq!(arrows_of("#[cfg(not(test))]\nuse crate::b::Bee;"), "a>b");
        assert_eq!(
            arrows_of("#[cfg(test)]\nmod tests {}\nuse crate::b::Bee;"),
            "a>b"
        );
    }

    #[test]
    fn a_parent_uses_its_child_where_it_needs_a_name_of_it() {
        let child = "use super::Parent; pub struct Child(Parent); pub fn child() {}";
        let circles = |parent: &str| {
            let parent = format!("mod child; pub struct Parent; {parent}");
            of(&[
                ("lib", "mod parent;"),
                ("parent", &parent),
                ("parent/child", child),
            ])
            .1
        };
        let none: [&str; 0] = [];
        assert_eq!(circles(""), none);
        assert_eq!(circles("pub use child::Child;"), none);
        let circle = ["parent parent/child"];
        assert_eq!(circles("pub use child::Child; fn f(_: Child) {}"), circle);
        assert_eq!(circles("use child::Child;"), circle);
        assert_eq!(circles("fn f() { child::child() }"), circle);
        assert_eq!(circles("fn f() { self::child::child() }"), circle);
    }

    #[test]
    fn a_circle_has_its_files_and_the_arrows_among_them() {
        let files = [
            ("lib", "mod a; mod b; mod c; mod d;"),
            ("a", "use crate::b::B; pub struct A;"),
            ("b", "use crate::c::C; pub struct B;"),
            ("c", "\nuse crate::{a::A, d::D}; pub struct C;"),
            ("d", "pub struct D;"),
        ];
        assert_eq!(of(&files).1, ["a b c"]);
        let open = [
            &files[..3],
            &[("c", "use crate::d::D; pub struct C;")],
            &files[4..],
        ]
        .concat();
        assert_eq!(of(&open).1, [""; 0]);
    }

    #[test]
    fn modules_are_found_in_folders_inline_and_by_attribute() {
        let files = [
            (
                "lib",
                "mod a; mod inline { pub mod b; } #[path = \"odd.rs\"] mod c;",
            ),
            ("a/mod", "use crate::inline::b::B; pub struct A;"),
            ("inline/b", "use crate::c::C; pub struct B;"),
            ("odd", "use crate::a::A; pub struct C;"),
        ];
        assert_eq!(of(&files).1, ["a/mod inline/b odd"]);
    }
}
