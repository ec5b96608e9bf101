//! What the tool says when it has no answer, and how it ends.

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

use super::session::replay;
use super::session::shop;
use super::support::verified::Recorded;

fn segment(dir: &Recorded) -> PathBuf {
    let files = fs::read_dir(dir.path())
        .unwrap()
        .map(|file| file.unwrap().path());
    files
        .into_iter()
        .find(|file| file.extension().is_some_and(|end| end == "frj"))
        .unwrap()
}

#[test]
fn errors_say_what_to_do() {
    let dir = shop(false);
    for (verb, rest, message) in [
        (
            "show",
            &["99"][..],
            "there is no record 99; the journal holds 1 to 12",
        ),
        (
            "log",
            &["mark:x.."],
            "there is no mark 'x'; there are: retry",
        ),
        (
            "log",
            &["9..2"],
            "the range ends with record 2, before it starts after record 9; write the earlier revision first",
        ),
        (
            "history",
            &["no such"],
            "there never was a key \"no such\" in database 0; `log --key PATTERN` finds others",
        ),
    ] {
        let answer = replay(dir.path(), verb, rest);
        assert_eq!(answer.err, format!("fakeredis-replay: {message}\n"));
        assert_eq!((answer.out.as_str(), answer.code), ("", 1));
    }
}

#[test]
fn wrong_arguments_have_a_code_of_their_own() {
    let dir = shop(false);
    let answer = replay(dir.path(), "show", &["yesterday"]);
    assert!(
        answer
            .err
            .contains("'yesterday' is no revision; write 42, @"),
        "{}",
        answer.err
    );
    assert_eq!(answer.code, 64);
    assert_eq!(replay(dir.path(), "frobnicate", &[]).code, 64);
}

#[test]
fn a_directory_without_a_journal_is_left_alone() {
    let dir = Recorded::new();
    for verb in ["info", "log", "check"] {
        let answer = replay(dir.path(), verb, &[]);
        assert_eq!(
            answer.err,
            format!(
                "fakeredis-replay: there is no journal in {}\n",
                dir.path().display()
            )
        );
        assert_eq!(answer.code, 4);
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn check_tells_torn_from_damaged_and_changes_nothing() {
    let dir = shop(false).unverified("it is damaged");
    let file = segment(&dir);
    let whole = fs::read(&file).unwrap();
    let check = |bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        let answer = replay(dir.path(), "check", &[]);
        assert_eq!(fs::read(&file).unwrap(), bytes);
        answer
    };
    let torn = check(&whole[..whole.len() - 3]);
    assert_eq!(torn.code, 1);
    assert!(
        torn.out.starts_with("whole: 11 records\ntorn: seg-"),
        "{torn:?}"
    );
    let mut bytes = whole.clone();
    bytes[400] ^= 1;
    let damaged = check(&bytes);
    assert_eq!(damaged.code, 2);
    assert!(damaged.out.contains("damaged: seg-"), "{damaged:?}");
    let log = replay(dir.path(), "log", &[]);
    assert!(
        log.err
            .contains("warning: the journal is damaged, only what came before"),
        "{log:?}"
    );
    assert!(log.out.lines().count() < 12, "{log:?}");
    let format = dir.path().join("FORMAT");
    let text = fs::read_to_string(&format).unwrap();
    fs::write(&format, text.replacen("journal 1", "journal 99", 1)).unwrap();
    assert_eq!(check(&whole).code, 3);
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let dir = shop(false);
    let mut command = Command::new(env!("CARGO_BIN_EXE_fakeredis-replay"));
    command
        .arg("log")
        .arg(dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(err, "");
}
