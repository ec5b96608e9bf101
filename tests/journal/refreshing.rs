//! A reader that goes on while a writer's disk fails and is healed: it sees what the journal holds then, and nothing else.

use super::disk::Plan;
use super::disk::SimDisk;
use super::images::options;
use super::set;
use fakeredis::journal::Journal;
use fakeredis::journal::JournalError;
use fakeredis::journal::Reader;
use std::io::ErrorKind;

/// So many that a reader remembers the place of one of those that come next.
const KEPT: usize = 510;

/// Writes records with values of these sizes as one batch.
fn write(journal: &Journal, key: &str, sizes: &[usize]) -> Result<(), JournalError> {
    for size in sizes {
        journal.append(0, &set(key, &vec![b'v'; *size]))?;
    }
    journal.settle(journal.last_seq())
}

/// Records that a reader has seen are lost, and others come in their place.
fn forgets(lost: &[usize], again: &[usize]) {
    let disk = SimDisk::empty();
    let (journal, _) = Journal::open_with(disk.storage(), &options()).unwrap();
    write(&journal, "kept", &[10; KEPT]).unwrap();
    // The write succeeds, the sync does not.
    disk.set_plan(Plan::Once(disk.operations() + 2, ErrorKind::Other));
    write(&journal, "lost", lost).unwrap_err();
    disk.set_plan(Plan::Never);
    let reader = Reader::open_with(disk.storage()).unwrap();
    assert_eq!(reader.entries(..).count(), KEPT + lost.len());
    journal.heal().unwrap();
    write(&journal, "new", again).unwrap();

    let reader = reader.reopen().unwrap();
    let fresh = Reader::open_with(disk.storage()).unwrap();
    let last = KEPT + again.len();
    for from in [last, 1] {
        let [read, written] = [&reader, &fresh].map(|reader| {
            let entries = reader.entries(from as u64..);
            entries.collect::<Result<Vec<_>, _>>()
        });
        assert_eq!(
            read.unwrap(),
            written.unwrap(),
            "from {from}, {lost:?}, then {again:?}"
        );
    }
    assert_eq!(reader.last_seq(), last as u64);
}

#[test]
fn a_reader_forgets_what_a_failed_sync_took_back() {
    for lost in [&[20][..], &[20, 20], &[20, 20, 20], &[500]] {
        for again in [
            &[][..],
            &[20],
            &[20, 20],
            &[20, 20, 20, 20],
            &[5, 20, 20],
            &[500],
            &[3000, 20],
        ] {
            forgets(lost, again);
        }
    }
}
