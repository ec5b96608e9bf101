//! [`Bytes`]: an immutable byte string that is cheap to clone.
//!
//! Keys, fields, members and bulk replies are of this type. Up to 22 bytes live inside the handle; longer strings
//! are shared. [`SlimBytes`] is the same in two words, for values, of which there are many. They know nothing of
//! Redis.

mod block;

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::Hash;
use std::hash::Hasher;
use std::ops::Deref;

use block::Block;

/// An immutable byte string; a clone copies 24 bytes and at most counts one reference more.
#[derive(Clone)]
pub struct Bytes(Repr<22>);

/// A byte string of two words: up to 14 bytes are inside. What is longer is shared with the [`Bytes`] made of it.
#[derive(Clone)]
pub struct SlimBytes(Repr<14>);

/// Up to `INLINE` bytes without an allocation, longer strings behind one word.
#[derive(Clone)]
enum Repr<const INLINE: usize> {
    Inline { len: u8, data: [u8; INLINE] },
    Shared(Block),
}

impl<const INLINE: usize> Repr<INLINE> {
    #[inline]
    fn new(bytes: &[u8]) -> Self {
        if bytes.len() > INLINE {
            return Repr::Shared(Block::from(bytes));
        }
        let mut data = [0; INLINE];
        data[..bytes.len()].copy_from_slice(bytes);
        Repr::Inline {
            len: bytes.len() as u8,
            data,
        }
    }

    #[inline]
    fn as_slice(&self) -> &[u8] {
        match self {
            Repr::Inline { len, data } => &data[..usize::from(*len)],
            Repr::Shared(block) => block.as_slice(),
        }
    }
}

impl Bytes {
    /// The empty byte string.
    pub const EMPTY: Bytes = Bytes(Repr::Inline {
        len: 0,
        data: [0; 22],
    });

    /// The bytes themselves.
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl SlimBytes {
    /// Becomes these bytes, in the same allocation where nobody shares it and the length is the same.
    pub fn assign(&mut self, bytes: &[u8]) {
        let overwritten = match &mut self.0 {
            Repr::Shared(block) => block.overwrite(bytes),
            Repr::Inline { .. } => false,
        };
        if !overwritten {
            *self = SlimBytes::from(bytes);
        }
    }
}

impl From<&SlimBytes> for Bytes {
    #[inline]
    fn from(slim: &SlimBytes) -> Bytes {
        match &slim.0 {
            Repr::Inline { len, data } => {
                let mut wide = [0; 22];
                wide[..data.len()].copy_from_slice(data);
                Bytes(Repr::Inline {
                    len: *len,
                    data: wide,
                })
            }
            Repr::Shared(block) => Bytes(Repr::Shared(block.clone())),
        }
    }
}

impl From<Bytes> for SlimBytes {
    fn from(bytes: Bytes) -> SlimBytes {
        match bytes.0 {
            Repr::Shared(block) => SlimBytes(Repr::Shared(block)),
            Repr::Inline { .. } => SlimBytes::from(&*bytes),
        }
    }
}

impl From<&[u8]> for SlimBytes {
    #[inline]
    fn from(bytes: &[u8]) -> SlimBytes {
        SlimBytes(Repr::new(bytes))
    }
}

impl Deref for SlimBytes {
    type Target = [u8];
    #[inline]
    fn deref(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl fmt::Debug for SlimBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Bytes::from(self).fmt(f)
    }
}

impl From<&[u8]> for Bytes {
    #[inline]
    fn from(bytes: &[u8]) -> Self {
        Bytes(Repr::new(bytes))
    }
}

impl<const N: usize> From<&[u8; N]> for Bytes {
    fn from(bytes: &[u8; N]) -> Self {
        Bytes::from(bytes.as_slice())
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes.as_slice())
    }
}

impl From<&str> for Bytes {
    fn from(text: &str) -> Self {
        Bytes::from(text.as_bytes())
    }
}

impl From<String> for Bytes {
    fn from(text: String) -> Self {
        Bytes::from(text.into_bytes())
    }
}

impl Default for Bytes {
    fn default() -> Self {
        Bytes::EMPTY
    }
}

impl Deref for Bytes {
    type Target = [u8];
    #[inline]
    fn deref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl Borrow<[u8]> for Bytes {
    fn borrow(&self) -> &[u8] {
        self.as_slice()
    }
}

impl PartialEq for Bytes {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for Bytes {}

impl PartialEq<[u8]> for Bytes {
    fn eq(&self, other: &[u8]) -> bool {
        self.as_slice() == other
    }
}

impl PartialOrd for Bytes {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Bytes {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_slice().cmp(other.as_slice())
    }
}

impl Hash for Bytes {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_slice().hash(state);
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.as_slice().escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignment_reuses_the_allocation_that_nobody_shares() {
        for len in [15, 64, 128, 129] {
            let (one, other) = (vec![1u8; len], vec![2u8; len]);
            let mut bytes = SlimBytes::from(one.as_slice());
            let place = bytes.as_ptr();
            bytes.assign(&other);
            assert_eq!((bytes.as_ptr(), &*bytes), (place, other.as_slice()));
            let shared = Bytes::from(&bytes);
            bytes.assign(&one);
            assert_eq!((&*bytes, &*shared), (one.as_slice(), other.as_slice()));
            bytes.assign(b"short");
            assert_eq!(&*bytes, b"short");
        }
    }

    #[test]
    fn handles_are_three_words_and_two() {
        assert_eq!((size_of::<Bytes>(), size_of::<SlimBytes>()), (24, 16));
    }

    #[test]
    fn bytes_round_trip_on_both_sides_of_the_borders() {
        for len in (0..150).chain([1000]) {
            let data: Vec<u8> = (0..len).map(|i| i as u8).collect();
            let slim = SlimBytes::from(data.as_slice());
            for bytes in [Bytes::from(data.as_slice()), Bytes::from(&slim)] {
                assert_eq!(bytes.as_slice(), data.as_slice());
                assert_eq!(*SlimBytes::from(bytes), *slim);
            }
            let bytes = Bytes::from(data);
            assert_eq!(&*bytes, &*slim);
        }
    }
}
