//! Undo and redo, as editors know them, over a history that only grows.
//!
//! A *change* is a unit of a client, of a script or of a dataset, or a rewind to a named place. What the fake does by
//! itself, such as expiring a key, is none. Undoing goes back to before the newest change that is not undone; the rewind that
//! this takes is no change. Redoing brings back what the newest undoing took, until somebody makes a new change.

use crate::commit::Commit;
use crate::commit::How;
use crate::commit::Origin;
use crate::commit::Record;
use crate::commit::Rewind;
use crate::commit::Seq;

use super::Timeline;
use super::error::Error;
use super::replay::entry;

/// What a record is to undo and redo.
enum Step {
    Change,
    /// The state became that after an earlier record, with what could be undone there.
    Back(Seq),
    Other,
}

fn step(record: &Record) -> Step {
    match record {
        Record::Commit(Commit {
            origin: Origin::Expired | Origin::Evicted,
            ..
        }) => Step::Other,
        Record::Rewind(Rewind {
            how: How::Named, ..
        })
        | Record::Commit(_) => Step::Change,
        Record::Rewind(rewind) => Step::Back(rewind.to),
        _ => Step::Other,
    }
}

impl Timeline {
    /// The rewind that takes back the last `changes` changes; all that there are, if there are fewer.
    ///
    /// # Errors
    ///
    /// There is nothing to undo, or the journal can't be read.
    pub fn undo(&self, changes: u64) -> Result<Rewind, Error> {
        let (mut to, mut undone) = (self.last_seq(), 0);
        while undone < changes
            && let Some(before) = self.before_last_change(to)?
        {
            to = before;
            undone += 1;
        }
        match undone {
            0 => Err(Error::NothingToUndo),
            _ => Ok(Rewind {
                to,
                how: How::Undo(undone),
            }),
        }
    }

    /// The rewind that brings back the last `changes` changes that were undone; all that there are, if there are
    /// fewer.
    ///
    /// # Errors
    ///
    /// There is nothing to redo, or the journal can't be read.
    pub fn redo(&self, changes: u64) -> Result<Rewind, Error> {
        let undone = self.undone()?;
        let redone = changes.min(undone.len() as u64);
        match redone {
            0 => Err(Error::NothingToRedo),
            _ => Ok(Rewind {
                to: undone[undone.len() - redone as usize],
                how: How::Redo(redone),
            }),
        }
    }

    /// The place before the last change that led to the one after record `seq` and is not undone there.
    fn before_last_change(&self, mut seq: Seq) -> Result<Option<Seq>, Error> {
        let first = self.reader().first_seq();
        while seq >= first {
            let found = entry(self.reader(), seq)?;
            seq = match found.map_or(Step::Other, |entry| step(&entry.record)) {
                Step::Change => return Ok(Some(seq - 1)),
                Step::Back(to) => to,
                Step::Other => seq - 1,
            };
        }
        Ok(None)
    }

    /// The places that undoing left since the last change and redoing did not come back to, the next to redo last.
    fn undone(&self) -> Result<Vec<Seq>, Error> {
        let mut places = Vec::new();
        for (seq, how) in self.steps_since_last_change()?.into_iter().rev() {
            match how {
                How::Named => {}
                How::Undo(changes) => {
                    let mut place = Some(seq - 1);
                    for _ in 0..changes {
                        // History that was dropped can't be brought back.
                        let Some(left) = place else { return Ok(vec![]) };
                        places.push(left);
                        place = self.before_last_change(left)?;
                    }
                }
                How::Redo(changes) => {
                    let left = places.len().saturating_sub(changes as usize);
                    places.truncate(left);
                }
            }
        }
        Ok(places)
    }

    /// The undos and redos since the last change, newest first.
    fn steps_since_last_change(&self) -> Result<Vec<(Seq, How)>, Error> {
        let mut steps = Vec::new();
        for seq in (self.reader().first_seq()..=self.last_seq()).rev() {
            let Some(found) = entry(self.reader(), seq)? else {
                continue;
            };
            match (step(&found.record), &found.record) {
                (Step::Change, _) => break,
                (_, Record::Rewind(rewind)) => steps.push((seq, rewind.how)),
                _ => {}
            }
        }
        Ok(steps)
    }
}
