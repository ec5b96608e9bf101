//! Running history again: what every journal must stand, what a broken engine can't, and history that is changed first.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use std::time::UNIX_EPOCH;

use fakeredis::Clock;
use fakeredis::Connection;
use fakeredis::FakeRedis;
use fakeredis::Recording;
use fakeredis::Timeline;
use fakeredis::commit::Blob;
use fakeredis::commit::CommandList;
use fakeredis::commit::Commit;
use fakeredis::commit::Effect;
use fakeredis::commit::Entry;
use fakeredis::commit::Origin;
use fakeredis::commit::Record;
use fakeredis::journal::Journal;
use fakeredis::journal::Options;
use fakeredis::timeline::Aspect;
use fakeredis::timeline::Divergence;
use fakeredis::timeline::Edit;
use fakeredis::timeline::Error;
use fakeredis::timeline::Otherwise;
use fakeredis::timeline::Reason;
use fakeredis::timeline::Verified;

use crate::support::verified::Recorded;
use crate::support::verified::verify;

/// A journaled fake on a clock that stands at noon of 2026-08-01; record 1 is the journal's opening.
struct Lab {
    fake: FakeRedis,
    dir: Recorded,
}

impl Lab {
    fn new(level: Recording) -> Lab {
        let dir = Recorded::new();
        let clock = Clock::frozen_at(UNIX_EPOCH + Duration::from_secs(1_785_585_600));
        let builder = FakeRedis::builder().journal(dir.path()).clock(clock);
        let fake = builder.record(level).build().unwrap();
        Lab { dir, fake }
    }

    /// Runs commands, one a line.
    fn run(&self, con: &mut Connection, lines: &str) {
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let mut words = line.split(' ');
            let mut command = redis::cmd(words.next().unwrap());
            for word in words {
                command.arg(word);
            }
            // What is answered is the journal's matter.
            let _ = command.query::<redis::Value>(con);
        }
    }

    fn past(&self) -> Timeline {
        self.fake.timeline().unwrap()
    }
}

fn verified(dir: &Path) -> (Vec<Divergence>, Verified) {
    let past = Timeline::open(dir).unwrap();
    let mut verify = past.verify(1..=past.reader().last_seq()).unwrap();
    let divergences = verify.by_ref().map(Result::unwrap).collect();
    (divergences, verify.verified())
}

/// A journal with the records of another, each as `edit` leaves it, and all checksums right: what an engine with a fault would
/// have written.
fn edited(dir: &Path, mut edit: impl FnMut(&mut Entry)) -> Recorded {
    let copy = Recorded::new().unverified("it is to diverge");
    let (journal, _) = Journal::open(copy.path(), &Options::default()).unwrap();
    for entry in Timeline::open(dir).unwrap().reader().entries(..) {
        let mut entry = entry.unwrap();
        edit(&mut entry);
        journal.append(entry.clock_us, &entry.record).unwrap();
    }
    journal.close().unwrap();
    copy
}

/// What verification finds once the commit `seq` is edited.
fn caught(dir: &Path, seq: u64, edit: impl Fn(&mut Commit)) -> Vec<(u64, Vec<Aspect>)> {
    let copy = edited(dir, |entry| match &mut entry.record {
        Record::Commit(commit) if entry.seq == seq => edit(commit),
        _ => {}
    });
    let (divergences, _) = verified(copy.path());
    let found = divergences.into_iter();
    found
        .map(|found| (found.entry.seq, found.differs))
        .collect()
}

/// Records 2 to 8.
const SESSION: &str = "
    SET n 1
    INCR n
    SADD members a b c d e f g h i j k l m
    SPOP members 2
    SET gone 1 PX 500
    EVAL return{redis.call('INCR',KEYS[1]),redis.call('GETEX',KEYS[2],'PERSIST')} 2 n gone
    XADD stream * f v";

fn recorded() -> Lab {
    let lab = Lab::new(Recording::Aborts);
    lab.run(&mut lab.fake.connection(), SESSION);
    lab.fake.close().unwrap();
    lab
}

#[test]
fn what_was_recorded_comes_out_the_same() {
    let lab = recorded();
    let (divergences, verified) = verified(lab.dir.path());
    assert_eq!(divergences, []);
    assert_eq!((verified.records, verified.rerun), (9, 7));
    assert_eq!(verified.unknown, BTreeMap::new());
}

#[test]
fn a_broken_engine_is_caught_at_its_record() {
    let lab = recorded();
    let caught = |seq, edit: fn(&mut Commit)| caught(lab.dir.path(), seq, edit);
    assert_eq!(caught(99, |_| ()), []);
    // INCR answers something else.
    let replies = caught(3, |commit| commit.reply_crc ^= 1);
    assert_eq!(replies, [(3, vec![Aspect::Replies])]);
    // SPOP takes something else.
    let other = |commit: &mut Commit| {
        let srem = CommandList::from_iter([vec!["SREM", "members", "a"]]);
        commit.effects = vec![Effect::Rewritten(Box::new(srem))];
    };
    assert_eq!(
        caught(5, other),
        [
            (5, vec![Aspect::Effects]),
            (9, vec![digest(lab.dir.path(), 5, other)])
        ]
    );
    // An engine draws from another seed, or from none.
    assert_eq!(
        caught(5, |commit| commit.seed = None)[0],
        (5, vec![Aspect::Random])
    );
    assert_eq!(
        caught(3, |commit| commit.seed = Some(7)),
        [(3, vec![Aspect::Random])]
    );
    // A script says that it did nothing.
    let nothing = caught(7, |commit| commit.effects = vec![Effect::None]);
    assert_eq!(nothing[0], (7, vec![Aspect::Effects]));
}

/// The digest of all data at the end, which no longer is what was recorded.
fn digest(dir: &Path, seq: u64, edit: impl Fn(&mut Commit)) -> Aspect {
    let copy = edited(dir, |entry| match &mut entry.record {
        Record::Commit(commit) if entry.seq == seq => edit(commit),
        _ => {}
    });
    let past = Timeline::open(copy.path()).unwrap();
    let last = past.reader().last_seq();
    let Record::Close(close) = past.entry(last).unwrap().record else {
        panic!("the last record closes");
    };
    let again = past
        .at(&fakeredis::Rev::LAST)
        .unwrap()
        .world()
        .keyspace
        .digest();
    Aspect::Digest {
        recorded: close.digest,
        again,
    }
}

#[test]
fn a_divergence_tells_both_sides_and_the_keys() {
    let lab = recorded();
    let copy = edited(lab.dir.path(), |entry| match &mut entry.record {
        Record::Commit(commit) if entry.seq == 3 => {
            let set = CommandList::from_iter([vec!["SET", "n", "3"]]);
            commit.effects = vec![Effect::Rewritten(Box::new(set))];
        }
        _ => {}
    });
    let past = Timeline::open(copy.path()).unwrap();
    let first = past.verify(1..=9).unwrap().next().unwrap().unwrap();
    assert_eq!(
        (first.entry.seq, &*first.differs),
        (3, &[Aspect::Effects][..])
    );
    let Some(Record::Commit(again)) = &first.again else {
        panic!("a commit again");
    };
    assert_eq!(again.effects, [Effect::Verbatim]);
    assert_eq!(again.replies, Some(Blob(b":2\r\n".to_vec())));
    let values: Vec<_> = first
        .changes
        .iter()
        .map(|change| (change.key.to_vec(), change.parts()))
        .collect();
    assert_eq!(values.len(), 1);
    assert_eq!(values[0].0, b"n");
    let part = &values[0].1[0];
    let value = |part: &Option<fakeredis::timeline::Part>| part.as_ref().unwrap().value[0].to_vec();
    assert_eq!(
        (value(&part.before), value(&part.after)),
        (b"3".to_vec(), b"2".to_vec())
    );
}

#[test]
fn an_abort_must_have_its_culprit() {
    let lab = Lab::new(Recording::Aborts);
    let (mut one, mut two) = (lab.fake.connection(), lab.fake.connection());
    lab.run(&mut one, "SET a 1\nSET b 1\nWATCH a");
    lab.run(&mut two, "INCR a\nINCR b");
    lab.run(&mut one, "MULTI\nSET a 9\nEXEC");
    lab.fake.close().unwrap();
    verify(lab.dir.path()).unwrap();
    for culprit in [2, 5] {
        let copy = edited(lab.dir.path(), |entry| {
            if let Record::Aborted(aborted) = &mut entry.record {
                aborted.culprit = culprit;
            }
        });
        let (divergences, _) = verified(copy.path());
        let found: Vec<_> = divergences
            .iter()
            .map(|found| (found.entry.seq, &*found.differs))
            .collect();
        assert_eq!(found, [(6, &[Aspect::Culprit][..])], "{culprit}");
    }
}

#[test]
fn keys_expire_when_they_did_and_not_before() {
    let lab = Lab::new(Recording::Aborts);
    lab.run(
        &mut lab.fake.connection(),
        "SET a 1 PX 1000\nHSET h f 1\nHPEXPIRE h 1500 FIELDS 1 f",
    );
    lab.fake.clock().advance(Duration::from_secs(2));
    lab.run(&mut lab.fake.connection(), "SET b 1");
    lab.fake.close().unwrap();
    verify(lab.dir.path()).unwrap();
    let copy = edited(lab.dir.path(), |entry| {
        if entry.seq == 5 {
            entry.clock_us -= 1_500_000;
        }
    });
    let (divergences, _) = verified(copy.path());
    let found: Vec<_> = divergences
        .iter()
        .map(|found| (found.entry.seq, &*found.differs))
        .collect();
    assert_eq!(found, [(5, &[Aspect::Kind][..])]);
}

/// Reads, errors, connections and random numbers that nothing holds: all follow from what a session recorded.
#[test]
fn a_session_is_verified_in_full() {
    let lab = Lab::new(Recording::Session);
    let (mut one, mut two) = (lab.fake.connection(), lab.fake.connection());
    lab.run(&mut one, "CLIENT SETNAME one\nSADD s a b c d e f\nSRANDMEMBER s 3\nSRANDMEMBER s -9\nNOSUCH\nLPUSH s 1");
    lab.run(
        &mut two,
        "SELECT 3\nWATCH x\nSET x 1\nMULTI\nGET x\nLPUSH x 1\nEXEC\nRANDOMKEY",
    );
    lab.run(
        &mut one,
        "WATCH s\nMULTI\nSRANDMEMBER s 2\nEXEC\nSPOP s 2\nSRANDMEMBER s 2\nCLIENT GETNAME\nINFO",
    );
    drop(two);
    lab.fake.close().unwrap();
    let verified = verify(lab.dir.path()).unwrap();
    let reasons: Vec<_> = verified.unknown.into_keys().collect();
    assert_eq!(reasons, [Reason::Volatile("INFO")]);
    let copy = edited(lab.dir.path(), |entry| match &mut entry.record {
        Record::Observed(observed) if observed.commands.arg(0, 0) == Some(b"RANDOMKEY") => {
            observed.replies = Blob(b"$1\r\ny\r\n".to_vec());
        }
        _ => {}
    });
    let (divergences, _) = self::verified(copy.path());
    assert_eq!(divergences.len(), 1);
    assert_eq!(divergences[0].differs, [Aspect::Replies]);
}

/// What hangs on something that is not recorded is said to.
#[test]
fn what_cannot_be_compared_is_counted() {
    let lab = Lab::new(Recording::Commits);
    let mut con = lab.fake.connection();
    lab.run(
        &mut con,
        "SET a 1\nMULTI\nPUBLISH c m\nINCR a\nEXEC\nMULTI\nINFO server\nINCR a\nEXEC",
    );
    lab.fake.close().unwrap();
    let verified = verify(lab.dir.path()).unwrap();
    let unknown: Vec<_> = verified.unknown.into_iter().collect();
    // Nobody listens, in the one and the other history.
    assert_eq!(unknown, [(Reason::Volatile("INFO"), (1, 4))]);
    assert_eq!(verified.rerun, 2);
}

fn whatif(lab: &Lab, edits: impl Into<BTreeMap<u64, Edit>>) -> (Vec<Otherwise>, Vec<String>) {
    let past = lab.past();
    let mut whatif = past.whatif(edits.into()).unwrap();
    let otherwise = whatif.by_ref().map(Result::unwrap).collect();
    let text = |slot: &Option<fakeredis::keyspace::Slot>| match slot {
        Some(slot) => format!("{:?}", fakeredis::timeline::Contents::of(slot)),
        None => "nothing".to_owned(),
    };
    let changes = whatif.changes().into_iter().map(|change| {
        let key = String::from_utf8_lossy(&change.key).into_owned();
        let short = |text: String| match text.rsplit("b\"").next() {
            Some(last) if text.starts_with("Whole") => {
                last.split('"').next().unwrap_or("").to_owned()
            }
            _ => text,
        };
        format!(
            "{key}: {} -> {}",
            short(text(&change.before)),
            short(text(&change.after))
        )
    });
    (otherwise, changes.collect())
}

fn commands(line: &str) -> CommandList {
    CommandList::from_iter([line.split(' ').collect()])
}

/// Two buyers race for ten pieces: at record 4 the EXEC of the first was aborted by the second, which is record 3.
fn race() -> Lab {
    let lab = Lab::new(Recording::Aborts);
    let (mut one, mut two) = (lab.fake.connection(), lab.fake.connection());
    lab.run(&mut one, "SET stock 10\nWATCH stock");
    lab.run(&mut two, "DECRBY stock 4");
    lab.run(&mut one, "MULTI\nDECRBY stock 1\nSET order one\nEXEC");
    lab.run(&mut two, "GETSET stock 20\nSET last 1 PX 100");
    lab.fake.clock().advance(Duration::from_secs(1));
    lab.run(&mut one, "INCR stock");
    lab
}

#[test]
fn without_its_culprit_an_exec_runs() {
    let lab = race();
    let (otherwise, changes) = whatif(&lab, [(3, Edit::Skip)]);
    let seqs: Vec<u64> = otherwise.iter().map(|otherwise| otherwise.seq).collect();
    assert_eq!(seqs, [4, 5], "the EXEC runs, and GETSET is answered 9");
    let Some(Record::Commit(exec)) = &otherwise[0].again else {
        panic!("the EXEC runs");
    };
    assert_eq!(exec.commands.len(), 2);
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert!(changes[0].starts_with("order: nothing -> "), "{changes:?}");
}

/// At level `session` MULTI and what it queued are records too; they stay.
#[test]
fn an_exec_that_is_left_out_leaves_nothing_queued() {
    let lab = Lab::new(Recording::Session);
    let mut con = lab.fake.connection();
    lab.run(
        &mut con,
        "WATCH stock\nMULTI\nSET stock 1\nEXEC\nGET other\nWATCH stock",
    );
    let last = lab.fake.engine().lock().last_seq();
    let exec = last - 2;
    let (otherwise, changes) = whatif(&lab, [(exec, Edit::Skip)]);
    assert_eq!(otherwise.len(), 0, "{otherwise:?}");
    assert!(
        changes.len() == 1 && changes[0].ends_with("-> nothing"),
        "{changes:?}"
    );
}

#[test]
fn an_exec_stays_aborted_while_a_watched_key_changes() {
    let lab = race();
    let (otherwise, changes) = whatif(&lab, [(3, Edit::Replace(commands("SET stock 7")))]);
    let seqs: Vec<u64> = otherwise.iter().map(|otherwise| otherwise.seq).collect();
    assert_eq!(seqs, [3, 5]);
    assert_eq!(changes, [""; 0]);
}

#[test]
fn what_takes_the_place_of_a_read_runs_in_its_database() {
    let lab = Lab::new(Recording::Session);
    let mut con = lab.fake.connection();
    lab.run(&mut con, "SELECT 3\nGET a");
    let read = lab.past().last_seq();
    let past = lab.past();
    let edit = Edit::Replace(commands("SET a 1"));
    let mut whatif = past.whatif(BTreeMap::from([(read, edit)])).unwrap();
    whatif
        .by_ref()
        .for_each(|otherwise| drop(otherwise.unwrap()));
    let dbs: Vec<usize> = whatif.changes().iter().map(|change| change.db).collect();
    assert_eq!(dbs, [3]);
}

#[test]
fn time_passes_in_every_history() {
    let lab = race();
    // Record 6 sets a key that expires in record 7.
    let (otherwise, changes) = whatif(&lab, [(6, Edit::Skip)]);
    assert_eq!(otherwise.len(), 1);
    assert_eq!((otherwise[0].seq, &otherwise[0].again), (7, &None));
    assert_eq!(changes, [""; 0]);
    let (otherwise, changes) = whatif(&lab, [(6, Edit::Replace(commands("SET last 1 PX 5000")))]);
    assert_eq!(otherwise.len(), 2);
    assert_eq!(changes.len(), 1);
    let (otherwise, changes) = whatif(&lab, [(2, Edit::Replace(commands("SET stock 10 PX 50")))]);
    let expiry = otherwise.iter().find(|otherwise| otherwise.entry.is_none());
    assert!(expiry.is_none(), "GETSET took the time to live away");
    assert_eq!(changes, [""; 0]);
}

#[test]
fn only_commands_can_be_left_out() {
    let lab = race();
    for seq in [1, 7] {
        let past = lab.past();
        let refused = past.whatif(BTreeMap::from([(seq, Edit::Skip)])).err();
        assert!(matches!(refused, Some(Error::NoCommand { seq: named }) if named == seq));
    }
    assert!(matches!(
        lab.past().whatif(BTreeMap::from([(99, Edit::Skip)])).err(),
        Some(Error::NoRecord { seq: 99, .. })
    ));
}

/// At level session the WATCH itself is run again, so that an EXEC that ran is aborted when a key changes now.
#[test]
fn an_exec_that_ran_is_aborted_when_its_key_changes_now() {
    let lab = Lab::new(Recording::Session);
    let mut con = lab.fake.connection();
    lab.run(
        &mut con,
        "SET stock 10\nWATCH stock\nMULTI\nDECR stock\nEXEC",
    );
    let past = lab.past();
    let watch = past.resolve(&fakeredis::Rev::LAST).unwrap() - 3;
    let edit = Edit::Insert(commands("SET stock 1"));
    let mut whatif = past.whatif(BTreeMap::from([(watch, edit)])).unwrap();
    let otherwise: Vec<_> = whatif.by_ref().map(Result::unwrap).collect();
    let Some(Record::Aborted(aborted)) = &otherwise.last().unwrap().again else {
        panic!("{otherwise:?}");
    };
    assert_eq!(aborted.culprit, watch);
}

/// What verification finds once some records are edited.
fn found(dir: &Path, edit: impl FnMut(&mut Entry)) -> Vec<(u64, Vec<Aspect>)> {
    let (divergences, _) = verified(edited(dir, edit).path());
    let found = divergences.into_iter();
    found
        .map(|found| (found.entry.seq, found.differs))
        .collect()
}

/// Which commands a fault hits, and which not.
#[test]
fn faults_of_a_session_hit_the_same_commands() {
    let lab = Lab::new(Recording::Session);
    let mut con = lab.fake.connection();
    lab.run(
        &mut con,
        "FAKEREDIS SEED 3\nFAKEREDIS FAULT ADD CMD GET PROB 0.5 ERROR OOM no\nSET a 1",
    );
    lab.run(&mut con, &"GET a\n".repeat(20));
    drop(con);
    lab.fake.close().unwrap();
    let verified = verify(lab.dir.path()).unwrap();
    assert_eq!(verified.unknown, BTreeMap::new());
    let mut hit = Vec::new();
    let mut spared = |entry: &mut Entry| {
        if let Record::Observed(observed) = &mut entry.record
            && observed.replies.as_ref().starts_with(b"-OOM")
        {
            observed.replies = Blob(b"$1\r\n1\r\n".to_vec());
            hit.push((entry.seq, vec![Aspect::Replies]));
        }
    };
    let found = found(lab.dir.path(), &mut spared);
    assert!((2..19).contains(&hit.len()), "{hit:?}");
    assert_eq!(found, hit);
}

/// Below level `session` nobody knows what a fault was asked about.
#[test]
fn faults_of_other_levels_are_counted() {
    let lab = Lab::new(Recording::Aborts);
    let mut con = lab.fake.connection();
    lab.run(
        &mut con,
        "FAKEREDIS FAULT ADD CMD SET AFTER 1 TIMES 1 ERROR OOM no\nSET a 1\nSET a 2\nSET a 3",
    );
    lab.fake.close().unwrap();
    let verified = verify(lab.dir.path()).unwrap();
    let unknown: Vec<_> = verified.unknown.into_iter().collect();
    assert_eq!(unknown, [(Reason::Fault, (1, 2))]);
    assert_eq!(verified.rerun, 2);
}

#[test]
fn how_a_wait_began_and_ended_is_run_again() {
    let lab = Lab::new(Recording::Session);
    let engine = lab.fake.engine();
    let address = fakeredis::session::Address::default;
    let [one, two] = [0; 2].map(|_| engine.lock().connect(address()));
    let send = |client, line: &str| {
        let argv: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        engine.batch(|core| core.run(client, &argv)).unwrap();
    };
    send(one, "BLPOP q 1.5"); // record 4
    send(two, "FAKEREDIS CLOCK ADVANCE 2000");
    send(one, "WAIT 1 0");
    send(two, "CLIENT UNBLOCK 1 ERROR");
    send(two, "CLIENT PAUSE 1000 WRITE");
    send(one, "SET k 1");
    send(two, "CLIENT UNPAUSE");
    lab.fake.close().unwrap();
    verify(lab.dir.path()).unwrap();
    let later = |entry: &mut Entry| {
        if let Record::Waiting(waiting) = &mut entry.record {
            waiting.until_us = waiting.until_us.map(|until| until + 1);
        }
    };
    let kind = || vec![Aspect::Kind];
    assert_eq!(found(lab.dir.path(), later), [(4, kind()), (11, kind())]);
    let other = |entry: &mut Entry| match &mut entry.record {
        Record::Observed(observed) if observed.origin != Origin::Direct => {
            observed.replies.0.push(b'!');
        }
        _ => {}
    };
    let replies = || vec![Aspect::Replies];
    assert_eq!(
        found(lab.dir.path(), other),
        [(6, replies()), (9, replies())]
    );
}

/// What a process was started with is run again with the same.
#[test]
fn settings_of_the_start_are_recorded_without_passwords() {
    let dir = Recorded::new();
    let mut config = fakeredis::Config::default();
    for (name, value) in [
        ("hash-max-listpack-entries", "1"),
        ("requirepass", "secret"),
        ("maxclients", "77"),
    ] {
        config.set_flag(name, &[value]).unwrap();
    }
    let builder = FakeRedis::builder().journal(dir.path()).config(config);
    let fake = builder.record(Recording::Session).build().unwrap();
    let mut con = fake.connection();
    for line in ["AUTH secret", "HSET h a 1 b 2", "OBJECT ENCODING h"] {
        let words: Vec<&str> = line.split(' ').collect();
        redis::cmd(words[0])
            .arg(&words[1..])
            .exec(&mut con)
            .unwrap();
    }
    drop(con);
    fake.close().unwrap();
    let mut told = Vec::new();
    let found = found(dir.path(), |entry| {
        if let Record::Open(open) = &mut entry.record {
            told = std::mem::take(&mut open.settings);
        }
    });
    let setting = |name: &str, value: &str| (name.to_owned(), Blob(value.into()));
    assert_eq!(
        told,
        [
            setting("hash-max-listpack-entries", "1"),
            setting("requirepass", "(redacted)")
        ]
    );
    assert_eq!(found, [(5, vec![Aspect::Replies])]);
}
