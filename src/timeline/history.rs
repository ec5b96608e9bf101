//! [`History`]: the versions of one key, each with the record that made it.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::bytes::Bytes;
use crate::commit::Entry;
use crate::commit::Record;
use crate::commit::Seq;
use crate::journal::Frames;
use crate::journal::JournalError;
use crate::journal::Reader;
use crate::keyspace::Keyspace;
use crate::keyspace::Slot;

use super::change::Change;
use super::change::slot;
use super::filter::Sieve;
use super::log::next_match;
use super::log::stretches;
use super::replay::Replay;
use super::touched::Touched;
use super::touched::depends_on_others;

/// A version of a key, and what made it.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// The record.
    pub entry: Entry,
    /// What it changed.
    pub change: Change,
}

/// The versions of one key, oldest first.
///
/// Records that don't concern the key are passed over undecoded, and those that do are applied to the key alone. Where the
/// effect on it depends on other keys (RENAME, SUNIONSTORE), the whole state is replayed up to there, once for all.
pub struct History {
    frames: Frames,
    sieve: Sieve,
    db: usize,
    key: Bytes,
    /// The key as it is, in every database; of others nothing is known.
    alone: Replay,
    /// The whole state, as far as it was needed.
    whole: Option<Replay>,
    /// The records that later ones go back to, and are still to come.
    awaited: BTreeSet<Seq>,
    /// The key after those that were passed.
    passed: BTreeMap<Seq, Keyspace>,
}

impl History {
    /// The versions of `key` up to record `to`.
    pub(super) fn new(
        reader: &Arc<Reader>,
        db: usize,
        key: &[u8],
        to: Seq,
    ) -> Result<History, JournalError> {
        let alone = Replay::from_the_beginning(reader)?;
        let rest = alone.rest(to);
        let rewinds = reader.rewinds(rest.clone())?.into_iter();
        let awaited = rewinds.filter_map(|(_, to)| (to + 1 >= *rest.start()).then_some(to));
        Ok(History {
            frames: reader.frames(rest.clone()),
            sieve: Sieve::for_key(key),
            db,
            key: Bytes::from(key),
            alone,
            whole: None,
            awaited: awaited.collect(),
            passed: BTreeMap::new(),
        })
    }

    /// Takes the key over a record; what that did to it.
    fn visit(&mut self, entry: Entry) -> Result<Option<Version>, JournalError> {
        self.pass(entry.seq);
        let before = self.slot();
        match &entry.record {
            Record::Rewind(rewind) if self.passed.contains_key(&rewind.to) => {
                self.alone.set(self.passed[&rewind.to].clone());
            }
            record if depends_on_others(record, &self.key) => {
                let whole = self.whole_after(entry.seq)?;
                self.alone.set(whole);
            }
            _ => self.alone.step(&entry)?,
        }
        Ok(version(entry, self.db, &self.key, (before, self.slot())))
    }

    /// Remembers the key for records that go back to one before `seq`: it is what it was there.
    fn pass(&mut self, seq: Seq) {
        let rest = self.awaited.split_off(&seq);
        for at in std::mem::replace(&mut self.awaited, rest) {
            self.passed.insert(at, self.alone.keyspace());
        }
    }

    fn whole_after(&mut self, seq: Seq) -> Result<Keyspace, JournalError> {
        let whole = match self.whole.take() {
            None => self.alone.another(seq)?,
            Some(mut whole) => {
                whole.go_to(seq)?;
                whole
            }
        };
        Ok(self.whole.insert(whole).keyspace())
    }

    fn slot(&self) -> Option<Slot> {
        slot(&self.alone.world().keyspace, self.db, &self.key)
    }
}

/// The version of `key` that a record made of it, if it is a new one.
fn version(
    entry: Entry,
    db: usize,
    key: &[u8],
    (before, after): (Option<Slot>, Option<Slot>),
) -> Option<Version> {
    let change = Change {
        db,
        key: Bytes::from(key),
        before,
        after,
    };
    let is_named = || Touched::of(&entry.record).names(db, key);
    let is_version = !change.is_void() && (change.before != change.after || is_named());
    is_version.then_some(Version { entry, change })
}

/// The newest version of `key` up to record `to`: looked for from the end, without the states in between.
pub(super) fn last_version(
    reader: &Arc<Reader>,
    db: usize,
    key: &[u8],
    to: Seq,
) -> Result<Option<Version>, JournalError> {
    let sieve = Sieve::for_key(key);
    for range in stretches(reader.first_seq()..=to) {
        let mut frames = reader.frames(range);
        let is_candidate = |entry: &Entry| Touched::of(&entry.record).may_hold(db, key);
        let candidates = std::iter::from_fn(|| next_match(&mut frames, Some(&sieve), is_candidate));
        let candidates = candidates.collect::<Result<Vec<_>, _>>()?;
        for entry in candidates.into_iter().rev() {
            let mut replay = Replay::at(reader, entry.seq - 1)?;
            let before = slot(&replay.world().keyspace, db, key);
            replay.step(&entry)?;
            let after = slot(&replay.world().keyspace, db, key);
            if let Some(version) = version(entry, db, key, (before, after)) {
                return Ok(Some(version));
            }
        }
    }
    Ok(None)
}

impl Iterator for History {
    type Item = Result<Version, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let entry = next_match(&mut self.frames, Some(&self.sieve), |_| true)?;
            let visited = entry.and_then(|entry| self.visit(entry));
            match visited.transpose() {
                Some(version) => return Some(version),
                None => continue,
            }
        }
    }
}
