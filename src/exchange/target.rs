//! [`Target`]: a journal that is being made of foreign records. It appears whole or not at all.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use tempfile::TempDir;

use super::error::Error;
use crate::clock::Clock;
use crate::clock::from_micros;
use crate::command::Config;
use crate::commit::Seq;
use crate::engine::Engine;
use crate::engine::JournalOptions;
use crate::engine::Recording;
use crate::journal::Fsync;

/// How something becomes a journal.
#[derive(Clone, Copy, Debug, Default)]
pub struct ImportOptions {
    /// An input that ends in the middle of something is read up to there.
    pub truncated_ok: bool,
    /// How much is recorded of a MONITOR capture.
    pub recording: Recording,
    /// The seed of all random numbers.
    pub seed: u64,
}

/// The journal that came of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewJournal {
    /// Its last record.
    pub last_seq: Seq,
    /// How many keys there are at its end.
    pub keys: u64,
    /// The digest of the data at its end.
    pub digest: String,
}

/// A journal in a place of its own, beside the one where it will be.
pub(super) struct Target {
    pub(super) engine: Engine,
    pub(super) clock: Clock,
    building: TempDir,
    into: PathBuf,
}

/// The journal's directory while it is made.
const NAME: &str = "journal";

impl Target {
    /// A new journal for the directory `into`, begun at this time; of effects alone, where `is_foreign` says so.
    pub(super) fn new(
        into: &Path,
        clock_us: i64,
        options: &ImportOptions,
        is_foreign: bool,
    ) -> Result<Target, Error> {
        if !is_free(into).map_err(Error::io("look at", into))? {
            return Err(Error::Exists(into.to_owned()));
        }
        let parent = parent(into);
        fs::create_dir_all(parent).map_err(Error::io("make", parent))?;
        let building = tempfile::Builder::new()
            .prefix(".import-")
            .tempdir_in(parent);
        let building = building.map_err(Error::io("make a directory in", parent))?;
        let clock = Clock::frozen_at(from_micros(clock_us));
        let mut journal = JournalOptions::new(building.path().join(NAME));
        // Nobody waits for a record: all are synced when the journal is closed.
        journal.journal.fsync = Fsync::No;
        journal.recording = options.recording;
        journal.is_foreign = is_foreign;
        let opened = Engine::open(&journal, Config::default(), clock.clone(), options.seed)?;
        Ok(Target {
            engine: opened.0,
            clock,
            building,
            into: into.to_owned(),
        })
    }

    /// Moves the clock to a time of the foreign server's.
    pub(super) fn set_clock(&self, clock_us: i64) {
        if self.clock.now_us() != clock_us {
            self.clock.freeze_at(from_micros(clock_us));
        }
    }

    /// Closes the journal and puts it in its place.
    pub(super) fn finish(self) -> Result<NewJournal, Error> {
        self.engine.close()?;
        let core = self.engine.lock();
        let keyspace = &core.world().keyspace;
        let journal = NewJournal {
            last_seq: core.last_seq(),
            keys: keyspace.used().map(|(_, db)| db.len() as u64).sum(),
            digest: keyspace.digest(),
        };
        drop(core);
        drop(self.engine);
        let moved = settle(&self.building.path().join(NAME), &self.into);
        moved.map_err(Error::io("move the new journal to", &self.into))?;
        Ok(journal)
    }
}

/// The directory that `path` is in.
fn parent(path: &Path) -> &Path {
    let parent = path.parent().filter(|parent| *parent != Path::new(""));
    parent.unwrap_or(Path::new("."))
}

/// Whether there is nothing at `path`, or an empty directory.
fn is_free(path: &Path) -> io::Result<bool> {
    match fs::read_dir(path) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(false),
        Err(error) => Err(error),
    }
}

/// Moves a directory where at most an empty one is, durably.
fn settle(from: &Path, to: &Path) -> io::Result<()> {
    if to.exists() {
        fs::remove_dir(to)?;
    }
    fs::rename(from, to)?;
    #[cfg(unix)]
    fs::File::open(parent(to))?.sync_all()?;
    Ok(())
}

/// When a file was last changed, in microseconds since the epoch: for what says no time itself.
pub(super) fn modified_us(path: &Path) -> Result<i64, Error> {
    let metadata = fs::metadata(path).and_then(|metadata| metadata.modified());
    let time = metadata.map_err(Error::io("look at", path))?;
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
