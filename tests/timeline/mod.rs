//! Time travel: what the library tells about a recorded session, and history that grows by rewinding.

mod bisect;
mod blame;
mod diff;
mod fates;
mod waits;
mod walk;

use std::time::Duration;
use std::time::UNIX_EPOCH;

use fakeredis::Clock;
use fakeredis::Connection;
use fakeredis::Error;
use fakeredis::FakeRedis;
use fakeredis::Fsync;
use fakeredis::Recording;
use fakeredis::Rev;
use fakeredis::Timeline;
use fakeredis::Transactions;
use fakeredis::commit::CommandList;
use fakeredis::commit::Commit;
use fakeredis::commit::Effect;
use fakeredis::commit::Record;
use fakeredis::journal::Journal;
use fakeredis::journal::Options;
use fakeredis::timeline;
use fakeredis::timeline::Change;
use fakeredis::timeline::Fate;
use fakeredis::timeline::Filter;
use fakeredis::timeline::Place;
use fakeredis::timeline::RevRange;
use fakeredis::timeline::Watch;
use fakeredis::timeline::Why;
use proptest::prelude::*;
use redis::Commands;

use crate::support::verified::Recorded;

/// A journaled fake whose clock moves one second per command; record 1 is the journal's opening.
struct Lab {
    fake: FakeRedis,
    con: Connection,
    dir: Recorded,
}

impl Lab {
    fn new() -> Lab {
        Lab::recording(Recording::default())
    }

    fn recording(level: Recording) -> Lab {
        let dir = Recorded::new();
        let clock = Clock::frozen_at(UNIX_EPOCH + Duration::from_secs(1_785_585_600));
        let builder = FakeRedis::builder().journal(dir.path()).clock(clock);
        let fake = builder.record(level).build().unwrap();
        let con = fake.connection();
        Lab { dir, fake, con }
    }

    /// Runs commands, one a line, each a second after the one before.
    fn run(&mut self, lines: &str) -> &mut Lab {
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            self.fake.clock().advance(Duration::from_secs(1));
            run(&mut self.con, line);
        }
        self
    }

    /// Runs what [`any_line`] makes, half a second apart; errors are fine.
    fn run_any(&mut self, lines: &[String]) {
        for line in lines {
            self.fake.clock().advance(Duration::from_millis(500));
            match line.strip_prefix("REWIND ") {
                Some(back) => {
                    let rev = Rev::before(back.parse().unwrap());
                    self.fake.rewind(rev).unwrap();
                }
                None => drop(try_run(&mut self.con, line)),
            }
        }
    }

    fn past(&self) -> Timeline {
        self.fake.timeline().unwrap()
    }

    fn seqs(&self, range: &str, filter: &Filter) -> Vec<u64> {
        let past = self.past();
        let range = past.range(&range.parse().unwrap()).unwrap();
        past.log(range, filter)
            .map(|entry| entry.unwrap().seq)
            .collect()
    }

    fn history(&self, key: &str) -> Vec<(u64, String)> {
        let versions = self.fake.history(key).unwrap().into_iter();
        versions
            .map(|version| (version.entry.seq, text(&version.change)))
            .collect()
    }
}

fn run(con: &mut impl redis::ConnectionLike, line: &str) -> redis::Value {
    try_run(con, line).unwrap()
}

fn try_run(con: &mut impl redis::ConnectionLike, line: &str) -> redis::RedisResult<redis::Value> {
    let mut words = line.split(' ');
    let mut command = redis::cmd(words.next().unwrap());
    for word in words {
        command.arg(word);
    }
    command.query(con)
}

/// `name: before -> after`, the types where the values are no strings.
fn text(change: &Change) -> String {
    let side = |slot: &Option<fakeredis::keyspace::Slot>| match slot {
        None => "-".to_owned(),
        Some(slot) => match slot.value() {
            fakeredis::value::Value::String(string) => {
                String::from_utf8(string.as_bytes().to_vec()).unwrap()
            }
            other => other.type_name().to_owned(),
        },
    };
    format!("{} -> {}", side(&change.before), side(&change.after))
}

#[test]
fn revisions_name_records() {
    let mut lab = Lab::new();
    lab.run("SET a 1\nSET a 2");
    assert_eq!(lab.fake.mark("here").unwrap(), 4);
    lab.run("SET a 3\nSET a 4");
    let past = lab.past();
    let resolve = |text: &str| past.resolve(&text.parse().unwrap()).unwrap();
    let cases = [
        ("@", 6),
        ("@0", 0),
        ("@-2", 4),
        ("@-99", 0),
        ("3", 3),
        ("0", 0),
        ("mark:here", 4),
        ("ts:2026-08-01T12:00:02Z", 4),
        ("ts:2020-01-01", 0),
        ("ts:2030-01-01", 6),
        ("-1s", 5),
        ("-0s", 6),
        ("-1d", 0),
    ];
    for (text, seq) in cases {
        assert_eq!(resolve(text), seq, "{text}");
    }
    let range = |text: &str| past.range(&text.parse::<RevRange>().unwrap());
    assert_eq!(range("@-2..").unwrap(), 5..=6);
    assert_eq!(range("..mark:here").unwrap(), 1..=4);
    assert!(matches!(
        range("5..2"),
        Err(timeline::Error::Backwards { from: 5, to: 2 })
    ));
    let error = past.resolve(&Rev::seq(7)).unwrap_err().to_string();
    assert_eq!(error, "there is no record 7; the journal holds 1 to 6");
    let error = past.resolve(&Rev::mark("there")).unwrap_err().to_string();
    assert_eq!(error, "there is no mark 'there'; there are: here");
}

#[test]
fn the_past_can_be_read_and_not_changed() {
    let mut lab = Lab::new();
    lab.run("SET stock 10\nEXPIRE stock 100\nDECRBY stock 3");
    let mut then = lab.fake.at(Rev::seq(3)).unwrap();
    assert_eq!(then.get::<_, i64>("stock").unwrap(), 10);
    assert_eq!(
        then.ttl::<_, i64>("stock").unwrap(),
        100,
        "the clock stands still"
    );
    let refused = then.set::<_, _, ()>("stock", 1).unwrap_err();
    assert_eq!(refused.code(), Some("READONLY"));
    assert_eq!(then.get::<_, i64>("stock").unwrap(), 10);
    assert!(
        lab.fake
            .at(Rev::FIRST)
            .unwrap()
            .keys::<_, Vec<String>>("*")
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_fake_in_memory_has_no_past() {
    let fake = FakeRedis::new();
    assert!(matches!(fake.at(Rev::LAST), Err(Error::NoJournal)));
    assert!(matches!(fake.history("k"), Err(Error::NoJournal)));
    assert!(matches!(fake.mark("x"), Err(Error::NoJournal)));
    assert!(matches!(fake.undo(1), Err(Error::NoJournal)));
}

#[test]
fn a_timeline_is_opened_on_any_storage() {
    let mut lab = Lab::new();
    lab.run("SET a 1");
    let disk = fakeredis::journal::Disk::new(lab.dir.path());
    let past = Timeline::on(std::sync::Arc::new(disk)).unwrap();
    assert_eq!(past.at(&Rev::LAST).unwrap().get::<_, i64>("a").unwrap(), 1);
}

#[test]
fn reading_leaves_the_journal_as_it_is() {
    let mut lab = Lab::new();
    lab.run("SET a 1\nSET b 2");
    let files = || {
        let files = std::fs::read_dir(lab.dir.path())
            .unwrap()
            .map(Result::unwrap);
        let mut files: Vec<_> = files
            .map(|file| (file.file_name(), std::fs::read(file.path()).unwrap()))
            .collect();
        files.sort();
        files
    };
    let before = files();
    let past = Timeline::open(lab.dir.path()).unwrap();
    past.check().unwrap();
    past.at(&Rev::LAST).unwrap();
    past.show(2).unwrap();
    assert_eq!(files(), before);
}

#[test]
fn logs_are_filtered_by_key_command_client_and_text() {
    let mut lab = Lab::new();
    let mut worker = lab.fake.connection();
    lab.run("SET user:1 ann\nset user:2 bob\nSET order:1 x");
    run(&mut worker, "INCR visits");
    lab.fake.rewind(Rev::LAST).unwrap();
    lab.run("APPEND note anna");
    let only = |filter: Filter| lab.seqs("..", &filter);
    let key = |pattern: &str| Filter {
        key: Some(pattern.into()),
        ..Filter::default()
    };
    assert_eq!(
        only(key("user:*")),
        [2, 3, 6],
        "a rewind may concern any key"
    );
    assert_eq!(only(key("*")), [2, 3, 4, 5, 6, 7]);
    let command = Some("set".to_owned());
    assert_eq!(
        only(Filter {
            command,
            ..Filter::default()
        }),
        [2, 3, 4]
    );
    let client = Some("2".to_owned());
    assert_eq!(
        only(Filter {
            client,
            ..Filter::default()
        }),
        [5]
    );
    let grep = Some(b"ann".to_vec());
    assert_eq!(
        only(Filter {
            grep,
            ..Filter::default()
        }),
        [2, 7]
    );
    assert_eq!(only(Filter::default()), [1, 2, 3, 4, 5, 6, 7]);
    let past = lab.past();
    let newest = |count| -> Vec<u64> {
        let newest = past.newest(1..=7, &key("user:*"), count).unwrap();
        newest.map(|entry| entry.unwrap().seq).collect()
    };
    assert!(newest(0).is_empty());
    assert_eq!(newest(2), [3, 6]);
    assert_eq!(newest(usize::MAX), [2, 3, 6]);
}

/// The newest are looked for from the end, some thousands of records at a time.
#[test]
fn the_newest_are_found_however_far_back_they_are() {
    let dir = Recorded::new();
    let options = Options {
        fsync: Fsync::No,
        ..Default::default()
    };
    let (journal, _) = Journal::open(dir.path(), &options).unwrap();
    for seq in 1..=10_000 {
        let key = if seq % 3000 == 0 { "rare" } else { "usual" };
        let commit = Commit {
            commands: CommandList::from_iter([vec!["SET", key, "1"]]),
            effects: vec![Effect::Verbatim],
            ..Commit::default()
        };
        journal.append(0, &Record::Commit(commit)).unwrap();
    }
    journal.close().unwrap();
    let past = Timeline::open(dir.path()).unwrap();
    let newest = |key: &str, count| -> Vec<u64> {
        let filter = Filter {
            key: Some(key.into()),
            ..Filter::default()
        };
        let newest = past.newest(1..=10_000, &filter, count).unwrap();
        newest.map(|entry| entry.unwrap().seq).collect()
    };
    assert_eq!(newest("rare", 2), [6000, 9000]);
    assert_eq!(newest("rare", 9), [3000, 6000, 9000]);
    assert_eq!(newest("usual", 2), [9999, 10_000]);
    assert_eq!(newest("usual", 7000).len(), 7000);
    assert_eq!(newest("usual", 7000)[0], 2998);
}

#[test]
fn a_record_is_shown_with_every_key_before_and_after() {
    let mut lab = Lab::new();
    lab.run("SET a 1\nSET b 2\nMULTI\nINCR a\nSELECT 1\nSET c 3\nSELECT 0\nDEL b nothing\nEXEC");
    let shown = lab.past().show(4).unwrap();
    let changes: Vec<_> = shown
        .changes
        .iter()
        .map(|change| (change.db, change.key.to_vec(), text(change)))
        .collect();
    let expected = [
        (0, b"a".to_vec(), "1 -> 2".to_owned()),
        (1, b"c".to_vec(), "- -> 3".to_owned()),
        (0, b"b".to_vec(), "2 -> -".to_owned()),
    ];
    assert_eq!(changes, expected);
}

#[test]
fn a_difference_goes_down_to_the_parts_and_both_ways() {
    let mut lab = Lab::new();
    lab.run("SET a 1\nSET gone 1\nSET same 1\nSET a 2\nEXPIRE a 50\nDEL gone\nSET same 1");
    let past = lab.past();
    let diff = |a: &str, b: &str, pattern: Option<&[u8]>| {
        let changes = past
            .diff(&a.parse().unwrap(), &b.parse().unwrap(), pattern)
            .unwrap();
        let line = |change: &Change| {
            let name = String::from_utf8(change.key.to_vec()).unwrap();
            format!("{name}: {}", text(change))
        };
        changes.iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(diff("4", "@", None), ["a: 1 -> 2", "gone: 1 -> -"]);
    assert_eq!(diff("@", "4", None), ["a: 2 -> 1", "gone: - -> 1"]);
    assert_eq!(diff("4", "@", Some(b"g*")), ["gone: 1 -> -"]);
    assert_eq!(
        diff("5", "6", None),
        ["a: 2 -> 2"],
        "a time to live is a difference"
    );
    assert!(diff("@", "@", None).is_empty());
    let changes = past.diff(&Rev::seq(4), &Rev::LAST, Some(b"a")).unwrap();
    let [part] = &changes[0].parts()[..] else {
        panic!("{changes:?}");
    };
    assert_eq!(part.place, Place::Whole);
    assert_eq!(&*part.after.as_ref().unwrap().value[0], b"2");
}

#[test]
fn a_history_holds_every_way_in_which_a_key_can_change() {
    let mut lab = Lab::new();
    lab.run(
        "SET k 1
         SET other 1
         MULTI
         INCR k
         INCR k
         EXEC
         RENAME k moved
         RENAME moved k
         PEXPIRE k 1500
         SET other 2
         GET k
         SET k back
         DEL k
         DEL k other
         SET k again",
    );
    lab.fake.rewind(Rev::seq(2)).unwrap();
    let expected = [
        (2, "- -> 1"),
        (4, "1 -> 3"),
        (5, "3 -> -"),
        (6, "- -> 3"),
        (7, "3 -> 3"),
        (9, "3 -> -"),
        (10, "- -> back"),
        (11, "back -> -"),
        (13, "- -> again"),
        (14, "again -> 1"),
    ];
    let history = lab.history("k");
    let history: Vec<_> = history.iter().map(|(seq, text)| (*seq, &**text)).collect();
    assert_eq!(history, expected);
    let past = lab.past();
    for (seq, _) in expected {
        let last = past.last_version(0, b"k", seq).unwrap().unwrap();
        assert_eq!(last.entry.seq, seq);
    }
    assert_eq!(
        past.last_version(0, b"k", 12).unwrap().unwrap().entry.seq,
        11
    );
    assert!(past.last_version(0, b"k", 1).unwrap().is_none());
}

fn abort(level: Recording) -> (Lab, timeline::AbortStory) {
    let mut lab = Lab::recording(level);
    let mut rival = lab.fake.connection();
    run(&mut rival, "MSET stock 10 other 1");
    lab.run("WATCH other stock\nMULTI\nSET stock 9");
    run(&mut rival, "PING");
    lab.fake.clock().advance(Duration::from_millis(250));
    let batch = ["MULTI", "SET other2 5", "DECRBY stock 4", "EXEC"];
    batch.iter().for_each(|line| drop(run(&mut rival, line)));
    assert_eq!(lab.con.exec().unwrap(), None);
    let past = lab.past();
    let seq = past.last_abort().unwrap().unwrap();
    let Why::Aborted(story) = past.why(seq).unwrap() else {
        panic!("no abort");
    };
    (lab, *story)
}

#[test]
fn an_aborted_exec_names_who_changed_what() {
    let (_lab, story) = abort(Recording::Aborts);
    assert_eq!(story.aborted.key.as_ref(), b"stock");
    assert_eq!(story.aborted.client.id, 1);
    let culprit = story.culprit.unwrap();
    let Record::Commit(commit) = &culprit.record else {
        panic!("{culprit:?}");
    };
    assert_eq!((culprit.seq, commit.client.id), (3, 2));
    let commands: Vec<_> = story.commands.iter().collect();
    assert_eq!(commands, [[b"DECRBY".as_slice(), b"stock", b"4"]]);
    assert_eq!(text(&story.change.unwrap()), "10 -> 6");
    assert!(matches!(
        story.watch,
        Watch::After {
            seq: 2,
            clock_us: Some(_)
        }
    ));
    assert_eq!(story.entry.clock_us - culprit.clock_us, 0);
}

#[test]
fn a_recorded_session_tells_when_watch_ran() {
    let (_lab, story) = abort(Recording::Session);
    let Watch::At { clock_us, .. } = story.watch else {
        panic!("{:?}", story.watch);
    };
    let waited = story.culprit.unwrap().clock_us - clock_us;
    assert_eq!(waited, 2_250_000, "MULTI, SET and 250 ms came after WATCH");
}

#[test]
fn why_a_key_is_what_it_is() {
    let mut lab = Lab::new();
    lab.run("SET expired 1\nPEXPIRE expired 100\nSET deleted 1\nDEL deleted\nSET moved 1\nRENAME moved there");
    lab.run("SET changed 1\nSET changed 2");
    let fate = |key: &str| {
        let story = lab.past().why_key(0, key.as_bytes(), &Rev::LAST).unwrap();
        (story.fate, story.last.map(|last| last.entry.seq))
    };
    assert_eq!(fate("expired"), (Fate::Expired, Some(4)));
    assert_eq!(fate("deleted"), (Fate::Deleted, Some(6)));
    assert_eq!(fate("moved"), (Fate::MovedAway, Some(8)));
    assert_eq!(fate("there"), (Fate::Created, Some(8)));
    assert_eq!(fate("changed"), (Fate::Changed, Some(10)));
    assert_eq!(fate("nothing"), (Fate::NeverThere, None));
    let story = lab.past().why_key(0, b"expired", &Rev::LAST).unwrap();
    assert_eq!(story.timed_by.unwrap().entry.seq, 3);
    lab.run("FLUSHDB");
    let story = lab.past().why_key(0, b"changed", &Rev::LAST).unwrap();
    assert_eq!(story.fate, Fate::Flushed);
    let story = lab.past().why_key(0, b"changed", &Rev::before(1)).unwrap();
    assert_eq!(story.fate, Fate::Changed);
}

#[test]
fn parts_of_collections_are_told() {
    let mut lab = Lab::new();
    lab.run("RPUSH list a b c\nSADD set a b\nHSET hash f 1 g 2");
    lab.run(
        "LSET list 1 x\nSREM set a\nSADD set z\nHSET hash f 9 h 3\nHPEXPIRE hash 5000 FIELDS 1 g",
    );
    let changes = lab.past().diff(&Rev::seq(4), &Rev::LAST, None).unwrap();
    let part =
        |part: &Option<timeline::Part>| part.as_ref().map(|part| format!("{:?}", part.value));
    let parts: Vec<_> = changes
        .iter()
        .flat_map(|change| change.parts())
        .map(|change| (change.place, part(&change.before), part(&change.after)))
        .collect();
    let name = |text: &str| Place::Name(text.as_bytes().into());
    let some = |text: &str| Some(text.to_owned());
    let expected = [
        (Place::Index(1), some("[b\"b\"]"), None),
        (Place::Index(1), None, some("[b\"x\"]")),
        (name("a"), some("[]"), None),
        (name("z"), None, some("[]")),
        (name("f"), some("[b\"1\"]"), some("[b\"9\"]")),
        (name("g"), some("[b\"2\"]"), some("[b\"2\"]")),
        (name("h"), None, some("[b\"3\"]")),
    ];
    assert_eq!(parts, expected);
}

#[test]
fn parts_of_streams_are_entries_and_groups() {
    let mut lab = Lab::new();
    lab.run("XADD s 1-1 f v\nXADD s 2-1 f w g x\nXGROUP CREATE s readers 0");
    lab.run("XDEL s 1-1\nXADD s 3-1 f v\nXREADGROUP GROUP readers me COUNT 1 STREAMS s >");
    let changes = lab.past().diff(&Rev::seq(4), &Rev::LAST, None).unwrap();
    let parts = changes[0].parts();
    let some = |text: &str| Some(text.to_owned());
    let expected = [
        ("1-1".to_owned(), some("f v"), None),
        (
            "group readers".to_owned(),
            some("last-delivered-id 0-0"),
            some("last-delivered-id 2-1 entries-read 2"),
        ),
        ("3-1".to_owned(), None, some("f v")),
        ("group readers consumer me".to_owned(), None, some("")),
        (
            "group readers pending 2-1".to_owned(),
            None,
            some("consumer me delivered-ms 1785585606000 deliveries 1"),
        ),
    ];
    assert_eq!(named(&parts), expected);
    lab.run("XSETID s 9-9 ENTRIESADDED 12 MAXDELETEDID 4-0");
    let changes = lab.past().diff(&Rev::before(1), &Rev::LAST, None).unwrap();
    let expected = [(
        "history".to_owned(),
        some("last-id 3-1 max-deleted-id 1-1 entries-added 3"),
        some("last-id 9-9 max-deleted-id 4-0 entries-added 12"),
    )];
    assert_eq!(named(&changes[0].parts()), expected);
}

#[test]
fn parts_of_vector_sets_are_elements() {
    let mut lab = Lab::new();
    lab.run("VADD v VALUES 2 3 4 a NOQUANT\nVADD v VALUES 2 1 0 b NOQUANT");
    lab.run("VSETATTR v a {}\nVREM v b");
    let changes = lab.past().diff(&Rev::seq(3), &Rev::LAST, None).unwrap();
    let some = |text: &str| Some(text.to_owned());
    let expected = [
        ("a".to_owned(), some("3 4"), some("3 4 {}")),
        ("b".to_owned(), some("1 0"), None),
    ];
    assert_eq!(named(&changes[0].parts()), expected);
}

/// Parts with names: the words before and after.
fn named(parts: &[timeline::PartChange]) -> Vec<(String, Option<String>, Option<String>)> {
    let side = |part: &Option<timeline::Part>| {
        let part = part.as_ref()?;
        let words = part.value.iter().map(|word| String::from_utf8_lossy(word));
        Some(words.collect::<Vec<_>>().join(" "))
    };
    let shown = parts.iter().map(|part| match &part.place {
        Place::Name(name) => (
            String::from_utf8_lossy(name).into_owned(),
            side(&part.before),
            side(&part.after),
        ),
        place => panic!("{place:?}"),
    });
    shown.collect()
}

#[test]
fn why_a_commit_names_the_record_whose_work_it_replaced() {
    let mut lab = Lab::new();
    lab.run("SET a 1\nSET b 1\nMSET a 2 b 2 c 2");
    let Why::Changed(story) = lab.past().why(4).unwrap() else {
        panic!("a commit");
    };
    let by: Vec<_> = story
        .replaced
        .iter()
        .map(|one| one.by.as_ref().map(|by| by.seq))
        .collect();
    assert_eq!(by, [Some(2), Some(3), None]);
}

#[test]
fn rewinding_appends_and_can_be_rewound() {
    let mut lab = Lab::new();
    lab.run("SET a 1\nSET a 2\nSET b 1");
    assert_eq!(lab.fake.rewind(Rev::seq(2)).unwrap(), 5);
    assert_eq!(lab.con.get::<_, i64>("a").unwrap(), 1);
    assert!(!lab.con.exists::<_, bool>("b").unwrap());
    lab.fake.rewind(Rev::seq(4)).unwrap();
    assert_eq!(lab.con.get::<_, i64>("a").unwrap(), 2);
    assert!(lab.con.exists::<_, bool>("b").unwrap());
    let dir = lab.dir;
    lab.fake.close().unwrap();
    drop((lab.con, lab.fake));
    let mut con = FakeRedis::open(dir.path()).unwrap().connection();
    assert_eq!(
        con.get::<_, i64>("a").unwrap(),
        2,
        "recovery follows rewinds"
    );
}

#[test]
fn undoing_twice_goes_back_twice_as_far() {
    let mut lab = Lab::new();
    lab.run("SET a 1\nSET a 2\nSET a 3\nSET a 4");
    lab.fake.undo(1).unwrap();
    assert_eq!(lab.con.get::<_, i64>("a").unwrap(), 3);
    lab.fake.undo(1).unwrap();
    assert_eq!(lab.con.get::<_, i64>("a").unwrap(), 2);
    lab.run("SET a 9");
    lab.fake.undo(2).unwrap();
    assert_eq!(lab.con.get::<_, i64>("a").unwrap(), 1);
    lab.fake.undo(99).unwrap();
    assert!(!lab.con.exists::<_, bool>("a").unwrap());
}

#[test]
fn a_rewind_touches_watched_keys_that_it_changes() {
    let mut lab = Lab::new();
    lab.run("SET a 1\nSET b 1\nSET a 2");
    let mut exec_after = |key: &str, rev: Rev| {
        run(&mut lab.con, &format!("WATCH {key}"));
        lab.fake.rewind(rev).unwrap();
        lab.con.multi().unwrap();
        lab.con.exec().unwrap()
    };
    assert!(exec_after("b", Rev::seq(3)).is_some());
    assert!(exec_after("a", Rev::seq(4)).is_none());
}

/// A command on few keys, so that they get in each other's way.
fn any_line() -> impl Strategy<Value = String> {
    let key = || prop::sample::select(vec!["a", "b", "c"]);
    prop_oneof![
        (key(), 0..3).prop_map(|(key, n)| format!("SET {key} {n}")),
        (key(), 1..4000).prop_map(|(key, ms)| format!("SET {key} 1 PX {ms}")),
        key().prop_map(|key| format!("APPEND {key} x")),
        (key(), key()).prop_map(|(a, b)| format!("DEL {a} {b}")),
        (key(), key()).prop_map(|(a, b)| format!("MSET {a} 7 {b} 8")),
        (key(), key()).prop_map(|(a, b)| format!("MSETNX {a} 5 {b} 6")),
        (key(), key()).prop_map(|(a, b)| format!("RENAME {a} {b}")),
        (key(), key()).prop_map(|(a, b)| format!("COPY {a} {b} REPLACE")),
        (key(), key()).prop_map(|(a, b)| format!("COPY {a} {b} DB 1")),
        key().prop_map(|key| format!("MOVE {key} 1")),
        key().prop_map(|key| format!("PERSIST {key}")),
        (key(), key()).prop_map(|(a, b)| format!("SADD {a} {b}")),
        (key(), key()).prop_map(|(a, b)| format!("SMOVE {a} {b} a")),
        (key(), key()).prop_map(|(a, b)| format!("SUNIONSTORE {a} {b} b")),
        (key(), key()).prop_map(|(a, b)| format!("SORT {a} BY nosort STORE {b}")),
        key().prop_map(|key| format!("SPOP {key}")),
        key().prop_map(|key| format!("XADD {key} MAXLEN ~ 1 * f v")),
        key().prop_map(|key| format!("XGROUP CREATE {key} g 0 MKSTREAM")),
        (key(), key()).prop_map(|(a, b)| format!("XREADGROUP GROUP g {b} STREAMS {a} >")),
        (key(), key()).prop_map(|(a, b)| format!("XREADGROUP GROUP g {b} STREAMS {a} 0")),
        (key(), key()).prop_map(|(a, b)| format!("XAUTOCLAIM {a} g {b} 0 0 COUNT 1")),
        (0..3).prop_map(|db| format!("SELECT {db}")),
        Just("SWAPDB 0 1".to_owned()),
        Just("FLUSHDB".to_owned()),
        Just("FLUSHALL".to_owned()),
        Just("MULTI".to_owned()),
        Just("EXEC".to_owned()),
        (0..20u64).prop_map(|back| format!("REWIND {back}")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Histories and last versions are what the states after every record say.
    #[test]
    fn histories_agree_with_the_states(lines in prop::collection::vec(any_line(), 1..60)) {
        let mut lab = Lab::new();
        lab.run_any(&lines);
        let past = lab.past();
        for (db, key) in [(0, "a"), (0, "b"), (1, "a")] {
            let history = past.history(db, key.as_bytes(), &Rev::LAST).unwrap();
            let history: Vec<_> = history.map(Result::unwrap).collect();
            for seq in 0..=past.reader().last_seq() {
                let known = history.iter().rfind(|version| version.entry.seq <= seq);
                let view = past.at(&Rev::seq(seq)).unwrap();
                let there = view.world().keyspace.db(db).get(key.as_bytes()).cloned();
                prop_assert_eq!(known.and_then(|version| version.change.after.clone()), there);
                let last = past.last_version(db, key.as_bytes(), seq).unwrap();
                prop_assert_eq!(last.as_ref(), known);
            }
        }
    }
}

/// The state is the same after it, also where later records go back to what was dropped.
#[test]
fn compacted_history_begins_later_and_ends_the_same() {
    let mut lab = Lab::new();
    lab.run("SET a 1\nRPUSH l x y\nSET a 2");
    lab.fake.mark("here").unwrap();
    lab.run("DEL l\nSET b 1 EX 1000");
    lab.fake.rewind(Rev::seq(3)).unwrap();
    lab.run("INCR a\nSADD s m");
    let digests = |past: &Timeline, from| {
        let digest = |seq| past.at(&Rev::seq(seq)).unwrap().world().keyspace.digest();
        (from..=past.reader().last_seq())
            .map(digest)
            .collect::<Vec<_>>()
    };
    for (keep, dropped) in [(5, 4), (7, 2), (10, 3)] {
        let before = digests(&lab.past(), keep - 1);
        let compacted = lab.fake.compact(Rev::seq(keep)).unwrap();
        assert_eq!((compacted.first_seq, compacted.records), (keep, dropped));
        assert_eq!(digests(&lab.past(), keep - 1), before);
        let refused = lab.past().at(&Rev::seq(keep - 2)).unwrap_err();
        assert!(matches!(refused, timeline::Error::Forgotten { first } if first == keep));
    }
    let digest = lab.fake.digest();
    let Lab { dir, fake, con } = lab;
    drop((fake, con));
    assert_eq!(FakeRedis::open(dir.path()).unwrap().digest(), digest);
}
