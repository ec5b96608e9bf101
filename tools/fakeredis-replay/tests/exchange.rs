//! `export` and `import`: the same data on the other side, and plain words where that can't be.

use std::fs;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::time::UNIX_EPOCH;

use fakeredis::Clock;
use fakeredis::FakeRedis;
use fakeredis::Rev;
use fakeredis::Timeline;
use fakeredis::resp::encode_command;
use serde_json::json;

use super::session::Answer;
use super::session::replay;
use super::session::run;
use super::session::shop;
use super::support::verified::Recorded;

fn digest(dir: &Path) -> String {
    let timeline = Timeline::open(dir).unwrap();
    timeline.digest(&Rev::LAST).unwrap()
}

/// Runs `import` into the directory `new` of `dir`.
fn import(dir: &Recorded, what: &str, from: &Path, rest: &[&str]) -> Answer {
    let into = dir.path().join("new");
    let into = into.to_str().unwrap();
    let from = from.to_str().unwrap();
    replay(Path::new(what), "import", &[&[from, into], rest].concat())
}

/// An append-only file of these commands, and where each ends.
fn aof(commands: &[&[&str]]) -> (Vec<u8>, Vec<usize>) {
    let mut bytes = b"#TS:1785585600\r\n".to_vec();
    let mut ends = Vec::new();
    for argv in commands {
        encode_command(argv, &mut bytes);
        ends.push(bytes.len());
    }
    (bytes, ends)
}

/// With `FAKEREDIS_BLESS=1` the files are written anew.
#[test]
fn exported_tests_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exported");
    for (name, everything, range) in [
        ("shop", false, ".."),
        ("shop_end", false, "5.."),
        ("shop_in_full", true, ".."),
    ] {
        let dir = shop(everything);
        let mut command = Command::new(env!("CARGO_BIN_EXE_fakeredis-replay"));
        command
            .current_dir(dir.path())
            .args(["export", ".", "rust-test", range]);
        let output = command.output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{name}");
        let file = folder.join(name).with_extension("rs");
        let text = String::from_utf8(output.stdout).unwrap();
        if std::env::var_os("FAKEREDIS_BLESS").is_some() {
            fs::write(&file, &text).unwrap();
        }
        assert_eq!(text, fs::read_to_string(&file).unwrap(), "{name}");
    }
}

#[test]
fn an_append_only_file_comes_back_as_the_same_data() {
    let dir = shop(false);
    let file = dir.path().join("shop.aof");
    let path = file.to_str().unwrap();
    for (rest, name) in [(&[][..], "all"), (&["--state"], "state")] {
        let _ = fs::remove_file(&file);
        let answer = replay(dir.path(), "export", &[&["aof", "-o", path], rest].concat());
        assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{name}");
        let elsewhere = Recorded::new();
        let imported = import(&elsewhere, "aof", &file, &["--json"])
            .objects()
            .remove(0);
        assert_eq!(imported["journal"]["digest"], digest(dir.path()), "{name}");
        assert_eq!(
            digest(&elsewhere.path().join("new")),
            digest(dir.path()),
            "{name}"
        );
    }
    let again = replay(dir.path(), "export", &["aof", "-o", path]);
    assert_eq!(again.code, 4, "{again:?}");
    assert!(again.err.contains("can't make"), "{again:?}");
}

#[test]
fn commands_as_sent_make_the_same_data() {
    let dir = shop(false);
    let file = dir.path().join("shop.resp");
    replay(
        dir.path(),
        "export",
        &["resp", "-o", file.to_str().unwrap()],
    );
    let at = UNIX_EPOCH + Duration::from_secs(1_785_585_600);
    let fake = FakeRedis::builder()
        .clock(Clock::frozen_at(at))
        .build()
        .unwrap();
    let server = fake.serve("127.0.0.1:0").unwrap();
    let mut stream = TcpStream::connect(server.address().unwrap()).unwrap();
    let mut bytes = fs::read(&file).unwrap();
    encode_command(&["ECHO", "the end"], &mut bytes);
    stream.write_all(&bytes).unwrap();
    let (mut replies, mut buffer) = (Vec::new(), [0; 4096]);
    while !replies.ends_with(b"the end\r\n") {
        let len = stream.read(&mut buffer).unwrap();
        assert!(len > 0, "{}", replies.escape_ascii());
        replies.extend_from_slice(&buffer[..len]);
    }
    assert!(!replies.contains(&b'-'), "{}", replies.escape_ascii());
    assert_eq!(fake.digest(), digest(dir.path()));
}

/// Who gets the commands never heard of the script.
#[test]
fn a_script_that_is_named_by_its_hash_is_what_it_came_to() {
    let dir = Recorded::new();
    let fake = FakeRedis::open(dir.path()).unwrap();
    let mut con = fake.connection();
    let script = redis::cmd("SCRIPT")
        .arg(&["LOAD", "return redis.call('SET', KEYS[1], ARGV[1])"])
        .query::<String>(&mut con)
        .unwrap();
    run(
        &mut con,
        &format!("EVALSHA {script} 1 a 1\nMULTI\nEVALSHA {script} 1 b 2\nEXEC"),
    );
    fake.close().unwrap();
    let answer = replay(dir.path(), "export", &["resp"]);
    let words: Vec<&str> = answer.lines().into_iter().skip(2).step_by(2).collect();
    assert!(!answer.out.contains("EVALSHA"), "{words:?}");
    assert!(
        answer
            .out
            .contains("SET\r\n$1\r\nb\r\n$1\r\n2\r\n*1\r\n$4\r\nEXEC"),
        "{words:?}"
    );
}

#[test]
fn json_lines_have_what_log_has_and_what_it_came_to() {
    let dir = shop(true);
    let lines = replay(dir.path(), "export", &["jsonl"]).objects();
    let log = replay(dir.path(), "log", &["--json"]).objects();
    assert_eq!(lines.len(), log.len());
    for (line, log) in std::iter::zip(&lines, log) {
        for name in ["seq", "time", "kind", "client", "commands", "replies"] {
            assert_eq!(line[name], log[name], "{line}");
        }
    }
    let exec = lines.iter().find(|line| line["origin"] == "exec").unwrap();
    assert_eq!(exec["resp"], "*3\r\n:5\r\n+OK\r\n:1\r\n");
    let expected = json!([true, true, [["PEXPIREAT", "order:1", "1785585664250"]]]);
    assert_eq!(exec["recorded_as"], expected);
}

#[test]
fn a_monitor_capture_becomes_a_journal() {
    let dir = Recorded::new();
    let file = dir.path().join("monitor.txt");
    let text = "OK\n\
        1785585600.000100 [0 127.0.0.1:5001] \"AUTH\" \"(redacted)\"\n\
        1785585600.000200 [0 127.0.0.1:5001] \"SET\" \"a\" \"x\\xff\\\"\" \"EX\" \"10\"\n\
        1785585600.500000 [2 unix:/tmp/r.sock] \"MULTI\"\n\
        1785585600.500100 [2 unix:/tmp/r.sock] \"RPUSH\" \"l\" \"1\"\n\
        1785585600.500200 [2 unix:/tmp/r.sock] \"INCR\" \"n\"\n\
        1785585600.500300 [2 unix:/tmp/r.sock] \"EXEC\"\n\
        1785585601.000000 [0 127.0.0.1:5001] \"INCR\" \"a\"\n\
        1785585602.000000 [0 127.0.0.1:5001] \"EVAL\" \"return redis.call('set', KEYS[1], 1)\" \"1\" \"s\"\n\
        1785585602.000100 [0 lua] \"set\" \"s\" \"1\"\n\
        1785585603.000000 [0 127.0.0.1:5001] \"EVALSHA\" \"0000000000000000000000000000000000000000\" \"1\" \"t\"\n\
        1785585603.000100 [0 lua] \"set\" \"t\" \"2\"\n";
    fs::write(&file, text).unwrap();
    let imported = import(&dir, "monitor", &file, &["--json"])
        .objects()
        .remove(0);
    let count = |name: &str| imported[name].as_u64().unwrap();
    let counts = ["lines", "commands", "clients", "in_scripts", "hidden"].map(count);
    assert_eq!(counts, [12, 9, 2, 1, 1], "{imported}");
    let codes = imported["failed"].as_array().unwrap().iter();
    let codes: Vec<_> = codes
        .map(|failed| (&failed["error"], &failed["line"]))
        .collect();
    assert_eq!(
        codes,
        [(&json!("ERR"), &json!(8)), (&json!("NOSCRIPT"), &json!(11))]
    );
    let new = dir.path().join("new");
    let at = |rest: &[&str]| replay(&new, "at", &[&["@", "--"], rest].concat()).out;
    assert_eq!(at(&["PEXPIRETIME", "a"]), "(integer) 1785585610000\n");
    assert_eq!(at(&["MGET", "s", "t"]), "1) \"1\"\n2) \"2\"\n");
    let log = replay(&new, "log", &["--json"]).objects();
    let exec = log
        .iter()
        .find(|record| record["origin"] == "exec")
        .unwrap();
    assert_eq!(exec["time"], "2026-08-01T12:00:00.500300Z");
    assert_eq!(exec["db"], 2);
    assert_eq!(exec["client"]["name"], "unix:/tmp/r.sock");
    assert_eq!(
        exec["commands"],
        json!([["RPUSH", "l", "1"], ["INCR", "n"]])
    );
}

#[test]
fn what_a_format_does_not_have_is_refused() {
    let dir = shop(false);
    let file = dir.path().join("out");
    let out = file.to_str().unwrap();
    for (arguments, what) in [
        (["jsonl", "--state"], "--state is for aof and resp"),
        (["rust-test", "--state"], "--state is for aof and resp"),
        (["resp", "--multi-part"], "--multi-part is for aof"),
    ] {
        let answer = replay(
            dir.path(),
            "export",
            &[&arguments[..], &["-o", out]].concat(),
        );
        assert_eq!(answer.code, 1, "{answer:?}");
        assert!(answer.err.contains(what), "{answer:?}");
        assert!(!file.exists());
    }
}

#[test]
fn bad_input_is_named_and_leaves_nothing() {
    let dir = Recorded::new();
    let file = dir.path().join("bad");
    let (whole, ends) = aof(&[
        &["SET", "a", "1"],
        &["MULTI"],
        &["SET", "b", "1"],
        &["EXEC"],
    ]);
    let garbage = [&whole[..ends[0]], b"garbage"].concat();
    let unknown = aof(&[&["JSON.SET", "a", "$", "1"]]).0;
    let newer = b"REDIS0099".to_vec();
    let line = b"1785585600.000100 [0 127.0.0.1:1] \"GET\" \"a\"\nnonsense\n".to_vec();
    let cut = b"1785585600.000100 [0 127.0.0.1:1] \"GET\" \"a\"\n17855856".to_vec();
    for (what, bytes, code, message) in [
        (
            "aof",
            &whole[..ends[2]],
            2,
            "--truncated-ok reads what is before that",
        ),
        (
            "aof",
            &garbage,
            2,
            "at byte 43: a command should begin here, with '*', not 'g'",
        ),
        ("aof", &unknown, 3, "at byte 16: \"JSON.SET\""),
        ("aof", &newer, 3, "version 99 of the RDB format"),
        ("monitor", &line, 2, "bad:2: this is no line of MONITOR"),
        (
            "monitor",
            &cut,
            2,
            "--truncated-ok reads what is before that",
        ),
    ] {
        fs::write(&file, bytes).unwrap();
        let answer = import(&dir, what, &file, &[]);
        assert_eq!(answer.code, code, "{answer:?}");
        assert!(answer.err.contains(message), "{answer:?}");
        let left: Vec<_> = dir.path().read_dir().unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }
    fs::write(&file, &whole[..ends[2]]).unwrap();
    let read = import(&dir, "aof", &file, &["--truncated-ok", "--json"])
        .objects()
        .remove(0);
    assert_eq!(
        (&read["units"], &read["left_out"]),
        (&json!(1), &json!(ends[2] - ends[0]))
    );
    let again = import(&dir, "aof", &file, &["--truncated-ok"]);
    assert_eq!(again.code, 4, "{again:?}");
    assert!(
        again
            .err
            .contains("a new journal needs a directory that is new or empty"),
        "{again:?}"
    );
}
