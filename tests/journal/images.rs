//! Journals as images of a disk: made, taken apart, forged, and opened again.

use super::disk::Image;
use super::disk::Plan;
use super::disk::SimDisk;
pub use super::forge::*;
use super::set;
use fakeredis::commit::Record;
use fakeredis::commit::Seq;
use fakeredis::journal::Fsync;
use fakeredis::journal::Health;
use fakeredis::journal::Journal;
use fakeredis::journal::JournalError;
use fakeredis::journal::Options;
use fakeredis::journal::Reader;

pub const SEGMENT: &str = "seg-00000000000000000001.frj";

pub const CHECKPOINTS: [&str; 2] = [
    "snap-00000000000000000004.frs",
    "snap-00000000000000000009.frs",
];

pub fn options() -> Options {
    Options {
        fsync: Fsync::Always,
        uuid: Some(0xfeed),
        ..Options::default()
    }
}

/// Those of a journal in several short segments, which keeps all of its checkpoints.
pub fn in_short_segments() -> Options {
    Options {
        segment_bytes: 700,
        checkpoint_spacing: 1,
        ..options()
    }
}

pub fn records(count: usize) -> Vec<Record> {
    let value = |index: usize| vec![b'v'; index * 7 % 40];
    (0..count)
        .map(|index| set(&format!("k{index}"), &value(index)))
        .collect()
}

/// A journal of these batches, as an unclosed process leaves it.
pub fn journal_of(batches: &[Vec<Record>], options: &Options) -> Image {
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
pub fn journal_of_singles(records: &[Record], options: &Options) -> Image {
    let batches: Vec<Vec<Record>> = records.iter().map(|record| vec![record.clone()]).collect();
    journal_of(&batches, options)
}

pub fn read_all(disk: &SimDisk) -> Vec<Record> {
    let reader = Reader::open_with(disk.storage()).unwrap();
    reader
        .entries(..)
        .map(|entry| entry.unwrap().record)
        .collect()
}

/// Opens an image for writing, appends one record, opens again: the records it held at first, and
/// the image after.
pub fn open(image: &Image, options: &Options) -> Result<(Vec<Record>, Image), JournalError> {
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

pub fn is_damaged<T>(result: &Result<T, JournalError>) -> bool {
    matches!(result, Err(JournalError::Damaged(_)))
}

/// What a reader says of an image; it must not change it.
pub fn health(image: &Image) -> Option<Health> {
    let disk = SimDisk::new(image, Plan::PowerOff(1), 0);
    let reader = Reader::open_with(disk.storage());
    let health = reader.and_then(|reader| reader.check()).ok()?.health;
    assert_eq!(disk.operations(), 0, "a reader changes nothing");
    Some(health)
}

/// The bytes before the zeros at the end, which count as room that was never used.
pub fn without_zeros(bytes: &[u8]) -> &[u8] {
    let written = bytes.iter().rposition(|byte| *byte != 0);
    &bytes[..written.map_or(0, |last| last + 1)]
}

pub fn quarantined(image: &Image) -> Vec<&[u8]> {
    let kept = image
        .iter()
        .filter(|(name, _)| name.starts_with("quarantine/"));
    let kept = kept.filter(|(name, _)| !name.ends_with(".why.txt"));
    kept.map(|(_, bytes)| bytes.as_slice()).collect()
}

/// The first sector of an unsynced batch never reached the disk; the rest did.
pub fn torn_batch() -> (Vec<Record>, Image) {
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

/// A journal in several segments with checkpoints after records 4 and 9.
pub fn with_checkpoints() -> (Vec<Record>, Image) {
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
            journal.checkpoint(seq, &mut chunks).unwrap();
        }
    }
    (records, disk.visible())
}

pub fn segments(image: &Image) -> Vec<String> {
    let names = image.keys().filter(|name| name.starts_with("seg-"));
    names.cloned().collect()
}

/// The checkpoint that an open for writing starts from, and how many records follow it.
pub fn start(image: &Image) -> Result<(Option<Seq>, usize), JournalError> {
    let disk = SimDisk::new(image, Plan::Never, 0);
    let (_journal, mut recovered) = Journal::open_with(disk.storage(), &options())?;
    let count = recovered.entries().map(Result::unwrap).count();
    Ok((recovered.report.checkpoint, count))
}

/// The image with a file changed and its checksums made right.
pub fn forged(image: &Image, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> Image {
    let mut image = image.clone();
    let file = image.get_mut(name).unwrap();
    change(file);
    reseal(file);
    image
}
