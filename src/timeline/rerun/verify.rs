//! [`Verify`]: every record of a stretch of history is run again as it was sent, and compared with what was recorded.
//!
//! Where the state by what is run again and the state by the recorded effects part, the record that parted them is a
//! [`Divergence`], and both go on from the recorded one.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::Aspect;
use super::Outcome;
use super::Sides;
use super::Unknown;
use crate::bytes::Bytes;
use crate::commit::Aborted;
use crate::commit::Close;
use crate::commit::Entry;
use crate::commit::Record;
use crate::commit::Seq;
use crate::journal::JournalError;
use crate::keyspace::Keyspace;
use crate::keyspace::Slot;
use crate::timeline::Timeline;
use crate::timeline::change::Change;
use crate::timeline::change::changes;
use crate::timeline::change::slot;
use crate::timeline::error::Error;
use crate::timeline::replay;
use crate::timeline::touched::Touched;
use crate::value::Value;

/// Values with more elements than this are compared only now and then.
const LARGE: usize = 256;
/// How often, in records.
const NOW_AND_THEN: u64 = 4096;

/// Records that are run again, one at a time: an iterator over what came out otherwise.
pub struct Verify<'a> {
    sides: Sides<'a>,
    /// Large values that are still to be compared, with the last record that touched them.
    large: BTreeMap<(usize, Bytes), Seq>,
    last: Option<Entry>,
    records: u64,
    rerun: u64,
    divergences: u64,
}

/// A record that came out otherwise when it was run again.
#[derive(Clone, Debug, PartialEq)]
pub struct Divergence {
    /// What was recorded.
    pub entry: Entry,
    /// What is recorded now; `None` where that is nothing, or where only the states differ.
    pub again: Option<Record>,
    /// In what they differ.
    pub differs: Vec<Aspect>,
    /// The keys that became others: before as recorded, after as they are now.
    pub changes: Vec<Change>,
}

/// What was verified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// The records that were looked at.
    pub records: u64,
    /// Those of them that were run again and compared.
    pub rerun: u64,
    /// Those that came out otherwise.
    pub divergences: u64,
    /// Those that were run again, but could not be compared.
    pub unknown: Unknown,
}

impl Timeline {
    /// Runs the records of `range` again as they were sent, each at its recorded time and with its seed, and compares
    /// replies, effects and states with what was recorded.
    ///
    /// Connections, scripts and settings are those of the process that wrote the records, so that this begins where that
    /// process did; what comes before `range` is not judged.
    ///
    /// # Errors
    ///
    /// The journal can't be read.
    ///
    /// ```
    /// use fakeredis::FakeRedis;
    /// use redis::Commands;
    ///
    /// let dir = tempfile::tempdir()?;
    /// let fake = FakeRedis::open(dir.path())?;
    /// let _: () = fake.connection().incr("visits", 1)?;
    ///
    /// let past = fake.timeline()?;
    /// let mut verify = past.verify(1..=past.reader().last_seq())?;
    /// assert!(verify.next().is_none(), "nothing came out otherwise");
    /// assert!(verify.verified().unknown.is_empty(), "and everything was compared");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verify(&self, range: RangeInclusive<Seq>) -> Result<Verify<'_>, Error> {
        Ok(Verify {
            sides: Sides::new(self, *range.start(), *range.end())?,
            large: BTreeMap::new(),
            last: None,
            records: 0,
            rerun: 0,
            divergences: 0,
        })
    }
}

impl Iterator for Verify<'_> {
    type Item = Result<Divergence, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (found, is_last) = match self.sides.entries.next() {
                Some(entry) => (entry.and_then(|entry| self.visit(entry)), false),
                None => (Ok(self.finish()), true),
            };
            if let Some(found) = found.transpose() {
                self.divergences += u64::from(found.is_ok());
                return Some(found);
            }
            if is_last {
                return None;
            }
        }
    }
}

impl Verify<'_> {
    /// What was verified until now.
    pub fn verified(&self) -> Verified {
        Verified {
            records: self.records,
            rerun: self.rerun,
            divergences: self.divergences,
            unknown: self.sides.unknown.clone(),
        }
    }

    /// Takes both states over a record; how it diverged.
    fn visit(&mut self, entry: Entry) -> Result<Option<Divergence>, JournalError> {
        let mut found = match &entry.record {
            Record::Rewind(rewind) => {
                self.sides.rewind(&entry, *rewind)?;
                self.large.clear();
                None
            }
            Record::Close(close) => self.close(&entry, close),
            Record::Mark(_) => None,
            _ => self.rerun(&entry)?,
        };
        if found.is_none() && entry.seq.is_multiple_of(NOW_AND_THEN) {
            found = self.compare_large()?;
        }
        let is_judged = entry.seq >= self.sides.first;
        self.records += u64::from(is_judged);
        self.last = Some(entry);
        Ok(found.filter(|_| is_judged))
    }

    /// The process ended: all data are compared, and their digest.
    fn close(&mut self, entry: &Entry, close: &Close) -> Option<Divergence> {
        let found = self.compare_all(entry);
        found.or_else(|| {
            let again = self.sides.told.keyspace.digest();
            let recorded = close.digest.clone();
            let is_other = again != recorded;
            let differs = vec![Aspect::Digest { recorded, again }];
            is_other.then(|| self.divergence(entry, None, differs, &Touched::default()))
        })
    }

    /// Runs a record again and compares.
    fn rerun(&mut self, entry: &Entry) -> Result<Option<Divergence>, JournalError> {
        let before = self.sides.told.keyspace.clone();
        let mut outcome = self.sides.run(entry, before)?;
        self.sides.tell(entry)?;
        if let Record::Aborted(aborted) = &entry.record
            && !self.is_culprit(aborted)?
        {
            outcome.differs.push(Aspect::Culprit);
        }
        if outcome.differs.is_empty() && !self.is_same_state(entry) {
            outcome.differs.push(Aspect::State);
        }
        let found = match outcome.differs.is_empty() {
            true => None,
            false if self.sides.excuse(entry, &outcome) => {
                self.sides.rejoin();
                return Ok(None);
            }
            false => Some(self.judge(entry, outcome)),
        };
        let is_run = entry.seq >= self.sides.first && !matches!(entry.record, Record::Open(_));
        self.rerun += u64::from(is_run);
        Ok(found)
    }

    fn judge(&mut self, entry: &Entry, outcome: Outcome) -> Divergence {
        let mut touched = Touched::of(&entry.record);
        if let Some(again) = &outcome.again {
            touched.extend(Touched::of(again));
        }
        touched.dedup();
        self.divergence(entry, outcome.again, outcome.differs, &touched)
    }

    /// The two states are others, at most in what was `touched`; both go on from the recorded one.
    fn divergence(
        &mut self,
        entry: &Entry,
        again: Option<Record>,
        differs: Vec<Aspect>,
        touched: &Touched,
    ) -> Divergence {
        let (told, now) = self.states();
        let mut changes = changes(told, now, touched);
        changes.retain(|change| change.before != change.after);
        self.sides.rejoin();
        Divergence {
            entry: entry.clone(),
            again,
            differs,
            changes,
        }
    }

    /// Whether what is said to have aborted an EXEC did change its watched key after it was watched.
    fn is_culprit(&self, aborted: &Aborted) -> Result<bool, JournalError> {
        let key = (aborted.key_db, &aborted.key);
        let is_late = aborted
            .watched
            .iter()
            .any(|watched| (watched.db, &watched.key) == key && watched.since < aborted.culprit);
        let reader = self.sides.reader;
        if !is_late || aborted.culprit < reader.first_seq() {
            return Ok(is_late);
        }
        let culprit = replay::entry(reader, aborted.culprit)?;
        let touched = culprit.map_or_else(Touched::default, |entry| Touched::of(&entry.record));
        Ok(touched.may_hold(aborted.key_db as usize, aborted.key.as_ref()))
    }

    /// The recorded state, and what it is now.
    fn states(&self) -> (&Keyspace, &Keyspace) {
        (
            &self.sides.told.keyspace,
            &self.sides.again.world().keyspace,
        )
    }

    /// Whether the keys that a record touched are the same in both states; large ones are put off.
    fn is_same_state(&mut self, entry: &Entry) -> bool {
        let touched = Touched::of(&entry.record);
        let (told, again) = self.states();
        if touched.is_sweeping() {
            return told == again;
        }
        let mut large = Vec::new();
        let is_same = touched.keys.into_iter().all(|(db, key)| {
            let (told, again) = (slot(told, db, &key), slot(again, db, &key));
            if told.as_ref().is_some_and(is_large) && again.as_ref().is_some_and(is_large) {
                large.push(((db, key), entry.seq));
                return true;
            }
            told == again
        });
        self.large.extend(large);
        is_same
    }

    /// Compares the large values that were put off.
    fn compare_large(&mut self) -> Result<Option<Divergence>, JournalError> {
        let large = std::mem::take(&mut self.large);
        let (told, again) = self.states();
        let differs = |(db, key): &(usize, Bytes)| slot(told, *db, key) != slot(again, *db, key);
        let found = large.iter().filter(|(key, _)| differs(key));
        let Some((_, seq)) = found.min_by_key(|(_, seq)| **seq) else {
            return Ok(None);
        };
        let entry = replay::entry(self.sides.reader, *seq)?;
        let touched = Touched {
            keys: large.into_keys().collect(),
            ..Touched::default()
        };
        Ok(entry.map(|entry| self.divergence(&entry, None, vec![Aspect::State], &touched)))
    }

    /// Compares everything, the order of keys included.
    fn compare_all(&mut self, entry: &Entry) -> Option<Divergence> {
        self.large.clear();
        let (told, again) = self.states();
        if told == again && is_same_order(told, again) {
            return None;
        }
        let everything = Touched {
            everything: true,
            ..Touched::default()
        };
        Some(self.divergence(entry, None, vec![Aspect::State], &everything))
    }

    /// The last comparison, at the end of the records.
    fn finish(&mut self) -> Option<Divergence> {
        let last = self.last.take()?;
        self.compare_all(&last)
    }
}

fn is_large(slot: &Slot) -> bool {
    let len = match slot.value() {
        Value::String(string) => string.len() / LARGE,
        Value::List(list) => list.len(),
        Value::Set(set) => set.len(),
        Value::ZSet(zset) => zset.len(),
        Value::Hash(hash) => hash.len(),
        Value::Stream(stream) => stream.len(),
        Value::Vectors(set) => set.len(),
    };
    len > LARGE
}

fn is_same_order(a: &Keyspace, b: &Keyspace) -> bool {
    let keys = |state: &Keyspace| -> Vec<Bytes> {
        let all = state.used().flat_map(|(_, db)| db.keys().keys().cloned());
        all.collect()
    };
    keys(a) == keys(b)
}
