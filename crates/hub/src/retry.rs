//! When to try again, and how long to wait before.

use std::time::Duration;

use ureq::http::HeaderMap;

/// How often something is tried.
pub(crate) const ATTEMPTS: u32 = 6;
/// The longest wait that a server can ask for; beyond it, its refusal is reported.
const LONGEST: Duration = Duration::from_secs(300);

/// Answers that another attempt may change: the server is overloaded, restarting, or counts our requests.
pub(crate) fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// The wait after the given number of failures in a row: 1, 2, 4, then 8 s.
pub(crate) fn backoff(failures: u32) -> Duration {
    Duration::from_secs(1 << failures.saturating_sub(1).min(3))
}

/// The wait that a server asks for, if it does: by `Retry-After`, or by the `RateLimit` header of the IETF's draft, which the Hub
/// sends as `"api";r=0;t=55`. None at all if it asks for more than minutes.
pub(crate) fn asked_for(headers: &HeaderMap) -> Result<Option<Duration>, Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let after = text("retry-after").and_then(|text| text.trim().parse::<u32>().ok());
    let limit = || {
        let mut parts = text("ratelimit")?.split(';').map(str::trim);
        let of = |part: &str, key: &str| part.strip_prefix(key)?.parse::<u32>().ok();
        let (mut left, mut seconds) = (None, None);
        for part in parts.by_ref() {
            left = left.or(of(part, "r="));
            seconds = seconds.or(of(part, "t="));
        }
        // The header comes with every answer; it is the reason only when nothing is left.
        if left == Some(0) { seconds } else { None }
    };
    let Some(seconds) = after.or_else(limit) else {
        return Ok(None);
    };
    let wait = Duration::from_secs(u64::from(seconds));
    if wait > LONGEST {
        Err(wait)
    } else {
        Ok(Some(wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: &'static str, value: &'static str) -> Result<Option<Duration>, Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        asked_for(&headers)
    }

    #[test]
    fn waits_double_up_to_eight_seconds() {
        let waits: Vec<u64> = (1..=6).map(|n| backoff(n).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 8, 8]);
    }

    #[test]
    fn servers_may_ask_for_a_wait() {
        let seconds = |s| Ok(Some(Duration::from_secs(s)));
        assert_eq!(asked("retry-after", "7"), seconds(7));
        assert_eq!(asked("ratelimit", "\"api\";r=0;t=55"), seconds(55));
        assert_eq!(asked("ratelimit", "\"api\";r=12;t=55"), Ok(None));
        assert_eq!(
            asked("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT"),
            Ok(None)
        );
        assert_eq!(
            asked("retry-after", "86400"),
            Err(Duration::from_secs(86400))
        );
    }
}
