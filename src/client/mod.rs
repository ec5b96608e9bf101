//! The front door for Rust: connections for redis-rs that need no port and no server.
//!
//! Code under test is written against redis-rs's traits and never sees these types; a test hands it a
//! [`Connection`] (or an [`AsyncConnection`]) where production hands it a real one.

mod aio;
mod convert;
mod past;
mod transaction;

pub use aio::AsyncConnection;
pub use transaction::Committed;
pub use transaction::Options;
pub use transaction::Pipeline;
pub use transaction::Transactions;

use redis::Cmd;
use redis::ConnectionLike;
use redis::RedisResult;
use redis::Value;

use crate::engine::Engine;
use crate::engine::Outcome;
use crate::engine::Turn;
use crate::resp::Limits;
use crate::resp::RequestDecoder;
use crate::session::Address;
use crate::session::SessionKey;
use convert::closed;
use convert::server_error;
use convert::to_value;
use smallvec::SmallVec;

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
}

impl Connection {
    /// A new connection to `engine`.
    pub(crate) fn open(engine: &Engine) -> Connection {
        Connection {
            link: Link::open(engine),
        }
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command(&mut self, cmd: &[u8]) -> RedisResult<Value> {
        self.link.packed_one(cmd)
    }

    fn req_packed_commands(
        &mut self,
        cmd: &[u8],
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        self.link.pipeline(cmd, offset, count)
    }

    fn req_command(&mut self, cmd: &Cmd) -> RedisResult<Value> {
        self.link.command(cmd)
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

/// An open session of an engine; it ends when this is dropped.
#[derive(Debug)]
struct Link {
    engine: Engine,
    session: SessionKey,
}

impl Link {
    fn open(engine: &Engine) -> Link {
        let session = engine.lock().connect(Address::default());
        Link {
            engine: engine.clone(),
            session,
        }
    }

    /// Runs one command, without packing it where its arguments are at hand.
    fn command(&self, cmd: &Cmd) -> RedisResult<Value> {
        let mut argv: SmallVec<[&[u8]; 8]> = SmallVec::new();
        for arg in cmd.args_iter() {
            match arg {
                redis::Arg::Simple(arg) => argv.push(arg),
                _ => return self.packed_one(&cmd.get_packed_command()),
            }
        }
        shallow(self.settled(|turn| run(turn, self.session, &argv))??)
    }

    /// Runs one packed command.
    fn packed_one(&self, bytes: &[u8]) -> RedisResult<Value> {
        shallow(self.packed(bytes)?.pop().unwrap_or(Value::Nil))
    }

    /// Runs packed commands as one batch; a value for each, errors among them.
    fn packed(&self, mut bytes: &[u8]) -> RedisResult<Vec<Value>> {
        let mut decoder = RequestDecoder::new(Limits::default());
        self.settled(|turn| {
            let mut values = Vec::new();
            loop {
                match decoder.decode(bytes) {
                    Ok(Some(len)) => {
                        let argv: SmallVec<[&[u8]; 8]> = decoder.argv(bytes).collect();
                        values.push(run(turn, self.session, &argv)?);
                        bytes = &bytes[len..];
                    }
                    Ok(None) => return Ok(values),
                    Err(error) => return Err(server_error(&format!("ERR {error}")).into()),
                }
            }
        })?
    }

    /// Runs a pipeline; the `count` values behind the first `offset`. An error before them (a command that
    /// MULTI refused to queue) fails the whole, as on a real connection.
    fn pipeline(&self, bytes: &[u8], offset: usize, count: usize) -> RedisResult<Vec<Value>> {
        let values = self.packed(bytes)?;
        let refused = values.iter().take(offset).find_map(|value| match value {
            Value::ServerError(error) => Some(error),
            _ => None,
        });
        match refused {
            Some(error) => Err(server_error(&format!("EXECABORT {error}")).into()),
            None => Ok(values.into_iter().skip(offset).take(count).collect()),
        }
    }

    fn db(&self) -> i64 {
        self.engine
            .lock()
            .session(self.session)
            .map_or(0, |session| session.db as i64)
    }

    fn is_open(&self) -> bool {
        self.engine
            .lock()
            .session(self.session)
            .is_some_and(|session| session.closing.is_none())
    }

    /// Runs `work` in a turn at the engine and waits until its records are settled.
    fn settled<T>(&self, work: impl FnOnce(&mut Turn<'_>) -> T) -> RedisResult<T> {
        self.engine
            .requests(work)
            .map_err(|error| server_error(&format!("MISCONF {error}")).into())
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.engine.lock().disconnect(self.session);
    }
}

/// Runs one command; an error reply is a value here.
fn run(turn: &mut Turn<'_>, session: SessionKey, argv: &[&[u8]]) -> RedisResult<Value> {
    match turn.run(Some(session), argv) {
        Outcome::Reply(reply, protocol) => Ok(to_value(reply, protocol)),
        Outcome::Closed => Err(closed()),
    }
}

/// The whole answer being an error fails; errors among the results of an EXEC are values.
fn shallow(value: Value) -> RedisResult<Value> {
    match value {
        Value::ServerError(error) => Err(error.into()),
        value => Ok(value),
    }
}
