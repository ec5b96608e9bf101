//! [`AsyncConnection`]: the same connection for async code.

use std::sync::Arc;

use redis::Cmd;
use redis::Pipeline;
use redis::RedisFuture;
use redis::RedisResult;
use redis::Value;
use redis::aio::AsyncPushSender;
use redis::aio::ConnectionLike;
use tokio::sync::Mutex;
use tokio::sync::Notify;

use super::link::Link;
use super::link::Work;
use super::one;
use super::part;
use super::shallow;
use crate::engine::Engine;

/// A connection to a fake in the same process for async code, on any runtime; implements
/// [`redis::aio::ConnectionLike`], and with it all of `redis::AsyncCommands`.
///
/// A clone is the same connection, as with redis-rs's multiplexed one: while one command is blocked (`BLPOP`, say), the
/// others wait behind it. Other commands complete at once. When the future of a blocked command is dropped, by a timeout
/// say, the connection waits for nothing any more and takes other commands.
#[derive(Clone, Debug)]
pub struct AsyncConnection {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    link: Link,
    woken: Arc<Notify>,
    /// Held while requests run, so that none overtakes one that is blocked.
    turn: Mutex<()>,
}

impl AsyncConnection {
    /// A new connection to `engine`.
    pub(crate) fn open(engine: &Engine) -> AsyncConnection {
        let woken = Arc::new(Notify::new());
        let notify = Arc::clone(&woken);
        let link = Link::open(engine, move || notify.notify_one());
        let shared = Arc::new(Shared {
            link,
            woken,
            turn: Mutex::new(()),
        });
        AsyncConnection { shared }
    }

    /// Has messages of subscriptions, and of client-side caching, sent to `sender`, as redis-rs's
    /// [`AsyncConnectionConfig`](redis::AsyncConnectionConfig::set_push_sender) does. What came until then goes out
    /// whenever a command runs; without a sender, nobody gets it.
    pub fn set_push_sender(&self, sender: impl AsyncPushSender) {
        // Whoever does not listen any more misses nothing.
        self.shared.link.listen(move |push| drop(sender.send(push)));
    }
}

impl Shared {
    async fn command(&self, cmd: &Cmd) -> RedisResult<Value> {
        let _turn = self.turn.lock().await;
        match self.link.command(cmd)? {
            Some(value) => shallow(value),
            None => one(self.run(Work::blocked()).await?),
        }
    }

    async fn pipeline(&self, bytes: &[u8]) -> RedisResult<Vec<Value>> {
        let _turn = self.turn.lock().await;
        self.run(Work::packed(bytes)).await
    }

    /// Runs everything; where that blocks, this future waits.
    async fn run(&self, mut work: Work<'_>) -> RedisResult<Vec<Value>> {
        let guard = Waiting(&self.link);
        while !self.link.advance(&mut work)? {
            self.woken.notified().await;
        }
        std::mem::forget(guard);
        Ok(work.into_values())
    }
}

/// Forgets what a connection waits for when the future that waits is dropped.
struct Waiting<'a>(&'a Link);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.give_up();
    }
}

impl ConnectionLike for AsyncConnection {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(self.shared.command(cmd))
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(async move {
            let packed = pipeline.get_packed_pipeline();
            part(self.shared.pipeline(&packed).await?, offset, count)
        })
    }

    fn get_db(&self) -> i64 {
        self.shared.link.db()
    }
}
