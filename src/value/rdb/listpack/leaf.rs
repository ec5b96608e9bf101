//! Listpacks as the leaves of a sequence: entries are put in and taken out at any position.

use std::ops::Range;

use super::Entry;
use super::Listpack;
use super::entry;
use crate::bytes::Bytes;
use crate::value::sequence::Leaf;

impl Leaf for Listpack {
    type Item = Bytes;
    type Ref<'a> = Entry<'a>;
    type Iter<'a> = Entries<'a>;
    type Last = ();

    /// Small enough to walk to any entry.
    const ROOM: usize = 1024;

    fn cost(item: &Bytes) -> usize {
        item.len() + entry::FRAME
    }

    fn size(&self) -> usize {
        self.end()
    }

    fn len(&self) -> usize {
        self.len()
    }

    fn last(&self) {}

    fn range(&self, range: Range<usize>) -> Entries<'_> {
        Entries {
            listpack: self,
            start: self.place(range.start),
            end: self.place(range.end),
            len: range.len(),
        }
    }

    fn insert(&mut self, index: usize, item: Bytes) {
        let at = self.place(index);
        self.splice(at..at, 0, &[Entry::from(&*item)]);
    }

    fn remove(&mut self, index: usize) -> Bytes {
        let at = self.place(index);
        let (entry, end) = self.get(at).expect("an entry to remove");
        let item = entry.into();
        self.splice(at..end, 1, &[]);
        item
    }

    fn split_off(&mut self, index: usize) -> Listpack {
        let (at, end, len) = (self.place(index), self.end(), self.len());
        let right = Listpack::of(len - index, &self.bytes[at..end]);
        self.splice(at..end, len - index, &[]);
        self.shrink();
        right
    }

    fn append(&mut self, right: Listpack) {
        let at = self.end();
        self.make_gap(at..at, right.entries().len());
        self.bytes[at..at + right.entries().len()].copy_from_slice(right.entries());
        self.set_len(self.len() + right.len());
    }

    fn own(entry: Entry<'_>) -> Bytes {
        entry.into()
    }
}

impl Listpack {
    /// The entry at `index`.
    pub(in crate::value) fn at(&self, index: usize) -> Option<Entry<'_>> {
        self.get(self.place(index)).map(|(entry, _)| entry)
    }

    /// Where the entry at `index` begins, or would begin.
    pub(in crate::value) fn place(&self, index: usize) -> usize {
        let len = self.len();
        if index <= len / 2 {
            (0..index).fold(Listpack::START, |at, _| self.next(at))
        } else {
            (index..len).fold(self.end(), |end, _| self.before(end))
        }
    }
}

/// Entries in order, from both ends.
#[derive(Clone, Debug)]
pub(in crate::value) struct Entries<'a> {
    listpack: &'a Listpack,
    /// Where the first one begins that is still to come, and where the last one ends.
    start: usize,
    end: usize,
    /// How many are still to come.
    len: usize,
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        self.len = self.len.checked_sub(1)?;
        let (entry, next) = self.listpack.get(self.start)?;
        self.start = next;
        Some(entry)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len, Some(self.len))
    }
}

impl<'a> DoubleEndedIterator for Entries<'a> {
    fn next_back(&mut self) -> Option<Entry<'a>> {
        self.len = self.len.checked_sub(1)?;
        self.end = self.listpack.before(self.end);
        let (entry, _) = self.listpack.get(self.end)?;
        Some(entry)
    }
}

impl ExactSizeIterator for Entries<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(listpack: &Listpack) -> Vec<Bytes> {
        listpack.range(0..listpack.len()).map(Bytes::from).collect()
    }

    proptest! {
        #[test]
        fn behaves_like_a_vector(
            ops in prop::collection::vec((0u8..5, any::<prop::sample::Index>(), "-?[0-9]{0,20}|[a-z]{0,90}|z{5000}"), 0..60),
        ) {
            let (mut listpack, mut model) = (Listpack::new(), Vec::new());
            for (op, at, text) in ops {
                let item = Bytes::from(text);
                let at = at.index(model.len() + 1);
                match op {
                    0 if at < model.len() => prop_assert_eq!(Leaf::remove(&mut listpack, at), model.remove(at)),
                    1 => {
                        let right = Leaf::split_off(&mut listpack, at);
                        prop_assert_eq!(texts(&right), model[at..].to_vec());
                        Leaf::append(&mut listpack, right);
                    }
                    _ => {
                        Leaf::insert(&mut listpack, at, item.clone());
                        model.insert(at, item);
                    }
                }
                prop_assert_eq!(texts(&listpack), model.clone());
                let back: Vec<_> = listpack.range(0..at.min(model.len())).rev().map(Bytes::from).collect();
                prop_assert!(back.iter().eq(model[..at.min(model.len())].iter().rev()));
            }
            let mut same = Listpack::new();
            model.iter().for_each(|item| same.push(item));
            prop_assert_eq!(listpack, same);
        }
    }
}
