//! Faults on demand, the clock and the seed: what the code of users meets, through every door.

mod chance;
mod clock;
mod delays;
mod disk;
mod doors;
mod futures;
mod history;
mod transactions;
mod words;

use std::time::Duration;
use std::time::UNIX_EPOCH;

use fakeredis::Clock;
use fakeredis::FakeRedis;
use fakeredis::Recording;
use fakeredis::clock::Stopwatch;
use redis::ConnectionLike;
use redis::RedisResult;
use redis::Value;

use crate::support::verified::Remembering;

/// Makes two tests of each scenario: in process, and through a port.
macro_rules! through_both_doors {
    ($($scenario:ident)*) => {
        mod in_process {
            $(#[test]
            fn $scenario() {
                let fake = super::super::frozen();
                super::$scenario(&fake, &|| fake.connection());
            })*
        }
        mod through_a_port {
            $(#[test]
            fn $scenario() {
                let fake = super::super::frozen();
                let server = fake.serve("127.0.0.1:0").unwrap();
                let client = redis::Client::open(server.url()).unwrap();
                super::$scenario(&fake, &|| client.get_connection().unwrap());
            })*
        }
    };
}
use through_both_doors;

/// A fake whose clock stands still, and whose history is recorded in full.
fn frozen() -> Remembering {
    let clock = Clock::frozen_at(UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    let config = crate::support::ours::config();
    let builder = FakeRedis::builder().clock(clock).config(config);
    let builder = builder.journal_in_memory().record(Recording::Session);
    Remembering(builder.build().unwrap())
}

/// What a command answers; words are separated by spaces.
fn run(con: &mut impl ConnectionLike, line: &str) -> RedisResult<Value> {
    let mut cmd = redis::Cmd::new();
    cmd.arg(line.split(' ').collect::<Vec<_>>());
    cmd.query(con)
}

/// What a command answers as text, errors included.
fn told(con: &mut impl ConnectionLike, line: &str) -> String {
    match run(con, line) {
        Ok(value) => redis::from_redis_value::<String>(value).unwrap(),
        Err(error) => error.to_string(),
    }
}

/// Returns once so many connections wait for something.
fn await_blocked(fake: &FakeRedis, count: usize) {
    let watch = Stopwatch::start();
    while fake.engine().lock().world().waits.len() != count {
        assert!(watch.elapsed() < Duration::from_secs(10), "nobody waits");
        std::thread::yield_now();
    }
}
