//! One connection: what was read of it, what is to be written, and its session of the engine. It reads, runs and
//! writes when the loop says so, and never waits.

use std::io;
use std::io::Read;
use std::io::Write;

use mio::event::Source;

use crate::engine::Core;
use crate::engine::Engine;
use crate::engine::LookAhead;
use crate::engine::Outcome;
use crate::engine::Turn;
use crate::journal::Appended;
use crate::resp::Limits;
use crate::resp::Protocol;
use crate::resp::Reply;
use crate::resp::RequestDecoder;
use crate::resp::encode;
use crate::session::Address;
use crate::session::SessionKey;
use crate::session::Wake;

/// Replies are written when there are this many bytes of them, even if requests are left.
const WRITE: usize = 256 * 1024;
/// What a blocked connection may send ahead before it is read no further.
const AHEAD: usize = 1024 * 1024;
/// A buffer that a large request or reply made larger than this is given back.
const KEEP: usize = 64 * 1024;

/// A TCP or Unix socket that never waits.
pub(super) trait Stream: Read + Write + Source + Send {}

impl<T: Read + Write + Source + Send> Stream for T {}

/// A connection.
///
/// Events tell of changes alone, so that `readable` remembers that there may be something to read until a read has
/// shown that there is nothing left.
pub(super) struct Connection {
    pub(super) stream: Box<dyn Stream>,
    /// Its events tell when the peer takes more, not when it sends.
    pub(super) awaits_write: bool,
    link: Link,
    /// What was read and did not run.
    input: Vec<u8>,
    decoder: RequestDecoder,
    output: Vec<u8>,
    /// How much of `output` is written.
    written: usize,
    readable: bool,
    /// The peer sends nothing more than what can be read now.
    ended: bool,
    /// Nobody is left to be told anything.
    broken: bool,
    batch: Batch,
}

/// What running requests came to.
#[derive(Default)]
struct Batch {
    /// How many bytes the requests were that ran.
    len: usize,
    /// The last record that the replies may depend on.
    last: Appended,
    /// How many requests ran.
    requests: usize,
    /// Complete requests are left; the replies so far go out first.
    more: bool,
    /// The connection ends.
    close: bool,
    /// The server ends.
    stop: bool,
}

/// What a connection is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Go on at once.
    Run,
    /// Wait for an event, or to be woken.
    Wait,
    /// Write the rest once the peer has read what is there.
    Write,
    /// Nothing: it ends.
    Close,
}

impl Connection {
    /// A connection that was just accepted; `wake` makes the loop visit it.
    pub(super) fn new(
        stream: Box<dyn Stream>,
        address: Address,
        engine: Engine,
        wake: Wake,
    ) -> Connection {
        Connection {
            stream,
            awaits_write: false,
            link: Link {
                engine,
                address,
                wake,
                session: None,
                blocked: false,
            },
            input: Vec::new(),
            decoder: RequestDecoder::default(),
            output: Vec::new(),
            written: 0,
            readable: false,
            ended: false,
            broken: false,
            batch: Batch::default(),
        }
    }

    /// There may be something to read; the last of it if the peer has `ended`.
    pub(super) fn set_readable(&mut self, ended: bool) {
        self.readable = true;
        self.ended |= ended;
    }

    /// Ends the connection: running its requests failed.
    pub(super) fn set_broken(&mut self) {
        self.broken = true;
    }

    /// Reads once, through `buffer`, and runs all requests that are complete.
    pub(super) fn visit(&mut self, buffer: &mut [u8]) {
        // Whoever does not read its replies gets no others.
        if self.is_written() && !self.broken {
            let len = self.read(buffer);
            self.run(&buffer[..len]);
        }
    }

    /// The record that must be settled before [`write`](Self::write).
    pub(super) fn last_record(&self) -> Appended {
        self.batch.last
    }

    /// Answers all requests of this visit with an error: their records are lost.
    pub(super) fn refuse(&mut self, error: String) {
        // An error looks the same in both protocols.
        let error = Reply::Error(error.into());
        self.output.clear();
        (0..self.batch.requests).for_each(|_| encode(&error, Protocol::Resp2, &mut self.output));
        self.batch.last = Appended::default();
    }

    /// Writes what the peer takes.
    pub(super) fn write(&mut self) {
        if !self.is_written() {
            match self.stream.write(&self.output[self.written..]) {
                Ok(len) => self.written += len,
                Err(error) => self.broken |= is_final(&error),
            }
        }
        if self.is_written() {
            self.written = 0;
            self.output.clear();
            self.output.shrink_to(KEEP);
        }
    }

    /// Whether a request of this visit ends the server.
    pub(super) fn stops_server(&self) -> bool {
        self.batch.stop
    }

    /// What is to be done after [`write`](Self::write).
    pub(super) fn next(&self) -> Next {
        if self.broken || (self.batch.close && self.is_written()) {
            Next::Close
        } else if !self.is_written() {
            Next::Write
        } else if self.batch.more || self.wants_input() {
            Next::Run
        } else if self.ended && self.readable {
            // It is blocked and has sent ahead more than is read: its end is seen without reading.
            Next::Close
        } else {
            Next::Wait
        }
    }

    fn is_written(&self) -> bool {
        self.written == self.output.len()
    }

    fn wants_input(&self) -> bool {
        self.readable && !self.batch.more && (!self.link.blocked || self.input.len() < AHEAD)
    }

    /// Reads what there is, up to the size of `buffer`; how many bytes.
    fn read(&mut self, buffer: &mut [u8]) -> usize {
        if !self.wants_input() {
            return 0;
        }
        match self.stream.read(buffer) {
            Ok(len) => {
                // A short read took everything; an event will tell of more, but of an end only once.
                self.readable = len == buffer.len() || self.ended;
                self.broken |= len == 0;
                len
            }
            Err(error) => {
                self.readable = error.kind() == io::ErrorKind::Interrupted;
                self.broken |= is_final(&error);
                0
            }
        }
    }

    /// Runs the complete requests of what is left from earlier reads and `new` bytes.
    fn run(&mut self, new: &[u8]) {
        if self.broken {
            return;
        }
        let (link, decoder) = (&mut self.link, &mut self.decoder);
        if self.input.is_empty() {
            // Nearly always requests are read whole: they run where they are.
            self.batch = link.run(decoder, new, &mut self.output);
            self.input.extend_from_slice(&new[self.batch.len..]);
        } else {
            self.input.extend_from_slice(new);
            self.batch = link.run(decoder, &self.input, &mut self.output);
            self.input.drain(..self.batch.len);
        }
        if self.batch.len > 0 {
            self.input.shrink_to(KEEP);
        }
        self.input.reserve(self.decoder.wanted(&self.input));
    }
}

/// Whether a connection that met `error` is of no use any more.
fn is_final(error: &io::Error) -> bool {
    use io::ErrorKind::Interrupted;
    use io::ErrorKind::WouldBlock;
    !matches!(error.kind(), WouldBlock | Interrupted)
}

/// A connection's session of the engine; it ends when this is dropped.
struct Link {
    engine: Engine,
    address: Address,
    wake: Wake,
    /// Opened in the first turn; a slow script keeps the engine from that.
    session: Option<SessionKey>,
    /// The reply to its last request is still to come; until then no other runs.
    blocked: bool,
}

impl Link {
    /// The session, opened if it was not.
    ///
    /// # Errors
    ///
    /// Why the connection is not taken, to be sent before it is closed.
    fn session(&mut self, core: &mut Core) -> Result<SessionKey, Reply> {
        if let Some(session) = self.session {
            return Ok(session);
        }
        if let Some(refusal) = core.refuses(&self.address) {
            return Err(refusal);
        }
        let key = core.connect(self.address.clone());
        if let Some(session) = core.session(key) {
            session.wake = Some(self.wake.clone());
        }
        self.session = Some(key);
        Ok(key)
    }

    /// Runs the complete requests of `input`; their replies are appended to `output`.
    fn run(&mut self, decoder: &mut RequestDecoder, input: &[u8], output: &mut Vec<u8>) -> Batch {
        let engine = self.engine.clone();
        let mut turn = engine.turn();
        let mut batch = Batch::default();
        let mut ahead = LookAhead::default();
        loop {
            if let Some(core) = turn.core()
                && self.attend(core, decoder, output)
            {
                batch.close = true;
                break;
            }
            if self.blocked && !self.resume(&mut turn, &mut batch, output) {
                break;
            }
            if output.len() >= WRITE {
                batch.more = true;
                break;
            }
            let rest = &input[batch.len..];
            match decoder.decode(rest) {
                Ok(None) => break,
                Ok(Some(len)) => {
                    ahead.pass(&mut turn, self.session, rest, len);
                    let run = |argv: &[&[u8]]| turn.run(self.session, argv);
                    if !decoder.is_empty() {
                        let outcome = decoder.with_argv(rest, run);
                        self.conclude(outcome, &mut batch, output);
                    }
                    batch.len += len;
                }
                Err(error) => {
                    let error = Reply::Error(format!("ERR {error}").into());
                    if let (Some(core), Some(session)) = (turn.core(), self.session) {
                        core.note_unreadable(session, &error);
                    }
                    encode(&error, Protocol::Resp2, output);
                    batch.close = true;
                    break;
                }
            }
        }
        batch.last = turn.last_record();
        batch.stop = turn.stop_requested();
        batch
    }

    /// Sends the reply that was still to come, if it has; whether other requests may run.
    fn resume(&mut self, turn: &mut Turn<'_>, batch: &mut Batch, output: &mut Vec<u8>) -> bool {
        if let (Some(core), Some(session)) = (turn.core(), self.session) {
            let outcome = core.answer(session);
            self.conclude(outcome, batch, output);
        }
        !self.blocked
    }

    fn conclude(&mut self, outcome: Outcome, batch: &mut Batch, output: &mut Vec<u8>) {
        self.blocked = matches!(outcome, Outcome::Blocked);
        batch.close |= matches!(outcome, Outcome::Closed | Outcome::Cut(_));
        match outcome {
            Outcome::Reply(reply, protocol) => {
                encode(&reply, protocol, output);
                batch.requests += 1;
            }
            Outcome::Cut(Some((reply, protocol))) => {
                let start = output.len();
                encode(&reply, protocol, output);
                output.truncate(start.midpoint(output.len()));
            }
            Outcome::Blocked | Outcome::Closed | Outcome::Cut(None) => {}
        }
    }

    /// Opens the session, sends what belongs to no request, and follows the session's state; whether the
    /// connection ends.
    fn attend(
        &mut self,
        core: &mut Core,
        decoder: &mut RequestDecoder,
        output: &mut Vec<u8>,
    ) -> bool {
        let key = match self.session(core) {
            Ok(key) => key,
            Err(refusal) => {
                encode(&refusal, Protocol::Resp2, output);
                return true;
            }
        };
        let limits = core.limits();
        let Some(session) = core.session(key) else {
            return true;
        };
        let unauthenticated = !session.authenticated;
        decoder.set_limits(Limits {
            unauthenticated,
            ..limits
        });
        // Nearly always there is none, and emptying nothing takes longer than to see that.
        if !session.pushes.is_empty() {
            for push in session.pushes.drain(..) {
                encode(&push, session.protocol, output);
            }
        }
        session.closing.is_some()
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let Some(session) = self.session else {
            return;
        };
        match self.engine.turn().core() {
            Some(core) => core.disconnect(session),
            None => {
                let engine = self.engine.clone();
                std::thread::spawn(move || engine.lock().disconnect(session));
            }
        }
    }
}
