//! `run`: a recorded session, sent to a server.

use std::net::SocketAddr;
use std::path::Path;

use fakeredis::FakeRedis;
use fakeredis::Recording;
use fakeredis::Server;
use fakeredis::session::Address;
use tempfile::TempDir;

use crate::session::Answer;
use crate::session::replay;
use crate::session::shop;

fn server() -> (Server, SocketAddr) {
    let server = FakeRedis::new().serve("127.0.0.1:0").unwrap();
    let address = server.addresses()[0];
    (server, address)
}

/// The end of the shop's session goes back, which no server can.
fn run(dir: &Path, address: SocketAddr, more: &[&str]) -> Answer {
    let against = address.to_string();
    let arguments = [&["..@-2", "--against", &against], more].concat();
    replay(dir, "run", &arguments)
}

/// Two clients: one waits for the other, for nobody, and until it is told to go on.
fn waits() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let builder = FakeRedis::builder().journal(dir.path());
    let fake = builder.record(Recording::Session).build().unwrap();
    let engine = fake.engine();
    let [a, b] = [0; 2].map(|_| engine.lock().connect(Address::default()));
    for (client, line) in [
        (a, "BLPOP q 0"),
        (b, "RPUSH q x"),
        (a, "HELLO 3"),
        (a, "HGETALL none"),
        (a, "BLPOP q 0"),
        (b, "CLIENT UNBLOCK 1"),
        (b, "MULTI"),
        (b, "XADD s * f v"),
        (b, "EXEC"),
        (b, "SUBSCRIBE news"),
        (a, "PUBLISH news hello"),
    ] {
        let argv: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        engine.batch(|core| core.run(client, &argv)).unwrap();
        engine.batch(|core| core.answer(a)).unwrap();
    }
    drop(fake);
    dir
}

#[test]
fn a_server_that_is_right_answers_the_same() {
    for dir in [shop(true), shop(false), waits()] {
        let (_server, address) = server();
        let answer = run(dir.path(), address, &[]);
        assert_eq!(answer.code, 0, "{answer:?}");
        assert!(answer.lines()[0].contains(" 0 differ"), "{answer:?}");
        assert!(!answer.out.contains("replies: 0 compared"), "{answer:?}");
    }
}

#[test]
fn what_is_answered_otherwise_is_shown() {
    let dir = shop(true);
    let (_server, address) = server();
    // Without what came before, the stock is another.
    let against = address.to_string();
    let arguments = ["9..@-2", "--against", &against, "--json"];
    let answer = replay(dir.path(), "run", &arguments);
    assert_eq!(answer.code, 1, "{answer:?}");
    let objects = answer.objects();
    let (summary, differences) = objects.split_last().unwrap();
    assert_eq!(summary["differ"], differences.len());
    assert!(
        differences
            .iter()
            .all(|one| one["recorded"] != one["answered"])
    );
}

#[test]
fn data_is_never_lost_unasked() {
    let dir = shop(true);
    let fake = FakeRedis::new();
    let server = fake.serve("127.0.0.1:0").unwrap();
    let set = redis::cmd("SET")
        .arg("mine")
        .arg(1)
        .exec(&mut fake.connection());
    set.unwrap();
    let address = server.addresses()[0];
    let refused = run(dir.path(), address, &[]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("--flush empties it"), "{refused:?}");
    assert_eq!(run(dir.path(), address, &["--flush"]).code, 0);
}
