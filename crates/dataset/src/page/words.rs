//! Numbers and texts as people read them.

/// A text of a dataset, cut to a length at which it cannot spoil the page.
pub(super) fn clip(text: &str, most: usize) -> String {
    let text = text.trim();
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// `12345` → `12,345`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 episode`, `2 episodes`.
pub(super) fn counted(number: u64, one: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {one}{plural}", count(number))
}

/// A time, with the digits that matter.
pub(super) fn seconds(time: f64) -> String {
    let whole = time.round() as u64;
    match whole {
        0..60 => format!("{time:.1} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole / 60 % 60),
    }
}

/// A size in the units of disks.
pub(super) fn bytes(size: u64) -> String {
    let size = size as f64;
    match size {
        ..1e3 => format!("{size:.0} B"),
        ..1e6 => format!("{:.1} kB", size / 1e3),
        ..1e9 => format!("{:.1} MB", size / 1e6),
        _ => format!("{:.2} GB", size / 1e9),
    }
}

/// A number with four digits or so.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    match size {
        0.0 => "0".to_owned(),
        0.001..10.0 => format!("{value:.3}"),
        10.0..1000.0 => format!("{value:.1}"),
        1000.0..1e6 => format!("{value:.0}"),
        _ if size.is_finite() => format!("{value:.2e}"),
        _ => "–".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        assert_eq!(clip(" grüße ", 4), "grüß…");
        assert_eq!(clip("so", 2), "so");
        let counts = [7, 123, 1234, 1_234_567].map(count);
        assert_eq!(counts, ["7", "123", "1,234", "1,234,567"]);
        let times = [8.04, 61.0, 7260.0].map(seconds);
        assert_eq!(times, ["8.0 s", "1 min 01 s", "2 h 01 min"]);
        assert_eq!(
            [999, 12_300, 4_560_000].map(bytes),
            ["999 B", "12.3 kB", "4.6 MB"]
        );
        let numbers = [0.0, -1.5, 42.0, 1234.5, 1e-9, f64::NAN].map(number);
        assert_eq!(numbers, ["0", "-1.500", "42.0", "1234", "1.00e-9", "–"]);
        assert_eq!(counted(1, "frame"), "1 frame");
    }
}
