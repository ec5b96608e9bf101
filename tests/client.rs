//! The Rust front door, used as redis-rs code that knows nothing of us uses a connection.

use std::sync::mpsc;

use crate::support::verified::Recorded;
use fakeredis::Clock;
use fakeredis::Connection;
use fakeredis::FakeRedis;
use fakeredis::Options;
use fakeredis::Rev;
use fakeredis::Transactions;
use redis::AsyncCommands;
use redis::Commands;
use redis::ConnectionLike;
use redis::PushKind;
use redis::RedisResult;
use redis::Value;

/// Code under test: it takes whatever redis-rs connection it is given.
fn increment<C: ConnectionLike>(con: &mut C, key: &str) -> RedisResult<i64> {
    let (value,): (i64,) = redis::transaction(con, &[key], |con, pipe| {
        let value: i64 = con.get::<_, Option<i64>>(key)?.unwrap_or(0);
        pipe.set(key, value + 1).ignore().get(key).query(con)
    })?;
    Ok(value)
}

#[test]
fn redis_transaction_works_on_a_fake() {
    let fake = FakeRedis::new();
    let mut con = fake.connection();
    assert_eq!(increment(&mut con, "n").unwrap(), 1);
    assert_eq!(increment(&mut fake.connection(), "n").unwrap(), 2);
}

#[test]
fn two_fakes_share_nothing() {
    let (a, b) = (FakeRedis::new(), FakeRedis::new());
    let _: () = a.connection().set("k", "v").unwrap();
    assert_eq!(b.connection().get::<_, Option<String>>("k").unwrap(), None);
    assert_eq!(a.clone().connection().get::<_, String>("k").unwrap(), "v");
}

#[test]
fn an_error_reply_is_a_redis_error() {
    let mut con = FakeRedis::new().connection();
    let _: () = con.set("k", "text").unwrap();
    let error = redis::cmd("INCR")
        .arg("k")
        .query::<i64>(&mut con)
        .unwrap_err();
    assert_eq!(error.code(), Some("ERR"));
    assert_eq!(
        error.detail(),
        Some("value is not an integer or out of range")
    );
}

#[test]
fn an_atomic_pipeline_answers_like_a_real_one() {
    let mut con = FakeRedis::new().connection();
    let (a, b): (i64, i64) = redis::pipe()
        .atomic()
        .cmd("INCR")
        .arg("a")
        .set("b", 5)
        .ignore()
        .cmd("INCR")
        .arg("b")
        .query(&mut con)
        .unwrap();
    assert_eq!((a, b), (1, 6));
    let refused: RedisResult<()> = redis::pipe()
        .atomic()
        .cmd("GET")
        .ignore()
        .set("c", 1)
        .ignore()
        .query(&mut con);
    assert!(refused.is_err());
    assert_eq!(con.get::<_, Option<i64>>("c").unwrap(), None);
}

#[tokio::test]
async fn async_code_works_too() {
    let fake = FakeRedis::new();
    let mut con = fake.async_connection();
    let _: () = con.set("k", 1).await.unwrap();
    let (n,): (i64,) = redis::pipe()
        .atomic()
        .cmd("INCR")
        .arg("k")
        .query_async(&mut con)
        .await
        .unwrap();
    assert_eq!(n, 2);
    assert_eq!(con.clone().get::<_, i64>("k").await.unwrap(), 2);
}

#[test]
fn messages_go_to_the_sender_when_a_command_runs() {
    let fake = FakeRedis::new();
    let (mut con, mut other) = (fake.connection(), fake.connection());
    let cmd = |words: &[&str]| redis::cmd(words[0]).arg(&words[1..]).clone();
    cmd(&["HELLO", "3"]).exec(&mut con).unwrap();
    cmd(&["SUBSCRIBE", "news"]).exec(&mut con).unwrap();
    cmd(&["CLIENT", "TRACKING", "ON"]).exec(&mut con).unwrap();
    let publish = |con: &mut Connection, text: &str| con.publish::<_, _, usize>("news", text);
    // Nobody listens yet.
    publish(&mut other, "early").unwrap();
    let [(first, nothing), (sender, pushes)] = [(); 2].map(|()| mpsc::channel());
    con.set_push_sender(first);
    con.set_push_sender(sender);
    let _: Option<String> = con.get("k").unwrap();
    publish(&mut other, "late").unwrap();
    let _: () = other.set("k", 1).unwrap();
    assert!(pushes.try_recv().is_err());
    cmd(&["PING"]).exec(&mut con).unwrap();
    let told: Vec<_> = pushes
        .try_iter()
        .map(|push| (push.kind, push.data))
        .collect();
    let text = |text: &str| Value::BulkString(text.into());
    assert_eq!(
        told,
        [
            (PushKind::Message, vec![text("news"), text("late")]),
            (PushKind::Invalidate, vec![Value::Array(vec![text("k")])]),
        ]
    );
    assert!(nothing.try_recv().is_err());
    drop(pushes);
    publish(&mut other, "too late").unwrap();
    cmd(&["PING"]).exec(&mut con).unwrap();
}

#[tokio::test]
async fn async_code_is_told_too() {
    let fake = FakeRedis::new();
    let mut con = fake.async_connection();
    let (sender, mut pushes) = tokio::sync::mpsc::unbounded_channel();
    con.set_push_sender(sender);
    let cmd = |words: &[&str]| redis::cmd(words[0]).arg(&words[1..]).clone();
    for words in [&["HELLO", "3"][..], &["CLIENT", "TRACKING", "ON", "BCAST"]] {
        cmd(words).exec_async(&mut con).await.unwrap();
    }
    let _: () = con.set("k", 1).await.unwrap();
    cmd(&["PING"]).exec_async(&mut con).await.unwrap();
    assert_eq!(pushes.try_recv().unwrap().kind, PushKind::Invalidate);
    assert!(pushes.try_recv().is_err());
}

#[test]
fn the_transaction_helper_retries_until_nobody_interferes() {
    let fake = FakeRedis::new();
    let mut con = fake.connection();
    let mut rival = fake.connection();
    let _: () = con.set("n", 1).unwrap();
    let mut tries = 0;
    let done = con
        .transaction(&Options::default(), "n", |pipe| {
            tries += 1;
            let n: i64 = pipe.get("n")?;
            if tries < 3 {
                let _: () = rival.set("n", n + 10)?;
            }
            pipe.multi()?;
            pipe.set::<_, _, ()>("n", n + 1)?;
            redis::cmd("INCR").arg("n").exec(pipe)
        })
        .unwrap();
    assert_eq!(
        (tries, done.results),
        (3, vec![Value::Okay, Value::Int(23)])
    );
}

#[test]
fn a_transaction_that_never_wins_gives_up() {
    let fake = FakeRedis::new();
    let mut con = fake.connection();
    let mut rival = fake.connection();
    let options = Options {
        max_tries: 3,
        ..Options::default()
    };
    let outcome = con.transaction(&options, "n", |pipe| {
        redis::cmd("INCR").arg("n").exec(&mut rival)?;
        pipe.multi()?;
        pipe.set::<_, _, ()>("n", 0)
    });
    assert!(
        outcome
            .unwrap_err()
            .to_string()
            .contains("gave up after 3 tries")
    );
    assert_eq!(con.get::<_, i64>("n").unwrap(), 3);
}

#[test]
fn a_dropped_pipeline_leaves_no_watch_behind() {
    let fake = FakeRedis::new();
    let mut con = fake.connection();
    {
        let mut pipe = con.pipeline(true);
        pipe.watch("k").unwrap();
        pipe.multi().unwrap();
        pipe.set::<_, _, ()>("k", 1).unwrap();
        assert_eq!(pipe.len(), 1);
    }
    let _: () = fake.connection().set("k", 2).unwrap();
    con.multi().unwrap();
    let _: () = con.set("k", 3).unwrap();
    assert!(con.exec().unwrap().is_some());
}

#[test]
fn a_journaled_fake_is_the_same_after_reopening() {
    let dir = Recorded::new();
    {
        let fake = FakeRedis::open(dir.path()).unwrap();
        let mut con = fake.connection();
        let _: () = con.set("k", "v").unwrap();
        let _: () = redis::pipe()
            .atomic()
            .cmd("INCR")
            .arg("n")
            .cmd("INCR")
            .arg("n")
            .query(&mut con)
            .unwrap();
    }
    let fake = FakeRedis::open(dir.path()).unwrap();
    let mut con = fake.connection();
    assert_eq!(con.get::<_, String>("k").unwrap(), "v");
    assert_eq!(con.get::<_, i64>("n").unwrap(), 2);
    fake.close().unwrap();
}

#[test]
fn a_snapshot_is_given_back_and_recorded() {
    let dir = Recorded::new();
    let digest = {
        let fake = FakeRedis::open(dir.path()).unwrap();
        fake.load("balances").unwrap();
        let mut con = fake.connection();
        let before = fake.snapshot();
        let digest = fake.digest();
        con.watch("account_a").unwrap();
        let _: () = con.set("account_b", 1).unwrap();
        let _: () = con.set("other", 1).unwrap();
        fake.restore(&before).unwrap();
        assert_eq!(fake.digest(), digest);
        con.multi().unwrap();
        let _: () = con.set("account_a", 7).unwrap();
        assert!(
            con.exec().unwrap().is_some(),
            "the watched key did not change"
        );
        fake.restore(&before).unwrap();
        digest
    };
    let fake = FakeRedis::open(dir.path()).unwrap();
    assert_eq!(fake.digest(), digest, "the rewind is in the journal");

    let other = FakeRedis::new();
    let _: () = other.connection().set("mine", "x").unwrap();
    fake.restore(&other.snapshot()).unwrap();
    assert_eq!(fake.digest(), other.digest());
    drop(fake);
    let fake = FakeRedis::open(dir.path()).unwrap();
    assert_eq!(
        fake.digest(),
        other.digest(),
        "so is a snapshot of another fake"
    );
}

#[test]
fn a_fake_made_of_a_view_goes_its_own_way() {
    let dir = Recorded::new();
    let clock = Clock::frozen_at(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000));
    let builder = FakeRedis::builder().journal(dir.path());
    let fake = builder.clock(clock.clone()).build().unwrap();
    let _: () = fake.connection().set_ex("k", "v", 10).unwrap();
    clock.advance(std::time::Duration::from_secs(60));
    let _: () = fake.connection().del("k").unwrap();
    let then = FakeRedis::from_view(fake.at(Rev::seq(2)).unwrap());
    assert_eq!(
        then.clock().now(),
        std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000)
    );
    assert_eq!(then.connection().ttl::<_, i64>("k").unwrap(), 10);
    let _: () = then.connection().set("k", "other").unwrap();
    assert_eq!(
        fake.at(Rev::seq(2)).unwrap().get::<_, String>("k").unwrap(),
        "v"
    );
    assert!(!fake.connection().exists::<_, bool>("k").unwrap());
}

#[test]
fn a_fork_goes_its_own_way() {
    let clock = Clock::frozen_at(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000));
    let fake = FakeRedis::builder().clock(clock).build().unwrap();
    let _: () = fake.connection().set_ex("k", "v", 10).unwrap();
    let fork = fake.fork();
    fork.clock().advance(std::time::Duration::from_secs(11));
    assert_eq!(
        fork.connection().get::<_, Option<String>>("k").unwrap(),
        None
    );
    assert_eq!(fake.connection().get::<_, String>("k").unwrap(), "v");
}
