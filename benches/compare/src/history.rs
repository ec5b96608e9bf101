//! Long journals: opening one, any point of one, and snapshots of much data.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use fakeredis::Connection;
use fakeredis::FakeRedis;
use fakeredis::Fsync;
use fakeredis::Rev;
use fakeredis::Timeline;
use fakeredis::clock::Stopwatch;
use fakeredis::engine::CHECKPOINT_EVERY;
use fakeredis::rng::Rng;
use redis::Commands;
use tempfile::TempDir;

use crate::Scale;
use crate::in_process::each;
use crate::in_process::key;
use crate::peer::Kind;
use crate::peer::Server;
use crate::table::Figure;
use crate::table::Row;
use crate::table::Target;
use crate::table::median;

const COMMITS: u64 = 5_000_000;
const KEYS: u64 = 1_000_000;
const VALUE: [u8; 64] = [b'x'; 64];

/// From the start of the process to its first PONG.
pub fn open(scale: Scale) -> Vec<Row> {
    let commits = scale.of(COMMITS);
    let theirs = {
        let dir = append_only_file(commits);
        started(Kind::Redis, dir.path(), &["--appendonly", "yes"])
    };
    let row = |what: &str, checkpoint_every, target| {
        let dir = journal(commits, checkpoint_every);
        Row {
            what: format!("{commits} commits, {what}"),
            ours: started(Kind::Ours, dir.path(), &[]),
            theirs: Some(("redis-server, from its AOF", theirs)),
            target,
        }
    };
    vec![
        row("no checkpoint", 0, Target::AtMost(0.5)),
        row("with checkpoints", CHECKPOINT_EVERY, Target::AtMost(0.1)),
    ]
}

/// The state at random points of history.
pub fn at(scale: Scale) -> Vec<Row> {
    let commits = scale.of(COMMITS);
    let dir = journal(commits, CHECKPOINT_EVERY);
    let timeline = Timeline::open(dir.path()).unwrap();
    let mut rng = Rng::new(3);
    let seek = |_| {
        let rev = Rev::seq(1 + rng.next_u64() % commits);
        let watch = Stopwatch::start();
        let view = timeline.at(&rev).unwrap();
        let time = watch.elapsed().as_secs_f64();
        drop(view);
        time
    };
    let times: Vec<f64> = (0..40).map(seek).collect();
    let worst = times.iter().copied().fold(0.0, f64::max);
    let row = |what: &str, seconds, most| Row {
        what: format!("{commits} commits, {what}"),
        ours: Figure::Time(Duration::from_secs_f64(seconds)),
        theirs: None,
        target: Target::Within(Duration::from_millis(most)),
    };
    vec![
        row("typical", median(times), 100),
        row("worst of 40", worst, 300),
    ]
}

/// Snapshots, forks and restores, and what they cost those who write on.
pub fn snapshot(scale: Scale) -> Vec<Row> {
    let fake = FakeRedis::new();
    let mut con = fake.connection();
    let keys = scale.of(KEYS);
    let name = |at: u64| format!("key:{at:06}");
    (0..keys).for_each(|at| con.set(name(at), &VALUE).unwrap());
    let mut rng = Rng::new(4);
    let mut write = || {
        each(scale.of(500_000), |_| {
            con.set(name(rng.next_u64() % keys), &VALUE).unwrap()
        })
    };
    write();
    let alone = median((0..3).map(|_| write()).collect());
    let mut beside = Vec::new();
    let (mut snapshots, mut forks, mut restores) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..3 {
        // The system's allocator puts what the writes above freed in order when it is next asked for much: now.
        drop(std::hint::black_box(vec![0u8; 1 << 16]));
        let watch = Stopwatch::start();
        let snapshot = fake.snapshot();
        snapshots.push(watch.elapsed().as_secs_f64());
        beside.push(write());
        let watch = Stopwatch::start();
        let fork = fake.fork();
        forks.push(watch.elapsed().as_secs_f64());
        let watch = Stopwatch::start();
        fork.restore(&snapshot).unwrap();
        restores.push(watch.elapsed().as_secs_f64());
    }
    let time = |what: &str, seconds| Row {
        what: format!("{what} of {keys} keys"),
        ours: Figure::Time(Duration::from_secs_f64(median(seconds))),
        theirs: None,
        target: Target::Within(Duration::from_millis(1)),
    };
    vec![
        time("snapshot", snapshots),
        time("fork", forks),
        time("restore", restores),
        Row {
            what: "SET while a snapshot is held".to_owned(),
            ours: Figure::Rate(1.0 / median(beside)),
            theirs: Some(("no snapshot", Figure::Rate(1.0 / alone))),
            target: Target::AtLeast(0.8),
        },
    ]
}

/// How long single SETs take at worst while a checkpoint is written, and while none is.
pub fn pause(scale: Scale) -> Vec<Row> {
    let dir = tempfile::tempdir().unwrap();
    let builder = FakeRedis::builder().journal(dir.path());
    let fake = builder.checkpoint_every(0).build().unwrap();
    let mut con = fake.connection();
    let keys = scale.of(KEYS);
    let name = |at: u64| format!("key:{at:06}");
    (0..keys).for_each(|at| con.set(name(at), &VALUE).unwrap());
    let mut rng = Rng::new(5);
    let mut sets = |con: &mut Connection| -> Vec<f64> {
        let set = |_| each(1, |_| con.set(name(rng.next_u64() % keys), &VALUE).unwrap());
        let mut times: Vec<f64> = (0..scale.of(300_000)).map(set).collect();
        times.sort_by(f64::total_cmp);
        times
    };
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        alone.push(sets(&mut con));
        let () = redis::cmd("BGSAVE").query(&mut con).unwrap();
        beside.push(sets(&mut con));
    }
    let at = |turns: &[Vec<f64>], place: fn(&Vec<f64>) -> usize| {
        let times = turns.iter().map(|times| times[place(times)]);
        Figure::Time(Duration::from_secs_f64(median(times.collect())))
    };
    let row = |what: &str, place| Row {
        what: format!("SET, {what}"),
        ours: at(&beside, place),
        theirs: Some(("no checkpoint", at(&alone, place))),
        target: Target::Shown,
    };
    vec![
        row("median", |times| times.len() / 2),
        row("99.9 % take less", |times| times.len() * 999 / 1000),
        row("the longest of 300,000", |times| times.len() - 1),
    ]
}

fn started(kind: Kind, dir: &Path, flags: &[&str]) -> Figure {
    // The first start warms the page cache.
    let times = (0..3).map(|_| Server::start_in(kind, dir, flags).started.as_secs_f64());
    Figure::Time(Duration::from_secs_f64(median(times.collect())))
}

/// A journal of so many SETs of random keys.
fn journal(commits: u64, checkpoint_every: u64) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let builder = FakeRedis::builder().journal(dir.path()).fsync(Fsync::No);
    let fake = builder.checkpoint_every(checkpoint_every).build().unwrap();
    let mut con = fake.connection();
    let mut rng = Rng::new(2);
    for _ in 0..commits / 1000 {
        let mut pipe = redis::pipe();
        for _ in 0..1000 {
            pipe.set(key(&mut rng), &VALUE).ignore();
        }
        pipe.exec(&mut con).unwrap();
    }
    drop(con);
    fake.close().unwrap();
    dir
}

/// The same commands, as redis-server keeps them.
fn append_only_file(commits: u64) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let files = dir.path().join("appendonlydir");
    fs::create_dir(&files).unwrap();
    let manifest = "file appendonly.aof.1.incr.aof seq 1 type i\n";
    fs::write(files.join("appendonly.aof.manifest"), manifest).unwrap();
    let file = fs::File::create(files.join("appendonly.aof.1.incr.aof")).unwrap();
    let mut file = std::io::BufWriter::new(file);
    let value = String::from_utf8(VALUE.to_vec()).unwrap();
    let mut rng = Rng::new(2);
    for _ in 0..commits {
        let key = key(&mut rng);
        write!(
            file,
            "*3\r\n$3\r\nSET\r\n$10\r\n{key}\r\n$64\r\n{value}\r\n"
        )
        .unwrap();
    }
    file.into_inner().unwrap();
    dir
}
