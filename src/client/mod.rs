//! The front door for Rust: connections for redis-rs that need no port and no server.
//!
//! Code under test is written against redis-rs's traits and never sees these types; a test hands it a
//! [`Connection`] (or an [`AsyncConnection`]) where production hands it a real one.

mod aio;
mod convert;
mod link;
mod past;
mod transaction;

pub use aio::AsyncConnection;
pub use transaction::Committed;
pub use transaction::Options;
pub use transaction::Pipeline;
pub use transaction::Transactions;

use std::sync::Arc;
use std::sync::mpsc;

use parking_lot::Condvar;
use parking_lot::Mutex;
use redis::Cmd;
use redis::ConnectionLike;
use redis::PushInfo;
use redis::RedisResult;
use redis::Value;

use crate::engine::Engine;
use convert::server_error;
use link::Link;
use link::Work;

/// A connection to a fake in the same process; implements [`redis::ConnectionLike`], and with it all of
/// `redis::Commands`, `redis::pipe()` and `redis::transaction`.
///
/// ```
/// use fakeredis::FakeRedis;
/// use redis::Commands;
///
/// let mut con = FakeRedis::new().connection();
/// let _: () = con.set("greeting", "hello")?;
/// assert_eq!(con.get::<_, String>("greeting")?, "hello");
/// # Ok::<(), redis::RedisError>(())
/// ```
#[derive(Debug)]
pub struct Connection {
    link: Link,
    bell: Arc<Bell>,
}

/// What a connection that is blocked in a command listens for.
#[derive(Debug, Default)]
struct Bell {
    rung: Mutex<bool>,
    ring: Condvar,
}

impl Bell {
    fn ring(&self) {
        *self.rung.lock() = true;
        self.ring.notify_one();
    }

    /// Returns once it was rung since the last time.
    fn wait(&self) {
        let mut rung = self.rung.lock();
        self.ring.wait_while(&mut rung, |rung| !*rung);
        *rung = false;
    }
}

impl Connection {
    /// A new connection to `engine`.
    pub(crate) fn open(engine: &Engine) -> Connection {
        let bell = Arc::new(Bell::default());
        let waked = Arc::clone(&bell);
        let link = Link::open(engine, move || waked.ring());
        Connection { link, bell }
    }

    /// Has messages of subscriptions, and of client-side caching, sent to `sender`, as the method of this name of
    /// redis-rs's own connection does. What came until then goes out whenever a command runs; without a sender, nobody
    /// gets it.
    ///
    /// ```
    /// use fakeredis::FakeRedis;
    /// use redis::Commands;
    ///
    /// let fake = FakeRedis::new();
    /// let mut con = fake.connection();
    /// let (sender, pushes) = std::sync::mpsc::channel();
    /// con.set_push_sender(sender);
    /// redis::cmd("HELLO").arg(3).exec(&mut con)?;
    /// redis::cmd("CLIENT").arg(&["TRACKING", "ON"]).exec(&mut con)?;
    /// let _: Option<String> = con.get("stock")?;
    /// let _: () = fake.connection().set("stock", 9)?;
    /// redis::cmd("PING").exec(&mut con)?;
    /// assert_eq!(pushes.try_recv().unwrap().kind, redis::PushKind::Invalidate);
    /// # Ok::<(), redis::RedisError>(())
    /// ```
    pub fn set_push_sender(&mut self, sender: mpsc::Sender<PushInfo>) {
        // Whoever does not listen any more misses nothing.
        self.link.listen(move |push| drop(sender.send(push)));
    }

    /// Runs everything; where that blocks, this thread waits.
    fn run(&self, mut work: Work<'_>) -> RedisResult<Vec<Value>> {
        while !self.link.advance(&mut work)? {
            self.bell.wait();
        }
        Ok(work.into_values())
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command(&mut self, cmd: &[u8]) -> RedisResult<Value> {
        one(self.run(Work::packed(cmd))?)
    }

    fn req_packed_commands(
        &mut self,
        cmd: &[u8],
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        part(self.run(Work::packed(cmd))?, offset, count)
    }

    fn req_command(&mut self, cmd: &Cmd) -> RedisResult<Value> {
        match self.link.command(cmd)? {
            Some(value) => shallow(value),
            None => one(self.run(Work::blocked())?),
        }
    }

    fn get_db(&self) -> i64 {
        self.link.db()
    }

    fn check_connection(&mut self) -> bool {
        self.is_open()
    }

    fn is_open(&self) -> bool {
        self.link.is_open()
    }
}

/// The answer to one command.
fn one(mut values: Vec<Value>) -> RedisResult<Value> {
    shallow(values.pop().unwrap_or(Value::Nil))
}

/// The `count` answers behind the first `offset`. An error before them (a command that MULTI refused to queue) fails
/// the whole, as on a real connection.
fn part(values: Vec<Value>, offset: usize, count: usize) -> RedisResult<Vec<Value>> {
    let refused = values.iter().take(offset).find_map(|value| match value {
        Value::ServerError(error) => Some(error),
        _ => None,
    });
    match refused {
        Some(error) => Err(server_error(&format!("EXECABORT {error}")).into()),
        None => Ok(values.into_iter().skip(offset).take(count).collect()),
    }
}

/// The whole answer being an error fails; errors among the results of an EXEC are values.
fn shallow(value: Value) -> RedisResult<Value> {
    match value {
        Value::ServerError(error) => Err(error.into()),
        value => Ok(value),
    }
}
