//! `run`: a recorded session, sent to a server.

use std::net::SocketAddr;
use std::path::Path;

use fakeredis::FakeRedis;
use fakeredis::Recording;
use fakeredis::Server;
use fakeredis::Timeline;
use fakeredis::commit::Record;
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

fn run(dir: &Path, address: SocketAddr, more: &[&str]) -> Answer {
    run_from("", dir, address, more)
}

fn run_from(begin: &str, dir: &Path, address: SocketAddr, more: &[&str]) -> Answer {
    let against = address.to_string();
    let range = format!("{begin}..{}", end(dir));
    let arguments = [&[&*range, "--against", &against], more].concat();
    replay(dir, "run", &arguments)
}

/// The last record before history goes back.
fn end(dir: &Path) -> u64 {
    let past = Timeline::open(dir).unwrap();
    let last = past.reader().last_seq();
    let goes_back = |seq: &u64| matches!(past.entry(*seq).unwrap().record, Record::Rewind(_));
    (1..=last).find(goes_back).map_or(last, |seq| seq - 1)
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
    let answer = run_from("9", dir.path(), address, &["--json"]);
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
