//! [`Table`]: the members of a sorted set of any size.

use std::cmp::Ordering;
use std::ops::Range;

use crate::bytes::Bytes;
use crate::value::Element;
use crate::value::Map;
use crate::value::Sequence;

/// Members by name, and once more by rank.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    scores: Map<f64>,
    order: Sequence<Vec<Entry>>,
    /// Whether the encoding is a skiplist.
    pub(super) is_skiplist: bool,
}

#[derive(Clone, Debug)]
struct Entry {
    score: f64,
    member: Bytes,
}

impl Entry {
    /// Whether the entry has a smaller rank than `member` with `score` has.
    fn is_before(&self, score: f64, member: &[u8]) -> bool {
        match self.score.partial_cmp(&score) {
            Some(Ordering::Less) => true,
            Some(Ordering::Equal) => *self.member < *member,
            Some(Ordering::Greater) | None => false,
        }
    }
}

impl Table {
    pub(super) fn len(&self) -> usize {
        self.scores.len()
    }

    pub(super) fn score(&self, member: &[u8]) -> Option<f64> {
        self.scores.get(member).copied()
    }

    /// The members of which `other` does not have the very same memory.
    pub(super) fn unshared<'a>(&'a self, other: &'a Table) -> impl Iterator<Item = &'a Bytes> {
        let scores = self.scores.unshared(&other.scores);
        scores.map(|(member, _)| member)
    }

    /// The member at a position of the state, which is not its rank.
    pub(super) fn get_index(&self, index: usize) -> Option<(Element<'_>, f64)> {
        let (member, score) = self.scores.get_index(index)?;
        Some((member.into(), *score))
    }

    pub(super) fn rank(&self, member: &[u8]) -> Option<usize> {
        Some(self.place(member, self.score(member)?))
    }

    /// How many members have a smaller score, or an equal one and smaller bytes.
    fn place(&self, member: &[u8], score: f64) -> usize {
        self.order
            .partition_point(|entry| entry.is_before(score, member))
    }

    /// The members of a range of ranks with their scores, from both ends.
    pub(super) fn range(
        &self,
        ranks: Range<usize>,
    ) -> impl DoubleEndedIterator<Item = (Element<'_>, f64)> + ExactSizeIterator + Clone {
        let entries = self.order.range(ranks);
        entries.map(|entry| ((&entry.member).into(), entry.score))
    }

    /// The first rank for which `below` is false.
    pub(super) fn first_rank(&self, mut below: impl FnMut(f64, &[u8]) -> bool) -> usize {
        self.order
            .partition_point(|entry| below(entry.score, &entry.member))
    }

    /// Sets the score of `member`, which has another or none.
    pub(super) fn insert(&mut self, member: &[u8], score: f64) {
        self.remove_from_order(member);
        let rank = self.place(member, score);
        let member = self
            .scores
            .get_key_value(member)
            .map_or_else(|| Bytes::from(member), |(key, _)| key.clone());
        self.order.insert(
            rank,
            Entry {
                score,
                member: member.clone(),
            },
        );
        self.scores.insert(member, score);
    }

    /// Removes `member`; the score that it had.
    pub(super) fn remove(&mut self, member: &[u8]) -> Option<f64> {
        self.remove_from_order(member)?;
        self.scores.remove(member).map(|(_, score)| score)
    }

    /// Removes the member of a rank that there is.
    pub(super) fn remove_rank(&mut self, rank: usize) -> (Bytes, f64) {
        let Entry { score, member } = self.order.remove(rank);
        self.scores.remove(&member);
        (member, score)
    }

    /// Takes `member` out of the order only; its score.
    fn remove_from_order(&mut self, member: &[u8]) -> Option<f64> {
        let rank = self.rank(member)?;
        Some(self.order.remove(rank).score)
    }
}

impl<'a> FromIterator<(Element<'a>, f64)> for Table {
    /// The table of members that come in their order.
    fn from_iter<I: IntoIterator<Item = (Element<'a>, f64)>>(members: I) -> Table {
        let mut table = Table::default();
        for (member, score) in members {
            let member = Bytes::from(member);
            table.scores.insert(member.clone(), score);
            table.order.push_back(Entry { score, member });
        }
        table
    }
}
