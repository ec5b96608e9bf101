//! The clock: everything that has to do with time follows it, running or frozen, through every door.

use std::thread;
use std::time::Duration;
use std::time::UNIX_EPOCH;

use fakeredis::FakeRedis;
use redis::Commands;
use redis::ConnectionLike;
use redis::Value;

use super::await_blocked;
use super::run;
use super::told;

through_both_doors! {
    everything_follows_an_advance
    a_running_clock_that_is_moved_runs_on
    a_clock_is_set_to_a_date
    bad_times_are_refused
    a_blocked_command_ends_by_the_clock
    a_sleep_passes_on_the_clock
}
use super::through_both_doors;

fn number(con: &mut impl ConnectionLike, line: &str) -> i64 {
    redis::from_redis_value(run(con, line).unwrap()).unwrap()
}

/// The clock by all that shows it, in seconds.
fn shown<C: ConnectionLike>(con: &mut C) -> Vec<i64> {
    let (seconds, _): (i64, i64) = redis::cmd("TIME").query(con).unwrap();
    let id: String = con.xadd("stream", "*", &[("f", "v")]).unwrap();
    let stream: i64 = id.split('-').next().unwrap().parse().unwrap();
    let in_script: i64 = redis::Script::new("return tonumber(redis.call('TIME')[1])")
        .invoke(con)
        .unwrap();
    let own = number(con, "FAKEREDIS CLOCK GET");
    vec![seconds, stream / 1000, in_script, own / 1000]
}

fn everything_follows_an_advance<C: ConnectionLike>(fake: &FakeRedis, connect: &dyn Fn() -> C) {
    let mut con = connect();
    assert_eq!(shown(&mut con), [1_700_000_000; 4]);
    told(&mut con, "SET k 1 EX 60");
    told(&mut con, "HSET h f 1 g 2");
    run(&mut con, "HEXPIRE h 60 FIELDS 1 f").unwrap();
    told(&mut con, "SET idle 1");
    assert_eq!(told(&mut con, "FAKEREDIS CLOCK ADVANCE 59000"), "OK");
    assert_eq!(shown(&mut con), [1_700_000_059; 4]);
    assert_eq!(number(&mut con, "PTTL k"), 1000);
    assert_eq!(number(&mut con, "OBJECT IDLETIME idle"), 59);
    assert_eq!(
        run(&mut con, "HTTL h FIELDS 1 f"),
        Ok(Value::Array(vec![Value::Int(1)]))
    );
    fake.clock().advance(Duration::from_secs(1));
    assert_eq!(shown(&mut con), [1_700_000_060; 4]);
    assert!(!con.exists::<_, bool>("k").unwrap());
    assert_eq!(con.hkeys("h"), Ok(vec!["g".to_owned()]));
    let listed = told(&mut con, "CLIENT LIST");
    assert!(listed.contains(" age=60 "), "{listed}");
}

fn a_running_clock_that_is_moved_runs_on<C: ConnectionLike>(
    fake: &FakeRedis,
    connect: &dyn Fn() -> C,
) {
    let mut con = connect();
    assert_eq!(told(&mut con, "FAKEREDIS CLOCK AUTO"), "OK");
    let real = number(&mut con, "FAKEREDIS CLOCK GET");
    told(&mut con, "SET k 1 EX 600");
    assert_eq!(told(&mut con, "FAKEREDIS CLOCK ADVANCE 599000"), "OK");
    let left = number(&mut con, "PTTL k");
    assert!((1..=1000).contains(&left) || left == -2, "{left}");
    assert!(number(&mut con, "FAKEREDIS CLOCK GET") >= real + 599_000);
    assert_eq!(told(&mut con, "FAKEREDIS CLOCK SET 5000"), "OK");
    assert!((5000..5000 + 600_000).contains(&number(&mut con, "FAKEREDIS CLOCK GET")));
    assert!(!fake.clock().is_frozen());
    assert_eq!(told(&mut con, "FAKEREDIS CLOCK FREEZE"), "OK");
    let frozen = number(&mut con, "FAKEREDIS CLOCK GET");
    assert_eq!(number(&mut con, "FAKEREDIS CLOCK GET"), frozen);
    assert_eq!(told(&mut con, "FAKEREDIS CLOCK AUTO"), "OK");
    assert!(number(&mut con, "FAKEREDIS CLOCK GET") >= real);
}

fn a_clock_is_set_to_a_date<C: ConnectionLike>(fake: &FakeRedis, connect: &dyn Fn() -> C) {
    let mut con = connect();
    for (date, ms) in [
        ("2026-08-01T12:00:00Z", 1_785_585_600_000),
        ("2026-08-01T14:00:00+02:00", 1_785_585_600_000),
        ("2026-08-01T12:00:00.250", 1_785_585_600_250),
        ("2026-08-01", 1_785_542_400_000),
        ("-1000", -1000),
    ] {
        assert_eq!(told(&mut con, &format!("FAKEREDIS CLOCK SET {date}")), "OK");
        assert_eq!(number(&mut con, "FAKEREDIS CLOCK GET"), ms, "{date}");
    }
    fake.clock().set(UNIX_EPOCH + Duration::from_secs(7));
    assert_eq!(number(&mut con, "FAKEREDIS CLOCK GET"), 7000);
}

fn bad_times_are_refused<C: ConnectionLike>(fake: &FakeRedis, connect: &dyn Fn() -> C) {
    let mut con = connect();
    for (words, why) in [
        ("SET", "syntax error"),
        ("SET noon", "a date like 2026-08-01T12:00:00Z"),
        ("SET 2026-13-01", "a date like"),
        ("SET 9223372036854775807", "a date like"),
        ("ADVANCE -1", "not an integer or out of range"),
        ("ADVANCE 1.5", "not an integer or out of range"),
        ("ADVANCE", "syntax error"),
        ("ADVANCE 1 2", "syntax error"),
        ("FREEZE now", "syntax error"),
        ("BACK 5", "syntax error"),
    ] {
        let told = told(&mut con, &format!("FAKEREDIS CLOCK {words}"));
        assert!(told.contains(why), "{words}: {told}");
    }
    assert_eq!(number(&mut con, "FAKEREDIS CLOCK GET"), 1_700_000_000_000);
    assert!(fake.clock().is_frozen());
}

fn a_blocked_command_ends_by_the_clock<C: ConnectionLike>(
    fake: &FakeRedis,
    connect: &dyn Fn() -> C,
) {
    let mut con = connect();
    let mut waiting = fake.connection();
    let popped = thread::spawn(move || waiting.blpop::<_, Option<(String, String)>>("jobs", 30.0));
    await_blocked(fake, 1);
    told(&mut con, "FAKEREDIS CLOCK ADVANCE 29999");
    assert!(!popped.is_finished());
    told(&mut con, "FAKEREDIS CLOCK ADVANCE 1");
    assert_eq!(popped.join().unwrap(), Ok(None));

    told(&mut con, "CLIENT PAUSE 10000 WRITE");
    let mut waiting = fake.connection();
    let set = thread::spawn(move || waiting.set("k", 1));
    await_blocked(fake, 1);
    told(&mut con, "FAKEREDIS CLOCK SET 1700000040000");
    assert_eq!(set.join().unwrap(), Ok(()));
}

fn a_sleep_passes_on_the_clock<C: ConnectionLike>(fake: &FakeRedis, connect: &dyn Fn() -> C) {
    let mut con = connect();
    assert_eq!(told(&mut con, "DEBUG SLEEP 30"), "OK");
    assert_eq!(shown(&mut con), [1_700_000_030; 4]);
    assert!(fake.clock().is_frozen());
}
