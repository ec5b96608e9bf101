//! Opening for writing: finds the last good record, and cuts what a crash left behind it.
//!
//! The only code that removes bytes from a journal, and only after a copy of them is durable in
//! `quarantine/`. Every step may be interrupted and is then simply done again.

use super::Options;
use super::Tolerance;
use super::checkpoint;
use super::checkpoint::Checkpoint;
use super::damage::Extent;
use super::damage::Rest;
use super::damage::measure;
use super::damage::read_rest;
use super::error::Damage;
use super::error::JournalError;
use super::format::FileHeader;
use super::format::FileKind;
use super::frames::Place;
use super::history::Entries;
use super::history::Frames;
use super::history::History;
use super::record::kind;
use super::storage::LOCK;
use super::storage::LockGuard;
use super::storage::Storage;
use super::storage::publish;
use super::survey::FORMAT;
use super::survey::Listed;
use super::survey::Survey;
use super::survey::format_text;
use super::survey::read_text;
use super::survey::uuid_text;
use super::tail::QUARANTINE;
use super::tail::Tail;
use super::tail::free_name;
use super::tail::replace;
use crate::commit::Seq;
use std::fmt;
use std::sync::Arc;

/// What was found when a journal was opened for writing, and what was done about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecoveryReport {
    /// The journal's identity.
    pub uuid: String,
    /// Whether the journal was made by this open.
    pub created: bool,
    /// Whether the last writer closed the journal in good order (or there was none).
    pub clean: bool,
    /// The first record that is there, 1 unless the journal was compacted.
    pub first_seq: Seq,
    /// The last record, 0 if there is none.
    pub last_seq: Seq,
    /// How many segments there are.
    pub segments: usize,
    /// The checkpoint that recovery starts from.
    pub checkpoint: Option<Seq>,
    /// Checkpoints that are damaged and were passed over.
    pub bad_checkpoints: Vec<String>,
    /// What was cut off.
    pub cut: Option<Cut>,
    /// Unfinished files that were removed.
    pub removed: Vec<String>,
}

/// Bytes that were cut off a journal's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The segment.
    pub file: String,
    /// Where the cut is.
    pub offset: u64,
    /// How many bytes were cut.
    pub bytes: u64,
    /// The last record before the cut.
    pub after: Seq,
    /// How many whole records were cut with them.
    pub records: u64,
    /// The file that keeps the bytes.
    pub quarantined: String,
}

impl fmt::Display for RecoveryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match (self.created, self.clean) {
            (true, _) => "created",
            (false, true) => "closed cleanly",
            (false, false) => "not closed cleanly",
        };
        write!(
            f,
            "journal {}: {how}, last record {}",
            self.uuid, self.last_seq
        )?;
        if let Some(seq) = self.checkpoint {
            write!(f, ", checkpoint {seq}")?;
        }
        if let Some(cut) = &self.cut {
            write!(
                f,
                "; cut {} bytes ({} whole records) after record {}, kept in {}",
                cut.bytes, cut.records, cut.after, cut.quarantined
            )?;
        }
        Ok(())
    }
}

/// What a journal held when it was opened.
pub struct Recovered {
    /// What was found and done.
    pub report: RecoveryReport,
    checkpoint: Option<Checkpoint>,
    history: Arc<History>,
}

impl Recovered {
    /// The newest good checkpoint, the first time it is asked for.
    pub fn checkpoint(&mut self) -> Option<Checkpoint> {
        self.checkpoint.take()
    }

    /// All records after that checkpoint, in order.
    pub fn entries(&mut self) -> Entries {
        Entries(self.frames())
    }

    /// All records after that checkpoint, in order, as they lie on the disk.
    pub fn frames(&mut self) -> Frames {
        let from = self.report.checkpoint.map_or(1, |seq| seq + 1);
        Frames::new(Arc::clone(&self.history), from..Seq::MAX)
    }
}

/// Locks, recovers, and gives the segment to go on in.
pub(super) fn open(
    storage: Arc<dyn Storage>,
    options: &Options,
) -> Result<(Tail, LockGuard, Recovered), JournalError> {
    storage
        .make_dir(None)
        .map_err(JournalError::io("make the journal's directory"))?;
    let guard = take_lock(&*storage)?;
    let mut recovery = Recovery {
        survey: Survey::read(&*storage)?,
        storage,
        options,
        report: RecoveryReport::default(),
    };
    recovery.remove_unfinished()?;
    let (tail, recovered) = if recovery.survey.segments.is_empty() {
        recovery.create()?
    } else {
        recovery.recover()?
    };
    Ok((tail, guard, recovered))
}

fn take_lock(storage: &dyn Storage) -> Result<LockGuard, JournalError> {
    let about = format!(
        "pid={} version={}\n",
        std::process::id(),
        env!("CARGO_PKG_VERSION")
    );
    let guard = storage
        .lock(&about)
        .map_err(JournalError::io("lock the journal"))?;
    guard.ok_or_else(|| JournalError::Locked {
        holder: read_text(storage, LOCK).unwrap_or_default(),
    })
}

struct Recovery<'a> {
    storage: Arc<dyn Storage>,
    options: &'a Options,
    survey: Survey,
    report: RecoveryReport,
}

impl Recovery<'_> {
    /// Unfinished files were never part of the journal; nor was a segment without a header.
    fn remove_unfinished(&mut self) -> Result<(), JournalError> {
        let mut names = std::mem::take(&mut self.survey.temporaries);
        names.extend(self.survey.stillborn.take());
        if names.is_empty() {
            return Ok(());
        }
        for name in &names {
            self.storage
                .remove(name)
                .map_err(JournalError::io(format!("remove {name}")))?;
        }
        self.sync_dir()?;
        self.report.removed = names;
        Ok(())
    }

    fn sync_dir(&self) -> Result<(), JournalError> {
        self.storage
            .sync_dir(None)
            .map_err(JournalError::io("sync the journal's directory"))
    }

    /// A directory without segments becomes a new journal.
    fn create(mut self) -> Result<(Tail, Recovered), JournalError> {
        if let Some(seq) = self.survey.checkpoints.last() {
            let name = FileKind::Checkpoint.name(*seq);
            let what = "there is a checkpoint, but no segment";
            return Err(JournalError::damaged(&name, 0, 1, what));
        }
        let known = self.survey.uuid.or(self.options.uuid);
        let uuid = known.unwrap_or_else(random_uuid);
        self.write_format(uuid)?;
        let header = FileHeader {
            kind: FileKind::Segment,
            uuid,
            seq: 1,
            created_us: self.options.now_us,
            prev_len: 0,
            prev_last_seq: 0,
            prev_crc: 0,
        };
        let tail = Tail::create(&*self.storage, header)?;
        self.report.created = true;
        self.report.clean = true;
        self.survey = Survey::read(&*self.storage)?;
        let extent = Extent {
            end: tail.place,
            last: None,
            rest: Rest::Nothing,
        };
        Ok((tail, self.finish(uuid, &extent, None)))
    }

    fn write_format(&self, uuid: u128) -> Result<(), JournalError> {
        if self.survey.has_format {
            return Ok(());
        }
        let text = format_text(uuid);
        publish(&*self.storage, FORMAT, |file| {
            file.write_at(0, text.as_bytes())
        })
        .map_err(JournalError::io("write FORMAT"))?;
        Ok(())
    }

    fn recover(mut self) -> Result<(Tail, Recovered), JournalError> {
        let last = self.last_segment().clone();
        let uuid = last.header.uuid;
        self.write_format(uuid)?;
        let checkpoint = self.newest_checkpoint(uuid)?;
        let from = checkpoint
            .as_ref()
            .map_or(1, |checkpoint| checkpoint.seq() + 1);
        self.check_beginning(from)?;
        let mut extent = measure(&*self.storage, &last)?;
        self.history(&extent).verify_sealed(from)?;
        self.check_witness(&mut extent);
        self.report.clean = is_clean(&extent);
        let tail = self.settle_tail(&last, &extent)?;
        extent.rest = Rest::Nothing;
        let recovered = self.finish(uuid, &extent, checkpoint);
        Ok((tail, recovered))
    }

    fn last_segment(&self) -> &Listed {
        self.survey.segments.last().expect("there are segments")
    }

    /// The newest checkpoint that is whole; damaged ones are passed over and reported.
    fn newest_checkpoint(&mut self, uuid: u128) -> Result<Option<Checkpoint>, JournalError> {
        for &seq in self.survey.checkpoints.iter().rev() {
            match checkpoint::open(&self.storage, uuid, seq) {
                Ok(checkpoint) => return Ok(Some(checkpoint)),
                Err(JournalError::Damaged(_)) => {
                    let name = FileKind::Checkpoint.name(seq);
                    self.report.bad_checkpoints.push(name);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// The records that are needed must begin where the checkpoint ends.
    fn check_beginning(&self, from: Seq) -> Result<(), JournalError> {
        let first = &self.survey.segments[0];
        if first.header.seq > from {
            let what = "the records before this segment are missing";
            return Err(JournalError::damaged(&first.name, 0, from, what));
        }
        Ok(())
    }

    /// A checkpoint is made only of records that were on the disk: it proves that they were.
    fn check_witness(&self, extent: &mut Extent) {
        let newest = self.survey.checkpoints.last();
        if newest.is_some_and(|seq| *seq >= extent.end.seq) {
            let later = match extent.rest {
                Rest::TornBatch { later, .. } | Rest::Damage { later, .. } => later,
                Rest::Nothing | Rest::TornTail { .. } => 0,
            };
            let what = "a checkpoint proves that this record was written, and it is not here";
            extent.rest = Rest::Damage { what, later };
        }
    }

    /// Cuts what may be cut, and gives the segment to go on in: a fresh copy, also when there is
    /// nothing to cut. The last writer's sync may have failed, and then the file looks whole, up
    /// to its `Close` record, and is not so on the disk.
    fn settle_tail(&mut self, last: &Listed, extent: &Extent) -> Result<Tail, JournalError> {
        self.check_tolerance(last, extent)?;
        let place = extent.end;
        let why = format!("{}\n", describe(&extent.rest, place));
        let bytes = read_rest(&*self.storage, last, place)?.len() as u64;
        let (file, quarantined) = replace(&*self.storage, &last.name, place.offset, &why)?;
        self.report.cut = quarantined.map(|quarantined| Cut {
            file: last.name.clone(),
            offset: place.offset,
            bytes,
            after: place.seq - 1,
            records: match extent.rest {
                Rest::TornBatch { later, .. } | Rest::Damage { later, .. } => later,
                Rest::Nothing | Rest::TornTail { .. } => 0,
            },
            quarantined,
        });
        Ok(Tail::new(file, last.header, place))
    }

    /// An error unless the options allow what `extent` asks for.
    fn check_tolerance(&mut self, last: &Listed, extent: &Extent) -> Result<(), JournalError> {
        let (what, later, allowed) = match extent.rest {
            Rest::Nothing => return Ok(()),
            Rest::TornTail { .. } => ("a write was cut short", 0, true),
            Rest::TornBatch { bytes, later } => {
                let what =
                    "a write reached the disk only in part, and more than may be cut unasked";
                (what, later, bytes <= self.options.max_torn_bytes)
            }
            Rest::Damage { what, later } => (what, later, false),
        };
        let allowed = match self.options.tolerance {
            Tolerance::Strict => false,
            Tolerance::Torn => allowed,
            Tolerance::Prefix => {
                self.set_aside_later_checkpoints(extent.end)?;
                true
            }
        };
        if allowed {
            return Ok(());
        }
        Err(JournalError::Damaged(Box::new(Damage {
            file: last.name.clone(),
            offset: extent.end.offset,
            seq: extent.end.seq,
            what: what.to_owned(),
            later,
        })))
    }

    /// Checkpoints of states after the cut must not bring back what was cut.
    fn set_aside_later_checkpoints(&mut self, end: Place) -> Result<(), JournalError> {
        let storage = &*self.storage;
        let later = |seq: &Seq| *seq >= end.seq;
        let moved = storage.make_dir(Some(QUARANTINE)).and_then(|()| {
            for &seq in self.survey.checkpoints.iter().filter(|seq| later(seq)) {
                let name = FileKind::Checkpoint.name(seq);
                let target = free_name(storage, &format!("{QUARANTINE}/{name}"));
                storage.rename(&name, &target)?;
            }
            storage.sync_dir(Some(QUARANTINE))?;
            storage.sync_dir(None)
        });
        moved.map_err(JournalError::io("quarantine a checkpoint"))
    }

    fn history(&self, extent: &Extent) -> History {
        let segments = self.survey.segments.clone();
        History::new(Arc::clone(&self.storage), segments, extent, false)
    }

    fn finish(mut self, uuid: u128, extent: &Extent, checkpoint: Option<Checkpoint>) -> Recovered {
        let history = Arc::new(self.history(extent));
        self.report.uuid = uuid_text(uuid);
        self.report.first_seq = history.range().start;
        self.report.last_seq = extent.end.seq - 1;
        self.report.segments = history.segments.len();
        self.report.checkpoint = checkpoint.as_ref().map(Checkpoint::seq);
        Recovered {
            report: self.report,
            checkpoint,
            history,
        }
    }
}

/// Whether the last record says that nothing was to follow.
fn is_clean(extent: &Extent) -> bool {
    matches!(extent.last, Some((kind::CLOSE, _))) && extent.rest == Rest::Nothing
}

fn describe(rest: &Rest, place: Place) -> String {
    let Place { offset, seq, .. } = place;
    match rest {
        Rest::Nothing => String::from("not closed cleanly"),
        Rest::TornTail { bytes } => {
            format!("a write of record {seq} was cut short: {bytes} bytes at {offset}")
        }
        Rest::TornBatch { bytes, later } => format!(
            "a write from record {seq} on was cut short: {bytes} bytes at {offset}, with {later} whole records after a gap"
        ),
        Rest::Damage { what, later } => {
            format!(
                "cut by request at {offset}, record {seq}: {what}; {later} whole records follow"
            )
        }
    }
}

/// An identity for a new journal. It tells journals apart and has no part in replay.
fn random_uuid() -> u128 {
    use std::hash::BuildHasher;
    let half = || u128::from(std::hash::RandomState::new().hash_one(std::process::id()));
    half() << 64 | half()
}
