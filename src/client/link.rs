//! [`Link`]: an open session of an engine, and [`Work`]: the requests that it runs, as far as they go without
//! waiting. Who waits, and how, is the connections' business.

use std::fmt;
use std::sync::Arc;
use std::sync::OnceLock;

use parking_lot::Mutex;
use redis::Cmd;
use redis::PushInfo;
use redis::RedisResult;
use redis::Value;
use smallvec::SmallVec;

use super::convert::closed;
use super::convert::cut;
use super::convert::server_error;
use super::convert::to_push;
use super::convert::to_value;
use crate::engine::Engine;
use crate::engine::LookAhead;
use crate::engine::Outcome;
use crate::engine::Turn;
use crate::resp::Limits;
use crate::resp::Reply;
use crate::resp::RequestDecoder;
use crate::session::Address;
use crate::session::SessionKey;
use crate::session::Wake;

/// An open session of an engine; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Link {
    engine: Engine,
    session: SessionKey,
    listener: OnceLock<Mutex<Listener>>,
}

/// Who takes what belongs to no request.
struct Listener(Box<dyn Fn(PushInfo) + Send>);

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}

/// Packed requests, run one after the other; a value for each, errors among them.
pub(super) struct Work<'a> {
    bytes: &'a [u8],
    decoder: RequestDecoder,
    values: Vec<Value>,
    /// The answer to the last request that ran is still to come.
    blocked: bool,
}

impl Work<'_> {
    /// All requests of `bytes`.
    pub(super) fn packed(bytes: &[u8]) -> Work<'_> {
        Work {
            bytes,
            decoder: RequestDecoder::new(Limits::default()),
            values: Vec::new(),
            blocked: false,
        }
    }

    /// Nothing but the answer to a request that ran already, and was blocked.
    pub(super) fn blocked() -> Work<'static> {
        Work {
            blocked: true,
            ..Work::packed(&[])
        }
    }

    pub(super) fn into_values(self) -> Vec<Value> {
        self.values
    }

    /// Goes on until everything ran, or one request is blocked; whether everything ran.
    fn advance(&mut self, turn: &mut Turn<'_>, session: SessionKey) -> RedisResult<bool> {
        if self.blocked {
            let core = turn.core();
            let outcome = core.map_or(Outcome::Blocked, |core| core.answer(session));
            self.conclude(outcome)?;
        }
        let mut ahead = LookAhead::default();
        while !self.blocked {
            match self.decoder.decode(self.bytes) {
                Ok(Some(len)) => {
                    ahead.pass(turn, Some(session), self.bytes, len);
                    let run = |argv: &[&[u8]]| turn.run(Some(session), argv);
                    let outcome = self.decoder.with_argv(self.bytes, run);
                    self.bytes = &self.bytes[len..];
                    self.conclude(outcome)?;
                }
                Ok(None) => return Ok(true),
                Err(error) => return Err(server_error(&format!("ERR {error}")).into()),
            }
        }
        Ok(false)
    }

    fn conclude(&mut self, outcome: Outcome) -> RedisResult<()> {
        let value = value(outcome)?;
        self.blocked = value.is_none();
        self.values.extend(value);
        Ok(())
    }
}

impl Link {
    /// A new session; `wake` is called when there may be an answer to a blocked request.
    pub(super) fn open(engine: &Engine, wake: impl Fn() + Send + Sync + 'static) -> Link {
        let mut core = engine.lock();
        let key = core.connect(Address::default());
        if let Some(session) = core.session(key) {
            session.wake = Some(Wake(Arc::new(wake)));
            session.is_deaf = true;
        }
        Link {
            engine: engine.clone(),
            session: key,
            listener: OnceLock::new(),
        }
    }

    /// Has what belongs to no request go to `listener` from now on, whenever a request runs.
    pub(super) fn listen(&self, listener: impl Fn(PushInfo) + Send + 'static) {
        let listener = Listener(Box::new(listener));
        if let Err(listener) = self.listener.set(Mutex::new(listener)) {
            // There was one before.
            if let Some(place) = self.listener.get() {
                *place.lock() = listener.into_inner();
            }
        }
        if let Some(session) = self.engine.lock().session(self.session) {
            session.is_deaf = false;
        }
    }

    /// Runs one command, without packing it where its arguments are at hand; `None` if it is blocked.
    pub(super) fn command(&self, cmd: &Cmd) -> RedisResult<Option<Value>> {
        let mut argv: SmallVec<[&[u8]; 8]> = SmallVec::new();
        for arg in cmd.args_iter() {
            match arg {
                redis::Arg::Simple(arg) => argv.push(arg),
                _ => {
                    let packed = cmd.get_packed_command();
                    let mut work = Work::packed(&packed);
                    self.advance(&mut work)?;
                    return Ok(work.values.pop());
                }
            }
        }
        value(self.settled(|turn| turn.run(Some(self.session), &argv))?)
    }

    /// Goes on with `work` until it is done or blocked; whether it is done. Everything that it shows is settled.
    pub(super) fn advance(&self, work: &mut Work<'_>) -> RedisResult<bool> {
        self.settled(|turn| work.advance(turn, self.session))?
    }

    /// Forgets a request that is blocked.
    pub(super) fn give_up(&self) {
        self.engine.lock().give_up(self.session);
    }

    pub(super) fn db(&self) -> i64 {
        self.engine
            .lock()
            .session(self.session)
            .map_or(0, |session| session.db as i64)
    }

    pub(super) fn is_open(&self) -> bool {
        self.engine
            .lock()
            .session(self.session)
            .is_some_and(|session| session.closing.is_none())
    }

    /// Runs `work` in a turn at the engine and waits until its records are settled.
    fn settled<T>(&self, work: impl FnOnce(&mut Turn<'_>) -> T) -> RedisResult<T> {
        let lost = |error| server_error(&format!("MISCONF {error}")).into();
        match self.listener.get() {
            None => self.engine.requests(work).map_err(lost),
            Some(listener) => {
                let all = |turn: &mut Turn<'_>| (work(turn), self.pushes(turn));
                let (result, pushes) = self.engine.requests(all).map_err(lost)?;
                let Listener(listener) = &*listener.lock();
                pushes.iter().filter_map(to_push).for_each(listener);
                Ok(result)
            }
        }
    }

    /// What came that belongs to no request.
    fn pushes(&self, turn: &mut Turn<'_>) -> Vec<Reply> {
        let session = turn.core().and_then(|core| core.session(self.session));
        session.map_or(vec![], |session| std::mem::take(&mut session.pushes))
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.engine.lock().disconnect(self.session);
    }
}

/// What redis-rs reads, an error reply being a value; nothing yet where the request is blocked.
fn value(outcome: Outcome) -> RedisResult<Option<Value>> {
    match outcome {
        Outcome::Reply(reply, protocol) => Ok(Some(to_value(reply, protocol))),
        Outcome::Blocked => Ok(None),
        Outcome::Closed => Err(closed()),
        Outcome::Cut(_) => Err(cut()),
    }
}
