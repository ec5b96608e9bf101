//! What history tells of faults, clocks and seeds.

use std::time::Duration;

use fakeredis::Builder;
use fakeredis::FakeRedis;
use fakeredis::Fault;
use fakeredis::Recording;
use fakeredis::commit::Record;
use fakeredis::resp::pretty;
use fakeredis::timeline::replies_of;
use redis::Commands;

use super::run;
use super::told;
use crate::support::verified::Recorded;

fn journaled(dir: &std::path::Path) -> Builder {
    FakeRedis::builder().journal(dir).seed(1)
}

/// All records behind the journal's opening, one a line: what happened, whose it was, what was answered.
fn records(fake: &FakeRedis) -> Vec<String> {
    let past = fake.timeline().unwrap();
    let last = past.reader().last_seq();
    let record = |seq| past.entry(seq).unwrap().record;
    (2..=last).map(|seq| line(&record(seq))).collect()
}

fn line(record: &Record) -> String {
    let (kind, client, commands) = match record {
        Record::Commit(commit) => ("commit", &commit.client, &commit.commands),
        Record::Setting(setting) => ("setting", &setting.client, &setting.commands),
        Record::Observed(observed) => ("observed", &observed.client, &observed.commands),
        Record::Client(event) if event.open => return format!("connected {}", event.client.id),
        Record::Client(event) => return format!("disconnected {}", event.client.id),
        other => return format!("{other:?}"),
    };
    let words = commands
        .iter()
        .map(|argv| argv.join(&b' '))
        .collect::<Vec<_>>();
    let words = String::from_utf8(words.join(&b';')).unwrap();
    let replies = replies_of(record).unwrap_or_default();
    let replies: Vec<String> = replies.iter().map(pretty).collect();
    format!("{kind} {} {words} = {}", client.id, replies.join(" "))
}

#[test]
fn a_recorded_session_shows_what_was_hit_and_how() {
    let dir = Recorded::new();
    let fake = journaled(dir.path())
        .record(Recording::Session)
        .build()
        .unwrap();
    let mut con = fake.connection();
    let error = fake
        .inject(Fault::error("OOM no").on_command("GET"))
        .unwrap();
    assert!(run(&mut con, "GET k").is_err());
    drop(error);
    let _lost = fake
        .inject(Fault::disconnect_after().on_command("INCR"))
        .unwrap();
    assert!(run(&mut con, "INCR n").is_err());
    let mut con = fake.connection();
    let _never = fake
        .inject(Fault::disconnect_before().on_command("DECR"))
        .unwrap();
    assert!(run(&mut con, "DECR n").is_err());
    assert_eq!(
        records(&fake),
        [
            "connected 1",
            "setting 0 FAKEREDIS FAULT ADD CMD GET ERROR OOM no = (integer) 1",
            "observed 1 GET k = (error) OOM no",
            "setting 0 FAKEREDIS FAULT REMOVE 1 = OK",
            "setting 0 FAKEREDIS FAULT ADD CMD INCR DISCONNECT AFTER = (integer) 2",
            "commit 1 INCR n = (integer) 1",
            "disconnected 1",
            "connected 2",
            "setting 0 FAKEREDIS FAULT ADD CMD DECR DISCONNECT BEFORE = (integer) 3",
            "observed 2 DECR n = ",
            "disconnected 2",
        ]
    );
}

#[test]
fn settings_are_recorded_at_every_level_and_no_part_of_the_state() {
    let dir = Recorded::new();
    let fake = journaled(dir.path())
        .record(Recording::Commits)
        .build()
        .unwrap();
    let mut con = fake.connection();
    fake.seed(7).unwrap();
    fake.inject(Fault::error("ERR no").on_command("SET"))
        .unwrap()
        .keep();
    assert_eq!(told(&mut con, "FAKEREDIS CLOCK SET 2026-08-01"), "OK");
    assert!(run(&mut con, "SET k 1").is_err());
    assert_eq!(
        records(&fake),
        [
            "setting 0 FAKEREDIS SEED 7 = ",
            "setting 0 FAKEREDIS FAULT ADD CMD SET ERROR ERR no = ",
            "setting 1 FAKEREDIS CLOCK SET 2026-08-01 = ",
        ]
    );
    drop(con);
    fake.close().unwrap();
    drop(fake);
    let fake = FakeRedis::open(dir.path()).unwrap();
    assert_eq!(fake.connection().set("k", 1), Ok(()));
}

#[test]
fn a_journal_with_faults_of_all_kinds_passes_verification() {
    let dir = Recorded::new();
    let fake = journaled(dir.path())
        .record(Recording::Session)
        .build()
        .unwrap();
    let faults = [
        Fault::error("OOM no").on_command("GET").probability(0.5),
        Fault::error("OOM no").on_command("SET").inside(),
        Fault::delay(Duration::ZERO).on_command("INCR"),
        Fault::disconnect_after().on_command("INCR").after(5),
    ];
    let faults = faults.map(|fault| fake.inject(fault).unwrap());
    for _ in 0..10 {
        let mut con = fake.connection();
        for line in [
            "GET k",
            "MULTI",
            "SET k 1",
            "INCRBY n 2",
            "EXEC",
            "INCR n",
            "DEL k",
        ] {
            // Half of them fail: that is what is tested.
            let _ = run(&mut con, line);
        }
    }
    assert!(faults.iter().all(|fault| fault.hits() > 0));
    let past = fake.timeline().unwrap();
    let mut verify = past.verify(1..=past.reader().last_seq()).unwrap();
    assert!(verify.next().is_none(), "nothing came out otherwise");
}
