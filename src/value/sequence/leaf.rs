//! [`Leaf`]: what a sequence's items stand in.

use std::fmt::Debug;
use std::ops::Range;

use super::WIDTH;

/// Up to this many, a vector has room for no more than it holds: small sequences are many.
const SMALL: usize = 8;

/// What keeps neighbouring items: a vector, or something tighter.
pub trait Leaf: Clone + Debug + Default {
    /// An item on its way in or out.
    type Item: Clone;
    /// An item where it is.
    type Ref<'a>
    where
        Self: 'a;
    /// Items of a leaf, from both ends.
    type Iter<'a>: DoubleEndedIterator<Item = Self::Ref<'a>> + Clone
    where
        Self: 'a;
    /// What a search needs to know of the last item.
    type Last: Clone + Debug + Default;

    /// How large a leaf may grow, unless it has one item only.
    const ROOM: usize;

    /// What `item` takes of the room, at most.
    fn cost(item: &Self::Item) -> usize;
    /// What all items take of the room.
    fn size(&self) -> usize;
    /// The number of items.
    fn len(&self) -> usize;
    /// Of the last item, if there is one.
    fn last(&self) -> Self::Last;
    /// The items of a range.
    fn range(&self, range: Range<usize>) -> Self::Iter<'_>;
    /// Puts an item at `index`.
    fn insert(&mut self, index: usize, item: Self::Item);
    /// Takes the item at `index` out.
    fn remove(&mut self, index: usize) -> Self::Item;
    /// Takes the items from `index` on out.
    fn split_off(&mut self, index: usize) -> Self;
    /// Takes over what its right neighbour holds.
    fn append(&mut self, right: Self);
    /// A copy of an item.
    fn own(item: Self::Ref<'_>) -> Self::Item;
}

impl<T: Clone + Debug> Leaf for Vec<T> {
    type Item = T;
    type Ref<'a>
        = &'a T
    where
        T: 'a;
    type Iter<'a>
        = std::slice::Iter<'a, T>
    where
        T: 'a;
    type Last = Option<T>;

    const ROOM: usize = WIDTH;

    fn cost(_: &T) -> usize {
        1
    }

    fn size(&self) -> usize {
        self.len()
    }

    fn len(&self) -> usize {
        self.len()
    }

    fn last(&self) -> Option<T> {
        self.as_slice().last().cloned()
    }

    fn range(&self, range: Range<usize>) -> std::slice::Iter<'_, T> {
        self[range].iter()
    }

    fn insert(&mut self, index: usize, item: T) {
        if self.len() < SMALL {
            self.reserve_exact(1);
        }
        self.insert(index, item);
    }

    fn remove(&mut self, index: usize) -> T {
        self.remove(index)
    }

    fn split_off(&mut self, index: usize) -> Vec<T> {
        self.split_off(index)
    }

    fn append(&mut self, right: Vec<T>) {
        self.extend(right);
    }

    fn own(item: &T) -> T {
        item.clone()
    }
}
