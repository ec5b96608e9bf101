//! [`Hash`]: fields with values, some of them with a time to live.

use std::collections::BTreeSet;

use super::Map;
use super::PackLimits;
use crate::bytes::Bytes;

/// A Redis hash.
#[derive(Clone, Debug, Default)]
pub struct Hash {
    fields: Map<Bytes>,
    /// Only for hashes in which a field has a time to live.
    expiries: Option<Box<Expiries>>,
    encoding: Encoding,
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

/// The order of up to this many fields is that of a listpack: a removal keeps it, and those with a time to live
/// come first, the soonest of them first. It does not depend on the configured size of a listpack, so that the
/// order is the same wherever a journal is replayed.
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
        self.fields.insert(field, value.into()).is_none()
    }

    /// Removes `field`; the value that it had.
    pub fn remove(&mut self, field: &[u8]) -> Option<Bytes> {
        self.forget_expiry(field);
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
        self.note_expiry(field, at_ms);
        if self.len() <= ORDERED {
            let sooner =
                |expiries: &Expiries| expiries.by_time.range(..(at_ms, Bytes::EMPTY)).count();
            self.shift(field, self.expiries.as_deref().map_or(0, sooner));
        }
    }

    /// Sets when an existing `field` expires, and leaves it where it is.
    pub(super) fn note_expiry(&mut self, field: &[u8], at_ms: i64) {
        self.forget_expiry(field);
        self.expect_expiry();
        let expiries = self.expiries.get_or_insert_default();
        expiries.by_field.insert(field, at_ms);
        expiries.by_time.insert((at_ms, Bytes::from(field)));
    }

    /// Removes the time to live of `field`; whether it had one.
    pub fn persist(&mut self, field: &[u8]) -> bool {
        let changed = self.forget_expiry(field);
        if changed && self.len() <= ORDERED {
            self.shift(field, self.len() - 1);
        }
        changed
    }

    /// Brings the fields of a small hash into the order of their times to live.
    pub(super) fn order(&mut self) {
        let expiries = self.expiries.iter().filter(|_| self.len() <= ORDERED);
        let sorted: Vec<_> = expiries
            .flat_map(|expiries| expiries.by_time.clone())
            .collect();
        for (place, (_, field)) in sorted.iter().enumerate() {
            self.shift(field, place);
        }
    }

    fn shift(&mut self, field: &[u8], to: usize) {
        if let Some(from) = self.fields.index_of(field) {
            self.fields.shift(from, to);
        }
    }

    fn forget_expiry(&mut self, field: &[u8]) -> bool {
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

    /// Tells that `count` fields are about to be set, the longest field or value of `longest` bytes: Redis
    /// chooses the encoding before it sets the first of them.
    pub fn expect(&mut self, count: usize, longest: usize, limits: &PackLimits) {
        if !limits.allow(count, longest) {
            self.make_table();
        }
    }

    /// Tells that a field is about to get a time to live.
    pub fn expect_expiry(&mut self) {
        if self.encoding == Encoding::Listpack {
            self.encoding = Encoding::ListpackEx;
        }
    }

    /// Makes the encoding a table if a listpack must not have so many fields.
    pub fn fit(&mut self, limits: &PackLimits) {
        if self.len() > limits.entries {
            self.make_table();
        }
    }

    /// Takes the encoding that Redis chooses for a hash that it loads.
    pub(super) fn reload(&mut self, limits: &PackLimits) {
        let length = |(field, value): (&Bytes, &Bytes)| field.len().max(value.len());
        // What is packed is not looked into.
        let longest = self
            .fields
            .iter()
            .filter(|_| self.is_table())
            .map(length)
            .max();
        if self.is_table() {
            self.encoding = match self.expiries {
                None => Encoding::Listpack,
                Some(_) => Encoding::ListpackEx,
            };
        }
        self.expect(self.len(), longest.unwrap_or(0), limits);
    }

    /// Whether the encoding is a listpack with room for times to live.
    pub(super) fn is_listpackex(&self) -> bool {
        self.encoding == Encoding::ListpackEx
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
        let limits = PackLimits::new(1, 3);
        hash.expect(1, 3, &limits);
        hash.insert(b"a", b"123");
        hash.fit(&limits);
        assert_eq!(hash.encoding(), "listpack");
        hash.expire_at(b"a", 50);
        assert_eq!(hash.encoding(), "listpackex");
        hash.insert(b"b", b"1");
        hash.fit(&limits);
        hash.remove(b"b");
        hash.fit(&limits);
        assert_eq!(hash.encoding(), "hashtable");
    }

    #[test]
    fn the_fields_of_a_small_hash_stand_in_the_order_of_their_times() {
        let mut hash = Hash::new();
        for field in [b"a", b"b", b"c", b"d"] {
            hash.insert(field, b"");
        }
        let shown = |hash: &Hash| -> Vec<u8> {
            let fields = hash.fields().keys();
            fields.flat_map(|field| field.to_vec()).collect()
        };
        for (field, at_ms) in [(b"c", 40), (b"b", 41), (b"a", 39)] {
            hash.expire_at(field, at_ms);
        }
        assert_eq!(shown(&hash), b"acbd");
        hash.insert(b"b", b"");
        assert_eq!(shown(&hash), b"acdb", "without a time it is the last");
        for field in [b"a", b"d", b"c"] {
            hash.expire_at(field, 42);
        }
        assert_eq!(shown(&hash), b"cdab", "the newest of equals is the first");
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
