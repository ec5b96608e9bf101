//! Mending a damaged journal: what is to be done, and doing it.
//!
//! Records are only ever kept behind a state that is known: from the first record on, or behind a whole checkpoint. So
//! what is left is always a true past. Nothing is removed: what is dropped is in `quarantine/`, durably, before it
//! goes, and each step may be interrupted and done again.

use super::Journal;
use super::Options;
use super::Tolerance;
use super::checkpoint;
use super::compaction::begin;
use super::compaction::drop_leftovers;
use super::damage::contradiction;
use super::error::Damage;
use super::error::JournalError;
use super::format::FILE_HEADER;
use super::format::FileHeader;
use super::format::FileKind;
use super::frames::Place;
use super::recovery::take_lock;
use super::run::Run;
use super::run::place_of;
use super::run::run_from;
use super::storage::Disk;
use super::storage::Storage;
use super::storage::publish;
use super::survey::FORMAT;
use super::survey::Listed;
use super::survey::Segments;
use super::survey::Survey;
use super::tail::QUARANTINE;
use super::tail::copy_aside;
use super::tail::move_aside;
use super::tail::replace;
use crate::commit::Seq;
use std::path::Path;
use std::sync::Arc;

/// What is kept where damage lets a journal's beginning or its end be kept, and not both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// The newest data: history begins anew behind a checkpoint, if that leads further than what is before the damage.
    #[default]
    Newest,
    /// The oldest history: everything from the damage on goes.
    Oldest,
}

/// What is to be done, or was done, so that a journal is whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repair {
    /// What is wrong with the records, first of all.
    pub damage: Option<Damage>,
    /// What is to be done, in order.
    pub steps: Vec<Mending>,
    /// The first record that is left.
    pub first_seq: Seq,
    /// The last record that is left; less than `first_seq` if none is.
    pub last_seq: Seq,
    /// Whether the beginning could be kept instead of the end.
    pub has_choice: bool,
}

/// One step of a repair.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mending {
    /// A file goes to the quarantine.
    SetAside {
        /// The file.
        file: String,
        /// Why.
        why: String,
    },
    /// History begins anew behind the checkpoint of the record before; the segments before it go to the quarantine.
    Begin {
        /// The first record of history.
        seq: Seq,
    },
    /// The end of a segment goes to the quarantine.
    Cut {
        /// The segment.
        file: String,
        /// Where the cut is.
        offset: u64,
        /// How many bytes go.
        bytes: u64,
        /// How many whole records are among them.
        records: u64,
    },
}

impl Repair {
    /// Says what is to be done to the journal in `dir`, and changes nothing.
    ///
    /// # Errors
    ///
    /// When there is none, someone has it open for writing, it is of an unknown format, or the disk fails.
    pub fn plan(dir: &Path, keep: Keep) -> Result<Repair, JournalError> {
        Repair::plan_on(&open(dir), keep)
    }

    /// The same for a journal in any storage.
    ///
    /// # Errors
    ///
    /// As [`Repair::plan`].
    pub fn plan_on(storage: &Arc<dyn Storage>, keep: Keep) -> Result<Repair, JournalError> {
        let _guard = take_lock(&**storage)?;
        Ok(Diagnosis::of(storage)?.plan(keep).0)
    }

    /// Does what [`Repair::plan`] says.
    ///
    /// # Errors
    ///
    /// As [`Repair::plan`]; what was not done yet can be done by another call.
    pub fn apply(dir: &Path, keep: Keep) -> Result<Repair, JournalError> {
        Repair::apply_on(&open(dir), keep)
    }

    /// The same for a journal in any storage.
    ///
    /// # Errors
    ///
    /// As [`Repair::apply`].
    pub fn apply_on(storage: &Arc<dyn Storage>, keep: Keep) -> Result<Repair, JournalError> {
        let guard = take_lock(&**storage)?;
        let diagnosis = Diagnosis::of(storage)?;
        let (repair, beginning) = diagnosis.plan(keep);
        if repair.steps.is_empty() {
            return Ok(repair);
        }
        diagnosis.set_aside(&repair)?;
        if let Some(beginning) = beginning {
            diagnosis.begin(beginning)?;
        }
        diagnosis.cut(&repair)?;
        drop(guard);
        let options = Options {
            tolerance: Tolerance::Prefix,
            uuid: diagnosis.uuid,
            ..Options::default()
        };
        Journal::open_with(Arc::clone(storage), &options)?
            .0
            .close()?;
        Ok(repair)
    }
}

fn open(dir: &Path) -> Arc<dyn Storage> {
    Arc::new(Disk::new(dir))
}

/// What a journal's files are like.
struct Diagnosis<'a> {
    storage: &'a Arc<dyn Storage>,
    uuid: Option<u128>,
    /// What the journal's beginning leads to: segments that follow each other from the first on.
    survey: Survey,
    /// All segments that have a header and are this journal's, in order.
    segments: Vec<Listed>,
    /// The names of all segments.
    names: Vec<String>,
    /// The checkpoints that are whole.
    checkpoints: Vec<Seq>,
    /// Files that are no part of the journal, or damaged, and why.
    strays: Vec<(String, String)>,
    /// How far records are whole from the first on.
    prefix: Option<Run>,
    /// How far they are behind the newest whole checkpoint.
    suffix: Option<Beginning>,
}

/// Where history can begin anew.
struct Beginning {
    seq: Seq,
    /// The segment that holds the record, and where it is; without one, there is no such record.
    place: Option<(Listed, Place)>,
    /// The segments that are walked, and how far they are whole.
    segments: Vec<Listed>,
    run: Option<Run>,
}

impl Beginning {
    fn last_seq(&self) -> Seq {
        self.run
            .as_ref()
            .map_or(self.seq - 1, |run| run.end.seq - 1)
    }
}

impl<'a> Diagnosis<'a> {
    fn of(storage: &'a Arc<dyn Storage>) -> Result<Diagnosis<'a>, JournalError> {
        let (mut survey, mut strays) = survey(&**storage)?;
        let Segments {
            own,
            foreign,
            names,
        } = survey.all_segments(&**storage)?;
        if names.is_empty() && survey.checkpoints.is_empty() {
            return Err(JournalError::absent(&**storage));
        }
        let foreign = foreign.into_iter();
        strays.extend(foreign.map(|name| (name, "it belongs to another journal".to_owned())));
        let uuid = survey.uuid;
        let mut checkpoints = Vec::new();
        for &seq in &survey.checkpoints {
            match checkpoint::open(storage, uuid.unwrap_or(0), seq) {
                Ok(_) => checkpoints.push(seq),
                Err(JournalError::Damaged(damage)) => {
                    strays.push((FileKind::Checkpoint.name(seq), damage.what));
                }
                Err(error) => return Err(error),
            }
        }
        let mut diagnosis = Diagnosis {
            storage,
            uuid,
            survey,
            segments: own,
            names,
            checkpoints,
            strays,
            prefix: None,
            suffix: None,
        };
        diagnosis.prefix = diagnosis.find_prefix()?;
        diagnosis.suffix = diagnosis.find_suffix()?;
        Ok(diagnosis)
    }

    /// The records before the first damage, if the state before them is known.
    fn find_prefix(&self) -> Result<Option<Run>, JournalError> {
        let segments = &self.survey.segments;
        let Some(first) = segments.first() else {
            return Ok(None);
        };
        let run = run_from(&**self.storage, segments, first.start())?;
        let base = first.header.seq - 1;
        let has_base = base == 0 || self.checkpoints.contains(&base);
        Ok(has_base.then_some(run))
    }

    /// Where history can begin anew: behind the checkpoint whose records lead furthest, and the oldest of those.
    fn find_suffix(&self) -> Result<Option<Beginning>, JournalError> {
        let mut best = None;
        let mut reached = self.prefix.as_ref().map_or(0, |run| run.end.seq - 1);
        for &seq in &self.checkpoints {
            if seq > reached
                && let Some(found) = self.beginning_behind(seq)?
            {
                reached = found.last_seq();
                best = Some(found);
            }
        }
        Ok(best)
    }

    /// History as it would be behind a checkpoint, unless it goes back to what is then not known.
    fn beginning_behind(&self, checkpoint: Seq) -> Result<Option<Beginning>, JournalError> {
        let seq = checkpoint + 1;
        let mut beginning = Beginning {
            seq,
            place: None,
            segments: Vec::new(),
            run: None,
        };
        let index = self.segments.partition_point(|one| one.header.seq <= seq);
        if let Some(segment) = index.checked_sub(1).map(|index| &self.segments[index])
            && let Some(place) = place_of(&**self.storage, segment, seq)?
        {
            beginning.segments = self.segments[index - 1..].to_vec();
            let run = run_from(&**self.storage, &beginning.segments, place)?;
            beginning.place = Some((segment.clone(), place));
            beginning.run = Some(run);
        }
        let rewinds = beginning.run.iter().flat_map(|run| &run.rewinds);
        let is_known = |to: Seq| to == 0 || to >= checkpoint || self.checkpoints.contains(&to);
        let is_usable = rewinds.copied().all(|(_, to)| is_known(to));
        Ok(is_usable.then_some(beginning))
    }

    /// What is to be done, and where history begins anew if it does.
    fn plan(&self, keep: Keep) -> (Repair, Option<&Beginning>) {
        let prefix_last = self.prefix.as_ref().map(|run| run.end.seq - 1);
        let suffix = self.suffix.as_ref();
        let suffix =
            suffix.filter(|suffix| prefix_last.is_none_or(|last| last < suffix.last_seq()));
        let has_choice = suffix.is_some() && prefix_last.is_some_and(|last| last > 0);
        let suffix = suffix.filter(|_| keep == Keep::Newest || !has_choice);
        let mut repair = Repair {
            damage: self.damage(),
            has_choice,
            ..Repair::default()
        };
        let strays = self.strays.iter().cloned();
        repair.steps = strays
            .map(|(file, why)| Mending::SetAside { file, why })
            .collect();
        match (suffix, &self.prefix) {
            (Some(beginning), _) => self.plan_suffix(&mut repair, beginning),
            (None, Some(run)) => self.plan_prefix(&mut repair, run),
            (None, None) => self.plan_nothing(&mut repair),
        }
        (repair, suffix)
    }

    fn damage(&self) -> Option<Damage> {
        let run = self.prefix.as_ref();
        let found = run.and_then(|run| run.fault.clone());
        let found = found.or_else(|| self.survey.broken.as_deref().cloned());
        found.or_else(|| {
            let (run, checkpoints) = (run?, &self.survey.checkpoints);
            let last = &self.survey.segments[run.index];
            contradiction(checkpoints, last, run.end, run.later).map(|damage| *damage)
        })
    }

    fn plan_suffix(&self, repair: &mut Repair, beginning: &Beginning) {
        repair.first_seq = beginning.seq;
        repair.last_seq = beginning.last_seq();
        repair.steps.push(Mending::Begin { seq: beginning.seq });
        let mut after = FileKind::Segment.name(beginning.seq);
        if let Some(run) = &beginning.run {
            let file = &beginning.segments[run.index].name;
            let (name, moved) = match run.index {
                0 => (&after, FILE_HEADER as u64),
                _ => (file, 0),
            };
            // The segment that history begins with is a shorter copy.
            let offset = match (moved, &beginning.place) {
                (0, _) | (_, None) => run.end.offset,
                (start, Some((_, place))) => run.end.offset - place.offset + start,
            };
            plan_cut(repair, name, offset, run);
            after = after.max(file.clone());
        }
        self.plan_rest(repair, &after);
    }

    fn plan_prefix(&self, repair: &mut Repair, run: &Run) {
        repair.first_seq = self.survey.segments[0].header.seq;
        repair.last_seq = run.end.seq - 1;
        let file = &self.survey.segments[run.index].name;
        plan_cut(repair, file, run.end.offset, run);
        for seq in self.checkpoints.iter().filter(|seq| **seq >= run.end.seq) {
            let file = FileKind::Checkpoint.name(*seq);
            let why = "the records that it includes are not all there".to_owned();
            repair.steps.push(Mending::SetAside { file, why });
        }
        self.plan_rest(repair, file);
    }

    /// Segments behind the last one that is kept.
    fn plan_rest(&self, repair: &mut Repair, after: &String) {
        let kept = |name: &&String| *name > after && !self.is_stray(name);
        for file in self.names.iter().filter(kept).cloned() {
            let why = "it is behind the damage".to_owned();
            repair.steps.push(Mending::SetAside { file, why });
        }
    }

    fn plan_nothing(&self, repair: &mut Repair) {
        repair.first_seq = 1;
        let checkpoints = self.checkpoints.iter();
        let checkpoints = checkpoints.map(|seq| FileKind::Checkpoint.name(*seq));
        let names = self.names.iter().cloned().chain(checkpoints);
        for file in names.filter(|name| !self.is_stray(name)) {
            let why = "no state is known that its records could follow".to_owned();
            repair.steps.push(Mending::SetAside { file, why });
        }
    }

    fn is_stray(&self, name: &str) -> bool {
        self.strays.iter().any(|(stray, _)| stray == name)
    }

    /// Moves files to the quarantine, the last first: what remains has no gap at any time.
    fn set_aside(&self, repair: &Repair) -> Result<(), JournalError> {
        for step in repair.steps.iter().rev() {
            if let Mending::SetAside { file, .. } = step {
                let moved = move_aside(&**self.storage, file);
                moved.map_err(JournalError::io(format!("quarantine {file}")))?;
            }
        }
        Ok(())
    }

    /// Cuts what is behind the records that are kept.
    fn cut(&self, repair: &Repair) -> Result<(), JournalError> {
        let what = repair
            .damage
            .as_ref()
            .map_or("a write was cut short", |damage| &damage.what);
        for step in &repair.steps {
            if let Mending::Cut { file, offset, .. } = step {
                let why = format!("cut by repair at {offset}: {what}\n");
                replace(&**self.storage, file, *offset, &why)?;
            }
        }
        Ok(())
    }

    /// Has history begin anew; what was before it is copied to the quarantine first.
    fn begin(&self, beginning: &Beginning) -> Result<(), JournalError> {
        let storage = &**self.storage;
        let new = FileKind::Segment.name(beginning.seq);
        let before = |name: &&String| **name <= new && !self.is_stray(name);
        for name in self.names.iter().filter(before) {
            let copied = copy_to_quarantine(storage, name);
            copied.map_err(JournalError::io(format!("quarantine {name}")))?;
        }
        match &beginning.place {
            Some((segment, place)) => begin(storage, segment, *place)?,
            None => self.begin_empty(beginning.seq)?,
        }
        drop_leftovers(storage).map(drop)
    }

    /// A segment without records, behind a checkpoint whose records are gone.
    fn begin_empty(&self, seq: Seq) -> Result<(), JournalError> {
        let header = FileHeader {
            kind: FileKind::Segment,
            ro_compat: 0,
            uuid: self.uuid.unwrap_or(0),
            seq,
            created_us: 0,
            origin: Some(seq),
            prev_len: 0,
            prev_last_seq: seq - 1,
            prev_crc: 0,
        };
        let name = FileKind::Segment.name(seq);
        let bytes = header.encode();
        let made = publish(&**self.storage, &name, |file| file.write_at(0, &bytes));
        made.map(drop)
            .map_err(JournalError::io(format!("make {name}")))
    }
}

fn plan_cut(repair: &mut Repair, file: &str, offset: u64, run: &Run) {
    let bytes = run.len.saturating_sub(run.end.offset);
    if bytes > 0 {
        repair.steps.push(Mending::Cut {
            file: file.to_owned(),
            offset,
            bytes,
            records: run.later,
        });
    }
}

/// The journal's files, and those that are not its own: a FORMAT that names another journal, segments of one.
fn survey(storage: &dyn Storage) -> Result<(Survey, Vec<(String, String)>), JournalError> {
    let survey = Survey::read(storage)?;
    let mut strays = Vec::new();
    if !survey.segments.is_empty() || !survey.has_format {
        return Ok((survey, strays));
    }
    let mut without = Survey::read_without_format(storage)?;
    let agree = without.all_segments(storage)?.foreign.is_empty();
    if without.segments.is_empty() || !agree {
        return Ok((survey, strays));
    }
    strays.push((FORMAT.to_owned(), "it names another journal".to_owned()));
    Ok((without, strays))
}

fn copy_to_quarantine(storage: &dyn Storage, name: &str) -> std::io::Result<()> {
    let file = storage.open(name)?;
    copy_aside(storage, &*file, 0..file.len()?, name)?;
    storage.sync_dir(Some(QUARANTINE))
}
