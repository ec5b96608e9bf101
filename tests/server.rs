//! The server, through sockets.

use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use crate::support::verified::Recorded;
use fakeredis::Config;
use fakeredis::FakeRedis;
use fakeredis::Listen;
use fakeredis::clock::Stopwatch;
use redis::Commands;

fn talk(stream: &mut TcpStream, request: &[u8], reply: &[u8]) {
    stream.write_all(request).unwrap();
    let mut got = vec![0; reply.len()];
    stream.read_exact(&mut got).unwrap();
    assert_eq!(
        got.escape_ascii().to_string(),
        reply.escape_ascii().to_string()
    );
}

#[test]
fn redis_rs_connects_by_url_and_sees_the_same_data() {
    let fake = FakeRedis::new();
    let server = fake.serve("127.0.0.1:0").unwrap();
    let mut con = redis::Client::open(server.url())
        .unwrap()
        .get_connection()
        .unwrap();
    let _: () = con.set("k", "v").unwrap();
    assert_eq!(fake.connection().get::<_, String>("k").unwrap(), "v");
    server.stop();
    assert!(con.get::<_, String>("k").is_err());
}

#[test]
fn pipelines_inline_commands_and_pieces() {
    let fake = FakeRedis::new();
    let server = fake.serve("127.0.0.1:0").unwrap();
    let mut stream = TcpStream::connect(server.address().unwrap()).unwrap();
    talk(
        &mut stream,
        b"SET a 1\r\nINCR a\r\n*1\r\n$4\r\nPING\r\n",
        b"+OK\r\n:2\r\n+PONG\r\n",
    );
    for byte in b"*2\r\n$3\r\nGET\r\n$1\r\na\r" {
        stream.write_all(&[*byte]).unwrap();
    }
    talk(&mut stream, b"\n", b"$1\r\n2\r\n");
    let error = b"-ERR Protocol error: invalid multibulk length\r\n";
    talk(&mut stream, b"*x\r\n", error);
    assert_eq!(stream.read(&mut [0]).unwrap(), 0, "the server closed");
}

#[test]
fn keys_with_a_prefix_that_come_together_are_told_together() {
    let server = FakeRedis::new().serve("127.0.0.1:0").unwrap();
    let [mut tracker, mut writer] =
        [(); 2].map(|()| TcpStream::connect(server.address().unwrap()).unwrap());
    tracker
        .write_all(b"HELLO 3\r\nCLIENT TRACKING ON BCAST PREFIX k\r\n")
        .unwrap();
    let mut greeting = Vec::new();
    while !greeting.ends_with(b"+OK\r\n") {
        let mut byte = [0];
        tracker.read_exact(&mut byte).unwrap();
        greeting.extend(byte);
    }
    let request = b"SET k2 1\r\nSET k1 1\r\nSET j 1\r\nSET k2 2\r\n";
    talk(&mut writer, request, b"+OK\r\n+OK\r\n+OK\r\n+OK\r\n");
    let told = b">2\r\n$10\r\ninvalidate\r\n*2\r\n$2\r\nk1\r\n$2\r\nk2\r\n";
    talk(&mut tracker, b"", told);
    let told = [
        b"+OK\r\n+PONG\r\n".as_slice(),
        b">2\r\n$10\r\ninvalidate\r\n*1\r\n$2\r\nk3\r\n",
    ];
    talk(&mut tracker, b"SET k3 1\r\nPING\r\n", &told.concat());
}

#[test]
fn a_unix_socket_is_removed_with_its_server() {
    let dir = Recorded::new();
    let path = dir.path().join("redis.sock");
    let fake = FakeRedis::new();
    let listen = Listen {
        unix: Some(path.clone()),
        unix_mode: Some(0o700),
        ..Listen::default()
    };
    let server = fake.serve_at(&listen).unwrap();
    let url = format!("redis+unix://{}", path.display());
    let mut con = redis::Client::open(url).unwrap().get_connection().unwrap();
    let _: () = con.set("k", "v").unwrap();
    drop(server);
    assert!(!path.exists());
}

#[test]
fn large_values_go_both_ways() {
    let fake = FakeRedis::new();
    let server = fake.serve("127.0.0.1:0").unwrap();
    let mut con = redis::Client::open(server.url())
        .unwrap()
        .get_connection()
        .unwrap();
    let value = vec![7u8; 20 << 20];
    let _: () = con.set("big", &value).unwrap();
    assert_eq!(con.get::<_, Vec<u8>>("big").unwrap(), value);
}

#[test]
fn a_script_that_runs_too_long_can_be_killed_from_another_connection() {
    let mut config = Config::default();
    config.set_flag("busy-reply-threshold", &["50"]).unwrap();
    let fake = FakeRedis::builder().config(config).build().unwrap();
    let server = fake.serve("127.0.0.1:0").unwrap();
    let client = redis::Client::open(server.url()).unwrap();
    let mut con = client.get_connection().unwrap();
    let mut other = client.get_connection().unwrap();

    let mut inside = fake.connection();
    let endless = redis::cmd("EVAL")
        .arg("while true do end")
        .arg(0)
        .to_owned();
    let script = std::thread::spawn(move || (endless.query::<()>(&mut con), con));
    let refusal = loop {
        if let Err(error) = redis::cmd("PING").query::<()>(&mut other) {
            break error;
        }
    };
    assert_eq!(refusal.code(), Some("BUSY"));
    let refused = inside.get::<_, ()>("k").unwrap_err();
    assert_eq!(refused.code(), Some("BUSY"));
    let mut third = client.get_connection().unwrap();
    let _: () = redis::cmd("SCRIPT").arg("KILL").query(&mut third).unwrap();
    let (killed, mut con) = script.join().unwrap();
    let error = killed.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("Script killed by user with SCRIPT KILL"),
        "{error}"
    );
    for con in [&mut con, &mut other, &mut third] {
        let _: () = redis::cmd("PING").query(con).unwrap();
    }
}

#[test]
fn who_does_not_read_its_replies_keeps_nobody_waiting() {
    let fake = FakeRedis::new();
    let server = fake.serve("127.0.0.1:0").unwrap();
    let value = vec![b'x'; 1 << 20];
    let _: () = fake.connection().set("big", &value).unwrap();
    let mut slow = TcpStream::connect(server.address().unwrap()).unwrap();
    slow.write_all(&b"GET big\r\n".repeat(50)).unwrap();
    let mut other = TcpStream::connect(server.address().unwrap()).unwrap();
    talk(&mut other, b"PING\r\n", b"+PONG\r\n");
    slow.write_all(b"PING\r\n").unwrap();
    talk(&mut other, b"PING\r\n", b"+PONG\r\n");
    let reply = [b"$1048576\r\n", &*value, b"\r\n"].concat();
    (0..50).for_each(|_| talk(&mut slow, b"", &reply));
    talk(&mut slow, b"PING\r\n", b"+PONG\r\n+PONG\r\n");
}

#[test]
fn what_was_sent_before_the_server_stops_is_answered() {
    let fake = FakeRedis::new();
    let server = fake.serve("127.0.0.1:0").unwrap();
    let mut stream = TcpStream::connect(server.address().unwrap()).unwrap();
    talk(&mut stream, b"PING\r\n", b"+PONG\r\n");
    // More than is read at once.
    stream.write_all(&b"INCR n\r\n".repeat(20_000)).unwrap();
    server.stop();
    assert_eq!(fake.connection().get("n"), Ok(20_000));
    let mut replies = Vec::new();
    stream.read_to_end(&mut replies).unwrap();
    assert!(replies.ends_with(b":19999\r\n:20000\r\n"));
}

#[test]
fn a_server_stops_at_once_however_young_it_is() {
    let fake = FakeRedis::new();
    let watch = Stopwatch::start();
    (0..50).for_each(|_| fake.serve("127.0.0.1:0").unwrap().stop());
    assert!(watch.elapsed() < Duration::from_secs(3));
}

#[test]
fn a_client_may_close_its_side_once_it_has_asked() {
    let fake = FakeRedis::new();
    let server = fake.serve("127.0.0.1:0").unwrap();
    let mut stream = TcpStream::connect(server.address().unwrap()).unwrap();
    stream.write_all(&b"PING\r\n".repeat(20_000)).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut replies = Vec::new();
    stream.read_to_end(&mut replies).unwrap();
    assert_eq!(replies.len(), 20_000 * b"+PONG\r\n".len());
}

#[test]
fn the_clock_moves_over_the_wire() {
    let fake = FakeRedis::new();
    let server = fake.serve("127.0.0.1:0").unwrap();
    let mut con = redis::Client::open(server.url())
        .unwrap()
        .get_connection()
        .unwrap();
    let mut own = |words: &[&str]| {
        redis::cmd("FAKEREDIS")
            .arg(words)
            .query::<redis::Value>(&mut con)
    };
    assert_eq!(own(&["CLOCK", "FREEZE"]), Ok(redis::Value::Okay));
    let mut inside = fake.connection();
    let _: () = inside.set_ex("k", "v", 3600).unwrap();
    assert_eq!(
        own(&["CLOCK", "ADVANCE", "3599999"]),
        Ok(redis::Value::Okay)
    );
    assert!(inside.exists::<_, bool>("k").unwrap());
    assert_eq!(own(&["CLOCK", "ADVANCE", "1"]), Ok(redis::Value::Okay));
    assert!(!inside.exists::<_, bool>("k").unwrap());
    assert_eq!(
        own(&["SEQ"]),
        Ok(redis::Value::Int(5)),
        "moving the clock is a record"
    );
    assert_eq!(own(&["CLOCK", "SET", "1000"]), Ok(redis::Value::Okay));
    assert_eq!(own(&["CLOCK", "GET"]), Ok(redis::Value::Int(1000)));
    assert!(own(&["CLOCK", "ADVANCE", "-1"]).is_err() && own(&["CLOCK", "GET", "x"]).is_err());
    assert_eq!(own(&["CLOCK", "AUTO"]), Ok(redis::Value::Okay));
    assert!(!fake.clock().is_frozen());
}
