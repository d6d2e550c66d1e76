//! The words that are not used any more, since no reader would look for them.
//!
//! Three lists: names in code (a word of a CamelCase or snake_case name), words in comments and in the project's own pages, and
//! those that are riddles even to a reader of messages and of the README.

use std::collections::BTreeMap;
use std::ops::Range;
use std::str::FromStr;

use anyhow::{Result, anyhow};
use proc_macro2::{TokenStream, TokenTree};

/// Words of names. In comments most of them are plain English.
const IN_NAMES: [&str; 27] = [
    "alike",
    "anew",
    "around",
    "beside",
    "bad_news",
    "company",
    "ears",
    "heard",
    "hearing",
    "knock",
    "lane",
    "limb",
    "mind",
    "nobody",
    "person",
    "presented",
    "presenter",
    "roll_call",
    "scenery",
    "senses",
    "somebody",
    "stage",
    "tap",
    "told",
    "trouble",
    "whoever",
    "workplace",
];

/// Words of comments, and of pages for developers.
const IN_COMMENTS: [&str; 11] = [
    "anew",
    "beside",
    "knock",
    "let go",
    "lets go",
    "no number",
    "nobody",
    "roll call",
    "somebody",
    "told",
    "whoever",
];

/// Words of messages, of help and of pages for users.
const IN_TEXTS: [&str; 8] = [
    "anew",
    "held against",
    "knock",
    "no number",
    "nobody",
    "roll call",
    "somebody",
    "whoever",
];

/// How often each word occurs, and where: word → lines.
pub(super) type Places = BTreeMap<&'static str, Vec<usize>>;

/// Finds the words in a file of Rust.
///
/// # Errors
/// If it is no Rust.
pub(super) fn in_rust(text: &str) -> Result<Places> {
    let tokens = TokenStream::from_str(text).map_err(|error| anyhow!("{error}"))?;
    let mut parts = Parts::default();
    parts.read(tokens);
    parts.code.sort_by_key(|range| range.start);
    let mut found = Places::new();
    for (name, line) in &parts.names {
        let words = words_of(name);
        for word in IN_NAMES {
            let split: Vec<&str> = word.split('_').collect();
            for _ in words.windows(split.len()).filter(|window| *window == split) {
                found.entry(word).or_default().push(*line);
            }
        }
    }
    for (range, line) in &parts.texts {
        search(&text[range.clone()], *line, &IN_TEXTS, &mut found);
    }
    // What lies between the tokens is comments and white space; a documentation comment is a token.
    let mut end = 0;
    let last = std::iter::once(text.len()..text.len());
    for range in parts.code.iter().cloned().chain(last) {
        if let Some(comment) = text.get(end..range.start) {
            let line = 1 + text[..end].matches('\n').count();
            search(comment, line, &IN_COMMENTS, &mut found);
        }
        end = end.max(range.end);
    }
    for (range, line) in &parts.docs {
        search(&text[range.clone()], *line, &IN_COMMENTS, &mut found);
    }
    Ok(found)
}

/// Finds the words in a page of text.
pub(super) fn in_page(text: &str, for_users: bool) -> Places {
    let mut found = Places::new();
    let words: &[&str] = if for_users { &IN_TEXTS } else { &IN_COMMENTS };
    search(text, 1, words, &mut found);
    found
}

fn search(text: &str, first_line: usize, words: &[&'static str], found: &mut Places) {
    let plain = text.to_lowercase();
    for word in words {
        for (at, _) in plain.match_indices(word) {
            let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            if letter(plain[..at].chars().next_back())
                || letter(plain[at + word.len()..].chars().next())
            {
                continue;
            }
            let line = first_line + plain[..at].matches('\n').count();
            found.entry(word).or_default().push(line);
        }
    }
}

/// The words of a name, in lower case.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_is_lower = false;
    for c in name.chars() {
        if c == '_' || (c.is_uppercase() && before_is_lower) {
            words.push(String::new());
        }
        before_is_lower = c.is_lowercase() || c.is_ascii_digit();
        if let Some(word) = words.last_mut().filter(|_| c != '_') {
            word.extend(c.to_lowercase());
        }
    }
    words
}

/// What a file of Rust consists of.
#[derive(Default)]
struct Parts {
    names: Vec<(String, usize)>,
    /// String literals.
    texts: Vec<(Range<usize>, usize)>,
    /// Documentation comments.
    docs: Vec<(Range<usize>, usize)>,
    /// Every token.
    code: Vec<Range<usize>>,
}

impl Parts {
    fn read(&mut self, tokens: TokenStream) {
        for token in tokens {
            let span = token.span();
            let (range, line) = (span.byte_range(), span.start().line);
            match token {
                TokenTree::Group(group) => {
                    self.code.push(group.span_open().byte_range());
                    self.code.push(group.span_close().byte_range());
                    if is_doc(&group.stream()) {
                        self.code.push(range.clone());
                        self.docs.push((range, line));
                    } else {
                        self.read(group.stream());
                    }
                }
                TokenTree::Ident(ident) => {
                    self.code.push(range);
                    self.names.push((ident.to_string(), line));
                }
                TokenTree::Literal(literal) => {
                    self.code.push(range.clone());
                    if literal.to_string().contains('"') {
                        self.texts.push((range, line));
                    }
                }
                TokenTree::Punct(_) => self.code.push(range),
            }
        }
    }
}

/// Whether these are the tokens of a documentation comment: `doc = "…"`.
fn is_doc(tokens: &TokenStream) -> bool {
    let mut tokens = tokens.clone().into_iter();
    let is_doc = matches!(tokens.next(), Some(TokenTree::Ident(ident)) if ident == "doc");
    is_doc && matches!(tokens.next(), Some(TokenTree::Punct(punct)) if punct.as_char() == '=')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&'static str, Vec<usize>)> {
        in_rust(text).unwrap().into_iter().collect()
    }

    #[test]
    fn names_are_taken_apart() {
        let text = "struct Mind;\nfn f(policy_mind: MindReport, remind: Mindful) { roll_call(); x.told_by(); BadNews }";
        assert_eq!(
            found(text),
            [
                ("bad_news", vec![2]),
                ("mind", vec![1, 2, 2]),
                ("roll_call", vec![2]),
                ("told", vec![2])
            ]
        );
    }

    #[test]
    fn comments_and_texts_have_lists_of_their_own() {
        let text = "//! Nobody is told.\n// the stage\nfn f() { /* anew */ }\n/// Let go of it,\n/// whoever you are.\nfn g() { say(\"nobody was told on stage\") }";
        assert_eq!(
            found(text),
            [
                ("anew", vec![3]),
                ("let go", vec![4]),
                ("nobody", vec![6, 1]),
                ("told", vec![1]),
                ("whoever", vec![5])
            ]
        );
    }

    #[test]
    fn pages_for_users_are_searched_for_riddles_only() {
        let page = "You are told what is no number.\nBeside that: somebody";
        let words = |for_users| in_page(page, for_users).into_keys().collect::<Vec<_>>();
        assert_eq!(words(true), ["no number", "somebody"]);
        assert_eq!(words(false), ["beside", "no number", "somebody", "told"]);
    }
}
