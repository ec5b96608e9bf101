//! Answers to "why": why an EXEC was aborted, what a commit replaced, why a key is what it is. Waits have a file of their
//! own.

use crate::bytes::Bytes;
use crate::command::resolve;
use crate::commit::Aborted;
use crate::commit::CommandList;
use crate::commit::Commit;
use crate::commit::Effect;
use crate::commit::Entry;
use crate::commit::Origin;
use crate::commit::Record;
use crate::commit::Seq;
use crate::keyspace::Slot;

use super::Timeline;
use super::change::Change;
use super::change::PartChange;
use super::contents::Part;
use super::error::Error;
use super::filter::Filter;
use super::history::Version;
use super::rev::Rev;
use super::touched::Touched;
use super::wait::WaitStory;

/// Why a record is there.
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// An EXEC was aborted.
    Aborted(Box<AbortStory>),
    /// Data changed.
    Changed(Box<CommitStory>),
    /// A command waited, or its wait ended without a change.
    Waited(Box<WaitStory>),
    /// The record speaks for itself.
    Plain(Box<Entry>),
}

/// Why an EXEC was aborted.
#[derive(Clone, Debug, PartialEq)]
pub struct AbortStory {
    /// The aborted EXEC's place and time.
    pub entry: Entry,
    /// The aborted EXEC.
    pub aborted: Aborted,
    /// When the key came under WATCH.
    pub watch: Watch,
    /// The record that changed the key first; `None` where the journal no longer holds it.
    pub culprit: Option<Entry>,
    /// Those of the culprit's commands that changed the key.
    pub commands: CommandList,
    /// What became of the key.
    pub change: Option<Change>,
}

/// When WATCH ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watch {
    /// In this record, at this time (recording level `session`).
    At {
        /// The record.
        seq: Seq,
        /// Its time.
        clock_us: i64,
    },
    /// At or after the time of this record, the last one before WATCH.
    After {
        /// The record; 0 if there was none.
        seq: Seq,
        /// Its time, where there is such a record.
        clock_us: Option<i64>,
    },
}

/// What a commit changed, and what was there before.
#[derive(Clone, Debug, PartialEq)]
pub struct CommitStory {
    /// The record.
    pub entry: Entry,
    /// What served a blocked client.
    pub cause: Option<Entry>,
    /// Where the client began to wait (recording level `session`).
    pub began: Option<Entry>,
    /// Its changes, each with the record whose work it replaced.
    pub replaced: Vec<Replaced>,
}

/// A change, and whose work it replaced.
#[derive(Clone, Debug, PartialEq)]
pub struct Replaced {
    /// The change.
    pub change: Change,
    /// The record that changed the key last before; `None` where there was none.
    pub by: Option<Entry>,
}

/// Why a key is what it is.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyStory {
    /// What stands there.
    pub now: Option<Slot>,
    /// What happened to the key last.
    pub fate: Fate,
    /// The record that did it, and what it changed; `None` for a key that never was.
    pub last: Option<Version>,
    /// The record that gave the key, or the field that expired last, its last time to live.
    pub timed_by: Option<Version>,
}

/// What happened to a key last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// There never was such a key.
    NeverThere,
    /// It was created.
    Created,
    /// It was changed.
    Changed,
    /// Its value was replaced by one of another type.
    Replaced,
    /// A command removed it.
    Deleted,
    /// It was renamed or moved away.
    MovedAway,
    /// Everything was flushed.
    Flushed,
    /// Two databases changed places.
    Swapped,
    /// Its time to live was over.
    Expired,
    /// The time to live of a field was over. Without a field that is left, the key is gone too.
    FieldExpired,
    /// It was evicted.
    Evicted,
    /// History was rewound.
    Rewound,
}

impl Timeline {
    /// Why record `seq` is there.
    ///
    /// # Errors
    ///
    /// There is no such record, or the journal can't be read.
    pub fn why(&self, seq: Seq) -> Result<Why, Error> {
        let entry = self.entry(seq)?;
        match &entry.record {
            Record::Aborted(aborted) => {
                let aborted = aborted.clone();
                Ok(Why::Aborted(Box::new(self.abort_story(entry, aborted)?)))
            }
            Record::Commit(_) | Record::Rewind(_) => {
                Ok(Why::Changed(Box::new(self.commit_story(entry)?)))
            }
            _ => Ok(match self.wait_story(&entry)? {
                Some(story) => Why::Waited(Box::new(story)),
                None => Why::Plain(Box::new(entry)),
            }),
        }
    }

    /// The newest EXEC that a WATCH aborted.
    ///
    /// # Errors
    ///
    /// The journal can't be read.
    pub fn last_abort(&self) -> Result<Option<Seq>, Error> {
        let filter = Filter {
            aborted: true,
            ..Filter::default()
        };
        let all = self.reader.first_seq()..=self.last_seq();
        let newest = self.newest(all, &filter, 1)?.next().transpose()?;
        Ok(newest.map(|entry| entry.seq))
    }

    /// Why `key` is what it was at `at`: there or gone.
    ///
    /// # Errors
    ///
    /// As [`resolve`](Timeline::resolve).
    pub fn why_key(&self, db: usize, key: &[u8], at: &Rev) -> Result<KeyStory, Error> {
        let (mut last, mut timed_by) = (None, None);
        for version in self.history(db, key, at)? {
            let version: Version = version?;
            let expiry = |slot: &Option<Slot>| slot.as_ref().and_then(Slot::expires_at);
            let (before, after) = (
                expiry(&version.change.before),
                expiry(&version.change.after),
            );
            if version.change.after.is_some() && before != after {
                timed_by = after.map(|_| version.clone());
            }
            last = Some(version);
        }
        let fate = last.as_ref().map_or(Fate::NeverThere, fate);
        if let (Fate::FieldExpired, Some(last)) = (fate, &last) {
            timed_by = self.timed_field(last)?;
        }
        Ok(KeyStory {
            now: last.as_ref().and_then(|last| last.change.after.clone()),
            fate,
            last,
            timed_by,
        })
    }

    /// The newest version that gave a field its time to live which expired in `expired`.
    fn timed_field(&self, expired: &Version) -> Result<Option<Version>, Error> {
        let Change { db, key, .. } = &expired.change;
        let ends = |part: &Option<Part>| part.as_ref().and_then(|part| part.expires_at);
        let lost = expired.change.parts();
        let is_lost = |part: &PartChange| {
            let is_it = |lost: &PartChange| {
                lost.place == part.place && ends(&lost.before) == ends(&part.after)
            };
            ends(&part.before) != ends(&part.after) && lost.iter().any(is_it)
        };
        let mut timed_by = None;
        for version in self.history(*db, key, &Rev::seq(expired.entry.seq - 1))? {
            let version = version?;
            if version.change.parts().iter().any(is_lost) {
                timed_by = Some(version);
            }
        }
        Ok(timed_by)
    }

    fn abort_story(&self, entry: Entry, aborted: Aborted) -> Result<AbortStory, Error> {
        let (db, key) = (aborted.key_db as usize, Bytes::from(aborted.key.as_ref()));
        let culprit = super::replay::entry(&self.reader, aborted.culprit)?;
        let mut commands = CommandList::new();
        let mut change = None;
        if let Some(culprit) = &culprit {
            commands = commands_on(&culprit.record, db, &key);
            let changes = self.show(culprit.seq)?.changes;
            change = changes
                .into_iter()
                .find(|change| change.db == db && change.key == key);
        }
        Ok(AbortStory {
            watch: self.watch_of(&aborted)?,
            entry,
            culprit,
            commands,
            change,
            aborted,
        })
    }

    /// When the key whose change aborted the EXEC came under WATCH.
    fn watch_of(&self, aborted: &Aborted) -> Result<Watch, Error> {
        let is_it = |watched: &&crate::commit::Watched| {
            watched.key == aborted.key && watched.db == aborted.key_db
        };
        let since = aborted
            .watched
            .iter()
            .find(is_it)
            .map_or(0, |watched| watched.since);
        let filter = Filter {
            command: Some("WATCH".to_owned()),
            client: Some(aborted.client.id.to_string()),
            grep: Some(aborted.key.0.clone()),
            ..Filter::default()
        };
        if let Some(entry) = self.log(since + 1..=aborted.culprit, &filter).next() {
            let Entry { seq, clock_us, .. } = entry?;
            return Ok(Watch::At { seq, clock_us });
        }
        Ok(Watch::After {
            seq: since,
            clock_us: self.reader.with_frame(since, |frame| frame.clock_us)?,
        })
    }

    fn commit_story(&self, entry: Entry) -> Result<CommitStory, Error> {
        let cause = match &entry.record {
            Record::Commit(Commit {
                origin: Origin::Blocked { cause },
                ..
            }) => super::replay::entry(&self.reader, *cause)?,
            _ => None,
        };
        let began = self.beginning_of_wait(&entry)?;
        let mut replaced = Vec::new();
        for change in self.show(entry.seq)?.changes {
            let by = match &change.before {
                Some(_) => self.last_version(change.db, &change.key, entry.seq - 1)?,
                None => None,
            };
            let by = by.map(|version| version.entry);
            replaced.push(Replaced { change, by });
        }
        Ok(CommitStory {
            entry,
            cause,
            began,
            replaced,
        })
    }
}

/// Those commands of a record that may have changed `key`, as sent.
pub(super) fn commands_on(record: &Record, db: usize, key: &[u8]) -> CommandList {
    let mut found = CommandList::new();
    let Record::Commit(commit) = record else {
        return found;
    };
    let mut selected = commit.db;
    for (index, argv) in commit.commands.iter().enumerate() {
        let alone = Record::Commit(Commit {
            db: selected,
            commands: std::iter::once(argv.clone()).collect(),
            effects: commit.effects.get(index).cloned().into_iter().collect(),
            ..Commit::default()
        });
        if Touched::of(&alone).may_hold(db, key) {
            found.push(&argv);
        }
        selected = selected_after(selected, &argv);
    }
    found
}

fn selected_after(selected: u32, argv: &[&[u8]]) -> u32 {
    match argv {
        [name, db] if name.eq_ignore_ascii_case(b"SELECT") => crate::number::parse_i64(db)
            .and_then(|db| db.try_into().ok())
            .unwrap_or(selected),
        _ => selected,
    }
}

/// What a key's last version says happened to it.
fn fate(version: &Version) -> Fate {
    let Record::Commit(commit) = &version.entry.record else {
        return Fate::Rewound;
    };
    match (&version.change.before, &version.change.after) {
        (None, _) => Fate::Created,
        (Some(before), Some(after)) if before.value().type_name() != after.value().type_name() => {
            Fate::Replaced
        }
        (Some(_), Some(_)) if commit.origin == Origin::Expired => Fate::FieldExpired,
        (Some(_), Some(_)) => Fate::Changed,
        (Some(_), None) => end(commit, &version.change),
    }
}

/// How a key ended: by the last effect on it.
fn end(commit: &Commit, change: &Change) -> Fate {
    let effects = commands_on(&by_effects(commit), change.db, &change.key);
    let last = effects.iter().last();
    let name = last
        .and_then(|argv| resolve(&argv).ok())
        .map_or("", |command| command.name);
    match (commit.origin, name) {
        (Origin::Expired, "HDEL") => Fate::FieldExpired,
        (Origin::Expired, _) => Fate::Expired,
        (Origin::Evicted, _) => Fate::Evicted,
        (_, "FLUSHALL" | "FLUSHDB") => Fate::Flushed,
        (_, "SWAPDB") => Fate::Swapped,
        (_, "RENAME" | "RENAMENX" | "MOVE") => Fate::MovedAway,
        _ => Fate::Deleted,
    }
}

/// The same commit as if its effects had been sent.
fn by_effects(commit: &Commit) -> Record {
    let mut commands = CommandList::new();
    commit.each_effect(|argv| commands.push(argv));
    Record::Commit(Commit {
        effects: vec![Effect::Verbatim; commands.len()],
        commands,
        ..commit.clone()
    })
}
