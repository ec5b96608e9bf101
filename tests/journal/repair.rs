//! Mending damaged journals: whatever is wrong with one, what is left is a true past, and nothing is gone.

use super::chunks;
use super::disk::Image;
use super::disk::Luck;
use super::disk::Plan;
use super::disk::SimDisk;
use super::images::SEGMENT;
use super::images::forged;
use super::images::frame_starts;
use super::images::health;
use super::images::in_short_segments as options;
use super::images::segments;
use super::set;
use fakeredis::commit::Record;
use fakeredis::commit::Seq;
use fakeredis::journal::Damage;
use fakeredis::journal::Health;
use fakeredis::journal::Journal;
use fakeredis::journal::JournalError;
use fakeredis::journal::Keep;
use fakeredis::journal::Mending;
use fakeredis::journal::Options;
use fakeredis::journal::Reader;
use fakeredis::journal::Repair;
use fakeredis::rng::Rng;
use std::io::ErrorKind;

const LAST: Seq = 24;

fn record(seq: Seq) -> Record {
    set(&format!("key:{seq}"), b"some value")
}

fn state(seq: Seq) -> Vec<Vec<u8>> {
    vec![format!("after {seq}").into_bytes(); 2]
}

/// A journal in several segments, with checkpoints after some records.
fn journal(checkpoints: &[Seq]) -> Image {
    journal_with(&options(), checkpoints)
}

/// The same in one segment.
fn journal_in_one(checkpoints: &[Seq]) -> Image {
    let options = Options {
        segment_bytes: 1 << 20,
        ..options()
    };
    journal_with(&options, checkpoints)
}

fn journal_with(options: &Options, checkpoints: &[Seq]) -> Image {
    let disk = SimDisk::empty();
    let (journal, _) = Journal::open_with(disk.storage(), options).unwrap();
    for seq in 1..=LAST {
        journal.append(0, &record(seq)).unwrap();
        journal.settle(seq).unwrap();
        if checkpoints.contains(&seq) {
            let mut state = state(seq).into_iter();
            journal.checkpoint(seq, &mut state).unwrap();
        }
    }
    journal.close().unwrap();
    disk.visible()
}

/// What is left must be whole, and a past of the journal that the state at its beginning is known of.
fn judge(disk: &SimDisk, about: &str) -> (Seq, Seq) {
    let reader = Reader::open_with(disk.storage()).unwrap();
    let check = reader.check().unwrap();
    let whole = (check.health, check.checkpoints);
    assert_eq!(whole, (Health::Clean, vec![]), "{about}");
    let (first, last) = (reader.first_seq(), reader.last_seq());
    for entry in reader.entries(..) {
        let entry = entry.unwrap();
        assert_eq!(entry.record, record(entry.seq), "{about}");
    }
    if first > 1 {
        let base = reader.checkpoint_before(first - 1).unwrap().unwrap();
        assert_eq!(base.seq(), first - 1, "{about}");
        assert_eq!(chunks(base), state(first - 1), "{about}");
    }
    let again = Repair::plan_on(&disk.storage(), Keep::Newest).unwrap();
    assert_eq!(again.steps, [], "{about}: nothing is left to do");
    (first, last)
}

/// Repairs an image; the first and the last record that are left.
fn repair(image: &Image, keep: Keep, about: &str) -> (Seq, Seq) {
    let disk = SimDisk::new(image, Plan::Never, 0);
    let plan = Repair::plan_on(&disk.storage(), keep).unwrap();
    assert_eq!(disk.visible(), *image, "{about}: a plan changes nothing");
    let done = Repair::apply_on(&disk.storage(), keep).unwrap();
    assert_eq!(done, plan, "{about}");
    let left = judge(&disk, about);
    assert_eq!(left, (plan.first_seq, plan.last_seq), "{about}");
    nothing_is_gone(image, &disk.visible(), about);
    let (journal, _) = Journal::open_with(disk.storage(), &options()).unwrap();
    journal.append(0, &record(left.1 + 1)).unwrap();
    drop(journal);
    judge(&disk, about);
    left
}

/// Each file is what it was, or in the quarantine, or cut with its end there.
fn nothing_is_gone(before: &Image, after: &Image, about: &str) {
    let files = before
        .iter()
        .filter(|(name, _)| name.starts_with('s') && !name.ends_with(".tmp"));
    for (name, bytes) in files {
        let kept = after.get(name).is_some_and(|left| left == bytes);
        let end = bytes
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |at| at + 1);
        let set_aside = after.iter().any(|(other, left)| {
            let cut = other.strip_prefix(&format!("quarantine/{name}-off-"));
            let offset = cut.and_then(|cut| cut.split('.').next()?.parse::<usize>().ok());
            match offset {
                Some(offset) => bytes[offset..end.max(offset)] == left[..],
                None => other.starts_with(&format!("quarantine/{name}")) && left == bytes,
            }
        });
        let only_zeros = after.get(name).is_some_and(|left| left[..] == bytes[..end]);
        assert!(kept || set_aside || only_zeros, "{about}: {name} is gone");
    }
}

#[test]
fn a_whole_journal_needs_nothing() {
    let image = journal(&[5, 15]);
    assert_eq!(repair(&image, Keep::Newest, "whole"), (1, LAST));
    let disk = SimDisk::empty();
    let nothing = Repair::plan_on(&disk.storage(), Keep::Newest);
    assert!(matches!(nothing, Err(JournalError::Misuse(_))));
}

#[test]
fn any_flipped_byte_is_mended() {
    for checkpoints in [&[][..], &[5, 15]] {
        let image = journal(checkpoints);
        for name in segments(&image) {
            for at in (0..image[&name].len()).step_by(3) {
                for keep in [Keep::Newest, Keep::Oldest] {
                    let mut damaged = image.clone();
                    damaged.get_mut(&name).unwrap()[at] ^= 0x10;
                    let about = format!("{name} at {at}, {keep:?}, {checkpoints:?}");
                    let (first, last) = repair(&damaged, keep, &about);
                    if checkpoints.is_empty() {
                        assert_eq!(first, 1, "{about}");
                    } else if keep == Keep::Newest {
                        assert!(last >= 15, "{about}: {last} is all that is left");
                    }
                }
            }
        }
    }
}

#[test]
fn any_truncation_is_mended() {
    for checkpoints in [&[][..], &[5, 15]] {
        let image = journal(checkpoints);
        for name in segments(&image) {
            for len in (0..image[&name].len()).step_by(5) {
                let mut damaged = image.clone();
                damaged.get_mut(&name).unwrap().truncate(len);
                let about = format!("{name} cut to {len}, {checkpoints:?}");
                let (_, last) = repair(&damaged, Keep::Newest, &about);
                assert!(checkpoints.is_empty() || last >= 15, "{about}");
            }
        }
    }
}

#[test]
fn missing_renamed_doubled_and_foreign_segments_are_mended() {
    let foreign = {
        let disk = SimDisk::empty();
        let other = Options {
            uuid: Some(0xbad),
            ..options()
        };
        let (journal, _) = Journal::open_with(disk.storage(), &other).unwrap();
        for seq in 1..=LAST {
            journal.append(0, &record(seq)).unwrap();
            journal.settle(seq).unwrap();
        }
        journal.close().unwrap();
        disk.visible()
    };
    for checkpoints in [&[][..], &[5, 15]] {
        let image = journal(checkpoints);
        let names = segments(&image);
        for (index, name) in names.iter().enumerate() {
            let mut cases = vec![("missing", image.clone()), ("foreign", image.clone())];
            cases[0].1.remove(name);
            cases[1].1.insert(name.clone(), foreign[name].clone());
            for (other, what) in [(index + 1, "doubled"), (index + 2, "swapped")] {
                let Some(other) = names.get(other) else {
                    continue;
                };
                let mut changed = image.clone();
                changed.insert(other.clone(), image[name].clone());
                if what == "swapped" {
                    changed.insert(name.clone(), image[other].clone());
                }
                cases.push((what, changed));
            }
            for (what, damaged) in cases {
                for keep in [Keep::Newest, Keep::Oldest] {
                    let about = format!("{name} {what}, {keep:?}, {checkpoints:?}");
                    if segments(&damaged).is_empty() && checkpoints.is_empty() {
                        continue;
                    }
                    let (_, last) = repair(&damaged, keep, &about);
                    let is_long = last >= 15 || keep == Keep::Oldest;
                    assert!(checkpoints.is_empty() || is_long, "{about}: {last}");
                }
            }
        }
    }
}

/// A record whose checksums are right and whose payload is nothing.
fn undecodable(image: &Image, name: &str, index: usize) -> Image {
    forged(image, name, |file| {
        let starts = frame_starts(file);
        file[starts[index] + 56..starts[index + 1]].fill(0xff);
        let len = (starts[index + 1] - starts[index] - 56) as u32;
        file[starts[index] + 8..][..4].copy_from_slice(&len.to_le_bytes());
    })
}

#[test]
fn a_record_that_does_not_decode_is_damage_for_all_who_read_it() {
    for checkpoints in [&[][..], &[5, 15]] {
        let image = journal_in_one(checkpoints);
        for index in 0..10 {
            let damaged = undecodable(&image, SEGMENT, index);
            let about = format!("record {}, {checkpoints:?}", index + 1);
            let seq = index as Seq + 1;
            let Health::Damaged(found) = health(&damaged).unwrap() else {
                panic!("{about}: not damaged");
            };
            assert_eq!((found.seq, found.later), (seq, LAST - seq), "{about}");
            let disk = SimDisk::new(&damaged, Plan::Never, 0);
            let plan = Repair::plan_on(&disk.storage(), Keep::Newest).unwrap();
            let planned = plan.damage.unwrap();
            let of = |damage: &Damage| (damage.offset, damage.seq, damage.later);
            assert_eq!(of(&planned), of(&found), "{about}");
            let left = repair(&damaged, Keep::Newest, &about);
            let begins = checkpoints.iter().find(|checkpoint| **checkpoint >= seq);
            let expected = begins.map_or((1, seq - 1), |checkpoint| (checkpoint + 1, LAST));
            assert_eq!(left, expected, "{about}");
            if seq > 1 {
                assert_eq!(repair(&damaged, Keep::Oldest, &about), (1, seq - 1));
            }
        }
    }
}

/// In the last of several segments, behind the checkpoint that history then begins with, or before it.
#[test]
fn a_record_that_does_not_decode_is_cut_where_it_is() {
    for checkpoints in [&[][..], &[5, 15], &[5, 15, LAST - 1]] {
        let image = journal(checkpoints);
        let name = segments(&image).pop().unwrap();
        let first: Seq = name[4..24].parse().unwrap();
        for index in 0..(LAST - first) as usize {
            let damaged = undecodable(&image, &name, index);
            let about = format!("{name}, {index}, {checkpoints:?}");
            let (_, last) = repair(&damaged, Keep::Oldest, &about);
            assert_eq!(last, first + index as Seq - 1, "{about}");
            let (_, last) = repair(&damaged, Keep::Newest, &about);
            assert!(last >= first + index as Seq - 1, "{about}");
        }
    }
}

#[test]
fn damaged_checkpoints_are_set_aside() {
    let image = journal(&[5, 15]);
    let name = "snap-00000000000000000015.frs";
    for at in 0..image[name].len() {
        let mut damaged = image.clone();
        damaged.get_mut(name).unwrap()[at] ^= 1;
        assert_eq!(repair(&damaged, Keep::Newest, name), (1, LAST));
    }
}

#[test]
fn a_format_file_of_another_journal_is_set_aside() {
    let mut image = journal(&[]);
    let text = "fakeredis-journal 1\nuuid=00000000-0000-0000-0000-000000000bad\n";
    image.insert("FORMAT".to_owned(), text.into());
    assert_eq!(repair(&image, Keep::Newest, "FORMAT"), (1, LAST));
}

/// Where two places are damaged, history begins behind the checkpoint between them and ends before the second.
#[test]
fn two_damages_leave_what_is_between_them() {
    let image = journal(&[9]);
    let names = segments(&image);
    let mut damaged = image.clone();
    for name in [&names[0], &names[names.len() - 2]] {
        damaged.get_mut(name).unwrap()[200] ^= 1;
    }
    let (first, last) = repair(&damaged, Keep::Newest, "two");
    assert_eq!(first, 10);
    assert!((10..LAST).contains(&last), "{last}");
    let (first, last) = repair(&damaged, Keep::Oldest, "two");
    assert!(first == 1 && last < 9, "{first} to {last}");
}

/// A repair that is cut off anywhere can be done again, and nothing is gone meanwhile.
#[test]
fn a_repair_survives_a_power_failure_at_any_operation() {
    let image = journal(&[5, 15]);
    let names = segments(&image);
    for (name, at) in [(&names[0], 20), (&names[1], 300), (&names[3], 120)] {
        let mut damaged = image.clone();
        damaged.get_mut(name).unwrap()[at] ^= 1;
        for keep in [Keep::Newest, Keep::Oldest] {
            for operation in 1.. {
                let about = format!("{name}, {keep:?}, operation {operation}");
                let disk = SimDisk::new(&damaged, Plan::PowerOff(operation), operation);
                let done = Repair::apply_on(&disk.storage(), keep);
                for luck in 0..4 {
                    let mut luck = match luck {
                        0 => Luck::None,
                        1 => Luck::All,
                        seed => Luck::Some(Rng::new(operation * 4 + seed)),
                    };
                    let left = disk.after_power_failure(&mut luck);
                    nothing_is_gone(&damaged, &left, &about);
                    repair(&left, keep, &about);
                }
                let disk = SimDisk::new(
                    &damaged,
                    Plan::From(operation, ErrorKind::StorageFull),
                    operation,
                );
                let failed = Repair::apply_on(&disk.storage(), keep);
                assert_eq!(failed.is_ok(), done.is_ok(), "{about}");
                nothing_is_gone(&damaged, &disk.visible(), &about);
                repair(&disk.visible(), keep, &about);
                if done.is_ok() {
                    break;
                }
            }
        }
    }
}

#[test]
fn a_journal_that_somebody_writes_is_left_alone() {
    let disk = SimDisk::new(&journal(&[]), Plan::Never, 0);
    let (_journal, _) = Journal::open_with(disk.storage(), &options()).unwrap();
    for repair in [Repair::plan_on, Repair::apply_on] {
        let refused = repair(&disk.storage(), Keep::Newest);
        assert!(matches!(refused, Err(JournalError::Locked { .. })));
    }
}

#[test]
fn the_plan_says_what_is_lost() {
    let mut image = journal(&[]);
    let names = segments(&image);
    image.get_mut(&names[1]).unwrap()[110] ^= 1;
    let disk = SimDisk::new(&image, Plan::Never, 0);
    let plan = Repair::plan_on(&disk.storage(), Keep::Newest).unwrap();
    let damage = plan.damage.unwrap();
    assert_eq!((&damage.file, damage.offset), (&names[1], 96));
    assert_eq!((plan.first_seq, plan.last_seq), (1, damage.seq - 1));
    assert!(!plan.has_choice && damage.later > 0);
    let aside = plan
        .steps
        .iter()
        .filter(|step| matches!(step, Mending::SetAside { .. }));
    assert_eq!(aside.count(), names.len() - 2);
    let cut = plan.steps.iter().find_map(|step| match step {
        Mending::Cut { file, records, .. } => Some((file, *records)),
        _ => None,
    });
    assert_eq!(cut, Some((&names[1], damage.later)));
}
