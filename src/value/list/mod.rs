//! [`List`]: a sequence of byte strings, packed as in Redis, quick at both ends and at any position.

mod items;

use std::ops::Range;

use super::ListLimits;
use super::ListpackEntry;
use crate::bytes::Bytes;
use items::Items;

/// The bytes of a listpack beside its entries.
const LISTPACK_BYTES: usize = 7;

/// A Redis list.
#[derive(Clone, Debug)]
pub struct List {
    items: Items,
    /// The limit that the encoding follows, as in [`ListLimits`].
    size: i32,
    /// Whether the encoding is a quicklist.
    quicklist: bool,
}

impl List {
    /// An empty list.
    pub fn new() -> List {
        List {
            items: Items::default(),
            size: ListLimits::default().size as i32,
            quicklist: false,
        }
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item at `index`.
    pub fn get(&self, index: usize) -> Option<ListpackEntry<'_>> {
        self.items.get(index)
    }

    /// All items in order, from both ends.
    pub fn iter(
        &self,
    ) -> impl DoubleEndedIterator<Item = ListpackEntry<'_>> + ExactSizeIterator + Clone {
        self.range(0..self.len())
    }

    /// The items of a range in order, from both ends.
    ///
    /// # Panics
    ///
    /// When the range ends behind the list.
    pub fn range(
        &self,
        range: Range<usize>,
    ) -> impl DoubleEndedIterator<Item = ListpackEntry<'_>> + ExactSizeIterator + Clone {
        self.items.range(range)
    }

    /// How many items at the beginning, and how many at the end behind them, are the same in `other` for sure: they
    /// stand in the very same memory.
    pub fn shared(&self, other: &List) -> (usize, usize) {
        self.items.shared(&other.items)
    }

    /// Sets the limits that later changes of the encoding follow.
    pub fn fit(&mut self, limits: ListLimits) {
        self.size = limits.size.clamp(i32::MIN.into(), i32::MAX.into()) as i32;
    }

    fn limits(&self) -> ListLimits {
        ListLimits {
            size: self.size.into(),
            depth: 0,
        }
    }

    /// Tells that `count` items of `bytes` together are about to come: Redis chooses the encoding before it
    /// adds the first of them, and not when it adds them.
    pub fn expect(&mut self, count: usize, bytes: usize) {
        let (limits, size) = (self.limits(), LISTPACK_BYTES + self.items.bytes() + bytes);
        if size > limits.bytes() || self.len() + count > limits.items() {
            self.quicklist = true;
        }
    }

    /// Puts an item before all others.
    pub fn push_front(&mut self, item: impl Into<Bytes>) {
        self.insert(0, item);
    }

    /// Puts an item behind all others.
    pub fn push_back(&mut self, item: impl Into<Bytes>) {
        self.insert(self.len(), item);
    }

    /// Puts an item at `index`; those from there on move up.
    ///
    /// # Panics
    ///
    /// When `index` is greater than the length.
    pub fn insert(&mut self, index: usize, item: impl Into<Bytes>) {
        assert!(index <= self.len(), "{index} of {}", self.len());
        self.items.insert(index, item.into());
    }

    /// Replaces the item at `index`; the item that was there.
    ///
    /// # Panics
    ///
    /// When `index` is not less than the length.
    pub fn set(&mut self, index: usize, item: impl Into<Bytes>) -> Bytes {
        assert!(index < self.len(), "{index} of {}", self.len());
        let old = self.items.remove(index);
        self.items.insert(index, item.into());
        self.shrink();
        old
    }

    /// Takes the first item.
    pub fn pop_front(&mut self) -> Option<Bytes> {
        (!self.is_empty()).then(|| self.remove(0))
    }

    /// Takes the last item.
    pub fn pop_back(&mut self) -> Option<Bytes> {
        self.len().checked_sub(1).map(|last| self.remove(last))
    }

    /// Takes the item at `index` out; those behind it move down.
    ///
    /// # Panics
    ///
    /// When `index` is not less than the length.
    pub fn remove(&mut self, index: usize) -> Bytes {
        assert!(index < self.len(), "{index} of {}", self.len());
        let item = self.items.remove(index);
        self.shrink();
        item
    }

    /// Removes the first `most` items that equal `item`, or the last ones; how many there were.
    pub fn remove_equal(&mut self, item: &[u8], most: usize, from_back: bool) -> usize {
        let item = ListpackEntry::from(item);
        let places = self.iter().enumerate().filter(|(_, other)| *other == item);
        let places = places.map(|(index, _)| index);
        let mut found: Vec<usize> = if from_back {
            let mut all: Vec<_> = places.collect();
            all.split_off(all.len().saturating_sub(most))
        } else {
            places.take(most).collect()
        };
        let count = found.len();
        while let Some(last) = found.pop() {
            self.remove(last);
        }
        count
    }

    /// Keeps the items of `range` only.
    ///
    /// # Panics
    ///
    /// When the range ends behind the list.
    pub fn keep(&mut self, range: Range<usize>) {
        self.items.keep(range);
        self.shrink();
    }

    /// What `OBJECT ENCODING` answers.
    pub fn encoding(&self) -> &'static str {
        if self.quicklist {
            "quicklist"
        } else {
            "listpack"
        }
    }

    /// Takes the encoding that Redis chooses for a list that it loads.
    pub(super) fn reload(&mut self, limits: ListLimits) {
        self.fit(limits);
        self.quicklist = false;
        self.expect(0, 0);
    }

    /// Whether the encoding is a quicklist.
    pub(super) fn is_quicklist(&self) -> bool {
        self.quicklist
    }

    /// Makes the encoding a quicklist.
    pub(super) fn make_quicklist(&mut self) {
        self.quicklist = true;
    }

    /// Goes back to a listpack when that would be half empty.
    fn shrink(&mut self) {
        let (limits, size) = (self.limits(), LISTPACK_BYTES + self.items.bytes());
        if size <= limits.shrunk_bytes() && self.len() <= limits.items() / 2 {
            self.quicklist = false;
        }
    }
}

impl Default for List {
    fn default() -> List {
        List::new()
    }
}

impl<I: Into<Bytes>> FromIterator<I> for List {
    fn from_iter<Items: IntoIterator<Item = I>>(items: Items) -> List {
        let mut list = List::new();
        for item in items {
            let item = item.into();
            list.expect(1, item.len());
            list.push_back(item);
        }
        list
    }
}

impl PartialEq for List {
    /// Equal items in the same order, whatever the encoding.
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

#[cfg(test)]
mod tests;
