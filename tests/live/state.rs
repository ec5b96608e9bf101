//! Going back and forth over the wire, snapshots by name, and datasets.

use fakeredis::FakeRedis;
use fakeredis::Recording;
use fakeredis::Rev;

use super::Lab;
use super::run;
use super::run_all;
use crate::support::verified::Recorded;
use crate::support::verified::verify;

#[test]
fn history_goes_back_and_forth() {
    Lab::through_both_doors(|lab, door| {
        let mut con = door(lab);
        run_all(&mut con, &["SET a 1", "SET a 2"]);
        assert_eq!(run(&mut con, "FAKEREDIS MARK two"), "4");
        run(&mut con, "SET a 3");
        assert_eq!(run(&mut con, "FAKEREDIS UNDO 2"), "6");
        assert_eq!(run(&mut con, "GET a"), "1");
        assert_eq!(run(&mut con, "FAKEREDIS REDO"), "7");
        assert_eq!(run(&mut con, "GET a"), "2");
        run(&mut con, "FAKEREDIS REDO");
        assert!(run(&mut con, "FAKEREDIS REDO").contains("nothing to redo"));
        assert_eq!(run(&mut con, "GET a"), "3");
        assert_eq!(run(&mut con, "FAKEREDIS REWIND mark:two"), "9");
        assert_eq!(run(&mut con, "GET a"), "2");
        run(&mut con, "FAKEREDIS UNDO");
        assert_eq!(run(&mut con, "GET a"), "3", "a rewind is undone");
        assert!(run(&mut con, "FAKEREDIS REWIND 99").contains("there is no record 99"));
    });
}

#[test]
fn a_state_has_a_name_with_and_without_history() {
    for lab in [Lab::new(), Lab::of(FakeRedis::new())] {
        for mut con in [lab.inside(), lab.outside()] {
            run_all(
                &mut con,
                &[
                    "FLUSHALL",
                    "SET a 1",
                    "FAKEREDIS SNAPSHOT fresh",
                    "DEL a",
                    "SET b 1",
                ],
            );
            assert_eq!(run(&mut con, "FAKEREDIS RESTORE fresh"), "OK");
            assert_eq!(run(&mut con, "KEYS *"), "[a]");
            assert_eq!(run(&mut con, "FAKEREDIS RESET"), "OK");
            assert_eq!(run(&mut con, "DBSIZE"), "0");
            assert_eq!(run(&mut con, "FAKEREDIS RESTORE fresh"), "OK");
            assert_eq!(run(&mut con, "GET a"), "1");
            assert!(run(&mut con, "FAKEREDIS RESTORE other").starts_with('('));
        }
    }
}

#[test]
fn a_snapshot_outlives_the_process_as_a_mark() {
    let dir = Recorded::new();
    let lab = Lab::of(FakeRedis::open(dir.path()).unwrap());
    run_all(
        &mut lab.inside(),
        &["SET a 1", "FAKEREDIS SNAPSHOT fresh", "FAKEREDIS RESET"],
    );
    drop(lab);
    let lab = Lab::of(FakeRedis::open(dir.path()).unwrap());
    let mut con = lab.outside();
    assert_eq!(run(&mut con, "DBSIZE"), "0");
    assert_eq!(run(&mut con, "FAKEREDIS RESTORE fresh"), "OK");
    assert_eq!(run(&mut con, "GET a"), "1");
    assert!(run(&mut con, "FAKEREDIS RESTORE other").contains("no mark 'other'"));
}

#[test]
fn an_empty_state_that_is_reset_leaves_no_record() {
    let lab = Lab::new();
    let mut con = lab.inside();
    assert_eq!(run(&mut con, "FAKEREDIS RESET"), "OK");
    assert_eq!(run(&mut con, "FAKEREDIS SEQ"), "1");
    run_all(&mut con, &["SET a 1", "FAKEREDIS RESET"]);
    assert_eq!(run(&mut con, "FAKEREDIS SEQ"), "3");
    run(&mut con, "FAKEREDIS UNDO");
    assert_eq!(run(&mut con, "GET a"), "1");
    let past = lab.fake.timeline().unwrap();
    let then = past.digest(&Rev::seq(3)).unwrap();
    assert_eq!(then, "0".repeat(40), "recovery empties it too");
}

#[test]
fn datasets_are_loaded_by_name() {
    Lab::through_both_doors(|lab, door| {
        let mut con = door(lab);
        let list = run(&mut con, "FAKEREDIS FIXTURE LIST");
        assert!(
            list.contains("inventory") && list.contains("balances"),
            "{list}"
        );
        let loaded = run(&mut con, "FAKEREDIS FIXTURE LOAD inventory");
        assert!(loaded.contains("verified"), "{loaded}");
        assert_eq!(run(&mut con, "HGET product:product_1 stock"), "10");
        let missing = run(&mut con, "FAKEREDIS FIXTURE LOAD /etc/passwd");
        assert!(missing.contains("no dataset"), "{missing}");
        assert!(run(&mut con, "FAKEREDIS FIXTURE LOAD inventory SCALE 0").starts_with('('));
    });
}

#[test]
fn a_snapshot_of_history_that_was_dropped_is_not_gone_back_to() {
    let dir = Recorded::new();
    let lab = Lab::of(FakeRedis::open(dir.path()).unwrap());
    let mut con = lab.inside();
    run_all(&mut con, &["SET a 1", "FAKEREDIS SNAPSHOT old"]);
    let before = lab.fake.snapshot();
    run_all(
        &mut con,
        &[
            "SET a 2",
            "SET a 3",
            "SET a 4",
            "FAKEREDIS JOURNAL COMPACT 6",
        ],
    );
    assert!(run(&mut con, "FAKEREDIS RESTORE old").starts_with('('));
    assert_eq!(run(&mut con, "GET a"), "4");
    lab.fake.restore(&before).unwrap();
    assert_eq!(run(&mut con, "GET a"), "1");
    drop((con, lab));
    let again = FakeRedis::open(dir.path()).unwrap();
    assert_eq!(redis::Commands::get(&mut again.connection(), "a"), Ok(1));
}

#[test]
fn what_the_fakes_own_commands_did_is_run_again_without_a_difference() {
    let dir = Recorded::new();
    let builder = FakeRedis::builder().journal(dir.path());
    let lab = Lab::of(builder.record(Recording::Session).build().unwrap());
    let own = |lines: &str| {
        lines
            .lines()
            .map(|line| format!("FAKEREDIS {}", line.trim()))
            .collect::<Vec<_>>()
    };
    let own = own(
        "MARK x\nSNAPSHOT s\nUNDO\nREDO\nRESTORE s\nAT @ GET a\nLOG\nSEQ\nJOURNAL STATUS\nRESET\nFIXTURE LOAD inventory",
    );
    let mut con = lab.outside();
    run_all(&mut con, &["SET a 1", "SET a 2"]);
    run_all(
        &mut con,
        &own.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    run_all(&mut con, &["HINCRBY product:product_1 stock -1", "GET a"]);
    drop((con, lab));
    verify(dir.path()).unwrap();
}
