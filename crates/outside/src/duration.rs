//! Durations as people type them: `5`, `1.5`, `5s`, `500ms`, `1m30s`, `1h`.

use core::time::Duration;

/// Units by their names, longest first, each with its nanoseconds as a power of ten and a factor: 1 min = 60 · 10⁹ ns.
const UNITS: [(&str, usize, u64); 6] = [
    ("h", 9, 3600),
    ("min", 9, 60),
    ("m", 9, 60),
    ("s", 9, 1),
    ("ms", 6, 1),
    ("us", 3, 1),
];

/// The duration that `text` means; `None` if it means none. A bare number is in seconds; several parts, each with its unit, go from the
/// largest unit to the smallest. It is exact; what is finer than a nanosecond is cut off.
pub fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    if let Some(nanos) = scaled(text, 9) {
        return Some(Duration::from_nanos(nanos));
    }
    let (mut rest, mut sum, mut last) = (text, 0u64, u64::MAX);
    while !rest.is_empty() {
        let is_digit = |c: char| c.is_ascii_digit() || c == '.';
        let digits = rest.find(|c| !is_digit(c))?;
        let after = &rest[digits..];
        let end = after.find(is_digit).unwrap_or(after.len());
        let (unit, next) = after.split_at(end);
        let (_, decimals, factor) = UNITS.iter().find(|(name, ..)| *name == unit)?;
        let size = 10u64
            .pow(u32::try_from(*decimals).ok()?)
            .checked_mul(*factor)?;
        if size >= last {
            return None;
        }
        last = size;
        sum = sum.checked_add(scaled(&rest[..digits], *decimals)?.checked_mul(*factor)?)?;
        rest = next;
    }
    (last != u64::MAX).then(|| Duration::from_nanos(sum))
}

/// `digits`, such as `1.25`, times ten to the power of `decimals`; what is finer is cut off.
fn scaled(digits: &str, decimals: usize) -> Option<u64> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let fraction = fraction.bytes().chain(core::iter::repeat(b'0'));
    let mut digits = whole.bytes().chain(fraction.take(decimals));
    digits.try_fold(0u64, |number, digit| {
        number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_people_type_them() {
        let ms = |text| duration(text).map(|duration| duration.as_micros());
        for (text, micros) in [
            ("5", 5_000_000),
            ("5s", 5_000_000),
            ("1.5", 1_500_000),
            ("0.25s", 250_000),
            ("500ms", 500_000),
            ("20us", 20),
            ("2m", 120_000_000),
            ("2min", 120_000_000),
            ("1m30s", 90_000_000),
            ("1h0m1.5s", 3_601_500_000),
            (" 7 ", 7_000_000),
            ("0", 0),
        ] {
            assert_eq!(ms(text), Some(micros), "{text}");
        }
        assert_eq!(duration("1.0000000019s"), Some(Duration::new(1, 1)));
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "s",
            "-1",
            "-1s",
            "1.",
            ".5",
            "1e3",
            "inf",
            "nan",
            "5 s",
            "5x",
            "5s5s",
            "30s1m",
            "1m2min",
            "5s3",
            "1..5s",
            "99999999999999999999",
            "9999999999999h",
            "１s",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
