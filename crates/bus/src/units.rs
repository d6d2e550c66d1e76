//! Quantities as newtypes, and how many of them one count of a register is.

use core::marker::PhantomData;

/// A physical quantity, made of a plain number and back.
pub trait Quantity: Copy {
    /// From the number of its units.
    fn new(number: f64) -> Self;
    /// The number of its units.
    fn number(self) -> f64;
}

/// Electric potential.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Volts(pub f64);
/// Electric current.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Amperes(pub f64);
/// Temperature in °C.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Celsius(pub f64);
/// Angle in full turns.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Turns(pub f64);
/// Angular velocity.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct TurnsPerSecond(pub f64);
/// Share of the full drive, from -1 to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct DriveShare(pub f64);
/// Time.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Seconds(pub f64);

macro_rules! quantities {
    ($($name:ident),*) => {$(
        impl Quantity for $name {
            fn new(number: f64) -> Self {
                Self(number)
            }
            fn number(self) -> f64 {
                self.0
            }
        }
    )*};
}
quantities!(
    Volts,
    Amperes,
    Celsius,
    Turns,
    TurnsPerSecond,
    DriveShare,
    Seconds
);

/// What one count of a register is worth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale<Q> {
    per_count: f64,
    quantity: PhantomData<Q>,
}

impl<Q: Quantity> Scale<Q> {
    /// So many units in one count.
    #[must_use]
    pub const fn new(per_count: f64) -> Self {
        Self {
            per_count,
            quantity: PhantomData,
        }
    }

    /// The quantity in so many counts.
    #[must_use]
    pub fn of(self, counts: i32) -> Q {
        Q::new(f64::from(counts) * self.per_count)
    }

    /// The counts nearest to a quantity; those that no `i32` holds become the nearest that does.
    #[must_use]
    pub fn counts(self, quantity: Q) -> i32 {
        let exact = quantity.number() / self.per_count;
        // Casting cuts off towards zero; `round` needs more than `core`.
        (exact + if exact < 0.0 { -0.5 } else { 0.5 }) as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_quantities_are_one() {
        let voltage: Scale<Volts> = Scale::new(0.1);
        assert!((voltage.of(74).0 - 7.4).abs() < 1e-12);
        assert_eq!(voltage.counts(Volts(7.4)), 74);
        let speed: Scale<TurnsPerSecond> = Scale::new(0.229 / 60.0);
        for counts in [-265, -1, 0, 1, 265] {
            assert_eq!(speed.counts(speed.of(counts)), counts);
        }
        assert_eq!(voltage.counts(Volts(f64::INFINITY)), i32::MAX);
        assert_eq!(voltage.counts(Volts(f64::NAN)), 0);
    }
}
