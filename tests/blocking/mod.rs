//! Commands that wait, beyond what transcripts can say: threads, futures, sockets, virtual time and the journal.

use std::time::Duration;

use fakeredis::FakeRedis;
use fakeredis::clock::pause;

mod futures;
mod recorded;
mod sockets;
mod stress;
mod threads;

/// What BLPOP answers.
type Popped = Option<(String, String)>;

/// Returns once so many connections are blocked.
///
/// # Panics
///
/// When that takes too long.
fn await_blocked(fake: &FakeRedis, count: usize) {
    for _ in 0..5000 {
        if fake.engine().lock().world().waits.len() == count {
            return;
        }
        pause(Duration::from_millis(1));
    }
    panic!("never were {count} connections blocked");
}
