//! Forgetting old history: whatever happens meanwhile, the journal is the old one or the new one.

use super::chunks;
use super::directory;
use super::disk::Image;
use super::disk::Luck;
use super::disk::Plan;
use super::disk::SimDisk;
use super::images::in_short_segments as options;
use super::set;
use fakeredis::commit::How;
use fakeredis::commit::Record;
use fakeredis::commit::Rewind;
use fakeredis::commit::Seq;
use fakeredis::journal::Health;
use fakeredis::journal::Journal;
use fakeredis::journal::JournalError;
use fakeredis::journal::Options;
use fakeredis::journal::Reader;
use fakeredis::journal::State;
use fakeredis::rng::Rng;
use std::io::ErrorKind;

const LAST: Seq = 24;
/// A record that goes back to a place before each beginning that the tests ask for.
const REWIND: (Seq, Seq) = (20, 3);

struct Place(Seq);

impl State for Place {
    fn chunks(&self) -> Box<dyn Iterator<Item = Vec<u8>> + '_> {
        Box::new(std::iter::repeat_n(
            format!("after {}", self.0).into_bytes(),
            3,
        ))
    }
}

fn record(seq: Seq) -> Record {
    match seq == REWIND.0 {
        true => Record::Rewind(Rewind {
            to: REWIND.1,
            how: How::Named,
        }),
        false => set(&format!("key:{seq}"), b"some value"),
    }
}

/// A journal in several segments, with checkpoints after records 5 and 15.
fn image() -> Image {
    let disk = SimDisk::empty();
    let (journal, _) = Journal::open_with(disk.storage(), &options()).unwrap();
    for seq in 1..=LAST {
        journal.append(seq as i64, &record(seq)).unwrap();
        journal.settle(seq).unwrap();
        if seq % 10 == 5 {
            let state = Place(seq);
            journal.checkpoint(seq, &mut state.chunks()).unwrap();
        }
    }
    journal.close().unwrap();
    disk.visible()
}

fn compact(disk: &SimDisk, keep: Seq) -> Result<u64, JournalError> {
    let (journal, _) = Journal::open_with(disk.storage(), &options())?;
    let compacted = journal.compact(keep, 0, |_, seq| Ok(Place(seq)))?;
    journal.close()?;
    Ok(compacted.records)
}

/// Checks that the journal opens and is one of the two; the first record.
fn judge(image: &Image, keep: Seq) -> Seq {
    let disk = SimDisk::new(image, Plan::Never, 0);
    let (journal, _) = Journal::open_with(disk.storage(), &options()).unwrap();
    let reader = Reader::open_with(disk.storage()).unwrap();
    let first = reader.first_seq();
    assert!([1, keep].contains(&first), "{first}");
    assert_eq!(reader.last_seq(), LAST);
    let kept = reader.entries(..).map(|entry| entry.unwrap());
    assert!(kept.eq((first..=LAST).map(|seq| fakeredis::commit::Entry {
        seq,
        clock_us: seq as i64,
        record: record(seq),
    })));
    let check = reader.check().unwrap();
    assert_eq!((check.health, check.checkpoints), (Health::Clean, vec![]));
    if first > 1 {
        for needed in [first - 1, REWIND.1] {
            let state = reader.checkpoint_before(needed).unwrap().unwrap();
            assert_eq!(state.seq(), needed);
            assert_eq!(chunks(state), Vec::from_iter(Place(needed).chunks()));
        }
    }
    // It goes on, and is compacted further.
    journal.append(0, &record(LAST + 1)).unwrap();
    journal.settle(LAST + 1).unwrap();
    drop(journal);
    compact(&disk, LAST).unwrap();
    let (_journal, recovered) = Journal::open_with(disk.storage(), &options()).unwrap();
    assert_eq!(recovered.report.first_seq, LAST);
    assert_eq!(recovered.report.last_seq, LAST + 1);
    first
}

#[test]
fn history_begins_anywhere() {
    let image = image();
    for keep in 5..=REWIND.0 {
        let disk = SimDisk::new(&image, Plan::Never, 0);
        assert_eq!(compact(&disk, keep).unwrap(), keep - 1);
        assert_eq!(judge(&disk.visible(), keep), keep);
        assert_eq!(compact(&disk, keep).unwrap(), 0, "nothing is left to do");
        let left = disk.visible();
        let old = left.keys().filter(|name| {
            let seq = name.trim_start_matches(|c: char| !c.is_ascii_digit());
            seq.get(..20).and_then(|seq| seq.parse().ok()) < Some(keep - 1)
        });
        let old: Vec<&String> = old.filter(|name| name.starts_with('s')).collect();
        assert_eq!(old, ["snap-00000000000000000003.frs"], "keep {keep}");
    }
}

#[test]
fn a_power_failure_at_any_operation_leaves_the_old_or_the_new_journal() {
    let image = image();
    for keep in [5, 9, 16, REWIND.0] {
        let (mut at, mut firsts) = (0, Vec::new());
        loop {
            at += 1;
            let disk = SimDisk::new(&image, Plan::PowerOff(at), at);
            let compacted = compact(&disk, keep);
            for luck in 0..8 {
                let mut luck = match luck {
                    0 => Luck::None,
                    1 => Luck::All,
                    seed => Luck::Some(Rng::new(at * 8 + seed)),
                };
                firsts.push(judge(&disk.after_power_failure(&mut luck), keep));
            }
            if compacted.is_ok() {
                break;
            }
        }
        assert!(at > 15, "{at}");
        assert_eq!((firsts[0], firsts.pop()), (1, Some(keep)));
    }
}

#[test]
fn a_failed_operation_leaves_the_old_or_the_new_journal() {
    let image = image();
    for plan in [Plan::Once as fn(u64, ErrorKind) -> Plan, Plan::From] {
        for at in 1.. {
            let disk = SimDisk::new(&image, plan(at, ErrorKind::StorageFull), at);
            let compacted = compact(&disk, 9);
            if disk.operations() < at {
                break;
            }
            judge(&disk.visible(), 9);
            disk.set_plan(Plan::Never);
            compact(&disk, 9).unwrap();
            assert_eq!(judge(&disk.visible(), 9), 9, "{compacted:?}");
        }
    }
}

/// Records are appended while old ones are forgotten, and a reader sees one journal or the other.
#[test]
fn a_running_journal_is_compacted() {
    let dir = directory();
    let (journal, _) = Journal::open(dir.path(), &options()).unwrap();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for seq in 1..=600 {
                let mut record = record(seq);
                if matches!(record, Record::Rewind(_)) {
                    record = set("no rewind", b"");
                }
                journal.append(0, &record).unwrap();
                journal.settle(seq).unwrap();
            }
        });
        let mut keep = 1;
        while keep < 600 {
            let is_over = writer.is_finished();
            let last = journal.settled_seq();
            assert!(!is_over || last == 600, "the writer failed");
            if last > keep {
                keep = last;
                let compacted = journal.compact(keep, 0, |_, seq| Ok(Place(seq))).unwrap();
                assert_eq!(compacted.first_seq, keep);
                let reader = Reader::open(dir.path()).unwrap();
                assert_eq!(reader.first_seq(), keep);
            }
        }
    });
    journal.close().unwrap();
    let reader = Reader::open(dir.path()).unwrap();
    assert_eq!(
        (reader.last_seq(), reader.check().unwrap().health),
        (600, Health::Clean)
    );
}

/// The newest beginning counts, and only if it is of the same journal.
#[test]
fn a_beginning_of_another_journal_drops_nothing() {
    let image = image();
    let disk = SimDisk::empty();
    let other = Options {
        uuid: Some(0xbad),
        ..options()
    };
    let (journal, _) = Journal::open_with(disk.storage(), &other).unwrap();
    for seq in 1..=LAST {
        journal.append(0, &record(seq)).unwrap();
    }
    journal.compact(12, 0, |_, seq| Ok(Place(seq))).unwrap();
    let foreign = disk.visible();
    let name = "seg-00000000000000000012.frj";
    for without_format in [false, true] {
        let mut mixed = image.clone();
        mixed.insert(name.to_owned(), foreign[name].clone());
        if without_format {
            mixed.remove("FORMAT");
        }
        let disk = SimDisk::new(&mixed, Plan::Never, 0);
        let opened = Journal::open_with(disk.storage(), &options());
        assert!(matches!(opened, Err(JournalError::Damaged(_))));
        assert_eq!(disk.visible(), mixed);
    }
}
