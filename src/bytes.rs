//! [`Bytes`]: an immutable byte string that is cheap to clone.
//!
//! Keys, fields, members, values and bulk replies are all of this type. Up to 22 bytes live inside
//! the handle; longer strings are shared. It knows nothing of Redis.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::Hash;
use std::hash::Hasher;
use std::ops::Deref;
use std::sync::Arc;

/// The longest byte string that needs no allocation.
const INLINE: usize = 22;

/// An immutable byte string; a clone copies 24 bytes and at most one reference count.
#[derive(Clone)]
pub struct Bytes(Repr);

#[derive(Clone)]
enum Repr {
    Inline { len: u8, data: [u8; INLINE] },
    Shared(Arc<[u8]>),
}

impl Bytes {
    /// The empty byte string.
    pub const EMPTY: Bytes = Bytes(Repr::Inline {
        len: 0,
        data: [0; INLINE],
    });

    /// The bytes themselves.
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        match &self.0 {
            Repr::Inline { len, data } => &data[..usize::from(*len)],
            Repr::Shared(data) => data,
        }
    }

    /// Becomes these bytes, in the same allocation where nobody shares it and the length is the same.
    pub fn assign(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            Repr::Shared(data) if data.len() == bytes.len() => match Arc::get_mut(data) {
                Some(data) => data.copy_from_slice(bytes),
                None => *self = Bytes::from(bytes),
            },
            _ => *self = Bytes::from(bytes),
        }
    }

    /// The size of the allocation behind this handle, 0 when the bytes are inline.
    pub fn heap_size(&self) -> usize {
        match &self.0 {
            Repr::Inline { .. } => 0,
            Repr::Shared(data) => data.len() + 2 * size_of::<usize>(),
        }
    }
}

impl From<&[u8]> for Bytes {
    #[inline]
    fn from(bytes: &[u8]) -> Self {
        if bytes.len() <= INLINE {
            let mut data = [0; INLINE];
            data[..bytes.len()].copy_from_slice(bytes);
            Bytes(Repr::Inline {
                len: bytes.len() as u8,
                data,
            })
        } else {
            Bytes(Repr::Shared(Arc::from(bytes)))
        }
    }
}

impl<const N: usize> From<&[u8; N]> for Bytes {
    fn from(bytes: &[u8; N]) -> Self {
        Bytes::from(bytes.as_slice())
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        if bytes.len() <= INLINE {
            Bytes::from(bytes.as_slice())
        } else {
            Bytes(Repr::Shared(Arc::from(bytes)))
        }
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
        let (one, other) = ([1u8; INLINE + 1], [2u8; INLINE + 1]);
        let mut bytes = Bytes::from(&one);
        let place = bytes.as_ptr();
        bytes.assign(&other);
        assert_eq!((bytes.as_ptr(), &*bytes), (place, other.as_slice()));
        let shared = bytes.clone();
        bytes.assign(&one);
        assert_eq!((&*bytes, &*shared), (one.as_slice(), other.as_slice()));
        bytes.assign(b"short");
        assert_eq!(&*bytes, b"short");
    }

    #[test]
    fn the_handle_is_three_words_and_round_trips_on_both_sides_of_the_border() {
        assert_eq!(size_of::<Bytes>(), 24);
        for len in [0, 1, INLINE, INLINE + 1, 1000] {
            let data: Vec<u8> = (0..len).map(|i| i as u8).collect();
            assert_eq!(&*Bytes::from(data.as_slice()), data.as_slice());
            assert_eq!(Bytes::from(data.clone()), Bytes::from(data.as_slice()));
            assert_eq!(Bytes::from(data.as_slice()).heap_size() == 0, len <= INLINE);
        }
    }
}
