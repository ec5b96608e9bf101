//! [`Map`]: the one map of this crate, from byte strings to values, in an order that is part of the state.
//!
//! Keyspaces, hashes and sets are all this map. Its rules:
//!
//! - **Order.** Entries keep insertion order; a removal moves the last entry into the gap, or closes the gap
//!   where it is asked to. Nothing observable depends on a hash, and the entry at an index is found in O(1).
//! - **Copy on write.** Entries and table live in small pieces behind reference counts, so that `clone` costs one
//!   count per thousand entries and a later write copies only the pieces it touches.
//!
//! It must not know what its values mean.

mod table;
mod touch;
mod vector;

use std::hash::BuildHasher;
use std::hash::Hasher;
use std::hint::black_box;
use std::ops::BitXor;

use foldhash::fast::FixedState;
use smallvec::SmallVec;

use crate::bytes::Bytes;
use table::Table;
pub use touch::Touch;
use vector::CowVec;

/// Up to this many entries are found by looking at each; the table starts beyond.
const SMALL: usize = 8;
/// From so many entries on they outgrow a processor's nearer caches.
const WARM: usize = 8192;
/// Positions that the map itself computes are there.
const WITHIN: &str = "a position below the length";

/// An insertion-ordered, copy-on-write map from byte strings to `V`.
#[derive(Clone, Debug)]
pub struct Map<V> {
    entries: CowVec<(Bytes, V)>,
    /// Empty while the map is small.
    table: Table,
}

impl<V> Default for Map<V> {
    fn default() -> Self {
        Map::new()
    }
}

impl<V> Map<V> {
    /// An empty map.
    pub const fn new() -> Map<V> {
        Map {
            entries: CowVec::new(),
            table: Table::new(),
        }
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.entries.len() == 0
    }

    /// The entry at a position in the order.
    pub fn get_index(&self, index: usize) -> Option<(&Bytes, &V)> {
        self.entries.get(index).map(|(key, value)| (key, value))
    }

    /// The position of `key` in the order.
    #[inline]
    pub fn index_of(&self, key: &[u8]) -> Option<usize> {
        if self.table.is_empty() {
            let mut few = self.entries.few().iter();
            return few.position(|(other, _)| **other == *key);
        }
        let is_it = |index: u32| *self.at(index as usize).0 == *key;
        let index = self.table.find(hash(key), is_it)?;
        Some(index as usize)
    }

    /// Whether `key` is there.
    pub fn contains_key(&self, key: &[u8]) -> bool {
        self.index_of(key).is_some()
    }

    /// The value of `key`.
    pub fn get(&self, key: &[u8]) -> Option<&V> {
        self.index_of(key).map(|index| &self.at(index).1)
    }

    /// The entry of `key`: the key as stored, and its value.
    pub fn get_key_value(&self, key: &[u8]) -> Option<(&Bytes, &V)> {
        self.index_of(key).and_then(|index| self.get_index(index))
    }

    /// The entries in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Bytes, &V)> + Clone {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// The entries of which `other` does not have the very same memory, in order. An entry that `other` lacks, or has with
    /// another value, is among them; and so are some of its neighbours. Of a clone that was changed little that is next
    /// to nothing, and found without a look at the others.
    pub fn unshared<'a>(&'a self, other: &'a Map<V>) -> impl Iterator<Item = (&'a Bytes, &'a V)> {
        let entries = self.entries.unshared(&other.entries);
        entries.map(|(key, value)| (key, value))
    }

    /// The keys in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Bytes> + Clone {
        self.iter().map(|(key, _)| key)
    }

    /// The values in order.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + Clone {
        self.iter().map(|(_, value)| value)
    }

    /// Removes every entry.
    pub fn clear(&mut self) {
        *self = Map::new();
    }

    /// Bytes that the map itself takes beside its keys' and values' own allocations.
    pub fn heap_size(&self) -> usize {
        self.entries.capacity() * size_of::<(Bytes, V)>() + self.table.heap_size()
    }

    fn at(&self, index: usize) -> &(Bytes, V) {
        self.entries.get(index).expect(WITHIN)
    }
}

impl<V: Touch> Map<V> {
    /// Reads what look-ups of these keys are about to read, one level for all of them after the other, so that the
    /// processor waits for their memory at the same time. Small maps are in its caches.
    pub fn warm<'k>(&self, keys: impl Iterator<Item = &'k [u8]>) {
        if self.len() < WARM {
            return;
        }
        let hashes: SmallVec<[u64; 32]> = keys.map(hash).collect();
        let buckets = hashes.iter().map(|hash| self.table.touch(*hash));
        black_box(buckets.fold(0, BitXor::bitxor));
        let position = |hash: &u64| self.table.find(*hash, |_| true);
        let positions = hashes.iter().filter_map(position);
        let entries: SmallVec<[_; 32]> = positions.map(|index| self.at(index as usize)).collect();
        let keys = entries.iter().map(|(key, _)| key.len());
        black_box(keys.fold(0, BitXor::bitxor));
        let values = entries.iter().map(|(_, value)| value.touch());
        black_box(values.fold(0, BitXor::bitxor));
    }

    /// The value of `key`, to change.
    pub fn get_mut(&mut self, key: &[u8]) -> Option<&mut V> {
        let index = self.index_of(key)?;
        Some(self.value_mut(index))
    }

    /// Sets `key` to `value`; the value before, where there was one. A new key comes last.
    pub fn insert(&mut self, key: impl Into<Bytes> + AsRef<[u8]>, value: V) -> Option<V> {
        match self.index_of(key.as_ref()) {
            Some(index) => Some(std::mem::replace(self.value_mut(index), value)),
            None => {
                self.push(key.into(), value);
                None
            }
        }
    }

    /// The value of `key`, set to `default()` first where there is none.
    pub fn get_or_insert_with(&mut self, key: &[u8], default: impl FnOnce() -> V) -> &mut V {
        let index = self.index_of(key).unwrap_or_else(|| {
            self.push(Bytes::from(key), default());
            self.len() - 1
        });
        self.value_mut(index)
    }

    /// Removes `key`; the last entry takes its place in the order.
    pub fn remove(&mut self, key: &[u8]) -> Option<(Bytes, V)> {
        self.index_of(key).map(|index| self.remove_index(index))
    }

    /// Removes the entry at a position; the last entry takes its place in the order.
    ///
    /// # Panics
    ///
    /// When `index` is not below the length.
    pub fn remove_index(&mut self, index: usize) -> (Bytes, V) {
        assert!(index < self.len(), "no entry {index} among {}", self.len());
        let last = self.len() - 1;
        if !self.table.is_empty() {
            let moved = hash(&self.at(last).0);
            self.table.remove(hash(&self.at(index).0), index as u32);
            if index != last {
                self.table.replace(moved, last as u32, index as u32);
            }
        }
        let mut entry = self.entries.pop().expect(WITHIN);
        if let Some(gap) = self.entries.get_mut(index) {
            std::mem::swap(gap, &mut entry);
        }
        entry
    }

    /// Removes `key`; the entries behind it move up. For small maps, where the order is worth the time.
    pub fn shift_remove(&mut self, key: &[u8]) -> Option<(Bytes, V)> {
        let index = self.index_of(key)?;
        if index == self.len() - 1 {
            return Some(self.remove_index(index));
        }
        for at in index..self.len() - 1 {
            self.entries.swap(at, at + 1);
        }
        let entry = self.entries.pop().expect(WITHIN);
        if !self.table.is_empty() {
            let gap = index as u32;
            self.table.remove(hash(&entry.0), gap);
            self.table
                .each_mut(|index| *index -= u32::from(*index > gap));
        }
        Some(entry)
    }

    /// Moves an entry to another position; those between make room. For small maps, too.
    ///
    /// # Panics
    ///
    /// When there is no entry at one of the positions.
    pub fn shift(&mut self, from: usize, to: usize) {
        for at in from..to {
            self.entries.swap(at, at + 1);
        }
        for at in (to..from).rev() {
            self.entries.swap(at, at + 1);
        }
        let shifted = |index: usize| match index {
            _ if index == from => to,
            _ if from < index && index <= to => index - 1,
            _ if to <= index && index < from => index + 1,
            _ => index,
        };
        if from != to {
            self.table
                .each_mut(|index| *index = shifted(*index as usize) as u32);
        }
    }

    /// Changes every value.
    pub fn each_value_mut(&mut self, mut change: impl FnMut(&mut V)) {
        (0..self.len()).for_each(|index| change(self.value_mut(index)));
    }

    fn value_mut(&mut self, index: usize) -> &mut V {
        &mut self.entries.get_mut(index).expect(WITHIN).1
    }

    /// Appends an entry whose key is not there yet.
    fn push(&mut self, key: Bytes, value: V) {
        self.entries.push((key, value));
        if !self.table.is_empty() {
            self.note(self.len() - 1);
        } else if self.len() > SMALL {
            (0..self.len()).for_each(|index| self.note(index));
        }
    }

    /// Notes in the table where the entry at `index` is.
    fn note(&mut self, index: usize) {
        let index = u32::try_from(index).expect("below 2^32 keys");
        let hash_of = |at: u32| hash(&self.entries.get(at as usize).expect(WITHIN).0);
        self.table.insert(hash_of(index), index, hash_of);
    }
}

impl<V: PartialEq> PartialEq for Map<V> {
    /// Equal entries in the same order.
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<K: Into<Bytes> + AsRef<[u8]>, V: Touch> FromIterator<(K, V)> for Map<V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut map = Map::new();
        for (key, value) in entries {
            map.insert(key, value);
        }
        map
    }
}

/// A hash with a fixed seed.
#[inline]
fn hash(key: &[u8]) -> u64 {
    let mut hasher = FixedState::with_seed(0).build_hasher();
    hasher.write(key);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_clone_shares_until_either_side_writes() {
        let mut map: Map<u32> = (0..1000u32)
            .map(|i| (i.to_string().into_bytes(), i))
            .collect();
        let before = map.clone();
        map.insert(b"7".as_slice(), 70);
        map.remove(b"999");
        assert_eq!(before.get(b"7"), Some(&7));
        assert_eq!(before.len(), 1000);
        assert_eq!(
            (map.get(b"7"), map.get(b"999"), map.len()),
            (Some(&70), None, 999)
        );
    }

    impl Touch for u8 {}
    impl Touch for u32 {}
    impl Touch for usize {}

    /// Adds its number to what was touched.
    #[derive(Clone)]
    struct Touched<'a>(&'a Cell<usize>, usize);

    impl Touch for Touched<'_> {
        fn touch(&self) -> u8 {
            self.0.update(|sum| sum + self.1);
            0
        }
    }

    #[test]
    fn the_values_of_a_large_map_are_warmed() {
        let (sum, mut map) = (Cell::new(0), Map::new());
        let keys = || [b"7".as_slice(), b"none", b"8000"].into_iter();
        for number in 0..WARM {
            map.warm(keys());
            assert_eq!(sum.get(), 0, "there are {number}");
            map.insert(number.to_string().as_bytes(), Touched(&sum, number));
        }
        map.warm(keys());
        assert_eq!(sum.get(), 8007);
    }

    #[test]
    fn what_a_write_copies_is_touched_first() {
        let sum = Cell::new(0);
        let entries =
            (0..100).map(|number| (number.to_string().into_bytes(), Touched(&sum, number)));
        let mut map: Map<Touched> = entries.collect();
        assert_eq!(sum.get(), 0, "nobody shared it");
        let _before = map.clone();
        for _ in 0..2 {
            map.get_mut(b"40");
            assert_eq!(sum.get(), (32..64).sum::<usize>());
        }
    }

    proptest! {
        /// Whatever differs is told on both sides; of a large map that was changed little, most is not.
        #[test]
        fn a_changed_clone_tells_where_it_differs(len in 0usize..5000, ops in prop::collection::vec((0u8..3, 0u16..6000), 0..8)) {
            let before: Map<usize> = (0..len).map(|i| ((i as u16).to_be_bytes().to_vec(), i)).collect();
            let mut after = before.clone();
            for (kind, key) in &ops {
                match kind {
                    0 => drop(after.remove(&key.to_be_bytes())),
                    _ => drop(after.insert(key.to_be_bytes().as_slice(), usize::MAX)),
                }
            }
            for (one, other) in [(&before, &after), (&after, &before)] {
                let told: Vec<_> = one.unshared(other).collect();
                let differ = |(key, value): &(&Bytes, &usize)| other.get(key) != Some(*value);
                prop_assert!(one.iter().filter(differ).all(|entry| told.contains(&entry)));
                prop_assert!(told.iter().all(|(key, value)| one.get(key) == Some(*value)));
                prop_assert!(told.len() <= (2 * ops.len() + 1) * 32, "{} of {len}", told.len());
            }
        }

        /// A plain vector is the model; sizes cross every border.
        #[test]
        fn behaves_like_a_vector_of_pairs(ops in prop::collection::vec((0u8..10, 0u16..3000), 1..6000)) {
            let mut map = Map::new();
            let mut model: Vec<(u16, usize)> = Vec::new();
            for (step, (kind, key)) in ops.into_iter().enumerate() {
                let bytes = key.to_be_bytes();
                let at = model.iter().position(|&(other, _)| other == key);
                prop_assert_eq!(map.index_of(&bytes), at);
                if kind < 7 {
                    let before = map.insert(bytes.as_slice(), step);
                    match at {
                        Some(at) => prop_assert_eq!(before, Some(std::mem::replace(&mut model[at].1, step))),
                        None => model.push((key, step)),
                    }
                } else {
                    let removed = map.remove(&bytes).map(|(_, value)| value);
                    prop_assert_eq!(removed, at.map(|at| model.swap_remove(at).1));
                }
            }
            let entries: Vec<_> = map.iter().map(|(key, &value)| (key.to_vec(), value)).collect();
            let expected: Vec<_> = model.iter().map(|&(key, value)| (key.to_be_bytes().to_vec(), value)).collect();
            prop_assert_eq!(entries, expected);
        }

        /// Sizes cross the borders of the table and of a segment.
        #[test]
        fn an_entry_moves_and_is_found(len in 1u8..=255, moves in prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index)>(), 1..20)) {
            let mut model: Vec<u8> = (0..len).collect();
            let mut map: Map<u8> = model.iter().map(|&i| (Bytes::from(&[i]), i)).collect();
            for (from, to) in moves {
                let (from, to) = (from.index(model.len()), to.index(model.len()));
                map.shift(from, to);
                let key = model.remove(from);
                model.insert(to, key);
                prop_assert!(map.values().eq(&model));
                for (at, key) in model.iter().enumerate() {
                    prop_assert_eq!(map.index_of(&[*key]), Some(at));
                }
            }
        }

        /// Sizes cross the borders of the table and of a segment.
        #[test]
        fn a_shift_closes_the_gap(len in 1u8..=255, removed in prop::collection::vec(any::<u8>(), 1..60)) {
            let mut model: Vec<u8> = (0..len).collect();
            let mut map: Map<u8> = model.iter().map(|&i| (Bytes::from(&[i]), i)).collect();
            for key in removed {
                let at = model.iter().position(|&other| other == key);
                let value = map.shift_remove(&[key]).map(|(_, value)| value);
                prop_assert_eq!(value, at.map(|at| model.remove(at)));
                prop_assert!(map.values().eq(&model));
                for (at, key) in model.iter().enumerate() {
                    prop_assert_eq!(map.index_of(&[*key]), Some(at));
                }
            }
        }
    }
}
