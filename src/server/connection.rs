//! One connection: read, run what is complete, settle, write.

use std::io;
use std::sync::Arc;

use smallvec::SmallVec;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt;
use tokio::sync::Notify;

use super::Stopper;
use crate::commit::Seq;
use crate::engine::Core;
use crate::engine::Engine;
use crate::engine::Outcome;
use crate::engine::Turn;
use crate::resp::Limits;
use crate::resp::Protocol;
use crate::resp::Reply;
use crate::resp::RequestDecoder;
use crate::resp::encode;
use crate::session::Address;
use crate::session::SessionKey;
use crate::session::Wake;

/// What is read at once.
const READ: usize = 16 * 1024;
/// Replies are written when there are this many bytes of them, even if requests are left.
const WRITE: usize = 256 * 1024;
/// What a blocked connection may send ahead before it is read no further.
const AHEAD: usize = 1024 * 1024;
/// A buffer that a large request or reply made larger than this is given back.
const KEEP: usize = 1024 * 1024;

/// Serves a connection until either side closes it or the server stops.
pub(super) async fn run(
    read: impl AsyncRead + Unpin,
    write: impl AsyncWrite + Unpin,
    address: Address,
    engine: Engine,
    stop: Stopper,
) {
    let link = Link {
        engine,
        address,
        session: None,
        blocked: false,
        woken: Arc::new(Notify::new()),
    };
    // A connection that breaks has nobody left to tell.
    let _ = serve(read, write, link, stop).await;
}

async fn serve(
    mut read: impl AsyncRead + Unpin,
    mut write: impl AsyncWrite + Unpin,
    mut link: Link,
    stop: Stopper,
) -> io::Result<()> {
    let mut stopped = stop.0.subscribe();
    let mut input = Input::default();
    let mut output = Vec::new();
    loop {
        let batch = link.run(&mut input, &mut output);
        if let Err(error) = link.settle(batch.last_seq).await {
            // Each request gets an answer; an error looks the same in both protocols.
            output.clear();
            let error = Reply::Error(error.into());
            (0..batch.requests).for_each(|_| encode(&error, Protocol::Resp2, &mut output));
        }
        write.write_all(&output).await?;
        output.clear();
        output.shrink_to(KEEP);
        if batch.stop {
            stop.stop();
        }
        if batch.close {
            return write.shutdown().await;
        }
        if batch.more {
            continue;
        }
        input.make_room();
        tokio::select! {
            biased;
            count = read.read_buf(&mut input.bytes), if !link.blocked || input.bytes.len() < AHEAD => {
                if count? == 0 {
                    return Ok(());
                }
            }
            () = link.woken.notified() => {}
            _ = stopped.wait_for(|stopped| *stopped) => return Ok(()),
        }
    }
}

/// What was read and not yet run.
#[derive(Default)]
struct Input {
    bytes: Vec<u8>,
    /// Where the first request that is not complete starts.
    start: usize,
    decoder: RequestDecoder,
}

impl Input {
    /// Drops what was run, and makes room for what is missing.
    fn make_room(&mut self) {
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.start = 0;
            self.bytes.shrink_to(KEEP);
        }
        self.bytes
            .reserve(self.decoder.wanted(&self.bytes).max(READ));
    }
}

/// What running a batch came to.
#[derive(Default)]
struct Batch {
    last_seq: Seq,
    /// How many requests ran.
    requests: usize,
    /// Complete requests are left; the replies so far go out first.
    more: bool,
    /// The connection ends.
    close: bool,
    /// The server ends.
    stop: bool,
}

/// A connection's session of the engine; it ends when this is dropped.
struct Link {
    engine: Engine,
    address: Address,
    /// Opened in the first turn; a slow script keeps the engine from that.
    session: Option<SessionKey>,
    /// The reply to its last request is still to come; until then no other runs.
    blocked: bool,
    woken: Arc<Notify>,
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
        let woken = Arc::clone(&self.woken);
        if let Some(session) = core.session(key) {
            session.wake = Some(Wake(Arc::new(move || woken.notify_one())));
        }
        self.session = Some(key);
        Ok(key)
    }

    /// Runs the complete requests of `input`; their replies are appended to `output`.
    fn run(&mut self, input: &mut Input, output: &mut Vec<u8>) -> Batch {
        let engine = self.engine.clone();
        let mut turn = engine.turn();
        let mut batch = Batch::default();
        loop {
            if let Some(core) = turn.core()
                && self.attend(core, input, output)
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
            let Input {
                bytes,
                start,
                decoder,
            } = &mut *input;
            match decoder.decode(&bytes[*start..]) {
                Ok(None) => break,
                Ok(Some(len)) => {
                    let argv: SmallVec<[&[u8]; 8]> = decoder.argv(&bytes[*start..]).collect();
                    if !argv.is_empty() {
                        let outcome = turn.run(self.session, &argv);
                        self.conclude(outcome, &mut batch, output);
                    }
                    *start += len;
                }
                Err(error) => {
                    let error = Reply::Error(format!("ERR {error}").into());
                    encode(&error, Protocol::Resp2, output);
                    batch.close = true;
                    break;
                }
            }
        }
        batch.last_seq = turn.last_seq();
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
        if let Outcome::Reply(reply, protocol) = outcome {
            encode(&reply, protocol, output);
        }
        batch.requests += usize::from(!self.blocked);
    }

    /// Opens the session, sends what belongs to no request, and follows the session's state; whether the
    /// connection ends.
    fn attend(&mut self, core: &mut Core, input: &mut Input, output: &mut Vec<u8>) -> bool {
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
        input.decoder.set_limits(Limits {
            unauthenticated,
            ..limits
        });
        for push in session.pushes.drain(..) {
            encode(&push, session.protocol, output);
        }
        session.closing.is_some()
    }

    /// Waits until the replies of a batch may be sent.
    async fn settle(&self, seq: Seq) -> Result<(), String> {
        if self.engine.is_settled(seq) {
            return Ok(());
        }
        // Others that are ready run first, so that one write (and one sync) serves them all.
        tokio::task::yield_now().await;
        self.engine
            .settle(seq)
            .map_err(|error| format!("MISCONF {error}"))
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
