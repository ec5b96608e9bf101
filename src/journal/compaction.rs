//! Forgetting: checkpoints take the place of a journal's oldest records.
//!
//! What is forgotten lies in sealed segments alone, so that records may be appended meanwhile. One rename makes the
//! new beginning; before it the old journal is whole, after it the new one. What it leaves behind, the next
//! opening for writing removes as well.

use super::Journal;
use super::checkpoint;
use super::error::JournalError;
use super::format::FILE_HEADER;
use super::format::FileKind;
use super::frames::Place;
use super::frames::Step;
use super::history::History;
use super::reader::Reader;
use super::storage::Storage;
use super::storage::publish;
use super::survey::Listed;
use super::survey::Survey;
use super::tail::copy;
use super::writer::lock;
use crate::commit::Seq;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// A state, as a checkpoint holds it.
pub trait State {
    /// Its bytes, in chunks.
    fn chunks(&self) -> Box<dyn Iterator<Item = Vec<u8>> + '_>;
}

/// What was forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Compacted {
    /// The first record that is left.
    pub first_seq: Seq,
    /// How many records were dropped.
    pub records: u64,
    /// The checkpoints that take their place: the state before `first_seq`, and states that later records go back to.
    pub checkpoints: Vec<Seq>,
    /// The files that were removed.
    pub removed: Vec<String>,
}

impl fmt::Display for Compacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Compacted {
            first_seq, records, ..
        } = self;
        write!(f, "history begins with record {first_seq}; ")?;
        match records {
            0 => write!(f, "there was nothing to drop"),
            1 => write!(f, "1 record before it was dropped"),
            _ => write!(f, "{records} records before it were dropped"),
        }
    }
}

impl Journal {
    /// Forgets the records before `keep`: a checkpoint of the state that they came to takes their place, and one of
    /// each state that a later record goes back to. `state_at` gives the state after a record.
    ///
    /// Records may be appended and settled meanwhile. Done again after an interruption, it ends what was begun.
    ///
    /// # Errors
    ///
    /// When there is no record `keep`, what is needed can't be read, or the disk fails: then the journal is what it
    /// was before, or what it was to become.
    pub fn compact<S: State>(
        &self,
        keep: Seq,
        now_us: i64,
        state_at: impl Fn(&Reader, Seq) -> Result<S, JournalError>,
    ) -> Result<Compacted, JournalError> {
        let _turn = lock(&self.checkpointing);
        self.sync()?;
        let storage = &self.writer.storage;
        let reader = Reader::open_with(Arc::clone(storage))?;
        let first = reader.first_seq();
        if keep > reader.last_seq() {
            let reason = format!("there is no record {keep} to begin with");
            return Err(JournalError::Misuse(reason));
        }
        let mut done = Compacted {
            first_seq: keep.max(first),
            records: keep.saturating_sub(first),
            ..Compacted::default()
        };
        if done.records > 0 {
            let needed = states_needed(&reader, keep)?;
            self.write_states(&reader, &needed, state_at)?;
            done.removed = drop_checkpoints(&**storage, &reader, &needed)?;
            done.checkpoints = needed.into_iter().collect();
            self.seal_through(&reader, keep, now_us)?;
            begin_at(storage, keep)?;
        }
        done.removed.extend(drop_leftovers(&**storage)?);
        Ok(done)
    }

    /// Writes the checkpoints that are not there, or not whole, and reads them back.
    fn write_states<S: State>(
        &self,
        reader: &Reader,
        seqs: &BTreeSet<Seq>,
        state_at: impl Fn(&Reader, Seq) -> Result<S, JournalError>,
    ) -> Result<(), JournalError> {
        let storage = &self.writer.storage;
        for &seq in seqs {
            let is_there = reader.survey.checkpoints.contains(&seq);
            if is_there && checkpoint::open(storage, self.uuid, seq).is_ok() {
                continue;
            }
            let state = state_at(reader, seq)?;
            checkpoint::write(&**storage, self.uuid, seq, &mut state.chunks())?;
            checkpoint::open(storage, self.uuid, seq)?;
        }
        Ok(())
    }

    /// Sees to it that record `keep` lies in a segment that never changes.
    fn seal_through(&self, reader: &Reader, keep: Seq, now_us: i64) -> Result<(), JournalError> {
        let newest = reader.history.segments.last();
        match newest.is_some_and(|newest| newest.header.seq <= keep) {
            true => self.rotate(now_us),
            false => Ok(()),
        }
    }
}

/// After which records a state must be known if history is to begin with `keep`.
pub(super) fn states_needed(reader: &Reader, keep: Seq) -> Result<BTreeSet<Seq>, JournalError> {
    let mut needed = BTreeSet::from([keep - 1]);
    for (seq, to) in reader.rewinds(..)? {
        // The state before the first record is nothing.
        if seq >= keep && to < keep && to > 0 {
            needed.insert(to);
        }
    }
    Ok(needed)
}

/// Removes the checkpoints from before the new beginning that are not needed: the journal is whole without them.
fn drop_checkpoints(
    storage: &dyn Storage,
    reader: &Reader,
    needed: &BTreeSet<Seq>,
) -> Result<Vec<String>, JournalError> {
    let base = needed.last().copied().unwrap_or(0);
    let all = reader.survey.checkpoints.iter();
    let dropped = all.filter(|seq| **seq < base && !needed.contains(seq));
    remove(storage, dropped.map(|seq| FileKind::Checkpoint.name(*seq)))
}

/// Removes the segments before the one that history begins with.
pub(super) fn drop_leftovers(storage: &dyn Storage) -> Result<Vec<String>, JournalError> {
    let survey = Survey::read(storage)?;
    remove(storage, survey.leftovers.into_iter())
}

fn remove(
    storage: &dyn Storage,
    names: impl Iterator<Item = String>,
) -> Result<Vec<String>, JournalError> {
    let names: Vec<String> = names.collect();
    for name in &names {
        let removed = storage.remove(name);
        removed.map_err(JournalError::io(format!("remove {name}")))?;
    }
    if !names.is_empty() {
        let synced = storage.sync_dir(None);
        synced.map_err(JournalError::io("sync the journal's directory"))?;
    }
    Ok(names)
}

/// Makes record `keep` the first: puts a segment in place that begins with it.
fn begin_at(storage: &Arc<dyn Storage>, keep: Seq) -> Result<(), JournalError> {
    let reader = Reader::open_with(Arc::clone(storage))?;
    let (segment, place) = verified(&reader.history, keep)?;
    begin(&**storage, segment, place)
}

/// The sealed segment that holds record `keep`, and where it is; the segment is whole from there on.
fn verified(history: &History, keep: Seq) -> Result<(&Listed, Place), JournalError> {
    let (index, mut cursor) = history.cursor_at(keep)?;
    let place = cursor.place;
    let fault = loop {
        match cursor.next()? {
            Step::Frame(_) => {}
            Step::End => break None,
            Step::Bad(fault) => break Some(fault),
        }
    };
    match fault {
        None if place.seq == keep => Ok((&history.segments[index], place)),
        fault => {
            let what = fault.map_or("the file ends before the record", |fault| fault.text());
            Err(history.damage(index, cursor.place, what))
        }
    }
}

/// Puts what is left of a segment from `place` on under the name of its first record. Its frames stay as they are.
pub(super) fn begin(
    storage: &dyn Storage,
    segment: &Listed,
    place: Place,
) -> Result<(), JournalError> {
    let name = FileKind::Segment.name(place.seq);
    let header = segment.header.beginning_at(place).encode();
    let published = storage.open(&segment.name).and_then(|old| {
        publish(storage, &name, |new| {
            new.write_at(0, &header)?;
            copy(&*old, place.offset..segment.len, new, FILE_HEADER as u64)
        })
    });
    published
        .map(drop)
        .map_err(JournalError::io(format!("make {name}")))
}
