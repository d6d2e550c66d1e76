//! The modules of a crate as its shipped code has them: files, imports, items, and the paths that are named in code.
//!
//! Modules are followed from the crate's root through its `mod` items, so files that no module declares do not count, nor does
//! anything under `#[cfg(test)]`. Attributes, comments and strings name nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Ident, Item, ItemMod, ItemUse, Macro, Meta, UseTree, Visibility};

/// A module's name from the crate's root on; the root's is empty.
pub(super) type ModulePath = Vec<String>;

/// A `use` of one name, or of all names of a module.
#[derive(Debug)]
pub(super) struct Import {
    /// The name that it brings into scope; absent for a glob.
    pub(super) name: Option<String>,
    /// Where that comes from, as written.
    pub(super) path: Vec<String>,
    /// Whether other modules see it here.
    pub(super) is_reexport: bool,
    pub(super) line: usize,
    /// As of [`Named`].
    pub(super) needs_feature: bool,
}

/// A path in code, as written.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) path: Vec<String>,
    pub(super) line: usize,
    /// Whether it is there with a feature of the crate only.
    pub(super) needs_feature: bool,
}

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
            let needs_feature = outer || self::needs_feature(attributes(item));
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
        let name = name(&module.ident);
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

fn name(ident: &Ident) -> String {
    ident.to_string().trim_start_matches("r#").to_owned()
}

/// Whether an item is compiled for tests only.
pub(super) fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || cfg_words(attribute).is_some_and(|words| match words.first() {
                Some(first) if first == "test" => words.len() == 1,
                Some(first) if first == "all" => words.iter().any(|word| word == "test"),
                _ => false,
            })
    })
}

/// Whether an item is there with some feature only.
fn needs_feature(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        cfg_words(attribute)
            .is_some_and(|words| matches!(words.first(), Some(first) if first == "feature"))
    })
}

/// The words of a `#[cfg(…)]`, without its literals.
fn cfg_words(attribute: &Attribute) -> Option<Vec<String>> {
    let Meta::List(list) = &attribute.meta else {
        return None;
    };
    list.path.is_ident("cfg").then(|| idents(&list.tokens))
}

fn idents(tokens: &TokenStream) -> Vec<String> {
    let flat = tokens.clone().into_iter().flat_map(|token| match token {
        TokenTree::Ident(ident) => vec![ident.to_string()],
        TokenTree::Group(group) => idents(&group.stream()),
        _ => Vec::new(),
    });
    flat.collect()
}

fn path_attribute(attributes: &[Attribute]) -> Option<String> {
    attributes
        .iter()
        .find_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
                syn::Expr::Lit(syn::ExprLit {
                    lit: syn::Lit::Str(text),
                    ..
                }) => Some(text.value()),
                _ => None,
            },
            _ => None,
        })
}

/// The attributes of any item.
pub(super) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// The name that an item defines in its module.
fn name_of(item: &Item) -> Option<String> {
    match item {
        Item::Const(item) => Some(name(&item.ident)),
        Item::Enum(item) => Some(name(&item.ident)),
        Item::Fn(item) => Some(name(&item.sig.ident)),
        Item::Macro(item) => item.ident.as_ref().map(name),
        Item::Static(item) => Some(name(&item.ident)),
        Item::Struct(item) => Some(name(&item.ident)),
        Item::Trait(item) => Some(name(&item.ident)),
        Item::TraitAlias(item) => Some(name(&item.ident)),
        Item::Type(item) => Some(name(&item.ident)),
        Item::Union(item) => Some(name(&item.ident)),
        _ => None,
    }
}

/// Collects what the items of one module name.
#[derive(Default)]
struct Collector {
    imports: Vec<Import>,
    items: BTreeSet<String>,
    named: Vec<Named>,
    /// Whether what is collected now is there with a feature only.
    needs_feature: bool,
}

impl Collector {
    fn import(&mut self, tree: &UseTree, path: &[String], is_reexport: bool) {
        let needs_feature = self.needs_feature;
        let mut add = |name: Option<String>, last: Option<&Ident>, line| {
            let last = last.map(self::name).filter(|last| last != "self");
            let path = path.iter().cloned().chain(last).collect();
            self.imports.push(Import {
                name,
                path,
                is_reexport,
                line,
                needs_feature,
            });
        };
        match tree {
            UseTree::Path(below) => {
                let path = [path, &[name(&below.ident)]].concat();
                self.import(&below.tree, &path, is_reexport);
            }
            UseTree::Name(used) => {
                let own = name(&used.ident);
                let own = if own == "self" {
                    path.last().cloned()
                } else {
                    Some(own)
                };
                add(own, Some(&used.ident), line_of(&used.ident));
            }
            UseTree::Rename(used) => {
                add(
                    Some(name(&used.rename)),
                    Some(&used.ident),
                    line_of(&used.ident),
                );
            }
            UseTree::Glob(glob) => {
                let line = glob.star_token.spans[0].start().line;
                add(None, None, line);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(tree, path, is_reexport);
                }
            }
        }
    }

    /// Finds the paths in what a macro is given.
    fn scan(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let (mut line, mut colons) = (0, 0);
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.name(&mut path, line);
                        line = line_of(&ident);
                    }
                    path.push(name(&ident));
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => {
                    colons += 1
                }
                other => {
                    self.name(&mut path, line);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.scan(group.stream());
                    }
                }
            }
        }
        self.name(&mut path, line);
    }

    fn name(&mut self, path: &mut Vec<String>, line: usize) {
        let path = std::mem::take(path);
        if !path.is_empty() {
            let needs_feature = self.needs_feature;
            self.named.push(Named {
                path,
                line,
                needs_feature,
            });
        }
    }
}

fn line_of(ident: &Ident) -> usize {
    ident.span().start().line
}

impl<'ast> Visit<'ast> for Collector {
    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_item(&mut self, item: &'ast Item) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !is_test(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if item.leading_colon.is_none() {
            let is_reexport = !matches!(item.vis, Visibility::Inherited);
            self.import(&item.tree, &[], is_reexport);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let mut names: Vec<String> = path.segments.iter().map(|part| name(&part.ident)).collect();
        if let Some(first) = path.segments.first() {
            self.name(&mut names, line_of(&first.ident));
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast Macro) {
        visit::visit_path(self, &called.path);
        self.scan(called.tokens.clone());
    }
}
