//! Opening, `check` and `repair` judge a journal alike, whatever is wrong with it.

use super::disk::Image;
use super::disk::Plan;
use super::disk::SimDisk;
use super::images::*;
use super::set;
use fakeredis::commit::Record;
use fakeredis::journal::Fsync;
use fakeredis::journal::Health;
use fakeredis::journal::Journal;
use fakeredis::journal::JournalError;
use fakeredis::journal::Keep;
use fakeredis::journal::Mending;
use fakeredis::journal::Options;
use fakeredis::journal::Reader;
use fakeredis::journal::Repair;
use fakeredis::journal::Tolerance;

/// What is thought of a journal.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    /// There is none: its first segment was never finished.
    Absent,
    Whole,
    /// An interrupted write is to be cut.
    Torn,
    Damaged,
}

use Verdict::Absent;
use Verdict::Damaged;
use Verdict::Torn;
use Verdict::Whole;

fn opened(image: &Image) -> Verdict {
    let disk = SimDisk::new(image, Plan::Never, 0);
    match Journal::open_with(disk.storage(), &Options::default()) {
        Ok((_, recovered)) if recovered.report.created => Absent,
        Ok((_, recovered)) if recovered.report.cut.is_some() => Torn,
        Ok(_) => Whole,
        Err(JournalError::Damaged(_)) => Damaged,
        Err(error) => panic!("{error}"),
    }
}

fn checked(image: &Image) -> Verdict {
    let disk = SimDisk::new(image, Plan::PowerOff(1), 0);
    let report = Reader::open_with(disk.storage()).and_then(|reader| reader.check());
    match report {
        Ok(report) if !report.checkpoints.is_empty() => Damaged,
        Ok(report) => match report.health {
            Health::Clean => Whole,
            Health::Torn { .. } => Torn,
            _ => Damaged,
        },
        Err(JournalError::Damaged(_)) => Damaged,
        Err(JournalError::Misuse(_)) => Absent,
        Err(error) => panic!("{error}"),
    }
}

fn planned(image: &Image) -> Verdict {
    let disk = SimDisk::new(image, Plan::Never, 0);
    let plan = match Repair::plan_on(&disk.storage(), Keep::Newest) {
        Ok(plan) => plan,
        Err(JournalError::Misuse(_)) => return Absent,
        Err(error) => panic!("{error}"),
    };
    let is_cut = |step: &Mending| matches!(step, Mending::Cut { .. });
    match (plan.damage, &plan.steps[..]) {
        (None, []) => Whole,
        (None, steps) if steps.iter().all(is_cut) => Torn,
        (_, steps) => {
            assert!(!steps.is_empty(), "damage is mended by something");
            Damaged
        }
    }
}

/// An opening may not see damage to what it does not need; otherwise all three are one.
fn judge(image: &Image, about: &str) -> Verdict {
    let verdict = checked(image);
    assert_eq!(verdict, planned(image), "{about}: check and repair");
    match opened(image) {
        Damaged => assert_eq!(verdict, Damaged, "{about}: opening and check"),
        opened => assert!(
            [opened, Damaged].contains(&verdict),
            "{about}: opened {opened:?}, checked {verdict:?}"
        ),
    }
    verdict
}

#[test]
fn any_flip_any_cut_any_loss_is_judged_alike() {
    let in_segments = with_checkpoints().1;
    let in_one = journal_of_singles(&records(8), &options());
    for image in [in_segments, in_one] {
        assert_eq!(judge(&image, "whole"), Whole);
        for (name, bytes) in &image {
            if name == "FORMAT" {
                continue;
            }
            let mut lost = image.clone();
            lost.remove(name);
            if lost.len() > 1 {
                judge(&lost, &format!("without {name}"));
            }
            for at in (0..bytes.len()).step_by(5) {
                let mut flipped = image.clone();
                flipped.get_mut(name).unwrap()[at] ^= 4;
                judge(&flipped, &format!("{name} flipped at {at}"));
                let mut cut = image.clone();
                cut.get_mut(name).unwrap().truncate(at);
                judge(&cut, &format!("{name} cut at {at}"));
            }
        }
    }
}

/// Four records, and a batch of so many bytes or more that lost its first sector.
fn torn(bytes: usize) -> (Vec<Record>, Image) {
    let mut records = records(4);
    let value = vec![b'v'; bytes.div_ceil(8)];
    records.extend((0..8).map(|number| set(&format!("large:{number}"), &value)));
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
fn a_long_torn_batch_is_damage_to_all_and_a_short_one_to_none() {
    assert_eq!(judge(&torn(1 << 19).1, "short"), Torn);
    let (records, image) = torn(1 << 20);
    assert_eq!(judge(&image, "long"), Damaged);
    let (disk, words) = (SimDisk::new(&image, Plan::Never, 0), "more than may be cut");
    let refused = Journal::open_with(disk.storage(), &Options::default());
    assert!(refused.err().unwrap().to_string().contains(words));
    let Health::Damaged(damage) = health(&image).unwrap() else {
        panic!("it is not damaged");
    };
    let plan = Repair::apply_on(&disk.storage(), Keep::Newest).unwrap();
    for damage in [&damage, &plan.damage.unwrap()] {
        assert!(damage.what.contains(words), "{damage}");
        assert_eq!((damage.seq, damage.later), (5, 7));
    }
    assert_eq!(judge(&disk.visible(), "mended"), Whole);
    assert_eq!(read_all(&disk), records[..4]);
}

/// The records of a checkpoint, or all segments, may be gone without a trace in what is left.
#[test]
fn what_a_checkpoint_remembers_is_missing_for_all() {
    let (_, mut image) = with_checkpoints();
    let after = |name: &str| name.starts_with("seg-") && name > "seg-00000000000000000008";
    image.retain(|name, _| !after(name));
    let last = segments(&image).pop().unwrap();
    let starts = frame_starts(&image[&last]);
    for end in starts {
        let mut cut = image.clone();
        cut.get_mut(&last).unwrap().truncate(end);
        assert_eq!(judge(&cut, &format!("cut at {end}")), Damaged);
    }
    image.retain(|name, _| !name.starts_with("seg-"));
    assert_eq!(judge(&image, "no segment"), Damaged);
    let prefix = Options {
        tolerance: Tolerance::Prefix,
        ..options()
    };
    assert!(is_damaged(&open(&image, &prefix)));
}
