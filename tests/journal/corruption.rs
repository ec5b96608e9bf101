//! Damage of every kind, everywhere: found, told, never swallowed; and torn writes told from it.

use super::disk::Image;
use super::disk::Plan;
use super::disk::SimDisk;
use super::images::*;
use fakeredis::commit::Record;
use fakeredis::journal::Health;
use fakeredis::journal::Journal;
use fakeredis::journal::JournalError;
use fakeredis::journal::Options;
use fakeredis::journal::Reader;
use fakeredis::journal::Tolerance;

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
        journal.checkpoint(9, &mut std::iter::empty()).unwrap();
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
