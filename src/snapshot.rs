//! Snapshots and forks: a state that is kept, given back, or handed to another fake.

use crate::clock::Clock;
use crate::command::Config;
use crate::command::World;
use crate::commit::How;
use crate::commit::Rewind;
use crate::commit::Seq;
use crate::engine::Engine;
use crate::engine::EngineId;
use crate::error::Error;
use crate::fakeredis::FakeRedis;
use crate::fixtures;
use crate::keyspace::Keyspace;
use crate::timeline::Rev;
use crate::timeline::View;

/// A fake's data at one moment. It shares memory with the fake until one of them changes.
#[derive(Clone, Debug)]
pub struct Snapshot {
    engine: EngineId,
    seq: Seq,
    keyspace: Keyspace,
}

impl FakeRedis {
    /// The data as it is now, in microseconds: nothing is copied until it changes.
    ///
    /// ```
    /// use fakeredis::FakeRedis;
    /// use redis::Commands;
    ///
    /// let fake = FakeRedis::new();
    /// fake.load("inventory")?;
    /// let before = fake.snapshot();
    /// let mut con = fake.connection();
    /// let _: () = con.del("product:product_1")?;
    /// fake.restore(&before)?;
    /// assert!(con.exists::<_, bool>("product:product_1")?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn snapshot(&self) -> Snapshot {
        let core = self.engine().lock();
        Snapshot {
            engine: self.engine().id(),
            seq: core.last_seq(),
            keyspace: core.world().keyspace.clone(),
        }
    }

    /// Makes the data what they were; watched keys that change thereby count as changed. In a journal this is
    /// one more record, a rewind; a snapshot of another fake, or of history that was dropped since, is recorded as the
    /// commands that make it.
    ///
    /// # Errors
    ///
    /// The journal can't be written.
    pub fn restore(&self, snapshot: &Snapshot) -> Result<(), Error> {
        let is_known = self.engine().lock().knows(snapshot.seq);
        let is_own = is_known && snapshot.engine == self.engine().id();
        if is_own || self.engine().journal().is_none() {
            let keyspace = snapshot.keyspace.clone();
            let rewind = Rewind {
                to: snapshot.seq,
                how: How::Named,
            };
            self.engine()
                .batch(|core| core.rewind_to(rewind, keyspace))??;
            return Ok(());
        }
        let commands = std::iter::once(vec![b"FLUSHALL".to_vec()]);
        let commands = commands.chain(fixtures::dump(&snapshot.keyspace));
        let restored = fixtures::run(self.engine(), commands, |_| {})?;
        restored.map(drop).map_err(Error::Config)
    }

    /// Another fake with the same data, in memory, with a clock of its own that shows the same time. Neither
    /// sees what happens to the other from now on.
    ///
    /// ```
    /// use fakeredis::FakeRedis;
    /// use redis::Commands;
    ///
    /// let fake = FakeRedis::new();
    /// fake.load("balances")?;
    /// let copy = fake.fork();
    /// let _: () = copy.connection().set("account_a", 0)?;
    /// assert_eq!(fake.connection().get::<_, i64>("account_a")?, 1000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn fork(&self) -> FakeRedis {
        let (config, keyspace) = {
            let core = self.engine().lock();
            (core.world().config.clone(), core.world().keyspace.clone())
        };
        FakeRedis::in_memory(config, keyspace, self.clock().fork())
    }

    /// A fake in memory with the data that `view` shows. It takes writes, and the past knows nothing of them. Its clock
    /// stands still at the view's time, so that no key expires while somebody looks.
    ///
    /// ```
    /// use fakeredis::{FakeRedis, Rev};
    /// use redis::Commands;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let fake = FakeRedis::open(dir.path())?;
    /// # let _: () = fake.connection().set("stock", 10)?;
    /// let then = FakeRedis::from_view(fake.at(Rev::LAST)?);
    /// let _: () = then.connection().set("stock", 0)?;
    /// assert_eq!(fake.connection().get::<_, i64>("stock")?, 10);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn from_view(view: View) -> FakeRedis {
        let clock = Clock::frozen_at(view.time());
        let World {
            config, keyspace, ..
        } = view.into_world();
        FakeRedis::in_memory(config, keyspace, clock)
    }

    /// Another fake with the data that this one had at `rev`, in memory, with a clock of its own that showed the time
    /// then and goes on, or stands, as this one's does.
    ///
    /// ```
    /// use fakeredis::{FakeRedis, Rev};
    /// use redis::Commands;
    ///
    /// let fake = FakeRedis::builder().journal_in_memory().build()?;
    /// let mut con = fake.connection();
    /// let _: () = con.set("stock", 10)?;
    /// let _: () = con.set("stock", -1)?;
    /// let before = fake.fork_at(Rev::before(1))?;
    /// assert_eq!(before.connection().decr::<_, _, i64>("stock", 3)?, 7);
    /// assert_eq!(con.get::<_, i64>("stock")?, -1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The fake keeps no history, or `rev` is none of its past.
    pub fn fork_at(&self, rev: Rev) -> Result<FakeRedis, Error> {
        let then = self.at(rev)?;
        let clock = self.clock().fork();
        clock.set(then.time());
        let config = self.engine().lock().world().config.clone();
        let keyspace = then.into_world().keyspace;
        Ok(FakeRedis::in_memory(config, keyspace, clock))
    }

    fn in_memory(config: Config, keyspace: Keyspace, clock: Clock) -> FakeRedis {
        let engine = Engine::in_memory(config, clock.clone(), 0);
        engine.lock().adopt(keyspace);
        FakeRedis::from_parts(engine, clock)
    }
}
