//! [`Pairs`]: a listpack read as fields with values, or members with scores.

use std::ops::Range;

use super::Entry;
use super::Listpack;
use super::leaf::Entries;
use crate::value::sequence::Leaf;

/// Pairs of neighbouring entries in order, from both ends.
#[derive(Clone, Debug)]
pub(in crate::value) struct Pairs<'a> {
    entries: Entries<'a>,
    len: usize,
}

impl Listpack {
    /// A range of its pairs.
    pub(in crate::value) fn pairs(&self, range: Range<usize>) -> Pairs<'_> {
        Pairs {
            len: range.len(),
            entries: self.range(2 * range.start..2 * range.end),
        }
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (Entry<'a>, Entry<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let pair = (self.entries.next()?, self.entries.next()?);
        self.len -= 1;
        Some(pair)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len, Some(self.len))
    }
}

impl DoubleEndedIterator for Pairs<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let second = self.entries.next_back()?;
        self.len -= 1;
        Some((self.entries.next_back()?, second))
    }
}

impl ExactSizeIterator for Pairs<'_> {}
