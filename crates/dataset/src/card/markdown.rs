//! Texts of a dataset within Markdown: they stay text, whatever they hold.

use ulna_outside::Printable;

/// A text on one line, with nothing in it that Markdown or HTML take for more than a letter.
pub(super) fn escaped(text: &str, most: usize) -> String {
    let mut out = String::new();
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for (place, letter) in Printable(words).to_string().chars().enumerate() {
        if place == most {
            out.push('…');
            break;
        }
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '!' | '|' | '~'
            | '$' => {
                out.push('\\');
                out.push(letter);
            }
            letter => out.push(letter),
        }
    }
    out
}

/// A block of code that ends where we say: its fence is longer than any in it.
pub(super) fn fenced(language: &str, code: &str) -> String {
    let runs = code.split(|letter| letter != '`').map(str::len);
    let fence = "`".repeat(runs.max().unwrap_or(0).max(2) + 1);
    format!("{fence}{language}\n{code}\n{fence}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_texts() {
        assert_eq!(escaped("pick\n\n# up <b>", 50), "pick \\# up &lt;b&gt;");
        assert_eq!(
            escaped("a|b `c` [d](e)", 50),
            "a\\|b \\`c\\` \\[d\\]\\(e\\)"
        );
        assert_eq!(
            escaped("a\u{9b}2J \u{202e}](javascript:x)", 50),
            "a\\\\u\\{9b\\}2J \\\\u\\{202e\\}\\]\\(javascript:x\\)"
        );
        assert_eq!(escaped("grüße", 4), "grüß…");
        assert_eq!(fenced("json", "``` x"), "````json\n``` x\n````\n");
    }
}
