//! Commands of redis-rs on a fake in the same process: beside redis-rs to a real server, and beside the least that a
//! journaled write must do.

use std::fs::File;
use std::io::Write;
use std::time::Duration;

use fakeredis::FakeRedis;
use fakeredis::Fsync;
use fakeredis::clock::Stopwatch;
use fakeredis::rng::Rng;
use redis::Commands;
use redis::ConnectionLike;

use crate::Scale;
use crate::peer::Kind;
use crate::peer::Server;
use crate::table::Figure;
use crate::table::Row;
use crate::table::Target;
use crate::table::alternate;
use crate::table::median;

const KEYS: u64 = 100_000;
const VALUE: [u8; 64] = [b'x'; 64];
const THREADS: u64 = 4;

/// A way to send SETs, the seconds that each takes, and how many times the floor's rate it must reach.
type Way = (&'static str, fn(u64) -> f64, f64);

/// GET and SET, typed, without a journal.
pub fn commands(scale: Scale) -> Vec<Row> {
    let mut ours = FakeRedis::new().connection();
    let server = Server::start(Kind::Redis, &["--appendonly", "no"]);
    let mut theirs = server.connection();
    let (many, few) = (scale.of(1_000_000), scale.of(100_000));
    let set = alternate(2, || sets(&mut ours, many), || sets(&mut theirs, few));
    let get = alternate(2, || gets(&mut ours, many), || gets(&mut theirs, few));
    let rows = |what: &str, (ours, theirs): (f64, f64)| {
        [
            Row {
                what: format!("{what}, one call"),
                ours: Figure::Time(Duration::from_secs_f64(ours)),
                theirs: None,
                target: Target::Within(Duration::from_nanos(450)),
            },
            Row {
                what: format!("{what}, calls"),
                ours: Figure::Rate(1.0 / ours),
                theirs: Some(("redis-rs to redis-server", Figure::Rate(1.0 / theirs))),
                target: Target::AtLeast(30.0),
            },
        ]
    };
    [rows("SET", set), rows("GET", get)]
        .into_iter()
        .flatten()
        .collect()
}

/// SET with a journal that survives the process, beside one checksummed `write` of 120 bytes for each.
pub fn journaled(scale: Scale) -> Vec<Row> {
    let count = scale.of(200_000);
    let ways: [Way; 3] = [
        ("one by one", one_by_one, 0.7),
        ("pipelines of 16", pipelines, 3.0),
        ("four threads", threads, 3.0),
    ];
    let row = |(name, way, least): Way| {
        let (ours, floor) = alternate(2, || 1.0 / way(count), || 1.0 / floor(count));
        Row {
            what: format!("SET, {name}"),
            ours: Figure::Rate(ours),
            theirs: Some(("crc + write of 120 B", Figure::Rate(floor))),
            target: Target::AtLeast(least),
        }
    };
    ways.into_iter().map(row).collect()
}

/// The seconds that each of `count` runs of `work` takes.
pub fn each(count: u64, mut work: impl FnMut(u64)) -> f64 {
    let watch = Stopwatch::start();
    (0..count).for_each(&mut work);
    watch.elapsed().as_secs_f64() / count as f64
}

/// A random key of ten bytes, as its number.
pub fn key(rng: &mut Rng) -> String {
    format!("key:{:06}", rng.next_u64() % KEYS)
}

fn sets(con: &mut impl ConnectionLike, count: u64) -> f64 {
    let keys = keys();
    each(count, |at| {
        con.set(&keys[at as usize % keys.len()], &VALUE).unwrap()
    })
}

fn gets(con: &mut impl ConnectionLike, count: u64) -> f64 {
    let keys = keys();
    each(count, |at| {
        let value: Option<Vec<u8>> = con.get(&keys[at as usize % keys.len()]).unwrap();
        assert!(value.is_some() || count < KEYS);
    })
}

/// All keys, in a random order; made beforehand, so that only commands are measured.
fn keys() -> Vec<String> {
    let mut rng = Rng::new(1);
    (0..KEYS).map(|_| key(&mut rng)).collect()
}

/// A fake whose replies wait until their record is with the operating system.
fn journal(dir: &tempfile::TempDir) -> FakeRedis {
    let builder = FakeRedis::builder().journal(dir.path()).fsync(Fsync::No);
    builder.checkpoint_every(0).build().unwrap()
}

fn one_by_one(count: u64) -> f64 {
    let dir = tempfile::tempdir().unwrap();
    sets(&mut journal(&dir).connection(), count)
}

fn pipelines(count: u64) -> f64 {
    let dir = tempfile::tempdir().unwrap();
    let mut con = journal(&dir).connection();
    let keys = keys();
    let seconds = each(count / 16, |at| {
        let mut pipe = redis::pipe();
        for key in keys
            .iter()
            .cycle()
            .skip(at as usize * 16 % keys.len())
            .take(16)
        {
            pipe.set(key, &VALUE).ignore();
        }
        pipe.exec(&mut con).unwrap();
    });
    seconds / 16.0
}

fn threads(count: u64) -> f64 {
    let dir = tempfile::tempdir().unwrap();
    let fake = journal(&dir);
    let watch = Stopwatch::start();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| sets(&mut fake.connection(), count / THREADS));
        }
    });
    watch.elapsed().as_secs_f64() / count as f64
}

/// The least that a record can cost.
fn floor(count: u64) -> f64 {
    let dir = tempfile::tempdir().unwrap();
    let mut file = File::create(dir.path().join("floor")).unwrap();
    let mut record = [7u8; 120];
    let turns = (0..3).map(|_| {
        each(count / 3, |_| {
            let crc = crc32fast::hash(&record[4..]);
            record[..4].copy_from_slice(&crc.to_le_bytes());
            file.write_all(&record).unwrap();
        })
    });
    median(turns.collect())
}
