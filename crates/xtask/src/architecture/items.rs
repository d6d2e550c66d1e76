//! Items of Rust: their names, and what their attributes say.

use proc_macro2::{TokenStream, TokenTree};
use syn::{Attribute, Ident, Item, Meta};

/// An identifier as a name, without `r#`.
pub(super) fn name(ident: &Ident) -> String {
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
pub(super) fn needs_feature(attributes: &[Attribute]) -> bool {
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

/// The file of `#[path = "…"]`.
pub(super) fn path_attribute(attributes: &[Attribute]) -> Option<String> {
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
pub(super) fn name_of(item: &Item) -> Option<String> {
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
