//! The past behind a port, with real clients at it.

use std::io::BufRead;
use std::io::BufReader;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

use redis::Commands;

use super::session::replay;
use super::session::shop;

/// The tool, serving.
struct Served {
    child: Child,
    /// What it said first.
    line: String,
}

impl Served {
    fn start(dir: &Path, rest: &[&str]) -> Served {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fakeredis-replay"));
        command.arg("serve").arg(dir).args(rest);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        Served { child, line }
    }

    fn url(&self) -> &str {
        self.line.split(' ').next().unwrap()
    }

    fn connect(&self) -> redis::Connection {
        let client = redis::Client::open(self.url()).unwrap();
        client.get_connection().unwrap()
    }

    /// Ends it as Ctrl-C does; its exit code.
    fn interrupt(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", "INT", &pid]).status();
        assert!(sent.unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It has ended, unless the test failed.
        let _ = self.child.kill();
    }
}

#[test]
fn the_past_takes_writes_and_forgets_them() {
    let dir = shop(false);
    let before = replay(dir.path(), "log", &[]).out;
    let served = Served::start(dir.path(), &["6"]);
    let port = served.url().rsplit(':').next().unwrap().to_owned();
    let expected = format!(
        "redis://127.0.0.1:{port} is the state after record 6, clock frozen at 2026-08-01T12:00:04.250000Z; \
         writes are lost at the end, Ctrl-C ends it\n"
    );
    assert_eq!(served.line, expected);
    let mut con = (served.connect(), served.connect());
    assert_eq!(con.0.hget("product:1", "stock"), Ok(5));
    assert_eq!(
        con.0.ttl("order:1"),
        Ok(redis::IntegerReplyOrNoOp::IntegerReply(60))
    );
    assert_eq!(con.0.hset("product:1", "stock", 99), Ok(0));
    assert_eq!(con.1.hget("product:1", "stock"), Ok(99));
    assert_eq!(served.interrupt(), Some(0));
    assert_eq!(replay(dir.path(), "log", &[]).out, before);
}

#[test]
fn a_running_clock_lets_keys_expire() {
    let dir = shop(false);
    let served = Served::start(dir.path(), &["6", "--clock", "running", "--json"]);
    let said: serde_json::Value = serde_json::from_str(&served.line).unwrap();
    assert_eq!(
        (&said["seq"], &said["clock"]),
        (&6.into(), &"running".into())
    );
    let client = redis::Client::open(said["url"].as_str().unwrap()).unwrap();
    let mut con = client.get_connection().unwrap();
    let (seconds, _): (u64, u64) = redis::cmd("TIME").query(&mut con).unwrap();
    assert!(
        (1_785_585_604..1_785_585_700).contains(&seconds),
        "{seconds}"
    );
    let _: () = con.pexpire("order:1", 1).unwrap();
    while con.exists("order:1").unwrap() {}
    assert_eq!(served.interrupt(), Some(0));
}

#[test]
fn a_script_learns_the_port_from_a_file() {
    let dir = shop(false);
    let file = dir.path().join("port.txt");
    let served = Served::start(dir.path(), &["--port-file", file.to_str().unwrap()]);
    while !file.exists() {
        std::thread::yield_now();
    }
    let port = std::fs::read_to_string(&file).unwrap();
    assert!(served.url().ends_with(&format!(":{}", port.trim())));
    let taken = replay(dir.path(), "serve", &["--port", port.trim()]);
    assert_eq!(taken.code, 1);
    assert!(
        taken.err.contains("can't listen on 127.0.0.1:"),
        "{taken:?}"
    );
    assert_eq!(served.interrupt(), Some(0));
    assert!(!file.exists());
}

/// What a graphical client asks for when it attaches, and while somebody clicks through the keys.
#[test]
fn graphical_clients_find_what_they_ask_for() {
    let dir = shop(false);
    let served = Served::start(dir.path(), &["mark:retry"]);
    let mut con = served.connect();
    for call in [
        "HELLO 3",
        "CLIENT SETNAME redisinsight-browser",
        "CLIENT SETINFO LIB-NAME redisinsight",
        "INFO",
        "INFO server",
        "COMMAND DOCS",
        "COMMAND",
        "MODULE LIST",
        "CONFIG GET databases",
        "CLUSTER INFO",
        "DBSIZE",
        "SCAN 0 MATCH * COUNT 500",
        "TYPE product:1",
        "TTL product:1",
        "MEMORY USAGE product:1 SAMPLES 0",
        "HLEN product:1",
        "HSCAN product:1 0 COUNT 500",
        "OBJECT ENCODING product:1",
        "CLIENT LIST",
        "SLOWLOG GET 50",
        "PUBSUB CHANNELS",
        "ACL WHOAMI",
        "FT._LIST",
    ] {
        let mut words = call.split(' ');
        let mut command = redis::cmd(words.next().unwrap());
        command.arg(words.collect::<Vec<_>>());
        let answer = command.query::<redis::Value>(&mut con);
        // Neither is there at a plain Redis 8 that is no cluster.
        let is_refused = matches!(call, "FT._LIST" | "CLUSTER INFO");
        assert_eq!(answer.is_err(), is_refused, "{call}: {answer:?}");
    }
    let keys: Vec<String> = con.scan().unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(keys, ["product:1"]);
    assert_eq!(served.interrupt(), Some(0));
}

/// Where redis-cli is installed, it attaches.
#[test]
fn redis_cli_attaches() {
    let dir = shop(false);
    let served = Served::start(dir.path(), &["8"]);
    let mut cli = Command::new("redis-cli");
    let answer = cli
        .args(["-u", served.url(), "-n", "3", "KEYS", "*"])
        .output();
    if let Ok(answer) = answer {
        assert_eq!(String::from_utf8_lossy(&answer.stdout), "other\n");
    } else {
        println!("skipped: there is no redis-cli");
    }
    assert_eq!(served.interrupt(), Some(0));
}
