//! The verbs that change a journal.

use std::fs;
use std::path::Path;

use fakeredis::FakeRedis;
use fakeredis::Fsync;
use fakeredis::commit::Mark;
use fakeredis::commit::Record;
use fakeredis::journal::Journal;
use fakeredis::journal::Options;

use super::session::Answer;
use super::session::replay;
use super::session::run;
use super::session::shop;
use super::support::verified::Recorded;

#[test]
fn compact_drops_what_came_before() {
    let dir = shop(false);
    let digest = FakeRedis::open(dir.path()).unwrap().digest();
    let compacted = replay(dir.path(), "compact", &["--keep", "mark:retry"]);
    assert_eq!(
        compacted.lines(),
        ["history begins with record 5; 4 records before it were dropped"]
    );
    let check = replay(dir.path(), "check", &[]);
    assert_eq!(
        (check.code, check.lines()[1]),
        (0, "clean: nothing is torn or damaged")
    );
    assert_eq!(
        replay(dir.path(), "log", &["-n", "99"]).lines()[0]
            .split("  ")
            .next(),
        Some(" 5")
    );
    assert_eq!(
        replay(
            dir.path(),
            "at",
            &["@0", "--", "HGET", "product:1", "stock"]
        )
        .lines(),
        ["\"6\""]
    );
    for rev in ["3", "@-99", "ts:2026-08-01"] {
        let before = replay(dir.path(), "at", &[rev, "--", "DBSIZE"]);
        assert_eq!(before.code, 1);
        assert!(
            before
                .err
                .contains("history begins with record 5: what came before was compacted"),
            "{before:?}"
        );
    }
    let again = replay(dir.path(), "compact", &["--keep", "5", "--json"]);
    assert_eq!(again.objects()[0]["records"], 0);
    let reopened = FakeRedis::open(dir.path()).unwrap();
    assert_eq!(reopened.digest(), digest);
    let held = replay(dir.path(), "compact", &["--keep", "7"]);
    assert_eq!(held.code, 4);
    assert!(held.err.contains("open for writing elsewhere"), "{held:?}");
}

fn damage(dir: &Recorded, at: usize) {
    let file = dir.path().join("seg-00000000000000000001.frj");
    let mut bytes = fs::read(&file).unwrap();
    bytes[at] ^= 1;
    fs::write(file, bytes).unwrap();
}

/// The last line of an answer, run as a shell would; the tool's own name stands first.
fn obey(answer: &Answer) -> Answer {
    let (_, command) = answer.out.trim_end().rsplit_once(": ").unwrap();
    let words: Vec<&str> = command.split(' ').collect();
    let ["fakeredis-replay", verb, dir, rest @ ..] = &words[..] else {
        panic!("{command}");
    };
    replay(Path::new(dir), verb, rest)
}

/// Each answer names the next command, and the last one leaves a journal that a server takes.
#[test]
fn check_leads_to_repair_and_repair_to_a_whole_journal() {
    let dir = shop(false);
    damage(&dir, 700);
    let Err(refused) = FakeRedis::open(dir.path()) else {
        panic!("a damaged journal was opened");
    };
    let command = format!("`fakeredis-replay repair {}`", dir.path().display());
    assert!(refused.to_string().contains(&command), "{refused}");

    let check = replay(dir.path(), "check", &[]);
    assert_eq!(check.code, 2);
    assert!(
        check.out.contains("\n  before it: records 1 to "),
        "{check:?}"
    );
    assert!(
        check.out.contains("\n  after it in this file: "),
        "{check:?}"
    );
    let plan = obey(&check);
    assert_eq!(plan.code, 2);
    assert!(plan.out.contains("\nnothing was changed\n"), "{plan:?}");
    assert_eq!(obey(&check).out, plan.out);
    let done = obey(&plan);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(dir.path().join("quarantine").is_dir());
    assert_eq!(replay(dir.path(), "check", &[]).code, 0);
    let again = replay(dir.path(), "repair", &["--apply", "--json"]);
    assert_eq!(again.objects()[0]["steps"], serde_json::json!([]));
    assert!(FakeRedis::open(dir.path()).unwrap().has_keys());
}

#[test]
fn a_torn_end_is_cut_on_request() {
    let dir = shop(false);
    let file = dir.path().join("seg-00000000000000000001.frj");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() - 3]).unwrap();
    let check = replay(dir.path(), "check", &[]);
    assert_eq!(check.code, 1);
    let plan = obey(&check);
    assert_eq!(plan.code, 1);
    assert_eq!(obey(&plan).code, 0);
    assert_eq!(replay(dir.path(), "check", &[]).code, 0);
}

/// Four records, and a batch of 2 MiB that a power failure left without its beginning.
fn torn_batch(dir: &Path) {
    let options = Options {
        fsync: Fsync::No,
        ..Options::default()
    };
    let (journal, _) = Journal::open(dir, &options).unwrap();
    let mark = |name: &str| {
        let (name, at) = (name.to_owned(), None);
        journal.append(0, &Record::Mark(Mark { name, at })).unwrap()
    };
    for name in ["a", "b", "c", "d"] {
        journal.settle(mark(name)).unwrap();
    }
    let file = dir.join("seg-00000000000000000001.frj");
    let end = fs::read(&file).unwrap();
    let end = end.iter().rposition(|byte| *byte != 0).unwrap() / 8 * 8 + 8;
    let large = "x".repeat(1 << 18);
    for _ in 0..8 {
        mark(&large);
    }
    journal.settle(journal.last_seq()).unwrap();
    journal.close().unwrap();
    let mut bytes = fs::read(&file).unwrap();
    bytes[end..end + 512].fill(0);
    fs::write(&file, bytes).unwrap();
}

/// A server, `check` and `repair` agree that so much is not to be cut unasked.
#[test]
fn a_long_torn_batch_is_damage_to_all() {
    let dir = Recorded::new();
    torn_batch(dir.path());
    let words = "more than may be cut unasked";
    let refused = FakeRedis::open(dir.path()).err().unwrap().to_string();
    assert!(refused.contains(words), "{refused}");
    let check = replay(dir.path(), "check", &[]);
    let plan = obey(&check);
    for answer in [&check, &plan] {
        assert_eq!(answer.code, 2);
        assert!(answer.out.contains(words), "{answer:?}");
        assert!(answer.out.contains("record 5: "), "{answer:?}");
        assert!(answer.out.contains("7 whole records"), "{answer:?}");
    }
    assert!(plan.out.contains("then holds records 1 to 4;"), "{plan:?}");
    assert_eq!(obey(&plan).code, 0);
    assert_eq!(replay(dir.path(), "check", &[]).code, 0);
    drop(FakeRedis::open(dir.path()).unwrap());
}

#[test]
fn the_newest_data_is_kept_behind_a_checkpoint() {
    let dir = shop(false);
    let fake = FakeRedis::open(dir.path()).unwrap();
    let mut con = fake.connection();
    run(&mut con, "SAVE\nSET later 1");
    let digest = fake.digest();
    drop((fake, con));
    damage(&dir, 700);
    let check = replay(dir.path(), "check", &[]);
    assert_eq!(
        check.code, 2,
        "old history is damaged, though a server would start: {check:?}"
    );
    let plan = replay(dir.path(), "repair", &[]);
    assert!(
        plan.out
            .contains("begin history with record 14, behind the checkpoint of record 13"),
        "{plan:?}"
    );
    assert!(
        plan.out
            .contains("\nor keep the oldest: fakeredis-replay repair "),
        "{plan:?}"
    );
    assert_eq!(obey(&plan).code, 0);
    assert_eq!(replay(dir.path(), "check", &[]).code, 0);
    assert_eq!(FakeRedis::open(dir.path()).unwrap().digest(), digest);
}

/// Half-written records of a writer at work are no torn ones; and nobody repairs what somebody writes.
#[test]
fn a_journal_in_use_is_checked_and_not_repaired() {
    let dir = Recorded::new().unverified("it is long, and one command");
    let builder = FakeRedis::builder().journal(dir.path()).fsync(Fsync::No);
    let fake = builder.build().unwrap();
    let mut con = fake.connection();
    std::thread::scope(|scope| {
        let checks = scope.spawn(|| {
            for _ in 0..8 {
                let check = replay(dir.path(), "check", &[]);
                assert_eq!(check.code, 0, "{check:?}");
            }
        });
        while !checks.is_finished() {
            let set = redis::cmd("SET")
                .arg("key")
                .arg("v".repeat(700))
                .exec(&mut con);
            set.unwrap();
        }
    });
    for rest in [&[][..], &["--apply"]] {
        let refused = replay(dir.path(), "repair", rest);
        assert_eq!(refused.code, 4);
        assert!(
            refused.err.contains("open for writing elsewhere"),
            "{refused:?}"
        );
    }
}
