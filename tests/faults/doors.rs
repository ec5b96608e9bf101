//! Each kind of fault and each way to select, through both doors.

use fakeredis::FakeRedis;
use fakeredis::Fault;
use redis::Commands;
use redis::ConnectionLike;
use redis::ErrorKind;
use redis::RedisError;

use super::run;
use super::told;

through_both_doors! {
    an_error_is_the_reply_and_nothing_runs
    a_connection_that_ends_before_the_command_has_done_nothing
    a_connection_that_ends_after_the_command_has_done_it
    a_connection_that_ends_within_the_reply_has_done_it
    earlier_replies_of_a_pipeline_are_whole
    only_the_command_that_is_named
    a_container_stands_for_its_subcommands
    only_keys_that_the_pattern_fits
    only_the_client_that_is_named
    the_nth_time
    what_is_about_the_connection_must_be_named
    own_commands_are_never_hit
    a_fault_ends_when_it_is_dropped
    the_first_fault_decides
    a_script_is_told_the_error_inside
    a_blocked_pop_that_is_lost_has_taken_the_element
}
use super::through_both_doors;

fn error_of<T: std::fmt::Debug>(result: redis::RedisResult<T>) -> RedisError {
    result.unwrap_err()
}

fn an_error_is_the_reply_and_nothing_runs<C: ConnectionLike>(
    fake: &FakeRedis,
    connect: &dyn Fn() -> C,
) {
    let mut con = connect();
    let message = "LOADING Redis is loading the dataset in memory";
    let fault = fake.inject(Fault::error(message)).unwrap();
    let error = error_of(con.set::<_, _, ()>("k", 1));
    assert_eq!(error.code(), Some("LOADING"));
    assert_eq!(
        error.kind(),
        ErrorKind::Server(redis::ServerErrorKind::BusyLoading)
    );
    assert_eq!(fault.hits(), 1);
    drop(fault);
    assert!(!con.exists::<_, bool>("k").unwrap());
}

/// The connection is of no use any more, whatever is sent, and another one is.
fn assert_broken<C: ConnectionLike>(con: &mut C, lost: &RedisError, connect: &dyn Fn() -> C) {
    assert!(lost.is_io_error(), "{lost}");
    assert!(lost.is_connection_dropped(), "{lost}");
    for _ in 0..2 {
        let error = error_of(run(con, "SET other 1"));
        assert!(
            error.is_io_error() && error.is_connection_dropped(),
            "{error}"
        );
        assert!(!con.is_open());
    }
    assert!(!connect().exists::<_, bool>("other").unwrap());
}

fn a_connection_that_ends_before_the_command_has_done_nothing<C: ConnectionLike>(
    fake: &FakeRedis,
    connect: &dyn Fn() -> C,
) {
    let mut con = connect();
    let fault = fake.inject(Fault::disconnect_before().on_command("INCRBY").times(1));
    let fault = fault.unwrap();
    let lost = error_of(con.incr::<_, _, i64>("n", 1));
    assert_broken(&mut con, &lost, connect);
    assert_eq!(connect().incr::<_, _, i64>("n", 1), Ok(1));
    assert_eq!(fault.hits(), 1);
}

fn a_connection_that_ends_after_the_command_has_done_it<C: ConnectionLike>(
    fake: &FakeRedis,
    connect: &dyn Fn() -> C,
) {
    let mut con = connect();
    let fault = fake.inject(Fault::disconnect_after().on_command("INCRBY").times(1));
    let _fault = fault.unwrap();
    let lost = error_of(con.incr::<_, _, i64>("n", 1));
    assert_broken(&mut con, &lost, connect);
    assert_eq!(connect().incr::<_, _, i64>("n", 1), Ok(2));
}

fn a_connection_that_ends_within_the_reply_has_done_it<C: ConnectionLike>(
    fake: &FakeRedis,
    connect: &dyn Fn() -> C,
) {
    let mut con = connect();
    let _: () = con.set("k", "twenty bytes of text").unwrap();
    let fault = fake.inject(Fault::disconnect_mid().on_command("GETDEL"));
    let _fault = fault.unwrap();
    let lost = error_of(con.get_del::<_, String>("k"));
    assert_broken(&mut con, &lost, connect);
    assert!(!connect().exists::<_, bool>("k").unwrap());
}

fn earlier_replies_of_a_pipeline_are_whole<C: ConnectionLike>(
    fake: &FakeRedis,
    connect: &dyn Fn() -> C,
) {
    let mut con = connect();
    let _fault = fake.inject(Fault::disconnect_before().on_key("b")).unwrap();
    let pipe = redis::pipe().incr("a", 1).incr("b", 1).incr("c", 1).clone();
    assert!(error_of(pipe.query::<()>(&mut con)).is_connection_dropped());
    // What is behind the end was not read.
    let values: Vec<Option<i64>> = connect().mget(&["a", "c"]).unwrap();
    assert_eq!(values, [Some(1), None]);
}

fn only_the_command_that_is_named<C: ConnectionLike>(fake: &FakeRedis, connect: &dyn Fn() -> C) {
    let mut con = connect();
    let fault = fake
        .inject(Fault::error("OOM no").on_command("sEt"))
        .unwrap();
    assert_eq!(told(&mut con, "SETNX k 1"), "1");
    assert!(told(&mut con, "set k 2").contains("OOM"));
    assert_eq!(told(&mut con, "GET k"), "1");
    assert_eq!(fault.hits(), 1);
}

fn a_container_stands_for_its_subcommands<C: ConnectionLike>(
    fake: &FakeRedis,
    connect: &dyn Fn() -> C,
) {
    let mut con = connect();
    let one = fake.inject(Fault::error("ERR one").on_command("config set"));
    let all = fake.inject(Fault::error("ERR all").on_command("CONFIG"));
    let (one, all) = (one.unwrap(), all.unwrap());
    assert!(told(&mut con, "CONFIG SET maxmemory 1").contains("one"));
    assert!(told(&mut con, "CONFIG GET maxmemory").contains("all"));
    assert_eq!((one.hits(), all.hits()), (1, 1));
}

fn only_keys_that_the_pattern_fits<C: ConnectionLike>(fake: &FakeRedis, connect: &dyn Fn() -> C) {
    let mut con = connect();
    let _fault = fake
        .inject(Fault::error("ERR no").on_key("stock:*"))
        .unwrap();
    assert_eq!(told(&mut con, "SET sold:1 stock:1"), "OK");
    assert!(told(&mut con, "MGET sold:1 stock:1").contains("no"));
    assert!(told(&mut con, "EVAL return 1 stock:1").contains("no"));
    let script = redis::Script::new("return 1");
    assert_eq!(script.key("sold:1").invoke::<i64>(&mut con), Ok(1));
    assert!(script.key("stock:1").invoke::<i64>(&mut con).is_err());
}

fn only_the_client_that_is_named<C: ConnectionLike>(fake: &FakeRedis, connect: &dyn Fn() -> C) {
    let (mut worker, mut other) = (connect(), connect());
    told(&mut worker, "CLIENT SETNAME worker-1");
    let id = told(&mut other, "CLIENT ID");
    let by_name = fake.inject(Fault::error("ERR name").on_client("worker-*"));
    let by_id = fake.inject(Fault::error("ERR id").on_client(&id));
    let _faults = (by_name.unwrap(), by_id.unwrap());
    assert!(told(&mut worker, "GET k").contains("name"));
    assert!(told(&mut other, "GET k").contains("id"));
    assert_eq!(run(&mut connect(), "GET k"), Ok(redis::Value::Nil));
}

fn the_nth_time<C: ConnectionLike>(fake: &FakeRedis, connect: &dyn Fn() -> C) {
    let mut con = connect();
    let fault = fake.inject(
        Fault::error("ERR no")
            .on_command("INCRBY")
            .after(2)
            .times(3),
    );
    let fault = fault.unwrap();
    let failed = |_| con.incr::<_, _, i64>("n", 1).is_err();
    let failed: Vec<bool> = (0..7).map(failed).collect();
    assert_eq!(failed, [false, false, true, true, true, false, false]);
    assert_eq!(fault.hits(), 3);
    assert!(
        !fake.engine().lock().world().faults.is_armed(),
        "it is spent"
    );
}

fn what_is_about_the_connection_must_be_named<C: ConnectionLike>(
    fake: &FakeRedis,
    connect: &dyn Fn() -> C,
) {
    let fault = fake.inject(Fault::error("ERR no")).unwrap();
    let mut con = connect();
    assert_eq!(told(&mut con, "PING"), "PONG");
    assert_eq!(told(&mut con, "CLIENT SETNAME a"), "OK");
    assert_eq!(fault.hits(), 0);
    let _named = fake
        .inject(Fault::error("ERR named").on_command("PING"))
        .unwrap();
    assert!(told(&mut con, "PING").contains("named"));
}

fn own_commands_are_never_hit<C: ConnectionLike>(fake: &FakeRedis, connect: &dyn Fn() -> C) {
    let mut con = connect();
    let _fault = fake.inject(Fault::error("ERR no")).unwrap();
    assert_eq!(told(&mut con, "FAKEREDIS CLOCK GET"), "1700000000000");
    assert_eq!(told(&mut con, "FAKEREDIS FAULT CLEAR"), "OK");
    assert_eq!(told(&mut con, "SET k 1"), "OK");
}

fn a_fault_ends_when_it_is_dropped<C: ConnectionLike>(fake: &FakeRedis, connect: &dyn Fn() -> C) {
    let mut con = connect();
    let fault = fake.inject(Fault::error("ERR no")).unwrap();
    assert!(run(&mut con, "GET k").is_err());
    drop(fault);
    assert!(run(&mut con, "GET k").is_ok());
    let id = fake.inject(Fault::error("ERR no")).unwrap().keep();
    assert!(run(&mut con, "GET k").is_err());
    assert_eq!(
        told(&mut con, &format!("FAKEREDIS FAULT REMOVE {id}")),
        "OK"
    );
    assert!(run(&mut con, "GET k").is_ok());
    fake.inject(Fault::error("ERR no")).unwrap().keep();
    fake.clear_faults().unwrap();
    assert!(run(&mut con, "GET k").is_ok());
}

fn the_first_fault_decides<C: ConnectionLike>(fake: &FakeRedis, connect: &dyn Fn() -> C) {
    let mut con = connect();
    let first = fake.inject(Fault::error("ERR first").times(1)).unwrap();
    let second = fake
        .inject(Fault::error("ERR second").after(1).times(1))
        .unwrap();
    assert!(told(&mut con, "GET k").contains("first"));
    assert_eq!(run(&mut con, "GET k"), Ok(redis::Value::Nil));
    assert!(told(&mut con, "GET k").contains("second"));
    assert_eq!((first.hits(), second.hits()), (1, 1));
}

fn a_script_is_told_the_error_inside<C: ConnectionLike>(fake: &FakeRedis, connect: &dyn Fn() -> C) {
    let mut con = connect();
    let sent = fake
        .inject(Fault::error("ERR sent").on_command("DEL"))
        .unwrap();
    let _inside = fake
        .inject(Fault::error("OOM inside").on_command("SET").inside())
        .unwrap();
    let script = redis::Script::new(
        "redis.call('DEL', 'k'); local r = redis.pcall('SET', 'k', 1); return r['err']",
    );
    let told: String = script.invoke(&mut con).unwrap();
    assert_eq!(told, "OOM inside");
    assert_eq!(con.set("k", 1), Ok(()), "it is for commands inside");
    assert_eq!(sent.hits(), 0);
}

fn a_blocked_pop_that_is_lost_has_taken_the_element<C: ConnectionLike>(
    fake: &FakeRedis,
    connect: &dyn Fn() -> C,
) {
    let fault = fake.inject(Fault::disconnect_after().on_command("BLPOP"));
    let _fault = fault.unwrap();
    let mut con = fake.connection();
    let waiting = std::thread::spawn(move || {
        let lost = error_of(con.blpop::<_, (String, String)>("jobs", 0.0));
        (con, lost)
    });
    super::await_blocked(fake, 1);
    let _: () = connect().rpush("jobs", &["a", "b"]).unwrap();
    let (mut con, lost) = waiting.join().unwrap();
    assert!(lost.is_connection_dropped() && !con.is_open() && con.get_db() == 0);
    assert!(run(&mut con, "PING").is_err());
    assert_eq!(connect().lrange("jobs", 0, -1), Ok(vec!["b".to_owned()]));
}
