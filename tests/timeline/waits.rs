//! How waits ended, of which a session's records tell.

use std::path::Path;

use fakeredis::FakeRedis;
use fakeredis::Recording;
use fakeredis::Rev;
use fakeredis::commit::Record;
use fakeredis::session::Address;
use fakeredis::session::SessionKey;
use fakeredis::timeline::Filter;
use fakeredis::timeline::RevRange;
use fakeredis::timeline::WaitEnd;
use fakeredis::timeline::WaitStory;
use fakeredis::timeline::Why;

use crate::support::verified::Recorded;

/// A journaled fake with three clients that never wait for each other.
struct Lab {
    fake: FakeRedis,
    clients: [SessionKey; 3],
}

impl Lab {
    fn new(dir: &Path, level: Recording) -> Lab {
        let builder = FakeRedis::builder().journal(dir).record(level);
        let fake = builder.build().unwrap();
        let clients = [0; 3].map(|_| fake.engine().lock().connect(Address::default()));
        Lab { fake, clients }
    }

    fn run(&self, client: usize, line: &str) {
        let argv: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let run = |core: &mut fakeredis::engine::Core| core.run(self.clients[client], &argv);
        drop(self.fake.engine().batch(run).unwrap());
    }

    /// Why the first command of this name waited, told by the record of its beginning.
    fn why(&self, command: &str) -> WaitStory {
        let past = self.fake.timeline().unwrap();
        let filter = Filter {
            command: Some(command.to_owned()),
            ..Filter::default()
        };
        let all = past.range(&RevRange::default()).unwrap();
        let mut log = past.log(all, &filter).map(Result::unwrap);
        let began = log.find(|entry| matches!(entry.record, Record::Waiting(_)));
        match past.why(began.unwrap().seq).unwrap() {
            Why::Waited(story) => *story,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn who_is_too_late_learns_that_the_key_was_changed_meanwhile() {
    let dir = Recorded::new();
    let lab = Lab::new(dir.path(), Recording::Session);
    lab.run(0, "BLPOP jobs 0");
    lab.run(1, "BRPOP jobs other 0");
    lab.run(2, "RPUSH jobs only");
    lab.run(2, &format!("CLIENT UNBLOCK {}", lab.clients[1].id()));
    let served = lab.why("BLPOP");
    assert_eq!(served.end, WaitEnd::Served);
    let late = lab.why("BRPOP");
    assert_eq!(late.end, WaitEnd::BrokenOff);
    let changed: Vec<bool> = late.keys.iter().map(|key| late.was_changed(key)).collect();
    assert_eq!(changed, [true, false]);
    let taken = late.keys[0].last.as_ref().unwrap();
    assert_eq!(Some(&taken.entry), served.ended.as_ref());
}

#[test]
fn a_deleted_stream_ends_the_wait_of_its_readers() {
    let dir = Recorded::new();
    let lab = Lab::new(dir.path(), Recording::Session);
    lab.run(2, "XGROUP CREATE s g $ MKSTREAM");
    lab.run(0, "XREADGROUP GROUP g me BLOCK 0 STREAMS s >");
    lab.run(2, "MULTI");
    lab.run(2, "DEL s");
    lab.run(2, "EXEC");
    let story = lab.why("XREADGROUP");
    assert_eq!(story.end, WaitEnd::BrokenOff);
    let made = story.began.seq - 1;
    let past = lab.fake.timeline().unwrap();
    assert!(
        matches!(past.why(made), Ok(Why::Changed(_))),
        "its consumer"
    );
    let last = story.keys[0].last.as_ref().unwrap();
    assert_eq!(story.cause.as_ref(), Some(&last.entry), "the EXEC");
}

#[test]
fn a_wait_that_nobody_waits_for_is_given_up() {
    let dir = Recorded::new();
    let lab = Lab::new(dir.path(), Recording::Session);
    lab.run(0, "BLPOP jobs 0");
    assert_eq!(lab.why("BLPOP").end, WaitEnd::Lasts);
    lab.fake.engine().lock().give_up(lab.clients[0]);
    lab.run(0, "SET k 1");
    let story = lab.why("BLPOP");
    assert_eq!(story.end, WaitEnd::GivenUp);
    let past = lab.fake.timeline().unwrap();
    let Why::Changed(set) = past.why(past.last_seq()).unwrap() else {
        panic!("a change");
    };
    assert_eq!(set.began, None, "the SET is not what it waited for");
}

#[test]
fn where_requests_are_not_recorded_a_wait_has_an_end_alone() {
    let dir = Recorded::new();
    let lab = Lab::new(dir.path(), Recording::Commits);
    lab.run(0, "SET k 1");
    lab.run(0, "BLPOP jobs 0");
    lab.run(1, "RPUSH jobs a");
    let past = lab.fake.timeline().unwrap();
    let Why::Changed(served) = past.why(past.resolve(&Rev::LAST).unwrap()).unwrap() else {
        panic!("a change");
    };
    assert_eq!((served.cause.unwrap().seq, served.began), (3, None));
}
