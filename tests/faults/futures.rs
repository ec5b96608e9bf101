//! Faults and async connections: no runtime is blocked, and what is broken stays so.

use std::time::Duration;

use fakeredis::FakeRedis;
use fakeredis::Fault;
use redis::AsyncCommands;

use super::frozen;

/// What a connection does that a fault ends.
async fn is_ended(fake: &FakeRedis, mut con: impl AsyncCommands) {
    let fault = fake.inject(Fault::disconnect_after().on_command("INCRBY").times(1));
    let _fault = fault.unwrap();
    let lost = con.incr::<_, _, i64>("n", 1).await.unwrap_err();
    assert!(lost.is_io_error() && lost.is_connection_dropped(), "{lost}");
    let again = con.incr::<_, _, i64>("n", 1).await.unwrap_err();
    assert!(again.is_connection_dropped(), "{again}");
    assert_eq!(fake.async_connection().get("n").await, Ok(1));
}

#[tokio::test]
async fn a_connection_that_is_ended_stays_so_in_process() {
    let fake = FakeRedis::new();
    is_ended(&fake, fake.async_connection()).await;
}

#[tokio::test]
async fn a_connection_that_is_ended_stays_so_through_a_port() {
    let fake = FakeRedis::new();
    let server = fake.serve("127.0.0.1:0").unwrap();
    let client = redis::Client::open(server.url()).unwrap();
    is_ended(
        &fake,
        client.get_multiplexed_async_connection().await.unwrap(),
    )
    .await;
}

/// On one thread: a delay that blocked it would never end.
#[tokio::test(flavor = "current_thread")]
async fn a_delay_blocks_no_runtime() {
    let fake = frozen();
    let fault = fake.inject(Fault::delay(Duration::from_secs(60)).on_key("slow"));
    let _fault = fault.unwrap();
    let mut slow = fake.async_connection();
    let waiting = tokio::spawn(async move { slow.incr::<_, _, i64>("slow", 1).await });
    while fake.engine().lock().world().waits.is_empty() {
        tokio::task::yield_now().await;
    }
    let mut con = fake.async_connection();
    assert_eq!(con.incr("fast", 1).await, Ok(1));
    assert!(!waiting.is_finished());
    fake.clock().advance(Duration::from_secs(60));
    assert_eq!(waiting.await.unwrap(), Ok(1));
}

#[tokio::test]
async fn a_future_that_is_dropped_takes_a_delayed_command_along() {
    let fake = frozen();
    let _fault = fake.inject(Fault::delay(Duration::from_secs(60))).unwrap();
    let mut con = fake.async_connection();
    let late = tokio::time::timeout(Duration::from_millis(20), con.incr::<_, _, i64>("n", 1));
    assert!(late.await.is_err());
    fake.clock().advance(Duration::from_secs(60));
    fake.clear_faults().unwrap();
    assert_eq!(con.get("n").await, Ok(None::<i64>));
}
