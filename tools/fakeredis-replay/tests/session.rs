//! The session that all tests look at: a shop, two clients, one lost race. And the tool, run on it.

use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::time::UNIX_EPOCH;

use super::support::verified::Recorded;
use fakeredis::Clock;
use fakeredis::Connection;
use fakeredis::FakeRedis;
use fakeredis::Fsync;
use fakeredis::Recording;
use fakeredis::Rev;

/// What the tool printed, and how it ended.
#[derive(Debug)]
pub struct Answer {
    pub out: String,
    pub err: String,
    pub code: i32,
}

impl Answer {
    /// The lines of standard output.
    pub fn lines(&self) -> Vec<&str> {
        assert_eq!(self.err, "", "{self:?}");
        self.out.lines().collect()
    }

    /// Each line of standard output as a JSON object.
    pub fn objects(&self) -> Vec<serde_json::Value> {
        let lines = self.lines().into_iter();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// Runs the tool with a verb on a journal.
pub fn replay(dir: &Path, verb: &str, rest: &[&str]) -> Answer {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fakeredis-replay"));
    let output = command.arg(verb).arg(dir).args(rest).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Answer {
        out: text(output.stdout),
        err: text(output.stderr),
        code: output.status.code().unwrap(),
    }
}

/// Runs commands, one a line.
pub fn run(con: &mut Connection, lines: &str) {
    for line in lines.lines().map(str::trim) {
        let mut words = line.split(' ');
        let mut command = redis::cmd(words.next().unwrap());
        for word in words {
            command.arg(word);
        }
        command.query::<redis::Value>(con).unwrap();
    }
}

/// A shop's session: record 1 opens the journal, the clock starts at noon of 2026-08-01 and moves a second before
/// each step. The recording level is `session` where `everything` is set.
pub fn shop(everything: bool) -> Recorded {
    let dir = Recorded::new();
    let clock = Clock::frozen_at(UNIX_EPOCH + Duration::from_secs(1_785_585_600));
    let level = match everything {
        true => Recording::Session,
        false => Recording::Aborts,
    };
    let builder = FakeRedis::builder()
        .journal(dir.path())
        .record(level)
        .fsync(Fsync::Always);
    let fake = builder.clock(clock.clone()).build().unwrap();
    let (mut checkout, mut restock) = (fake.connection(), fake.connection());
    let tick = || clock.advance(Duration::from_secs(1));
    run(&mut checkout, "CLIENT SETNAME checkout");
    run(&mut restock, "CLIENT SETNAME restock");
    tick();
    run(&mut checkout, "HSET product:1 name mug stock 10");
    tick();
    run(&mut checkout, "WATCH product:1\nHGET product:1 stock");
    tick();
    run(&mut restock, "HINCRBY product:1 stock -4");
    clock.advance(Duration::from_millis(250));
    run(
        &mut checkout,
        "MULTI\nHSET product:1 stock 9\nSET order:1 mug\nEXEC",
    );
    tick();
    fake.mark("retry").unwrap();
    run(
        &mut checkout,
        "WATCH product:1\nMULTI\nHINCRBY product:1 stock -1\nSET order:1 mug\nEXPIRE order:1 60\nEXEC",
    );
    tick();
    let binary = redis::cmd("SET")
        .arg("bin")
        .arg(b"\xff\\ \"x\"\n")
        .exec(&mut checkout);
    binary.unwrap();
    run(&mut checkout, "SELECT 3\nSET other 1\nSELECT 0");
    clock.advance(Duration::from_secs(60));
    run(&mut restock, "HDEL product:1 name");
    fake.rewind(Rev::mark("retry")).unwrap();
    fake.close().unwrap();
    dir
}
