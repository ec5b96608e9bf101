//! [`EngineHost`]: the engine as commands see it: checkpoints and the journal's condition.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use super::checkpoint;
use super::questions::Desk;
use super::rewind::After;
use crate::clock::Clock;
use crate::clock::pause;
use crate::command::Host;
use crate::command::Persistence;
use crate::command::Process;
use crate::command::Question;
use crate::command::World;
use crate::commit::Recording;
use crate::commit::Rewind;
use crate::commit::Seq;
use crate::journal::Checkpoint;
use crate::journal::Journal;
use crate::journal::JournalError;
use crate::journal::Storage;
use crate::keyspace::Keyspace;

/// What the engine lends to commands.
pub(super) struct EngineHost {
    pub(super) journal: Option<Arc<Journal>>,
    pub(super) clock: Clock,
    /// The journal's files.
    pub(super) storage: Option<Arc<dyn Storage>>,
    /// The last record before the running unit: what a checkpoint made now stands for.
    pub(super) last_seq: Seq,
    /// The record of the last checkpoint, and the bytes of its state.
    pub(super) checkpointed: Seq,
    pub(super) checkpoint_bytes: u64,
    /// A checkpoint is due this many records after the last one; 0 for never.
    pub(super) checkpoint_every: u64,
    /// The first record that the journal holds.
    pub(super) first_seq: Seq,
    /// What the running command asked for, to be done after it.
    pub(super) after: Option<After>,
    /// Who answers questions.
    pub(super) desk: Desk,
    /// How much is recorded.
    pub(super) recording: Recording,
    /// Whether there is a journal, or was one when what runs was recorded.
    pub(super) is_journaled: bool,
    /// A command asked for the end of the process.
    pub(super) stop_requested: bool,
    background: Option<JoinHandle<Result<u64, JournalError>>>,
    /// How many checkpoints were begun, and when the last one was, in seconds since the epoch.
    saves: u64,
    last_save_s: i64,
    /// Why the last checkpoint failed.
    save_error: Option<String>,
}

impl EngineHost {
    pub(super) fn new(journal: Option<Arc<Journal>>, clock: Clock) -> EngineHost {
        EngineHost {
            is_journaled: journal.is_some(),
            journal,
            clock,
            storage: None,
            last_seq: 0,
            checkpointed: 0,
            checkpoint_bytes: 0,
            checkpoint_every: 0,
            first_seq: 1,
            after: None,
            desk: Desk::default(),
            recording: Recording::default(),
            stop_requested: false,
            background: None,
            saves: 0,
            last_save_s: 0,
            save_error: None,
        }
    }

    /// Starts a checkpoint in the background if one is due.
    #[inline]
    pub(super) fn checkpoint_if_due(&mut self, keyspace: &Keyspace, last_seq: Seq) {
        let is_due =
            self.checkpoint_every > 0 && last_seq >= self.checkpointed + self.checkpoint_every;
        if is_due && !self.is_saving() {
            self.checkpoint_if_it_pays(keyspace, last_seq);
        }
    }

    /// A large state is written less often: writing it takes as long as running many commands.
    fn checkpoint_if_it_pays(&mut self, keyspace: &Keyspace, last_seq: Seq) {
        self.finish_background();
        if last_seq - self.checkpointed >= Checkpoint::pays_after(self.checkpoint_bytes) {
            self.last_seq = last_seq;
            // One that fails is tried again after as many records; SAVE and INFO show the reason.
            let _ = self.checkpoint(keyspace, true);
        }
    }

    fn is_saving(&self) -> bool {
        let thread = self.background.as_ref();
        thread.is_some_and(|thread| !thread.is_finished())
    }

    /// Waits for a checkpoint that is being written.
    pub(super) fn finish_background(&mut self) {
        if let Some(thread) = self.background.take() {
            let outcome = thread.join().unwrap_or(Ok(self.checkpoint_bytes));
            self.note(outcome);
        }
    }

    fn note(&mut self, outcome: Result<u64, JournalError>) {
        match outcome {
            Ok(bytes) => (self.checkpoint_bytes, self.save_error) = (bytes, None),
            Err(error) => self.save_error = Some(error.to_string()),
        }
    }
}

impl Host for EngineHost {
    fn checkpoint(&mut self, keyspace: &Keyspace, background: bool) -> Result<(), String> {
        let Some(journal) = self.journal.clone() else {
            return Ok(());
        };
        // Whether one is still being written depends on the disk, so that no reply may tell it.
        self.finish_background();
        let (seq, keyspace) = (self.last_seq, keyspace.clone());
        self.checkpointed = seq;
        self.saves += 1;
        self.last_save_s = self.clock.now_us().div_euclid(1_000_000);
        let write = move || journal.checkpoint(seq, &mut checkpoint::chunks(&keyspace));
        if background {
            let thread = std::thread::Builder::new().name("fakeredis-checkpoint".into());
            self.background = Some(thread.spawn(write).map_err(|error| error.to_string())?);
            return Ok(());
        }
        self.note(write());
        self.save_error.clone().map_or(Ok(()), Err)
    }

    fn sync(&mut self) -> Result<bool, String> {
        match &self.journal {
            Some(journal) => journal
                .sync()
                .map_err(|error| error.to_string())
                .map(|()| true),
            None => Ok(self.is_journaled),
        }
    }

    fn reload(&mut self) -> Result<Option<Keyspace>, String> {
        let Some(journal) = &self.journal else {
            return Ok(None);
        };
        let settled = journal.settle(self.last_seq);
        let state = settled.and_then(|()| self.read(self.last_seq));
        state
            .map(|world| Some(world.keyspace))
            .map_err(|error| error.to_string())
    }

    fn heal(&mut self, world: &mut World) -> Result<(), String> {
        self.heal_journal(world).map_err(|error| error.to_string())
    }

    fn compact(&mut self, keep: Seq) -> Result<u64, String> {
        let compacted = self.compacted(keep);
        let records = compacted.map(|compacted| compacted.records);
        records.map_err(|error| error.to_string())
    }

    fn ask(&mut self, question: Question) -> Option<u64> {
        self.desk.ask(question)
    }

    fn mark(&mut self, name: String) {
        self.after = Some(After::Mark(name));
    }

    fn rewind(&mut self, rewind: Rewind, keyspace: Keyspace) {
        self.after = Some(After::Rewind(rewind, keyspace));
    }

    fn recording(&self) -> Option<Recording> {
        self.journal.is_some().then_some(self.recording)
    }

    fn set_recording(&mut self, level: Recording) -> Result<(), String> {
        if self.journal.is_none() {
            return Err("there is no journal".to_owned());
        }
        let before = std::mem::replace(&mut self.recording, level);
        if before < Recording::Session && level == Recording::Session {
            self.after = Some(After::Announce);
        }
        Ok(())
    }

    fn clock(&self) -> Option<&Clock> {
        Some(&self.clock)
    }

    fn fail_disk(&mut self, error: io::Error, at_sync: bool) {
        if let Some(journal) = &self.journal {
            journal.fail_next(error, at_sync);
        }
    }

    fn sleep(&mut self, time: Duration) {
        match self.clock.is_frozen() {
            true => self.clock.advance(time),
            false => pause(time),
        }
    }

    fn persistence(&self) -> Persistence {
        Persistence {
            enabled: self.is_journaled,
            changes: self.last_seq - self.checkpointed,
            saving: self.is_saving(),
            last_save_s: self.last_save_s,
            saves: self.saves,
            durable_seq: self
                .journal
                .as_ref()
                .map_or(0, |journal| journal.durable_seq()),
            save_error: self.save_error.clone(),
            write_error: self.journal.as_ref().and_then(|journal| journal.poisoned()),
            ..Persistence::default()
        }
    }

    fn process(&self) -> Process {
        Process {
            id: std::process::id(),
            ..Process::default()
        }
    }

    fn shutdown(&mut self, keyspace: &Keyspace, save: bool) -> Result<(), String> {
        if save {
            self.checkpoint(keyspace, false)?;
        }
        self.stop_requested = true;
        Ok(())
    }
}
