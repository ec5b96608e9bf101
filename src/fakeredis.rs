//! [`FakeRedis`]: the handle that users hold, and the [`Builder`] that makes one.

#[cfg(feature = "server")]
use std::net::ToSocketAddrs;
use std::path::Path;

use crate::clock::Clock;
use crate::command::Config;
use crate::engine::Engine;
use crate::engine::JournalOptions;
use crate::engine::Recording;
use crate::error::Error;
use crate::journal::Fsync;
use crate::journal::RecoveryReport;

#[cfg(feature = "client")]
use crate::client::AsyncConnection;
#[cfg(feature = "client")]
use crate::client::Connection;
#[cfg(feature = "server")]
use crate::server::Listen;
#[cfg(feature = "server")]
use crate::server::Server;

/// A fake Redis. Clones are the same fake; two fakes made separately share nothing.
#[derive(Clone, Debug)]
pub struct FakeRedis {
    engine: Engine,
    clock: Clock,
}

impl Default for FakeRedis {
    fn default() -> Self {
        FakeRedis::new()
    }
}

impl FakeRedis {
    /// An empty fake in memory.
    pub fn new() -> FakeRedis {
        let clock = Clock::system();
        FakeRedis {
            engine: Engine::in_memory(Config::default(), clock.clone(), 0),
            clock,
        }
    }

    /// A fake whose journal is in the directory `dir`, with the state that the journal gives; a new journal
    /// where there is none.
    ///
    /// # Errors
    ///
    /// The journal can't be read, is damaged, or is open in another process.
    pub fn open(dir: impl AsRef<Path>) -> Result<FakeRedis, Error> {
        FakeRedis::builder().journal(dir).build()
    }

    /// A fake with other than the usual settings.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A new connection for redis-rs.
    #[cfg(feature = "client")]
    pub fn connection(&self) -> Connection {
        Connection::open(&self.engine)
    }

    /// A new connection for redis-rs's async commands, on any runtime.
    #[cfg(feature = "client")]
    pub fn async_connection(&self) -> AsyncConnection {
        AsyncConnection::open(&self.engine)
    }

    /// Serves the fake at a TCP address, `127.0.0.1:0` for any free port, until the server is dropped.
    ///
    /// # Errors
    ///
    /// The address can't be listened on.
    #[cfg(feature = "server")]
    pub fn serve(&self, address: impl ToSocketAddrs) -> Result<Server, Error> {
        let io = |source| Error::Io {
            what: "serving a fake".to_owned(),
            source,
        };
        let tcp = address.to_socket_addrs().map_err(io)?.collect();
        self.serve_at(&Listen {
            tcp,
            ..Listen::default()
        })
    }

    /// Serves the fake at several addresses or a Unix socket, until the server is dropped.
    ///
    /// # Errors
    ///
    /// An address can't be listened on.
    #[cfg(feature = "server")]
    pub fn serve_at(&self, listen: &Listen) -> Result<Server, Error> {
        let io = |source| Error::Io {
            what: "serving a fake".to_owned(),
            source,
        };
        Server::start(&self.engine, listen).map_err(io)
    }

    /// The fake's clock, which times to live, `TIME` and everything else follow.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The engine behind the fake, for front doors of one's own.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Writes everything and closes the journal in good order. Dropping the last handle does the same, but
    /// can't tell what went wrong.
    ///
    /// # Errors
    ///
    /// The journal can't be written.
    pub fn close(&self) -> Result<(), Error> {
        Ok(self.engine.close()?)
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
    journal: Option<JournalOptions>,
    fsync: Fsync,
    recording: Recording,
    checkpoint_every: Option<u64>,
    clock: Option<Clock>,
    seed: u64,
    config: Config,
}

impl Builder {
    /// Keeps a journal in the directory `dir`.
    #[must_use]
    pub fn journal(mut self, dir: impl AsRef<Path>) -> Builder {
        self.journal = Some(JournalOptions::new(dir));
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
        let Some(mut options) = self.journal else {
            let engine = Engine::in_memory(self.config, clock.clone(), self.seed);
            return Ok((FakeRedis { engine, clock }, None));
        };
        options.journal.fsync = self.fsync;
        options.recording = self.recording;
        options.checkpoint_every = self.checkpoint_every.unwrap_or(options.checkpoint_every);
        let (engine, report) = Engine::open(&options, self.config, clock.clone(), self.seed)?;
        Ok((FakeRedis { engine, clock }, Some(report)))
    }
}
