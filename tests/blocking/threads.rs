//! Threads that wait on connections in process.

use std::thread;
use std::time::Duration;
use std::time::UNIX_EPOCH;

use fakeredis::Clock;
use fakeredis::FakeRedis;
use fakeredis::clock::Stopwatch;
use fakeredis::clock::pause;
use redis::Commands;
use redis::RedisResult;
use redis::Value;

use super::Popped;
use super::await_blocked;

fn blpop(fake: &FakeRedis, key: &'static str, seconds: f64) -> thread::JoinHandle<Popped> {
    let mut con = fake.connection();
    thread::spawn(move || con.blpop(key, seconds).unwrap())
}

#[test]
fn a_thread_waits_until_it_is_served() {
    let fake = FakeRedis::new();
    let waiting = blpop(&fake, "jobs", 0.0);
    await_blocked(&fake, 1);
    assert_eq!(fake.connection().rpush("jobs", "a"), Ok(1));
    let popped = waiting.join().unwrap();
    assert_eq!(popped, Some(("jobs".into(), "a".into())));
    assert!(fake.engine().lock().world().waits.is_empty());
}

#[test]
fn whoever_came_first_is_served_first() {
    let fake = FakeRedis::new();
    let waiting: Vec<_> = (1..=5)
        .map(|count| {
            let thread = blpop(&fake, "jobs", 0.0);
            await_blocked(&fake, count);
            thread
        })
        .collect();
    let mut con = fake.connection();
    for number in 0..3 {
        let _: () = con.rpush("jobs", number).unwrap();
    }
    let _: () = con.rpush("jobs", &[3, 4]).unwrap();
    for (number, thread) in waiting.into_iter().enumerate() {
        let popped = thread.join().unwrap();
        assert_eq!(popped, Some(("jobs".into(), number.to_string())));
    }
}

#[test]
fn on_a_running_clock_a_wait_takes_its_time() {
    let fake = FakeRedis::new();
    let watch = Stopwatch::start();
    let popped: Popped = fake.connection().blpop("jobs", 0.1).unwrap();
    assert_eq!(popped, None);
    assert!(watch.elapsed() >= Duration::from_millis(100));
    // The same thread keeps the time of a wait that ends before another one.
    let long = blpop(&fake, "jobs", 60.0);
    await_blocked(&fake, 1);
    assert_eq!(blpop(&fake, "jobs", 0.05).join().unwrap(), None);
    assert!(!long.is_finished());
    let _: () = fake.connection().rpush("jobs", "a").unwrap();
    assert!(long.join().unwrap().is_some());
}

#[test]
fn on_a_frozen_clock_a_wait_ends_when_the_clock_is_moved() {
    let clock = Clock::frozen_at(UNIX_EPOCH + Duration::from_secs(1_000));
    let fake = FakeRedis::builder().clock(clock.clone()).build().unwrap();
    let waiting = blpop(&fake, "jobs", 10.0);
    await_blocked(&fake, 1);
    clock.advance(Duration::from_millis(9_999));
    pause(Duration::from_millis(50));
    assert!(!waiting.is_finished());
    fake.clock().advance(Duration::from_millis(1));
    assert_eq!(waiting.join().unwrap(), None);

    let waiting = blpop(&fake, "jobs", 10.0);
    await_blocked(&fake, 1);
    let mut advance = redis::cmd("FAKEREDIS");
    advance.arg("CLOCK").arg("ADVANCE").arg(10_000);
    let _: () = advance.query(&mut fake.connection()).unwrap();
    assert_eq!(waiting.join().unwrap(), None);

    // A clock that stood and then runs counts from what it shows.
    let waiting = blpop(&fake, "jobs", 0.05);
    await_blocked(&fake, 1);
    clock.resume();
    assert_eq!(waiting.join().unwrap(), None);
}

#[test]
fn a_pipeline_goes_on_behind_a_command_that_waited() {
    let fake = FakeRedis::new();
    let mut con = fake.connection();
    let waiting = thread::spawn(move || {
        let mut pipe = redis::pipe();
        pipe.set("before", 1).ignore();
        pipe.cmd("BLPOP").arg("jobs").arg(0);
        pipe.incr("before", 1).blpop("jobs", 0.01).llen("jobs");
        let results: (Popped, i64, Popped, i64) = pipe.query(&mut con).unwrap();
        results
    });
    await_blocked(&fake, 1);
    assert_eq!(fake.connection().get("before"), Ok(1));
    let _: () = fake.connection().rpush("jobs", "a").unwrap();
    let first = Some(("jobs".into(), "a".into()));
    assert_eq!(waiting.join().unwrap(), (first, 2, None, 0));
}

#[test]
fn client_unblock_ends_a_wait_with_nothing_or_an_error() {
    let fake = FakeRedis::new();
    let mut con = fake.connection();
    let mut unblock = |id: i64, how: &str| -> i64 {
        let mut command = redis::cmd("CLIENT");
        command.arg("UNBLOCK").arg(id).arg(how);
        command.query(&mut con).unwrap()
    };
    for how in ["TIMEOUT", "ERROR"] {
        let mut con = fake.connection();
        let id = redis::cmd("CLIENT").arg("ID").query(&mut con).unwrap();
        assert_eq!(unblock(id, how), 0);
        let waiting = thread::spawn(move || {
            let result: RedisResult<Popped> = con.blpop("jobs", 0.0);
            // The connection goes on.
            assert_eq!(con.llen("jobs"), Ok(0));
            result
        });
        await_blocked(&fake, 1);
        assert_eq!(unblock(id, how), 1);
        match waiting.join().unwrap() {
            Ok(popped) => assert_eq!((how, popped), ("TIMEOUT", None)),
            Err(error) => {
                assert_eq!((how, error.code()), ("ERROR", Some("UNBLOCKED")));
                let detail = Some("client unblocked via CLIENT UNBLOCK");
                assert_eq!(error.detail(), detail);
            }
        }
    }
}

#[test]
fn a_killed_connection_waits_no_more_and_takes_nothing() {
    let fake = FakeRedis::new();
    let mut con = fake.connection();
    let waiting = thread::spawn(move || con.blpop::<_, Popped>("jobs", 0.0));
    await_blocked(&fake, 1);
    let mut con = fake.connection();
    let mut kill = redis::cmd("CLIENT");
    kill.arg("KILL").arg("TYPE").arg("normal");
    assert_eq!(kill.query(&mut con), Ok(1));
    assert_eq!(con.rpush("jobs", "a"), Ok(1));
    let error = waiting.join().unwrap().unwrap_err();
    assert!(error.is_connection_dropped(), "{error}");
    assert_eq!(con.llen("jobs"), Ok(1));
}

#[test]
fn a_paused_command_runs_when_the_pause_is_over() {
    let clock = Clock::frozen_at(UNIX_EPOCH + Duration::from_secs(1_000));
    let fake = FakeRedis::builder().clock(clock.clone()).build().unwrap();
    let mut con = fake.connection();
    let mut client = |words: &[&str]| -> Value {
        let mut command = redis::cmd("CLIENT");
        command.arg(words).query(&mut con).unwrap()
    };
    client(&["PAUSE", "50", "ALL"]);
    let mut reader = fake.connection();
    let waiting = thread::spawn(move || reader.get::<_, Option<i64>>("n"));
    await_blocked(&fake, 1);
    clock.advance(Duration::from_millis(49));
    fake.engine().lock().expire_now();
    assert_eq!(fake.engine().lock().world().waits.len(), 1);
    clock.advance(Duration::from_millis(1));
    assert_eq!(waiting.join().unwrap(), Ok(None));
    let _: i64 = fake.connection().incr("n", 1).unwrap();
    client(&["PAUSE", "100000", "WRITE"]);
    let mut writer = fake.connection();
    let waiting = thread::spawn(move || writer.incr::<_, _, i64>("n", 1));
    await_blocked(&fake, 1);
    assert_eq!(fake.connection().get("n"), Ok(1));
    client(&["UNPAUSE"]);
    assert_eq!(waiting.join().unwrap(), Ok(2));
}

#[test]
fn a_rewind_serves_who_waits_for_what_was() {
    let fake = FakeRedis::new();
    let mut con = fake.connection();
    let _: () = con.rpush("jobs", "a").unwrap();
    let before = fake.snapshot();
    let _: () = con.del("jobs").unwrap();
    let waiting = blpop(&fake, "jobs", 0.0);
    await_blocked(&fake, 1);
    fake.restore(&before).unwrap();
    assert!(waiting.join().unwrap().is_some());
    assert_eq!(con.exists("jobs"), Ok(false));
}
