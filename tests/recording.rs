//! What is recorded at each level, of what no effect tells.

use std::time::Duration;
use std::time::UNIX_EPOCH;

use fakeredis::Clock;
use fakeredis::FakeRedis;
use fakeredis::Recording;
use fakeredis::Rev;
use fakeredis::commit::Client;
use fakeredis::commit::CommandList;
use fakeredis::commit::Origin;
use fakeredis::commit::Record;
use fakeredis::engine::Core;
use fakeredis::engine::Outcome;
use fakeredis::resp::pretty;
use fakeredis::session::Address;
use fakeredis::session::SessionKey;
use fakeredis::timeline::replies_of;

use crate::support::ours::config;
use crate::support::verified::Recorded;

/// A journaled fake with two clients that never wait for each other.
struct Lab {
    fake: FakeRedis,
    clients: [SessionKey; 2],
    _dir: Recorded,
}

impl Lab {
    fn new(level: Recording) -> Lab {
        let dir = Recorded::new();
        let clock = Clock::frozen_at(UNIX_EPOCH + Duration::from_secs(1_785_585_600));
        let builder = FakeRedis::builder().journal(dir.path()).config(config());
        let fake = builder.record(level).clock(clock).build().unwrap();
        let clients = [0; 2].map(|_| fake.engine().lock().connect(Address::default()));
        let _dir = dir;
        Lab {
            _dir,
            fake,
            clients,
        }
    }

    fn run(&self, client: usize, line: &str) -> String {
        let argv: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        self.work(|core| core.run(self.clients[client], &argv))
    }

    fn answer(&self, client: usize) -> String {
        self.work(|core| core.answer(self.clients[client]))
    }

    fn work(&self, work: impl FnOnce(&mut Core) -> Outcome) -> String {
        match self.fake.engine().batch(work).unwrap() {
            Outcome::Reply(reply, _) => pretty(&reply),
            Outcome::Blocked => "blocked".into(),
            Outcome::Closed | Outcome::Cut(_) => "closed".into(),
        }
    }

    /// All records behind the journal's opening, one a line.
    fn records(&self) -> Vec<String> {
        let past = self.fake.timeline().unwrap();
        let last = past.resolve(&Rev::LAST).unwrap();
        let record = |seq| past.entry(seq).unwrap().record;
        (2..=last).map(|seq| told(&record(seq))).collect()
    }
}

fn told(record: &Record) -> String {
    let line = match record {
        Record::Commit(commit) => said("commit", &commit.client, &commit.commands),
        Record::Setting(setting) => said("setting", &setting.client, &setting.commands),
        Record::Observed(observed) => {
            let how = match observed.origin {
                Origin::Direct => "observed".to_owned(),
                origin => format!("observed {origin:?}"),
            };
            said(&how, &observed.client, &observed.commands)
        }
        Record::Waiting(waiting) => {
            let line = said("waiting", &waiting.client, &waiting.commands);
            format!("{line} for {:?} until {:?}", waiting.keys, waiting.until_us)
        }
        Record::Client(event) => format!("client {} open {}", event.client.id, event.open),
        Record::Aborted(aborted) => said("aborted", &aborted.client, &aborted.commands),
        other => format!("{other:?}"),
    };
    let replies = replies_of(record).unwrap_or_default();
    let replies = replies.iter().map(pretty).collect::<Vec<_>>();
    match replies.is_empty() {
        true => line,
        false => format!("{line} = {}", replies.join("; ")),
    }
}

fn said(kind: &str, client: &Client, commands: &CommandList) -> String {
    let line = |argv: Vec<&[u8]>| String::from_utf8_lossy(&argv.join(&b' ')).into_owned();
    let lines: Vec<String> = commands.iter().map(line).collect();
    format!("{kind} {} {}", client.id, lines.join("; "))
}

#[test]
fn what_changes_later_commands_is_recorded_at_every_level() {
    let lab = Lab::new(Recording::Commits);
    let sha = fakeredis::command::scripting::sha1_hex(b"return{2}");
    for line in [
        "CONFIG SET hash-max-listpack-entries 3",
        "CONFIG SET hash-max-listpack-entries x",
        "CONFIG GET port",
        "SCRIPT LOAD return{1}",
        "SCRIPT LOAD return{1}",
        "EVAL return{2} 0",
        "EVAL return{2} 0",
        &format!("EVALSHA {sha} 0"),
        "DEBUG SET-ACTIVE-EXPIRE 1",
        "FAKEREDIS CLOCK GET",
        "FAKEREDIS CLOCK FREEZE",
        "SCRIPT FLUSH",
    ] {
        lab.run(0, line);
    }
    assert_eq!(
        lab.records(),
        [
            "setting 1 CONFIG SET hash-max-listpack-entries 3",
            "setting 1 SCRIPT LOAD return{1}",
            "setting 1 EVAL return{2} 0",
            "setting 1 DEBUG SET-ACTIVE-EXPIRE 1",
            "setting 1 FAKEREDIS CLOCK FREEZE",
            "setting 1 SCRIPT FLUSH",
        ]
    );
}

#[test]
fn a_unit_that_changes_data_and_settings_is_one_commit() {
    let lab = Lab::new(Recording::Commits);
    for line in ["MULTI", "SET k 1", "CONFIG SET requirepass pw", "EXEC"] {
        lab.run(0, line);
    }
    for line in ["MULTI", "GET k", "CONFIG SET requirepass more", "EXEC"] {
        lab.run(0, line);
    }
    assert_eq!(
        lab.records(),
        [
            "commit 1 SET k 1; CONFIG SET requirepass (redacted)",
            "setting 1 GET k; CONFIG SET requirepass (redacted)",
        ]
    );
}

#[test]
fn passwords_are_not_recorded() {
    let lab = Lab::new(Recording::Session);
    lab.run(0, "CONFIG SET requirepass pw");
    lab.run(0, "MULTI");
    lab.run(0, "AUTH pw");
    lab.run(1, "AUTH wrong pw");
    lab.run(1, "HELLO 3 AUTH default pw");
    lab.run(0, "EXEC");
    let records = lab.records().join("\n");
    assert!(records.contains("observed 2 AUTH (redacted) (redacted) ="));
    assert!(!records.contains("pw"), "{records}");
}

#[test]
fn replies_do_not_tell_passwords_either() {
    let lab = Lab::new(Recording::Session);
    lab.run(0, "CONFIG SET requirepass pw");
    assert!(lab.run(0, "CONFIG GET requirepass").contains("pw"));
    let records = lab.records().join("\n");
    assert!(!records.contains("pw"), "{records}");
}

#[test]
fn a_session_tells_how_each_wait_began_and_ended() {
    let lab = Lab::new(Recording::Session);
    assert_eq!(lab.run(0, "BLPOP q r 1.5"), "blocked");
    lab.run(1, "FAKEREDIS CLOCK ADVANCE 2000");
    assert_eq!(lab.answer(0), "(nil)");
    assert_eq!(lab.run(0, "BLPOP q 0"), "blocked");
    lab.run(1, "RPUSH q x");
    lab.answer(0);
    assert_eq!(lab.run(0, "XREAD BLOCK 0 STREAMS s 0"), "blocked");
    lab.run(1, "XADD s 1-1 f v");
    lab.answer(0);
    assert_eq!(lab.run(0, "BLPOP q 0"), "blocked");
    lab.run(1, "CLIENT UNBLOCK 1 ERROR");
    lab.answer(0);
    let until = 1_785_585_601_500_000i64;
    assert_eq!(
        lab.records(),
        [
            "client 1 open true",
            "client 2 open true",
            &format!("waiting 1 BLPOP q r 1.5 for [b\"q\", b\"r\"] until Some({until})"),
            "setting 2 FAKEREDIS CLOCK ADVANCE 2000 = OK",
            "observed Blocked { cause: 0 } 1 BLPOP q r 1.5 = (nil)",
            "waiting 1 BLPOP q 0 for [b\"q\"] until None",
            "commit 2 RPUSH q x = (integer) 1",
            "commit 1 BLPOP q 0 = 1) \"q\"\n2) \"x\"",
            "waiting 1 XREAD BLOCK 0 STREAMS s 0 for [b\"s\"] until None",
            "commit 2 XADD s 1-1 f v = \"1-1\"",
            "observed Blocked { cause: 11 } 1 XREAD BLOCK 0 STREAMS s 0 = 1) 1) \"s\"\n   2) 1) 1) \"1-1\"\n         2) 1) \"f\"\n            2) \"v\"",
            "waiting 1 BLPOP q 0 for [b\"q\"] until None",
            "observed 2 CLIENT UNBLOCK 1 ERROR = (integer) 1",
            "observed Blocked { cause: 14 } 1 BLPOP q 0 = (error) UNBLOCKED client unblocked via CLIENT UNBLOCK",
        ]
    );
}

#[test]
fn a_transaction_that_only_reads_is_told_from_a_read() {
    let lab = Lab::new(Recording::Session);
    for line in ["MULTI", "GET k", "EXEC", "GET k", "MULTI", "EXEC"] {
        lab.run(0, line);
    }
    assert_eq!(
        lab.records()[2..],
        [
            "observed 1 MULTI = OK",
            "observed 1 GET k = QUEUED",
            "observed Exec 1 GET k = (nil)",
            "observed 1 GET k = (nil)",
            "observed 1 MULTI = OK",
            "observed Exec 1 ",
        ]
    );
}

#[test]
fn a_held_back_request_is_told_when_it_came_and_when_it_ran() {
    let lab = Lab::new(Recording::Session);
    lab.run(1, "CLIENT PAUSE 1000 WRITE");
    assert_eq!(lab.run(0, "SET k 1"), "blocked");
    lab.run(1, "CLIENT UNPAUSE");
    assert_eq!(lab.answer(0), "OK");
    let until = 1_785_585_601_000_000i64;
    assert_eq!(
        lab.records()[3..],
        [
            format!("waiting 1 SET k 1 for [] until Some({until})"),
            "observed 2 CLIENT UNPAUSE = OK".to_owned(),
            "commit 1 SET k 1 = OK".to_owned(),
        ]
    );
}

#[test]
fn the_level_can_be_changed_while_the_fake_runs() {
    let lab = Lab::new(Recording::Commits);
    lab.run(0, "GET k");
    assert_eq!(lab.run(0, "FAKEREDIS RECORD"), "\"commits\"");
    lab.run(0, "FAKEREDIS RECORD LEVEL session");
    lab.run(0, "GET k");
    lab.fake.set_recording(Recording::Aborts).unwrap();
    lab.run(0, "GET k");
    assert_eq!(lab.fake.recording(), Recording::Aborts);
    let refused = lab.run(0, "FAKEREDIS RECORD LEVEL everything");
    assert_eq!(
        refused,
        "(error) ERR no recording level 'everything'; there are commits, aborts, session"
    );
    assert_eq!(
        lab.records(),
        [
            "client 1 open true",
            "client 2 open true",
            "setting 1 FAKEREDIS RECORD LEVEL session = OK",
            "observed 1 GET k = (nil)",
            "setting 0 FAKEREDIS RECORD LEVEL aborts",
        ]
    );
}
