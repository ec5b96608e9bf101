//! [`Touch`]: what a map can keep, and how to have the memory behind it at hand.

use crate::bytes::Bytes;

/// Something that can be cloned, and read ahead of that.
pub trait Touch: Clone {
    /// A byte of what lies behind the value, where a clone counts a reference. Whoever reads it of many values waits once
    /// for the memory of all of them.
    fn touch(&self) -> u8 {
        0
    }
}

impl Touch for Bytes {
    #[inline]
    fn touch(&self) -> u8 {
        self.first().copied().unwrap_or(0)
    }
}

impl<V: Touch> Touch for (Bytes, V) {
    #[inline]
    fn touch(&self) -> u8 {
        self.0.touch() ^ self.1.touch()
    }
}

impl Touch for () {}
impl Touch for i64 {}
impl Touch for f64 {}
