//! Records that are made but not yet written: frames in memory, numbered and in order.
//!
//! Knows nothing of files. Also holds the poison, because it decides whether records are taken.

use super::codec::CODEC;
use super::codec::MAX_PAYLOAD;
use super::codec::TooLarge;
use super::error::JournalError;
use super::format::ALIGN;
use super::format::FRAME_HEADER;
use super::format::draft;
use crate::commit::Seq;

/// A buffer that grew beyond this is not kept.
const KEEP: usize = 4 << 20;

/// Frames that await their write.
#[derive(Default)]
pub(super) struct Batch {
    /// Drafted frames, one after another.
    pub(super) frames: Vec<u8>,
    /// The last record in it.
    pub(super) last_seq: Seq,
    /// The clock of its first record.
    pub(super) clock_us: i64,
}

impl Batch {
    /// Empties it after its frames were written, or given up.
    pub(super) fn clear(&mut self) {
        self.frames.clear();
        self.frames.shrink_to(KEEP);
    }
}

/// Takes records and numbers them.
pub(super) struct Queue {
    batch: Batch,
    last_seq: Seq,
    max_payload: usize,
    poison: Option<String>,
}

impl Queue {
    /// An empty queue; its first record will be the one after `last_seq`, and none is larger than `max_payload`.
    pub(super) fn new(last_seq: Seq, max_payload: usize) -> Queue {
        Queue {
            batch: Batch::default(),
            last_seq,
            max_payload: max_payload.min(MAX_PAYLOAD),
            poison: None,
        }
    }

    /// The last record that was taken.
    pub(super) fn last_seq(&self) -> Seq {
        self.last_seq
    }

    /// The largest record that is taken.
    pub(super) fn max_payload(&self) -> usize {
        self.max_payload
    }

    /// Why no records are taken.
    pub(super) fn poison(&self) -> Option<&str> {
        self.poison.as_deref()
    }

    /// An error if no records are taken.
    #[inline]
    pub(super) fn check(&self) -> Result<(), JournalError> {
        match &self.poison {
            Some(reason) => Err(JournalError::Poisoned(reason.clone())),
            None => Ok(()),
        }
    }

    /// Takes a record: `encode` appends its payload.
    #[inline]
    pub(super) fn append(
        &mut self,
        kind: u8,
        aux: u64,
        clock_us: i64,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), TooLarge>,
    ) -> Result<Seq, JournalError> {
        self.check()?;
        let frames = &mut self.batch.frames;
        let start = frames.len();
        frames.extend_from_slice(&[0; FRAME_HEADER]);
        let encoded = encode(frames);
        let len = frames.len() - start - FRAME_HEADER;
        if encoded.is_err() || len > self.max_payload {
            frames.truncate(start);
            let limit = self.max_payload;
            return Err(JournalError::TooLarge { limit });
        }
        let end = frames.len().next_multiple_of(ALIGN);
        frames.extend_from_slice(&[0; ALIGN]);
        frames.truncate(end);
        let seq = self.last_seq + 1;
        draft(&mut frames[start..], kind, CODEC, seq, clock_us, aux, len);
        if start == 0 {
            self.batch.clock_us = clock_us;
        }
        self.last_seq = seq;
        self.batch.last_seq = seq;
        Ok(seq)
    }

    /// What was taken and not given up since.
    pub(super) fn batch(&mut self) -> &mut Batch {
        &mut self.batch
    }

    /// Takes no more records, and forgets all after `settled`. The first reason stands.
    pub(super) fn poison_with(&mut self, reason: String, settled: Seq) {
        if self.poison.is_none() {
            self.poison = Some(reason);
            self.batch.clear();
            self.last_seq = settled;
        }
    }

    /// Takes records again.
    pub(super) fn heal(&mut self) {
        self.poison = None;
    }
}
