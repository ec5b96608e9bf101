//! Faults on demand from Rust: [`Fault`] says what goes wrong, [`FakeRedis::inject`] has it go wrong.
//!
//! A fault is the words of `FAKEREDIS FAULT ADD`, which are its one meaning; this is another way to write them.

use std::time::Duration;

use crate::command;
use crate::engine::Engine;
use crate::error::Error;
use crate::fakeredis::FakeRedis;
use crate::resp::Reply;

/// Something that goes wrong on demand: which commands it hits, how often, and what becomes of them.
///
/// Unless it says otherwise, a fault hits every command each time, but those about the connection itself (`AUTH`,
/// `HELLO`, `CLIENT`, `SELECT`, `PING` and their like, which clients also send by themselves): these it must name.
///
/// ```
/// use fakeredis::FakeRedis;
/// use fakeredis::Fault;
/// use redis::Commands;
///
/// let fake = FakeRedis::new();
/// let mut con = fake.connection();
/// let fault = fake.inject(
///     Fault::error("LOADING Redis is loading the dataset in memory")
///         .on_command("GET")
///         .on_key("stock:*")
///         .times(1),
/// )?;
/// assert!(con.get::<_, Option<i64>>("stock:1").is_err());
/// assert_eq!(con.get::<_, Option<i64>>("stock:1")?, None);
/// assert_eq!(fault.hits(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a fault does nothing until it is injected"]
pub struct Fault {
    /// Which commands it hits, and how often.
    selectors: Vec<Vec<u8>>,
    /// What becomes of them.
    kind: Vec<Vec<u8>>,
}

impl Fault {
    /// The command does not run; this is its reply, the code first: `"OOM command not allowed"`.
    pub fn error(message: &str) -> Fault {
        Fault::of(&["ERROR", message])
    }

    /// The command runs so much later, by the fake's clock: while that is frozen, when somebody has advanced it. Other
    /// connections don't wait for it.
    pub fn delay(time: Duration) -> Fault {
        Fault::of(&["DELAY", &time.as_millis().to_string()])
    }

    /// The connection ends, and the command did not run.
    pub fn disconnect_before() -> Fault {
        Fault::of(&["DISCONNECT", "BEFORE"])
    }

    /// The command runs, and the connection ends: the client can't know whether it did.
    pub fn disconnect_after() -> Fault {
        Fault::of(&["DISCONNECT", "AFTER"])
    }

    /// The command runs, half of its reply's bytes are sent, and the connection ends.
    pub fn disconnect_mid() -> Fault {
        Fault::of(&["DISCONNECT", "MID"])
    }

    /// The journal's disk has no space for the record of a command that writes: see [`FakeRedis::heal`].
    pub fn disk_full() -> Fault {
        Fault::of(&["DISK", "ENOSPC"])
    }

    /// The journal's disk fails to write the record of a command that writes: see [`FakeRedis::heal`].
    pub fn disk_error() -> Fault {
        Fault::of(&["DISK", "EIO"])
    }

    /// The journal's disk takes the record of a command that writes, and fails to sync it: at once under
    /// [`Fsync::Always`](crate::Fsync), in the background under `EverySec`, so that the next write is refused.
    pub fn sync_error() -> Fault {
        Fault::of(&["DISK", "EIO", "SYNC"])
    }

    /// Only of a failing disk: once it was hit it stays so, and can't be healed, for as long as the fault is there.
    ///
    /// ```
    /// use fakeredis::FakeRedis;
    /// use fakeredis::Fault;
    /// use redis::Commands;
    ///
    /// let fake = FakeRedis::builder().journal_in_memory().build()?;
    /// let mut con = fake.connection();
    /// let full = fake.inject(Fault::disk_full().lasting())?;
    /// assert!(con.set::<_, _, ()>("stock", 10).is_err());
    /// assert!(fake.heal().is_err());
    /// drop(full); // somebody made space
    /// fake.heal()?;
    /// let _: () = con.set("stock", 10)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn lasting(mut self) -> Fault {
        self.kind.push(b"LASTING".to_vec());
        self
    }

    fn of(kind: &[&str]) -> Fault {
        Fault {
            selectors: Vec::new(),
            kind: kind.iter().map(|word| word.as_bytes().to_vec()).collect(),
        }
    }

    /// Only this command, `GET` or `CLIENT LIST`, whatever the case; of a container, all subcommands.
    pub fn on_command(self, name: &str) -> Fault {
        self.with("CMD", name)
    }

    /// Only commands with a key that this pattern (`stock:*`) fits.
    pub fn on_key(self, pattern: impl AsRef<[u8]>) -> Fault {
        self.with("KEY", pattern)
    }

    /// Only commands of this connection: its number (`"7"`), or a pattern for its name (`"worker-*"`).
    pub fn on_client(self, id_or_name: &str) -> Fault {
        self.with("CLIENT", id_or_name)
    }

    /// Only where an EXEC or a script runs the command: the error stands in its place, and the others run. Without
    /// this, a command that MULTI queues is hit where it is sent, so that EXEC is refused.
    pub fn inside(mut self) -> Fault {
        self.selectors.push(b"INSIDE".to_vec());
        self
    }

    /// Passes over the first matches.
    pub fn after(self, matches: u64) -> Fault {
        self.with("AFTER", matches.to_string())
    }

    /// Hits no more than so often.
    pub fn times(self, hits: u64) -> Fault {
        self.with("TIMES", hits.to_string())
    }

    /// Hits with this probability, by the fake's [seed](FakeRedis::seed): the same faults on each run.
    pub fn probability(self, probability: f64) -> Fault {
        self.with("PROB", probability.to_string())
    }

    fn with(mut self, selector: &str, value: impl AsRef<[u8]>) -> Fault {
        self.selectors.push(selector.as_bytes().to_vec());
        self.selectors.push(value.as_ref().to_vec());
        self
    }
}

/// A fault of a fake, which ends when this is dropped.
#[derive(Debug)]
#[must_use = "the fault ends when this is dropped"]
pub struct Injected {
    engine: Engine,
    id: u64,
    is_kept: bool,
}

impl Injected {
    /// Its number, as `FAKEREDIS FAULT LIST` shows it.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// How many commands it has hit.
    pub fn hits(&self) -> u64 {
        let fault = |fault: &command::Fault| fault.hits;
        let core = self.engine.lock();
        core.world().faults.get(self.id).map_or(0, fault)
    }

    /// Leaves it in place for as long as the fake lives, or until it is removed by its number.
    pub fn keep(mut self) -> u64 {
        self.is_kept = true;
        self.id
    }
}

impl Drop for Injected {
    fn drop(&mut self) {
        if !self.is_kept {
            // One that was removed before is gone, which is what is wanted.
            let _ = own(
                &self.engine,
                &[b"FAULT", b"REMOVE", self.id.to_string().as_bytes()],
            );
        }
    }
}

impl FakeRedis {
    /// Has something go wrong from now on, until what this returns is dropped. Faults are asked in the order in which
    /// they were injected; the first that hits a command decides, but that delays and failing disks leave the rest to
    /// those behind them.
    ///
    /// ```
    /// use fakeredis::FakeRedis;
    /// use fakeredis::Fault;
    /// use redis::Commands;
    ///
    /// let fake = FakeRedis::new();
    /// let fault = fake.inject(Fault::disconnect_after().on_command("INCRBY").times(1))?;
    /// let lost = fake.connection().incr::<_, _, i64>("visits", 1).unwrap_err();
    /// assert!(lost.is_connection_dropped());
    /// assert_eq!(fake.connection().get::<_, i64>("visits")?, 1, "it was applied all the same");
    /// drop(fault);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// There is no such command, the probability is none, the message has more than one line, it is for the disk of a
    /// fake without a journal, or the journal can't be written.
    pub fn inject(&self, fault: Fault) -> Result<Injected, Error> {
        let words = fault.selectors.iter().chain(&fault.kind);
        let words: Vec<&[u8]> = [b"FAULT".as_slice(), b"ADD"]
            .into_iter()
            .chain(words.map(Vec::as_slice))
            .collect();
        match own(self.engine(), &words)? {
            Reply::Int(id) => Ok(Injected {
                engine: self.engine().clone(),
                id: id.unsigned_abs(),
                is_kept: false,
            }),
            reply => unreachable!("a fault has a number, not {reply:?}"),
        }
    }

    /// Removes all faults.
    ///
    /// # Errors
    ///
    /// The journal can't be written.
    pub fn clear_faults(&self) -> Result<(), Error> {
        own(self.engine(), &[b"FAULT", b"CLEAR"]).map(drop)
    }

    /// From now on everything random follows from `seed`: what SPOP takes, the seed of `math.random` in a script, faults
    /// with a probability. The same seed gives the same answers again.
    ///
    /// ```
    /// use fakeredis::FakeRedis;
    /// use redis::Commands;
    ///
    /// let fake = FakeRedis::new();
    /// let mut con = fake.connection();
    /// let _: () = con.sadd("names", &["ada", "ben", "cleo", "dan"])?;
    /// fake.seed(7)?;
    /// let first: Vec<String> = con.srandmember_multiple("names", 2)?;
    /// fake.seed(7)?;
    /// assert_eq!(con.srandmember_multiple::<_, Vec<String>>("names", 2)?, first);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The journal can't be written.
    pub fn seed(&self, seed: u64) -> Result<(), Error> {
        own(self.engine(), &[b"SEED", seed.to_string().as_bytes()]).map(drop)
    }
}

/// Runs a subcommand of FAKEREDIS for the fake itself, so that it is recorded as one.
fn own(engine: &Engine, words: &[&[u8]]) -> Result<Reply, Error> {
    let argv: Vec<&[u8]> = [b"FAKEREDIS".as_slice()]
        .into_iter()
        .chain(words.iter().copied())
        .collect();
    match engine.batch(|core| core.run_own(&argv))? {
        Reply::Error(text) => Err(Error::Refused(text.into_owned())),
        reply => Ok(reply),
    }
}
