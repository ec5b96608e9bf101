//! The thread that syncs once a second.

use super::disk::Plan;
use super::disk::SimDisk;
use super::set;
use fakeredis::journal::Journal;
use fakeredis::journal::JournalError;
use fakeredis::journal::Options;
use std::sync::mpsc;
use std::time::Duration;

/// Looks until `done`, for five seconds at most.
fn wait(done: impl Fn() -> bool) {
    let (_never, alarm) = mpsc::channel::<()>();
    for _ in 0..500 {
        if done() {
            return;
        }
        let _ = alarm.recv_timeout(Duration::from_millis(10));
    }
    panic!("it never happened");
}

#[test]
fn what_is_written_becomes_durable_by_itself() {
    let disk = SimDisk::empty();
    let (journal, _) = Journal::open_with(disk.storage(), &Options::default()).unwrap();
    let before = disk.syncs();
    for _ in 0..100 {
        let seq = journal.append(0, &set("k", b"v")).unwrap();
        journal.settle(seq).unwrap();
    }
    wait(|| journal.durable_seq() == 100);
    assert!(
        disk.syncs() - before <= 2,
        "{} syncs",
        disk.syncs() - before
    );
}

#[test]
fn a_failure_in_the_background_poisons() {
    let disk = SimDisk::empty();
    let (journal, _) = Journal::open_with(disk.storage(), &Options::default()).unwrap();
    let seq = journal.append(0, &set("k", b"v")).unwrap();
    journal.settle(seq).unwrap();
    disk.set_plan(Plan::Once(disk.operations() + 1, std::io::ErrorKind::Other));
    wait(|| journal.poisoned().is_some());
    let refused = journal.append(0, &set("k", b"v"));
    assert!(matches!(refused, Err(JournalError::Poisoned(_))));
    assert_eq!((journal.last_seq(), journal.durable_seq()), (1, 0));
    journal.heal().unwrap();
    assert_eq!((journal.poisoned(), journal.durable_seq()), (None, 1));
}
