//! Every call in `docs/replay.md`, and many in `docs/time-travel.md`, answer what the page says.

use std::path::Path;
use std::time::Duration;
use std::time::UNIX_EPOCH;

use fakeredis::Clock;
use fakeredis::FakeRedis;
use fakeredis::Fsync;
use tempfile::TempDir;

use super::session::replay;
use super::session::run;
#[cfg(unix)]
use super::terminal::Terminal;

const PAGE: &str = include_str!("../../../docs/replay.md");
const REFERENCE: &str = include_str!("../../../docs/time-travel.md");

/// The session that the page tells about.
fn story() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::frozen_at(UNIX_EPOCH + Duration::from_secs(1_785_585_600));
    let builder = FakeRedis::builder()
        .journal(dir.path())
        .fsync(Fsync::Always);
    let fake = builder.clock(clock.clone()).build().unwrap();
    let connect = |name: &str| {
        let mut con = fake.connection();
        run(&mut con, &format!("CLIENT SETNAME {name}"));
        con
    };
    let wait = |ms| clock.advance(Duration::from_millis(ms));
    let (mut loader, mut alice, mut bob) = (connect("loader"), connect("alice"), connect("bob"));
    run(&mut loader, "HSET product:product_1 price 29.99 stock 10");
    run(&mut alice, "SET session:42 alice EX 30");
    fake.mark("before-sale").unwrap();
    wait(1000);
    run(
        &mut alice,
        "WATCH product:product_1\nHGET product:product_1 stock",
    );
    wait(200);
    run(
        &mut bob,
        "MULTI\nHINCRBY product:product_1 stock -3\nRPUSH orders bob:3\nEXEC",
    );
    wait(50);
    run(
        &mut alice,
        "MULTI\nHSET product:product_1 stock 8\nRPUSH orders alice:2\nEXEC",
    );
    wait(10);
    run(
        &mut alice,
        "MULTI\nHINCRBY product:product_1 stock -2\nRPUSH orders alice:2\nEXEC",
    );
    wait(40_000);
    let mut cleanup = connect("cleanup");
    run(&mut cleanup, "DEL product:product_1 product:product_9");
    wait(3000);
    run(&mut bob, "HINCRBY product:product_1 stock -1");
    fake.close().unwrap();
    dir
}

#[test]
fn the_page_tells_the_truth() {
    let dir = story();
    let mut calls = 0;
    let pages = [PAGE, section("### `verify`"), section("### `whatif`")];
    let blocks = pages
        .iter()
        .flat_map(|page| page.split("```console\n").skip(1));
    for block in blocks {
        let block = block.split("```").next().unwrap();
        for call in block.split("$ ").skip(1) {
            let (line, expected) = call.split_once('\n').unwrap();
            let Some(line) = line.strip_prefix("fakeredis-replay ") else {
                continue;
            };
            let words: Vec<String> = line.split(' ').map(|word| word.replace('\'', "")).collect();
            let [verb, "./data", rest @ ..] =
                &words.iter().map(String::as_str).collect::<Vec<_>>()[..]
            else {
                panic!("{line}");
            };
            assert_eq!(
                answer(dir.path(), verb, rest),
                expected.trim_end(),
                "{line}"
            );
            calls += 1;
        }
    }
    assert!(calls >= 10, "{calls}");
}

/// The part of the reference under a heading.
fn section(heading: &str) -> &'static str {
    let (_, rest) = REFERENCE.split_once(heading).unwrap();
    rest.split("\n##").next().unwrap()
}

/// The screens of the page about stepping: 80 columns, and as many lines as there are.
#[cfg(unix)]
#[test]
fn the_screens_are_what_one_sees() {
    let (journal, dir) = (story(), tempfile::tempdir().unwrap());
    std::os::unix::fs::symlink(journal.path(), dir.path().join("data")).unwrap();
    let blocks: Vec<&str> = REFERENCE.split("```screen\n").skip(1).collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        let (call, rest) = block.split_once('\n').unwrap();
        let screen = rest.split("\n```").next().unwrap();
        let args: Vec<&str> = call.split(' ').skip(2).collect();
        let mut terminal = Terminal::run(dir.path(), &args, (24, 80), &[]);
        terminal.wait_until(screen, |terminal| terminal.text() == screen);
        terminal.press("q");
        assert_eq!(terminal.end(), 0);
    }
}

fn answer(dir: &Path, verb: &str, rest: &[&str]) -> String {
    let answer = replay(dir, verb, rest);
    format!("{}{}", answer.out, answer.err)
        .trim_end()
        .to_owned()
}
