//! Does again what records 6 to 12 of a journal tell, and comes to the same data.
//!
//! Made by `fakeredis-replay export . rust-test 5..@`, fakeredis 0.1.0, of journal 29f15e3c-095d-d89e-921a-4b081d97104c,
//! recorded 2026-08-01T12:00:04.250000Z to 2026-08-01T12:01:05.250000Z. It needs the crates fakeredis and redis.

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
fn records_6_to_12() {
    // 2026-08-01T12:00:04.250000Z
    let clock = Clock::frozen_at(UNIX_EPOCH + Duration::from_millis(1_785_585_604_250));
    let fake = FakeRedis::builder().clock(clock.clone()).build().unwrap();
    // What there was after record 5.
    let mut loader = fake.connection();
    run!(loader, "HSET", "product:1", "name", "mug", "stock", "6");
    let after_5 = fake.snapshot();

    // 6
    let mut checkout = fake.connection();
    run!(checkout, "CLIENT", "SETNAME", "checkout");
    run!(checkout, "MULTI");
    run!(checkout, "HINCRBY", "product:1", "stock", "-1");
    run!(checkout, "SET", "order:1", "mug");
    run!(checkout, "EXPIRE", "order:1", "60");
    assert_eq!(run!(checkout, "EXEC"), "[5, OK, 1]");

    // 7
    clock.advance(Duration::from_secs(1));
    assert_eq!(run!(checkout, "SET", "bin", b"\xff\\ \"x\"\n"), "OK");

    // 8
    run!(checkout, "SELECT", "3");
    assert_eq!(run!(checkout, "SET", "other", "1"), "OK");

    // 9: expired: DEL order:1
    clock.advance(Duration::from_secs(60));

    // 10
    let mut restock = fake.connection();
    run!(restock, "CLIENT", "SETNAME", "restock");
    assert_eq!(run!(restock, "HDEL", "product:1", "name"), "1");

    // 11: rewound to 5
    fake.restore(&after_5).unwrap();

    // 12: closed
    drop(checkout);
    drop(restock);

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
