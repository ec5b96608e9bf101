//! [`History`]: the versions of one key, each with the record that made it.

use std::sync::Arc;

use crate::bytes::Bytes;
use crate::commit::Entry;
use crate::commit::Seq;
use crate::journal::Frames;
use crate::journal::JournalError;
use crate::journal::Reader;

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
/// As long as the key stands alone, records that don't concern it are passed over undecoded. The first one whose
/// effect on it depends on other keys (RENAME, SUNIONSTORE) ends that: from there on everything is replayed.
pub struct History {
    replay: Replay,
    frames: Frames,
    /// What concerns the key; `None` once everything does.
    sieve: Option<Sieve>,
    db: usize,
    key: Bytes,
}

impl History {
    /// The versions of `key` up to record `to`.
    pub(super) fn new(
        reader: &Arc<Reader>,
        db: usize,
        key: &[u8],
        to: Seq,
    ) -> Result<History, JournalError> {
        let replay = Replay::from_the_beginning(reader)?;
        Ok(History {
            frames: reader.frames(replay.rest(to)),
            replay,
            sieve: Some(Sieve::for_key(key)),
            db,
            key: Bytes::from(key),
        })
    }

    /// Takes the state over a record; what that did to the key.
    fn visit(&mut self, entry: Entry) -> Result<Option<Version>, JournalError> {
        if self.sieve.is_some() && depends_on_others(&entry.record, &self.key) {
            self.replay.jump(entry.seq - 1)?;
            self.sieve = None;
        }
        let touched = Touched::of(&entry.record);
        if touched.may_hold(self.db, &self.key) {
            return self.replay.version(self.db, &self.key, entry, &touched);
        }
        self.replay.step(&entry)?;
        Ok(None)
    }
}

impl Replay {
    /// Takes the state over a record that may have changed `key`; the version of the key, if it is a new one.
    fn version(
        &mut self,
        db: usize,
        key: &[u8],
        entry: Entry,
        touched: &Touched,
    ) -> Result<Option<Version>, JournalError> {
        let before = slot(&self.world().keyspace, db, key);
        self.step(&entry)?;
        let after = slot(&self.world().keyspace, db, key);
        let change = Change {
            db,
            key: Bytes::from(key),
            before,
            after,
        };
        let is_version =
            !change.is_void() && (touched.names(db, key) || change.before != change.after);
        Ok(is_version.then_some(Version { entry, change }))
    }
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
            let touched = Touched::of(&entry.record);
            let mut replay = Replay::at(reader, entry.seq - 1)?;
            if let Some(version) = replay.version(db, key, entry, &touched)? {
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
            let entry = next_match(&mut self.frames, self.sieve.as_ref(), |_| true)?;
            let visited = entry.and_then(|entry| self.visit(entry));
            match visited.transpose() {
                Some(version) => return Some(version),
                None => continue,
            }
        }
    }
}
