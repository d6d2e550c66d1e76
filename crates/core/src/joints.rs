//! Fixed-capacity arrays with one element per joint.

use core::fmt;
use core::ops::{Deref, DerefMut};

use serde::{Serialize, Serializer};

/// The most joints that one rig can have: enough for two arms with grippers, a base and a head.
pub const MAX_JOINTS: usize = 32;

/// One `T` per joint, in the order of the robot file: a slice of at most [`MAX_JOINTS`] elements that is `Copy`
/// and never allocates.
#[derive(Clone, Copy)]
pub struct Joints<T> {
    len: usize,
    items: [T; MAX_JOINTS],
}

/// More elements than [`MAX_JOINTS`] were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyJoints {
    /// How many were given.
    pub given: usize,
}

impl fmt::Display for TooManyJoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} joints were given, but a rig has at most {MAX_JOINTS}",
            self.given
        )
    }
}

impl core::error::Error for TooManyJoints {}

/// As a sequence of its elements.
impl<T: Serialize> Serialize for Joints<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.items.iter().take(self.len))
    }
}

impl<T: Copy + Default> Joints<T> {
    /// `len` copies of `value`; `len` beyond [`MAX_JOINTS`] is cut.
    pub fn filled(len: usize, value: T) -> Self {
        Self {
            len: len.min(MAX_JOINTS),
            items: [value; MAX_JOINTS],
        }
    }

    /// A copy of `items`.
    ///
    /// # Errors
    /// [`TooManyJoints`] if there are more than [`MAX_JOINTS`].
    pub fn from_slice(items: &[T]) -> Result<Self, TooManyJoints> {
        if items.len() > MAX_JOINTS {
            return Err(TooManyJoints { given: items.len() });
        }
        let mut all = Self::filled(items.len(), T::default());
        all.copy_from_slice(items);
        Ok(all)
    }

    /// Element `i` of the result is `make(i)`; `len` beyond [`MAX_JOINTS`] is cut.
    pub fn from_fn(len: usize, mut make: impl FnMut(usize) -> T) -> Self {
        let mut all = Self::filled(len, T::default());
        for (i, item) in all.iter_mut().enumerate() {
            *item = make(i);
        }
        all
    }

    /// The same joints, each element changed by `change`.
    pub fn map<U: Copy + Default>(&self, mut change: impl FnMut(T) -> U) -> Joints<U> {
        Joints::from_fn(self.len, |i| change(self.items[i]))
    }
}

impl<T> Deref for Joints<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.items[..self.len]
    }
}

impl<T> DerefMut for Joints<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.items[..self.len]
    }
}

impl<T: Copy + Default> Default for Joints<T> {
    fn default() -> Self {
        Self::filled(0, T::default())
    }
}

impl<T: PartialEq> PartialEq for Joints<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: fmt::Debug> fmt::Debug for Joints<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_goes_in_and_comes_out() {
        let joints = Joints::from_slice(&[1.0, 2.0, 3.0]).unwrap();
        assert_eq!(&*joints, &[1.0, 2.0, 3.0]);
        assert_eq!(&*joints.map(|v| v * 2.0), &[2.0, 4.0, 6.0]);
    }

    #[test]
    fn more_than_fit_are_refused() {
        assert_eq!(
            Joints::from_slice(&[0u8; 33]),
            Err(TooManyJoints { given: 33 })
        );
    }
}
