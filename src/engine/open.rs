//! An engine on a journal: opening it with recovery, closing it, and what happens when the disk fails.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use super::Core;
use super::Engine;
use super::EngineHost;
use super::Recorder;
use super::Recording;
use super::Shared;
use super::replay;
use super::rewind::After;
use super::state_at;
use crate::clock::Clock;
use crate::command::Config;
use crate::command::World;
use crate::commit::Close;
use crate::commit::FOREIGN;
use crate::commit::Open;
use crate::commit::Record;
use crate::commit::Seq;
use crate::journal;
use crate::journal::Checkpoint;
use crate::journal::Disk;
use crate::journal::Journal;
use crate::journal::JournalError;
use crate::journal::Reader;
use crate::journal::RecoveryReport;
use crate::journal::Storage;
use crate::rng::Rng;

/// How an engine keeps its journal.
#[derive(Clone, Debug)]
pub struct JournalOptions {
    /// The journal's directory.
    pub dir: PathBuf,
    /// When records are forced to stable storage, how large segments are, and so on.
    pub journal: journal::Options,
    /// How much is recorded.
    pub recording: Recording,
    /// A checkpoint is written whenever this many records came after the last one; 0 for never.
    pub checkpoint_every: u64,
    /// Whether another server ran the commands, and only their effects are there to be recorded.
    pub is_foreign: bool,
}

/// After how many records a checkpoint is written, unless options say otherwise: so that no point of history is far from one.
pub const CHECKPOINT_EVERY: u64 = 150_000;

impl JournalOptions {
    /// The usual options, for a journal in `dir`.
    pub fn new(dir: impl AsRef<Path>) -> JournalOptions {
        JournalOptions {
            dir: dir.as_ref().to_owned(),
            journal: journal::Options::default(),
            recording: Recording::default(),
            checkpoint_every: CHECKPOINT_EVERY,
            is_foreign: false,
        }
    }
}

impl Engine {
    /// An engine on the journal in `options.dir`, with the state that the journal gives.
    ///
    /// # Errors
    ///
    /// The journal can't be opened or read, or another process has it open for writing.
    pub fn open(
        options: &JournalOptions,
        config: Config,
        clock: Clock,
        seed: u64,
    ) -> Result<(Engine, RecoveryReport), JournalError> {
        Engine::open_on(
            Arc::new(Disk::new(&options.dir)),
            options,
            config,
            clock,
            seed,
        )
    }

    /// The same with the journal's files in any storage.
    ///
    /// # Errors
    ///
    /// As [`Engine::open`].
    pub fn open_on(
        storage: Arc<dyn Storage>,
        options: &JournalOptions,
        config: Config,
        clock: Clock,
        seed: u64,
    ) -> Result<(Engine, RecoveryReport), JournalError> {
        let now_us = clock.now_us();
        let mut journal_options = options.journal.clone();
        journal_options.now_us = now_us;
        if options.checkpoint_every > 0 {
            let spacing = journal_options.checkpoint_spacing;
            journal_options.checkpoint_spacing = spacing.min(options.checkpoint_every);
        }
        journal_options
            .uuid
            .get_or_insert_with(|| identity(seed, now_us));
        let (journal, mut recovered) = Journal::open_with(Arc::clone(&storage), &journal_options)?;

        let checkpoint = recovered.checkpoint();
        let checkpoint_bytes = checkpoint.as_ref().map_or(0, Checkpoint::size);
        let from = checkpoint.as_ref().map_or(0, Checkpoint::seq);
        let state = match recovered.is_rewound() {
            false => {
                let (mut state, _) = replay::start(checkpoint)?;
                replay::replay(&mut state, recovered.frames())?;
                state
            }
            true => {
                let reader = Reader::open_with(Arc::clone(&storage))?;
                state_at(&reader, recovered.report.last_seq)?
            }
        };
        let mut world = World::new(config, seed);
        let databases = world.keyspace.databases();
        world.keyspace = state.keyspace;
        world.keyspace.grow(databases);

        let last_seq = recovered.report.last_seq;
        let recorder = Recorder::new(Some(Arc::new(journal)), last_seq);
        let engine = Engine::new(world, clock, recorder);
        let mut core = engine.lock();
        core.host.recording = options.recording;
        core.host.checkpoint_every = options.checkpoint_every;
        core.host.first_seq = recovered.report.first_seq;
        core.host.storage = Some(storage);
        core.host.checkpointed = from;
        core.host.checkpoint_bytes = checkpoint_bytes;
        let open = Open {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            seed,
            record: match options.is_foreign {
                true => FOREIGN.to_owned(),
                false => options.recording.to_string(),
            },
            databases: databases as u32,
            settings: core.world.config.telling(),
        };
        core.recorder.append(now_us, || Record::Open(open))?;
        let opened = core.last_record();
        drop(core);
        engine.settle(opened)?;
        Ok((engine, recovered.report))
    }

    /// Writes everything, notes that the journal was closed in good order, and closes it. An engine without
    /// a journal has nothing to do.
    ///
    /// # Errors
    ///
    /// The journal can't be written.
    pub fn close(&self) -> Result<(), JournalError> {
        self.lock().close()
    }
}

/// The last handle closes the journal in good order, as well as it can.
impl Drop for Shared {
    fn drop(&mut self) {
        let mut core = self.core.lock();
        // A failure here is one that the next opening finds.
        let _ = core.close();
        // The timer's thread may hold on to the core for a moment longer, but not to the journal and its lock.
        core.recorder.journal = None;
        core.host.journal = None;
    }
}

impl Engine {
    /// The journal's files; `None` for an engine without a journal.
    pub fn storage(&self) -> Option<Arc<dyn Storage>> {
        self.lock().host.storage.clone()
    }
}

impl Core {
    /// Writes everything, and a `Close` record unless nothing happened since the last one.
    fn close(&mut self) -> Result<(), JournalError> {
        let Some(journal) = self.recorder.journal.clone() else {
            return Ok(());
        };
        self.host.finish_background();
        if self.closed_at != Some(self.recorder.last_seq) && journal.poisoned().is_none() {
            let now_us = self.clock.now_us();
            let digest = self.world.keyspace.digest();
            self.recorder
                .append(now_us, || Record::Close(Close { digest }))?;
            self.closed_at = Some(self.recorder.last_seq);
        }
        journal.settle(self.recorder.last_seq)?;
        journal.close()
    }

    /// Goes on after the disk failed and works again: the journal takes records, and memory is what it says.
    ///
    /// # Errors
    ///
    /// Its disk still fails; writes stay refused.
    pub fn heal(&mut self) -> Result<(), JournalError> {
        self.host.heal_journal(&mut self.world)?;
        self.follow_up(None)?;
        self.send_invalidations(None);
        Ok(())
    }

    /// The journal was healed: goes on behind the last record that it kept.
    pub(super) fn resume_after(&mut self, last_seq: Seq) {
        self.recorder.last_seq = last_seq;
        self.take_back_answers(last_seq, &format!("MISCONF {}", JournalError::Lost));
    }

    /// The journal failed: memory goes back to the last settled record, and writes are refused.
    pub(super) fn fall_back(&mut self, error: &JournalError) {
        let Some(journal) = &self.recorder.journal else {
            return;
        };
        if journal.poisoned().is_some() && self.world.broken.is_some() {
            return;
        }
        // A record that was merely too large takes no other with it: those before it are written first. A
        // poisoned journal says so at once.
        let _ = journal.settle(journal.last_seq());
        let settled = journal.settled_seq();
        let state = self.host.read(settled);
        if journal.poisoned().is_some() || state.is_err() {
            self.world.broken = Some(error.to_string());
        }
        // What can't be read back can't be shown either.
        let empty = || World::new(Config::default(), 0);
        self.world.keyspace = state.unwrap_or_else(|_| empty()).keyspace;
        self.world.keyspace.grow(self.world.config.databases());
        self.world.invalidate_all();
        self.recorder.last_seq = journal.last_seq();
        self.take_back_answers(settled, &format!("MISCONF {error}"));
    }
}

/// A journal's identity, from what distinguishes its engine.
fn identity(seed: u64, now_us: i64) -> u128 {
    let mut rng = Rng::new(seed ^ (now_us as u64).rotate_left(32));
    u128::from(rng.next_u64()) << 64 | u128::from(rng.next_u64())
}

impl EngineHost {
    /// Has the journal take records again, if it does not, and the world what it says.
    pub(super) fn heal_journal(&mut self, world: &mut World) -> Result<(), JournalError> {
        let Some(journal) = &self.journal else {
            return Ok(());
        };
        if world.broken.is_none() && journal.poisoned().is_none() {
            return Ok(());
        }
        if let Some(source) = world.faults.broken_disk() {
            let doing = "heal the journal".to_owned();
            return Err(JournalError::Io { doing, source });
        }
        journal.heal()?;
        let last = journal.last_seq();
        journal.settle(last)?;
        world.resume_with(self.read(last)?.keyspace);
        self.after = Some(After::Healed(last));
        Ok(())
    }

    /// The state after a record, read back from the disk.
    pub(super) fn read(&self, seq: Seq) -> Result<World, JournalError> {
        match &self.storage {
            Some(storage) => state_at(&Reader::open_with(Arc::clone(storage))?, seq),
            None => Err(JournalError::Misuse(
                "there is no journal to read".to_owned(),
            )),
        }
    }
}
