//! [`Hash`]: fields with values, some of them with a time to live.

mod table;

use std::ops::Range;

use either::Either;

use super::Element;
use super::ListpackEntry;
use super::PackLimits;
use super::rdb::Listpack;
use crate::bytes::Bytes;
use table::Table;

/// Up to this size a hash is packed, and a removal keeps the order of the other fields, as it does in a listpack. It
/// is what Redis has by default, and not the configured size: the order is the same wherever a journal is replayed.
const SMALL: PackLimits = PackLimits::new(512, 64);

/// A Redis hash.
#[derive(Clone, Debug, Default)]
pub struct Hash {
    fields: Fields,
}

/// Where the fields are, and how Redis would keep them.
#[derive(Clone, Debug)]
enum Fields {
    /// Each before its value. The block is marked with the encoding.
    Packed(Listpack),
    /// Where there are many or long ones, and where one has a time to live.
    Table(Box<Table>),
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

impl Encoding {
    const ALL: [Encoding; 3] = [Encoding::Listpack, Encoding::ListpackEx, Encoding::Table];
}

impl Default for Fields {
    fn default() -> Fields {
        Fields::Packed(Listpack::new())
    }
}

impl Hash {
    /// An empty hash.
    pub fn new() -> Hash {
        Hash::default()
    }

    /// An empty hash that many fields go into faster than into a small one, to be packed then.
    pub(super) fn spread_out() -> Hash {
        let mut hash = Hash::new();
        hash.spread();
        hash
    }

    /// The number of fields.
    pub fn len(&self) -> usize {
        match &self.fields {
            Fields::Packed(listpack) => listpack.len() / 2,
            Fields::Table(table) => table.len(),
        }
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The fields with their values, in the order of the state, from both ends.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Element<'_>, Element<'_>)> + Clone {
        self.range(0..self.len())
    }

    /// The fields at a range of positions with their values, from both ends.
    ///
    /// # Panics
    ///
    /// When the range ends behind the hash.
    pub fn range(
        &self,
        range: Range<usize>,
    ) -> impl DoubleEndedIterator<Item = (Element<'_>, Element<'_>)> + Clone {
        match &self.fields {
            Fields::Packed(listpack) => Either::Left(listpack.pairs(range).map(elements)),
            Fields::Table(table) => Either::Right(
                range.map(|index| table.get_index(index).expect("a range in the hash")),
            ),
        }
    }

    /// The fields of which `other` does not have the very same memory: all that differ, and some neighbours; some of them
    /// twice. Of a small hash, all of them.
    pub fn unshared<'a>(&'a self, other: &'a Hash) -> impl Iterator<Item = Bytes> + 'a {
        match (self.table(), other.table()) {
            (Some(ours), Some(theirs)) => Either::Left(ours.unshared(theirs).cloned()),
            _ => Either::Right(self.iter().map(|(field, _)| field.into())),
        }
    }

    /// The field at a position, and its value.
    pub fn get_index(&self, index: usize) -> Option<(Element<'_>, Element<'_>)> {
        (index < self.len()).then(|| self.range(index..index + 1).next())?
    }

    /// The value of `field`.
    pub fn get(&self, field: &[u8]) -> Option<Element<'_>> {
        match &self.fields {
            Fields::Packed(listpack) => {
                let (_, at) = listpack.find(field.into(), 2)?;
                listpack
                    .get(listpack.next(at))
                    .map(|(value, _)| value.into())
            }
            Fields::Table(table) => table.get(field).map(Element::from),
        }
    }

    /// Sets `field` and removes its time to live; whether the field is new.
    pub fn insert(&mut self, field: &[u8], value: impl Into<Bytes> + AsRef<[u8]>) -> bool {
        self.persist(field);
        self.insert_keep_ttl(field, value)
    }

    /// Sets `field` and keeps its time to live; whether the field is new.
    pub fn insert_keep_ttl(&mut self, field: &[u8], value: impl Into<Bytes> + AsRef<[u8]>) -> bool {
        let longest = field.len().max(value.as_ref().len());
        if !SMALL.allow(self.len() + 1, longest) {
            self.spread();
        }
        match &mut self.fields {
            Fields::Packed(listpack) => set_packed(listpack, field, value.as_ref()),
            Fields::Table(table) => table.insert(field, value.into()),
        }
    }

    /// Removes `field`; the value that it had.
    pub fn remove(&mut self, field: &[u8]) -> Option<Bytes> {
        match &mut self.fields {
            Fields::Packed(listpack) => remove_packed(listpack, field),
            Fields::Table(table) => table.remove(field),
        }
    }

    /// When `field` expires, in milliseconds since the epoch; `None` without a time to live.
    pub fn expires_at(&self, field: &[u8]) -> Option<i64> {
        self.table()?.expires_at(field)
    }

    /// Sets when an existing `field` expires.
    pub fn expire_at(&mut self, field: &[u8], at_ms: i64) {
        self.expect_expiry();
        self.spread().expire_at(field, at_ms);
    }

    /// Sets when an existing `field` expires, and leaves it where it is.
    pub(super) fn note_expiry(&mut self, field: &[u8], at_ms: i64) {
        self.expect_expiry();
        self.spread().note_expiry(field, at_ms);
    }

    /// Removes the time to live of `field`; whether it had one.
    pub fn persist(&mut self, field: &[u8]) -> bool {
        match &mut self.fields {
            Fields::Packed(_) => false,
            Fields::Table(table) => table.persist(field),
        }
    }

    /// Brings the fields of a small hash into the order of their times to live.
    pub(super) fn order(&mut self) {
        if let Fields::Table(table) = &mut self.fields {
            table.order();
        }
    }

    /// The field that expires first, and when.
    pub fn next_expiry(&self) -> Option<(i64, &Bytes)> {
        self.table()?.next_expiry()
    }

    /// The number of fields with a time to live.
    pub fn volatile_len(&self) -> usize {
        self.table().map_or(0, Table::volatile_len)
    }

    fn table(&self) -> Option<&Table> {
        match &self.fields {
            Fields::Packed(_) => None,
            Fields::Table(table) => Some(table),
        }
    }

    /// Keeps the fields in a table, in the same order.
    fn spread(&mut self) -> &mut Table {
        if let Fields::Packed(_) = self.fields {
            let encoding = self.kept_as();
            let fields = self.iter().map(|(field, value)| (field, value.into()));
            self.fields = Fields::Table(Box::new(fields.collect()));
            self.keep_as(encoding);
        }
        match &mut self.fields {
            Fields::Table(table) => table,
            Fields::Packed(_) => unreachable!("it has just become a table"),
        }
    }

    /// Packs the fields, if they are few, short, and without times to live.
    pub(super) fn pack(&mut self) {
        let length = |(field, value): (Element<'_>, Element<'_>)| field.len().max(value.len());
        if let Fields::Table(_) = self.fields
            && self.volatile_len() == 0
            && self
                .iter()
                .all(|pair| SMALL.allow(self.len(), length(pair)))
        {
            let encoding = self.kept_as();
            self.fields = Fields::Packed(self.to_listpack());
            self.keep_as(encoding);
        }
    }

    fn kept_as(&self) -> Encoding {
        match &self.fields {
            Fields::Packed(listpack) => Encoding::ALL[usize::from(listpack.mark())],
            Fields::Table(table) => table.encoding,
        }
    }

    fn keep_as(&mut self, encoding: Encoding) {
        match &mut self.fields {
            Fields::Packed(listpack) => listpack.set_mark(encoding as u8),
            Fields::Table(table) => table.encoding = encoding,
        }
    }

    /// The fields, each before its value, as a listpack.
    pub(super) fn to_listpack(&self) -> Listpack {
        if let Fields::Packed(listpack) = &self.fields {
            return listpack.clone();
        }
        let mut listpack = Listpack::new();
        for (field, value) in self.iter() {
            listpack.push_all(&[(&*field).into(), (&*value).into()]);
        }
        listpack.shrink();
        listpack
    }

    /// What `OBJECT ENCODING` answers.
    pub fn encoding(&self) -> &'static str {
        match self.kept_as() {
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
        if !SMALL.allow(count, longest) {
            self.spread();
        }
    }

    /// Tells that a field is about to get a time to live.
    pub fn expect_expiry(&mut self) {
        if self.kept_as() == Encoding::Listpack {
            self.keep_as(Encoding::ListpackEx);
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
        let length = |(field, value): (Element<'_>, Element<'_>)| field.len().max(value.len());
        // What is packed is not looked into.
        let longest = self.iter().filter(|_| self.is_table()).map(length).max();
        if self.is_table() {
            self.keep_as(match self.volatile_len() {
                0 => Encoding::Listpack,
                _ => Encoding::ListpackEx,
            });
        }
        self.expect(self.len(), longest.unwrap_or(0), limits);
    }

    /// Whether the encoding is a listpack with room for times to live.
    pub(super) fn is_listpackex(&self) -> bool {
        self.kept_as() == Encoding::ListpackEx
    }

    /// Whether the encoding is a table.
    pub fn is_table(&self) -> bool {
        self.kept_as() == Encoding::Table
    }

    /// Makes the encoding a table.
    pub(super) fn make_table(&mut self) {
        self.keep_as(Encoding::Table);
    }
}

impl PartialEq for Hash {
    /// Equal fields in the same order, with equal times to live, whatever the encoding.
    fn eq(&self, other: &Self) -> bool {
        let times = (
            self.table().and_then(Table::times),
            other.table().and_then(Table::times),
        );
        self.len() == other.len() && self.iter().eq(other.iter()) && times.0 == times.1
    }
}

fn elements<'a>(
    (field, value): (ListpackEntry<'a>, ListpackEntry<'a>),
) -> (Element<'a>, Element<'a>) {
    (field.into(), value.into())
}

fn set_packed(listpack: &mut Listpack, field: &[u8], value: &[u8]) -> bool {
    let (field, value) = (field.into(), value.into());
    let found = listpack.find(field, 2);
    match found {
        None => listpack.push_all(&[field, value]),
        Some((_, at)) => {
            let start = listpack.next(at);
            listpack.splice(start..listpack.next(start), 1, &[value]);
        }
    }
    found.is_none()
}

fn remove_packed(listpack: &mut Listpack, field: &[u8]) -> Option<Bytes> {
    let (_, at) = listpack.find(field.into(), 2)?;
    let (value, end) = listpack.get(listpack.next(at))?;
    let value = value.into();
    listpack.splice(at..end, 2, &[]);
    Some(value)
}

#[cfg(test)]
mod tests;
