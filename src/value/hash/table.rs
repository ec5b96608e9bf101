//! [`Table`]: the fields of a hash of any size, some of them with a time to live.

use std::collections::BTreeSet;

use either::Either;

use super::Encoding;
use super::SMALL;
use crate::bytes::Bytes;
use crate::value::Element;
use crate::value::Map;

/// Fields with values, in an order that is state: a removal from a small table keeps it, and in a small table the
/// fields with a time to live come first, the soonest of them first.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    fields: Map<Bytes>,
    /// Only where a field has a time to live.
    expiries: Option<Box<Expiries>>,
    /// How Redis would keep the hash.
    pub(super) encoding: Encoding,
}

/// The fields with a time to live, by name and by time.
#[derive(Clone, Debug, Default)]
struct Expiries {
    by_field: Map<i64>,
    by_time: BTreeSet<(i64, Bytes)>,
}

impl Table {
    pub(super) fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether the order is that of a listpack.
    fn is_small(&self) -> bool {
        self.len() <= SMALL.entries
    }

    pub(super) fn get_index(&self, index: usize) -> Option<(Element<'_>, Element<'_>)> {
        let (field, value) = self.fields.get_index(index)?;
        Some((field.into(), value.into()))
    }

    pub(super) fn get(&self, field: &[u8]) -> Option<&Bytes> {
        self.fields.get(field)
    }

    /// Sets `field`, and keeps its time to live; whether it is new.
    pub(super) fn insert(&mut self, field: &[u8], value: Bytes) -> bool {
        self.fields.insert(field, value).is_none()
    }

    pub(super) fn remove(&mut self, field: &[u8]) -> Option<Bytes> {
        self.forget_expiry(field);
        let removed = if self.is_small() {
            self.fields.shift_remove(field)
        } else {
            self.fields.remove(field)
        };
        removed.map(|(_, value)| value)
    }

    pub(super) fn expires_at(&self, field: &[u8]) -> Option<i64> {
        self.expiries.as_ref()?.by_field.get(field).copied()
    }

    /// Sets when an existing `field` expires.
    pub(super) fn expire_at(&mut self, field: &[u8], at_ms: i64) {
        self.note_expiry(field, at_ms);
        if self.is_small() {
            let sooner =
                |expiries: &Expiries| expiries.by_time.range(..(at_ms, Bytes::EMPTY)).count();
            self.shift(field, self.expiries.as_deref().map_or(0, sooner));
        }
    }

    /// Sets when an existing `field` expires, and leaves it where it is.
    pub(super) fn note_expiry(&mut self, field: &[u8], at_ms: i64) {
        self.forget_expiry(field);
        let expiries = self.expiries.get_or_insert_default();
        expiries.by_field.insert(field, at_ms);
        expiries.by_time.insert((at_ms, Bytes::from(field)));
    }

    /// Removes the time to live of `field`; whether it had one.
    pub(super) fn persist(&mut self, field: &[u8]) -> bool {
        let changed = self.forget_expiry(field);
        if changed && self.is_small() {
            self.shift(field, self.len() - 1);
        }
        changed
    }

    /// Brings the fields of a small table into the order of their times to live.
    pub(super) fn order(&mut self) {
        let times = self.times().filter(|_| self.is_small()).cloned();
        for (place, (_, field)) in times.iter().flatten().enumerate() {
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

    /// The fields of which `other` does not have value and time to live in the very same memory; some of them twice.
    pub(super) fn unshared<'a>(&'a self, other: &'a Table) -> impl Iterator<Item = &'a Bytes> {
        let theirs = other.expiries.as_deref();
        let times = self.expiries.iter().flat_map(move |ours| match theirs {
            Some(theirs) => Either::Left(ours.by_field.unshared(&theirs.by_field)),
            None => Either::Right(ours.by_field.iter()),
        });
        let fields = self.fields.unshared(&other.fields);
        fields
            .map(|(field, _)| field)
            .chain(times.map(|(field, _)| field))
    }

    /// The times to live with their fields, the soonest first.
    pub(super) fn times(&self) -> Option<&BTreeSet<(i64, Bytes)>> {
        self.expiries.as_ref().map(|expiries| &expiries.by_time)
    }

    pub(super) fn next_expiry(&self) -> Option<(i64, &Bytes)> {
        let (at_ms, field) = self.times()?.first()?;
        Some((*at_ms, field))
    }

    pub(super) fn volatile_len(&self) -> usize {
        self.times().map_or(0, BTreeSet::len)
    }
}

impl<'a> FromIterator<(Element<'a>, Bytes)> for Table {
    fn from_iter<I: IntoIterator<Item = (Element<'a>, Bytes)>>(fields: I) -> Table {
        Table {
            fields: fields.into_iter().collect(),
            expiries: None,
            encoding: Encoding::default(),
        }
    }
}
