//! Damage of every kind, everywhere: found, told, never swallowed; and torn writes told from it.

use super::disk::Image;
use super::disk::Plan;
use super::disk::SimDisk;
use super::set;
use fakeredis::commit::Record;
use fakeredis::commit::Seq;
use fakeredis::journal::Fsync;
use fakeredis::journal::Health;
use fakeredis::journal::Journal;
use fakeredis::journal::JournalError;
use fakeredis::journal::Options;
use fakeredis::journal::Reader;
use fakeredis::journal::Tolerance;
use fakeredis::rng::Rng;

const SEGMENT: &str = "seg-00000000000000000001.frj";
const HEADER: usize = 96;

fn options() -> Options {
    Options {
        fsync: Fsync::Always,
        uuid: Some(0xfeed),
        ..Options::default()
    }
}

fn records(count: usize) -> Vec<Record> {
    let value = |index: usize| vec![b'v'; index * 7 % 40];
    (0..count)
        .map(|index| set(&format!("k{index}"), &value(index)))
        .collect()
}

/// A journal of these batches, as an unclosed process leaves it.
fn journal_of(batches: &[Vec<Record>], options: &Options) -> Image {
    let disk = SimDisk::empty();
    let (journal, _) = Journal::open_with(disk.storage(), options).unwrap();
    for batch in batches {
        for record in batch {
            journal.append(0, record).unwrap();
        }
        journal.settle(journal.last_seq()).unwrap();
    }
    disk.visible()
}

/// A journal of these records, each settled by itself.
fn journal_of_singles(records: &[Record], options: &Options) -> Image {
    let batches: Vec<Vec<Record>> = records.iter().map(|record| vec![record.clone()]).collect();
    journal_of(&batches, options)
}

fn read_all(disk: &SimDisk) -> Vec<Record> {
    let reader = Reader::open_with(disk.storage()).unwrap();
    reader
        .entries(..)
        .map(|entry| entry.unwrap().record)
        .collect()
}

/// Opens an image for writing, appends one record, opens again: the records it held at first, and
/// the image after.
fn open(image: &Image, options: &Options) -> Result<(Vec<Record>, Image), JournalError> {
    let disk = SimDisk::new(image, Plan::Never, 0);
    let opened = Journal::open_with(disk.storage(), options);
    let journal = match opened {
        Ok((journal, _)) => journal,
        Err(error) => {
            assert_eq!(&disk.visible(), image, "a refusal changes nothing");
            return Err(error);
        }
    };
    let held = read_all(&disk);
    let after = disk.visible();
    let seq = journal.append(0, &set("after", b"")).unwrap();
    journal.settle(seq).unwrap();
    drop(journal);
    Journal::open_with(disk.storage(), options).unwrap();
    assert_eq!(
        read_all(&disk).split_last(),
        Some((&set("after", b""), &held[..]))
    );
    Ok((held, after))
}

fn is_damaged<T>(result: &Result<T, JournalError>) -> bool {
    matches!(result, Err(JournalError::Damaged(_)))
}

/// What a reader says of an image; it must not change it.
fn health(image: &Image) -> Option<Health> {
    let disk = SimDisk::new(image, Plan::PowerOff(1), 0);
    let reader = Reader::open_with(disk.storage());
    let health = reader.and_then(|reader| reader.check()).ok()?.health;
    assert_eq!(disk.operations(), 0, "a reader changes nothing");
    Some(health)
}

/// Where each frame of a segment starts, and where the last ends.
fn frame_starts(segment: &[u8]) -> Vec<usize> {
    let mut starts = vec![HEADER];
    while let Some(len) = segment.get(starts[starts.len() - 1] + 8..) {
        let Some(len) = len.first_chunk::<4>() else {
            break;
        };
        let len = u32::from_le_bytes(*len) as usize;
        starts.push(starts[starts.len() - 1] + 56 + len.next_multiple_of(8));
    }
    starts
}

/// The bytes before the zeros at the end, which count as room that was never used.
fn without_zeros(bytes: &[u8]) -> &[u8] {
    let written = bytes.iter().rposition(|byte| *byte != 0);
    &bytes[..written.map_or(0, |last| last + 1)]
}

fn quarantined(image: &Image) -> Vec<&[u8]> {
    let kept = image
        .iter()
        .filter(|(name, _)| name.starts_with("quarantine/"));
    let kept = kept.filter(|(name, _)| !name.ends_with(".why.txt"));
    kept.map(|(_, bytes)| bytes.as_slice()).collect()
}

#[test]
fn cut_at_any_byte_the_whole_records_before_remain() {
    let records = records(12);
    let image = journal_of_singles(&records, &options());
    let segment = &image[SEGMENT];
    let starts = frame_starts(segment);
    assert_eq!(starts.last(), Some(&segment.len()));
    for len in 0..segment.len() {
        let mut cut = image.clone();
        cut.get_mut(SEGMENT).unwrap().truncate(len);
        let whole = starts
            .iter()
            .filter(|start| **start <= len)
            .count()
            .saturating_sub(1);
        let (held, after) = open(&cut, &options()).unwrap();
        assert_eq!(held, records[..whole], "cut at {len}");
        let end = starts[whole];
        if len > end {
            assert_eq!(quarantined(&after), [without_zeros(&segment[end..len])]);
            assert!(
                matches!(health(&cut), Some(Health::Torn { offset, .. }) if offset == end as u64)
            );
        }
    }
}

#[test]
fn any_flipped_bit_before_the_last_record_is_refused() {
    let records = records(8);
    let image = journal_of_singles(&records, &options());
    let starts = frame_starts(&image[SEGMENT]);
    let last = starts[records.len() - 1];
    let mut damaged = image.clone();
    for bit in 0..image[SEGMENT].len() * 8 {
        let flip = |image: &mut Image| image.get_mut(SEGMENT).unwrap()[bit / 8] ^= 1 << (bit % 8);
        flip(&mut damaged);
        match open(&damaged, &options()) {
            // Of the last record nothing tells whether it was ever whole.
            Ok((held, after)) if bit / 8 >= last => {
                assert_eq!(held, records[..records.len() - 1]);
                assert_eq!(
                    quarantined(&after),
                    [without_zeros(&damaged[SEGMENT][last..])]
                );
            }
            other => assert!(is_damaged(&other), "bit {bit}"),
        }
        let health = health(&damaged);
        assert!(!matches!(health, Some(Health::Clean)), "bit {bit}");
        flip(&mut damaged);
    }
}

#[test]
fn damage_is_told_with_its_place() {
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

#[test]
fn zeros_at_the_end_are_room_and_garbage_is_cut() {
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

/// A process that dies while it stores into room leaves any part of the last record, then zeros.
#[test]
fn stored_up_to_any_byte_the_whole_records_before_remain() {
    let records = records(12);
    let image = journal_of_singles(&records, &options());
    let segment = &image[SEGMENT];
    let starts = frame_starts(segment);
    for len in HEADER..segment.len() {
        let mut stored = image.clone();
        let file = stored.get_mut(SEGMENT).unwrap();
        file[len..].fill(0);
        file.extend([0; 300]);
        let (held, after) = open(&stored, &options()).unwrap();
        // A record whose last bytes are zeros is whole before they are stored.
        let whole = |index: &usize| {
            let end = starts[index + 1];
            end <= len || segment[len..end].iter().all(|byte| *byte == 0)
        };
        let whole = (0..records.len()).take_while(whole).count();
        assert_eq!(held, records[..whole], "stored up to {len}");
        let end = starts[whole];
        let cut = without_zeros(&segment[end.min(len)..len]);
        assert_eq!(quarantined(&after).concat(), cut, "stored up to {len}");
        assert_eq!(health(&stored) == Some(Health::Clean), cut.is_empty());
    }
}

#[test]
fn any_flipped_bit_before_room_is_found() {
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

/// Zeros in place of records that were synced are no room.
#[test]
fn zeroed_records_before_others_are_damage() {
    let records = records(8);
    let image = journal_of_singles(&records, &options());
    let starts = frame_starts(&image[SEGMENT]);
    for from in 0..records.len() - 1 {
        for to in from + 1..records.len() {
            let mut zeroed = image.clone();
            let file = zeroed.get_mut(SEGMENT).unwrap();
            file[starts[from]..starts[to]].fill(0);
            file.extend([0; 300]);
            let opened = open(&zeroed, &options());
            assert!(is_damaged(&opened), "{from}..{to}");
        }
    }
}

#[test]
fn records_dropped_doubled_or_swapped_are_refused() {
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
fn a_journal_inside_a_torn_value_is_a_value() {
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

/// The first sector of an unsynced batch never reached the disk; the rest did.
fn torn_batch() -> (Vec<Record>, Image) {
    let records = records(10);
    let batches = [records[..4].to_vec(), records[4..].to_vec()];
    let options = Options {
        fsync: Fsync::No,
        ..options()
    };
    let mut image = journal_of(&batches, &options);
    let start = frame_starts(&image[SEGMENT])[4];
    image.get_mut(SEGMENT).unwrap()[start..start + 64].fill(0);
    (records, image)
}

#[test]
fn a_batch_that_was_never_synced_may_be_torn_anywhere() {
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
fn a_long_torn_batch_is_cut_only_on_request() {
    let (records, image) = torn_batch();
    let careful = Options {
        max_torn_bytes: 100,
        ..options()
    };
    assert!(is_damaged(&open(&image, &careful)));
    let prefix = Options {
        tolerance: Tolerance::Prefix,
        ..careful
    };
    assert_eq!(open(&image, &prefix).unwrap().0, records[..4]);
}

#[test]
fn the_strict_cut_nothing_and_the_generous_cut_damage() {
    let records = records(8);
    let mut image = journal_of_singles(&records, &options());
    let strict = Options {
        tolerance: Tolerance::Strict,
        ..options()
    };
    let prefix = Options {
        tolerance: Tolerance::Prefix,
        ..options()
    };
    assert_eq!(open(&image, &strict).unwrap().0, records);
    let start = frame_starts(&image[SEGMENT])[5];
    let mut torn = image.clone();
    torn.get_mut(SEGMENT).unwrap().push(1);
    assert!(is_damaged(&open(&torn, &strict)));
    image.get_mut(SEGMENT).unwrap()[start] ^= 1;
    assert!(is_damaged(&open(&image, &options())));
    let (held, after) = open(&image, &prefix).unwrap();
    assert_eq!(held, records[..5]);
    assert_eq!(
        quarantined(&after),
        [without_zeros(&image[SEGMENT][start..])]
    );
}

#[test]
fn the_generous_keep_what_is_before_damage_in_any_segment() {
    let (records, mut image) = with_checkpoints();
    image.retain(|name, _| !name.starts_with("snap-"));
    let names = segments(&image);
    let prefix = Options {
        tolerance: Tolerance::Prefix,
        ..options()
    };
    for (index, name) in names.iter().enumerate().skip(1) {
        let first: usize = name[4..24].parse().unwrap();
        let mut damage: Vec<(usize, Image)> = Vec::new();
        let mut header = image.clone();
        header.get_mut(name).unwrap()[30] ^= 1;
        damage.push((first - 1, header));
        let mut frame = image.clone();
        frame.get_mut(name).unwrap()[HEADER + 30] ^= 1;
        damage.push((first - 1, frame));
        let mut missing = image.clone();
        missing.remove(&names[index - 1]);
        let before: usize = names[index - 1][4..24].parse().unwrap();
        if before > 1 {
            damage.push((before - 1, missing));
        }
        for (kept, image) in damage {
            let health = health(&image);
            assert!(!matches!(health, Some(Health::Clean)), "{health:?}");
            let (held, after) = open(&image, &prefix).unwrap();
            assert_eq!(held, records[..kept]);
            let later = names[index + 1..].iter();
            let moved = later.filter(|name| after.contains_key(&format!("quarantine/{name}")));
            assert_eq!(moved.count(), names.len() - index - 1);
        }
    }
}

#[test]
fn a_reader_reads_up_to_a_missing_segment() {
    let (records, mut image) = with_checkpoints();
    let names = segments(&image);
    image.remove(&names[2]);
    let first: usize = names[2][4..24].parse().unwrap();
    let disk = SimDisk::new(&image, Plan::Never, 0);
    let reader = Reader::open_with(disk.storage()).unwrap();
    let entries: Vec<_> = reader.entries(..).collect();
    let (last, good) = entries.split_last().unwrap();
    assert!(is_damaged(last));
    let good: Vec<&Record> = good
        .iter()
        .map(|entry| &entry.as_ref().unwrap().record)
        .collect();
    assert!(good.into_iter().eq(&records[..first - 1]));
}

/// A journal in several segments with checkpoints after records 4 and 9.
fn with_checkpoints() -> (Vec<Record>, Image) {
    let disk = SimDisk::empty();
    let options = Options {
        segment_bytes: 400,
        ..options()
    };
    let (journal, _) = Journal::open_with(disk.storage(), &options).unwrap();
    let records = records(12);
    for record in &records {
        let seq = journal.append(0, record).unwrap();
        journal.settle(seq).unwrap();
        if [4, 9].contains(&seq) {
            let mut chunks = vec![vec![seq as u8; 30], vec![1]].into_iter();
            journal.checkpoint(seq, &mut chunks, "d").unwrap();
        }
    }
    (records, disk.visible())
}

const CHECKPOINTS: [&str; 2] = [
    "snap-00000000000000000004.frs",
    "snap-00000000000000000009.frs",
];

fn segments(image: &Image) -> Vec<String> {
    let names = image.keys().filter(|name| name.starts_with("seg-"));
    names.cloned().collect()
}

/// The checkpoint that an open for writing starts from, and how many records follow it.
fn start(image: &Image) -> Result<(Option<Seq>, usize), JournalError> {
    let disk = SimDisk::new(image, Plan::Never, 0);
    let (_journal, mut recovered) = Journal::open_with(disk.storage(), &options())?;
    let count = recovered.entries().map(Result::unwrap).count();
    Ok((recovered.report.checkpoint, count))
}

#[test]
fn a_damaged_checkpoint_is_passed_over() {
    let (_, image) = with_checkpoints();
    assert_eq!(start(&image).unwrap(), (Some(9), 3));
    let mut damaged = image.clone();
    for bit in 0..image[CHECKPOINTS[1]].len() * 8 {
        damaged.get_mut(CHECKPOINTS[1]).unwrap()[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(start(&damaged).unwrap(), (Some(4), 8), "bit {bit}");
        damaged.get_mut(CHECKPOINTS[1]).unwrap()[bit / 8] ^= 1 << (bit % 8);
    }
    for len in 0..image[CHECKPOINTS[1]].len() {
        let mut cut = image.clone();
        cut.get_mut(CHECKPOINTS[1]).unwrap().truncate(len);
        assert_eq!(start(&cut).unwrap(), (Some(4), 8), "cut at {len}");
    }
    for name in CHECKPOINTS {
        damaged.get_mut(name).unwrap().push(0);
    }
    assert_eq!(start(&damaged).unwrap(), (None, 12));
    let disk = SimDisk::new(&damaged, Plan::Never, 0);
    let reader = Reader::open_with(disk.storage()).unwrap();
    assert_eq!(reader.check().unwrap().checkpoints.len(), 2);
    assert!(reader.checkpoint_before(12).unwrap().is_none());
}

#[test]
fn a_checkpoint_remembers_records_that_are_gone() {
    let (_, mut image) = with_checkpoints();
    image
        .retain(|name, _| !name.starts_with("seg-") || name.as_str() <= "seg-00000000000000000009");
    let before = segments(&image).pop().unwrap();
    let len = image[&before].len();
    image.get_mut(&before).unwrap().truncate(len - 20);
    assert!(is_damaged(&start(&image)));
    assert!(is_damaged(&open(&image, &options())));
    let prefix = Options {
        tolerance: Tolerance::Prefix,
        ..options()
    };
    let (held, after) = open(&image, &prefix).unwrap();
    assert!(held.len() < 9 && !after.contains_key(CHECKPOINTS[1]));
    assert!(after.contains_key(&format!("quarantine/{}", CHECKPOINTS[1])));
    let disk = SimDisk::new(&image, Plan::Never, 0);
    let (_journal, recovered) = Journal::open_with(disk.storage(), &prefix).unwrap();
    assert_eq!(recovered.report.checkpoint, Some(4));
}

#[test]
fn sealed_segments_must_be_whole_and_there() {
    let (_, image) = with_checkpoints();
    let names = segments(&image);
    assert!(names.len() >= 4, "{names:?}");
    for name in &names[1..names.len() - 1] {
        let mut missing = image.clone();
        missing.remove(name);
        assert!(is_damaged(&open(&missing, &options())), "{name} missing");
        for change in [-1, 1] {
            let mut resized = image.clone();
            let file = resized.get_mut(name).unwrap();
            file.resize(file.len().checked_add_signed(change).unwrap(), 0);
            assert!(
                is_damaged(&open(&resized, &options())),
                "{name} resized by {change}"
            );
        }
    }
    // Without its checkpoints a journal needs its beginning, and all of it.
    let mut bare = image.clone();
    bare.retain(|name, _| !name.starts_with("snap-"));
    for name in &names[..names.len() - 1] {
        for at in 0..bare[name].len() {
            bare.get_mut(name).unwrap()[at] ^= 4;
            assert!(is_damaged(&open(&bare, &options())), "{name} at {at}");
            bare.get_mut(name).unwrap()[at] ^= 4;
        }
    }
    bare.remove(&names[0]);
    assert!(is_damaged(&open(&bare, &options())));
    let mut lone = image;
    lone.retain(|name, _| !name.starts_with("seg-"));
    assert!(is_damaged(&start(&lone)));
}

#[test]
fn foreign_files_are_refused() {
    let (_, image) = with_checkpoints();
    let names = segments(&image);
    let foreign = {
        let disk = SimDisk::empty();
        let options = Options {
            segment_bytes: 400,
            uuid: Some(0xbad),
            ..options()
        };
        let (journal, _) = Journal::open_with(disk.storage(), &options).unwrap();
        for record in records(12) {
            let seq = journal.append(0, &record).unwrap();
            journal.settle(seq).unwrap();
        }
        journal.checkpoint(9, &mut std::iter::empty(), "d").unwrap();
        disk.visible()
    };
    for name in &names {
        let mut mixed = image.clone();
        mixed.insert(name.clone(), foreign[name].clone());
        assert!(is_damaged(&open(&mixed, &options())), "{name}");
    }
    let mut mixed = image.clone();
    mixed.insert(CHECKPOINTS[1].to_owned(), foreign[CHECKPOINTS[1]].clone());
    assert_eq!(start(&mixed).unwrap(), (Some(4), 8));
    // A segment under another's name.
    let mut renamed = image.clone();
    renamed.insert(names[2].clone(), image[&names[1]].clone());
    assert!(is_damaged(&open(&renamed, &options())));
}

#[test]
fn the_format_file_is_made_again_but_its_version_is_obeyed() {
    let records = records(3);
    let image = journal_of_singles(&records, &options());
    let original = image["FORMAT"].clone();
    assert_eq!(
        String::from_utf8_lossy(&original),
        "fakeredis-journal 1\nuuid=00000000-0000-0000-0000-00000000feed\n"
    );
    for text in [
        None,
        Some(""),
        Some("nonsense"),
        Some("fakeredis-journal 1\n"),
    ] {
        let mut changed = image.clone();
        changed.remove("FORMAT");
        changed.extend(text.map(|text| (String::from("FORMAT"), text.into())));
        let (held, after) = open(&changed, &options()).unwrap();
        assert_eq!((held, &after["FORMAT"]), (records.clone(), &original));
    }
    let mut newer = image.clone();
    newer.insert(String::from("FORMAT"), b"fakeredis-journal 2\n".to_vec());
    assert!(matches!(
        open(&newer, &options()),
        Err(JournalError::Format { .. })
    ));
    // A refusal does not make it again.
    let mut damaged = image.clone();
    damaged.remove("FORMAT");
    damaged.get_mut(SEGMENT).unwrap()[HEADER] ^= 1;
    assert!(is_damaged(&open(&damaged, &options())));
    let mut other = image;
    let text = "fakeredis-journal 1\nuuid=00000000-0000-0000-0000-000000000bad\n";
    other.insert(String::from("FORMAT"), text.into());
    assert!(is_damaged(&open(&other, &options())));
}

#[test]
fn a_journal_with_features_for_writers_is_read_only() {
    let mut image = journal_of_singles(&records(1), &options());
    let header = image.get_mut(SEGMENT).unwrap();
    header[16] = 1;
    let crc = crc32fast::hash(&header[..92]);
    header[92..96].copy_from_slice(&crc.to_le_bytes());
    header.truncate(HEADER);
    assert!(matches!(
        open(&image, &options()),
        Err(JournalError::Format { .. })
    ));
    assert_eq!(health(&image), Some(Health::Clean));
}
