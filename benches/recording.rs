//! What history costs a command: without one, in memory, and in a directory at each recording level. Run with
//! `cargo bench --bench recording`. Ways take turns, and a figure is the median of its rounds.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use fakeredis::Builder;
use fakeredis::Connection;
use fakeredis::FakeRedis;
use fakeredis::Recording;
use fakeredis::clock::Stopwatch;
use redis::ConnectionLike;

const ROUNDS: usize = 9;
const COMMANDS: usize = 100_000;
const KEYS: usize = 10_000;

/// Where history is kept, and how much.
#[derive(Clone, Copy, PartialEq)]
enum History {
    None,
    Memory(Recording),
    Directory(Recording),
}

const WAYS: [(&str, History); 6] = [
    ("no history", History::None),
    ("in memory, commits", History::Memory(Recording::Commits)),
    ("in memory, session", History::Memory(Recording::Session)),
    ("directory, commits", History::Directory(Recording::Commits)),
    ("directory, aborts", History::Directory(Recording::Aborts)),
    ("directory, session", History::Directory(Recording::Session)),
];

fn main() {
    println!(
        "{:<24} {:>10} {:>10} {:>16} {:>16}",
        "", "SET", "GET", "bytes a SET", "bytes a GET"
    );
    let rounds: Vec<_> = (0..ROUNDS)
        .map(|_| WAYS.map(|(_, history)| round(history)))
        .collect();
    for (at, (name, _)) in WAYS.iter().enumerate() {
        let of =
            |figure: fn(&Figures) -> f64| median(rounds.iter().map(|round| figure(&round[at])));
        println!(
            "{name:<24} {:>7.0} ns {:>7.0} ns {:>16.0} {:>16.0}",
            of(|figures| figures.set_ns),
            of(|figures| figures.get_ns),
            of(|figures| figures.set_bytes),
            of(|figures| figures.get_bytes),
        );
    }
}

/// What a command costs.
struct Figures {
    set_ns: f64,
    get_ns: f64,
    set_bytes: f64,
    get_bytes: f64,
}

fn round(history: History) -> Figures {
    let dir = tempfile::tempdir().unwrap();
    let fake = match history {
        History::None => FakeRedis::new(),
        History::Memory(level) => build(FakeRedis::builder().journal_in_memory(), level),
        History::Directory(level) => build(FakeRedis::builder().journal(dir.path()), level),
    };
    let mut con = fake.connection();
    let start = size(&fake, history);
    let set_ns = run(&mut con, |key| {
        redis::cmd("SET")
            .arg(key)
            .arg("some value")
            .get_packed_command()
    });
    let between = size(&fake, history);
    let get_ns = run(&mut con, |key| {
        redis::cmd("GET").arg(key).get_packed_command()
    });
    let end = size(&fake, history);
    Figures {
        set_ns,
        get_ns,
        set_bytes: (between - start) / COMMANDS as f64,
        get_bytes: (end - between) / COMMANDS as f64,
    }
}

fn build(builder: Builder, level: Recording) -> FakeRedis {
    builder.record(level).build().unwrap()
}

/// Nanoseconds a command.
fn run(con: &mut Connection, packed: impl Fn(&str) -> Vec<u8>) -> f64 {
    let requests: Vec<_> = (0..KEYS)
        .map(|key| packed(&format!("key:{key:06}")))
        .collect();
    let watch = Stopwatch::start();
    for request in requests.iter().cycle().take(COMMANDS) {
        con.req_packed_command(request).unwrap();
    }
    watch.elapsed().as_nanos() as f64 / COMMANDS as f64
}

/// The bytes of records so far.
fn size(fake: &FakeRedis, history: History) -> f64 {
    match history {
        History::None => 0.0,
        _ => fake.timeline().unwrap().info().unwrap().size as f64,
    }
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
