//! Whoever watches a key or waits for one learns that history went back.

use std::sync::mpsc;
use std::thread;

use redis::PushInfo;
use redis::PushKind;

use super::Lab;
use super::field;
use super::run;
use super::run_all;
use super::text;

#[test]
fn a_rewind_aborts_the_exec_of_whoever_watches_what_it_changed() {
    Lab::through_both_doors(|lab, door| {
        let (mut con, mut other) = (door(lab), door(lab));
        run_all(&mut con, &["SET a 1", "SET b 1", "SET a 2", "WATCH a"]);
        assert_eq!(run(&mut other, "FAKEREDIS REWIND 3"), "5");
        run_all(&mut con, &["MULTI", "SET a 9"]);
        assert_eq!(run(&mut con, "EXEC"), "nil");
        let why = super::send(&mut con, &["FAKEREDIS", "WHY"]).unwrap();
        assert_eq!(text(&field(&why, "culprit")), "5");
        assert_eq!(text(&field(&field(&why, "changed_by"), "kind")), "rewind");
        run_all(&mut con, &["WATCH b"]);
        run(&mut other, "FAKEREDIS REDO");
        run(&mut other, "FAKEREDIS REWIND 4");
        run_all(&mut con, &["MULTI", "SET b 9"]);
        assert_eq!(run(&mut con, "EXEC"), "[OK]", "b is what it was");
    });
}

#[test]
fn a_rewind_or_a_restore_serves_whoever_waits() {
    for back in ["REWIND 2", "UNDO", "RESTORE full"] {
        Lab::through_both_doors(|lab, door| {
            let (mut waiting, mut other) = (lab.outside(), door(lab));
            run_all(
                &mut other,
                &["RPUSH jobs a", "FAKEREDIS SNAPSHOT full", "DEL jobs"],
            );
            let popped = thread::spawn(move || run(&mut waiting, "BLPOP jobs 0"));
            while !run(&mut other, "INFO clients").contains("blocked_clients:1") {}
            let answer = run(&mut other, &format!("FAKEREDIS {back}"));
            assert!(!answer.starts_with('('), "{answer}");
            assert_eq!(popped.join().unwrap(), "[jobs a]");
            assert_eq!(run(&mut other, "EXISTS jobs"), "0");
            let log = run(&mut other, "FAKEREDIS LOG COUNT 1");
            assert!(log.contains("blocked"), "{log}");
        });
    }
}

/// A connection over the wire that keeps copies, and what it is told of them.
struct Tracker {
    con: redis::Connection,
    told: mpsc::Receiver<PushInfo>,
}

impl Tracker {
    fn new(lab: &Lab, options: &str) -> Tracker {
        let client = redis::Client::open(format!("{}/?protocol=resp3", lab.server.url())).unwrap();
        let mut con = client.get_connection().unwrap();
        let (sender, told) = mpsc::channel();
        con.set_push_sender(sender);
        let mut tracker = Tracker { con, told };
        tracker.run(&format!("CLIENT TRACKING ON {options}"));
        tracker
    }

    fn run(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]).exec(&mut self.con).unwrap();
    }

    /// Of which keys it was told until now.
    fn told(&mut self) -> Vec<String> {
        self.run("PING");
        let keys = |push: PushInfo| {
            assert_eq!(push.kind, PushKind::Invalidate);
            text(&push.data[0])
        };
        self.told.try_iter().map(keys).collect()
    }
}

#[test]
fn going_back_tells_whoever_has_a_copy_of_what_becomes_another() {
    for back in ["REWIND 3", "UNDO", "RESTORE full"] {
        Lab::through_both_doors(|lab, door| {
            let mut other = door(lab);
            run_all(&mut other, &["SET a 1", "SET b 1"]);
            run_all(&mut other, &["FAKEREDIS SNAPSHOT full", "MSET a 2 new 1"]);
            let mut readers = Tracker::new(lab, "");
            let mut of_all = Tracker::new(lab, "BCAST");
            readers.run("MGET b a new");
            let answer = run(&mut other, &format!("FAKEREDIS {back}"));
            assert!(!answer.starts_with('('), "{answer}");
            assert_eq!(readers.told(), ["[a]", "[new]"], "{back}");
            assert_eq!(of_all.told(), ["[a new]"], "{back}");
            run(&mut other, "SET a 3");
            assert!(readers.told().is_empty(), "it has no copy any more");
            assert_eq!(of_all.told(), ["[a]"]);
        });
    }
}

#[test]
fn who_goes_back_is_told_too_even_without_loop() {
    let lab = Lab::new();
    run_all(&mut lab.outside(), &["SET a 1", "SET a 2"]);
    let mut tracker = Tracker::new(&lab, "NOLOOP");
    tracker.run("GET a");
    tracker.run("FAKEREDIS UNDO");
    assert_eq!(tracker.told(), ["[a]"]);
}

#[test]
fn a_dataset_and_a_reset_are_changes_of_what_is_tracked() {
    let lab = Lab::new();
    let (mut tracker, mut other) = (Tracker::new(&lab, ""), lab.outside());
    tracker.run("HGETALL product:product_1");
    run(&mut other, "FAKEREDIS FIXTURE LOAD inventory");
    assert_eq!(tracker.told(), ["[product:product_1]"]);
    assert_eq!(run(&mut other, "FAKEREDIS RESET"), "OK");
    assert_eq!(tracker.told(), ["nil"]);
}
