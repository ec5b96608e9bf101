//! How long a test waits for a fake of its own.

use std::time::Duration;

use fakeredis::FakeRedis;
use redis::Commands;

use crate::Scale;
use crate::in_process::each;
use crate::peer::Kind;
use crate::peer::Server;
use crate::table::Figure;
use crate::table::Row;
use crate::table::Target;
use crate::table::alternate;
use crate::table::median;

/// A fake, a server in process, and a server process.
pub fn start(scale: Scale) -> Vec<Row> {
    let turns = |work: fn(u64), count| median((0..5).map(|_| each(count, work)).collect());
    let fake = turns(used_once, scale.of(10_000));
    let serve = turns(served_once, scale.of(1_000));
    let (ours, theirs) = alternate(10, || started(Kind::Ours), || started(Kind::Redis));
    let figure = |seconds| Figure::Time(Duration::from_secs_f64(seconds));
    let row = |what: &str, seconds, theirs, most| Row {
        what: what.to_owned(),
        ours: figure(seconds),
        theirs,
        target: Target::Within(most),
    };
    vec![
        row(
            "new, one SET, dropped",
            fake,
            None,
            Duration::from_micros(10),
        ),
        row("serve() and stop", serve, None, Duration::from_micros(100)),
        row(
            "server process to first PONG",
            ours,
            Some(("redis-server", figure(theirs))),
            Duration::from_millis(5),
        ),
    ]
}

fn used_once(_: u64) {
    let fake = FakeRedis::new();
    let () = fake.connection().set("key", "value").unwrap();
}

fn served_once(_: u64) {
    FakeRedis::new().serve("127.0.0.1:0").unwrap().stop();
}

fn started(kind: Kind) -> f64 {
    Server::start(kind, &["--appendonly", "no"])
        .started
        .as_secs_f64()
}
