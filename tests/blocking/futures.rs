//! Futures that wait, and futures that are dropped.

use std::time::Duration;
use std::time::UNIX_EPOCH;

use fakeredis::AsyncConnection;
use fakeredis::Clock;
use fakeredis::FakeRedis;
use redis::AsyncCommands;
use tokio::time::timeout;

use super::Popped;

/// Returns once so many connections are blocked, and lets other tasks run until then.
async fn await_blocked(fake: &FakeRedis, count: usize) {
    let blocked = async {
        while fake.engine().lock().world().waits.len() != count {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(5), blocked).await.unwrap();
}

/// Waits for a job for a moment, then drops the future.
async fn give_up(con: &mut AsyncConnection) {
    let waiting = con.blpop::<_, Popped>("jobs", 0.0);
    let result = timeout(Duration::from_millis(20), waiting).await;
    assert!(result.is_err(), "{result:?}");
}

#[tokio::test]
async fn a_task_waits_until_it_is_served() {
    let fake = FakeRedis::new();
    let mut con = fake.async_connection();
    let waiting = tokio::spawn(async move { con.blpop::<_, Popped>("jobs", 0.0).await });
    await_blocked(&fake, 1).await;
    let _: () = fake.async_connection().rpush("jobs", "a").await.unwrap();
    let popped = waiting.await.unwrap().unwrap();
    assert_eq!(popped, Some(("jobs".into(), "a".into())));
}

#[tokio::test]
async fn a_task_waits_no_longer_than_it_said() {
    let clock = Clock::frozen_at(UNIX_EPOCH);
    let fake = FakeRedis::builder().clock(clock.clone()).build().unwrap();
    let mut con = fake.async_connection();
    let waiting = tokio::spawn(async move { con.blpop::<_, Popped>("jobs", 5.0).await });
    await_blocked(&fake, 1).await;
    clock.advance(Duration::from_secs(5));
    assert_eq!(waiting.await.unwrap(), Ok(None));
    clock.resume();
    assert_eq!(
        fake.async_connection().blpop("jobs", 0.02).await,
        Ok(None::<(String, String)>)
    );
}

#[tokio::test]
async fn a_future_that_is_dropped_waits_for_nothing() {
    let fake = FakeRedis::new();
    let mut con = fake.async_connection();
    for round in 0..3 {
        give_up(&mut con).await;
        await_blocked(&fake, 0).await;
        let _: () = fake.async_connection().rpush("jobs", round).await.unwrap();
        // Nothing was lost, and replies still belong to their commands.
        assert_eq!(con.llen("jobs").await, Ok(1));
        let popped: Popped = con.blpop("jobs", 0.0).await.unwrap();
        assert_eq!(popped, Some(("jobs".into(), round.to_string())));
    }
}

#[tokio::test]
async fn a_reply_that_nobody_took_is_not_the_next_commands() {
    let fake = FakeRedis::new();
    let mut con = fake.async_connection();
    let mut other = con.clone();
    let waiting = tokio::spawn(async move { other.blpop::<_, Popped>("jobs", 0.0).await });
    await_blocked(&fake, 1).await;
    // Served, but the task never runs again before it is aborted.
    let _: () = fake.async_connection().rpush("jobs", "a").await.unwrap();
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    assert_eq!(con.llen("jobs").await, Ok(0));
    assert_eq!(con.set("k", "v").await, Ok(()));
    assert_eq!(con.get("k").await, Ok("v".to_owned()));
}

#[tokio::test]
async fn a_dropped_pipeline_leaves_the_connection_usable() {
    let fake = FakeRedis::new();
    let mut con = fake.async_connection();
    let mut pipe = redis::pipe();
    pipe.incr("n", 1).blpop("jobs", 0.0).incr("n", 1);
    let sent = pipe.query_async::<redis::Value>(&mut con);
    assert!(timeout(Duration::from_millis(20), sent).await.is_err());
    assert_eq!(con.get("n").await, Ok(1));
    assert!(fake.engine().lock().world().waits.is_empty());
}

#[tokio::test]
async fn clones_wait_behind_a_command_that_is_blocked() {
    let fake = FakeRedis::new();
    let con = fake.async_connection();
    let (mut first, mut second) = (con.clone(), con);
    let waiting = tokio::spawn(async move { first.blpop::<_, Popped>("jobs", 0.0).await });
    await_blocked(&fake, 1).await;
    let behind = tokio::spawn(async move { second.set::<_, _, ()>("k", "v").await });
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!behind.is_finished());
    let _: () = fake.async_connection().rpush("jobs", "a").await.unwrap();
    assert!(waiting.await.unwrap().unwrap().is_some());
    behind.await.unwrap().unwrap();
    assert_eq!(fake.async_connection().get("k").await, Ok("v".to_owned()));
}
