//! Forgetting old history: the states that take its place.

use std::path::Path;
use std::sync::Arc;

use super::Core;
use super::EngineHost;
use super::checkpoint;
use super::state_at;
use crate::commit::Seq;
use crate::journal::Compacted;
use crate::journal::Disk;
use crate::journal::Fsync;
use crate::journal::Journal;
use crate::journal::JournalError;
use crate::journal::Options;
use crate::journal::Reader;
use crate::journal::State;
use crate::journal::Storage;
use crate::keyspace::Keyspace;

impl State for Keyspace {
    fn chunks(&self) -> Box<dyn Iterator<Item = Vec<u8>> + '_> {
        Box::new(checkpoint::chunks(self))
    }
}

/// Forgets the records before `keep` of a journal that nobody has open for writing.
///
/// # Errors
///
/// As [`Journal::compact`], and as [`Journal::open`]; also when there is no journal.
pub fn compact(dir: &Path, keep: Seq, now_us: i64) -> Result<Compacted, JournalError> {
    compact_on(Arc::new(Disk::new(dir)), keep, now_us)
}

/// The same with the journal's files in any storage.
///
/// # Errors
///
/// As [`compact`].
pub fn compact_on(
    storage: Arc<dyn Storage>,
    keep: Seq,
    now_us: i64,
) -> Result<Compacted, JournalError> {
    // Opening for writing would make a journal where there is none.
    Reader::open_with(Arc::clone(&storage))?;
    let options = Options {
        fsync: Fsync::Always,
        now_us,
        ..Options::default()
    };
    let (journal, _) = Journal::open_with(storage, &options)?;
    let compacted = journal.compact(keep, now_us, keyspace_at)?;
    journal.close()?;
    Ok(compacted)
}

fn keyspace_at(reader: &Reader, seq: Seq) -> Result<Keyspace, JournalError> {
    Ok(state_at(reader, seq)?.keyspace)
}

impl Core {
    /// Forgets the records before `keep`.
    ///
    /// # Errors
    ///
    /// There is no journal; otherwise as [`Journal::compact`].
    pub fn compact(&mut self, keep: Seq) -> Result<Compacted, JournalError> {
        let compacted = self.host.compacted(keep)?;
        self.world.forget_before(compacted.first_seq);
        Ok(compacted)
    }
}

impl EngineHost {
    /// Forgets the records before `keep`.
    pub(super) fn compacted(&mut self, keep: Seq) -> Result<Compacted, JournalError> {
        let no_journal = || JournalError::Misuse("there is no journal".to_owned());
        let journal = self.journal.as_ref().ok_or_else(no_journal)?;
        let compacted = journal.compact(keep, self.clock.now_us(), keyspace_at)?;
        self.first_seq = compacted.first_seq;
        Ok(compacted)
    }
}
