//! [`Pairs`]: a listpack read as fields with values, or members with scores.

use std::ops::Range;

use super::Entry;
use super::Listpack;
use super::leaf::Entries;
use crate::value::sequence::Leaf;

/// Pairs of neighbouring entries in order, from both ends.
#[derive(Clone, Debug)]
pub(in crate::value) struct Pairs<'a>(Entries<'a>);

impl Listpack {
    /// A range of its pairs.
    pub(in crate::value) fn pairs(&self, range: Range<usize>) -> Pairs<'_> {
        Pairs(self.range(2 * range.start..2 * range.end))
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (Entry<'a>, Entry<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        Some((self.0.next()?, self.0.next()?))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = self.0.len() / 2;
        (len, Some(len))
    }
}

impl DoubleEndedIterator for Pairs<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let second = self.0.next_back()?;
        Some((self.0.next_back()?, second))
    }
}

impl ExactSizeIterator for Pairs<'_> {}
