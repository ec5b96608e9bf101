//! What the journal keeps of a client that was blocked and served.

use std::path::Path;

use fakeredis::FakeRedis;
use fakeredis::Rev;
use fakeredis::Timeline;
use fakeredis::commit::Commit;
use fakeredis::commit::Effect;
use fakeredis::commit::Origin;
use fakeredis::commit::Record;
use fakeredis::engine::Outcome;
use fakeredis::resp::pretty;
use fakeredis::session::Address;
use fakeredis::session::SessionKey;

use crate::support::ours::config;
use crate::support::verified::Recorded;

/// A journaled fake with a few clients that never wait for each other.
struct Lab {
    fake: FakeRedis,
    clients: Vec<SessionKey>,
}

impl Lab {
    fn new(dir: &Path) -> Lab {
        let builder = FakeRedis::builder().journal(dir);
        let fake = builder.config(config()).build().unwrap();
        let connect = |_| fake.engine().lock().connect(Address::default());
        let clients = (0..4).map(connect).collect();
        Lab { fake, clients }
    }

    fn run(&self, client: usize, line: &str) -> String {
        let argv: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        self.show(|core| core.run(self.clients[client], &argv))
    }

    fn answer(&self, client: usize) -> String {
        self.show(|core| core.answer(self.clients[client]))
    }

    fn show(&self, work: impl FnOnce(&mut fakeredis::engine::Core) -> Outcome) -> String {
        match self.fake.engine().batch(work).unwrap() {
            Outcome::Reply(reply, _) => pretty(&reply),
            Outcome::Blocked => "blocked".into(),
            Outcome::Closed | Outcome::Cut(_) => "closed".into(),
        }
    }
}

/// All commits of a journal, each with its place in history.
fn commits(dir: &Path) -> Vec<(u64, Commit)> {
    let timeline = Timeline::open(dir).unwrap();
    let last = timeline.resolve(&Rev::LAST).unwrap();
    let entries = (1..=last).map(|seq| timeline.entry(seq).unwrap());
    let commit = |entry: fakeredis::commit::Entry| match entry.record {
        Record::Commit(commit) => Some((entry.seq, commit)),
        _ => None,
    };
    entries.filter_map(commit).collect()
}

/// The effect of a unit of one command, as a person would type it.
fn effect(commit: &Commit) -> String {
    let [Effect::Rewritten(commands)] = &*commit.effects else {
        panic!("{commit:?}");
    };
    let line = |argv: Vec<&[u8]>| String::from_utf8(argv.join(&b' ')).unwrap();
    commands.iter().map(line).collect::<Vec<_>>().join("; ")
}

#[test]
fn whoever_is_served_has_a_record_with_its_cause() {
    let dir = Recorded::new();
    let lab = Lab::new(dir.path());
    assert_eq!(lab.run(0, "BLPOP end 0"), "blocked");
    assert_eq!(lab.run(1, "BLMOVE start end LEFT RIGHT 0"), "blocked");
    assert_eq!(lab.run(2, "RPUSH start x"), "(integer) 1");
    assert_eq!(lab.answer(1), "\"x\"");
    assert_eq!(lab.answer(0), "1) \"end\"\n2) \"x\"");
    assert_eq!(lab.answer(0), "blocked", "there is nothing twice");
    lab.fake.close().unwrap();

    let commits = commits(dir.path());
    let origins: Vec<_> = commits.iter().map(|(_, commit)| commit.origin).collect();
    let [pushed, moved, _] = [0, 1, 2].map(|at| commits[at].0);
    let causes = [
        Origin::Direct,
        Origin::Blocked { cause: pushed },
        Origin::Blocked { cause: moved },
    ];
    assert_eq!(origins, causes);
    let clients = commits.iter().map(|(_, commit)| commit.client.id);
    assert_eq!(
        clients.collect::<Vec<_>>(),
        [2, 1, 0].map(|client: usize| lab.clients[client].id())
    );
    let as_sent = commits[2].1.commands.iter().next().unwrap();
    assert_eq!(as_sent.join(&b' '), b"BLPOP end 0");
}

#[test]
fn a_transaction_and_a_script_serve_as_one_unit() {
    let dir = Recorded::new();
    let lab = Lab::new(dir.path());
    for client in [0, 1] {
        assert_eq!(lab.run(client, "BLPOP l 0"), "blocked");
    }
    for line in ["MULTI", "RPUSH l a", "RPUSH l b", "EXEC"] {
        lab.run(2, line);
    }
    assert_eq!(lab.run(0, "LLEN l"), "(integer) 0");
    lab.fake.close().unwrap();
    let commits = commits(dir.path());
    let origins: Vec<_> = commits.iter().map(|(_, commit)| commit.origin).collect();
    let cause = Origin::Blocked {
        cause: commits[0].0,
    };
    assert_eq!(origins, [Origin::Exec, cause, cause]);
}

/// The effects that Redis 8.2.3 writes to its append-only file.
#[test]
fn what_is_recorded_is_what_was_done_whether_it_waited_or_not() {
    for (blocking, push, recorded) in [
        ("BLPOP none l 0", "RPUSH l a b c", "LPOP l"),
        ("BRPOP l 0", "RPUSH l a b c", "RPOP l"),
        (
            "BLMOVE l m right left 0",
            "RPUSH l a b c",
            "LMOVE l m right left",
        ),
        ("BRPOPLPUSH l m 0", "RPUSH l a b c", "RPOPLPUSH l m"),
        (
            "BLMPOP 0 2 none l RIGHT COUNT 2",
            "RPUSH l a b c",
            "RPOP l 2",
        ),
        ("BLMPOP 0 1 l LEFT COUNT 9", "RPUSH l a b c", "LPOP l 3"),
        ("BZPOPMIN z 0", "ZADD z 1 a 2 b 3 c", "ZPOPMIN z"),
        ("BZPOPMAX none z 0", "ZADD z 1 a 2 b 3 c", "ZPOPMAX z"),
        (
            "BZMPOP 0 1 z MIN COUNT 9",
            "ZADD z 1 a 2 b 3 c",
            "ZPOPMIN z 3",
        ),
        ("BZMPOP 0 2 y z MAX", "ZADD z 1 a 2 b 3 c", "ZPOPMAX z 1"),
    ] {
        let dir = Recorded::new();
        let lab = Lab::new(dir.path());
        assert_eq!(lab.run(0, blocking), "blocked");
        lab.run(1, push);
        lab.run(1, "DEL l z");
        lab.run(1, push);
        assert_ne!(lab.run(2, blocking), "blocked");
        lab.fake.close().unwrap();
        let commits = commits(dir.path());
        let of = |client: usize| {
            let mut own = commits
                .iter()
                .filter(|(_, commit)| commit.client.id == lab.clients[client].id());
            effect(&own.next().unwrap().1)
        };
        assert_eq!([of(0), of(2)], [recorded; 2], "{blocking}");
    }
}

#[test]
fn who_waits_in_vain_leaves_no_record() {
    let dir = Recorded::new();
    let lab = Lab::new(dir.path());
    assert_eq!(lab.run(0, "BLPOP l 0"), "blocked");
    lab.run(1, "SET l string");
    let id = lab.clients[0].id();
    assert_eq!(lab.run(1, &format!("CLIENT UNBLOCK {id}")), "(integer) 1");
    assert_eq!(lab.answer(0), "(nil)");
    lab.fake.close().unwrap();
    assert_eq!(commits(dir.path()).len(), 1);
}

#[test]
fn a_wait_that_meets_an_expired_key_records_its_removal() {
    let dir = Recorded::new();
    let lab = Lab::new(dir.path());
    lab.run(1, "DEBUG SET-ACTIVE-EXPIRE 0");
    assert_eq!(lab.run(1, "RPUSH l a"), "(integer) 1");
    assert_eq!(lab.run(1, "PEXPIRE l 50"), "(integer) 1");
    lab.fake
        .clock()
        .advance(std::time::Duration::from_millis(50));
    assert_eq!(lab.run(0, "BLPOP l 0"), "blocked");
    assert_eq!(lab.run(1, "EXISTS l"), "(integer) 0");
    lab.fake.close().unwrap();
    let removed = commits(dir.path());
    assert_eq!(effect(&removed.last().unwrap().1), "DEL l");
}

#[test]
fn an_exec_that_meets_an_expired_key_records_its_removal() {
    let dir = Recorded::new();
    let lab = Lab::new(dir.path());
    lab.run(1, "DEBUG SET-ACTIVE-EXPIRE 0");
    assert_eq!(lab.run(1, "SET k a PX 50"), "OK");
    assert_eq!(lab.run(0, "WATCH k"), "OK");
    assert_eq!(lab.run(0, "MULTI"), "OK");
    assert_eq!(lab.run(0, "SET other b"), "QUEUED");
    lab.fake
        .clock()
        .advance(std::time::Duration::from_millis(50));
    assert_eq!(lab.run(0, "EXEC"), "(nil)");
    lab.fake.close().unwrap();
    let removed = commits(dir.path());
    assert_eq!(effect(&removed.last().unwrap().1), "DEL k");
}
