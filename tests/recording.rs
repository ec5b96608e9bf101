//! What is recorded at each level, of what no effect tells.

use fakeredis::FakeRedis;
use fakeredis::Recording;
use fakeredis::Rev;
use fakeredis::commit::Client;
use fakeredis::commit::CommandList;
use fakeredis::commit::Record;
use fakeredis::engine::Core;
use fakeredis::engine::Outcome;
use fakeredis::resp::pretty;
use fakeredis::session::Address;
use fakeredis::session::SessionKey;
use fakeredis::timeline::replies_of;

use crate::support::ours::config;

/// A journaled fake with two clients that never wait for each other.
struct Lab {
    _dir: tempfile::TempDir,
    fake: FakeRedis,
    clients: [SessionKey; 2],
}

impl Lab {
    fn new(level: Recording) -> Lab {
        let dir = tempfile::tempdir().unwrap();
        let builder = FakeRedis::builder().journal(dir.path()).config(config());
        let fake = builder.record(level).build().unwrap();
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
        Record::Observed(observed) => said("observed", &observed.client, &observed.commands),
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
