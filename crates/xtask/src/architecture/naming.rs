//! What the code of a module names: imports, and paths outside of imports. Attributes, comments and strings name nothing.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Ident, Item, ItemUse, Macro, UseTree, Visibility};

use super::items::{self, attributes, is_test};

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

/// Collects what the items of one module name.
#[derive(Default)]
pub(super) struct Collector {
    pub(super) imports: Vec<Import>,
    pub(super) items: BTreeSet<String>,
    pub(super) named: Vec<Named>,
    /// Whether what is collected now is there with a feature only.
    pub(super) needs_feature: bool,
}

impl Collector {
    fn import(&mut self, tree: &UseTree, path: &[String], is_reexport: bool) {
        let needs_feature = self.needs_feature;
        let mut add = |name: Option<String>, last: Option<&Ident>, line| {
            let last = last.map(items::name).filter(|last| last != "self");
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
                let path = [path, &[items::name(&below.ident)]].concat();
                self.import(&below.tree, &path, is_reexport);
            }
            UseTree::Name(used) => {
                let own = items::name(&used.ident);
                let own = if own == "self" {
                    path.last().cloned()
                } else {
                    Some(own)
                };
                add(own, Some(&used.ident), line_of(&used.ident));
            }
            UseTree::Rename(used) => {
                add(
                    Some(items::name(&used.rename)),
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
                    path.push(items::name(&ident));
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => {
                    colons += 1;
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
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}

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
        let mut names: Vec<String> = path
            .segments
            .iter()
            .map(|part| items::name(&part.ident))
            .collect();
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
