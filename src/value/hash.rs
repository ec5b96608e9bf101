//! [`Hash`]: fields with values, some of them with a time to live.

use std::collections::BTreeSet;

use super::Map;
use crate::bytes::Bytes;

/// A Redis hash.
#[derive(Clone, Debug, Default)]
pub struct Hash {
    fields: Map<Bytes>,
    /// Only for hashes in which a field has a time to live.
    expiries: Option<Box<Expiries>>,
    encoding: Encoding,
    /// The length of the longest field or value that was ever in the hash.
    longest: usize,
}

/// How Redis would keep the hash. A later one never turns into an earlier one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Encoding {
    #[default]
    Listpack,
    /// A listpack once a field had a time to live.
    ListpackEx,
    Table,
}

/// A removal keeps the order of up to this many fields, as a listpack does. It does not depend on the
/// configured size of a listpack, so that the order is the same wherever a journal is replayed.
const ORDERED: usize = 512;

/// The fields with a time to live, by name and by time.
#[derive(Clone, Debug, Default)]
struct Expiries {
    by_field: Map<i64>,
    by_time: BTreeSet<(i64, Bytes)>,
}

impl Hash {
    /// An empty hash.
    pub fn new() -> Hash {
        Hash::default()
    }

    /// The number of fields.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The fields with their values, in the order of the state.
    pub fn fields(&self) -> &Map<Bytes> {
        &self.fields
    }

    /// The value of `field`.
    pub fn get(&self, field: &[u8]) -> Option<&Bytes> {
        self.fields.get(field)
    }

    /// Sets `field` and removes its time to live; whether the field is new.
    pub fn insert(&mut self, field: &[u8], value: impl Into<Bytes>) -> bool {
        self.persist(field);
        self.insert_keep_ttl(field, value)
    }

    /// Sets `field` and keeps its time to live; whether the field is new.
    pub fn insert_keep_ttl(&mut self, field: &[u8], value: impl Into<Bytes>) -> bool {
        let value = value.into();
        self.longest = self.longest.max(field.len()).max(value.len());
        self.fields.insert(field, value).is_none()
    }

    /// Removes `field`; the value that it had.
    pub fn remove(&mut self, field: &[u8]) -> Option<Bytes> {
        self.persist(field);
        let removed = if self.len() <= ORDERED {
            self.fields.shift_remove(field)
        } else {
            self.fields.remove(field)
        };
        removed.map(|(_, value)| value)
    }

    /// When `field` expires, in milliseconds since the epoch; `None` without a time to live.
    pub fn expires_at(&self, field: &[u8]) -> Option<i64> {
        self.expiries.as_ref()?.by_field.get(field).copied()
    }

    /// Sets when an existing `field` expires.
    pub fn expire_at(&mut self, field: &[u8], at_ms: i64) {
        self.persist(field);
        if self.encoding == Encoding::Listpack {
            self.encoding = Encoding::ListpackEx;
        }
        let expiries = self.expiries.get_or_insert_default();
        expiries.by_field.insert(field, at_ms);
        expiries.by_time.insert((at_ms, Bytes::from(field)));
    }

    /// Removes the time to live of `field`; whether it had one.
    pub fn persist(&mut self, field: &[u8]) -> bool {
        let Some(expiries) = &mut self.expiries else {
            return false;
        };
        let Some((field, at_ms)) = expiries.by_field.remove(field) else {
            return false;
        };
        expiries.by_time.remove(&(at_ms, field));
        if expiries.by_field.is_empty() {
            self.expiries = None;
        }
        true
    }

    /// The field that expires first, and when.
    pub fn next_expiry(&self) -> Option<(i64, &Bytes)> {
        let (at_ms, field) = self.expiries.as_ref()?.by_time.first()?;
        Some((*at_ms, field))
    }

    /// The number of fields with a time to live.
    pub fn volatile_len(&self) -> usize {
        self.expiries
            .as_ref()
            .map_or(0, |expiries| expiries.by_field.len())
    }

    /// What `OBJECT ENCODING` answers.
    pub fn encoding(&self) -> &'static str {
        match self.encoding {
            Encoding::Listpack => "listpack",
            Encoding::ListpackEx => "listpackex",
            Encoding::Table => "hashtable",
        }
    }

    /// Makes the encoding a table if a listpack must not have so many fields, or one so long.
    pub fn fit(&mut self, most_fields: usize, most_bytes: usize) {
        if self.len() > most_fields || self.longest > most_bytes {
            self.make_table();
        }
    }

    /// Whether the encoding is a table.
    pub fn is_table(&self) -> bool {
        self.encoding == Encoding::Table
    }

    /// Makes the encoding a table.
    pub(super) fn make_table(&mut self) {
        self.encoding = Encoding::Table;
    }
}

impl PartialEq for Hash {
    /// Equal fields in the same order, with equal times to live, whatever the encoding.
    fn eq(&self, other: &Self) -> bool {
        let times = |hash: &Hash| {
            hash.expiries
                .as_ref()
                .map(|expiries| expiries.by_time.clone())
        };
        self.fields == other.fields && times(self) == times(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_without_a_time_to_live_costs_no_index() {
        let mut hash = Hash::new();
        assert!(hash.insert(b"a", b"1"));
        hash.expire_at(b"a", 50);
        hash.expire_at(b"a", 40);
        hash.insert(b"b", b"2");
        hash.expire_at(b"b", 30);
        assert_eq!(hash.next_expiry(), Some((30, &Bytes::from(b"b"))));
        hash.remove(b"b");
        assert_eq!(
            (hash.next_expiry(), hash.volatile_len()),
            (Some((40, &Bytes::from(b"a"))), 1)
        );
        assert!(
            !hash.insert(b"a", b"3"),
            "setting a field ends its time to live"
        );
        assert!(hash.expiries.is_none());
    }

    #[test]
    fn a_table_never_becomes_a_listpack_again() {
        let mut hash = Hash::new();
        hash.insert(b"a", b"123");
        hash.fit(1, 3);
        assert_eq!(hash.encoding(), "listpack");
        hash.expire_at(b"a", 50);
        assert_eq!(hash.encoding(), "listpackex");
        hash.insert(b"b", b"1");
        hash.fit(1, 3);
        hash.remove(b"b");
        hash.fit(1, 3);
        assert_eq!(hash.encoding(), "hashtable");
    }

    #[test]
    fn a_removal_from_a_small_hash_keeps_the_order() {
        let mut hash = Hash::new();
        for field in [b"a", b"b", b"c"] {
            hash.insert(field, b"");
        }
        hash.remove(b"a");
        assert!(hash.fields().keys().map(|field| &**field).eq([b"b", b"c"]));
    }
}
