//! Does again what records 1 to 31 of a journal tell, and comes to the same data.
//!
//! Made by `fakeredis-replay export . rust-test @0..@`, fakeredis 0.1.0, of journal 29f15e3c-095d-d89e-921a-4b081d97104c,
//! recorded 2026-08-01T12:00:00.000000Z to 2026-08-01T12:01:05.250000Z. It needs the crates fakeredis and redis.

use std::time::Duration;
use std::time::UNIX_EPOCH;

use fakeredis::Clock;
use fakeredis::FakeRedis;
use redis::ConnectionLike;
use redis::Value;

/// Runs a command of a client; its reply as a line of text.
macro_rules! run {
    ($client:expr, $($word:expr),+) => {{
        let mut command = redis::Cmd::new();
        $(command.arg(AsRef::<[u8]>::as_ref($word));)+
        match $client.req_command(&command) {
            Ok(reply) => text(&reply),
            Err(error) => refusal(error.code(), error.detail()),
        }
    }};
}

#[test]
fn records_1_to_31() {
    // 2026-08-01T12:00:00.000000Z
    let clock = Clock::frozen_at(UNIX_EPOCH + Duration::from_secs(1_785_585_600));
    let fake = FakeRedis::builder().clock(clock.clone()).build().unwrap();

    // 1: opened by fakeredis 0.1.0, seed 0, recording session

    // 2: connected
    let mut client_1 = fake.connection();

    // 3: connected
    let mut client_2 = fake.connection();

    // 4
    assert_eq!(run!(client_1, "CLIENT", "SETNAME", "checkout"), "OK");

    // 5
    assert_eq!(run!(client_2, "CLIENT", "SETNAME", "restock"), "OK");

    // 6
    clock.advance(Duration::from_secs(1));
    assert_eq!(run!(client_1, "HSET", "product:1", "name", "mug", "stock", "10"), "2");

    // 7
    clock.advance(Duration::from_secs(1));
    assert_eq!(run!(client_1, "WATCH", "product:1"), "OK");

    // 8
    assert_eq!(run!(client_1, "HGET", "product:1", "stock"), r#""10""#);

    // 9
    clock.advance(Duration::from_secs(1));
    assert_eq!(run!(client_2, "HINCRBY", "product:1", "stock", "-4"), "6");

    // 10
    clock.advance(Duration::from_millis(250));
    assert_eq!(run!(client_1, "MULTI"), "OK");

    // 11
    assert_eq!(run!(client_1, "HSET", "product:1", "stock", "9"), "QUEUED");

    // 12
    assert_eq!(run!(client_1, "SET", "order:1", "mug"), "QUEUED");

    // 13: EXEC aborted { HSET product:1 stock 9; SET order:1 mug }: product:1 was changed by 9
    assert_eq!(run!(client_1, "EXEC"), "nil");

    // 14: mark retry
    clock.advance(Duration::from_secs(1));
    let after_14 = fake.snapshot();

    // 15
    assert_eq!(run!(client_1, "WATCH", "product:1"), "OK");

    // 16
    assert_eq!(run!(client_1, "MULTI"), "OK");

    // 17
    assert_eq!(run!(client_1, "HINCRBY", "product:1", "stock", "-1"), "QUEUED");

    // 18
    assert_eq!(run!(client_1, "SET", "order:1", "mug"), "QUEUED");

    // 19
    assert_eq!(run!(client_1, "EXPIRE", "order:1", "60"), "QUEUED");

    // 20
    assert_eq!(run!(client_1, "EXEC"), "[5, OK, 1]");

    // 21
    clock.advance(Duration::from_secs(1));
    assert_eq!(run!(client_1, "SET", "bin", b"\xff\\ \"x\"\n"), "OK");

    // 22
    assert_eq!(run!(client_1, "SELECT", "3"), "OK");

    // 23
    assert_eq!(run!(client_1, "SET", "other", "1"), "OK");

    // 24
    assert_eq!(run!(client_1, "SELECT", "0"), "OK");

    // 25: expired: DEL order:1
    clock.advance(Duration::from_secs(60));

    // 26
    assert_eq!(run!(client_2, "HDEL", "product:1", "name"), "1");

    // 27: rewound to 14
    fake.restore(&after_14).unwrap();

    // 28: closed
    drop(client_1);
    drop(client_2);

    // 29: disconnected

    // 30: disconnected

    // 31: closed

    // what there is at the end
    let mut end = fake.connection();
    assert_eq!(run!(end, "EXISTS", "bin"), "0");
    assert_eq!(run!(end, "EXISTS", "order:1"), "0");
    assert_eq!(run!(end, "HGETALL", "product:1"), r#"["name", "mug", "stock", "6"]"#);
    run!(end, "SELECT", "3");
    assert_eq!(run!(end, "EXISTS", "other"), "0");
    assert_eq!(fake.digest(), "13f832d4b7902682d8bb5a6a7ed0aef2ff88c13a");
}

/// A reply as a line of text: strings in quotes, arrays in brackets.
fn text(reply: &Value) -> String {
    let list = |items: &[Value]| items.iter().map(text).collect::<Vec<_>>().join(", ");
    match reply {
        Value::Nil => "nil".to_owned(),
        Value::Okay => "OK".to_owned(),
        Value::Int(number) => number.to_string(),
        Value::SimpleString(status) => status.clone(),
        Value::BulkString(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => format!("{text:?}"),
            Err(_) => format!("b\"{}\"", bytes.escape_ascii()),
        },
        Value::Array(items) | Value::Set(items) => format!("[{}]", list(items)),
        Value::Map(pairs) => {
            let pairs = pairs.iter().map(|(name, value)| [name, value].map(text).join(", "));
            format!("[{}]", pairs.collect::<Vec<_>>().join(", "))
        }
        Value::ServerError(error) => refusal(Some(error.code()), error.details()),
        other => format!("{other:?}"),
    }
}

fn refusal(code: Option<&str>, detail: Option<&str>) -> String {
    let words = ["(error)", code.unwrap_or_default(), detail.unwrap_or_default()];
    words.join(" ").trim_end().to_owned()
}
