//! When bytes that wait in a buffer came.

use std::time::Instant;

/// The moments at which a buffer grew, so that a picture in it arrives with its own first byte, whatever came before.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    /// Up to where the bytes were there, and since when; in order.
    up_to: Vec<(usize, Instant)>,
}

impl Arrivals {
    /// The buffer holds so many bytes now.
    pub(crate) fn came(&mut self, bytes: usize) {
        self.up_to.push((bytes, Instant::now()));
    }

    /// When the byte at this place came.
    pub(crate) fn of(&self, at: usize) -> Instant {
        let after = self.up_to.iter().find(|(end, _)| *end > at);
        after.map_or_else(Instant::now, |(_, since)| *since)
    }

    /// So many bytes were taken from the front.
    pub(crate) fn drop_first(&mut self, count: usize) {
        self.up_to.retain_mut(|(end, _)| {
            *end = end.saturating_sub(count);
            *end > 0
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_has_the_moment_of_its_piece() {
        let mut arrivals = Arrivals::default();
        arrivals.came(3);
        let first = arrivals.of(0);
        arrivals.came(5);
        let second = arrivals.of(4);
        assert!(first <= second);
        assert_eq!((arrivals.of(2), arrivals.of(3)), (first, second));
        arrivals.drop_first(4);
        assert_eq!((arrivals.of(0), arrivals.up_to.len()), (second, 1));
        arrivals.drop_first(1);
        assert!(arrivals.of(0) >= second && arrivals.up_to.is_empty());
    }
}
