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
/// A buffer that a large request or reply made larger than this is given back.
const KEEP: usize = 1024 * 1024;

/// Serves a connection until either side closes it or the server stops.
pub(super) async fn run(
    read: impl AsyncRead + Unpin,
    mut write: impl AsyncWrite + Unpin,
    address: Address,
    engine: Engine,
    stop: Stopper,
) {
    let link = match Link::open(engine, address) {
        Ok(link) => link,
        Err(refusal) => {
            let mut output = Vec::new();
            encode(&refusal, Protocol::Resp2, &mut output);
            let _ = write.write_all(&output).await;
            return;
        }
    };
    // A connection that breaks has nobody left to tell.
    let _ = serve(read, write, link, stop).await;
}

async fn serve(
    mut read: impl AsyncRead + Unpin,
    mut write: impl AsyncWrite + Unpin,
    link: Link,
    stop: Stopper,
) -> io::Result<()> {
    let mut stopped = stop.0.subscribe();
    let mut input = Input::default();
    let mut output = Vec::new();
    loop {
        let batch = link.run(&mut input, &mut output);
        if let Err(error) = link.settle(batch.last_seq).await {
            output.clear();
            encode(&Reply::Error(error.into()), Protocol::Resp2, &mut output);
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
            count = read.read_buf(&mut input.bytes) => if count? == 0 { return Ok(()) },
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
struct Batch {
    last_seq: Seq,
    /// Complete requests are left; the replies so far go out first.
    more: bool,
    /// The connection ends.
    close: bool,
    /// The server ends.
    stop: bool,
}

/// An open session of the engine; it ends when this is dropped.
struct Link {
    engine: Engine,
    session: SessionKey,
    woken: Arc<Notify>,
}

impl Link {
    /// Opens a session, or says why not.
    fn open(engine: Engine, address: Address) -> Result<Link, Reply> {
        let woken = Arc::new(Notify::new());
        let wake = Arc::clone(&woken);
        let mut core = engine.lock();
        if let Some(refusal) = core.refuses(&address) {
            return Err(refusal);
        }
        let session = core.connect(address);
        if let Some(session) = core.session(session) {
            session.wake = Some(Wake(Arc::new(move || wake.notify_one())));
        }
        drop(core);
        Ok(Link {
            engine,
            session,
            woken,
        })
    }

    /// Runs the complete requests of `input`; their replies are appended to `output`.
    fn run(&self, input: &mut Input, output: &mut Vec<u8>) -> Batch {
        let mut turn = self.engine.turn();
        let mut batch = Batch {
            last_seq: 0,
            more: false,
            close: false,
            stop: false,
        };
        loop {
            if turn
                .core()
                .is_some_and(|core| self.drain_session(core, input, output))
            {
                batch.close = true;
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
                        run_one(&mut turn, self.session, &argv, output);
                    }
                    *start += len;
                }
                Err(error) => {
                    encode(
                        &Reply::Error(format!("ERR {error}").into()),
                        Protocol::Resp2,
                        output,
                    );
                    batch.close = true;
                    break;
                }
            }
        }
        batch.last_seq = turn.last_seq();
        batch.stop = turn.stop_requested();
        batch
    }

    /// Sends what belongs to no request and follows the session's state; whether the connection ends.
    fn drain_session(&self, core: &mut Core, input: &mut Input, output: &mut Vec<u8>) -> bool {
        let limits = core.limits();
        let Some(session) = core.session(self.session) else {
            return true;
        };
        input.decoder.set_limits(Limits {
            unauthenticated: !session.authenticated,
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
        self.engine.lock().disconnect(self.session);
    }
}

fn run_one(turn: &mut Turn<'_>, session: SessionKey, argv: &[&[u8]], output: &mut Vec<u8>) {
    match turn.run(session, argv) {
        Outcome::Reply(reply, protocol) => encode(&reply, protocol, output),
        Outcome::Closed => {}
    }
}
