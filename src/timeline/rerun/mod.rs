//! Running history again: [`Verify`] compares what comes of it with what was recorded, [`WhatIf`] changes it first.

mod aspect;
mod excuse;
mod verify;
mod whatif;

pub use aspect::Aspect;
pub use excuse::Reason;
pub use verify::Divergence;
pub use verify::Verified;
pub use verify::Verify;
pub use whatif::Edit;
pub use whatif::Otherwise;
pub use whatif::WhatIf;

use std::collections::BTreeMap;

use super::Timeline;
use super::error::Error;
use crate::command::World;
use crate::commit::Entry;
use crate::commit::Record;
use crate::commit::Rewind;
use crate::commit::Seq;
use crate::engine;
use crate::engine::Rerun;
use crate::engine::state_at;
use crate::journal::Entries;
use crate::journal::JournalError;
use crate::journal::Reader;
use crate::journal::kind;
use crate::keyspace::Keyspace;
use aspect::aspects;
use excuse::Volatile;

/// Records whose outcome hangs on something that is not recorded: why, how many, and the first one.
pub type Unknown = BTreeMap<Reason, (u64, Seq)>;

/// Two states on their way through history: one by what is run again, one by the recorded effects.
struct Sides<'a> {
    reader: &'a Reader,
    entries: Entries,
    /// What comes before is run, but not judged.
    first: Seq,
    again: Rerun,
    told: World,
    volatile: Volatile,
    unknown: Unknown,
}

/// What a record came to when it was run again.
struct Outcome {
    /// What is recorded now.
    again: Option<Record>,
    /// In what that differs from what was recorded.
    differs: Vec<Aspect>,
    /// Why it may, if a command ran whose replies are no matter of the data.
    volatile: Option<Reason>,
}

impl<'a> Sides<'a> {
    /// From the beginning of the process that wrote record `first`: sessions, scripts and settings are its own.
    fn new(timeline: &'a Timeline, first: Seq, last: Seq) -> Result<Sides<'a>, Error> {
        let reader = &timeline.reader;
        let opened = timeline.seqs_of(kind::OPEN)?;
        let opened = opened.into_iter().rev().find(|opened| *opened <= first);
        let from = opened.unwrap_or(first);
        let told = state_at(reader, from - 1)?;
        Ok(Sides {
            reader,
            entries: reader.entries(from..=last),
            first,
            again: Rerun::on(told.keyspace.clone()),
            told,
            volatile: Volatile::new(),
            unknown: Unknown::new(),
        })
    }

    /// Runs a record again, on data of which `before` is a copy.
    fn run(&mut self, entry: &Entry, before: Keyspace) -> Result<Outcome, JournalError> {
        self.volatile.mark(self.again.world());
        let mut again = self.again.run(entry)?;
        let mut differs = aspects(&entry.record, again.as_ref());
        let volatile = self.volatile.ran(&self.again);
        if !differs.is_empty() && volatile.is_none() {
            // Replies have another shape in another protocol, and the client's may not be known.
            let client = entry.record.client().map_or(0, |client| client.id);
            let is_right = |other: Option<&Record>| aspects(&entry.record, other).is_empty();
            let other = self
                .again
                .run_in_other_protocol(entry, client, before, is_right)?;
            if other.is_some() {
                (again, differs) = (other, vec![]);
            }
        }
        Ok(Outcome {
            again,
            differs,
            volatile,
        })
    }

    /// Takes the recorded state over a record.
    fn tell(&mut self, entry: &Entry) -> Result<(), JournalError> {
        let reader = self.reader;
        engine::step(&mut self.told, entry, |to| state_at(reader, to))
    }

    /// Takes both states back to where the recorded one was.
    fn rewind(&mut self, entry: &Entry, rewind: Rewind) -> Result<(), JournalError> {
        self.tell(entry)?;
        let keyspace = self.told.keyspace.clone();
        self.again.rewind(entry, rewind, keyspace);
        Ok(())
    }

    /// The state by what is run again becomes the recorded one.
    fn rejoin(&mut self) {
        self.again.set_keyspace(self.told.keyspace.clone());
    }

    /// Whether there is an excuse for a difference; it is counted.
    fn excuse(&mut self, entry: &Entry, outcome: &Outcome) -> bool {
        let reason = excuse::find(&entry.record, outcome, &self.again);
        if let Some(reason) = &reason
            && entry.seq >= self.first
        {
            let counted = self.unknown.entry(reason.clone());
            counted.or_insert((0, entry.seq)).0 += 1;
        }
        reason.is_some()
    }
}
