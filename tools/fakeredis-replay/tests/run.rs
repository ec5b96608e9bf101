//! `run`: a recorded session, sent to a server.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;
use std::time::UNIX_EPOCH;

use fakeredis::Clock;
use fakeredis::FakeRedis;
use fakeredis::Fault;
use fakeredis::Recording;
use fakeredis::Server;
use fakeredis::clock::Stopwatch;
use fakeredis::resp::split_quoted;
use fakeredis::session::Address;
use redis::Commands;

use super::session::Answer;
use super::session::replay;
use super::session::shop;
use super::support::verified::Recorded;

/// Of 2026-08-01.
const NOON: Duration = Duration::from_secs(1_785_585_600);

/// All that hangs on more than one command: waits, transactions, protocols, time, databases, messages.
const SESSION: &str = r#"
    a BLPOP q 0
    b RPUSH q x
    a HELLO 3
    a HSET h f 1 g 2
    a HGETALL h
    a BLPOP q 0
    b CLIENT UNBLOCK 1
    a BLPOP q 1
    wait 2000
    a GET q

    a WATCH stock
    b SET stock 1
    a MULTI
    a INCR stock
    a EXEC
    a MULTI
    a INCR stock
    a TIME
    a SELECT 5
    a SET there 1
    a EXEC
    a GET there
    b MULTI
    b NOSUCH
    b EXEC
    b SELECT 3
    b SET k v PX 500
    b GET k
    wait 600
    b GET k
    b SELECT 0

    b SET "\x00\xff\r\n" "\"\\ \xf0"
    b GET "\x00\xff\r\n"
    b RPUSH l message subscribe
    b LRANGE l 0 -1
    b MULTI
    b XADD s * f v
    b EXEC
    b XRANGE s - +
    b SPOP none
    b SADD set a b c
    b SPOP set 2
    b SCARD set

    c SUBSCRIBE news olds
    c SUBSCRIBE olds
    c PSUBSCRIBE n*
    b PUBLISH news hello
    c PING
    c UNSUBSCRIBE
    c PUNSUBSCRIBE
    c LRANGE l 0 -1
    d HELLO 3
    d SUBSCRIBE news
    d LRANGE l 0 -1
    b PUBLISH news again
    leave d
    b PUBLISH news nobody
    b CLIENT REPLY OFF
    b SELECT 4
    b SET off 1
    b CLIENT REPLY ON
    b GET off

    e BLPOP q 0
    leave e
    b RPUSH q kept
    b LLEN q
    b FAKEREDIS RESET
    b LLEN q
    b EVAL "return redis.call('INCR', KEYS[1])" 1 n
    b EVALSHA a1e63e1cd1bd1d5413851949332cfb9da4ee6dc0 1 n
"#;

/// A journal with what clients sent, one command a line behind the client's name.
fn recorded(level: Recording, session: &str) -> Recorded {
    let dir = Recorded::new();
    let clock = Clock::frozen_at(UNIX_EPOCH + NOON);
    let builder = FakeRedis::builder().journal(dir.path()).record(level);
    let fake = builder.clock(clock.clone()).build().unwrap();
    let engine = fake.engine();
    let mut clients = BTreeMap::new();
    for line in session
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        let (client, rest) = line.split_once(' ').unwrap();
        match client {
            "wait" => {
                clock.advance(Duration::from_millis(rest.parse().unwrap()));
                engine.batch(fakeredis::engine::Core::expire_now).unwrap();
            }
            "leave" => {
                let client = clients.remove(rest).unwrap();
                engine.batch(|core| core.disconnect(client)).unwrap();
            }
            _ => {
                let connect = || engine.lock().connect(Address::default());
                let client = *clients.entry(client).or_insert_with(connect);
                let mut argv: Vec<Vec<u8>> = Vec::new();
                split_quoted(rest.as_bytes(), |word| argv.push(word.to_vec())).unwrap();
                let argv: Vec<&[u8]> = argv.iter().map(Vec::as_slice).collect();
                engine.batch(|core| core.run(client, &argv)).unwrap();
            }
        }
        // What waited may have its reply by now, and goes on.
        for client in clients.values() {
            engine.batch(|core| core.answer(*client)).unwrap();
        }
    }
    fake.close().unwrap();
    dir
}

/// A server whose clock stands still, so that nothing hangs on how fast it is asked.
fn server() -> (FakeRedis, Server, SocketAddr) {
    let builder = FakeRedis::builder().clock(Clock::frozen_at(UNIX_EPOCH + NOON));
    let fake = builder.build().unwrap();
    let server = fake.serve("127.0.0.1:0").unwrap();
    let address = server.addresses()[0];
    (fake, server, address)
}

fn run(dir: &Path, range: &str, against: impl ToString, more: &[&str]) -> Answer {
    let against = against.to_string();
    let arguments = [&[range, "--against", &against], more].concat();
    replay(dir, "run", &arguments)
}

#[test]
fn a_server_that_is_right_answers_the_same() {
    let session = |level| recorded(level, SESSION);
    let sessions = [
        (shop(true), 10),
        (shop(false), 3),
        (session(Recording::Session), 50),
        (session(Recording::Commits), 5),
    ];
    for (dir, least) in sessions {
        let (fake, _server, address) = server();
        let answer = run(dir.path(), "..", address, &["--json"]);
        assert_eq!(answer.code, 0, "{answer:?}");
        let summary = answer.objects().remove(0);
        assert_eq!(summary["differ"], 0);
        assert!(summary["compared"].as_u64().unwrap() >= least, "{summary}");
        let recorded = FakeRedis::open(dir.path()).unwrap();
        let size = |fake: &FakeRedis| {
            let size = redis::cmd("DBSIZE").query::<u64>(&mut fake.connection());
            size.unwrap()
        };
        assert_eq!(size(&fake), size(&recorded), "{summary}");
    }
}

#[test]
fn what_is_answered_otherwise_is_shown() {
    let dir = recorded(
        Recording::Session,
        "a SET n 1\na INCR n\na GET n\na LRANGE n 0 -1",
    );
    let (fake, _server, address) = server();
    let fault = fake
        .inject(Fault::error("ERR not today").on_command("INCR"))
        .unwrap();
    let answer = run(dir.path(), "..", address, &[]);
    assert_eq!(answer.code, 1, "{answer:?}");
    let lines = answer.lines();
    assert!(
        lines[0].ends_with("#1            INCR n  → n"),
        "{answer:?}"
    );
    assert_eq!(
        lines[1..],
        [
            "  recorded  (integer) 2",
            "  answered  (error) ERR not today",
            "5  2026-08-01T12:00:00.000000Z  #1            GET n",
            "  recorded  \"2\"",
            "  answered  \"1\"",
            "replies: 4 compared, 2 differ, 0 can't be compared",
        ]
    );
    let answer = run(dir.path(), "..", address, &["--flush", "--json"]);
    let objects = answer.objects();
    assert_eq!(objects[1]["recorded"], "2");
    assert_eq!(objects[1]["answered"], "1");
    assert_eq!(objects[2]["differ"], 2);
    assert_eq!(fault.hits(), 2);
}

/// What a unit came to is sent where its commands can't be, and that may be refused, too.
#[test]
fn data_that_are_refused_are_a_difference() {
    let dir = recorded(Recording::Commits, "a SADD s a b c d\na SPOP s");
    let (fake, _server, address) = server();
    let fault = Fault::error("ERR no").on_command("SREM");
    fake.inject(fault).unwrap().keep();
    let answer = run(dir.path(), "..", address, &["--json"]);
    assert_eq!(answer.code, 1, "{answer:?}");
    let difference = &answer.objects()[0];
    assert_eq!(difference["answered"]["error"], "ERR no");
}

#[test]
fn a_range_begins_with_the_data_before_it() {
    let dir = recorded(
        Recording::Session,
        "a RPUSH l a\na SELECT 2\na SET n 1\na MULTI\na INCR n\na EXEC\na GET n",
    );
    for begin in 0..=8 {
        let (_fake, _server, address) = server();
        let answer = run(dir.path(), &format!("{begin}.."), address, &[]);
        assert_eq!(answer.code, 0, "{begin}: {answer:?}");
    }
}

#[test]
fn a_session_takes_its_time_again_if_that_is_wanted() {
    let dir = recorded(Recording::Session, "a SET n 1\nwait 120\na INCR n");
    let (_fake, _server, address) = server();
    let watch = Stopwatch::start();
    let answer = run(dir.path(), "..", address, &["--speed", "1"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(watch.elapsed() >= Duration::from_millis(120));
}

#[test]
fn data_is_never_lost_unasked() {
    let dir = shop(true);
    let (fake, _server, address) = server();
    let _: () = fake.connection().set("mine", 1).unwrap();
    let refused = run(dir.path(), "..", address, &[]);
    assert_eq!(refused.code, 4);
    assert!(
        refused.err.contains("holds data: --flush empties it"),
        "{refused:?}"
    );
    assert!(fake.connection().exists::<_, bool>("mine").unwrap());
    assert_eq!(run(dir.path(), "..", address, &["--flush"]).code, 0);
}

#[test]
fn a_server_that_is_none_is_named() {
    let dir = shop(true);
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (fake, _server, closed) = server();
    let _: () = redis::cmd("CONFIG")
        .arg(&["SET", "requirepass", "secret"])
        .query(&mut fake.connection())
        .unwrap();
    let (fake, _other, cutting) = server();
    let cut = Fault::disconnect_before().on_command("HSET");
    fake.inject(cut).unwrap().keep();
    for (against, what) in [
        (free.to_string(), "is it running?"),
        (
            "no-such-host.invalid:6379".to_owned(),
            "no-such-host.invalid:6379: ",
        ),
        (
            "localhost".to_owned(),
            "this is not HOST:PORT; --against names it, such as 127.0.0.1:6379",
        ),
        (closed.to_string(), "answers (error) NOAUTH"),
        (cutting.to_string(), "it ended the connection; at record "),
    ] {
        let answer = run(dir.path(), "..", &against, &[]);
        assert_eq!((answer.code, &*answer.out), (4, ""), "{answer:?}");
        assert!(answer.err.contains(what), "{answer:?}");
        assert!(answer.err.contains(&against), "{answer:?}");
    }
}
