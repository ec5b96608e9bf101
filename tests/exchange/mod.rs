//! Exchange with real servers: a history goes out as an append-only file and comes back, and what a real server wrote
//! becomes a history.

mod captured;
mod round_trip;
mod with_a_real_server;

use std::path::Path;
use std::time::Duration;
use std::time::UNIX_EPOCH;

use fakeredis::Clock;
use fakeredis::FakeRedis;
use fakeredis::Fsync;
use fakeredis::Rev;
use fakeredis::Timeline;
use fakeredis::exchange::export_aof;
use fakeredis::rng::Rng;

use crate::determinism::play_step;
use crate::support::ours;
use crate::support::ours::InProcess;
use crate::support::transcript::Transcript;

/// 2040: what a real server loads today has not expired.
const FUTURE: Duration = Duration::from_secs(2_208_988_800);
/// 2025: what a real server loads today has happened.
const PAST: Duration = Duration::from_secs(1_735_689_600);

/// Plays a session on a new journal that begins at a time, and goes back in history now and then.
fn recorded(dir: &Path, session: &Transcript, seed: u64, start: Duration) -> Timeline {
    let builder = FakeRedis::builder().journal(dir).fsync(Fsync::No);
    let builder = builder.config(ours::config()).checkpoint_every(50);
    let clock = Clock::frozen_at(UNIX_EPOCH + start);
    let fake = builder.clock(clock).build().unwrap();
    let mut target = InProcess::on(fake.clone());
    let mut rng = Rng::new(seed);
    for (index, section) in session.sections.iter().enumerate() {
        for step in &section.steps {
            play_step(&mut target, step, 100 * index);
            if rng.below(40) == 0 {
                let back = rng.below(12) as u64;
                let back = back.min(fake.engine().lock().last_seq());
                fake.rewind(Rev::before(back)).unwrap();
            }
        }
    }
    fake.close().unwrap();
    Timeline::open(dir).unwrap()
}

fn exported(past: &Timeline, range: &str) -> Vec<u8> {
    let mut aof = Vec::new();
    export_aof(past, &range.parse().unwrap(), &mut aof).unwrap();
    aof
}

fn digest_at(past: &Timeline, seq: u64) -> String {
    let view = past.at(&Rev::seq(seq)).unwrap();
    view.world().keyspace.digest()
}
