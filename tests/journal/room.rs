//! Room that a writer makes at the end of a segment: stored into, left behind by the dead, cut by the living.

use super::directory;
use super::set;
use fakeredis::commit::Record;
use fakeredis::journal;
use fakeredis::journal::Disk;
use fakeredis::journal::Fsync;
use fakeredis::journal::Health;
use fakeredis::journal::Journal;
use fakeredis::journal::JournalError;
use fakeredis::journal::Options;
use fakeredis::journal::Reader;
use fakeredis::journal::State as _;
use fakeredis::journal::Storage as _;
use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

/// Where a child writes, and how.
const DIR: &str = "FAKEREDIS_TEST_JOURNAL";
const FSYNC: &str = "FAKEREDIS_TEST_FSYNC";

fn options(fsync: Fsync) -> Options {
    Options {
        fsync,
        uuid: Some(7),
        segment_bytes: 300_000,
        ..Options::default()
    }
}

/// The record of a number, of any size that room is made for, and larger.
fn record(number: u64) -> Record {
    let size = match number % 1000 {
        999 => 40_000,
        998 => 9000,
        _ => number % 200,
    };
    set(&format!("key:{number}"), &vec![b'v'; size as usize])
}

fn write(journal: &Journal) -> Result<u64, JournalError> {
    let seq = journal.append(0, &record(journal.last_seq() + 1))?;
    journal.settle(seq)?;
    Ok(seq)
}

/// Holds every record against what was written; how many there are.
fn verify(dir: &Path) -> u64 {
    let reader = Reader::open(dir).unwrap();
    let mut count = 0;
    for entry in reader.entries(..) {
        count += 1;
        assert_eq!(entry.unwrap().record, record(count));
    }
    assert_eq!(count, reader.last_seq());
    count
}

/// The newest segment's bytes.
fn newest(dir: &Path) -> Vec<u8> {
    let names = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let segments = names.filter(|path| path.extension().is_some_and(|end| end == "frj"));
    fs::read(segments.max().unwrap()).unwrap()
}

fn ends_in_room(bytes: &[u8]) -> bool {
    bytes.ends_with(&[0; 1000])
}

#[test]
fn a_closed_journal_has_no_room_and_an_open_one_does_not_show_it() {
    for fsync in [Fsync::Always, Fsync::EverySec, Fsync::No] {
        let dir = directory();
        let (journal, _) = Journal::open(dir.path(), &options(fsync)).unwrap();
        for _ in 0..5 {
            write(&journal).unwrap();
        }
        let open = newest(dir.path());
        let info = Reader::open(dir.path()).unwrap().info().unwrap();
        assert_eq!((info.health, info.last_seq), (Health::Clean, 5));
        journal.close().unwrap();
        let closed = newest(dir.path());
        assert!(!ends_in_room(&closed) && open.starts_with(&closed));
        assert_eq!(info.size, closed.len() as u64);
        // It goes on, and again leaves nothing behind.
        write(&journal).unwrap();
        drop(journal);
        assert!(!ends_in_room(&newest(dir.path())));
        assert_eq!(verify(dir.path()), 6);
    }
}

#[test]
fn a_reader_follows_a_writer_through_many_segments() {
    let dir = directory();
    let (journal, _) = Journal::open(dir.path(), &options(Fsync::EverySec)).unwrap();
    write(&journal).unwrap();
    let looks = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for number in 1..60_000 {
                write(&journal).unwrap();
                if number % 5000 == 0 {
                    journal.sync().unwrap();
                }
            }
        });
        let mut looks = Vec::new();
        while !writer.is_finished() {
            let before = journal.settled_seq();
            let reader = Reader::open(dir.path()).unwrap();
            assert!(
                !matches!(reader.health(), Health::Damaged(_)),
                "{:?}",
                reader.health()
            );
            assert!(
                reader.last_seq() >= before,
                "{} < {before}",
                reader.last_seq()
            );
            let last = reader.last_seq();
            let mut frames = reader.frames(last - last.min(50) + 1..);
            let mut read = 0;
            while let Some(frame) = frames.next() {
                let frame = frame.unwrap();
                read += 1;
                assert_eq!(frame.decode().unwrap(), Some(record(frame.seq)));
            }
            assert_eq!(read, last.min(50));
            looks.push(last);
        }
        looks
    });
    assert!(looks.len() > 2 && looks.is_sorted(), "{looks:?}");
    journal.close().unwrap();
    assert_eq!(verify(dir.path()), 60_000);
}

/// Readers that open a journal again and again while its writer seals segments, cuts their room, makes checkpoints and
/// drops history: each opening comes to an end, and tells of no damage.
#[test]
fn readers_come_to_an_end_beside_a_writer_that_rotates() {
    for round in 0..50 {
        let dir = directory();
        let compacts = round % 2 == 1;
        let options = Options {
            segment_bytes: 1500,
            ..options(Fsync::No)
        };
        let (journal, _) = Journal::open(dir.path(), &options).unwrap();
        write(&journal).unwrap();
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| rotate(&journal, compacts));
            let mut looks = 0;
            while !writer.is_finished() || looks == 0 {
                let before = journal.settled_seq();
                look(dir.path(), before, compacts);
                looks += 1;
            }
        });
        journal.close().unwrap();
        let report = Reader::open(dir.path()).unwrap().check().unwrap();
        assert_eq!((report.health, report.checkpoints), (Health::Clean, vec![]));
    }
}

/// Writes with everything that changes files.
fn rotate(journal: &Journal, compacts: bool) {
    for number in 1..400 {
        let seq = write(journal).unwrap();
        match number % 40 {
            0 if compacts => drop(journal.compact(seq - 10, 0, |_, seq| Ok(State(seq)))),
            20 => journal.rotate(0).unwrap(),
            30 => drop(journal.checkpoint(seq, &mut State(seq).chunks())),
            _ => {}
        }
    }
}

/// A state for a checkpoint: which one does not matter here.
struct State(u64);

impl journal::State for State {
    fn chunks(&self) -> Box<dyn Iterator<Item = Vec<u8>> + '_> {
        Box::new(std::iter::once(self.0.to_le_bytes().to_vec()))
    }
}

/// Opens and reads the newest records. Of a journal whose history is dropped, the opening alone is sure to succeed: files
/// that it listed may be gone when they are read.
fn look(dir: &Path, settled: u64, compacts: bool) {
    let reader = Reader::open(dir).unwrap();
    let health = reader.health();
    assert!(!matches!(health, Health::Damaged(_)), "{health:?}");
    let last = reader.last_seq();
    assert!(last >= settled, "{last} < {settled}");
    let first = reader.first_seq().max((last + 1).saturating_sub(20));
    let mut frames = reader.frames(first..);
    let mut read = 0;
    while let Some(frame) = frames.next() {
        match frame {
            Ok(frame) => assert_eq!(frame.decode().unwrap(), Some(record(frame.seq))),
            Err(JournalError::Io { source, .. })
                if compacts && source.kind() == std::io::ErrorKind::NotFound =>
            {
                return;
            }
            Err(error) => panic!("{error}"),
        }
        read += 1;
    }
    assert_eq!(read, last + 1 - first);
}

/// Whether there is a writer is asked with the lock that writers take.
#[test]
fn who_looks_for_a_writer_keeps_none_out() {
    let dir = directory();
    let open = || Journal::open(dir.path(), &options(Fsync::No)).unwrap();
    drop(open());
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let disk = Disk::new(dir.path());
        let is_over = &is_over;
        scope.spawn(move || {
            while !is_over.load(Relaxed) {
                disk.is_locked().unwrap();
            }
        });
        for _ in 0..100 {
            drop(open());
        }
        is_over.store(true, Relaxed);
    });
    let _writer = open();
    let refused = Journal::open(dir.path(), &options(Fsync::No));
    assert!(matches!(refused, Err(JournalError::Locked { .. })));
}

/// Not a test: the life of the processes that the tests below kill and starve.
#[test]
#[ignore = "a process that other tests start"]
fn child() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let fsync = match std::env::var(FSYNC).as_deref() {
        Ok("always") => Fsync::Always,
        Ok("everysec") => Fsync::EverySec,
        _ => Fsync::No,
    };
    let (journal, _) = Journal::open(Path::new(&dir), &options(fsync)).unwrap();
    loop {
        match write(&journal) {
            Ok(seq) => println!("settled {seq}"),
            Err(error) => {
                println!("settled {} failed {error}", journal.settled_seq());
                return;
            }
        }
    }
}

/// A process that writes, under a limit of its files' size in blocks of 512 bytes.
fn start(dir: &Path, fsync: &str, limit: &str) -> Child {
    let (_, module) = module_path!().split_once("::").unwrap();
    let script = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" \"$@\"");
    Command::new("sh")
        .args(["-c", &script])
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            &format!("{module}::child"),
            "--ignored",
            "--nocapture",
        ])
        .env(DIR, dir)
        .env(FSYNC, fsync)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What a process says, until `enough` or its end: the last number that it settled, and what else it said of it.
fn listen(child: &mut Child, enough: u64) -> (u64, String) {
    let mut last = (0, String::new());
    for line in BufReader::new(child.stdout.as_mut().unwrap()).lines() {
        let line = line.unwrap();
        let Some((_, said)) = line.split_once("settled ") else {
            continue;
        };
        let (number, rest) = said.split_once(' ').unwrap_or((said, ""));
        last = (number.parse().unwrap(), rest.to_owned());
        if last.0 >= enough {
            break;
        }
    }
    last
}

#[test]
#[cfg(target_os = "linux")]
fn a_killed_process_loses_nothing_that_it_settled() {
    for fsync in ["always", "everysec", "no"] {
        let dir = directory();
        let mut settled = 0;
        for lives in 1..=4 {
            let mut child = start(dir.path(), fsync, "unlimited");
            settled = listen(&mut child, settled + 150 * lives).0;
            child.kill().unwrap();
            child.wait().unwrap();
            let health = Reader::open(dir.path()).unwrap().health();
            assert!(!matches!(health, Health::Damaged(_)), "{health:?}");
            let kept = verify(dir.path());
            assert!(kept >= settled, "{kept} of {settled} are left, {fsync}");
            // The next life goes on from there, on a disk of another kind.
            let (journal, recovered) = Journal::open(dir.path(), &options(Fsync::No)).unwrap();
            assert!(!recovered.report.clean);
            assert_eq!(recovered.report.last_seq, kept);
            write(&journal).unwrap();
            settled = kept + 1;
        }
    }
}

/// Room that can't be made is an error of the disk as any other, and not the end of the process.
#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_poisons_and_takes_nothing() {
    for fsync in ["always", "no"] {
        // A limit in the midst of the first room, at its end, and later on.
        for blocks in [3, 32, 300] {
            let dir = directory();
            let mut child = start(dir.path(), fsync, &blocks.to_string());
            let (settled, why) = listen(&mut child, u64::MAX);
            assert!(child.wait().unwrap().success());
            assert!(why.contains("cannot write"), "{why:?}");
            assert_eq!(verify(dir.path()), settled);
            let (journal, recovered) = Journal::open(dir.path(), &options(Fsync::No)).unwrap();
            assert_eq!(recovered.report.last_seq, settled);
            write(&journal).unwrap();
            drop(journal);
            assert_eq!(verify(dir.path()), settled + 1);
        }
    }
}
