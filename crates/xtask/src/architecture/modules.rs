//! The modules of a crate as its shipped code has them: files, imports, items, and the paths that are named in code.
//!
//! Modules are followed from the crate's root through its `mod` items, so files that no module declares do not count, nor does
//! anything under `#[cfg(test)]`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use syn::visit::Visit;
use syn::{Item, ItemMod};

use super::items::{self, attributes, is_test, name_of, path_attribute};
use super::naming::{Collector, Import, Named};

/// A module's name from the crate's root on; the root's is empty.
pub(super) type ModulePath = Vec<String>;

/// One module, in a file of its own or in a part of one.
#[derive(Debug)]
pub(super) struct Module {
    pub(super) file: PathBuf,
    pub(super) imports: Vec<Import>,
    /// The names of its own items, modules excluded.
    pub(super) items: BTreeSet<String>,
    pub(super) named: Vec<Named>,
}

/// The modules of one crate.
#[derive(Debug, Default)]
pub(super) struct Modules(pub(super) BTreeMap<ModulePath, Module>);

impl Modules {
    /// Reads the modules below the root file `lib.rs` or `main.rs`.
    ///
    /// # Errors
    /// If a file cannot be read or is no Rust.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut modules = Self::default();
        let folder = root.parent().unwrap_or(root);
        modules.read_file(Vec::new(), root, folder, false)?;
        Ok(modules)
    }

    /// Reads one file; its child modules lie in `folder`.
    fn read_file(
        &mut self,
        path: ModulePath,
        file: &Path,
        folder: &Path,
        needs_feature: bool,
    ) -> Result<()> {
        let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
        let parsed = syn::parse_file(&text).with_context(|| file.display().to_string())?;
        self.read_items(path, &parsed.items, file, folder, needs_feature)
    }

    fn read_items(
        &mut self,
        path: ModulePath,
        items: &[Item],
        file: &Path,
        folder: &Path,
        needs_feature: bool,
    ) -> Result<()> {
        let mut collector = Collector::default();
        let outer = needs_feature;
        for item in items.iter().filter(|item| !is_test(attributes(item))) {
            let needs_feature = outer || items::needs_feature(attributes(item));
            collector.needs_feature = needs_feature;
            match item {
                Item::Mod(module) => {
                    self.read_mod(&path, module, file, folder, needs_feature)?;
                }
                item => {
                    collector.items.extend(name_of(item));
                    collector.visit_item(item);
                }
            }
        }
        let Collector {
            imports,
            items,
            named,
            ..
        } = collector;
        let module = Module {
            file: file.to_owned(),
            imports,
            items,
            named,
        };
        self.0.insert(path, module);
        Ok(())
    }

    fn read_mod(
        &mut self,
        parent: &ModulePath,
        module: &ItemMod,
        file: &Path,
        folder: &Path,
        needs_feature: bool,
    ) -> Result<()> {
        let name = items::name(&module.ident);
        let path = [parent.as_slice(), std::slice::from_ref(&name)].concat();
        let below = folder.join(&name);
        if let Some((_, items)) = &module.content {
            return self.read_items(path, items, file, &below, needs_feature);
        }
        let by_attribute = path_attribute(&module.attrs)
            .map(|written| file.parent().unwrap_or(folder).join(written));
        let candidates = match by_attribute {
            Some(file) => vec![file],
            None => vec![folder.join(format!("{name}.rs")), below.join("mod.rs")],
        };
        match candidates.iter().find(|file| file.is_file()) {
            Some(file) => self.read_file(path, file, &below, needs_feature),
            None => bail!("{}: no file for `mod {name}`", file.display()),
        }
    }
}
