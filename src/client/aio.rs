//! [`AsyncConnection`]: the same connection for async code.

use std::sync::Arc;

use redis::Cmd;
use redis::Pipeline;
use redis::RedisFuture;
use redis::Value;
use redis::aio::ConnectionLike;

use super::Link;
use crate::engine::Engine;

/// A connection to a fake in the same process for async code, on any runtime; implements
/// [`redis::aio::ConnectionLike`], and with it all of `redis::AsyncCommands`.
///
/// A clone is the same connection, as with redis-rs's multiplexed one. Commands complete at once; nothing
/// is left behind when a future is dropped.
#[derive(Clone, Debug)]
pub struct AsyncConnection {
    link: Arc<Link>,
}

impl AsyncConnection {
    /// A new connection to `engine`.
    pub(crate) fn open(engine: &Engine) -> AsyncConnection {
        AsyncConnection {
            link: Arc::new(Link::open(engine)),
        }
    }
}

impl ConnectionLike for AsyncConnection {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async move { self.link.command(cmd) })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(async move {
            self.link
                .pipeline(&pipeline.get_packed_pipeline(), offset, count)
        })
    }

    fn get_db(&self) -> i64 {
        self.link.db()
    }
}
