//! How long files and functions are, and which public types there are.

use std::ops::RangeInclusive;

use anyhow::Result;
use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Item, Visibility};

use super::items::{attributes, is_test};

/// What is counted in one file, tests excluded.
#[derive(Debug, Default)]
pub(super) struct Sizes {
    /// The lines of the file without its test modules.
    pub(super) lines: usize,
    /// Its functions: (name, first line, lines).
    pub(super) functions: Vec<(String, usize, usize)>,
    /// Its types, and whether they are `pub` without restriction.
    pub(super) types: Vec<(String, bool)>,
}

/// Counts one file of Rust.
///
/// # Errors
/// If it is no Rust.
pub(super) fn sizes(text: &str) -> Result<Sizes> {
    let file = syn::parse_file(text)?;
    let mut counter = Counter::default();
    counter.visit_file(&file);
    let Counter { sizes, in_tests } = counter;
    Ok(Sizes {
        lines: text.lines().count().saturating_sub(in_tests),
        ..sizes
    })
}

#[derive(Default)]
struct Counter {
    sizes: Sizes,
    in_tests: usize,
}

fn lines(span: Span) -> RangeInclusive<usize> {
    span.start().line..=span.end().line
}

impl Counter {
    fn function(&mut self, signature: &syn::Signature, whole: Span) {
        let lines = lines(signature.fn_token.span).start().to_owned()..=*lines(whole).end();
        let (first, count) = (*lines.start(), lines.count());
        let name = signature.ident.to_string();
        self.sizes.functions.push((name, first, count));
    }
}

impl<'ast> Visit<'ast> for Counter {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_test(attributes(item)) {
            self.in_tests += lines(item.span()).count();
            return;
        }
        let named = match item {
            Item::Enum(item) => Some((&item.vis, &item.ident)),
            Item::Struct(item) => Some((&item.vis, &item.ident)),
            Item::Trait(item) => Some((&item.vis, &item.ident)),
            Item::Type(item) => Some((&item.vis, &item.ident)),
            Item::Union(item) => Some((&item.vis, &item.ident)),
            _ => None,
        };
        if let Some((visibility, ident)) = named {
            let is_public = matches!(visibility, Visibility::Public(_));
            self.sizes.types.push((ident.to_string(), is_public));
        }
        visit::visit_item(self, item);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig, item.span());
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_test(&item.attrs) {
            self.function(&item.sig, item.span());
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.function(&item.sig, item.span());
        visit::visit_trait_item_fn(self, item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_counted_with_their_signature_and_tests_are_not() {
        let text = "/// Text.\n#[inline]\nfn f(\n    a: u8,\n) {\n    a\n}\nimpl X {\n    fn g() {}\n}\ntrait T { fn h() {\n} }\n#[cfg(test)]\nmod tests {\n    fn t() {}\n}\n";
        let sizes = sizes(text).unwrap();
        let functions: Vec<_> = sizes
            .functions
            .iter()
            .map(|(name, line, lines)| (name.as_str(), *line, *lines))
            .collect();
        assert_eq!(functions, [("f", 3, 5), ("g", 9, 1), ("h", 11, 2)]);
        assert_eq!(sizes.lines, 12);
    }

    #[test]
    fn only_types_without_restriction_are_public() {
        let text = "pub struct A; pub(crate) struct B; struct C; pub enum D {} pub trait E {} pub fn f() {}";
        let types = sizes(text).unwrap().types;
        let public = types.iter().filter(|(_, is_public)| *is_public);
        let public: Vec<_> = public.map(|(name, _)| name.as_str()).collect();
        assert_eq!((types.len(), public), (5, vec!["A", "D", "E"]));
    }
}
