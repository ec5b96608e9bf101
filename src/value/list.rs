//! [`List`]: a sequence of byte strings, packed as in Redis, quick at both ends and at any position.

use std::ops::Range;

use super::ListLimits;
use super::ListpackEntry;
use super::Sequence;
use super::rdb::Listpack;
use super::rdb::listpack_size;
use crate::bytes::Bytes;

/// The bytes of a listpack beside its entries.
const LISTPACK_BYTES: usize = 7;

/// A Redis list.
#[derive(Clone, Debug, Default)]
pub struct List {
    items: Sequence<Listpack>,
    /// The bytes that all items take in a listpack.
    packed: usize,
    /// Whether the encoding is a quicklist.
    quicklist: bool,
    limits: ListLimits,
}

impl List {
    /// An empty list.
    pub fn new() -> List {
        List::default()
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The item at `index`.
    pub fn get(&self, index: usize) -> Option<ListpackEntry<'_>> {
        self.items.get(index)
    }

    /// All items in order, from both ends.
    pub fn iter(
        &self,
    ) -> impl DoubleEndedIterator<Item = ListpackEntry<'_>> + ExactSizeIterator + Clone {
        self.items.iter()
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

    /// Sets the limits that later changes of the encoding follow.
    pub fn fit(&mut self, limits: ListLimits) {
        self.limits = limits;
    }

    /// Tells that `count` items of `bytes` together are about to come: Redis chooses the encoding before it
    /// adds the first of them, and not when it adds them.
    pub fn expect(&mut self, count: usize, bytes: usize) {
        let size = LISTPACK_BYTES + self.packed + bytes;
        if size > self.limits.bytes() || self.len() + count > self.limits.items() {
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
        let item = item.into();
        self.packed += listpack_size(&item);
        self.items.insert(index, item);
    }

    /// Replaces the item at `index`; the item that was there.
    ///
    /// # Panics
    ///
    /// When `index` is not less than the length.
    pub fn set(&mut self, index: usize, item: impl Into<Bytes>) -> Bytes {
        let item = item.into();
        self.packed += listpack_size(&item);
        let old = self.items.remove(index);
        self.items.insert(index, item);
        self.forget(&old);
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
        let item = self.items.remove(index);
        self.forget(&item);
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
        let size = |range| self.range(range).map(ListpackEntry::size).sum::<usize>();
        // Whatever is less is looked at: a list that is trimmed after each push must not be summed up each time.
        self.packed = if range.len() < self.len() / 2 {
            size(range.clone())
        } else {
            self.packed - size(0..range.start) - size(range.end..self.len())
        };
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
        self.limits = limits;
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

    /// Counts an item as gone.
    fn forget(&mut self, item: &[u8]) {
        self.packed -= listpack_size(item);
        self.shrink();
    }

    /// Goes back to a listpack when that would be half empty.
    fn shrink(&mut self) {
        let size = LISTPACK_BYTES + self.packed;
        if size <= self.limits.shrunk_bytes() && self.len() <= self.limits.items() / 2 {
            self.quicklist = false;
        }
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
        self.items == other.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// How many equal pushes made the list a quicklist, and how many of them were left when it became a
    /// listpack again, in Redis 8.2.3.
    #[test]
    fn the_encoding_changes_where_that_of_redis_does() {
        for (item, grown, shrunk) in [
            ("xxxxxxxxxx".to_owned(), 683, 340),
            ("12345".to_owned(), 2047, 1022),
            ("y".repeat(100), 80, 39),
            ("y".repeat(8186), 1, 0),
        ] {
            let mut list = List::new();
            while list.encoding() == "listpack" {
                list.expect(1, item.len());
                list.push_back(item.as_str());
            }
            assert_eq!(list.len(), grown, "{item}");
            while list.encoding() == "quicklist" {
                list.pop_back();
            }
            assert_eq!(list.len(), shrunk, "{item}");
        }
        let one: List = ["y".repeat(8185)].into_iter().collect();
        assert_eq!(one.encoding(), "listpack");
    }

    /// After how many equal pushes the list was a quicklist, and how many of them were left when it became a
    /// listpack again, in Redis 8.2.3.
    #[test]
    fn the_encoding_follows_the_limit() {
        for (limit, item_bytes, grown, shrunk) in [
            (3, 1, 4, 1),
            (0, 1, 2, 0),
            (10, 100, 11, 5),
            (10, 1000, 9, 5),
            (100, 100, 80, 50),
            (-1, 100, 40, 19),
            (-3, 100, 160, 79),
            (-5, 100, 637, 318),
            (-9, 100, 637, 318),
        ] {
            let mut list = List::new();
            list.fit(ListLimits {
                size: limit,
                depth: 0,
            });
            while list.encoding() == "listpack" {
                list.expect(1, item_bytes);
                list.push_back("y".repeat(item_bytes));
            }
            assert_eq!(list.len(), grown, "{limit}");
            while list.encoding() == "quicklist" {
                list.pop_back();
            }
            assert_eq!(list.len(), shrunk, "{limit}");
        }
    }

    #[test]
    fn equal_items_are_removed_from_the_side_that_was_asked() {
        let list: List = ["a", "b", "a", "c", "a"].into_iter().collect();
        let left = |most, from_back| {
            let mut list = list.clone();
            let count = list.remove_equal(b"a", most, from_back);
            (
                count,
                list.iter()
                    .map(|item| Bytes::from(item)[0] as char)
                    .collect::<String>(),
            )
        };
        assert_eq!(left(2, false), (2, "bca".into()));
        assert_eq!(left(2, true), (2, "abc".into()));
        assert_eq!(left(usize::MAX, true), (3, "bc".into()));
        assert_eq!(list.len(), 5);
    }

    proptest! {
        #[test]
        fn the_packed_size_is_that_of_the_items(
            items in prop::collection::vec("[0-9]{0,12}|[a-z]{0,90}", 1..40),
            ops in prop::collection::vec((0u8..5, any::<prop::sample::Index>(), "[a-z]{0,90}"), 0..40),
        ) {
            let mut list: List = items.iter().map(String::as_str).collect();
            for (op, at, item) in ops {
                let at = at.index(list.len().max(1));
                match op {
                    0 => list.push_front(item),
                    1 if at < list.len() => drop(list.set(at, item)),
                    2 if at < list.len() => drop(list.remove(at)),
                    3 => drop(list.pop_back()),
                    4 if at > 20 => list.keep(at / 2..at),
                    _ => list.push_back(item),
                }
                let packed: usize = list.iter().map(ListpackEntry::size).sum();
                prop_assert_eq!(list.packed, packed);
            }
        }
    }
}
