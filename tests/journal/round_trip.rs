//! What is appended comes back: through recovery, through a reader, from any place.

use super::directory;
use super::set;
use fakeredis::commit::Close;
use fakeredis::commit::Entry;
use fakeredis::commit::Open;
use fakeredis::commit::Record;
use fakeredis::commit::Seq;
use fakeredis::journal::Fsync;
use fakeredis::journal::Health;
use fakeredis::journal::Journal;
use fakeredis::journal::JournalError;
use fakeredis::journal::Options;
use fakeredis::journal::Reader;
use std::path::Path;
use std::sync::Arc;

fn options() -> Options {
    Options {
        uuid: Some(7),
        ..Options::default()
    }
}

fn open_record() -> Record {
    Record::Open(Open {
        version: String::from("0.1.0"),
        seed: 1,
        record: String::from("commits"),
        databases: 16,
        settings: vec![],
    })
}

fn close_record() -> Record {
    Record::Close(Close {
        digest: "0".repeat(40),
    })
}

/// A session of `count` records between its Open and its Close; the clock is the record's number.
fn session(dir: &Path, options: &Options, count: u64) {
    let (journal, _) = Journal::open(dir, options).unwrap();
    let append = |record: &Record| {
        journal
            .append(journal.last_seq() as i64 + 1, record)
            .unwrap()
    };
    append(&open_record());
    for index in 0..count {
        let seq = append(&set(&format!("key:{index}"), b"value"));
        journal.settle(seq).unwrap();
    }
    append(&close_record());
    journal.close().unwrap();
}

fn seqs(entries: impl Iterator<Item = Result<Entry, JournalError>>) -> Vec<Seq> {
    entries.map(|entry| entry.unwrap().seq).collect()
}

#[test]
fn two_sessions_are_read_back_in_order() {
    for fsync in [Fsync::Always, Fsync::EverySec, Fsync::No] {
        let dir = directory();
        let options = Options { fsync, ..options() };
        session(dir.path(), &options, 10);
        session(dir.path(), &options, 10);
        let (_journal, mut recovered) = Journal::open(dir.path(), &options).unwrap();
        let report = &recovered.report;
        assert!(
            report.clean && !report.created && report.cut.is_none(),
            "{report}"
        );
        assert_eq!(report.last_seq, 24);
        let entries: Vec<Entry> = recovered.entries().map(Result::unwrap).collect();
        assert_eq!(entries.len(), 24);
        assert_eq!(entries[0].record, open_record());
        assert_eq!(entries[3].record, set("key:2", b"value"));
        assert_eq!(entries[3].clock_us, 4);
        assert_eq!(entries[11].record, close_record());
    }
}

#[test]
fn an_unclosed_journal_is_told_as_such_and_loses_nothing() {
    let dir = directory();
    {
        let (journal, _) = Journal::open(dir.path(), &options()).unwrap();
        let seq = journal.append(0, &set("k", b"v")).unwrap();
        journal.settle(seq).unwrap();
    }
    let (_journal, mut recovered) = Journal::open(dir.path(), &options()).unwrap();
    assert!(!recovered.report.clean);
    assert_eq!(recovered.report.cut, None);
    assert_eq!(seqs(recovered.entries()), [1]);
}

#[test]
fn a_checkpoint_shortens_recovery() {
    let dir = directory();
    session(dir.path(), &options(), 4);
    let (journal, _) = Journal::open(dir.path(), &options()).unwrap();
    let mut chunks = vec![b"one".to_vec(), vec![0xff; 70_000]].into_iter();
    journal.checkpoint(6, &mut chunks).unwrap();
    let seq = journal.append(0, &set("late", b"1")).unwrap();
    journal.settle(seq).unwrap();
    drop(journal);
    let (_journal, mut recovered) = Journal::open(dir.path(), &options()).unwrap();
    let checkpoint = recovered.checkpoint().unwrap();
    assert_eq!((checkpoint.seq(), checkpoint.size()), (6, 70_003));
    let chunks: Vec<Vec<u8>> = super::chunks(checkpoint);
    assert_eq!(chunks, [b"one".to_vec(), vec![0xff; 70_000]]);
    assert_eq!(seqs(recovered.entries()), [7]);
}

#[test]
fn a_checkpoint_of_the_future_is_refused() {
    let dir = directory();
    let (journal, _) = Journal::open(dir.path(), &options()).unwrap();
    let refused = journal.checkpoint(1, &mut std::iter::empty());
    assert!(matches!(refused, Err(JournalError::Misuse(_))));
}

#[test]
fn checkpoints_are_kept_where_they_spare_records() {
    let dir = directory();
    session(dir.path(), &options(), 3000);
    let options = Options {
        checkpoint_spacing: 5,
        ..options()
    };
    let (journal, _) = Journal::open(dir.path(), &options).unwrap();
    let kept = || {
        let reader = Reader::open(dir.path()).unwrap();
        let kept = reader.checkpoints();
        kept.iter().map(|info| info.seq).collect::<Vec<Seq>>()
    };
    let write = |seq, bytes| {
        let mut chunks = vec![vec![b'x'; bytes]].into_iter();
        let written = journal.checkpoint(seq, &mut chunks).unwrap();
        assert_eq!(written, bytes as u64);
    };
    for seq in 5..=14 {
        write(seq, 0);
    }
    assert_eq!(kept(), [5, 10, 13, 14], "every fifth, and the newest two");
    for seq in [1000, 1500, 2002, 2900, 3000] {
        write(seq, 39_000);
    }
    // 39,000 bytes pay after some 980 records.
    let all = kept();
    assert_eq!(all, [5, 10, 1000, 2002, 2900, 3000]);
    let before = |seq| {
        let reader = Reader::open(dir.path()).unwrap();
        let found = reader.checkpoint_before(seq).unwrap();
        found.map(|found| found.seq())
    };
    assert_eq!(
        [4, 9, 999, 2001, 9999].map(before),
        [None, Some(5), Some(10), Some(1000), Some(3000)]
    );
}

#[test]
fn a_reader_reads_any_range_across_segments() {
    let dir = directory();
    let options = Options {
        segment_bytes: 4096,
        ..options()
    };
    session(dir.path(), &options, 2000);
    let reader = Reader::open(dir.path()).unwrap();
    let info = reader.info().unwrap();
    assert!(info.segments.len() > 40, "{}", info.segments.len());
    assert_eq!((info.first_seq, info.last_seq), (1, 2002));
    assert_eq!(
        (info.first_clock_us, info.last_clock_us),
        (Some(1), Some(2002))
    );
    assert_eq!(info.health, Health::Clean);
    assert_eq!(info.sessions.len(), 1);
    assert!(info.sessions[0].closed);
    for (from, to) in [
        (1, 2002),
        (2, 2),
        (777, 999),
        (1998, 5000),
        (0, 3),
        (2003, 2100),
        (9, 3),
    ] {
        let expected: Vec<Seq> = (from.max(1)..=to.min(2002)).collect();
        assert_eq!(seqs(reader.entries(from..=to)), expected, "{from}..={to}");
    }
    assert_eq!(reader.seq_at_time(0).unwrap(), 0);
    assert_eq!(reader.seq_at_time(1234).unwrap(), 1234);
    assert_eq!(reader.seq_at_time(i64::MAX).unwrap(), 2002);
    assert_eq!(reader.check().unwrap().records, 2002);
}

#[test]
fn payloads_can_be_searched_undecoded() {
    let dir = directory();
    session(dir.path(), &options(), 100);
    let reader = Reader::open(dir.path()).unwrap();
    let mut frames = reader.frames(..);
    let mut found = Vec::new();
    while let Some(frame) = frames.next() {
        let frame = frame.unwrap();
        if frame.payload.windows(6).any(|window| window == b"key:42") {
            found.push((frame.seq, frame.decode().unwrap().unwrap()));
        }
    }
    assert_eq!(found, [(44, set("key:42", b"value"))]);
}

#[test]
fn a_directory_without_a_journal_is_no_journal() {
    let dir = directory();
    assert!(matches!(
        Reader::open(dir.path()),
        Err(JournalError::Misuse(_))
    ));
    assert!(matches!(
        Reader::open(&dir.path().join("none")),
        Err(JournalError::Misuse(_))
    ));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn many_threads_settle_with_few_writes() {
    let dir = directory();
    let options = Options {
        fsync: Fsync::Always,
        ..options()
    };
    let (journal, _) = Journal::open(dir.path(), &options).unwrap();
    let journal = Arc::new(journal);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let journal = &journal;
            scope.spawn(move || {
                for index in 0..50 {
                    let seq = journal
                        .append(0, &set(&format!("{thread}:{index}"), b"v"))
                        .unwrap();
                    journal.settle(seq).unwrap();
                    assert!(journal.durable_seq() >= seq);
                }
            });
        }
    });
    assert_eq!(journal.last_seq(), 400);
    let reader = Reader::open(dir.path()).unwrap();
    assert_eq!(seqs(reader.entries(..)).len(), 400);
}

#[test]
fn settling_what_was_never_appended_is_an_error() {
    let dir = directory();
    let (journal, _) = Journal::open(dir.path(), &options()).unwrap();
    assert!(matches!(journal.settle(1), Err(JournalError::Misuse(_))));
}

/// A process that is being started holds all open files for a moment, and with them their locks.
#[test]
fn a_closed_journal_can_be_opened_while_processes_are_started() {
    let dir = directory();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let starters = [0; 2].map(|_| {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    // A working directory makes std fork, which takes longest.
                    let child = std::process::Command::new("true").current_dir("/").status();
                    assert!(child.unwrap().success());
                }
            })
        });
        let opened =
            (0..300).try_for_each(|_| Journal::open(dir.path(), &Options::default()).map(drop));
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        for starter in starters {
            starter.join().unwrap();
        }
        opened.unwrap();
    });
}
