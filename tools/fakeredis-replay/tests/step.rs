//! The debugger, as somebody sits before it.

use std::path::Path;

use fakeredis::FakeRedis;

use super::session::replay;
use super::session::run;
use super::session::shop;
use super::support::verified::Recorded;
use super::terminal::Terminal;

fn step(dir: &Path, rest: &[&str]) -> Terminal {
    let args = [&["step", "."], rest].concat();
    Terminal::run(dir, &args, (24, 80), &[])
}

#[test]
fn one_moves_through_history_and_sees_what_each_record_changed() {
    let dir = shop(false);
    let mut terminal = step(dir.path(), &[]);
    terminal.wait_for(&[
        "record 12 of 12",
        ">  12  12:01:05.250000  -             closed",
    ]);
    terminal.press("k");
    terminal.wait_for(&[
        "record 11 of 12",
        "── record 11, rewind ──",
        "\nrewound to 5",
        "~ stock \"5\" → \"6\"",
    ]);
    terminal.press("\x1b[A\x1b[A");
    terminal.wait_for(&[
        "record 9 of 12",
        "── record 9, expired, db 0",
        "order:1  - \"mug\"",
    ]);
    terminal.press(":mark:retry\r");
    terminal.wait_for(&["record 5 of 12", "── record 5, mark ──", "\nmark retry"]);
    terminal.press(":@-100\r");
    terminal.wait_for(&["record 1 of 12"]);
    terminal.press("\x1b[F");
    terminal.wait_for(&["record 12 of 12"]);
    terminal.press(":nonsense\r");
    terminal.wait_for(&["'nonsense' is no revision"]);
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn breakpoints_and_searches_stop_both_ways() {
    let dir = shop(false);
    let mut terminal = step(dir.path(), &["1"]);
    terminal.wait_for(&["record 1 of 12"]);
    terminal.press("n");
    terminal.wait_for(&["there is nothing to stop at yet"]);
    terminal.press("bkey order:*\r");
    terminal.wait_for(&["stops at key order:*", "1 stop"]);
    terminal.press("n");
    terminal.wait_for(&[
        "record 4 of 12",
        "stopped at key order:*",
        "── record 4, aborted, #1 checkout, db 0",
        "commands that did not run",
    ]);
    terminal.press("n");
    terminal.wait_for(&["record 6 of 12"]);
    terminal.press("/other\r");
    terminal.wait_for(&["record 8 of 12", "stopped at text other", "2 stops"]);
    terminal.press("N");
    terminal.wait_for(&["record 6 of 12", "stopped at key order:*"]);
    terminal.press("Bd");
    terminal.wait_for(&["there is no breakpoint", "1 stop"]);
    terminal.press("N");
    terminal.wait_for(&["nothing stops before record 6"]);
    terminal.press("bnonsense\r");
    terminal.wait_for(&["'nonsense' is no breakpoint; write key GLOB"]);
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn a_breakpoint_may_be_a_script() {
    let dir = shop(false);
    let mut terminal = step(dir.path(), &["1"]);
    terminal.wait_for(&["record 1 of 12"]);
    terminal.press("blua return tonumber(redis.call('HGET', 'product:1', 'stock')) < 7\r");
    terminal.wait_for(&["fails here, and is false where it does"]);
    terminal.press("n");
    terminal.wait_for(&["record 3 of 12", "~ stock \"10\" → \"6\""]);
    // It stays true: nothing becomes true any more.
    terminal.press("n");
    terminal.wait_for(&["nothing stops after record 3"]);
    terminal.press("G");
    terminal.wait_for(&["record 12 of 12"]);
    terminal.press("N");
    terminal.wait_for(&["record 3 of 12"]);
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn a_watched_command_answers_for_each_state() {
    let dir = shop(false);
    let mut terminal = step(dir.path(), &["2"]);
    terminal.wait_for(&["record 2 of 12"]);
    terminal.press("!HGET product:1 stock\r");
    terminal.wait_for(&["> HGET product:1 stock", "\n\"10\""]);
    terminal.press("j");
    terminal.wait_for(&["\n\"6\""]);
    terminal.press(">DEL product:1\r");
    terminal.wait_for(&["(error) READONLY DEL can't run on the past"]);
    terminal.press(">SELECT 3\r");
    terminal.press(">KEYS *\r:8\r");
    terminal.wait_for(&["record 8 of 12", "[3]> KEYS *", "1) \"other\""]);
    terminal.press(">\r");
    terminal.wait_until("the answer to go", |terminal| {
        !terminal.text().contains("KEYS")
    });
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn marks_reasons_and_help_are_at_hand() {
    let dir = shop(false);
    let mut terminal = step(dir.path(), &["4"]);
    terminal.wait_for(&["record 4 of 12"]);
    terminal.press("w");
    terminal.wait_for(&[
        "why record 4",
        "The EXEC of #1 checkout in record 4 was aborted",
    ]);
    terminal.press("m");
    terminal.wait_for(&["marks: Enter goes to one", ">  5  retry"]);
    terminal.press("\r");
    terminal.wait_for(&["record 5 of 12", "── record 5, mark"]);
    terminal.press("?");
    terminal.wait_for(&["on to the next breakpoint or match"]);
    terminal.press("\x1b");
    terminal.wait_for(&["── record 5, mark"]);
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn replies_are_shown_where_they_were_recorded() {
    let dir = shop(true);
    let mut terminal = step(dir.path(), &[]);
    terminal.wait_for(&["closed"]);
    terminal.press("bcmd expire\rN");
    terminal.wait_for(&[
        "HINCRBY product:1 stock -1\n    (integer) 5",
        "SET order:1 mug\n    OK",
    ]);
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn it_follows_a_server_that_writes() {
    let dir = Recorded::new();
    let fake = FakeRedis::open(dir.path()).unwrap();
    let mut con = fake.connection();
    run(&mut con, "SET a 1");
    let mut terminal = step(dir.path(), &[]);
    terminal.wait_for(&["record 2 of 2"]);
    terminal.press("f");
    terminal.wait_for(&["following"]);
    run(&mut con, "SET a 2\nSET a 3");
    terminal.wait_for(&["record 4 of 4", "a  \"2\" → \"3\""]);
    // Elsewhere than on the last record, the cursor stays.
    terminal.press("k");
    terminal.wait_for(&["record 3 of 4"]);
    run(&mut con, "SET a 4");
    terminal.wait_for(&["record 3 of 5", "SET a 4"]);
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn it_takes_the_size_that_there_is() {
    let dir = shop(false);
    let mut terminal = step(dir.path(), &["6"]);
    terminal.wait_for(&["record 6 of 12", "12:00:04.250000"]);
    terminal.resize(50, 140);
    terminal.wait_for(&["recorded as", " 6  2026-08-01T12:00:04.250000Z", "12  2026"]);
    terminal.resize(4, 20);
    terminal.wait_until("a small screen", |terminal| {
        terminal.text().lines().count() <= 4 && terminal.text().starts_with(" record 6 of 12")
    });
    terminal.press("j");
    terminal.wait_for(&["record 7 of 12"]);
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn colour_is_left_out_where_it_is_not_wanted() {
    let dir = shop(false);
    let mut terminal = step(dir.path(), &["3"]);
    terminal.wait_for(&["~ stock \"10\" → \"6\""]);
    assert!(terminal.has_colour());
    terminal.press("q");
    assert_eq!(terminal.end(), 0);
    let mut plain = Terminal::run(
        dir.path(),
        &["step", ".", "3"],
        (24, 80),
        &[("NO_COLOR", "1")],
    );
    plain.wait_for(&[">   3  12:00:03", "~ stock \"10\" → \"6\""]);
    assert!(!plain.has_colour());
    plain.press("q");
    assert_eq!(plain.end(), 0);
}

#[test]
fn whoever_kills_it_gets_the_terminal_back() {
    let dir = shop(false);
    for signal in ["TERM", "HUP"] {
        let mut terminal = step(dir.path(), &[]);
        terminal.wait_for(&["record 12 of 12"]);
        terminal.signal(signal);
        assert_eq!(terminal.end(), 0);
    }
}

#[test]
fn without_a_terminal_it_names_what_prints() {
    let dir = shop(false);
    let answer = replay(dir.path(), "step", &["3"]);
    assert_eq!((answer.code, answer.out.as_str()), (1, ""));
    assert!(answer.err.contains("step needs a terminal"), "{answer:?}");
    assert!(
        answer.err.contains("`log ") && answer.err.contains("`show "),
        "{answer:?}"
    );
}
