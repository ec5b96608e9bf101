//! Transactions in the manner of redis-py, for any redis-rs connection, a fake's or a real one.
//!
//! [`Transactions`] gives a connection MULTI, EXEC, DISCARD, WATCH and UNWATCH by name, [`Pipeline`]s, and a
//! [`transaction`](Transactions::transaction) that retries. Everything goes through redis-rs's own traits.

use std::time::Duration;

use redis::Cmd;
use redis::ConnectionLike;
use redis::ErrorKind;
use redis::RedisError;
use redis::RedisResult;
use redis::ToRedisArgs;
use redis::Value;
use redis::cmd;

use crate::clock::pause;
use crate::resp::RequestDecoder;

/// Transactions by name, for every redis-rs connection.
///
/// ```
/// use fakeredis::{FakeRedis, Transactions};
/// use redis::Commands;
///
/// let mut con = FakeRedis::new().connection();
/// let _: () = con.set("counter", 10)?;
/// con.multi()?;
/// let _: () = con.incr("counter", 1)?; // queued
/// let results = con.exec()?.expect("nothing is watched");
/// assert_eq!(results, [redis::Value::Int(11)]);
/// # Ok::<(), redis::RedisError>(())
/// ```
pub trait Transactions: ConnectionLike + Sized {
    /// Starts to queue commands (`MULTI`).
    ///
    /// # Errors
    ///
    /// When the connection queues already, or fails.
    fn multi(&mut self) -> RedisResult<()> {
        cmd("MULTI").query(self)
    }

    /// Runs the queued commands as one (`EXEC`): their results, errors among them as
    /// [`Value::ServerError`], or `None` when a watched key changed and nothing ran.
    ///
    /// # Errors
    ///
    /// When there is no queue, a command was refused while it was queued, or the connection fails.
    fn exec(&mut self) -> RedisResult<Option<Vec<Value>>> {
        results(self.req_command(&cmd("EXEC"))?)
    }

    /// Forgets the queued commands and all watches (`DISCARD`).
    ///
    /// # Errors
    ///
    /// When there is no queue, or the connection fails.
    fn discard(&mut self) -> RedisResult<()> {
        cmd("DISCARD").query(self)
    }

    /// Makes the next EXEC depend on `keys` being unchanged (`WATCH`).
    ///
    /// # Errors
    ///
    /// Inside MULTI, or when the connection fails.
    fn watch(&mut self, keys: impl ToRedisArgs) -> RedisResult<()> {
        cmd("WATCH").arg(keys).query(self)
    }

    /// Forgets all watches (`UNWATCH`).
    ///
    /// # Errors
    ///
    /// When the connection fails.
    fn unwatch(&mut self) -> RedisResult<()> {
        cmd("UNWATCH").query(self)
    }

    /// A pipeline on this connection; with `transaction` it is sent as MULTI … EXEC.
    fn pipeline(&mut self, transaction: bool) -> Pipeline<'_, Self> {
        Pipeline {
            connection: self,
            transaction,
            queue: Vec::new(),
            mode: Mode::Queueing,
        }
    }

    /// Runs `work` on a pipeline that watches `watches`, then executes it, again and again until no
    /// watched key changed in between.
    ///
    /// `work` starts in the mode in which commands run at once, so that it can read what it needs; it calls
    /// [`Pipeline::multi`] and then queues. The answer holds both EXEC's results and what `work` returned
    /// (redis-py's `value_from_callable`).
    ///
    /// # Errors
    ///
    /// What `work` or the connection fails with; after [`Options::max_tries`] tries, that the watched keys
    /// kept changing.
    ///
    /// ```
    /// use fakeredis::{FakeRedis, Options, Transactions};
    /// use redis::Commands;
    ///
    /// let mut con = FakeRedis::new().connection();
    /// let done = con.transaction(&Options::default(), "counter", |pipe| {
    ///     let before: Option<i64> = pipe.get("counter")?; // runs at once
    ///     pipe.multi()?;
    ///     pipe.set::<_, _, ()>("counter", before.unwrap_or(0) + 1)?; // queued
    ///     Ok(before)
    /// })?;
    /// assert_eq!((done.value, done.results), (None, vec![redis::Value::Okay]));
    /// # Ok::<(), redis::RedisError>(())
    /// ```
    fn transaction<T>(
        &mut self,
        options: &Options,
        watches: impl ToRedisArgs,
        mut work: impl FnMut(&mut Pipeline<'_, Self>) -> RedisResult<T>,
    ) -> RedisResult<Committed<T>> {
        for attempt in 0..options.max_tries {
            if attempt > 0 {
                pause(options.watch_delay);
            }
            let mut pipeline = self.pipeline(true);
            pipeline.watch(&watches)?;
            let value = work(&mut pipeline)?;
            if let Some(results) = pipeline.execute(true)? {
                return Ok(Committed { results, value });
            }
        }
        Err(watch_error(options.max_tries))
    }
}

impl<C: ConnectionLike> Transactions for C {}

/// What [`Transactions::transaction`] achieved.
#[derive(Clone, Debug, PartialEq)]
pub struct Committed<T> {
    /// The results of the queued commands.
    pub results: Vec<Value>,
    /// What the callable returned in the try that succeeded.
    pub value: T,
}

/// How [`Transactions::transaction`] goes about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How long to wait before another try.
    pub watch_delay: Duration,
    /// How often to try at most.
    pub max_tries: usize,
    /// Accepted for the sake of code that has one; a fake is one shard.
    pub shard_hint: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            watch_delay: Duration::ZERO,
            max_tries: 1000,
            shard_hint: None,
        }
    }
}

/// Commands that are collected and sent together.
///
/// A pipeline is itself a [`redis::ConnectionLike`], so that `redis::Commands` works on it: a queued command
/// answers the status `QUEUED`, which reads as `()`. After [`watch`](Pipeline::watch), commands run at once
/// until [`multi`](Pipeline::multi). Dropping a pipeline resets it.
///
/// ```
/// use fakeredis::{FakeRedis, Transactions};
/// use redis::Commands;
///
/// let mut con = FakeRedis::new().connection();
/// let mut pipe = con.pipeline(true);
/// let _: () = pipe.set("a", 1)?;
/// let _: () = pipe.incr("a", 1)?;
/// let results = pipe.execute(true)?.expect("nothing is watched");
/// assert_eq!(results, [redis::Value::Okay, redis::Value::Int(2)]);
/// # Ok::<(), redis::RedisError>(())
/// ```
pub struct Pipeline<'c, C: ConnectionLike> {
    connection: &'c mut C,
    transaction: bool,
    queue: Vec<Cmd>,
    mode: Mode,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Commands are collected; nothing is watched.
    Queueing,
    /// Keys are watched and commands run at once.
    Watching,
    /// Keys are watched and commands are collected.
    QueueingWatched,
}

impl<C: ConnectionLike> Pipeline<'_, C> {
    /// Watches keys; from now on commands run at once, until [`multi`](Pipeline::multi).
    ///
    /// # Errors
    ///
    /// When commands are collected already, or the connection fails.
    pub fn watch(&mut self, keys: impl ToRedisArgs) -> RedisResult<()> {
        if !self.queue.is_empty() || self.mode == Mode::QueueingWatched {
            return Err(misuse("watch() comes before the first collected command"));
        }
        self.mode = Mode::Watching;
        cmd("WATCH").arg(keys).query(self.connection)
    }

    /// Forgets all watches.
    ///
    /// # Errors
    ///
    /// When the connection fails.
    pub fn unwatch(&mut self) -> RedisResult<()> {
        if self.mode != Mode::Queueing {
            cmd("UNWATCH").exec(self.connection)?;
            self.mode = Mode::Queueing;
        }
        Ok(())
    }

    /// Collects commands from now on; they are sent as a transaction.
    ///
    /// # Errors
    ///
    /// When commands are collected already.
    pub fn multi(&mut self) -> RedisResult<()> {
        if !self.queue.is_empty() || self.mode == Mode::QueueingWatched {
            return Err(misuse("multi() comes before the first collected command"));
        }
        self.transaction = true;
        if self.mode == Mode::Watching {
            self.mode = Mode::QueueingWatched;
        }
        Ok(())
    }

    /// Sends the collected commands: their results, or `None` when a watched key changed and nothing ran.
    /// The pipeline is then empty and watches nothing.
    ///
    /// # Errors
    ///
    /// With `raise_on_error` the first error among the results; without it, errors are
    /// [`Value::ServerError`]s among them. When the connection fails.
    pub fn execute(&mut self, raise_on_error: bool) -> RedisResult<Option<Vec<Value>>> {
        let queue = std::mem::take(&mut self.queue);
        let answer = self.send(&queue);
        self.reset()?;
        match answer? {
            Some(values) if raise_on_error => values
                .into_iter()
                .map(Value::extract_error)
                .collect::<RedisResult<_>>()
                .map(Some),
            values => Ok(values),
        }
    }

    /// Forgets the collected commands and all watches.
    ///
    /// # Errors
    ///
    /// When the connection fails.
    pub fn discard(&mut self) -> RedisResult<()> {
        self.reset()
    }

    /// Forgets the collected commands and all watches; the pipeline is as new.
    ///
    /// # Errors
    ///
    /// When the connection fails.
    pub fn reset(&mut self) -> RedisResult<()> {
        self.queue.clear();
        self.unwatch()
    }

    /// The number of collected commands.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether no command is collected.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    fn send(&mut self, queue: &[Cmd]) -> RedisResult<Option<Vec<Value>>> {
        let mut pipeline = redis::pipe();
        if self.transaction && !(queue.is_empty() && self.mode == Mode::Queueing) {
            pipeline.atomic();
        }
        for cmd in queue {
            pipeline.add_command(cmd.clone());
        }
        let packed = pipeline.get_packed_pipeline();
        if !self.transaction {
            let values = self
                .connection
                .req_packed_commands(&packed, 0, queue.len())?;
            return Ok(Some(values));
        }
        if queue.is_empty() && self.mode == Mode::Queueing {
            return Ok(Some(Vec::new()));
        }
        let answer = self
            .connection
            .req_packed_commands(&packed, queue.len() + 1, 1)?;
        results(answer.into_iter().next().unwrap_or(Value::Nil))
    }

    fn queue(&mut self, cmd: Cmd) -> Value {
        self.queue.push(cmd);
        Value::SimpleString("QUEUED".into())
    }
}

impl<C: ConnectionLike> ConnectionLike for Pipeline<'_, C> {
    fn req_packed_command(&mut self, packed: &[u8]) -> RedisResult<Value> {
        if self.mode == Mode::Watching {
            return self.connection.req_packed_command(packed);
        }
        Ok(self.queue(unpack(packed)?))
    }

    fn req_packed_commands(
        &mut self,
        packed: &[u8],
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        if self.mode == Mode::Watching {
            return self.connection.req_packed_commands(packed, offset, count);
        }
        Err(misuse(
            "a pipeline inside a pipeline; add its commands one by one",
        ))
    }

    fn req_command(&mut self, cmd: &Cmd) -> RedisResult<Value> {
        if self.mode == Mode::Watching {
            return self.connection.req_command(cmd);
        }
        Ok(self.queue(cmd.clone()))
    }

    fn get_db(&self) -> i64 {
        self.connection.get_db()
    }

    fn check_connection(&mut self) -> bool {
        self.connection.check_connection()
    }

    fn is_open(&self) -> bool {
        self.connection.is_open()
    }
}

impl<C: ConnectionLike> Drop for Pipeline<'_, C> {
    fn drop(&mut self) {
        // A connection that can't be told to unwatch is broken; its watches are gone with it.
        let _ = self.reset();
    }
}

/// EXEC's answer: the results, or none after a watched key changed.
fn results(answer: Value) -> RedisResult<Option<Vec<Value>>> {
    match answer {
        Value::Nil => Ok(None),
        Value::Array(values) => Ok(Some(values)),
        Value::ServerError(error) => Err(error.into()),
        other => Err((
            ErrorKind::UnexpectedReturnType,
            "EXEC answers an array",
            format!("{other:?}"),
        )
            .into()),
    }
}

/// A packed command as a command again.
fn unpack(packed: &[u8]) -> RedisResult<Cmd> {
    let mut decoder = RequestDecoder::default();
    match decoder.decode(packed) {
        Ok(Some(len)) if len == packed.len() => {
            let mut cmd = Cmd::new();
            for arg in decoder.argv(packed) {
                cmd.arg(arg);
            }
            Ok(cmd)
        }
        _ => Err(misuse("not one packed command")),
    }
}

fn misuse(what: &'static str) -> RedisError {
    (ErrorKind::InvalidClientConfig, what).into()
}

fn watch_error(tries: usize) -> RedisError {
    let detail = format!("gave up after {tries} tries");
    (ErrorKind::Client, "the watched keys kept changing", detail).into()
}
