//! `log --follow`, beside a fake that writes.

use std::io::BufRead;
use std::io::BufReader;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use fakeredis::FakeRedis;
use fakeredis::Fsync;

use super::session::replay;
use super::session::run;
use super::support::verified::Recorded;

/// Ends with its test.
struct Following(Child);

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_log_goes_on_as_long_as_somebody_reads_it() {
    let dir = Recorded::new();
    let fake = FakeRedis::builder()
        .journal(dir.path())
        .fsync(Fsync::Always);
    let fake = fake.build().unwrap();
    let mut con = fake.connection();
    run(&mut con, "SET a 1\nSET b 1");
    let mut command = Command::new(env!("CARGO_BIN_EXE_fakeredis-replay"));
    let command = command.args(["log", "--follow", "-n", "1", "--cmd", "SET"]);
    let child = command
        .arg(dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut child = Following(child);
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    let mut next = || lines.next().unwrap().unwrap();
    assert!(next().contains("SET b 1"));
    for value in 2..5 {
        run(&mut con, &format!("INCR b\nSET a {value}"));
        assert!(next().ends_with(&format!("SET a {value}  → a")));
    }
    drop(lines);
    assert!(
        child.0.wait().unwrap().success(),
        "nobody reads it any more"
    );
}

#[test]
fn a_log_that_ends_is_not_followed() {
    let dir = Recorded::new();
    FakeRedis::open(dir.path()).unwrap().close().unwrap();
    let answer = replay(dir.path(), "log", &["1", "--follow"]);
    assert_eq!(answer.code, 1);
    assert!(
        answer
            .err
            .contains("--follow goes on after the last record"),
        "{}",
        answer.err
    );
}
