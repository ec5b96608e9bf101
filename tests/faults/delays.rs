//! Delays: who waits, who does not, and by which clock.

use std::thread;
use std::time::Duration;

use fakeredis::FakeRedis;
use fakeredis::Fault;
use fakeredis::clock::Stopwatch;
use redis::Commands;
use redis::ConnectionLike;

use super::await_blocked;
use super::frozen;
use super::run;
use super::told;

through_both_doors! {
    a_delayed_command_waits_for_the_clock_and_nobody_for_it
    what_is_sent_behind_it_waits_too
    a_delay_goes_on_to_the_next_fault
    a_command_is_queued_late
}
use super::through_both_doors;

fn second(fault: Fault) -> Fault {
    fault.on_command("INCRBY").times(1)
}

fn a_delayed_command_waits_for_the_clock_and_nobody_for_it<C: ConnectionLike>(
    fake: &FakeRedis,
    connect: &dyn Fn() -> C,
) {
    let fault = fake
        .inject(second(Fault::delay(Duration::from_secs(5))))
        .unwrap();
    let mut con = fake.connection();
    let mut other = connect();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| con.incr::<_, _, i64>("n", 10));
        await_blocked(fake, 1);
        assert_eq!(fault.hits(), 1);
        assert_eq!(other.incr("n", 1), Ok(1), "others run meanwhile");
        fake.clock().advance(Duration::from_millis(4999));
        assert_eq!(other.incr("n", 1), Ok(2));
        assert!(!waiting.is_finished());
        fake.clock().advance(Duration::from_millis(1));
        assert_eq!(waiting.join().unwrap(), Ok(12));
    });
}

fn what_is_sent_behind_it_waits_too<C: ConnectionLike>(fake: &FakeRedis, connect: &dyn Fn() -> C) {
    fake.clock().resume();
    let _fault = fake
        .inject(second(Fault::delay(Duration::from_millis(40))))
        .unwrap();
    let watch = Stopwatch::start();
    let mut pipe = redis::pipe();
    pipe.set("k", 1).incr("k", 1).get("k").get("k");
    let values: (String, i64, i64, i64) = pipe.query(&mut connect()).unwrap();
    assert_eq!(values, ("OK".to_owned(), 2, 2, 2));
    assert!(watch.elapsed() >= Duration::from_millis(40));
}

fn a_delay_goes_on_to_the_next_fault<C: ConnectionLike>(fake: &FakeRedis, connect: &dyn Fn() -> C) {
    fake.clock().resume();
    let delay = fake
        .inject(Fault::delay(Duration::from_millis(10)))
        .unwrap();
    let other = fake
        .inject(Fault::delay(Duration::from_millis(10)))
        .unwrap();
    let lost = fake.inject(second(Fault::disconnect_after())).unwrap();
    let watch = Stopwatch::start();
    assert!(connect().incr::<_, _, i64>("n", 1).is_err());
    assert!(watch.elapsed() >= Duration::from_millis(20));
    assert_eq!((delay.hits(), other.hits(), lost.hits()), (1, 1, 1));
    assert_eq!(connect().get("n"), Ok(1));
}

fn a_command_is_queued_late<C: ConnectionLike>(fake: &FakeRedis, connect: &dyn Fn() -> C) {
    fake.clock().resume();
    let fault = fake
        .inject(second(Fault::delay(Duration::from_millis(10))))
        .unwrap();
    let mut con = connect();
    told(&mut con, "MULTI");
    assert_eq!(told(&mut con, "INCRBY n 1"), "QUEUED");
    assert!(run(&mut con, "EXEC").is_ok());
    assert_eq!(fault.hits(), 1);
    assert_eq!(con.get("n"), Ok(1));
}

#[test]
fn who_leaves_takes_a_delayed_command_along() {
    let fake = frozen();
    let server = fake.serve("127.0.0.1:0").unwrap();
    let client = redis::Client::open(server.url()).unwrap();
    let mut con = client.get_connection().unwrap();
    con.set_read_timeout(Some(Duration::from_millis(20)))
        .unwrap();
    let _fault = fake
        .inject(second(Fault::delay(Duration::from_secs(5))))
        .unwrap();
    let late = con.incr::<_, _, i64>("n", 1).unwrap_err();
    assert!(late.is_timeout(), "{late}");
    drop(con);
    await_blocked(&fake, 0);
    fake.clock().advance(Duration::from_secs(10));
    assert!(!fake.connection().exists::<_, bool>("n").unwrap());
}

#[test]
fn a_pause_and_a_delay_both_hold_back() {
    let fake = frozen();
    let mut con = fake.connection();
    let fault = fake
        .inject(second(Fault::delay(Duration::from_secs(5))))
        .unwrap();
    told(&mut fake.connection(), "CLIENT PAUSE 2000 WRITE");
    let waiting = thread::spawn(move || con.incr::<_, _, i64>("n", 1));
    await_blocked(&fake, 1);
    assert_eq!(fault.hits(), 0, "what does not run meets no fault");
    fake.clock().advance(Duration::from_secs(2));
    while fault.hits() == 0 {
        thread::yield_now();
    }
    fake.clock().advance(Duration::from_secs(5));
    assert_eq!(waiting.join().unwrap(), Ok(1));
    assert_eq!(fault.hits(), 1);
}
