//! `mark`, `rewind` and `fork`: history that is edited while nobody has it open.

use fakeredis::FakeRedis;
use redis::Commands;
use serde_json::json;

use super::session::replay;
use super::session::shop;
use super::support::verified::Recorded;

#[test]
fn places_get_names() {
    let dir = shop(false);
    let at = |rev: &str| replay(dir.path(), "at", &[rev, "HGET", "product:1", "stock"]);
    assert_eq!(
        replay(dir.path(), "mark", &["first", "2"]).lines(),
        ["mark:first is record 14"]
    );
    assert_eq!(at("mark:first").lines(), ["\"10\""]);
    let now = replay(dir.path(), "mark", &["now", "--json"]).objects();
    assert_eq!(now, [json!({"seq": 17, "name": "now"})]);
    assert_eq!(at("mark:now").lines(), at("@").lines());
    let log = replay(dir.path(), "log", &["--grep", "first"]);
    assert!(log.out.contains("mark first at 2"), "{log:?}");
    let shown = replay(dir.path(), "show", &["14", "--json"]).objects();
    assert_eq!(shown[0]["at"], 2);
    assert_eq!(replay(dir.path(), "check", &[]).code, 0);

    let missing = replay(dir.path(), "mark", &["x", "99"]);
    assert_eq!(missing.code, 1, "{missing:?}");
    let beginning = replay(dir.path(), "mark", &["x", "@0"]);
    assert!(
        beginning.err.contains("@0") && beginning.code == 1,
        "{beginning:?}"
    );
    assert_eq!(replay(dir.path(), "mark", &[""]).code, 64);
}

#[test]
fn the_data_goes_back_and_a_rewind_is_undone() {
    let dir = shop(false);
    let rewound = replay(dir.path(), "rewind", &["2"]).lines().join("");
    assert_eq!(rewound, "the data is what it was at 2: record 14");
    let open = || FakeRedis::open(dir.path()).unwrap();
    let stock = |fake: &FakeRedis| fake.connection().hget::<_, _, i64>("product:1", "stock");
    let fake = open();
    assert_eq!(stock(&fake), Ok(10));
    let busy = replay(dir.path(), "rewind", &["3"]);
    assert_eq!(busy.code, 4, "a server has it: {busy:?}");
    fake.undo(1).unwrap();
    assert_eq!(stock(&fake), Ok(6));
    drop(fake);
    let again = replay(dir.path(), "rewind", &["mark:retry", "--json"]).objects();
    assert_eq!(again[0]["rev"], "mark:retry");
    assert_eq!(stock(&open()), Ok(6));
    assert_eq!(replay(dir.path(), "rewind", &["mark:never"]).code, 1);
}

#[test]
fn history_is_copied_up_to_a_record() {
    let dir = shop(false);
    let forks = Recorded::new();
    let new = forks.path().join("new");
    let fork = |rev: &str, rest: &[&str]| {
        let new = new.to_str().unwrap();
        replay(dir.path(), "fork", &[&[rev, new], rest].concat())
    };
    let told = fork("8", &[]);
    assert!(
        told.lines()[0].ends_with("holds the history up to record 8"),
        "{told:?}"
    );
    let log = |dir: &std::path::Path, range: &str| replay(dir, "log", &[range]).out;
    assert_eq!(log(&new, ".."), log(dir.path(), "..8"));
    let taken = fork("8", &[]);
    assert!(
        taken.err.contains("not empty") && taken.code == 4,
        "{taken:?}"
    );

    let before = log(dir.path(), "..");
    let mut con = FakeRedis::open(&new).unwrap().connection();
    assert_eq!(con.hget::<_, _, i64>("product:1", "stock"), Ok(5));
    let _: () = con.del("product:1").unwrap();
    drop(con);
    assert_eq!(replay(&new, "check", &[]).code, 0);
    assert_eq!(log(dir.path(), ".."), before);
    assert_eq!(fork("99", &[]).code, 1);
}

#[test]
fn a_fork_may_begin_with_the_data_alone() {
    let dir = shop(false);
    let forks = Recorded::new();
    let new = forks.path().join("new");
    let fork = || {
        let words = ["8", new.to_str().unwrap(), "--state", "--json"];
        replay(dir.path(), "fork", &words)
    };
    assert_eq!(fork().objects()[0]["what"], "state");
    let digest = |dir: &std::path::Path, rev: &str| {
        let timeline = fakeredis::Timeline::open(dir).unwrap();
        timeline.digest(&rev.parse().unwrap()).unwrap()
    };
    assert_eq!(digest(&new, "@"), digest(dir.path(), "8"));
    let commits = replay(&new, "log", &["--json"]).objects();
    assert!(commits.iter().all(|entry| entry["origin"] != "exec"));
    assert!(fork().err.contains("there is a journal"));
}

#[test]
fn a_compacted_and_busy_journal_is_forked_with_its_checkpoints() {
    let dir = Recorded::new();
    let (old, new) = (dir.path().join("old"), dir.path().join("new"));
    let fake = FakeRedis::open(&old).unwrap();
    let mut con = fake.connection();
    for number in 0..20 {
        let _: () = con.set("n", number).unwrap();
    }
    fake.compact(fakeredis::Rev::seq(10)).unwrap();
    let _: () = con.set("n", "last").unwrap();
    let told = replay(&old, "fork", &["15", new.to_str().unwrap()]);
    assert_eq!(told.code, 0, "{told:?}");
    let mut fork = FakeRedis::open(&new).unwrap().connection();
    assert_eq!(fork.get::<_, i64>("n"), Ok(13));
    assert_eq!(con.get::<_, String>("n").unwrap(), "last");
}
