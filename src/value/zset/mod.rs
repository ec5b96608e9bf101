//! [`ZSet`]: distinct byte strings with scores, in the order of their scores.

mod packed;
mod table;

use std::ops::Range;

use either::Either;

use super::Element;
use super::Limits;
use super::PackLimits;
use crate::bytes::Bytes;
use packed::Packed;
use table::Table;

/// Up to this size a sorted set is packed: its members are in the order of their scores, and no zero is negative. That
/// is state, and so the size is Redis's default and never the configured one, which the encoding follows.
const SMALL: PackLimits = PackLimits::new(128, 64);

/// A Redis sorted set. Members with equal scores are in the order of their bytes.
#[derive(Clone, Debug, Default)]
pub struct ZSet {
    members: Members,
}

/// Where the members are, and whether the encoding is a skiplist. What was once a table stays one.
#[derive(Clone, Debug)]
enum Members {
    Packed(Packed),
    Table(Box<Table>),
}

impl Members {
    fn new(is_small: bool) -> Members {
        match is_small {
            true => Members::Packed(Packed::default()),
            false => Members::Table(Box::default()),
        }
    }
}

impl Default for Members {
    fn default() -> Members {
        Members::new(true)
    }
}

impl ZSet {
    /// An empty sorted set.
    pub fn new() -> ZSet {
        ZSet::default()
    }

    /// An empty sorted set, in the encoding that Redis chooses when it is about to add `count` members, the
    /// longest that it knows of `longest` bytes.
    pub fn for_members(count: usize, longest: usize, limits: &PackLimits) -> ZSet {
        let mut zset = ZSet {
            members: Members::new(SMALL.allow(count, longest)),
        };
        zset.set_skiplist(!limits.allow(count, longest));
        zset
    }

    /// Takes the encoding that Redis chooses when it is about to add or update `count` members, whatever is here.
    pub fn expect(&mut self, count: usize, limits: &PackLimits) {
        self.set_skiplist(self.is_skiplist() || count > limits.entries);
        if count > SMALL.entries {
            self.spread();
        }
    }

    /// The number of members.
    pub fn len(&self) -> usize {
        match &self.members {
            Members::Packed(packed) => packed.len(),
            Members::Table(table) => table.len(),
        }
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The score of `member`.
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        match &self.members {
            Members::Packed(packed) => packed.score(member),
            Members::Table(table) => table.score(member),
        }
    }

    /// The member at a position in the order of the state, and its score. In a large set that is not the order of the
    /// scores.
    pub fn get_index(&self, index: usize) -> Option<(Element<'_>, f64)> {
        match &self.members {
            Members::Packed(_) => self.at_rank(index),
            Members::Table(table) => table.get_index(index),
        }
    }

    /// The members with their scores in the order of the state.
    pub fn members(&self) -> impl Iterator<Item = (Element<'_>, f64)> + Clone {
        match &self.members {
            Members::Packed(_) => Either::Left(self.iter()),
            Members::Table(table) => {
                Either::Right((0..self.len()).filter_map(|index| table.get_index(index)))
            }
        }
    }

    /// The members of which `other` does not have the very same memory: all that differ, and some neighbours. Of a small
    /// sorted set, all of them.
    pub fn unshared<'a>(&'a self, other: &'a ZSet) -> impl Iterator<Item = Bytes> + 'a {
        match (&self.members, &other.members) {
            (Members::Table(ours), Members::Table(theirs)) => {
                Either::Left(ours.unshared(theirs).cloned())
            }
            _ => Either::Right(self.iter().map(|(member, _)| member.into())),
        }
    }

    /// How many members have a smaller score, or an equal one and smaller bytes.
    pub fn rank(&self, member: &[u8]) -> Option<usize> {
        match &self.members {
            Members::Packed(packed) => packed.rank(member),
            Members::Table(table) => table.rank(member),
        }
    }

    /// The member of a rank, and its score.
    pub fn at_rank(&self, rank: usize) -> Option<(Element<'_>, f64)> {
        (rank < self.len()).then(|| self.range(rank..rank + 1).next())?
    }

    /// The members of a range of ranks with their scores, from both ends.
    ///
    /// # Panics
    ///
    /// When the range ends behind the set.
    pub fn range(
        &self,
        ranks: Range<usize>,
    ) -> impl DoubleEndedIterator<Item = (Element<'_>, f64)> + ExactSizeIterator + Clone {
        match &self.members {
            Members::Packed(packed) => Either::Left(packed.range(ranks)),
            Members::Table(table) => Either::Right(table.range(ranks)),
        }
    }

    /// All members with their scores in order, from both ends.
    pub fn iter(
        &self,
    ) -> impl DoubleEndedIterator<Item = (Element<'_>, f64)> + ExactSizeIterator + Clone {
        self.range(0..self.len())
    }

    /// The first rank for which `below` is false; it must be true for all before and false for all after.
    pub fn first_rank(&self, mut below: impl FnMut(f64, &[u8]) -> bool) -> usize {
        match &self.members {
            Members::Packed(packed) => {
                let members = packed.range(0..packed.len());
                members
                    .take_while(|(member, score)| below(*score, member))
                    .count()
            }
            Members::Table(table) => table.first_rank(below),
        }
    }

    /// Sets the score of `member`; the score that it had. The encoding follows Redis's own limits.
    ///
    /// # Panics
    ///
    /// When `score` is not a number: Redis never keeps that.
    pub fn insert(&mut self, member: &[u8], score: f64) -> Option<f64> {
        self.add(member, score, &Limits::default().zset)
    }

    /// Sets the score of `member`; the score that it had. The encoding follows these limits.
    ///
    /// # Panics
    ///
    /// When `score` is not a number.
    pub fn add(&mut self, member: &[u8], score: f64, limits: &PackLimits) -> Option<f64> {
        let before = self.score(member);
        self.put(member, before, score, limits);
        before
    }

    /// Sets the score of `member`, of which the caller knows that it is `before` now. The encoding follows these
    /// limits.
    ///
    /// # Panics
    ///
    /// When `score` is not a number.
    pub fn put(&mut self, member: &[u8], before: Option<f64>, score: f64, limits: &PackLimits) {
        assert!(!score.is_nan(), "a score is a number");
        if before == Some(score) {
            return;
        }
        if before.is_none() {
            let fits = limits.allow(self.len() + 1, member.len());
            self.set_skiplist(self.is_skiplist() || !fits);
            if !SMALL.allow(self.len() + 1, member.len()) {
                self.spread();
            }
        }
        match &mut self.members {
            Members::Packed(packed) => {
                before.and_then(|_| packed.remove(member));
                packed.insert(member, score);
            }
            Members::Table(table) => table.insert(member, score),
        }
    }

    /// Removes `member`; the score that it had.
    pub fn remove(&mut self, member: &[u8]) -> Option<f64> {
        match &mut self.members {
            Members::Packed(packed) => packed.remove(member),
            Members::Table(table) => table.remove(member),
        }
    }

    /// Removes the member of a rank.
    ///
    /// # Panics
    ///
    /// When there are not more than `rank` members.
    pub fn remove_rank(&mut self, rank: usize) -> (Bytes, f64) {
        assert!(rank < self.len(), "{rank} of {}", self.len());
        match &mut self.members {
            Members::Packed(packed) => packed.remove_rank(rank),
            Members::Table(table) => table.remove_rank(rank),
        }
    }

    /// Keeps the members in a table, in the same order.
    fn spread(&mut self) {
        if let Members::Packed(_) = self.members {
            let skiplist = self.is_skiplist();
            self.members = Members::Table(Box::new(self.iter().collect()));
            self.set_skiplist(skiplist);
        }
    }

    /// Whether the members are in the order of their scores, and their zeros without a sign.
    pub(super) fn is_packed(&self) -> bool {
        matches!(self.members, Members::Packed(_))
    }

    /// What `OBJECT ENCODING` answers.
    pub fn encoding(&self) -> &'static str {
        if self.is_skiplist() {
            "skiplist"
        } else {
            "listpack"
        }
    }

    /// Whether the encoding is a skiplist.
    pub fn is_skiplist(&self) -> bool {
        match &self.members {
            Members::Packed(packed) => packed.is_skiplist(),
            Members::Table(table) => table.is_skiplist,
        }
    }

    fn set_skiplist(&mut self, is_skiplist: bool) {
        match &mut self.members {
            Members::Packed(packed) => packed.set_skiplist(is_skiplist),
            Members::Table(table) => table.is_skiplist = is_skiplist,
        }
    }

    /// Makes the encoding a skiplist, and keeps the members in a table.
    pub(super) fn make_skiplist(&mut self) {
        self.spread();
        self.set_skiplist(true);
    }

    /// Takes the encoding that Redis chooses for a sorted set that it loads.
    pub(super) fn reload(&mut self, limits: &PackLimits) {
        // What is packed is not looked into.
        let members = self.iter().filter(|_| self.is_skiplist());
        let longest = members.map(|(member, _)| member.len()).max();
        self.fit(longest.unwrap_or(0), limits);
    }

    /// Makes the encoding a skiplist unless a listpack may have so many members of so many bytes.
    pub fn fit(&mut self, longest: usize, limits: &PackLimits) {
        self.set_skiplist(!limits.allow(self.len(), longest));
    }
}

impl PartialEq for ZSet {
    /// Equal members with equal scores in the same order of the state, whatever the encoding.
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.members().eq(other.members())
    }
}

impl<M: AsRef<[u8]>> FromIterator<(M, f64)> for ZSet {
    fn from_iter<I: IntoIterator<Item = (M, f64)>>(members: I) -> ZSet {
        let mut zset = ZSet::new();
        for (member, score) in members {
            zset.insert(member.as_ref(), score);
        }
        zset
    }
}

#[cfg(test)]
mod tests;
