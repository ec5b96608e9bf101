//! Append, write, sync, rotate: everything that a running writer does, for many threads at once.
//!
//! Locks are taken in this order: turn, state. The state's is held for memory work, for writes where
//! the file has no room that can be stored into, and while a segment is sealed; never during other syncs.

use super::Fsync;
use super::Options;
use super::codec::TooLarge;
use super::damage::measure;
use super::error::JournalError;
use super::format::FileKind;
use super::frames::Place;
use super::queue::Queue;
use super::storage::LockGuard;
use super::storage::Storage;
use super::survey::read_header;
use super::tail::Tail;
use super::tail::replace;
use super::turn::Turns;
use crate::commit::Seq;
use std::io;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;
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
    /// Taken for a sync: of two syncs of one file only one would be told of a failure. Also while a
    /// segment is sealed, and under [`Fsync::Always`] while anything is written.
    turns: Turns,
    state: Mutex<State>,
    /// The length of `healed_at`.
    heals: AtomicUsize,
    written: AtomicU64,
    durable: AtomicU64,
    _lock: LockGuard,
}

/// What is pending, and where it goes.
struct State {
    queue: Queue,
    tail: Tail,
    /// The last record that was left each time the journal was healed; those behind it had numbers that others got since.
    healed_at: Vec<Seq>,
}

/// A record that was appended. Its number alone does not name it: healing gives numbers again that were given up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Appended {
    /// How often the journal was healed before.
    heals: usize,
    seq: Seq,
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
        let queue = Queue::new(last, options.max_payload);
        Writer {
            storage,
            fsync: options.fsync,
            segment_bytes: options.segment_bytes,
            turns: Turns::default(),
            state: Mutex::new(State {
                queue,
                tail,
                healed_at: Vec::new(),
            }),
            heals: AtomicUsize::new(0),
            written: AtomicU64::new(last),
            durable: AtomicU64::new(last),
            _lock: lock,
        }
    }

    #[inline]
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// The last record that was taken.
    pub(super) fn last_seq(&self) -> Seq {
        self.state().queue.last_seq()
    }

    pub(super) fn max_payload(&self) -> usize {
        self.state().queue.max_payload()
    }

    /// Why no records are taken.
    pub(super) fn poisoned(&self) -> Option<String> {
        self.state().queue.poison().map(str::to_owned)
    }

    pub(super) fn written(&self) -> Seq {
        self.written.load(Acquire)
    }

    pub(super) fn durable(&self) -> Seq {
        self.durable.load(Acquire)
    }

    /// The last record that is as safe as the policy promises.
    #[inline]
    pub(super) fn settled(&self) -> Seq {
        match self.fsync {
            Fsync::Always => self.durable(),
            Fsync::EverySec | Fsync::No => self.written(),
        }
    }

    /// Takes a record: `encode` appends its payload. Where writing takes no call it is written at once.
    #[inline]
    pub(super) fn append(
        &self,
        kind: u8,
        aux: u64,
        clock_us: i64,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), TooLarge>,
    ) -> Result<Seq, JournalError> {
        let mut state = self.state();
        let seq = state.queue.append(kind, aux, clock_us, encode)?;
        if self.fsync != Fsync::Always && state.tail.outlet.has_room() && !self.is_full(&state) {
            self.write_batch(&mut state)?;
        }
        Ok(seq)
    }

    /// Returns when record `seq` is as safe as the policy promises.
    #[inline]
    pub(super) fn settle(&self, seq: Seq) -> Result<(), JournalError> {
        match self.settled() >= seq {
            true => Ok(()),
            false => self.make_settled(seq),
        }
    }

    /// Record `seq`, whoever has that number now.
    #[inline]
    pub(super) fn appended(&self, seq: Seq) -> Appended {
        Appended {
            heals: self.heals.load(Acquire),
            seq,
        }
    }

    /// Returns when a record is as safe as the policy promises.
    #[inline]
    pub(super) fn settle_appended(&self, record: Appended) -> Result<(), JournalError> {
        self.settle(record.seq)?;
        // Not healed since: what settled is this record, and no other of its number.
        match self.heals.load(Acquire) == record.heals {
            true => Ok(()),
            false => self.check_kept(record),
        }
    }

    #[cold]
    fn check_kept(&self, record: Appended) -> Result<(), JournalError> {
        let kept = self.state().healed_at.get(record.heals).copied();
        match kept {
            Some(last) if record.seq > last => Err(JournalError::Lost),
            _ => Ok(()),
        }
    }

    fn make_settled(&self, seq: Seq) -> Result<(), JournalError> {
        match self.fsync {
            Fsync::Always => self.sync_through(seq)?,
            Fsync::EverySec | Fsync::No => self.flush()?,
        }
        if self.settled() < seq {
            return Err(JournalError::Misuse(format!(
                "there is no record {seq} to settle"
            )));
        }
        Ok(())
    }

    /// Whether what is pending belongs into a new segment.
    #[inline]
    fn is_full(&self, state: &State) -> bool {
        state.tail.place.offset >= self.segment_bytes
    }

    /// Writes all that is pending.
    fn flush(&self) -> Result<(), JournalError> {
        let mut state = self.state();
        if !self.is_full(&state) {
            return self.write(&mut state);
        }
        drop(state);
        let _turn = self.turns.take();
        self.write_in_turn().map(drop)
    }

    /// Writes all that is pending, in a new segment if the present one is full. Needs the turn.
    fn write_in_turn(&self) -> Result<MutexGuard<'_, State>, JournalError> {
        let mut state = self.state();
        state.queue.check()?;
        if self.is_full(&state) && !state.queue.batch().frames.is_empty() {
            let clock_us = state.queue.batch().clock_us;
            self.next_segment(&mut state, clock_us)?;
        }
        self.write(&mut state)?;
        Ok(state)
    }

    /// Writes all that is pending to the present segment.
    fn write(&self, state: &mut State) -> Result<(), JournalError> {
        state.queue.check()?;
        match state.queue.batch().frames.is_empty() {
            true => Ok(()),
            false => self.write_batch(state),
        }
    }

    /// The same, where there is something to write.
    #[inline]
    fn write_batch(&self, state: &mut State) -> Result<(), JournalError> {
        let State { queue, tail, .. } = state;
        let batch = queue.batch();
        if let Err(error) = tail.write(batch, self.durable()) {
            return Err(self.unwritten(state, &error));
        }
        batch.clear();
        self.written.store(batch.last_seq, Release);
        if self.fsync != Fsync::Always {
            tail.settled = tail.place;
        }
        Ok(())
    }

    #[cold]
    fn unwritten(&self, state: &mut State, error: &io::Error) -> JournalError {
        let reason = format!("cannot write {}: {error}", state.tail.name());
        self.poison(state, &reason)
    }

    /// Seals the segment and begins the next. Needs the turn.
    fn next_segment(&self, state: &mut State, clock_us: i64) -> Result<(), JournalError> {
        self.seal(state)?;
        let header = state.tail.successor(clock_us);
        state.tail = Tail::create(&*self.storage, header)
            .map_err(|error| self.poison(state, &error.to_string()))?;
        Ok(())
    }

    /// Ends the segment's file where its records end, durably. Needs the turn.
    fn seal(&self, state: &mut State) -> Result<(), JournalError> {
        let tail = &mut state.tail;
        let last = tail.place.seq - 1;
        let sealed = tail
            .cut()
            .and_then(|cut| match cut || self.durable() < last {
                true => tail.outlet.file.sync(),
                false => Ok(()),
            });
        sealed.map_err(|error| self.poison(state, &format!("cannot sync the journal: {error}")))?;
        self.durable.fetch_max(last, Release);
        state.tail.settled = state.tail.place;
        Ok(())
    }

    /// Makes record `seq`, and all that is pending, durable.
    fn sync_through(&self, seq: Seq) -> Result<(), JournalError> {
        let Some(_turn) = self.turns.take_unless(|| self.durable() >= seq) else {
            return Ok(());
        };
        let (file, place) = {
            let state = self.write_in_turn()?;
            (Arc::clone(&state.tail.outlet.file), state.tail.place)
        };
        // A sync that failed must not be tried again: the system may have dropped the data, and
        // would report success.
        let synced = file.sync();
        let mut state = self.state();
        if let Err(error) = synced {
            return Err(self.poison(&mut state, &format!("cannot sync the journal: {error}")));
        }
        self.durable.fetch_max(place.seq - 1, Release);
        if self.fsync == Fsync::Always {
            state.tail.settled = place;
        }
        Ok(())
    }

    /// Writes and syncs all that was appended before the call.
    pub(super) fn sync(&self) -> Result<(), JournalError> {
        let last = {
            let state = self.state();
            state.queue.check()?;
            state.queue.last_seq()
        };
        self.sync_through(last)
    }

    /// Begins a new segment, unless the present one is empty.
    pub(super) fn rotate(&self, clock_us: i64) -> Result<(), JournalError> {
        let _turn = self.turns.take();
        let mut state = self.write_in_turn()?;
        if state.tail.place.seq == state.tail.header.seq {
            return Ok(());
        }
        self.next_segment(&mut state, clock_us)
    }

    /// Writes and syncs everything, and ends the file there.
    pub(super) fn close(&self) -> Result<(), JournalError> {
        let _turn = self.turns.take();
        let mut state = self.write_in_turn()?;
        self.seal(&mut state)
    }

    /// Takes no more records; unsettled ones are forgotten.
    fn poison(&self, state: &mut State, reason: &str) -> JournalError {
        state.queue.poison_with(reason.to_owned(), self.settled());
        self.written.store(self.settled(), Release);
        JournalError::Poisoned(reason.to_owned())
    }

    /// Has the next change of the newest segment fail, or the next sync.
    pub(super) fn fail_next(&self, error: io::Error, at_sync: bool) {
        self.state().tail.outlet.fail_next(error, at_sync);
    }

    /// Takes records again, after a fresh copy of the newest segment is durable.
    pub(super) fn heal(&self) -> Result<(), JournalError> {
        let _turn = self.turns.take();
        let mut state = self.state();
        let Some(reason) = state.queue.poison().map(str::to_owned) else {
            return Ok(());
        };
        let tail = &state.tail;
        self.drop_later_segments(tail)?;
        let settled = tail.settled;
        let why = format!("not settled when the journal was poisoned: {reason}\n");
        let (file, _) = replace(&*self.storage, &tail.name(), settled.offset, &why)?;
        self.verify(tail, settled)?;
        state.tail = Tail::new(file, tail.header, settled);
        self.written.store(settled.seq - 1, Release);
        self.durable.store(settled.seq - 1, Release);
        state.healed_at.push(settled.seq - 1);
        self.heals.store(state.healed_at.len(), Release);
        state.queue.heal();
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
