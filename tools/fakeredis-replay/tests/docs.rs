//! Every call in `docs/replay.md` and `docs/time-travel.md` answers what the page says. `FAKEREDIS_BLESS=1` makes the pages say
//! what the calls answer.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use std::time::UNIX_EPOCH;

use fakeredis::Clock;
use fakeredis::FakeRedis;
use fakeredis::Fsync;

use super::session::run;
use super::shop;
use super::support::verified::Recorded;
#[cfg(unix)]
use super::terminal::Terminal;
#[cfg(unix)]
use super::waits;

/// The session that the reference is about: a product that two clients race for, and a third deletes.
fn race(dir: &Path) {
    let clock = Clock::frozen_at(UNIX_EPOCH + Duration::from_secs(1_785_585_600));
    let builder = FakeRedis::builder().journal(dir).fsync(Fsync::Always);
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
}

fn path(page: &str) -> PathBuf {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    docs.join(page)
}

fn read(page: &str) -> String {
    std::fs::read_to_string(path(page)).unwrap()
}

#[cfg(unix)]
#[test]
fn the_story_is_true() {
    let dir = Recorded::new();
    shop::sale(&dir.path().join("data"), shop::CARELESS);
    shop::sale(&dir.path().join("fixed"), shop::CAREFUL);
    tells_the_truth("replay.md", dir.path());
}

#[test]
fn the_story_shows_the_code_of_the_shop() {
    let source = include_str!("shop.rs");
    let (_, code) = source.split_once("impl Order {\n").unwrap();
    let (_, code) = code.split_once("    /// Sells").unwrap();
    let (code, _) = code.split_once("\n    }\n").unwrap();
    let code = format!("/// Sells{code}\n}}\n").replace("\n    ", "\n");
    assert!(read("replay.md").contains(&code), "{code}");
}

/// `.ci/ecosystem/run` runs it with redis-py.
#[test]
fn the_reference_shows_a_program_that_is_run() {
    let program = include_str!("../../../.ci/ecosystem/redis_py_faults.py");
    let (_, shown) = program.split_once(" shows from here ---\n").unwrap();
    let (shown, _) = shown.split_once("# --- to here ---").unwrap();
    let block = format!("```python\n{}\n```", shown.trim_end());
    assert!(read("time-travel.md").contains(&block), "{block}");
}

#[cfg(unix)]
#[test]
fn the_reference_is_true() {
    let dir = Recorded::new();
    race(&dir.path().join("data"));
    waits::queue(&dir.path().join("queue"));
    tells_the_truth("time-travel.md", dir.path());
}

/// Compares a page with what its calls answer in `dir`.
fn tells_the_truth(page: &str, dir: &Path) {
    let (is, should) = (read(page), with_answers(&read(page), dir));
    if std::env::var_os("FAKEREDIS_BLESS").is_some() {
        return std::fs::write(path(page), should).unwrap();
    }
    let lines = is.lines().zip(should.lines()).enumerate();
    for (line, (is, should)) in lines {
        assert_eq!(is, should, "line {} of {page}", line + 1);
    }
    assert_eq!(is, should);
}

/// The page, with the answers that its calls give.
fn with_answers(page: &str, dir: &Path) -> String {
    let mut parts = page.split("```console\n");
    let mut told = parts.next().unwrap().to_owned();
    for part in parts {
        let (block, rest) = part.split_once("```").unwrap();
        let calls = block.split("$ ").skip(1);
        let answers = calls.map(|call| answer(call.lines().next().unwrap(), dir));
        let answers = answers.collect::<Vec<_>>().join("\n");
        told += &format!("```console\n{answers}```{rest}");
    }
    told
}

/// A call and what it prints, run by a shell as the reader would.
fn answer(call: &str, dir: &Path) -> String {
    let tool = Path::new(env!("CARGO_BIN_EXE_fakeredis-replay"));
    let mut path = tool.parent().unwrap().as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap());
    let shell = Command::new("sh")
        .args(["-c", &format!("{{ {call}\n}} 2>&1")])
        .env("PATH", path)
        .current_dir(dir)
        .output();
    let out = String::from_utf8(shell.unwrap().stdout).unwrap();
    match out.trim_end() {
        "" => format!("$ {call}\n"),
        out => format!("$ {call}\n{out}\n"),
    }
}

/// The screens of the page about stepping: 80 columns, and as many lines as there are.
#[cfg(unix)]
#[test]
fn the_screens_are_what_one_sees() {
    let dir = Recorded::new();
    race(&dir.path().join("data"));
    let page = read("time-travel.md");
    let blocks: Vec<&str> = page.split("```screen\n").skip(1).collect();
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
