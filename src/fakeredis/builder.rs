//! [`Builder`]: the settings of a fake that is to be made.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use super::FakeRedis;
use crate::clock::Clock;
use crate::command::Config;
use crate::engine::Engine;
use crate::engine::JournalOptions;
use crate::engine::Recording;
use crate::error::Error;
use crate::fixtures::Dataset;
use crate::fixtures::Size;
use crate::journal::Disk;
use crate::journal::Fsync;
use crate::journal::Memory;
use crate::journal::RecoveryReport;
use crate::journal::Storage;

/// Where a journal is kept.
#[derive(Debug)]
enum Place {
    Directory(PathBuf),
    Memory,
}

/// The size of a journal's files in memory, each of which is copied as it grows.
const MEMORY_SEGMENT_BYTES: u64 = 4 << 20;

impl Place {
    fn open(&self) -> (Arc<dyn Storage>, JournalOptions) {
        match self {
            Place::Directory(dir) => (Arc::new(Disk::new(dir)), JournalOptions::new(dir)),
            Place::Memory => {
                let mut options = JournalOptions::new("");
                options.journal.segment_bytes = MEMORY_SEGMENT_BYTES;
                options.journal.fsync = Fsync::No;
                (Arc::new(Memory::new()), options)
            }
        }
    }
}

/// Settings of a [`FakeRedis`] to be made.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use fakeredis::{Clock, FakeRedis, Fsync};
///
/// let dir = tempfile::tempdir()?;
/// let fake = FakeRedis::builder()
///     .journal(dir.path().join("journal"))
///     .fsync(Fsync::EverySec)
///     .clock(Clock::frozen_at(UNIX_EPOCH + Duration::from_secs(1_700_000_000)))
///     .seed(42)
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct Builder {
    journal: Option<Place>,
    fsync: Fsync,
    recording: Recording,
    checkpoint_every: Option<u64>,
    clock: Option<Clock>,
    seed: u64,
    config: Config,
    fixtures: Vec<Dataset>,
}

impl Builder {
    /// Keeps a journal in the directory `dir`.
    #[must_use]
    pub fn journal(mut self, dir: impl AsRef<Path>) -> Builder {
        self.journal = Some(Place::Directory(dir.as_ref().to_owned()));
        self
    }

    /// Keeps a journal in memory, in place of one in a directory: the fake has history until it ends.
    ///
    /// All of it stays in memory: some hundred bytes for each record, until [`compact`](FakeRedis::compact) drops them.
    ///
    /// ```
    /// use fakeredis::FakeRedis;
    /// use redis::Commands;
    ///
    /// let fake = FakeRedis::builder().journal_in_memory().build()?;
    /// let mut con = fake.connection();
    /// let _: () = con.set("stock", 10)?;
    /// let _: () = con.del("stock")?;
    /// fake.undo(1)?;
    /// assert_eq!(con.get::<_, i64>("stock")?, 10);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn journal_in_memory(mut self) -> Builder {
        self.journal = Some(Place::Memory);
        self
    }

    /// When the journal is forced to stable storage; a killed process loses nothing in any case.
    #[must_use]
    pub fn fsync(mut self, fsync: Fsync) -> Builder {
        self.fsync = fsync;
        self
    }

    /// How much the journal records.
    #[must_use]
    pub fn record(mut self, recording: Recording) -> Builder {
        self.recording = recording;
        self
    }

    /// Writes a checkpoint whenever this many records came after the last one; 0 for never.
    #[must_use]
    pub fn checkpoint_every(mut self, records: u64) -> Builder {
        self.checkpoint_every = Some(records);
        self
    }

    /// The clock that the fake follows.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Builder {
        self.clock = Some(clock);
        self
    }

    /// The seed of all random numbers; 0 unless it is set.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Builder {
        self.seed = seed;
        self
    }

    /// Parameters as in `redis.conf`.
    #[must_use]
    pub fn config(mut self, config: Config) -> Builder {
        self.config = config;
        self
    }

    /// Loads a dataset into the fake if it has no keys yet: a built-in one by name, or a file by path.
    ///
    /// # Errors
    ///
    /// There is no such dataset.
    pub fn fixture(mut self, name_or_path: &str) -> Result<Builder, Error> {
        self.fixtures.push(Dataset::open(name_or_path)?);
        Ok(self)
    }

    /// Makes the fake.
    ///
    /// # Errors
    ///
    /// The journal can't be read, is damaged, or is open in another process.
    pub fn build(self) -> Result<FakeRedis, Error> {
        Ok(self.build_with_report()?.0)
    }

    /// Makes the fake, and says what was found in its journal.
    ///
    /// # Errors
    ///
    /// As [`build`](Builder::build).
    pub fn build_with_report(self) -> Result<(FakeRedis, Option<RecoveryReport>), Error> {
        let clock = self.clock.unwrap_or_default();
        let (engine, report) = match self.journal {
            None => (
                Engine::in_memory(self.config, clock.clone(), self.seed),
                None,
            ),
            Some(place) => {
                let (storage, mut options) = place.open();
                options.recording = self.recording;
                let every = self.checkpoint_every;
                options.checkpoint_every = every.unwrap_or(options.checkpoint_every);
                if storage.dir().is_some() {
                    options.journal.fsync = self.fsync;
                }
                let opened =
                    Engine::open_on(storage, &options, self.config, clock.clone(), self.seed)?;
                (opened.0, Some(opened.1))
            }
        };
        let fake = FakeRedis::from_parts(engine, clock);
        let has_keys = fake.has_keys();
        for dataset in self.fixtures.iter().filter(|_| !has_keys) {
            fake.load_dataset(dataset, Size::default(), |_| {})?;
        }
        Ok((fake, report))
    }
}
