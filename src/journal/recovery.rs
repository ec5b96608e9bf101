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
use super::damage::contradiction;
use super::damage::measure;
use super::error::Damage;
use super::error::JournalError;
use super::format::FileHeader;
use super::format::FileKind;
use super::frames::Place;
use super::history::Entries;
use super::history::Frames;
use super::history::History;
use super::record::kind;
use super::report::Cut;
use super::report::RecoveryReport;
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
use super::tail::Tail;
use super::tail::move_aside;
use super::tail::replace;
use crate::commit::Seq;
use std::sync::Arc;

/// What a journal held when it was opened.
pub struct Recovered {
    /// What was found and done.
    pub report: RecoveryReport,
    checkpoint: Option<Checkpoint>,
    history: Arc<History>,
    /// The last rewind, if it is not long before that checkpoint.
    last_rewind: Option<Seq>,
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

    /// Whether history goes back after that checkpoint.
    pub fn is_rewound(&self) -> bool {
        self.last_rewind > self.report.checkpoint
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
    let recovery = Recovery {
        survey: Survey::read(&*storage)?,
        storage,
        options,
        report: RecoveryReport::default(),
    };
    let (tail, recovered) = if recovery.survey.segments.is_empty() {
        recovery.create()?
    } else {
        recovery.recover()?
    };
    Ok((tail, guard, recovered))
}

pub(super) fn take_lock(storage: &dyn Storage) -> Result<LockGuard, JournalError> {
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
    /// Unfinished files were never part of the journal; nor was a segment without a header. Segments before the one
    /// that history begins with are so no longer.
    fn remove_unfinished(&mut self) -> Result<(), JournalError> {
        let mut names = std::mem::take(&mut self.survey.temporaries);
        names.extend(self.survey.stillborn.take());
        names.append(&mut self.survey.leftovers);
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
        if let Some(damage) = self.survey.broken.take() {
            return Err(JournalError::Damaged(damage));
        }
        let known = self.survey.uuid.or(self.options.uuid);
        let uuid = known.unwrap_or_else(random_uuid);
        self.remove_unfinished()?;
        self.write_format(uuid)?;
        let header = FileHeader {
            kind: FileKind::Segment,
            ro_compat: 0,
            origin: None,
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
            last_start: tail.place,
            last: None,
            last_rewind: None,
            rest: Rest::Nothing,
            len: tail.place.offset,
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

    /// Judges first and acts last: a refusal changes nothing.
    fn recover(mut self) -> Result<(Tail, Recovered), JournalError> {
        self.check_writable()?;
        if let Some(damage) = self.survey.broken.take() {
            return self.without_segments_after(damage);
        }
        let last = self.last_segment().clone();
        let uuid = last.header.uuid;
        let checkpoint = self.newest_checkpoint(uuid)?;
        let from = checkpoint.as_ref().map_or(1, |found| found.seq() + 1);
        self.check_beginning(from)?;
        let mut extent = measure(&*self.storage, &last)?;
        match self.history(&extent).verify_sealed(from) {
            Err(JournalError::Damaged(damage)) => return self.without_segments_after(damage),
            last_rewind => extent.last_rewind = extent.last_rewind.or(last_rewind?),
        }
        let later = extent.rest.later();
        if let Some(damage) = contradiction(&self.survey.checkpoints, &last, extent.end, later) {
            return self.without_checkpoints_after(damage);
        }
        self.check_tolerance(&last, &extent)?;
        self.report.clean = extent.rest == Rest::Nothing && self.is_closed(&extent)?;
        self.remove_unfinished()?;
        self.write_format(uuid)?;
        let tail = self.settle_tail(&last, &extent)?;
        extent.rest = Rest::Nothing;
        let recovered = self.finish(uuid, &extent, checkpoint);
        Ok((tail, recovered))
    }

    /// Reading may go on without these features, writing may not.
    fn check_writable(&self) -> Result<(), JournalError> {
        let unknown = |segment: &&Listed| segment.header.ro_compat != 0;
        match self.survey.segments.iter().find(unknown) {
            None => Ok(()),
            Some(segment) => {
                let bits = segment.header.ro_compat;
                let reason = format!(
                    "feature bits ro_compat {bits:#x} are not known here; use a newer fakeredis to write"
                );
                Err(JournalError::format(&segment.name, reason))
            }
        }
    }

    /// Recovers again, if that is allowed, from the segments up to a damaged one.
    fn without_segments_after(
        mut self,
        damage: Box<Damage>,
    ) -> Result<(Tail, Recovered), JournalError> {
        if self.options.tolerance != Tolerance::Prefix {
            return Err(JournalError::Damaged(damage));
        }
        let segments = &mut self.survey.segments;
        let kept = segments.partition_point(|segment| segment.name <= damage.file);
        let dropped = segments.drain(kept..).map(|segment| segment.name);
        let mut names: Vec<String> = dropped.collect();
        names.append(&mut self.survey.orphans);
        self.set_aside(names)?;
        self.recover()
    }

    /// Recovers again, if that is allowed, without states whose records are gone.
    fn without_checkpoints_after(
        mut self,
        damage: Box<Damage>,
    ) -> Result<(Tail, Recovered), JournalError> {
        if self.options.tolerance != Tolerance::Prefix {
            return Err(JournalError::Damaged(damage));
        }
        let checkpoints = &mut self.survey.checkpoints;
        let kept = checkpoints.partition_point(|seq| *seq < damage.seq);
        let names = checkpoints
            .drain(kept..)
            .map(|seq| FileKind::Checkpoint.name(seq));
        let names = names.collect();
        self.set_aside(names)?;
        self.recover()
    }

    /// Moves files to the quarantine, the last first: what remains has no gap at any time.
    fn set_aside(&mut self, names: Vec<String>) -> Result<(), JournalError> {
        for name in names.iter().rev() {
            let moved = move_aside(&*self.storage, name);
            let moved = moved.map_err(JournalError::io("move files to the quarantine"))?;
            self.report.set_aside.push(moved);
        }
        Ok(())
    }

    fn last_segment(&self) -> &Listed {
        self.survey.segments.last().expect("there are segments")
    }

    /// The newest checkpoint that is whole; damaged ones are passed over and reported.
    fn newest_checkpoint(&mut self, uuid: u128) -> Result<Option<Checkpoint>, JournalError> {
        self.report.bad_checkpoints.clear();
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

    /// Cuts what may be cut, and gives the segment to go on in: a fresh copy, also when there is
    /// nothing to cut. The last writer's sync may have failed, and then the file looks whole, up
    /// to its `Close` record, and is not so on the disk.
    fn settle_tail(&mut self, last: &Listed, extent: &Extent) -> Result<Tail, JournalError> {
        let place = extent.end;
        let why = format!("{}\n", describe(&extent.rest, place));
        let (file, quarantined) = replace(&*self.storage, &last.name, place.offset, &why)?;
        self.report.cut = quarantined.map(|quarantined| Cut {
            file: last.name.clone(),
            offset: place.offset,
            bytes: extent.len - place.offset,
            after: place.seq - 1,
            records: extent.rest.later(),
            quarantined,
        });
        Ok(Tail::new(file, last.header, place))
    }

    /// An error unless the options allow what `extent` asks for.
    fn check_tolerance(&self, last: &Listed, extent: &Extent) -> Result<(), JournalError> {
        let refusal = extent.rest.refusal(self.options.max_torn_bytes);
        let refusal = match self.options.tolerance {
            Tolerance::Prefix => None,
            Tolerance::Torn => refusal,
            Tolerance::Strict if extent.rest == Rest::Nothing => None,
            Tolerance::Strict => refusal.or(Some("a write was cut short")),
        };
        let Place { offset, seq, .. } = extent.end;
        refusal.map_or(Ok(()), |what| {
            Err(JournalError::Damaged(Box::new(Damage {
                later: extent.rest.later(),
                ..Damage::of(&last.name, offset, seq, what)
            })))
        })
    }

    /// Whether the last record says that nothing was to follow. The newest segment may have none yet.
    fn is_closed(&self, extent: &Extent) -> Result<bool, JournalError> {
        let mut last = extent.last.map(|(kind, _)| kind);
        if last.is_none() {
            let history = self.history(extent);
            let seq = history.range().end - 1;
            let walked = history.headers(seq, |header| {
                last = Some(header.kind);
                true
            });
            // Damage to what recovery does not need is left to `check`.
            if !matches!(walked, Ok(()) | Err(JournalError::Damaged(_))) {
                walked?;
            }
        }
        Ok(last == Some(kind::CLOSE))
    }

    fn history(&self, extent: &Extent) -> History {
        let segments = self.survey.segments.clone();
        History::new(Arc::clone(&self.storage), segments, extent)
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
            last_rewind: extent.last_rewind,
        }
    }
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
