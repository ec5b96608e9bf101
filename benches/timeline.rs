//! How long questions about a long journal take: `cargo bench --bench timeline [RECORDS]`.
//!
//! The journal: so many commands of a shop with ten thousand products, among them now and then an EXEC, an aborted
//! EXEC and a deletion.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::path::Path;
use std::time::Duration;
use std::time::UNIX_EPOCH;

use fakeredis::Clock;
use fakeredis::FakeRedis;
use fakeredis::Fsync;
use fakeredis::Rev;
use fakeredis::Timeline;
use fakeredis::View;
use fakeredis::clock::Stopwatch;
use fakeredis::engine::Core;
use fakeredis::resp::Reply;
use fakeredis::session::Address;
use fakeredis::session::SessionKey;
use fakeredis::timeline::Error;
use fakeredis::timeline::Filter;

const PRODUCTS: u64 = 10_000;
/// The product whose history is asked for; it changes as often as any other.
const KEY: &str = "product:777";

fn main() {
    let records = std::env::args()
        .filter_map(|arg| arg.parse().ok())
        .next_back();
    let records = records.unwrap_or(1_000_000);
    let dir = tempfile::tempdir().unwrap();
    measure("record", || record(dir.path(), records));
    let timeline = measure("open", || Timeline::open(dir.path()).unwrap());
    println!("{} bytes", timeline.info().unwrap().size);
    ask(&timeline);
}

fn ask(timeline: &Timeline) {
    let all = || 1..=timeline.reader().last_seq();
    let middle = timeline.reader().last_seq() / 2;
    let key = Filter {
        key: Some(KEY.into()),
        ..Filter::default()
    };
    measure("info", || timeline.info().unwrap());
    measure("log -n 20", || {
        timeline.newest(all(), &Filter::default(), 20).unwrap()
    });
    measure("log", || timeline.log(all(), &Filter::default()).count());
    measure("log --key", || timeline.log(all(), &key).count());
    measure("show (middle)", || timeline.show(middle).unwrap());
    measure("at @", || timeline.at(&Rev::LAST).unwrap());
    measure("at (far from a checkpoint)", || {
        timeline.at(&Rev::seq(middle + 200_000)).unwrap()
    });
    measure("diff @-1000 @", || {
        timeline.diff(&Rev::before(1000), &Rev::LAST, None).unwrap()
    });
    measure("history", || {
        timeline
            .history(0, KEY.as_bytes(), &Rev::LAST)
            .unwrap()
            .count()
    });
    measure("history of a busy key", || {
        let versions = timeline.history(0, b"sold", &Rev::LAST).unwrap();
        versions.count()
    });
    measure("blame", || {
        let blame = timeline.blame(0, KEY.as_bytes(), &Rev::LAST);
        blame.unwrap().unwrap()
    });
    measure("diff @0 @", || {
        let diff = timeline.compare(&Rev::FIRST, &Rev::LAST, None).unwrap();
        diff.tally()
    });
    measure("stats", || timeline.stats(all(), 10).unwrap());
    measure("digest", || timeline.digest(&Rev::LAST).unwrap());
    measure("bisect", || {
        let is_good = |then: &mut View| Ok::<_, Error>(count(then) < 10_000);
        let flip = timeline.bisect(&Rev::FIRST, &Rev::LAST, is_good);
        flip.unwrap().unwrap()
    });
    measure("bisect by a script", || {
        let script = "return (redis.call('get', 'sold') or 0) + 0 < 10000";
        let is_good = |then: &mut View| Ok::<_, Error>(then.holds(script).unwrap());
        let flip = timeline.bisect(&Rev::FIRST, &Rev::LAST, is_good);
        flip.unwrap().unwrap()
    });
    walk(timeline);
    measure("why key", || {
        timeline.why_key(0, KEY.as_bytes(), &Rev::LAST).unwrap()
    });
    let abort = measure("last abort", || timeline.last_abort().unwrap().unwrap());
    measure("why abort", || timeline.why(abort).unwrap());
    measure("check", || timeline.check().unwrap());
}

/// To and fro near the end.
fn walk(timeline: &Timeline) {
    let mut walk = measure("walk @", || timeline.walk(&Rev::LAST).unwrap());
    measure("a step back", || walk.back().unwrap());
    measure("10,000 steps back", || {
        (0..10_000).for_each(|_| assert!(walk.back().unwrap()));
    });
    measure("10,000 steps forward", || {
        (0..10_000).for_each(|_| assert!(walk.forward().unwrap()));
    });
    measure("10,000 steps back, changes", || {
        for _ in 0..10_000 {
            walk.changes().unwrap();
            walk.back().unwrap();
        }
    });
    let start = walk.seq() / 2;
    measure("seek to the middle", || walk.seek(start).unwrap());
    measure("refresh", || walk.refresh().unwrap());
}

fn count(then: &mut View) -> i64 {
    match then.run(&["GET", "sold"]) {
        Reply::Bulk(count) => std::str::from_utf8(&count).unwrap().parse().unwrap(),
        _ => 0,
    }
}

fn measure<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let watch = Stopwatch::start();
    let result = work();
    println!(
        "{name:<28}{:>10.1} ms",
        watch.elapsed().as_secs_f64() * 1000.0
    );
    result
}

fn record(dir: &Path, records: u64) {
    let clock = Clock::frozen_at(UNIX_EPOCH + Duration::from_secs(1_785_585_600));
    let builder = FakeRedis::builder().journal(dir).fsync(Fsync::No);
    let fake = builder.clock(clock.clone()).build().unwrap();
    let engine = fake.engine();
    let connect = || engine.lock().connect(Address::default());
    let (buyer, rival) = (connect(), connect());
    for start in (0..records).step_by(1000) {
        engine
            .batch(|core| (start..start + 1000).for_each(|turn| act(core, buyer, rival, turn)))
            .unwrap();
        clock.advance(Duration::from_millis(10));
    }
    fake.close().unwrap();
}

/// One record's worth of business.
fn act(core: &mut Core, buyer: SessionKey, rival: SessionKey, turn: u64) {
    let key = format!("product:{}", turn.wrapping_mul(7_919) % PRODUCTS);
    let mut run = |client, line: &str| {
        let argv: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        core.run(client, &argv);
    };
    match turn % 100 {
        99 => run(rival, &format!("DEL {key}")),
        98 => {
            let batch = [
                "MULTI".into(),
                format!("HINCRBY {key} stock -1"),
                "INCR sold".into(),
                "EXEC".into(),
            ];
            batch.iter().for_each(|line: &String| run(buyer, line));
        }
        97 => {
            run(buyer, &format!("WATCH {key}"));
            run(rival, &format!("HINCRBY {key} stock 1"));
            ["MULTI", "INCR sold", "EXEC"]
                .iter()
                .for_each(|line| run(buyer, line));
        }
        _ => run(buyer, &format!("HSET {key} stock {turn} price 9.99")),
    }
}
