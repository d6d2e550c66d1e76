//! Words in TOML.

/// JSON's way of writing a word is one of TOML's, but for one character.
pub(super) fn quoted(word: &str) -> String {
    serde_json::Value::from(word)
        .to_string()
        .replace('\u{7f}', "\\u007f")
}
