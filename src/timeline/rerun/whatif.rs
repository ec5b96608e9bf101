//! [`WhatIf`]: history as it would have been without some records, or with others in their place.

use std::collections::BTreeMap;

use super::Sides;
use super::Unknown;
use super::aspect::aspects;
use crate::bytes::Bytes;
use crate::commit::Aborted;
use crate::commit::Client;
use crate::commit::CommandList;
use crate::commit::Commit;
use crate::commit::Entry;
use crate::commit::Origin;
use crate::commit::Record;
use crate::commit::Rewind;
use crate::commit::Seq;
use crate::journal::JournalError;
use crate::keyspace::Keyspace;
use crate::timeline::Timeline;
use crate::timeline::change::Change;
use crate::timeline::change::changes;
use crate::timeline::error::Error;
use crate::timeline::touched::Touched;

/// More touched keys than this are not told one by one: comparing everything is cheaper.
const MANY: usize = 100_000;

/// What is otherwise at a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// It never was.
    Skip,
    /// Its client sent these commands instead, several of them as one EXEC.
    Replace(CommandList),
    /// Behind it, the fake itself ran these commands.
    Insert(CommandList),
}

/// A record that came out otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Otherwise {
    /// Where in history.
    pub seq: Seq,
    /// When, in microseconds since the epoch.
    pub clock_us: i64,
    /// What was recorded there; `None` for what only happens now.
    pub entry: Option<Entry>,
    /// What is recorded now; `None` for what does not happen any more.
    pub again: Option<Record>,
}

/// Another history, one record at a time: an iterator over what came out otherwise. [`changes`](WhatIf::changes) tells how
/// its end differs from the recorded one.
pub struct WhatIf<'a> {
    sides: Sides<'a>,
    edits: BTreeMap<Seq, Edit>,
    /// The last change of each key in this history, to tell whether watched keys changed.
    changed: BTreeMap<(usize, Bytes), Seq>,
    /// The last change of all keys.
    swept: Seq,
    /// What both histories touched.
    touched: Touched,
    /// The states that later records go back to.
    kept: BTreeMap<Seq, Option<Keyspace>>,
    /// What expired in this history and is still to be found in the recorded one.
    expired: Vec<Record>,
    found: Vec<Otherwise>,
}

impl Timeline {
    /// Runs history again from the first of `edits` on, with these changes.
    ///
    /// Every record behind it is run as it was sent, at its recorded time: what is not recorded, as a client that would
    /// have decided otherwise, is not made up. An EXEC that a WATCH aborted runs if no watched key changes any more.
    ///
    /// # Errors
    ///
    /// There is no such record, it holds no command of a client, or the journal can't be read.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    ///
    /// use fakeredis::FakeRedis;
    /// use fakeredis::timeline::Edit;
    /// use redis::Commands;
    ///
    /// let dir = tempfile::tempdir()?;
    /// let fake = FakeRedis::open(dir.path())?;
    /// let mut con = fake.connection();
    /// let _: () = con.set("stock", 10)?;
    /// let _: () = con.decr("stock", 11)?;
    /// let oversold = fake.timeline()?.reader().last_seq();
    /// let _: () = con.decr("stock", 3)?;
    ///
    /// let past = fake.timeline()?;
    /// let mut whatif = past.whatif(BTreeMap::from([(oversold, Edit::Skip)]))?;
    /// assert_eq!(whatif.by_ref().count(), 1, "the second DECR is answered 7, not -4");
    /// assert_eq!(whatif.changes().len(), 1, "and so the stock is 7");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn whatif(&self, edits: BTreeMap<Seq, Edit>) -> Result<WhatIf<'_>, Error> {
        let last = self.last_seq();
        let first = edits.keys().next().copied().unwrap_or(last);
        for (seq, edit) in &edits {
            let record = self.entry(*seq)?.record;
            if !matches!(edit, Edit::Insert(_)) && !is_command(&record) {
                return Err(Error::NoCommand { seq: *seq });
            }
        }
        let targets = self.reader.rewinds(first..=last)?.into_iter();
        let targets = targets.filter(|(_, to)| *to >= first);
        Ok(WhatIf {
            sides: Sides::new(self, first, last)?,
            edits,
            changed: BTreeMap::new(),
            swept: 0,
            touched: Touched::default(),
            kept: targets.map(|(_, to)| (to, None)).collect(),
            expired: Vec::new(),
            found: Vec::new(),
        })
    }
}

impl Iterator for WhatIf<'_> {
    type Item = Result<Otherwise, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if !self.found.is_empty() {
                return Some(Ok(self.found.remove(0)));
            }
            if let Err(error) = self
                .sides
                .entries
                .next()?
                .and_then(|entry| self.visit(entry))
            {
                return Some(Err(error));
            }
        }
    }
}

impl WhatIf<'_> {
    /// The keys that are others at the end: before as recorded, after as they are in this history. Complete once the
    /// iterator is at its end.
    pub fn changes(&mut self) -> Vec<Change> {
        self.touched.dedup();
        let (told, again) = (
            &self.sides.told.keyspace,
            &self.sides.again.world().keyspace,
        );
        let mut changes = changes(told, again, &self.touched);
        changes.retain(|change| change.before != change.after);
        changes
    }

    /// The records of which can't be told whether they came out otherwise.
    pub fn unknown(&self) -> &Unknown {
        &self.sides.unknown
    }

    fn visit(&mut self, entry: Entry) -> Result<(), JournalError> {
        if entry.seq < self.sides.first {
            return self.pass(&entry);
        }
        if entry.seq == self.sides.first {
            self.sides.rejoin();
        }
        match (self.edits.get(&entry.seq).cloned(), &entry.record) {
            (Some(Edit::Skip), _) => self.skip(&entry)?,
            (Some(Edit::Replace(commands)), _) => self.replace(&entry, commands)?,
            (_, Record::Rewind(rewind)) => self.rewind(&entry, *rewind)?,
            (_, Record::Mark(_) | Record::Close(_)) => {}
            _ => self.rerun(&entry)?,
        }
        if let Some(Edit::Insert(commands)) = self.edits.get(&entry.seq).cloned() {
            self.insert(&entry, commands)?;
        }
        self.touch(Touched::of(&entry.record));
        let keyspace = &self.sides.again.world().keyspace;
        if let Some(kept) = self.kept.get_mut(&entry.seq) {
            *kept = Some(keyspace.clone());
        }
        Ok(())
    }

    /// A record before the first edit: connections and scripts are to become what they were.
    fn pass(&mut self, entry: &Entry) -> Result<(), JournalError> {
        if let Record::Rewind(rewind) = &entry.record {
            return self.sides.rewind(entry, *rewind);
        }
        self.sides.again.run(entry)?;
        self.sides.tell(entry)
    }

    fn rewind(&mut self, entry: &Entry, rewind: Rewind) -> Result<(), JournalError> {
        self.sides.rewind(entry, rewind)?;
        if let Some(Some(kept)) = self.kept.get(&rewind.to) {
            self.sides.again.rewind(entry, rewind, kept.clone());
        }
        self.swept = entry.seq;
        Ok(())
    }

    fn rerun(&mut self, entry: &Entry) -> Result<(), JournalError> {
        self.expire(entry);
        match &entry.record {
            Record::Commit(commit) if commit.origin == Origin::Expired => {
                self.sides.tell(entry)?;
                self.match_expiry(entry);
                Ok(())
            }
            Record::Aborted(aborted) if !self.is_still_aborted(aborted) => {
                let runs = commit(&aborted.client, aborted.db, aborted.commands.clone());
                self.sides.tell(entry)?;
                self.substitute(entry, runs)
            }
            // Whether a watched key is what changed it first does not matter.
            Record::Aborted(_) if !self.sides.again.is_complete() => self.sides.tell(entry),
            _ => self.compare(entry),
        }
    }

    /// Runs a record as it was sent; it may come out otherwise.
    fn compare(&mut self, entry: &Entry) -> Result<(), JournalError> {
        let before = self.sides.again.world().keyspace.clone();
        let outcome = self.sides.run(entry, before)?;
        self.sides.tell(entry)?;
        self.note(entry.seq, outcome.again.as_ref());
        if !outcome.differs.is_empty() && !self.sides.excuse(entry, &outcome) {
            self.found.push(Otherwise {
                seq: entry.seq,
                clock_us: entry.clock_us,
                entry: Some(entry.clone()),
                again: outcome.again,
            });
        }
        Ok(())
    }

    fn skip(&mut self, entry: &Entry) -> Result<(), JournalError> {
        let exec = match &entry.record {
            Record::Commit(commit) if commit.origin == Origin::Exec => Some(&commit.client),
            Record::Aborted(aborted) => Some(&aborted.client),
            _ => None,
        };
        if let Some(client) = exec {
            self.sides.again.discard(client.id);
        }
        self.sides.tell(entry)
    }

    fn replace(&mut self, entry: &Entry, commands: CommandList) -> Result<(), JournalError> {
        self.expire(entry);
        self.sides.tell(entry)?;
        let client = entry.record.client().cloned().unwrap_or_default();
        let db = entry.record.db().unwrap_or_default();
        self.substitute(entry, commit(&client, db, commands))
    }

    fn insert(&mut self, entry: &Entry, commands: CommandList) -> Result<(), JournalError> {
        let inserted = Entry {
            record: commit(&Client::default(), 0, commands),
            ..entry.clone()
        };
        let again = self.sides.again.run(&inserted)?;
        self.note(entry.seq, again.as_ref());
        self.found.push(Otherwise {
            seq: entry.seq,
            clock_us: entry.clock_us,
            entry: None,
            again,
        });
        Ok(())
    }

    /// Runs another record in the place of one.
    fn substitute(&mut self, entry: &Entry, record: Record) -> Result<(), JournalError> {
        let other = Entry {
            record,
            ..entry.clone()
        };
        let again = self.sides.again.run(&other)?;
        self.note(entry.seq, again.as_ref());
        self.found.push(Otherwise {
            seq: entry.seq,
            clock_us: entry.clock_us,
            entry: Some(entry.clone()),
            again,
        });
        Ok(())
    }

    /// Expires what is due in this history. The recorded one may say the same in the records that follow.
    fn expire(&mut self, entry: &Entry) {
        let expired = self.sides.again.expire(entry.seq, entry.clock_us);
        expired
            .iter()
            .for_each(|record| self.note(entry.seq, Some(record)));
        self.expired.extend(expired);
        let is_expiry =
            matches!(&entry.record, Record::Commit(commit) if commit.origin == Origin::Expired);
        if !is_expiry {
            let only_here = |record| Otherwise {
                seq: entry.seq,
                clock_us: entry.clock_us,
                entry: None,
                again: Some(record),
            };
            self.found.extend(self.expired.drain(..).map(only_here));
        }
    }

    /// Whether what expired in the recorded history expired in this one too.
    fn match_expiry(&mut self, entry: &Entry) {
        let is_same = |record: &Record| aspects(&entry.record, Some(record)).is_empty();
        match self.expired.iter().position(is_same) {
            Some(at) => drop(self.expired.remove(at)),
            None => self.found.push(Otherwise {
                seq: entry.seq,
                clock_us: entry.clock_us,
                entry: Some(entry.clone()),
                again: None,
            }),
        }
    }

    /// Whether a watched key still changes between its WATCH and the EXEC.
    fn is_still_aborted(&self, aborted: &Aborted) -> bool {
        aborted.culprit < self.sides.first
            || self.sides.again.is_complete()
            || aborted.watched.iter().any(|watched| {
                let key = (watched.db as usize, Bytes::from(watched.key.as_ref()));
                let changed = self.changed.get(&key).copied().unwrap_or(0);
                changed.max(self.swept) > watched.since
            })
    }

    /// Notes what a record changed in this history.
    fn note(&mut self, seq: Seq, record: Option<&Record>) {
        let touched = record.map_or_else(Touched::default, Touched::of);
        if touched.is_sweeping() {
            self.swept = seq;
        }
        self.changed
            .extend(touched.keys.iter().cloned().map(|key| (key, seq)));
        self.touch(touched);
    }

    fn touch(&mut self, touched: Touched) {
        if self.touched.everything {
            return;
        }
        self.touched.extend(touched);
        if self.touched.keys.len() > MANY {
            self.touched.dedup();
            self.touched.everything = self.touched.keys.len() > MANY;
        }
    }
}

/// Whether a record is there because somebody sent commands.
fn is_command(record: &Record) -> bool {
    match record {
        Record::Commit(commit) => !matches!(commit.origin, Origin::Expired | Origin::Evicted),
        Record::Aborted(_) | Record::Observed(_) | Record::Setting(_) => true,
        _ => false,
    }
}

/// Commands of a client as one unit.
fn commit(client: &Client, db: u32, commands: CommandList) -> Record {
    let origin = match commands.len() {
        1 => Origin::Direct,
        _ => Origin::Exec,
    };
    Record::Commit(Commit {
        client: client.clone(),
        origin,
        db,
        commands,
        // Whoever wants no reply is recorded with that of none.
        reply_crc: 1,
        ..Commit::default()
    })
}
