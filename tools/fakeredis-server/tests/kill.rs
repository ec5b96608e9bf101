//! Kills the server with SIGKILL while clients write, and holds what it remembers against what it acknowledged.
//!
//! A killed process loses nothing that it wrote, whatever the fsync policy: what the system holds, it keeps.
//! `FAKEREDIS_KILL_ROUNDS` says how many servers each test kills.

// A test fails by panicking.
#![expect(clippy::unwrap_used)]

#[path = "../../../tests/support/verified.rs"]
mod verified;

use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use fakeredis::clock::pause;
use redis::Commands;
use redis::Connection;
use verified::Recorded;

/// How many servers are killed on one journal.
const LIVES: u64 = 6;
/// Accounts that all writers share; what they hold together never changes.
const ACCOUNTS: usize = 7;
const WRITERS: usize = 4;

#[test]
fn always() {
    survives("always");
}

#[test]
fn every_second() {
    survives("everysec");
}

#[test]
fn no() {
    survives("no");
}

/// What is known of one writer: the last number that it was promised, and the last that it sent.
#[derive(Clone, Copy, Debug, Default)]
struct Writer {
    acknowledged: i64,
    sent: i64,
}

fn survives(fsync: &str) {
    let rounds = std::env::var("FAKEREDIS_KILL_ROUNDS").ok();
    let rounds: u64 = rounds.map_or(LIVES, |rounds| rounds.parse().unwrap());
    for _ in 0..rounds.div_ceil(LIVES) {
        survives_lives(fsync);
    }
}

/// Several times: start, check what is remembered, write, kill.
fn survives_lives(fsync: &str) {
    let dir = Recorded::new();
    let mut writers = [Writer::default(); WRITERS];
    for life in 0..LIVES {
        let mut server = Server::start(dir.path(), fsync);
        check(&server, &mut writers);
        write_until_killed(&mut server, &mut writers, 100 + 90 * life);
    }
    check(&Server::start(dir.path(), fsync), &mut writers);
    let least = writers.iter().map(|writer| writer.acknowledged).min();
    assert!(least >= Some(20), "too little was written: {writers:?}");
}

/// What was acknowledged is remembered, what is remembered was sent, and no EXEC is remembered by half.
fn check(server: &Server, writers: &mut [Writer]) {
    let mut con = server.connect();
    let accounts: Vec<Option<i64>> = con
        .mget(Vec::from_iter((0..ACCOUNTS).map(account)))
        .unwrap();
    let sum: i64 = accounts.iter().flatten().sum();
    assert_eq!(sum, 0, "half of an EXEC: {accounts:?}");
    for (id, writer) in writers.iter_mut().enumerate() {
        let [left, right]: [Option<i64>; 2] = con.mget(&pair(id)).unwrap();
        let log: Vec<i64> = con.lrange(log(id), 0, -1).unwrap();
        assert_eq!(left, right, "half of an EXEC, writer {id}: {writer:?}");
        let last = left.unwrap_or_default();
        assert_eq!(log, Vec::from_iter(1..=last), "writer {id}: {writer:?}");
        let possible = writer.acknowledged..=writer.sent;
        assert!(possible.contains(&last), "{last}, writer {id}: {writer:?}");
        *writer = Writer {
            acknowledged: last,
            sent: last,
        };
    }
}

fn write_until_killed(server: &mut Server, writers: &mut [Writer], millis: u64) {
    let connections: Vec<_> = writers.iter().map(|_| server.connect()).collect();
    thread::scope(|scope| {
        for ((id, writer), con) in writers.iter_mut().enumerate().zip(connections) {
            scope.spawn(move || write(id, writer, con));
        }
        pause(Duration::from_millis(millis));
        server.child.kill().unwrap();
    });
}

/// Counts on, every number in an EXEC, until the server is gone.
fn write(id: usize, writer: &mut Writer, mut con: Connection) {
    let [left, right] = pair(id);
    loop {
        let number = writer.acknowledged + 1;
        let mut exec = redis::pipe();
        exec.atomic()
            .set(&left, number)
            .rpush(log(id), number)
            .incr(account(number as usize % ACCOUNTS), number)
            .decr(account(id), number)
            .set(&right, number);
        writer.sent = number;
        match exec.exec(&mut con) {
            Ok(()) => writer.acknowledged = number,
            Err(error) => return assert!(error.is_io_error(), "{error}"),
        }
    }
}

fn pair(id: usize) -> [String; 2] {
    [format!("left:{id}"), format!("right:{id}")]
}

fn account(number: usize) -> String {
    format!("account:{number}")
}

fn log(id: usize) -> String {
    format!("log:{id}")
}

/// A running server, killed with the value.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// Starts on the journal in `dir`; a small interval between checkpoints makes kills meet them.
    fn start(dir: &Path, fsync: &str) -> Server {
        let port_file = dir.join("port");
        let _ = std::fs::remove_file(&port_file);
        let child = Command::new(env!("CARGO_BIN_EXE_fakeredis-server"))
            .args([
                "--port",
                "0",
                "--appendfsync",
                fsync,
                "--checkpoint-every",
                "500",
            ])
            .arg("--port-file")
            .arg(&port_file)
            .arg("--dir")
            .arg(dir.join("journal"))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let port = (0..3000).find_map(|_| {
            pause(Duration::from_millis(10));
            std::fs::read_to_string(&port_file).ok()
        });
        let port = port.expect("the server writes its port").trim().parse();
        Server {
            child,
            port: port.unwrap(),
        }
    }

    fn connect(&self) -> Connection {
        let url = format!("redis://127.0.0.1:{}", self.port);
        redis::Client::open(url).unwrap().get_connection().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
