//! [`Replay`]: the state, moving forward record by record.

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::command::Config;
use crate::command::World;
use crate::commit::Entry;
use crate::commit::Record;
use crate::commit::Seq;
use crate::engine;
use crate::engine::state_at;
use crate::journal::JournalError;
use crate::journal::Reader;
use crate::keyspace::Keyspace;

use super::change::Change;
use super::change::changes;
use super::touched::Touched;

/// From so many records on, a checkpoint is a better start than a state that is at hand.
pub(super) const FAR: u64 = 100_000;

/// A state that is on its way through history.
pub(super) struct Replay {
    reader: Arc<Reader>,
    world: World,
    /// The record after which `world` is the state.
    seq: Seq,
}

impl Replay {
    /// The state after record `seq`.
    pub(super) fn at(reader: &Arc<Reader>, seq: Seq) -> Result<Replay, JournalError> {
        let (reader, world) = (Arc::clone(reader), state_at(reader, seq)?);
        Ok(Replay { reader, world, seq })
    }

    /// The state after record `seq`, which is known.
    pub(super) fn with(reader: &Arc<Reader>, seq: Seq, keyspace: Keyspace) -> Replay {
        let mut world = World::new(Config::default(), 0);
        world.keyspace = keyspace;
        let reader = Arc::clone(reader);
        Replay { reader, world, seq }
    }

    /// The earliest state that the journal still tells: nothing, but for a journal that was compacted.
    pub(super) fn from_the_beginning(reader: &Arc<Reader>) -> Result<Replay, JournalError> {
        Replay::at(reader, reader.first_seq() - 1)
    }

    /// The record after which this is the state.
    pub(super) fn seq(&self) -> Seq {
        self.seq
    }

    pub(super) fn world(&self) -> &World {
        &self.world
    }

    pub(super) fn into_world(self) -> World {
        self.world
    }

    /// The data as it is now: a snapshot, which costs next to nothing.
    pub(super) fn keyspace(&self) -> Keyspace {
        self.world.keyspace.clone()
    }

    /// Takes the state to record `seq`, however far away that is.
    pub(super) fn jump(&mut self, seq: Seq) -> Result<(), JournalError> {
        *self = Replay::at(&self.reader, seq)?;
        Ok(())
    }

    /// Another state of the same history.
    pub(super) fn another(&self, seq: Seq) -> Result<Replay, JournalError> {
        Replay::at(&self.reader, seq)
    }

    /// Puts other data in place of what is there.
    pub(super) fn set(&mut self, keyspace: Keyspace) {
        self.world.keyspace = keyspace;
    }

    /// Takes the state to that after a later record, from here or from a checkpoint, whichever is nearer.
    pub(super) fn go_to(&mut self, seq: Seq) -> Result<(), JournalError> {
        match checkpoint(&self.reader, seq) > self.seq + FAR {
            true => self.jump(seq),
            false => self.run_to(seq),
        }
    }

    /// Takes the state over all records up to `seq`, which is not before it.
    pub(super) fn run_to(&mut self, seq: Seq) -> Result<(), JournalError> {
        engine::advance(&mut self.world, &self.reader, self.seq, seq)?;
        self.seq = seq;
        Ok(())
    }

    /// Takes the state over the next record.
    pub(super) fn step(&mut self, entry: &Entry) -> Result<(), JournalError> {
        let earlier = |to| state_at(&self.reader, to);
        engine::step(&mut self.world, entry, earlier)?;
        self.seq = entry.seq;
        Ok(())
    }

    /// Takes the state over the next record; what that changed.
    pub(super) fn step_with_changes(&mut self, entry: &Entry) -> Result<Vec<Change>, JournalError> {
        let touched = Touched::of(&entry.record);
        let before = (!touched.is_empty()).then(|| self.keyspace());
        self.step(entry)?;
        Ok(before.map_or(vec![], |before| {
            changes(&before, &self.world.keyspace, &touched)
        }))
    }

    /// The records behind this state, up to `seq`.
    pub(super) fn rest(&self, seq: Seq) -> RangeInclusive<Seq> {
        self.seq + 1..=seq
    }
}

/// The record of the last checkpoint up to record `seq`, or before the first one that there is.
pub(super) fn checkpoint(reader: &Reader, seq: Seq) -> Seq {
    let checkpoints = reader.checkpoints().into_iter().map(|one| one.seq);
    let last = checkpoints.take_while(|at| *at <= seq).last();
    last.unwrap_or(0).max(reader.first_seq() - 1)
}

/// The record `seq` with its place and time; `None` if there is none or it is of an unknown kind.
pub(super) fn entry(reader: &Reader, seq: Seq) -> Result<Option<Entry>, JournalError> {
    reader.entries(seq..=seq).next().transpose()
}

/// Whether a record can change data at all.
pub(super) fn is_change(record: &Record) -> bool {
    matches!(record, Record::Commit(_) | Record::Rewind(_))
}
