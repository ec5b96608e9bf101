//! Waits: why a command waited, what came of that, and who had been at its keys.
//!
//! Only the level `session` records that a wait began, and then each request of its client: what came of it is the
//! client's next record, and where one began that ended the last.

use crate::commit::Client;
use crate::commit::Entry;
use crate::commit::Observed;
use crate::commit::Origin;
use crate::commit::Record;
use crate::commit::Seq;
use crate::commit::Waiting;
use crate::number::parse_i64;
use crate::resp::Reply;

use super::Timeline;
use super::error::Error;
use super::history::Version;
use super::log::next_match;
use super::log::stretches;
use super::replies::replies_of;
use super::touched::commands_of;

/// Why a command waited, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitStory {
    /// The record that is explained: the beginning of the wait, or its end.
    pub entry: Entry,
    /// The beginning's place and time.
    pub began: Entry,
    /// The beginning.
    pub waiting: Waiting,
    /// How it ended.
    pub end: WaitEnd,
    /// The record of its end, where it has one.
    pub ended: Option<Entry>,
    /// What served the client or ended its wait; what held back a request that waits for no key.
    pub cause: Option<Entry>,
    /// The keys that it waited for.
    pub keys: Vec<Awaited>,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitEnd {
    /// What it waited for came.
    Served,
    /// Its time was over.
    TimedOut,
    /// Another client ended it.
    BrokenOff,
    /// Its connection closed.
    Disconnected,
    /// Its client went on without an answer: a future that was dropped, say.
    GivenUp,
    /// The request that was held back ran, or began to wait for something else.
    Ran,
    /// It lasts, or lasted until the fake was closed.
    Lasts,
}

/// A key that was waited for, and who had been there.
#[derive(Clone, Debug, PartialEq)]
pub struct Awaited {
    /// The key's database.
    pub db: usize,
    /// The key.
    pub key: Vec<u8>,
    /// What changed it last before the wait ended; `None` for a key that never was.
    pub last: Option<Version>,
}

impl WaitStory {
    /// How long the wait lasted, in microseconds; `None` where it has no end.
    pub fn waited_us(&self) -> Option<i64> {
        let ended = self.ended.as_ref()?;
        Some(ended.clock_us - self.began.clock_us)
    }

    /// Whether a key that was waited for was changed meanwhile.
    pub fn was_changed(&self, awaited: &Awaited) -> bool {
        let last = awaited.last.as_ref();
        last.is_some_and(|last| last.entry.seq > self.began.seq)
    }
}

impl Timeline {
    /// Why the command of a record waited, if that is a wait's beginning or end.
    pub(super) fn wait_story(&self, entry: &Entry) -> Result<Option<WaitStory>, Error> {
        let (began, ended) = match &entry.record {
            Record::Waiting(_) => (Some(entry.clone()), self.end_of_wait(entry)?),
            _ => (self.beginning_of_wait(entry)?, Some(entry.clone())),
        };
        let Some((began, waiting)) = began.and_then(with_waiting) else {
            return Ok(None);
        };
        let end = end(&waiting, ended.as_ref());
        let cause = match ended.as_ref().and_then(|ended| cause_of(&ended.record)) {
            Some(cause) => super::replay::entry(&self.reader, cause)?,
            None if waiting.keys.is_empty() => self.holder(&began, &waiting)?,
            None => None,
        };
        Ok(Some(WaitStory {
            keys: self.awaited(&waiting, ended.as_ref())?,
            entry: entry.clone(),
            ended: ended.filter(|_| end != WaitEnd::Lasts),
            began,
            waiting,
            end,
            cause,
        }))
    }

    /// Where the wait began that `entry` is the end of, if it is one's.
    pub(super) fn beginning_of_wait(&self, entry: &Entry) -> Result<Option<Entry>, Error> {
        let is_session =
            matches!(entry.record, Record::Client(_)) || replies_of(&entry.record).is_some();
        let client = entry.record.client().filter(|_| is_session);
        let Some(&Client { id, .. }) = client else {
            return Ok(None);
        };
        let before = self.last_of(entry.seq, |entry| is_about(entry, id))?;
        let is_it = |before: &Entry| match &before.record {
            Record::Waiting(waiting) => end(waiting, Some(entry)) != WaitEnd::GivenUp,
            _ => false,
        };
        Ok(before.filter(is_it))
    }

    /// The next record of the client that waits, or of the next process.
    fn end_of_wait(&self, began: &Entry) -> Result<Option<Entry>, Error> {
        let id = began.record.client().map_or(0, |client| client.id);
        let mut frames = self.reader.frames(began.seq + 1..=self.last_seq());
        let next = next_match(&mut frames, None, |entry| is_about(entry, id));
        Ok(next.transpose()?)
    }

    /// The last record before `seq` of which `is_it` is true.
    fn last_of(&self, seq: Seq, is_it: impl Fn(&Entry) -> bool) -> Result<Option<Entry>, Error> {
        for stretch in stretches(self.reader.first_seq()..=seq - 1) {
            let mut frames = self.reader.frames(stretch);
            let found = std::iter::from_fn(|| next_match(&mut frames, None, &is_it));
            if let Some(last) = found.last() {
                return Ok(Some(last?));
            }
        }
        Ok(None)
    }

    /// What held back a request: the CLIENT PAUSE or the fault that is over when the request is to run.
    fn holder(&self, began: &Entry, waiting: &Waiting) -> Result<Option<Entry>, Error> {
        let is_it = |entry: &Entry| {
            matches!(entry.record, Record::Open(_)) || holds_until(entry, began, waiting)
        };
        let found = self.last_of(began.seq, is_it)?;
        Ok(found.filter(|found| !matches!(found.record, Record::Open(_))))
    }

    fn awaited(&self, waiting: &Waiting, ended: Option<&Entry>) -> Result<Vec<Awaited>, Error> {
        let to = ended.map_or(self.last_seq(), |ended| ended.seq - 1);
        let db = waiting.db as usize;
        let keys = waiting.keys.iter().map(|key| {
            Ok(Awaited {
                db,
                key: key.0.clone(),
                last: self.last_version(db, &key.0, to)?,
            })
        });
        keys.collect()
    }
}

fn with_waiting(entry: Entry) -> Option<(Entry, Waiting)> {
    match &entry.record {
        Record::Waiting(waiting) => {
            let waiting = waiting.clone();
            Some((entry, waiting))
        }
        _ => None,
    }
}

/// Whether a record is a client's own, or of a process that knows no such client any more.
fn is_about(entry: &Entry, id: u64) -> bool {
    match &entry.record {
        Record::Open(_) => true,
        Record::Client(event) => event.client.id == id && !event.open,
        record => record.client().is_some_and(|client| client.id == id),
    }
}

/// What a wait came to whose client's next record is `ended`.
fn end(waiting: &Waiting, ended: Option<&Entry>) -> WaitEnd {
    match ended.map(|ended| &ended.record) {
        None | Some(Record::Open(_)) => WaitEnd::Lasts,
        Some(Record::Client(_)) => WaitEnd::Disconnected,
        Some(_) if waiting.keys.is_empty() => WaitEnd::Ran,
        Some(Record::Observed(observed)) => end_of_observed(observed),
        Some(record) if cause_of(record).is_some() => WaitEnd::Served,
        Some(_) => WaitEnd::GivenUp,
    }
}

fn end_of_observed(observed: &Observed) -> WaitEnd {
    let reply = replies_of(&Record::Observed(observed.clone()));
    match (observed.origin, reply.as_deref()) {
        (Origin::Blocked { cause: 0 }, _) => WaitEnd::TimedOut,
        (Origin::Blocked { .. }, Some([Reply::Null | Reply::NullArray | Reply::Error(_)])) => {
            WaitEnd::BrokenOff
        }
        (Origin::Blocked { .. }, _) => WaitEnd::Served,
        _ => WaitEnd::GivenUp,
    }
}

/// The record because of which a wait ended.
fn cause_of(record: &Record) -> Option<Seq> {
    let origin = match record {
        Record::Commit(commit) => commit.origin,
        Record::Observed(observed) => observed.origin,
        Record::Setting(setting) => setting.origin,
        _ => return None,
    };
    match origin {
        Origin::Blocked { cause } => Some(cause).filter(|cause| *cause > 0),
        _ => None,
    }
}

/// Whether a record has a command that holds `waiting` back until then: a pause counts from its own time, the delay of a
/// fault from that of the request.
fn holds_until(entry: &Entry, began: &Entry, waiting: &Waiting) -> bool {
    let after = |from_us: i64, ms: &[u8]| {
        let ms = parse_i64(ms).unwrap_or_default();
        Some(from_us.saturating_add(ms.saturating_mul(1000))) == waiting.until_us
    };
    let says = |word: &[u8], what: &str| word.eq_ignore_ascii_case(what.as_bytes());
    let holds = |argv: Vec<&[u8]>| match &*argv {
        [client, pause, ms, ..] if says(client, "CLIENT") && says(pause, "PAUSE") => {
            after(entry.clock_us, ms)
        }
        [own, fault, .., delay, ms] if says(own, "FAKEREDIS") && says(fault, "FAULT") => {
            says(delay, "DELAY") && after(began.clock_us, ms)
        }
        _ => false,
    };
    commands_of(&entry.record).is_some_and(|commands| commands.iter().any(holds))
}
