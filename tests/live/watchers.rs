//! Whoever watches a key or waits for one learns that history went back.

use std::thread;

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
