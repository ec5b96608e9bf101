//! What a record costs: append and settle, beside the least that a plain journal must do, which is one
//! checksum and one `write` of 120 bytes for each. Run with `cargo bench --bench journal`; words choose rows, as in
//! `cargo bench --bench journal -- threads`.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use fakeredis::commit::CommandList;
use fakeredis::commit::Commit;
use fakeredis::commit::Effect;
use fakeredis::journal::Disk;
use fakeredis::journal::Fsync;
use fakeredis::journal::Journal;
use fakeredis::journal::Options;
use fakeredis::journal::Reader;
use fakeredis::journal::Storage;
use std::time::Instant;

const RECORDS: u64 = 300_000;
const ROUNDS: usize = 5;

/// How records are settled.
struct Way {
    name: &'static str,
    fsync: Fsync,
    threads: u64,
    batch: u64,
    records: u64,
}

const fn way(name: &'static str, fsync: Fsync, threads: u64, batch: u64, records: u64) -> Way {
    Way {
        name,
        fsync,
        threads,
        batch,
        records,
    }
}

const WAYS: [Way; 7] = [
    way("one by one", Fsync::No, 1, 1, RECORDS),
    way("pipelines of 16", Fsync::No, 1, 16, RECORDS),
    way("batches of 1000", Fsync::No, 1, 1000, RECORDS),
    way("four threads", Fsync::No, 4, 1, RECORDS),
    way("one by one, everysec", Fsync::EverySec, 1, 1, RECORDS),
    way("one by one, always", Fsync::Always, 1, 1, 500),
    way("fifty threads, always", Fsync::Always, 50, 1, 5000),
];

fn main() {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect();
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
    for way in WAYS.iter().filter(|way| wanted(way.name)) {
        compare(way);
    }
    if wanted("read") {
        read(&commit());
    }
}

/// `SET key:123456 xxxxxxxxxx` from a client with a number: a frame of 96 bytes.
fn commit() -> Commit {
    let mut commands = CommandList::new();
    commands.push(&[b"SET".as_slice(), b"key:123456", b"xxxxxxxxxx"]);
    Commit {
        commands,
        effects: vec![Effect::Verbatim],
        ..Commit::default()
    }
}

fn report(what: &str, count: u64, start: Instant) {
    let each = start.elapsed().as_nanos() as f64 / count as f64;
    println!("{what:<40} {each:>10.0} ns per record");
}

/// Takes turns with the floor, because the machine is never the same.
fn compare(way: &Way) {
    let commit = commit();
    let rounds = (0..ROUNDS).map(|_| (settle(way, &commit), floor(way.records)));
    let (ours, floors): (Vec<f64>, Vec<f64>) = rounds.unzip();
    let (ours, floor) = (median(ours), median(floors));
    let rate = floor / ours;
    println!(
        "{:<24} {ours:>8.0} ns per record; crc + write {floor:>5.0} ns: {rate:.2}x",
        way.name
    );
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// A checksum and a write of 120 bytes: nanoseconds for each.
fn floor(records: u64) -> f64 {
    let dir = tempfile::tempdir().unwrap();
    let file = Disk::new(dir.path()).create("floor").unwrap();
    let mut record = [7u8; 120];
    let start = Instant::now();
    for index in 0..records {
        let crc = crc32fast::hash(&record[4..]);
        record[..4].copy_from_slice(&crc.to_le_bytes());
        file.write_at(index * 120, &record).unwrap();
    }
    start.elapsed().as_nanos() as f64 / records as f64
}

fn open(dir: &tempfile::TempDir, fsync: Fsync) -> Journal {
    let options = Options {
        fsync,
        ..Options::default()
    };
    Journal::open(dir.path(), &options).unwrap().0
}

/// Appends and settles: nanoseconds for each record.
fn settle(way: &Way, commit: &Commit) -> f64 {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir, way.fsync);
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..way.threads {
            scope.spawn(|| {
                for _ in 0..way.records / way.threads / way.batch {
                    let appended =
                        (0..way.batch).map(|_| journal.append_commit(0, &commit.into()).unwrap());
                    journal.settle(appended.last().unwrap()).unwrap();
                }
            });
        }
    });
    start.elapsed().as_nanos() as f64 / way.records as f64
}

fn read(commit: &Commit) {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir, Fsync::No);
    for _ in 0..RECORDS {
        journal.append_commit(0, &commit.into()).unwrap();
    }
    journal.close().unwrap();
    drop(journal);
    let start = Instant::now();
    let reader = Reader::open(dir.path()).unwrap();
    report("open for reading (verifies)", RECORDS, start);
    let start = Instant::now();
    assert_eq!(reader.entries(..).count() as u64, RECORDS);
    report("read and decode", RECORDS, start);
    let start = Instant::now();
    assert_eq!(reader.seq_at_time(0).unwrap(), RECORDS);
    report("read headers", RECORDS, start);
    let start = Instant::now();
    for seq in (1..=RECORDS).rev().step_by(1000) {
        reader
            .with_frame(seq, |frame| assert_eq!(frame.seq, seq))
            .unwrap();
    }
    report("go to one record", RECORDS / 1000, start);
    let start = Instant::now();
    open(&dir, Fsync::No);
    report("open for writing (verifies, copies)", RECORDS, start);
}
