//! Faults and MULTI: where a command is queued, where EXEC runs it, and EXEC itself.

use fakeredis::FakeRedis;
use fakeredis::Fault;
use redis::Commands;
use redis::ConnectionLike;
use redis::Value;

use super::run;
use super::told;

through_both_doors! {
    an_error_where_a_command_is_queued_refuses_the_exec
    an_error_inside_stands_in_its_place
    an_exec_that_is_refused_drops_its_queue
    an_exec_whose_reply_is_lost_was_applied
    an_exec_has_the_keys_of_its_queue
    a_connection_that_ends_within_multi_drops_the_queue
}
use super::through_both_doors;

fn an_error_where_a_command_is_queued_refuses_the_exec<C: ConnectionLike>(
    fake: &FakeRedis,
    connect: &dyn Fn() -> C,
) {
    let mut con = connect();
    let fault = fake
        .inject(Fault::error("OOM no memory").on_command("SET"))
        .unwrap();
    assert_eq!(told(&mut con, "MULTI"), "OK");
    assert_eq!(told(&mut con, "INCR n"), "QUEUED");
    assert!(told(&mut con, "SET k 1").contains("OOM"));
    let refused = run(&mut con, "EXEC").unwrap_err();
    assert_eq!(refused.code(), Some("EXECABORT"));
    assert!(!con.exists::<_, bool>("n").unwrap());
    assert_eq!(fault.hits(), 1);
}

fn an_error_inside_stands_in_its_place<C: ConnectionLike>(
    fake: &FakeRedis,
    connect: &dyn Fn() -> C,
) {
    let mut con = connect();
    let fault = fake.inject(Fault::error("WRONGTYPE no").on_command("SET").inside());
    let fault = fault.unwrap();
    for line in ["MULTI", "INCR n", "SET k 1", "INCR n"] {
        assert!(run(&mut con, line).is_ok(), "{line}");
    }
    let Ok(Value::Array(replies)) = con.req_command(&redis::cmd("EXEC")) else {
        panic!("EXEC ran")
    };
    assert_eq!((&replies[0], &replies[2]), (&Value::Int(1), &Value::Int(2)));
    assert!(matches!(&replies[1], Value::ServerError(error) if error.code() == "WRONGTYPE"));
    assert!(!con.exists::<_, bool>("k").unwrap());
    assert_eq!(fault.hits(), 1);
}

fn an_exec_that_is_refused_drops_its_queue<C: ConnectionLike>(
    fake: &FakeRedis,
    connect: &dyn Fn() -> C,
) {
    let mut con = connect();
    let fault = fake.inject(Fault::error("LOADING wait").on_command("EXEC").times(1));
    let _fault = fault.unwrap();
    told(&mut con, "MULTI");
    told(&mut con, "INCR n");
    let refused = run(&mut con, "EXEC").unwrap_err();
    assert_eq!(
        refused.code(),
        Some("EXECABORT"),
        "as a real server words it"
    );
    assert!(refused.to_string().contains("LOADING wait"), "{refused}");
    assert!(told(&mut con, "EXEC").contains("EXEC without MULTI"));
    assert!(!con.exists::<_, bool>("n").unwrap());
}

fn an_exec_whose_reply_is_lost_was_applied<C: ConnectionLike>(
    fake: &FakeRedis,
    connect: &dyn Fn() -> C,
) {
    let fault = fake
        .inject(Fault::disconnect_mid().on_command("EXEC"))
        .unwrap();
    let mut pipe = redis::pipe();
    pipe.atomic().incr("a", 1).incr("b", 1);
    let lost = pipe.query::<(i64, i64)>(&mut connect()).unwrap_err();
    assert!(lost.is_connection_dropped(), "{lost}");
    assert_eq!(connect().mget::<_, Vec<i64>>(&["a", "b"]), Ok(vec![1, 1]));
    assert_eq!(fault.hits(), 1);
}

fn an_exec_has_the_keys_of_its_queue<C: ConnectionLike>(fake: &FakeRedis, connect: &dyn Fn() -> C) {
    let fault = Fault::disconnect_after()
        .on_command("EXEC")
        .on_key("stock:*");
    let _fault = fake.inject(fault).unwrap();
    let mut pipe = redis::pipe();
    pipe.atomic().incr("sold", 1);
    assert_eq!(pipe.query(&mut connect()), Ok((1,)));
    pipe.decr("stock:1", 1);
    assert!(pipe.query::<()>(&mut connect()).is_err());
    assert_eq!(
        connect().mget::<_, Vec<i64>>(&["sold", "stock:1"]),
        Ok(vec![2, -1])
    );
}

fn a_connection_that_ends_within_multi_drops_the_queue<C: ConnectionLike>(
    fake: &FakeRedis,
    connect: &dyn Fn() -> C,
) {
    let mut con = connect();
    let _fault = fake
        .inject(Fault::disconnect_after().on_command("DECRBY"))
        .unwrap();
    for line in ["WATCH n", "MULTI", "INCR n"] {
        assert!(run(&mut con, line).is_ok(), "{line}");
    }
    assert!(run(&mut con, "DECRBY n 1").is_err());
    let sessions = fake.engine().lock().world().sessions.len();
    assert_eq!(sessions, 0, "it is gone at once");
    assert!(run(&mut con, "EXEC").is_err());
    assert!(!connect().exists::<_, bool>("n").unwrap());
}
