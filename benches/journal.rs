//! What a record costs: append and settle, beside the least that any journal must do, which is one
//! checksum and one `write`. Run with `cargo bench --bench journal`.
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

fn main() {
    floor();
    let commit = commit();
    for batch in [1, 10, 100] {
        settle(Fsync::No, &commit, batch, RECORDS);
    }
    settle(Fsync::EverySec, &commit, 1, RECORDS);
    settle(Fsync::Always, &commit, 1, 2_000);
    settle(Fsync::Always, &commit, 100, 100_000);
    append(&commit);
    read(&commit);
}

/// `SET key:123456 xxxxxxxxxx` from a client with a number.
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

/// A checksum and a write of 120 bytes.
fn floor() {
    let dir = tempfile::tempdir().unwrap();
    let file = Disk::new(dir.path()).create("floor").unwrap();
    let mut record = [7u8; 120];
    let start = Instant::now();
    for index in 0..RECORDS {
        let crc = crc32fast::hash(&record[4..]);
        record[..4].copy_from_slice(&crc.to_le_bytes());
        file.write_at(index * 120, &record).unwrap();
    }
    report("crc + write of 120 bytes", RECORDS, start);
}

fn open(dir: &tempfile::TempDir, fsync: Fsync) -> Journal {
    let options = Options {
        fsync,
        ..Options::default()
    };
    Journal::open(dir.path(), &options).unwrap().0
}

fn settle(fsync: Fsync, commit: &Commit, batch: u64, count: u64) {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir, fsync);
    let start = Instant::now();
    for _ in 0..count / batch {
        for _ in 0..batch {
            journal.append_commit(0, commit).unwrap();
        }
        journal.settle(journal.last_seq()).unwrap();
    }
    report(
        &format!("append + settle, {fsync:?}, batches of {batch}"),
        count,
        start,
    );
}

fn append(commit: &Commit) {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir, Fsync::No);
    let start = Instant::now();
    for _ in 0..10_000 {
        journal.append_commit(0, commit).unwrap();
    }
    report("append", 10_000, start);
}

fn read(commit: &Commit) {
    let dir = tempfile::tempdir().unwrap();
    let journal = open(&dir, Fsync::No);
    for _ in 0..RECORDS {
        journal.append_commit(0, commit).unwrap();
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
