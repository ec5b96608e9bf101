//! [`Diff`]: two states side by side.

use crate::commit::Seq;
use crate::keyspace::Keyspace;
use crate::value::glob_match;

use super::change::Change;
use super::change::Tally;
use super::change::all_changes;

/// Two states side by side. Where one came from the other they share most of their memory, and that is not looked at: it
/// takes as long as there are differences.
#[derive(Clone, Debug)]
pub struct Diff {
    /// The records after which the states are, the old side first.
    pub sides: (Seq, Seq),
    pub(super) before: Keyspace,
    pub(super) after: Keyspace,
    pub(super) pattern: Option<Vec<u8>>,
}

impl Diff {
    /// The keys that differ, one at a time: database by database, those of the old side in its order, then those that are
    /// new.
    pub fn changes(&self) -> impl Iterator<Item = Change> + '_ {
        let databases = self.before.databases().max(self.after.databases());
        let all = (0..databases).flat_map(|db| all_changes(&self.before, &self.after, db));
        all.filter(|change| self.concerns(&change.key))
    }

    /// How many keys came, went and changed.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        let sides = |change: Change| (change.before.is_some(), change.after.is_some());
        self.changes().for_each(|change| tally.add(sides(change)));
        tally
    }

    fn concerns(&self, key: &[u8]) -> bool {
        let pattern = self.pattern.as_deref();
        pattern.is_none_or(|pattern| glob_match(pattern, key, false))
    }
}
