//! [`FakeRedis`]: the handle that users hold.

mod builder;

pub use builder::Builder;

#[cfg(feature = "server")]
use std::net::ToSocketAddrs;
use std::path::Path;
use std::sync::Arc;

use crate::answers::Past;
use crate::answers::answer;
use crate::answers::go_back;
use crate::clock::Clock;
use crate::command::Config;
use crate::commit::How;
use crate::commit::Rewind;
use crate::commit::Seq;
use crate::engine::Core;
use crate::engine::Engine;
use crate::engine::Recording;
use crate::engine::state_at;
use crate::error::Error;
use crate::fixtures;
use crate::fixtures::Dataset;
use crate::fixtures::Loaded;
use crate::fixtures::Size;
use crate::journal::Compacted;
use crate::journal::JournalError;
use crate::journal::Reader;
use crate::timeline::Rev;
use crate::timeline::Timeline;
use crate::timeline::Version;
use crate::timeline::View;

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
    past: Arc<Past>,
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
        let engine = Engine::in_memory(Config::default(), clock.clone(), 0);
        FakeRedis::from_parts(engine, clock)
    }

    pub(crate) fn from_parts(engine: Engine, clock: Clock) -> FakeRedis {
        let past = Arc::<Past>::default();
        let known = Arc::clone(&past);
        engine.answer_with(move |engine, question| answer(engine, &known, question));
        FakeRedis {
            engine,
            clock,
            past,
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

    /// Loads a dataset: a built-in one by name, or a file by path.
    ///
    /// # Errors
    ///
    /// There is no such dataset, or it is not what its file says.
    ///
    /// ```
    /// use fakeredis::FakeRedis;
    /// use redis::Commands;
    ///
    /// let fake = FakeRedis::new();
    /// fake.load("inventory")?;
    /// assert_eq!(fake.connection().hget::<_, _, u32>("product:product_1", "stock")?, 10);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn load(&self, name_or_path: &str) -> Result<Loaded, Error> {
        self.load_dataset(&Dataset::open(name_or_path)?, Size::default(), |_| {})
    }

    /// Loads a dataset with another seed or at another scale; `progress` is told how many commands ran.
    ///
    /// # Errors
    ///
    /// A command of the dataset is refused, or the journal can't be written.
    pub fn load_dataset(
        &self,
        dataset: &Dataset,
        size: Size,
        progress: impl FnMut(u64),
    ) -> Result<Loaded, Error> {
        Ok(fixtures::load(&self.engine, dataset, size, progress)?)
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

    /// Forty hexadecimal digits that follow from the keys, their values and their times to live alone, as
    /// `DEBUG DIGEST` answers them.
    pub fn digest(&self) -> String {
        self.engine.lock().world().keyspace.digest()
    }

    /// Whether there is any key.
    pub fn has_keys(&self) -> bool {
        self.engine.lock().world().keyspace.used().next().is_some()
    }

    /// The fake's clock, which times to live, `TIME` and everything else follow.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The engine behind the fake, for the crate's own tests and tools.
    #[doc(hidden)]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The fake's history up to now, read-only.
    ///
    /// # Errors
    ///
    /// The fake has no journal, or the journal can't be read or written.
    pub fn timeline(&self) -> Result<Timeline, Error> {
        self.past.now(&self.engine)?.ok_or(Error::NoJournal)
    }

    /// The data as it was at `rev`, for read-only commands.
    ///
    /// # Errors
    ///
    /// The fake has no journal, or `rev` is none of its past.
    pub fn at(&self, rev: Rev) -> Result<View, Error> {
        Ok(self.timeline()?.at(&rev)?)
    }

    /// The versions of `key` in database 0, oldest first.
    ///
    /// ```
    /// use fakeredis::FakeRedis;
    /// use redis::Commands;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// let fake = FakeRedis::open(dir.path())?;
    /// let _: () = fake.connection().set("product:product_1", 10)?;
    /// assert_eq!(fake.history("product:product_1")?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The fake has no journal, or the journal can't be read.
    pub fn history(&self, key: impl AsRef<[u8]>) -> Result<Vec<Version>, Error> {
        let timeline = self.timeline()?;
        let versions = timeline.history(0, key.as_ref(), &Rev::LAST)?;
        Ok(versions.collect::<Result<_, _>>()?)
    }

    /// Gives this place in history a name, for [`Rev::mark`].
    ///
    /// # Errors
    ///
    /// The fake has no journal, or the journal can't be written.
    pub fn mark(&self, name: &str) -> Result<Seq, Error> {
        self.append(|core| core.mark(name.to_owned(), None))
    }

    /// Gives an earlier place in history a name, for [`Rev::mark`]. The mark itself is a record at the end.
    ///
    /// # Errors
    ///
    /// As [`mark`](FakeRedis::mark), and when `rev` is none of the fake's past, or the beginning, which has a name.
    pub fn mark_at(&self, name: &str, rev: Rev) -> Result<Seq, Error> {
        let at = self.timeline()?.resolve(&rev)?;
        if at == 0 {
            return Err(Error::Config("the beginning has a name: @0".to_owned()));
        }
        self.append(|core| core.mark(name.to_owned(), Some(at)))
    }

    /// Makes the data what it was at `rev`. Nothing is forgotten: the rewind itself is a record, and can be
    /// rewound. Whoever watches a key that became another learns that. Times to live are points in time: a key
    /// that has expired since expires again at once.
    ///
    /// ```
    /// use fakeredis::FakeRedis;
    /// use fakeredis::Rev;
    /// use redis::Commands;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// let fake = FakeRedis::open(dir.path())?;
    /// let mut con = fake.connection();
    /// let _: () = con.set("stock", 10)?;
    /// fake.mark("stocked")?;
    /// let _: () = con.del("stock")?;
    /// fake.rewind(Rev::mark("stocked"))?;
    /// assert_eq!(con.get::<_, i64>("stock")?, 10);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The fake has no journal, `rev` is none of its past, or the journal can't be written.
    pub fn rewind(&self, rev: Rev) -> Result<Seq, Error> {
        let timeline = self.timeline()?;
        let to = timeline.resolve(&rev)?;
        let how = How::Named;
        Ok(go_back(&self.engine, &timeline, Rewind { to, how })?)
    }

    /// Takes back the last `changes` changes, or all that there are. A change is a command, an EXEC batch or a script
    /// that changed something, or a [`rewind`](FakeRedis::rewind) or [`restore`](FakeRedis::restore); an expired
    /// key is none. Undoing twice goes back twice as far.
    ///
    /// ```
    /// use fakeredis::FakeRedis;
    /// use redis::Commands;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// let fake = FakeRedis::open(dir.path())?;
    /// let mut con = fake.connection();
    /// let _: () = con.set("stock", 10)?;
    /// let _: () = con.set("stock", 7)?;
    /// fake.undo(1)?;
    /// assert_eq!(con.get::<_, i64>("stock")?, 10);
    /// fake.redo(1)?;
    /// assert_eq!(con.get::<_, i64>("stock")?, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`rewind`](FakeRedis::rewind), and when there is nothing to undo.
    pub fn undo(&self, changes: u64) -> Result<Seq, Error> {
        let timeline = self.timeline()?;
        let rewind = timeline.undo(changes)?;
        Ok(go_back(&self.engine, &timeline, rewind)?)
    }

    /// Brings back the last `changes` changes that were undone, or all that there are, as editors do: a new change
    /// ends what can be redone.
    ///
    /// # Errors
    ///
    /// As [`rewind`](FakeRedis::rewind), and when there is nothing to redo.
    pub fn redo(&self, changes: u64) -> Result<Seq, Error> {
        let timeline = self.timeline()?;
        let rewind = timeline.redo(changes)?;
        Ok(go_back(&self.engine, &timeline, rewind)?)
    }

    /// Appends a record to the journal and waits until it is written.
    fn append(
        &self,
        append: impl FnOnce(&mut Core) -> Result<Seq, JournalError>,
    ) -> Result<Seq, Error> {
        self.engine.journal().ok_or(Error::NoJournal)?;
        Ok(self.engine.batch(append)??)
    }

    /// How much is recorded, where there is a journal.
    pub fn recording(&self) -> Recording {
        self.engine.lock().recording()
    }

    /// Records so much from now on; the record that says so. For [`Recording::Session`], whoever is connected is recorded
    /// as if it came now.
    ///
    /// # Errors
    ///
    /// The fake has no journal, or it can't be written.
    pub fn set_recording(&self, level: Recording) -> Result<Seq, Error> {
        self.append(|core| core.set_recording(level))
    }

    /// Drops all history before `rev`; a checkpoint takes its place. The data stays what it is.
    ///
    /// # Errors
    ///
    /// The fake has no journal, `rev` is none of its past, or the journal can't be written: then it is what it was
    /// before, or what it was to become.
    pub fn compact(&self, rev: Rev) -> Result<Compacted, Error> {
        let keep = self.timeline()?.resolve(&rev)?;
        Ok(self.engine.lock().compact(keep)?)
    }

    /// Takes writes again after the journal's disk failed and was mended: what was acknowledged is read back into a
    /// fresh file, and the data becomes what the journal says. Does nothing where nothing failed.
    ///
    /// # Errors
    ///
    /// The fake has no journal, or its disk still fails; writes stay refused.
    pub fn heal(&self) -> Result<(), Error> {
        self.engine.journal().ok_or(Error::NoJournal)?;
        Ok(self.engine.lock().heal()?)
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

/// The commands that make the state at the end of the journal in `dir`, which is only read and may be in use.
///
/// # Errors
///
/// The journal can't be read.
pub fn dump_journal(dir: &Path) -> Result<Vec<Vec<Vec<u8>>>, Error> {
    let reader = Reader::open(dir)?;
    let world = state_at(&reader, reader.last_seq())?;
    Ok(fixtures::dump(&world.keyspace).collect())
}
