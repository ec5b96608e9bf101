//! The power fails, the process dies, the disk refuses: at every operation, also during recovery.
//!
//! After each failure the journal must open, hold a prefix of what was written that includes all
//! that was promised, and go on; and so again after the next failure.

use super::disk::Image;
use super::disk::Luck;
use super::disk::Plan;
use super::disk::SimDisk;
use super::images::options;
use super::images::torn_batch;
use super::script::Life;
use super::script::Style;
use super::script::operations;
use fakeredis::journal::Fsync;
use fakeredis::journal::Journal;
use fakeredis::journal::JournalError;
use fakeredis::rng::Rng;
use std::io::ErrorKind;

const fn style(fsync: Fsync, segment_bytes: u64, room: bool) -> Style {
    Style {
        fsync,
        segment_bytes,
        room,
    }
}

const STYLES: [Style; 6] = [
    style(Fsync::Always, 900, false),
    style(Fsync::EverySec, 900, false),
    style(Fsync::No, 5000, false),
    style(Fsync::Always, 900, true),
    style(Fsync::EverySec, 900, true),
    style(Fsync::No, 5000, true),
];

const ROUNDS: u64 = 5;

fn lucks(seed: u64) -> [Luck; 4] {
    [
        Luck::None,
        Luck::All,
        Luck::Some(Rng::new(seed)),
        Luck::Some(Rng::new(!seed)),
    ]
}

/// Lives until the power fails at operation `at`.
fn live_until(image: &Image, life: &mut Life, style: Style, at: u64) -> SimDisk {
    let disk = style.disk(image, Plan::PowerOff(at), at);
    let ended = life.go_on(&disk, style, ROUNDS);
    assert!(!matches!(ended, Err(JournalError::Damaged(_))), "{ended:?}");
    disk
}

#[test]
fn a_power_failure_at_any_operation_loses_nothing_promised() {
    for style in STYLES {
        let count = operations(&Image::new(), &Life::default(), style, ROUNDS);
        assert!(count > 30, "{count}");
        for at in 1..=count {
            let mut life = Life::default();
            let disk = live_until(&Image::new(), &mut life, style, at);
            for mut luck in lucks(at) {
                let image = disk.after_power_failure(&mut luck);
                let again = style.disk(&image, Plan::Never, 0);
                life.clone().go_on(&again, style, 2).unwrap();
            }
        }
    }
}

#[test]
fn a_power_failure_during_recovery_and_after_it_loses_nothing_promised() {
    for style in STYLES {
        let count = operations(&Image::new(), &Life::default(), style, ROUNDS);
        for at in 1..=count {
            let mut life = Life::default();
            let disk = live_until(&Image::new(), &mut life, style, at);
            let mut luck = Luck::Some(Rng::new(at));
            let image = disk.after_power_failure(&mut luck);
            for second in 1..=30 {
                let mut life = life.clone();
                let disk = live_until(&image, &mut life, style, second);
                for mut luck in [Luck::None, Luck::Some(Rng::new(second))] {
                    let image = disk.after_power_failure(&mut luck);
                    let again = style.disk(&image, Plan::Never, 0);
                    life.clone().go_on(&again, style, 1).unwrap();
                }
            }
        }
    }
}

#[test]
fn the_death_of_the_process_loses_nothing_settled() {
    for style in STYLES {
        let count = operations(&Image::new(), &Life::default(), style, ROUNDS);
        for at in 1..=count {
            let mut life = Life::default();
            let disk = live_until(&Image::new(), &mut life, style, at);
            life.durable = life.settled;
            let again = style.disk(&disk.visible(), Plan::Never, 0);
            life.go_on(&again, style, 1).unwrap();
        }
    }
}

/// After a failed operation the journal is poisoned or has reported it; either way a new process
/// goes on from what was promised, also when the power fails first.
#[test]
fn a_failed_operation_loses_nothing_promised() {
    for style in STYLES {
        let count = operations(&Image::new(), &Life::default(), style, ROUNDS);
        for at in 1..=count {
            for plan in [
                Plan::Once(at, ErrorKind::Other),
                Plan::From(at, ErrorKind::StorageFull),
            ] {
                let disk = style.disk(&Image::new(), plan, at);
                let mut life = Life::default();
                let ended = life.go_on(&disk, style, ROUNDS);
                assert!(!matches!(ended, Err(JournalError::Damaged(_))), "{ended:?}");
                disk.set_plan(Plan::Never);
                let mut on_this_machine = life.clone();
                on_this_machine.go_on(&disk, style, 1).unwrap();
                for mut luck in lucks(at) {
                    let image = disk.after_power_failure(&mut luck);
                    let again = style.disk(&image, Plan::Never, 0);
                    on_this_machine.clone().go_on(&again, style, 1).unwrap();
                }
            }
        }
    }
}

/// The same, but the process lives on: it heals the journal when the disk works again.
#[test]
fn a_healed_journal_goes_on() {
    let mut healed = 0;
    for style in STYLES {
        let count = operations(&Image::new(), &Life::default(), style, ROUNDS);
        for at in 1..=count {
            let disk = style.disk(&Image::new(), Plan::Never, at);
            let mut life = Life::default();
            let journal = life.open(&disk, style).unwrap();
            disk.set_plan(Plan::Once(disk.operations() + at, ErrorKind::Other));
            let failed = (0..ROUNDS).any(|round| life.round(&journal, round, style).is_err());
            disk.set_plan(Plan::Never);
            if !failed {
                continue;
            }
            if let Some(reason) = journal.poisoned() {
                let refused = journal.append(0, &super::set("refused", b""));
                assert!(
                    matches!(refused, Err(JournalError::Poisoned(_))),
                    "{reason}"
                );
                journal.heal().unwrap();
                healed += 1;
            }
            assert_eq!(journal.last_seq(), life.settled);
            for round in 0..3 {
                life.round(&journal, round, style).unwrap();
            }
            for mut luck in lucks(at) {
                let image = disk.after_power_failure(&mut luck);
                let again = style.disk(&image, Plan::Never, 0);
                life.clone().go_on(&again, style, 1).unwrap();
            }
        }
    }
    assert!(healed > 20, "{healed}");
}

/// A disk that fails while a free name is looked for in the quarantine does not have what is there written over.
#[test]
fn a_failing_look_at_the_quarantine_writes_over_nothing() {
    let (_, mut image) = torn_batch();
    let disk = SimDisk::new(&image, Plan::Never, 0);
    drop(Journal::open_with(disk.storage(), &options()).unwrap());
    let kept: Image = disk
        .visible()
        .into_iter()
        .filter(|(name, _)| name.starts_with("quarantine/"))
        .map(|(name, _)| (name, b"from another time".to_vec()))
        .collect();
    assert_eq!(kept.len(), 2, "bytes, and why");
    image.extend(kept.clone());
    for look in 1.. {
        let plan = Plan::Look(look, ErrorKind::PermissionDenied);
        let disk = SimDisk::new(&image, plan, 0);
        let opened = Journal::open_with(disk.storage(), &options()).map(drop);
        let after = disk.visible();
        for (name, bytes) in &kept {
            assert_eq!(after.get(name), Some(bytes), "look {look}: {name}");
        }
        match opened {
            Ok(()) => break,
            Err(error) => assert!(matches!(error, JournalError::Io { .. }), "{error}"),
        }
    }
}
