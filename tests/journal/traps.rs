//! The traps into which journals have fallen, each with its test. The number is that of the list in `docs/reliability.md`.

use super::directory;
use super::disk::Image;
use super::disk::Luck;
use super::disk::Plan;
use super::disk::SimDisk;
use super::images::*;
use super::script::Life;
use super::script::Style;
use super::set;
use fakeredis::Clock;
use fakeredis::Config;
use fakeredis::engine::Engine;
use fakeredis::engine::JournalOptions;
use fakeredis::engine::Outcome;
use fakeredis::journal::Fsync;
use fakeredis::journal::Health;
use fakeredis::journal::Journal;
use fakeredis::journal::JournalError;
use fakeredis::journal::Options;
use fakeredis::journal::Reader;
use fakeredis::journal::Tolerance;
use fakeredis::rng::Rng;
use fakeredis::session::Address;
use std::io::ErrorKind;
use std::path::Path;

/// A damaged length swallows no later record, and one that is forged asks for no memory.
#[test]
fn trap_01_a_length_is_not_believed_before_it_is_verified() {
    let image = journal_of_singles(&records(8), &options());
    let starts = frame_starts(&image[SEGMENT]);
    for len in [0, 1, 900, u32::MAX] {
        let mut damaged = image.clone();
        let at = starts[2] + 8;
        damaged.get_mut(SEGMENT).unwrap()[at..at + 4].copy_from_slice(&len.to_le_bytes());
        let Err(JournalError::Damaged(damage)) = open(&damaged, &options()) else {
            panic!("a length of {len} is not refused");
        };
        assert_eq!((damage.seq, damage.later), (3, 5), "a length of {len}");
    }
}

#[test]
fn trap_02_one_bad_record_leaves_the_others_verifiable() {
    let image = journal_of_singles(&records(8), &options());
    let starts = frame_starts(&image[SEGMENT]);
    let mut damaged = image.clone();
    damaged.get_mut(SEGMENT).unwrap()[starts[3] + 60] ^= 1;
    let Err(JournalError::Damaged(damage)) = open(&damaged, &options()) else {
        panic!("not refused");
    };
    assert_eq!(damage.file, SEGMENT);
    assert_eq!(
        (damage.offset, damage.seq, damage.later),
        (starts[3] as u64, 4, 4)
    );
    assert_eq!(health(&damaged), Some(Health::Damaged(*damage)));
    // A reader reads up to it.
    let disk = SimDisk::new(&damaged, Plan::Never, 0);
    let reader = Reader::open_with(disk.storage()).unwrap();
    let read: Vec<bool> = reader.entries(..).map(|entry| entry.is_ok()).collect();
    assert_eq!(read, [true, true, true, false]);
}

/// A checksum of bytes that end with their own checksum is a constant; a link must not be one.
#[test]
fn trap_03_links_depend_on_the_data() {
    let links = |value: &[u8]| -> Vec<[u8; 4]> {
        let image = journal_of_singles(&[set("k", value), set("k", b"same")], &options());
        let starts = frame_starts(&image[SEGMENT]);
        let link = |at: &usize| *image[SEGMENT][at + 4..].first_chunk().unwrap();
        starts[..2].iter().map(link).collect()
    };
    let (one, other) = (links(b"1"), links(b"2"));
    assert!(one[0] != one[1] && one[0] != other[0] && one[1] != other[1]);
}

/// The checksum of nothing is 0, and so is that of a header of zeros: neither is a record.
#[test]
fn trap_04_zeros_are_no_records() {
    let records = records(3);
    let mut image = journal_of_singles(&records, &options());
    image.get_mut(SEGMENT).unwrap().extend([0; 56 * 20]);
    assert_eq!(open(&image, &options()).unwrap().0, records);
    // Nor is a record without a payload, whatever its checksums say.
    let image = journal_of_singles(&records, &options());
    let starts = frame_starts(&image[SEGMENT]);
    let empty = forged(&image, SEGMENT, |file| {
        file.truncate(starts[2] + 56);
        file[starts[2] + 8..starts[2] + 12].fill(0);
    });
    assert_eq!(open(&empty, &options()).unwrap().0, records[..2]);
}

#[test]
fn trap_05_zeros_at_the_end_are_room_and_garbage_is_cut() {
    let records = records(5);
    let image = journal_of_singles(&records, &options());
    let strict = Options {
        tolerance: Tolerance::Strict,
        ..options()
    };
    let mut rng = Rng::new(5);
    for len in 1..600 {
        for kind in 0..3 {
            let mut longer = image.clone();
            let mut tail: Vec<u8> = (0..len)
                .map(|_| [0, 0xff, rng.next_u64() as u8 | 1][kind])
                .collect();
            // Room may follow what was torn.
            tail.resize(len + 100 * (len % 2), 0);
            longer.get_mut(SEGMENT).unwrap().extend(&tail);
            let (held, after) = open(&longer, &options()).unwrap();
            assert_eq!(held, records, "{len} bytes of kind {kind}");
            let is_room = kind == 0;
            let quarantined = quarantined(&after);
            match is_room {
                true => assert!(quarantined.is_empty()),
                false => assert_eq!(quarantined, [without_zeros(&tail)]),
            }
            assert_eq!(open(&longer, &strict).is_ok(), is_room);
            assert_eq!(health(&longer) == Some(Health::Clean), is_room);
        }
    }
}

/// Room hides where the file ended, and so hides no damage.
#[test]
fn trap_06_any_flipped_bit_before_room_is_found() {
    let records = records(6);
    let mut image = journal_of_singles(&records, &options());
    let starts = frame_starts(&image[SEGMENT]);
    let last = starts[records.len() - 1];
    image.get_mut(SEGMENT).unwrap().extend([0; 24]);
    for bit in HEADER * 8..image[SEGMENT].len() * 8 {
        let mut damaged = image.clone();
        damaged.get_mut(SEGMENT).unwrap()[bit / 8] ^= 1 << (bit % 8);
        match open(&damaged, &options()) {
            Ok((held, after)) if bit / 8 >= last => {
                let whole = records.len() - usize::from(bit / 8 < starts[records.len()]);
                assert_eq!(held, records[..whole], "bit {bit}");
                assert_eq!(quarantined(&after).len(), 1);
            }
            other => assert!(is_damaged(&other), "bit {bit}"),
        }
        assert!(
            !matches!(health(&damaged), Some(Health::Clean)),
            "bit {bit}"
        );
    }
}

#[test]
fn trap_07_a_batch_that_was_never_synced_may_be_torn_anywhere() {
    let (records, image) = torn_batch();
    let disk = SimDisk::new(&image, Plan::Never, 0);
    let (_journal, recovered) = Journal::open_with(disk.storage(), &options()).unwrap();
    let cut = recovered.report.cut.unwrap();
    assert_eq!((cut.after, cut.records), (4, 5));
    assert_eq!(read_all(&disk), records[..4]);
    let image = disk.visible();
    assert!(image.contains_key(&cut.quarantined));
    let why = &image[&format!("{}.why.txt", cut.quarantined)];
    assert!(String::from_utf8_lossy(why).contains("5 whole records"));
}

#[test]
fn trap_08_records_dropped_doubled_or_swapped_are_refused() {
    let records = records(8);
    let image = journal_of_singles(&records, &options());
    let segment = &image[SEGMENT];
    let starts = frame_starts(segment);
    let frame = |index: usize| &segment[starts[index]..starts[index + 1]];
    let assemble = |order: &[usize]| {
        let frames: Vec<u8> = order
            .iter()
            .flat_map(|index| frame(*index))
            .copied()
            .collect();
        let mut image = image.clone();
        let file = image.get_mut(SEGMENT).unwrap();
        file.truncate(HEADER);
        file.extend(frames);
        image
    };
    let all: Vec<usize> = (0..records.len()).collect();
    assert_eq!(assemble(&all), image);
    for index in all.clone() {
        let mut dropped = all.clone();
        dropped.remove(index);
        let result = open(&assemble(&dropped), &options());
        // Without a checkpoint nothing remembers the very last record.
        let is_last = index + 1 == records.len();
        assert_eq!(is_damaged(&result), !is_last, "dropped {index}");
        let mut doubled = all.clone();
        doubled.insert(index, index);
        assert!(
            is_damaged(&open(&assemble(&doubled), &options())),
            "doubled {index}"
        );
        for other in 0..index {
            let mut swapped = all.clone();
            swapped.swap(index, other);
            assert!(
                is_damaged(&open(&assemble(&swapped), &options())),
                "swapped {index} {other}"
            );
        }
    }
}

#[test]
fn trap_09_a_journal_inside_a_torn_value_is_a_value() {
    let inner = journal_of_singles(&records(10), &options());
    for shift in 0..8 {
        let mut value = vec![b'x'; shift];
        value.extend(&inner[SEGMENT]);
        let mut all = records(3);
        all.push(set("journal", &value));
        let image = journal_of_singles(&all, &options());
        assert_eq!(open(&image, &options()).unwrap().0, all);
        let start = frame_starts(&image[SEGMENT])[3];
        for len in (start + 56..image[SEGMENT].len()).step_by(17) {
            let mut cut = image.clone();
            cut.get_mut(SEGMENT).unwrap().truncate(len);
            assert_eq!(open(&cut, &options()).unwrap().0, all[..3], "cut at {len}");
        }
    }
}

/// Places are remembered to find records fast: what is found is verified to be the record of that number.
#[test]
fn trap_10_what_is_looked_up_is_the_record_of_that_number() {
    let (records, image) = with_checkpoints();
    let disk = SimDisk::new(&image, Plan::Never, 0);
    let reader = Reader::open_with(disk.storage()).unwrap();
    let mut rng = Rng::new(10);
    for _ in 0..200 {
        let seq = rng.below(records.len()) as u64 + 1;
        let found = reader.with_frame(seq, |frame| (frame.seq, frame.decode().unwrap()));
        let expected = Some((seq, Some(records[seq as usize - 1].clone())));
        assert_eq!(found.unwrap(), expected);
    }
}

const STYLE: Style = Style {
    fsync: Fsync::Always,
    segment_bytes: 900,
    room: false,
};

/// A sync that failed must not be repeated: the system would report success.
#[test]
fn trap_11_a_failed_sync_is_never_repeated() {
    let style = STYLE;
    let disk = style.disk(&Image::new(), Plan::Never, 0);
    let mut life = Life::default();
    let journal = life.open(&disk, style).unwrap();
    disk.set_plan(Plan::Once(disk.operations() + 2, ErrorKind::Other));
    let seq = journal.append(0, &set("k", b"v")).unwrap();
    assert!(matches!(
        journal.settle(seq),
        Err(JournalError::Poisoned(_))
    ));
    let syncs = disk.syncs();
    assert!(matches!(
        journal.settle(seq),
        Err(JournalError::Poisoned(_))
    ));
    assert!(journal.sync().is_err() && journal.close().is_err() && journal.rotate(0).is_err());
    assert_eq!(disk.syncs(), syncs);
    assert_eq!((journal.last_seq(), journal.durable_seq()), (0, 0));
}

/// What a write left that failed halfway is not in the midst of what is written later.
#[test]
fn trap_12_a_write_that_failed_leaves_no_garbage() {
    for seed in 0..20 {
        let disk = SimDisk::new(&Image::new(), Plan::Never, seed);
        let (journal, _) = Journal::open_with(disk.storage(), &options()).unwrap();
        disk.set_plan(Plan::Once(disk.operations() + 1, ErrorKind::StorageFull));
        let seq = journal.append(0, &set("lost", &[b'x'; 300])).unwrap();
        assert!(journal.settle(seq).is_err());
        journal.heal().unwrap();
        let seq = journal.append(0, &set("kept", b"")).unwrap();
        journal.settle(seq).unwrap();
        assert_eq!(read_all(&disk), [set("kept", b"")]);
        drop(journal);
        assert_eq!(
            open(&disk.visible(), &options()).unwrap().0,
            [set("kept", b"")]
        );
    }
}

/// A file is as durable as its name.
#[test]
fn trap_13_names_are_durable_before_anything_is_promised() {
    let disk = SimDisk::empty();
    let (journal, _) = Journal::open_with(disk.storage(), &options()).unwrap();
    for round in 1..=4 {
        let seq = journal.append(0, &set("k", b"v")).unwrap();
        journal.settle(seq).unwrap();
        journal.rotate(0).unwrap();
        journal.checkpoint(seq, &mut std::iter::empty()).unwrap();
        let image = disk.after_power_failure(&mut Luck::None);
        assert_eq!(segments(&image).len(), round + 1);
        assert!(image.contains_key(&format!("snap-{seq:020}.frs")));
        assert_eq!(open(&image, &options()).unwrap().0.len(), round);
    }
}

/// Dropping a journal can't tell that its end was not written; closing does.
#[test]
fn trap_14_closing_tells_what_dropping_cannot() {
    let lazy = Options {
        fsync: Fsync::No,
        ..options()
    };
    for failing in 1..=2 {
        let disk = SimDisk::empty();
        let (journal, _) = Journal::open_with(disk.storage(), &lazy).unwrap();
        journal.append(0, &set("k", b"v")).unwrap();
        disk.set_plan(Plan::Once(disk.operations() + failing, ErrorKind::Other));
        assert!(matches!(journal.close(), Err(JournalError::Poisoned(_))));
        assert!(matches!(journal.close(), Err(JournalError::Poisoned(_))));
    }
}

/// Whoever cuts a mapped file stops the process that reads it: the newest segment is never read through a map.
#[test]
fn trap_15_only_what_is_sealed_is_mapped() {
    let (_, image) = with_checkpoints();
    let disk = SimDisk::new(&image, Plan::Never, 0);
    let newest = segments(&image).pop().unwrap();
    let (_journal, mut recovered) = Journal::open_with(disk.storage(), &options()).unwrap();
    assert_eq!(
        recovered.entries().filter(|entry| entry.is_err()).count(),
        0
    );
    read_all(&disk);
    let mapped = disk.mapped();
    assert!(mapped.len() > 2 && !mapped.contains(&newest), "{mapped:?}");
}

#[test]
fn trap_16_a_second_writer_is_refused_and_the_locks_of_the_dead_are_not() {
    let dir = directory();
    let (journal, _) = Journal::open(dir.path(), &options()).unwrap();
    let Err(error) = Journal::open(dir.path(), &options()).map(drop) else {
        panic!("two writers");
    };
    assert!(
        matches!(&error, JournalError::Locked { holder } if holder.contains("pid=")),
        "{error}"
    );
    assert_eq!(Reader::open(dir.path()).unwrap().last_seq(), 0);
    let seq = journal.append(5, &set("k", b"v")).unwrap();
    journal.settle(seq).unwrap();
    assert_eq!(Reader::open(dir.path()).unwrap().last_seq(), 1);
    drop(journal);
    let lock = dir.path().join("LOCK");
    assert!(
        lock.exists(),
        "whoever removed it would race with whoever takes it"
    );
    std::fs::write(&lock, "pid=1 version=0.0.0\n").unwrap();
    assert!(Journal::open(dir.path(), &options()).is_ok());
}

/// A recovery that is interrupted anywhere is done again, and loses neither records nor what it cut.
#[test]
fn trap_17_an_interrupted_recovery_is_done_again() {
    let records = records(6);
    let mut torn = journal_of_singles(&records, &options());
    torn.get_mut(SEGMENT).unwrap().extend(b"torn off");
    let count = {
        let disk = SimDisk::new(&torn, Plan::Never, 0);
        drop(Journal::open_with(disk.storage(), &options()).unwrap());
        disk.operations()
    };
    assert!(count > 8, "{count}");
    for at in 1..=count {
        let disk = SimDisk::new(&torn, Plan::PowerOff(at), at);
        let _ = Journal::open_with(disk.storage(), &options());
        for mut luck in [Luck::None, Luck::All, Luck::Some(Rng::new(at))] {
            let image = disk.after_power_failure(&mut luck);
            let (held, after) = open(&image, &options()).unwrap();
            assert_eq!(held, records, "interrupted at {at}");
            assert!(
                quarantined(&after).contains(&b"torn off".as_slice()),
                "interrupted at {at}"
            );
        }
    }
}

/// A disk without space refuses a checkpoint, and all is as before: the older one, and the writer.
#[test]
fn trap_18_a_checkpoint_without_space_changes_nothing() {
    let (_, image) = with_checkpoints();
    for at in 1..=6 {
        let disk = SimDisk::new(&image, Plan::Never, at);
        let (journal, _) = Journal::open_with(disk.storage(), &options()).unwrap();
        let before = disk.visible();
        disk.set_plan(Plan::From(disk.operations() + at, ErrorKind::StorageFull));
        let made = journal.checkpoint(12, &mut vec![vec![1; 500]].into_iter());
        disk.set_plan(Plan::Never);
        let is_there = disk.visible().contains_key("snap-00000000000000000012.frs");
        if made.is_err() && !is_there {
            let mut after = disk.visible();
            after.retain(|name, _| !name.ends_with(".tmp"));
            assert_eq!(after, before, "operation {at}");
        }
        assert!(journal.poisoned().is_none());
        let seq = journal.append(0, &set("more", b"")).unwrap();
        journal.settle(seq).unwrap();
        drop(journal);
        let started = start(&disk.visible()).unwrap();
        assert_eq!(
            started.0,
            Some(if is_there { 12 } else { 9 }),
            "operation {at}"
        );
    }
}

/// A reader must not learn what is in memory and not on the disk.
#[test]
fn trap_19_nobody_sees_what_is_not_on_the_disk() {
    for failing in 1..=2 {
        let disk = SimDisk::empty();
        let mut options = JournalOptions::new(Path::new("simulated"));
        options.journal.fsync = Fsync::Always;
        let opened = Engine::open_on(
            disk.storage(),
            &options,
            Config::default(),
            Clock::system(),
            0,
        );
        let engine = opened.unwrap().0;
        let [writer, reader] = [0, 1].map(|_| engine.lock().connect(Address::default()));
        disk.set_plan(Plan::Once(disk.operations() + failing, ErrorKind::Other));
        let turn = engine.requests(|turn| {
            turn.run(Some(writer), &[b"SET", b"k", b"v"]);
            turn.run(Some(reader), &[b"GET", b"k"])
        });
        assert!(turn.is_err(), "the reader's reply is released");
        let later = engine.requests(|turn| turn.run(Some(reader), &[b"EXISTS", b"k"]));
        let Outcome::Reply(reply, _) = later.unwrap() else {
            panic!("no reply");
        };
        assert_eq!(fakeredis::resp::pretty(&reply), "(integer) 0");
    }
}

/// The clock may be set back; numbers are not.
#[test]
fn trap_20_order_is_by_number_whatever_the_clock_says() {
    let disk = SimDisk::empty();
    let (journal, _) = Journal::open_with(disk.storage(), &options()).unwrap();
    let clocks = [10, 30, 20, i64::MIN, 40, i64::MAX, 15];
    for (index, clock_us) in clocks.into_iter().enumerate() {
        let record = set(&format!("k{index}"), b"");
        let seq = journal.append(clock_us, &record).unwrap();
        journal.settle(seq).unwrap();
    }
    let reader = Reader::open_with(disk.storage()).unwrap();
    let read = reader.entries(..).map(|entry| entry.unwrap().clock_us);
    assert!(read.eq(clocks));
    // What had happened by a time is what stands before the first record of a later one.
    for (time, seq) in [(9, 0), (10, 1), (25, 1), (30, 4), (40, 5), (i64::MAX, 7)] {
        assert_eq!(reader.seq_at_time(time).unwrap(), seq, "at {time}");
    }
    drop(journal);
    assert_eq!(open(&disk.visible(), &options()).unwrap().0.len(), 7);
}

fn is_refused(image: &Image, words: &[&str]) {
    let Err(error @ JournalError::Format { .. }) = open(image, &options()) else {
        panic!("not refused: {words:?}");
    };
    let text = error.to_string();
    assert!(words.iter().all(|word| text.contains(word)), "{text}");
}

#[test]
fn trap_21_what_the_future_adds_is_passed_over_or_refused_by_name() {
    let records = records(4);
    let image = journal_of_singles(&records, &options());
    let header = |at: usize, bit: u8| forged(&image, SEGMENT, |file| file[at] |= bit);
    assert_eq!(
        open(&header(12, 4), &options()).unwrap().0,
        records,
        "compat"
    );
    is_refused(&header(16, 4), &[SEGMENT, "ro_compat 0x4"]);
    assert_eq!(health(&header(16, 4)), Some(Health::Clean));
    is_refused(&header(20, 4), &[SEGMENT, "incompat 0x4"]);
    is_refused(&header(9, 1), &[SEGMENT, "version 257"]);
    // Kinds of records, and encodings of their payloads.
    let at = frame_starts(&image[SEGMENT])[1];
    let frame = |offset: usize, byte: u8| forged(&image, SEGMENT, |file| file[at + offset] = byte);
    let mut without = records.clone();
    without.remove(1);
    assert_eq!(
        read_all(&SimDisk::new(&frame(20, 0x99), Plan::Never, 0)),
        without
    );
    for (image, word) in [(frame(20, 0x19), "kind 25"), (frame(22, 9), "codec 9")] {
        let disk = SimDisk::new(&image, Plan::Never, 0);
        let reader = Reader::open_with(disk.storage()).unwrap();
        let error = reader.entries(..).find_map(Result::err).unwrap();
        let text = error.to_string();
        assert!(text.contains("record 2") && text.contains(word), "{text}");
    }
}

#[test]
fn trap_21_a_checkpoint_of_the_future_is_refused_by_name() {
    let (_, image) = with_checkpoints();
    let header = |at: usize| forged(&image, CHECKPOINTS[1], |file| file[at] |= 8);
    for at in [12, 16] {
        assert_eq!(start(&header(at)).unwrap(), (Some(9), 3));
    }
    is_refused(&header(20), &[CHECKPOINTS[1], "incompat 0x8"]);
    is_refused(&header(8), &[CHECKPOINTS[1], "version 9"]);
}

/// Line ends that were translated, and bits that were stripped, are seen in the first bytes.
#[test]
fn trap_22_a_text_mode_transfer_is_found() {
    let image = journal_of_singles(&records(3), &options());
    let replace = |from: &[u8], to: &[u8]| {
        let mut out = Vec::new();
        let mut rest = image[SEGMENT].as_slice();
        while !rest.is_empty() {
            match rest.strip_prefix(from) {
                Some(after) => (out.extend(to), rest = after).1,
                None => (out.push(rest[0]), rest = &rest[1..]).1,
            }
        }
        out
    };
    let stripped: Vec<u8> = image[SEGMENT].iter().map(|byte| byte & 0x7f).collect();
    for bytes in [
        replace(b"\r\n", b"\n"),
        replace(b"\n", b"\r\n"),
        replace(b"\r", b"\n"),
        stripped,
    ] {
        let mangled = Image::from([(SEGMENT.to_owned(), bytes)]);
        let Err(JournalError::Damaged(damage)) = open(&mangled, &options()) else {
            panic!("not refused");
        };
        assert_eq!((damage.file.as_str(), damage.offset), (SEGMENT, 0));
        assert!(damage.what.contains("first bytes"), "{damage}");
    }
}

/// Nothing on the disk depends on a map's order or on a hash that differs from run to run.
#[test]
fn trap_23_the_same_life_writes_the_same_bytes() {
    let life = || {
        let disk = SimDisk::empty();
        Life::default().go_on(&disk, STYLE, 6).unwrap();
        disk.visible()
    };
    assert_eq!(life(), life());
}

/// A lost header takes no checksum with it: their seed follows from the journal's identity and the file's name.
#[test]
fn trap_24_the_salt_of_a_lost_header_can_be_computed() {
    let image = journal_of_singles(&records(5), &options());
    let mut lost = image.clone();
    lost.get_mut(SEGMENT).unwrap()[..HEADER].fill(0);
    let Err(JournalError::Damaged(damage)) = open(&lost, &options()) else {
        panic!("not refused");
    };
    assert_eq!((damage.offset, damage.seq), (0, 1));
    // From `FORMAT` and the name, as the specification says.
    let text = String::from_utf8_lossy(&lost["FORMAT"]).replace('-', "");
    let uuid = u128::from_str_radix(text.split_once("uuid=").unwrap().1.trim(), 16).unwrap();
    let seq: u64 = SEGMENT[4..24].parse().unwrap();
    let seed = [
        b"\x89FRJ\r\n\x1a\n".as_slice(),
        &uuid.to_be_bytes(),
        &seq.to_le_bytes(),
    ]
    .concat();
    let salt = crc(0, &seed);
    for at in &frame_starts(&lost[SEGMENT])[..5] {
        let frame = &lost[SEGMENT][*at..];
        assert_eq!(frame[4..8], crc(salt, &frame[8..56]).to_le_bytes());
    }
}
