//! FAKEREDIS FAULT: its words, its answers, and what it refuses.

use std::collections::BTreeMap;

use fakeredis::FakeRedis;
use fakeredis::Fault;
use redis::Commands;

use super::run;
use super::told;

#[test]
fn faults_are_listed_with_what_they_have_done() {
    let fake = FakeRedis::new();
    let mut con = fake.connection();
    let add = "FAKEREDIS FAULT ADD cmd get KEY k* TIMES 2 ERROR OOM not now";
    assert_eq!(told(&mut con, add), "1");
    assert_eq!(told(&mut con, "FAKEREDIS FAULT ADD CMD SET DELAY 0"), "2");
    assert!(run(&mut con, "GET k").is_err());
    assert!(run(&mut con, "GET other").is_ok());
    assert_eq!(con.set("k", 1), Ok(()));
    let list = redis::cmd("FAKEREDIS").arg(&["FAULT", "LIST"]).clone();
    let listed: Vec<BTreeMap<String, Option<String>>> = list.query(&mut con).unwrap();
    let facts = |at: usize| ["id", "fault", "hits", "left"].map(|name| listed[at][name].as_deref());
    assert_eq!(listed.len(), 2);
    assert_eq!(
        facts(0),
        ["1", "cmd get KEY k* TIMES 2 ERROR OOM not now", "1", "1"].map(Some)
    );
    assert_eq!(
        facts(1),
        [Some("2"), Some("CMD SET DELAY 0"), Some("1"), None]
    );
}

#[test]
fn what_can_be_no_fault_is_refused_and_adds_none() {
    let fake = FakeRedis::new();
    let mut con = fake.connection();
    for (words, why) in [
        ("", "syntax error"),
        ("CMD GET", "syntax error"),
        ("ERROR", "syntax error"),
        ("CMD NONE ERROR x", "unknown command 'NONE'"),
        ("CMD fakeredis ERROR x", "never hit FAKEREDIS"),
        ("AFTER -1 ERROR x", "not an integer"),
        ("TIMES many ERROR x", "not an integer"),
        ("PROB 1.5 ERROR x", "between 0 and 1"),
        ("PROB nan ERROR x", "not a valid float"),
        ("DELAY soon", "not an integer"),
        ("DELAY 5 6", "syntax error"),
        ("DISCONNECT LATER", "syntax error"),
        ("DISK EPERM", "syntax error"),
        ("DISK EIO", "no journal"),
        ("INSIDE DELAY 5", "INSIDE goes with ERROR only"),
        ("ERROR a\r\nb", "one line"),
    ] {
        let line = format!("FAKEREDIS FAULT ADD {words}");
        let told = told(&mut con, line.trim_end());
        assert!(told.contains(why), "{words}: {told}");
    }
    assert!(told(&mut con, "FAKEREDIS FAULT REMOVE 1").contains("there is no fault 1"));
    assert!(told(&mut con, "FAKEREDIS FAULT NONE").contains("syntax error"));
    let error = fake
        .inject(Fault::error("ERR x").on_command("NONE"))
        .unwrap_err();
    assert!(
        error.to_string().contains("unknown command 'NONE'"),
        "{error}"
    );
    assert_eq!(fake.engine().lock().world().faults.iter().count(), 0);
}

#[test]
fn a_dataset_is_loaded_all_the_same() {
    let fake = FakeRedis::new();
    let fault = fake.inject(Fault::error("ERR no")).unwrap();
    fake.load("inventory").unwrap();
    assert_eq!(fault.hits(), 0);
}
