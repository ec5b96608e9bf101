//! Copying history up to a record: the same records under the same numbers, byte for byte.

use super::error::JournalError;
use super::format::FileKind;
use super::reader::Reader;
use super::storage::Storage;
use super::storage::publish;
use super::survey::FORMAT;
use super::tail::copy;
use crate::commit::Seq;

impl Reader {
    /// Copies history up to record `seq` to a place where there is nothing yet. The copy goes on by itself, with the
    /// identity of what it is a copy of.
    ///
    /// # Errors
    ///
    /// When there is no such record, something is in that place, or a disk fails; then the copy is of no use.
    pub fn copy_to(&self, storage: &dyn Storage, seq: Seq) -> Result<(), JournalError> {
        check_empty(storage)?;
        let (newest, end) = self.end_of(seq)?;
        let make = JournalError::io("make the directory of the copy");
        storage.make_dir(None).map_err(make)?;
        for &at in self.survey.checkpoints.iter().filter(|at| **at <= seq) {
            self.copy_file(storage, &FileKind::Checkpoint.name(at), None)?;
        }
        for (index, segment) in self.history.segments[..=newest].iter().enumerate() {
            let end = if index == newest { end } else { segment.len };
            self.copy_file(storage, &segment.name, Some(end))?;
        }
        // Last, so that what was interrupted is no journal.
        self.copy_file(storage, FORMAT, None)
    }

    /// The segment in which record `seq` ends, and where.
    fn end_of(&self, seq: Seq) -> Result<(usize, u64), JournalError> {
        let (index, cursor) = self.history.cursor_at(seq + 1)?;
        match cursor.place.seq == seq + 1 {
            true => Ok((index, cursor.place.offset)),
            false => Err(JournalError::Misuse(format!("there is no record {seq}"))),
        }
    }

    /// Copies a file, as far as `end` where one is given.
    fn copy_file(
        &self,
        storage: &dyn Storage,
        name: &str,
        end: Option<u64>,
    ) -> Result<(), JournalError> {
        let copied = self.history.storage.open(name).and_then(|file| {
            let end = end.map_or_else(|| file.len(), Ok)?;
            publish(storage, name, |new| copy(&*file, 0..end, new, 0))
        });
        let copied = copied.map(drop);
        copied.map_err(JournalError::io(format!("copy {name}")))
    }
}

fn check_empty(storage: &dyn Storage) -> Result<(), JournalError> {
    let listed = storage.list();
    let names = listed.map_err(JournalError::io("look at the directory of the copy"))?;
    match names.first() {
        None => Ok(()),
        Some(name) => Err(JournalError::Misuse(format!(
            "the directory of the copy is not empty: it holds {name}"
        ))),
    }
}
