//! [`Bytes`]: an immutable byte string that is cheap to clone.
//!
//! Keys, fields, members and bulk replies are of this type. Up to 22 bytes live inside the handle; longer strings
//! are shared. [`SlimBytes`] is the same in two words, for values, of which there are many. They know nothing of
//! Redis.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::Hash;
use std::hash::Hasher;
use std::ops::Deref;

use triomphe::Arc;
use triomphe::ThinArc;

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
    Shared(ThinArc<(), u8>),
}

impl<const INLINE: usize> Repr<INLINE> {
    #[inline]
    fn new(bytes: &[u8]) -> Self {
        if bytes.len() > INLINE {
            return Repr::Shared(ThinArc::from_header_and_slice((), bytes));
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
            Repr::Shared(data) => &data.slice,
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

    /// The size of the allocation behind this handle, 0 when the bytes are inline.
    pub fn heap_size(&self) -> usize {
        match &self.0 {
            Repr::Inline { .. } => 0,
            Repr::Shared(data) => data.slice.len() + 2 * size_of::<usize>(),
        }
    }
}

impl SlimBytes {
    /// Becomes these bytes, in the same allocation where nobody shares it and the length is the same.
    pub fn assign(&mut self, bytes: &[u8]) {
        if !self.overwrite(bytes) {
            *self = SlimBytes::from(bytes);
        }
    }

    /// Writes `bytes` over those that are here, if they are as many and nobody shares them.
    fn overwrite(&mut self, bytes: &[u8]) -> bool {
        let Repr::Shared(data) = &mut self.0 else {
            return false;
        };
        data.with_arc_mut(|data| match Arc::get_mut(data) {
            Some(data) if data.slice().len() == bytes.len() => {
                data.slice_mut().copy_from_slice(bytes);
                true
            }
            _ => false,
        })
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
            Repr::Shared(data) => Bytes(Repr::Shared(data.clone())),
        }
    }
}

impl From<Bytes> for SlimBytes {
    fn from(bytes: Bytes) -> SlimBytes {
        match bytes.0 {
            Repr::Shared(data) => SlimBytes(Repr::Shared(data)),
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
        let (one, other) = ([1u8; 15], [2u8; 15]);
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

    #[test]
    fn handles_are_three_words_and_two() {
        assert_eq!((size_of::<Bytes>(), size_of::<SlimBytes>()), (24, 16));
    }

    #[test]
    fn bytes_round_trip_on_both_sides_of_the_borders() {
        for len in [0, 1, 14, 15, 22, 23, 1000] {
            let data: Vec<u8> = (0..len).map(|i| i as u8).collect();
            let slim = SlimBytes::from(data.as_slice());
            for bytes in [Bytes::from(data.as_slice()), Bytes::from(&slim)] {
                assert_eq!(bytes.as_slice(), data.as_slice());
                assert_eq!(*SlimBytes::from(bytes), *slim);
            }
            let bytes = Bytes::from(data);
            assert_eq!((bytes.heap_size() == 0, &*bytes), (len <= 22, &*slim));
        }
    }
}
