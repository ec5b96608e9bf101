//! Append, write, sync, rotate: everything that a running writer does, for many threads at once.
//!
//! Locks are taken in this order: tail, sync turn, queue. The queue's is held only for memory work.

use super::Fsync;
use super::Options;
use super::damage::measure;
use super::error::JournalError;
use super::format::FileKind;
use super::frames::Place;
use super::queue::Batch;
use super::queue::Queue;
use super::storage::LockGuard;
use super::storage::Storage;
use super::storage::StorageFile;
use super::survey::read_header;
use super::tail::Tail;
use super::tail::replace;
use crate::commit::Seq;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Acquire;
use std::sync::atomic::Ordering::Release;

/// Locks a mutex of this module.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no thread panics inside the journal")
}

/// A journal that is open for writing.
pub(super) struct Writer {
    pub(super) storage: Arc<dyn Storage>,
    fsync: Fsync,
    segment_bytes: u64,
    queue: Mutex<Queue>,
    tail: Mutex<Tail>,
    /// Held during a sync: of two syncs of one file only one would be told of a failure.
    sync_turn: Mutex<()>,
    written: AtomicU64,
    durable: AtomicU64,
    _lock: LockGuard,
}

impl Writer {
    /// Goes on at the end of `tail`, all of which is on stable storage.
    pub(super) fn new(
        storage: Arc<dyn Storage>,
        options: &Options,
        tail: Tail,
        lock: LockGuard,
    ) -> Writer {
        let last = tail.place.seq - 1;
        Writer {
            storage,
            fsync: options.fsync,
            segment_bytes: options.segment_bytes,
            queue: Mutex::new(Queue::new(last)),
            tail: Mutex::new(tail),
            sync_turn: Mutex::new(()),
            written: AtomicU64::new(last),
            durable: AtomicU64::new(last),
            _lock: lock,
        }
    }

    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        lock(&self.queue)
    }

    pub(super) fn written(&self) -> Seq {
        self.written.load(Acquire)
    }

    pub(super) fn durable(&self) -> Seq {
        self.durable.load(Acquire)
    }

    /// The last record that is as safe as the policy promises.
    pub(super) fn settled(&self) -> Seq {
        match self.fsync {
            Fsync::Always => self.durable(),
            Fsync::EverySec | Fsync::No => self.written(),
        }
    }

    /// Returns when record `seq` is as safe as the policy promises.
    pub(super) fn settle(&self, seq: Seq) -> Result<(), JournalError> {
        if self.settled() >= seq {
            return Ok(());
        }
        let mut tail = lock(&self.tail);
        // Whoever had the tail before may have written this record too.
        if self.settled() >= seq {
            return Ok(());
        }
        self.flush(&mut tail)?;
        if self.settled() < seq {
            return Err(JournalError::Misuse(format!(
                "there is no record {seq} to settle"
            )));
        }
        Ok(())
    }

    /// Writes all that is pending, with one write, and syncs it if the policy says so.
    fn flush(&self, tail: &mut Tail) -> Result<(), JournalError> {
        let spare = std::mem::take(&mut tail.spare);
        let mut batch = {
            let mut queue = self.queue();
            queue.check()?;
            queue.take(spare)
        };
        let done = self.write(tail, &mut batch);
        tail.spare = batch;
        done
    }

    fn write(&self, tail: &mut Tail, batch: &mut Batch) -> Result<(), JournalError> {
        if batch.frames.is_empty() {
            return Ok(());
        }
        if tail.place.offset >= self.segment_bytes {
            self.next_segment(tail, batch.clock_us)?;
        }
        tail.write(batch, self.durable())
            .map_err(|error| self.poison(&format!("cannot write {}: {error}", tail.name())))?;
        self.written.store(batch.last_seq, Release);
        if self.fsync == Fsync::Always {
            self.sync_file(&*tail.file, batch.last_seq)?;
        }
        tail.settled = tail.place;
        Ok(())
    }

    /// Seals the segment and begins the next.
    fn next_segment(&self, tail: &mut Tail, clock_us: i64) -> Result<(), JournalError> {
        self.sync_file(&*tail.file, tail.place.seq - 1)?;
        let next = Tail::create(&*self.storage, tail.successor(clock_us))
            .map_err(|error| self.poison(&error.to_string()))?;
        let spare = std::mem::take(&mut tail.spare);
        *tail = Tail { spare, ..next };
        Ok(())
    }

    /// Makes everything up to `seq`, all of it written to `file` or sealed, durable.
    fn sync_file(&self, file: &dyn StorageFile, seq: Seq) -> Result<(), JournalError> {
        let _turn = lock(&self.sync_turn);
        self.queue().check()?;
        if self.durable() >= seq {
            return Ok(());
        }
        // A sync that failed must not be tried again: the system may have dropped the data, and
        // would report success.
        file.sync()
            .map_err(|error| self.poison(&format!("cannot sync the journal: {error}")))?;
        self.durable.fetch_max(seq, Release);
        Ok(())
    }

    /// Writes and syncs all that was appended before the call.
    pub(super) fn sync(&self) -> Result<(), JournalError> {
        let (file, seq) = {
            let mut tail = lock(&self.tail);
            self.flush(&mut tail)?;
            (Arc::clone(&tail.file), tail.place.seq - 1)
        };
        self.sync_file(&*file, seq)
    }

    /// Begins a new segment, unless the present one is empty.
    pub(super) fn rotate(&self, clock_us: i64) -> Result<(), JournalError> {
        let mut tail = lock(&self.tail);
        self.flush(&mut tail)?;
        if tail.place.seq == tail.header.seq {
            return Ok(());
        }
        self.next_segment(&mut tail, clock_us)
    }

    /// Takes no more records; unsettled ones are forgotten.
    fn poison(&self, reason: &str) -> JournalError {
        let mut queue = self.queue();
        queue.poison_with(reason.to_owned(), self.settled());
        self.written.store(self.settled(), Release);
        JournalError::Poisoned(reason.to_owned())
    }

    /// Takes records again, after a fresh copy of the newest segment is durable.
    pub(super) fn heal(&self) -> Result<(), JournalError> {
        let mut tail = lock(&self.tail);
        let _turn = lock(&self.sync_turn);
        let Some(reason) = self.queue().poison().map(str::to_owned) else {
            return Ok(());
        };
        self.drop_later_segments(&tail)?;
        let settled = tail.settled;
        let why = format!("not settled when the journal was poisoned: {reason}\n");
        let (file, _) = replace(&*self.storage, &tail.name(), settled.offset, &why)?;
        self.verify(&tail, settled)?;
        *tail = Tail::new(file, tail.header, settled);
        self.written.store(settled.seq - 1, Release);
        self.durable.store(settled.seq - 1, Release);
        self.queue().heal();
        Ok(())
    }

    /// Removes a segment that was begun, and left empty, when the journal was poisoned.
    fn drop_later_segments(&self, tail: &Tail) -> Result<(), JournalError> {
        let dropped = self.storage.list().and_then(|names| {
            for name in names {
                let seq = FileKind::Segment.seq_of(&name);
                if seq.is_some_and(|seq| seq > tail.header.seq) {
                    self.storage.remove(&name)?;
                }
            }
            self.storage.sync_dir(None)
        });
        dropped.map_err(JournalError::io("remove an unused segment"))
    }

    /// Reads the newest segment back: it must hold what was settled.
    fn verify(&self, tail: &Tail, settled: Place) -> Result<(), JournalError> {
        let segment =
            read_header(&*self.storage, FileKind::Segment, tail.header.seq)?.map_err(|_| {
                JournalError::damaged(&tail.name(), 0, tail.header.seq, "its header is damaged")
            })?;
        let extent = measure(&*self.storage, &segment)?;
        if extent.end != settled {
            let (offset, seq) = (extent.end.offset, extent.end.seq);
            let what = "what was written before the failure cannot be read back";
            return Err(JournalError::damaged(&tail.name(), offset, seq, what));
        }
        Ok(())
    }
}
