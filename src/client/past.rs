//! redis-rs on the past: a [`View`] is a connection on which everything reads and nothing writes.

use redis::ConnectionLike;
use redis::RedisResult;
use redis::Value;

use crate::resp::Limits;
use crate::resp::Protocol;
use crate::resp::RequestDecoder;
use crate::timeline::View;

use super::convert::server_error;
use super::convert::to_value;
use super::shallow;

impl ConnectionLike for View {
    fn req_packed_command(&mut self, cmd: &[u8]) -> RedisResult<Value> {
        shallow(packed(self, cmd)?.pop().unwrap_or(Value::Nil))
    }

    fn req_packed_commands(
        &mut self,
        cmd: &[u8],
        offset: usize,
        count: usize,
    ) -> RedisResult<Vec<Value>> {
        let values = packed(self, cmd)?.into_iter();
        Ok(values.skip(offset).take(count).collect())
    }

    fn get_db(&self) -> i64 {
        self.db() as i64
    }

    fn check_connection(&mut self) -> bool {
        true
    }

    fn is_open(&self) -> bool {
        true
    }
}

/// Runs packed commands; a value for each, errors among them.
fn packed(view: &mut View, mut bytes: &[u8]) -> RedisResult<Vec<Value>> {
    let mut decoder = RequestDecoder::new(Limits::default());
    let mut values = Vec::new();
    loop {
        match decoder.decode(bytes) {
            Ok(Some(len)) => {
                let argv: Vec<&[u8]> = decoder.argv(bytes).collect();
                values.push(to_value(view.run(&argv), Protocol::Resp3));
                bytes = &bytes[len..];
            }
            Ok(None) => return Ok(values),
            Err(error) => return Err(server_error(&format!("ERR {error}")).into()),
        }
    }
}
