//! [`Items`]: the items of a list, in one listpack or in a tree of them. They know no encoding.

use std::ops::Range;

use either::Either;

use crate::bytes::Bytes;
use crate::value::ListpackEntry;
use crate::value::Sequence;
use crate::value::rdb::Listpack;
use crate::value::rdb::listpack_size;
use crate::value::sequence::Leaf;

/// Where the items are. What was once a tree stays one.
#[derive(Clone, Debug)]
pub(super) enum Items {
    /// As many as have room in one leaf.
    Packed(Listpack),
    Tree(Box<Tree>),
}

/// Listpacks, and the bytes that all items would take in one.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    leaves: Sequence<Listpack>,
    bytes: usize,
}

impl Default for Items {
    fn default() -> Items {
        Items::Packed(Listpack::new())
    }
}

impl Items {
    pub(super) fn len(&self) -> usize {
        match self {
            Items::Packed(listpack) => listpack.len(),
            Items::Tree(tree) => tree.leaves.len(),
        }
    }

    /// The bytes that all items take in a listpack.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Items::Packed(listpack) => listpack.end() - Listpack::START,
            Items::Tree(tree) => tree.bytes,
        }
    }

    pub(super) fn get(&self, index: usize) -> Option<ListpackEntry<'_>> {
        match self {
            Items::Packed(listpack) => listpack.at(index),
            Items::Tree(tree) => tree.leaves.get(index),
        }
    }

    /// The items of a range that there is, from both ends.
    pub(super) fn range(
        &self,
        range: Range<usize>,
    ) -> impl DoubleEndedIterator<Item = ListpackEntry<'_>> + ExactSizeIterator + Clone {
        match self {
            Items::Packed(listpack) => Either::Left(listpack.range(range)),
            Items::Tree(tree) => Either::Right(tree.leaves.range(range)),
        }
    }

    /// How many items at the beginning, and at the end behind them, stand in the very same memory in `other`.
    pub(super) fn shared(&self, other: &Items) -> (usize, usize) {
        match (self, other) {
            (Items::Tree(ours), Items::Tree(theirs)) => ours.leaves.shared(&theirs.leaves),
            _ => (0, 0),
        }
    }

    /// Puts an item at `index`; those from there on move up.
    pub(super) fn insert(&mut self, index: usize, item: Bytes) {
        match self {
            Items::Packed(listpack) if listpack.end() + Listpack::cost(&item) <= Listpack::ROOM => {
                Leaf::insert(listpack, index, item);
            }
            _ => self.tree().insert(index, item),
        }
    }

    /// Takes the item at `index` out; those behind it move down.
    pub(super) fn remove(&mut self, index: usize) -> Bytes {
        match self {
            Items::Packed(listpack) => Leaf::remove(listpack, index),
            Items::Tree(tree) => tree.remove(index),
        }
    }

    /// Keeps the items of `range` only.
    pub(super) fn keep(&mut self, range: Range<usize>) {
        match self {
            Items::Packed(listpack) => {
                drop(Leaf::split_off(listpack, range.end));
                *listpack = Leaf::split_off(listpack, range.start);
            }
            Items::Tree(tree) => tree.keep(range),
        }
    }

    /// Keeps the items in a tree, and gives it.
    fn tree(&mut self) -> &mut Tree {
        if let Items::Packed(listpack) = self {
            let bytes = listpack.end() - Listpack::START;
            let leaves = std::mem::take(listpack).into();
            *self = Items::Tree(Box::new(Tree { leaves, bytes }));
        }
        match self {
            Items::Tree(tree) => tree,
            Items::Packed(_) => unreachable!("it has just become a tree"),
        }
    }
}

impl Tree {
    fn insert(&mut self, index: usize, item: Bytes) {
        self.bytes += listpack_size(&item);
        self.leaves.insert(index, item);
    }

    fn remove(&mut self, index: usize) -> Bytes {
        let item = self.leaves.remove(index);
        self.bytes -= listpack_size(&item);
        item
    }

    fn keep(&mut self, range: Range<usize>) {
        let size = |range| -> usize { self.leaves.range(range).map(ListpackEntry::size).sum() };
        // Whatever is less is looked at: a list that is trimmed after each push must not be summed up each time.
        self.bytes = if range.len() < self.leaves.len() / 2 {
            size(range.clone())
        } else {
            self.bytes - size(0..range.start) - size(range.end..self.leaves.len())
        };
        self.leaves.keep(range);
    }
}
