//! [`Packed`]: the members of a small sorted set in one block, each before its score, in the order of their scores.

use std::ops::Range;

use crate::bytes::Bytes;
use crate::value::Element;
use crate::value::ListpackEntry;
use crate::value::rdb::Listpack;

/// A listpack in which a score is an integer where it is whole, so that no zero has a sign, and else the eight bytes of
/// the double: unlike Redis's text, that is compared without being read.
#[derive(Clone, Debug, Default)]
pub(super) struct Packed(Listpack);

impl Packed {
    pub(super) fn len(&self) -> usize {
        self.0.len() / 2
    }

    /// Whether the encoding is a skiplist.
    pub(super) fn is_skiplist(&self) -> bool {
        self.0.mark() != 0
    }

    pub(super) fn set_skiplist(&mut self, is_skiplist: bool) {
        self.0.set_mark(is_skiplist.into());
    }

    /// The rank of `member`, and where it stands.
    fn find(&self, member: &[u8]) -> Option<(usize, usize)> {
        self.0.find(member.into(), 2)
    }

    pub(super) fn score(&self, member: &[u8]) -> Option<f64> {
        let (_, at) = self.find(member)?;
        Some(self.score_at(self.0.next(at)).0)
    }

    pub(super) fn rank(&self, member: &[u8]) -> Option<usize> {
        Some(self.find(member)?.0)
    }

    /// The members of a range of ranks with their scores, from both ends.
    pub(super) fn range(
        &self,
        ranks: Range<usize>,
    ) -> impl DoubleEndedIterator<Item = (Element<'_>, f64)> + ExactSizeIterator + Clone {
        let pairs = self.0.pairs(ranks);
        pairs.map(|(member, score)| (member.into(), read_score(score)))
    }

    /// Adds a member that is not there.
    pub(super) fn insert(&mut self, member: &[u8], score: f64) {
        let (at, bits) = (self.place(member, score), score.to_le_bytes());
        let whole = score as i64;
        let score = match whole as f64 == score {
            true => ListpackEntry::Int(whole),
            false => ListpackEntry::Text(&bits),
        };
        self.0.splice(at..at, 0, &[member.into(), score]);
    }

    /// Where a member with this score belongs: most likely at the end, for scores tend to grow.
    fn place(&self, member: &[u8], score: f64) -> usize {
        let mut end = self.0.end();
        while end > Listpack::START {
            let score_at = self.0.before(end);
            let (at, (other, _)) = (self.0.before(score_at), self.score_at(score_at));
            if other < score || (other == score && *self.member_at(at) < *member) {
                break;
            }
            end = at;
        }
        end
    }

    /// Removes `member`; the score that it had.
    pub(super) fn remove(&mut self, member: &[u8]) -> Option<f64> {
        let (_, at) = self.find(member)?;
        let (score, end) = self.score_at(self.0.next(at));
        self.0.splice(at..end, 2, &[]);
        Some(score)
    }

    /// Removes the member of a rank that there is.
    pub(super) fn remove_rank(&mut self, rank: usize) -> (Bytes, f64) {
        let at = self.0.place(2 * rank);
        let member = self.member_at(at).into();
        let (score, end) = self.score_at(self.0.next(at));
        self.0.splice(at..end, 2, &[]);
        (member, score)
    }

    fn member_at(&self, at: usize) -> Element<'_> {
        self.0.get(at).expect("a member").0.into()
    }

    /// A score, and where it ends.
    fn score_at(&self, at: usize) -> (f64, usize) {
        let (score, end) = self.0.get(at).expect("a score behind its member");
        (read_score(score), end)
    }
}

fn read_score(entry: ListpackEntry<'_>) -> f64 {
    match entry {
        ListpackEntry::Int(whole) => whole as f64,
        ListpackEntry::Text(bits) => f64::from_le_bytes(bits.try_into().expect("eight bytes")),
    }
}
