//! Bytes on disk: an append-only journal of records, with checkpoints.
//!
//! Knows [`Record`]s and nothing of what they mean. `docs/journal-format.md` specifies the bytes.
//! [`Journal`] writes, [`Reader`] reads (also while another process writes), and opening for writing
//! recovers: it goes on after the last good record, cuts off a torn write, and refuses damage.

mod checkpoint;
mod codec;
mod compaction;
mod copy;
mod damage;
mod error;
mod failing;
mod format;
mod frames;
mod history;
mod info;
mod memory;
mod mmap;
mod outlet;
mod packed;
mod payload;
mod queue;
mod reader;
mod record;
mod recovery;
mod repair;
mod report;
mod run;
mod storage;
mod survey;
mod syncer;
mod tail;
mod turn;
mod writer;

pub use checkpoint::Checkpoint;
pub use compaction::Compacted;
pub use compaction::State;
pub use error::Damage;
pub use error::JournalError;
pub use error::repair_command;
pub use history::Entries;
pub use history::Frame;
pub use history::Frames;
pub use info::CheckReport;
pub use info::CheckpointInfo;
pub use info::Health;
pub use info::Info;
pub use info::SegmentInfo;
pub use info::Session;
pub use memory::Memory;
pub use mmap::Mapping;
pub use mmap::Sealed;
pub use packed::Packed;
pub use packed::Words;
pub use reader::Header;
pub use reader::Reader;
pub use record::kind;
pub use recovery::Recovered;
pub use repair::Keep;
pub use repair::Mending;
pub use repair::Repair;
pub use report::Cut;
pub use report::RecoveryReport;
pub use storage::Disk;
pub use storage::LockGuard;
pub use storage::Room;
pub use storage::Storage;
pub use storage::StorageFile;
pub use writer::Appended;

use crate::commit::Draft;
use crate::commit::Record;
use crate::commit::Seq;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use syncer::Syncer;
use writer::Writer;
use writer::lock;

/// When records are forced to stable storage.
///
/// Whatever the policy, a settled record has been handed to the operating system: a killed process
/// loses nothing. The policies differ in what a power failure may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fsync {
    /// Before a record counts as settled: nothing.
    Always,
    /// Once a second: the last second or two.
    #[default]
    EverySec,
    /// When the operating system likes: the last half minute, say.
    No,
}

/// What opening may cut off the end of a journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tolerance {
    /// Nothing.
    Strict,
    /// What an interrupted write left behind.
    #[default]
    Torn,
    /// Everything from the first damage on, whatever it may be.
    Prefix,
}

/// How a journal is opened for writing.
#[derive(Clone, Debug)]
pub struct Options {
    /// When records are forced to stable storage.
    pub fsync: Fsync,
    /// A segment that has reached this size is followed by a new one.
    pub segment_bytes: u64,
    /// Checkpoints stay if they are so many records after the one before, and pay for their size; the newest two
    /// always.
    pub checkpoint_spacing: u64,
    /// What opening may cut off.
    pub tolerance: Tolerance,
    /// The longest partly written batch that [`Tolerance::Torn`] cuts off if whole records are in it.
    pub max_torn_bytes: u64,
    /// The largest record, in bytes of payload; at most the format's limit, 1 GiB.
    pub max_payload: usize,
    /// The clock now: when a journal that is made says it was made.
    pub now_us: i64,
    /// The identity of a journal that is made; random if not given.
    pub uuid: Option<u128>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            fsync: Fsync::default(),
            segment_bytes: 64 << 20,
            checkpoint_spacing: 10_000,
            tolerance: Tolerance::default(),
            max_torn_bytes: damage::MAX_TORN_BYTES,
            max_payload: codec::MAX_PAYLOAD,
            now_us: 0,
            uuid: None,
        }
    }
}

/// A journal that is open for writing.
///
/// [`append`](Journal::append) takes a record; [`settle`](Journal::settle) returns when it is
/// written. Share it by reference or `Arc`: many threads may settle at once, and then
/// one write and one sync serve them all.
pub struct Journal {
    writer: Arc<Writer>,
    uuid: u128,
    checkpoint_spacing: u64,
    /// Held while a checkpoint is written: two of one record would share a file.
    checkpointing: Mutex<()>,
    syncer: Mutex<Option<Syncer>>,
}

impl Journal {
    /// Opens the journal in `dir` for writing, or makes one, and recovers it if need be.
    ///
    /// # Errors
    ///
    /// When another writer has it, when it is damaged (nothing is changed then), when it is of an
    /// unknown format, and when the disk fails.
    pub fn open(dir: &Path, options: &Options) -> Result<(Journal, Recovered), JournalError> {
        Journal::open_with(Arc::new(Disk::new(dir)), options)
    }

    /// Opens a journal in any storage.
    ///
    /// # Errors
    ///
    /// As [`Journal::open`].
    pub fn open_with(
        storage: Arc<dyn Storage>,
        options: &Options,
    ) -> Result<(Journal, Recovered), JournalError> {
        let opened = recovery::open(Arc::clone(&storage), options);
        let (tail, guard, recovered) = opened.map_err(|error| error.on(&*storage))?;
        let uuid = tail.header.uuid;
        let writer = Arc::new(Writer::new(storage, options, tail, guard));
        let syncer = match options.fsync {
            Fsync::EverySec => Some(
                Syncer::start(Arc::clone(&writer))
                    .map_err(JournalError::io("start the journal's sync thread"))?,
            ),
            Fsync::Always | Fsync::No => None,
        };
        let journal = Journal {
            writer,
            uuid,
            checkpoint_spacing: options.checkpoint_spacing,
            checkpointing: Mutex::default(),
            syncer: Mutex::new(syncer),
        };
        Ok((journal, recovered))
    }

    /// Takes a record and returns its place in history. It need not be written yet.
    ///
    /// # Errors
    ///
    /// When the record is too large or the journal poisoned, or the disk fails, which poisons it; the
    /// record is not taken then.
    pub fn append(&self, clock_us: i64, record: &Record) -> Result<Seq, JournalError> {
        let (kind, aux) = record::labels(record);
        let encode = |buffer: &mut Vec<u8>| record::encode(record, buffer);
        self.writer.append(kind, aux, clock_us, encode)
    }

    /// Takes a commit as [`append`](Journal::append) does, from parts that are borrowed.
    ///
    /// # Errors
    ///
    /// As [`Journal::append`].
    #[inline]
    pub fn append_commit(&self, clock_us: i64, commit: &Draft<'_>) -> Result<Seq, JournalError> {
        let (kind, aux) = (record::kind::COMMIT, record::cause(commit.origin));
        let encode = |buffer: &mut Vec<u8>| payload::encode_commit(commit, buffer);
        self.writer.append(kind, aux, clock_us, encode)
    }

    /// Takes an [`Observed`](crate::commit::Observed) as [`append`](Journal::append) does, from parts that are borrowed.
    ///
    /// # Errors
    ///
    /// As [`Journal::append`].
    pub fn append_observed(
        &self,
        clock_us: i64,
        observed: &Draft<'_>,
    ) -> Result<Seq, JournalError> {
        let (kind, aux) = record::observed_labels(observed);
        let encode = |buffer: &mut Vec<u8>| payload::encode_observed(observed, buffer);
        self.writer.append(kind, aux, clock_us, encode)
    }

    /// Returns when record `seq` is written, and synced under [`Fsync::Always`].
    ///
    /// # Errors
    ///
    /// When the disk fails: the journal is then poisoned, and `seq` may or may not be recorded.
    pub fn settle(&self, seq: Seq) -> Result<(), JournalError> {
        self.writer.settle(seq)
    }

    /// The record that has the number `seq` now, to tell it from a later one after a failure.
    #[inline]
    pub fn appended(&self, seq: Seq) -> Appended {
        self.writer.appended(seq)
    }

    /// Returns when a record is as safe as [`Options::fsync`] promises.
    ///
    /// # Errors
    ///
    /// As [`settle`](Journal::settle); and when the record was given up, whoever has its number since.
    #[inline]
    pub fn settle_appended(&self, record: Appended) -> Result<(), JournalError> {
        self.writer.settle_appended(record)
    }

    /// The last record that was taken.
    pub fn last_seq(&self) -> Seq {
        self.writer.last_seq()
    }

    /// The last record that was handed to the operating system.
    pub fn written_seq(&self) -> Seq {
        self.writer.written()
    }

    /// The last record that is on stable storage.
    pub fn durable_seq(&self) -> Seq {
        self.writer.durable()
    }

    /// The last record for which [`settle`](Journal::settle) has returned or would return at once.
    pub fn settled_seq(&self) -> Seq {
        self.writer.settled()
    }

    /// The largest record that is taken, in bytes of payload.
    pub fn max_payload(&self) -> usize {
        self.writer.max_payload()
    }

    /// The journal's identity.
    pub fn uuid(&self) -> String {
        survey::uuid_text(self.uuid)
    }

    /// Why the journal takes no records, if so. It stays so until it is healed or opened again.
    pub fn poisoned(&self) -> Option<String> {
        self.writer.poisoned()
    }

    /// Has the next change of the newest segment fail with `error`: what its disk does in tests.
    pub fn fail_next(&self, error: io::Error, at_sync: bool) {
        self.writer.fail_next(error, at_sync);
    }

    /// Takes records again after a failure: the newest segment is replaced by a fresh copy that is
    /// read back and synced. It ends with [`settled_seq`](Journal::settled_seq).
    ///
    /// # Errors
    ///
    /// When the disk still fails, or does not give back what was settled; the journal stays poisoned.
    pub fn heal(&self) -> Result<(), JournalError> {
        self.writer.heal()
    }

    /// Writes and syncs all that was appended before the call.
    ///
    /// # Errors
    ///
    /// When the disk fails, which poisons the journal.
    pub fn sync(&self) -> Result<(), JournalError> {
        self.writer.sync()
    }

    /// Seals the newest segment and begins another, made at `clock_us`.
    ///
    /// # Errors
    ///
    /// When the disk fails, which poisons the journal.
    pub fn rotate(&self, clock_us: i64) -> Result<(), JournalError> {
        self.writer.rotate(clock_us)
    }

    /// Writes a checkpoint of the state after record `seq`, in opaque `chunks`; how many bytes they have.
    ///
    /// Records may be appended and settled meanwhile. Old checkpoints that don't pay are removed: see
    /// [`Options::checkpoint_spacing`].
    ///
    /// # Errors
    ///
    /// When there is no such record or the disk fails; earlier checkpoints stay.
    pub fn checkpoint(
        &self,
        seq: Seq,
        chunks: &mut dyn Iterator<Item = Vec<u8>>,
    ) -> Result<u64, JournalError> {
        // A checkpoint of records that a power failure takes would be a state without a history.
        self.sync()?;
        if seq > self.durable_seq() {
            return Err(JournalError::Misuse(format!(
                "there is no record {seq} yet"
            )));
        }
        let _turn = lock(&self.checkpointing);
        let storage = &*self.writer.storage;
        let bytes = checkpoint::write(storage, self.uuid, seq, chunks)?;
        checkpoint::prune(storage, self.checkpoint_spacing)?;
        Ok(bytes)
    }

    /// Writes and syncs everything, and stops the sync thread. Append a `Close` record before.
    ///
    /// # Errors
    ///
    /// When the disk fails, now or earlier.
    pub fn close(&self) -> Result<(), JournalError> {
        let syncer = lock(&self.syncer).take();
        drop(syncer);
        self.writer.close()
    }
}

/// Writes what is pending as well as it can; [`Journal::close`] also tells how that went.
impl Drop for Journal {
    fn drop(&mut self) {
        let _ = self.close();
    }
}
