//! [`ZSet`]: distinct byte strings with scores, in the order of their scores.

use std::cmp::Ordering;
use std::ops::Range;

use super::Limits;
use super::Map;
use super::PackLimits;
use super::Sequence;
use crate::bytes::Bytes;

/// Up to this size there is no negative zero, as in Redis's listpacks.
const UNSIGNED: PackLimits = PackLimits::new(128, 64);

/// A Redis sorted set. Members with equal scores are in the order of their bytes.
#[derive(Clone, Debug, Default)]
pub struct ZSet {
    scores: Map<f64>,
    /// The same members by rank.
    order: Sequence<Vec<Entry>>,
    /// Whether the set was once too large for a zero to lose its sign. That is state, and so it does not follow
    /// the configured limits, as the encoding does.
    signed: bool,
    /// Whether the encoding is a skiplist.
    skiplist: bool,
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

impl ZSet {
    /// An empty sorted set.
    pub fn new() -> ZSet {
        ZSet::default()
    }

    /// An empty sorted set, in the encoding that Redis chooses when it is about to add `count` members, the
    /// longest that it knows of `longest` bytes.
    pub fn for_members(count: usize, longest: usize, limits: &PackLimits) -> ZSet {
        ZSet {
            signed: !UNSIGNED.allow(count, longest),
            skiplist: !limits.allow(count, longest),
            ..ZSet::default()
        }
    }

    /// Takes the encoding that Redis chooses when it is about to add or update `count` members, whatever is here.
    pub fn expect(&mut self, count: usize, limits: &PackLimits) {
        self.signed |= count > UNSIGNED.entries;
        self.skiplist |= count > limits.entries;
    }

    /// The number of members.
    pub fn len(&self) -> usize {
        self.scores.len()
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.scores.is_empty()
    }

    /// The score of `member`.
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        self.scores.get(member).copied()
    }

    /// The members with their scores in the order of the state, which is not that of the scores: here the
    /// entry at an index is found in O(1).
    pub fn members(&self) -> &Map<f64> {
        &self.scores
    }

    /// How many members have a smaller score, or an equal one and smaller bytes.
    pub fn rank(&self, member: &[u8]) -> Option<usize> {
        let score = self.score(member)?;
        Some(
            self.order
                .partition_point(|entry| entry.is_before(score, member)),
        )
    }

    /// The member of a rank, and its score.
    pub fn at_rank(&self, rank: usize) -> Option<(&Bytes, f64)> {
        self.order
            .get(rank)
            .map(|entry| (&entry.member, entry.score))
    }

    /// The members of a range of ranks with their scores, from both ends.
    ///
    /// # Panics
    ///
    /// When the range ends behind the set.
    pub fn range(
        &self,
        ranks: Range<usize>,
    ) -> impl DoubleEndedIterator<Item = (&Bytes, f64)> + ExactSizeIterator + Clone {
        let entries = self.order.range(ranks);
        entries.map(|entry| (&entry.member, entry.score))
    }

    /// All members with their scores in order, from both ends.
    pub fn iter(
        &self,
    ) -> impl DoubleEndedIterator<Item = (&Bytes, f64)> + ExactSizeIterator + Clone {
        self.range(0..self.len())
    }

    /// The first rank for which `below` is false; it must be true for all before and false for all after.
    pub fn first_rank(&self, mut below: impl FnMut(f64, &[u8]) -> bool) -> usize {
        self.order
            .partition_point(|entry| below(entry.score, &entry.member))
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
        assert!(!score.is_nan(), "a score is a number");
        let before = self.score(member);
        if before == Some(score) {
            return before;
        }
        self.remove_from_order(member);
        if before.is_none() {
            self.signed |= !UNSIGNED.allow(self.len() + 1, member.len());
            self.skiplist |= !limits.allow(self.len() + 1, member.len());
        }
        let score = if self.signed { score } else { score + 0.0 };
        let rank = self
            .order
            .partition_point(|entry| entry.is_before(score, member));
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
        before
    }

    /// Removes `member`; the score that it had.
    pub fn remove(&mut self, member: &[u8]) -> Option<f64> {
        self.remove_from_order(member)?;
        self.scores.remove(member).map(|(_, score)| score)
    }

    /// Removes the member of a rank.
    ///
    /// # Panics
    ///
    /// When there are not more than `rank` members.
    pub fn remove_rank(&mut self, rank: usize) -> (Bytes, f64) {
        let Entry { score, member } = self.order.remove(rank);
        self.scores.remove(&member);
        (member, score)
    }

    /// What `OBJECT ENCODING` answers.
    pub fn encoding(&self) -> &'static str {
        if self.skiplist {
            "skiplist"
        } else {
            "listpack"
        }
    }

    /// Whether the encoding is a skiplist.
    pub fn is_skiplist(&self) -> bool {
        self.skiplist
    }

    /// Makes the encoding a skiplist.
    pub(super) fn make_skiplist(&mut self) {
        self.signed = true;
        self.skiplist = true;
    }

    /// Takes the encoding that Redis chooses for a sorted set that it loads.
    pub(super) fn reload(&mut self, limits: &PackLimits) {
        // What is packed is not looked into.
        let members = self.iter().filter(|_| self.skiplist);
        let longest = members.map(|(member, _)| member.len()).max();
        self.fit(longest.unwrap_or(0), limits);
    }

    /// Makes the encoding a skiplist unless a listpack may have so many members of so many bytes.
    pub fn fit(&mut self, longest: usize, limits: &PackLimits) {
        self.skiplist = !limits.allow(self.len(), longest);
    }

    /// Takes `member` out of the order only; its score.
    fn remove_from_order(&mut self, member: &[u8]) -> Option<f64> {
        let rank = self.rank(member)?;
        Some(self.order.remove(rank).score)
    }
}

impl PartialEq for ZSet {
    /// Equal members with equal scores in the same order of the state, whatever the encoding.
    fn eq(&self, other: &Self) -> bool {
        self.scores == other.scores
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
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const LIMITS: PackLimits = PackLimits::new(128, 64);

    #[test]
    fn the_encoding_changes_where_that_of_redis_does() {
        let many = |count: usize| (0..count).map(|number| (number.to_string(), 1.0));
        let encoding = |zset: ZSet| zset.encoding();
        assert_eq!(encoding(many(128).collect()), "listpack");
        assert_eq!(encoding(many(129).collect()), "skiplist");
        assert_eq!(
            encoding([("y".repeat(64), 1.0)].into_iter().collect()),
            "listpack"
        );
        assert_eq!(
            encoding([("y".repeat(65), 1.0)].into_iter().collect()),
            "skiplist"
        );
        assert_eq!(encoding(ZSet::for_members(129, 0, &LIMITS)), "skiplist");
        let mut few: ZSet = many(2).collect();
        few.expect(128, &LIMITS);
        assert_eq!(few.encoding(), "listpack");
        few.expect(129, &LIMITS);
        assert_eq!(few.encoding(), "skiplist");
        let mut zset: ZSet = many(128).collect();
        zset.insert(b"7", 2.0);
        assert_eq!(zset.encoding(), "listpack", "an update needs no room");
        zset.insert(b"zz", 1.0);
        zset.remove(b"zz");
        assert_eq!(
            zset.encoding(),
            "skiplist",
            "it outlives what made it necessary"
        );
    }

    #[test]
    fn a_listpack_has_no_negative_zero() {
        let mut zset = ZSet::new();
        zset.insert(b"a", -0.0);
        assert!(zset.score(b"a").unwrap().is_sign_positive());
        zset.make_skiplist();
        zset.insert(b"b", -0.0);
        assert!(zset.score(b"b").unwrap().is_sign_negative());
        assert_eq!((zset.rank(b"a"), zset.rank(b"b")), (Some(0), Some(1)));
    }

    fn any_score() -> impl Strategy<Value = f64> {
        prop_oneof![
            (-3i8..4).prop_map(f64::from),
            Just(f64::INFINITY),
            Just(f64::NEG_INFINITY),
            -1e9..1e9
        ]
    }

    /// A key by which integers sort as the doubles do.
    fn sortable(score: f64) -> i64 {
        let bits = (score + 0.0).to_bits() as i64;
        bits ^ ((bits >> 63) as u64 >> 1) as i64
    }

    proptest! {
        #[test]
        fn behaves_like_a_sorted_map(ops in prop::collection::vec((0u8..8, 0u16..300, any_score()), 0..1200)) {
            let (mut zset, mut model) = (ZSet::new(), BTreeMap::new());
            for (kind, member, score) in ops {
                let text = member.to_string().into_bytes();
                if kind < 6 {
                    prop_assert_eq!(zset.insert(&text, score), model.insert(text, score));
                } else if kind == 6 || zset.is_empty() {
                    prop_assert_eq!(zset.remove(&text), model.remove(&text));
                } else {
                    let (member, score) = zset.remove_rank(usize::from(member) % zset.len());
                    prop_assert_eq!(model.remove(&*member), Some(score));
                }
            }
            let mut sorted: Vec<_> = model.into_iter().map(|(member, score)| (sortable(score), member, score)).collect();
            sorted.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
            prop_assert_eq!(zset.len(), sorted.len());
            for (rank, (_, member, score)) in sorted.iter().enumerate() {
                prop_assert_eq!(zset.at_rank(rank).map(|(member, score)| (member.to_vec(), score)), Some((member.clone(), *score)));
                prop_assert_eq!((zset.rank(member), zset.score(member)), (Some(rank), Some(*score)));
            }
            let below = sorted.iter().take_while(|(.., score)| *score < 1.0).count();
            prop_assert_eq!(zset.first_rank(|score, _| score < 1.0), below);
        }
    }
}
