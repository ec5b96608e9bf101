//! The server on a disk that fails: syncs that report EIO, writes that find no space.
//!
//! Whatever the policy, a unit that can't be recorded is refused, nobody else ever sees it, reads go on, writes are
//! refused from then on, INFO says why, and the journal is healed when somebody says so.
#![cfg(target_os = "linux")]
// A test fails by panicking.
#![expect(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::thread::ScopedJoinHandle;

use redis::Commands;
use redis::Connection;
use redis::RedisResult;
use support::Running;
use support::verified::Recorded;

const POLICIES: [&str; 3] = ["always", "everysec", "no"];

/// The next number, twice, in an EXEC. Its words are sent one by one: redis-rs can't take an error for a MULTI.
fn step(con: &mut Connection) -> RedisResult<[i64; 2]> {
    let send =
        |words: &[&str], con: &mut Connection| redis::cmd(words[0]).arg(&words[1..]).exec(con);
    send(&["MULTI"], con)?;
    for key in ["left", "right"] {
        if let Err(refused) = send(&["INCR", key], con) {
            send(&["DISCARD"], con)?;
            return Err(refused);
        }
    }
    redis::cmd("EXEC").query(con)
}

/// Counts on until that fails; the last number that was acknowledged, and the error.
fn count(con: &mut Connection) -> (i64, String) {
    let mut acknowledged = con
        .get::<_, Option<i64>>("left")
        .unwrap()
        .unwrap_or_default();
    loop {
        match step(con) {
            Ok(numbers) => acknowledged = numbers[0],
            Err(error) => return (acknowledged, error.to_string()),
        }
        assert!(acknowledged < 1_000_000, "the disk does not fail");
    }
}

/// What another client sees of the numbers while `counting`: always both the same; the largest.
fn watch<T>(mut con: Connection, counting: &ScopedJoinHandle<'_, T>) -> i64 {
    let mut largest = 0;
    while !counting.is_finished() {
        let seen: RedisResult<[Option<i64>; 2]> = con.mget(&["left", "right"]);
        let [left, right] = match seen {
            Ok(numbers) => numbers,
            // Who met the unit that failed is told nothing but that.
            Err(error) if error.to_string().contains("MISCONF") => continue,
            Err(error) => panic!("{error}"),
        };
        assert_eq!(left, right, "half of an EXEC is seen");
        largest = largest.max(left.unwrap_or_default());
    }
    largest
}

/// Counts until the disk fails, and checks what the server says then; the last number that was acknowledged.
fn fails(server: &Running, why: &str) -> i64 {
    let mut con = server.connect();
    let ((acknowledged, error), seen) = thread::scope(|scope| {
        let counting = scope.spawn(|| count(&mut con));
        let seen = watch(server.connect(), &counting);
        (counting.join().unwrap(), seen)
    });
    assert!(error.contains("MISCONF") && error.contains(why), "{error}");
    let left: Option<i64> = con.get("left").unwrap();
    assert_eq!(
        left.unwrap_or_default(),
        acknowledged,
        "reads go on, and show what was acknowledged"
    );
    assert!(
        seen <= acknowledged,
        "{seen} was seen, {acknowledged} acknowledged"
    );
    for _ in 0..3 {
        let refused = con.set::<_, _, ()>("more", 1).unwrap_err().to_string();
        assert!(refused.contains("MISCONF"), "{refused}");
    }
    let info = info(&mut con);
    assert!(info.contains("aof_last_write_status:err"), "{info}");
    let reason = info
        .lines()
        .find(|line| line.starts_with("journal_write_error:"));
    assert!(reason.is_some_and(|line| line.contains(why)), "{info}");
    acknowledged
}

fn info(con: &mut Connection) -> String {
    redis::cmd("INFO").arg("persistence").query(con).unwrap()
}

fn heal(con: &mut Connection) -> RedisResult<String> {
    redis::cmd("FAKEREDIS")
        .arg("JOURNAL")
        .arg("HEAL")
        .query(con)
}

/// Heals, counts on a little, kills the server, and checks what the next one remembers.
fn goes_on(mut server: Running, acknowledged: i64, options: &[&str]) {
    let mut con = server.connect();
    assert!((0..2).any(|_| heal(&mut con).is_ok()));
    assert!(info(&mut con).contains("aof_last_write_status:ok"));
    for number in acknowledged + 1..=acknowledged + 5 {
        assert_eq!(step(&mut con).unwrap(), [number, number]);
    }
    server.kill();
    remembers(acknowledged + 5, options);
}

/// A new server, on a disk that works.
fn remembers(number: i64, options: &[&str]) {
    let server = Running::start(options);
    let mut con = server.connect();
    let numbers: [i64; 2] = con.mget(&["left", "right"]).unwrap();
    assert_eq!(numbers, [number, number]);
    let () = con.set("more", 1).unwrap();
}

/// A journal with a record, so that a server's start takes as many calls each time.
fn journal() -> Recorded {
    let dir = Recorded::new();
    let server = Running::start(&["--dir", path(dir.path())]);
    let () = server.connect().set("before", 1).unwrap();
    dir
}

fn path(dir: &Path) -> &str {
    dir.to_str().unwrap()
}

/// Whether strace is here and may trace; says so if not.
fn can_inject() -> bool {
    let traced = Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .output();
    let can = traced.is_ok_and(|output| output.status.success());
    if !can {
        println!("skipped: no strace that may trace a process");
    }
    can
}

/// A server whose `call` fails with `error` each `when` a thread makes it, counted from its start.
fn injected(call: &str, error: &str, when: &str, options: &[&str]) -> Running {
    let trace = format!("trace={call}");
    let inject = format!("inject={call}:error={error}:when={when}");
    let strace = [
        "-D",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        &trace,
        "-e",
        &inject,
    ];
    Running::start_under("strace", &strace, options)
}

#[test]
fn a_sync_that_fails() {
    if !can_inject() {
        return;
    }
    // Under `no` nothing is synced until somebody asks for a checkpoint.
    for policy in ["always", "everysec"] {
        let dir = journal();
        let options = ["--dir", path(dir.path()), "--appendfsync", policy];
        let server = injected("fdatasync", "EIO", "4", &options);
        let acknowledged = fails(&server, "cannot sync the journal: Input/output error");
        goes_on(server, acknowledged, &options);
    }
}

/// SAVE syncs the journal before it writes and syncs a checkpoint: a failure there is one of the journal.
#[test]
fn a_sync_that_fails_when_it_is_asked_for() {
    if !can_inject() {
        return;
    }
    let dir = journal();
    let options = ["--dir", path(dir.path()), "--appendfsync", "no"];
    let server = injected("fdatasync", "EIO", "3", &options);
    let mut con = server.connect();
    let () = con.set("left", 1).unwrap();
    redis::cmd("SAVE").exec(&mut con).unwrap();
    let () = con.set("right", 1).unwrap();
    redis::cmd("SAVE").exec(&mut con).unwrap_err();
    assert_eq!(
        fails(&server, "cannot sync the journal: Input/output error"),
        1
    );
    goes_on(server, 1, &options);
}

#[test]
fn a_write_that_finds_no_space() {
    if !can_inject() {
        return;
    }
    for policy in POLICIES {
        // One to make room, one to write what found none; where no room is made, healing meets the second.
        for when in ["3..4", "5..6"] {
            let dir = journal();
            let options = ["--dir", path(dir.path()), "--appendfsync", policy];
            let server = injected("pwrite64", "ENOSPC", when, &options);
            let acknowledged = fails(&server, "No space left on device");
            goes_on(server, acknowledged, &options);
        }
    }
}

/// A limit of the files' size lets the last write happen in part.
#[test]
fn a_write_that_is_cut_short() {
    for policy in POLICIES {
        for blocks in [20, 150] {
            let dir = journal();
            let options = ["--dir", path(dir.path()), "--appendfsync", policy];
            let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
            let mut server = Running::start_under("sh", &["-c", &script], &options);
            let acknowledged = fails(&server, "File too large");
            server.kill();
            remembers(acknowledged, &options);
        }
    }
}

/// A small file system of its own, gone with the value.
struct SmallDisk(Recorded);

impl SmallDisk {
    /// `None`, and a reason on standard output, where one may not mount.
    fn mount() -> Option<SmallDisk> {
        let dir = Recorded::new();
        let mount = ["-t", "tmpfs", "-o", "size=512k", "tmpfs", path(dir.path())];
        let mounted = Command::new("mount").args(mount).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(SmallDisk(dir));
        }
        println!("skipped: no right to mount a small file system");
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // What can't be unmounted stays until the machine's end, and says so below.
        let unmounted = Command::new("umount").arg(self.0.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || thread::panicking());
    }
}

/// Healing takes space too: it is refused until there is some, and then works.
#[test]
fn a_disk_that_is_full() {
    for policy in POLICIES {
        let Some(disk) = SmallDisk::mount() else {
            return;
        };
        let (ballast, dir) = (disk.0.path().join("ballast"), disk.0.path().join("journal"));
        fs::write(&ballast, vec![1; 400 << 10]).unwrap();
        let options = ["--dir", path(&dir), "--appendfsync", policy];
        let server = Running::start(&options);
        let acknowledged = fails(&server, "No space left on device");
        let refused = heal(&mut server.connect()).unwrap_err().to_string();
        assert!(refused.contains("No space left on device"), "{refused}");
        assert_eq!(fails(&server, "No space left on device"), acknowledged);
        fs::remove_file(&ballast).unwrap();
        goes_on(server, acknowledged, &options);
    }
}
