//! What a journal is, holds and suffers from, told by a [`Reader`].

use super::checkpoint;
use super::damage::MAX_TORN_BYTES;
use super::damage::Rest;
use super::error::Damage;
use super::error::JournalError;
use super::frames::Place;
use super::reader::Reader;
use super::record::kind;
use super::survey::uuid_text;
use crate::clock::pause;
use crate::commit::Seq;
use std::sync::Arc;
use std::time::Duration;

/// How often, and how long apart, the end of a journal is looked at while someone writes to it.
const LOOKS: u32 = 50;
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How a journal ends.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Health {
    /// Everything is whole.
    Clean,
    /// An interrupted write follows the last record; the next open for writing cuts it off.
    Torn {
        /// The segment.
        file: String,
        /// Where the good records end.
        offset: u64,
        /// How many bytes follow.
        bytes: u64,
    },
    /// Recorded data is damaged.
    Damaged(Damage),
}

/// What a journal is and holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// The journal's identity.
    pub uuid: String,
    /// When it was made.
    pub created_us: i64,
    /// The first record, 1 unless the journal was compacted.
    pub first_seq: Seq,
    /// The last record, 0 if there is none.
    pub last_seq: Seq,
    /// The clock of the first record.
    pub first_clock_us: Option<i64>,
    /// The clock of the last record.
    pub last_clock_us: Option<i64>,
    /// Bytes in all segments.
    pub size: u64,
    /// The segments, in order.
    pub segments: Vec<SegmentInfo>,
    /// The checkpoints, in order.
    pub checkpoints: Vec<CheckpointInfo>,
    /// The writers' sessions, in order.
    pub sessions: Vec<Session>,
    /// How it ends.
    pub health: Health,
}

/// One segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentInfo {
    /// The file's name.
    pub file: String,
    /// Its first record.
    pub first_seq: Seq,
    /// When it was made.
    pub created_us: i64,
    /// Its length in bytes.
    pub size: u64,
}

/// One checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointInfo {
    /// The file's name.
    pub file: String,
    /// The record after which its state was current.
    pub seq: Seq,
}

/// What one writer recorded, from its `Open` record to its last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The `Open` record.
    pub first_seq: Seq,
    /// The last record.
    pub last_seq: Seq,
    /// The clock of the first.
    pub first_clock_us: i64,
    /// The clock of the last.
    pub last_clock_us: i64,
    /// Whether the last is a `Close` record.
    pub closed: bool,
}

/// What [`Reader::check`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckReport {
    /// How many records are whole.
    pub records: u64,
    /// How the records end.
    pub health: Health,
    /// What is wrong with checkpoints.
    pub checkpoints: Vec<Damage>,
}

impl Reader {
    /// What the journal is and holds. Reads every record's header.
    ///
    /// # Errors
    ///
    /// When the disk fails. Damage ends the sessions and is told by `health`.
    pub fn info(&self) -> Result<Info, JournalError> {
        let mut sessions = Vec::new();
        let mut clocks = None;
        let walked = self.history.headers(self.first_seq(), |header| {
            let first = clocks.map_or(header.clock_us, |(first, _)| first);
            clocks = Some((first, header.clock_us));
            extend_sessions(&mut sessions, header.kind, header.seq, header.clock_us);
            true
        });
        let health = match walked {
            Err(JournalError::Damaged(damage)) => Health::Damaged(*damage),
            Err(error) => return Err(error),
            Ok(()) => self.health(),
        };
        Ok(Info {
            uuid: uuid_text(self.uuid),
            created_us: self.history.segments[0].header.created_us,
            first_seq: self.first_seq(),
            last_seq: self.last_seq(),
            first_clock_us: clocks.map(|(first, _)| first),
            last_clock_us: clocks.map(|(_, last)| last),
            size: self
                .history
                .segments
                .iter()
                .map(|segment| segment.len)
                .sum(),
            segments: self.segments(),
            checkpoints: self.checkpoints(),
            sessions,
            health,
        })
    }

    fn segments(&self) -> Vec<SegmentInfo> {
        let segments = self.history.segments.iter();
        segments
            .map(|segment| SegmentInfo {
                file: segment.name.clone(),
                first_seq: segment.header.seq,
                created_us: segment.header.created_us,
                size: segment.len,
            })
            .collect()
    }

    /// How the newest segment ends; sealed ones are not looked at. It is damaged if opening with the usual options would
    /// refuse it.
    pub fn health(&self) -> Health {
        let segments = &self.history.segments;
        let file = &segments.last().expect("a reader has a segment").name;
        let Place { offset, seq, .. } = self.history.end;
        let refused = self.rest.refusal(MAX_TORN_BYTES).map(|what| Damage {
            later: self.rest.later(),
            ..Damage::of(file, offset, seq, what)
        });
        let damage = self.history.broken.as_deref().cloned().or(refused);
        match (damage, self.rest) {
            (Some(damage), _) => Health::Damaged(Damage {
                dir: self.history.storage.dir(),
                ..damage
            }),
            (None, Rest::TornTail { bytes } | Rest::TornBatch { bytes, .. }) => Health::Torn {
                file: file.clone(),
                offset,
                bytes,
            },
            (None, Rest::Nothing | Rest::Damage { .. }) => Health::Clean,
        }
    }

    /// Verifies every byte of every record and checkpoint.
    ///
    /// # Errors
    ///
    /// When the disk fails; damage is the report's matter.
    pub fn check(&self) -> Result<CheckReport, JournalError> {
        let mut frames = self.frames(..);
        let (mut records, mut health) = (0, self.settled_health()?);
        if !self.has_base() {
            let first = &self.history.segments[0].name;
            let what = "the records before this segment are missing, and so is the checkpoint of what they came to";
            health = Health::Damaged(Damage::of(first, 0, self.first_seq(), what));
        }
        while let Some(frame) = frames.next() {
            match frame.and_then(|frame| frame.decode().map(drop)) {
                Ok(()) => records += 1,
                Err(JournalError::Damaged(damage)) => {
                    if !matches!(health, Health::Damaged(_)) {
                        health = Health::Damaged(*damage);
                    }
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(CheckReport {
            records,
            health,
            checkpoints: self.check_checkpoints()?,
        })
    }

    /// Whether the state is known that the first record follows.
    fn has_base(&self) -> bool {
        let base = self.first_seq() - 1;
        base == 0 || self.survey.checkpoints.contains(&base)
    }

    /// How the newest segment ends. While someone writes to it, a record may be seen half written, even twice; only
    /// what stays so for a second is believed.
    fn settled_health(&self) -> Result<Health, JournalError> {
        let storage = &self.history.storage;
        let health = self.health();
        for _ in 0..LOOKS {
            let is_held = storage.is_locked();
            if self.rest == Rest::Nothing || !is_held.map_err(JournalError::io("look at LOCK"))? {
                break;
            }
            pause(LOOK_EVERY);
            let later = Reader::open_with(Arc::clone(storage))?;
            if later.rest == Rest::Nothing || later.last_seq() > self.last_seq() {
                return Ok(Health::Clean);
            }
        }
        Ok(health)
    }

    fn check_checkpoints(&self) -> Result<Vec<Damage>, JournalError> {
        let mut damages = Vec::new();
        for &seq in &self.survey.checkpoints {
            match checkpoint::open(&self.history.storage, self.uuid, seq) {
                Ok(_) => {}
                Err(JournalError::Damaged(damage)) => damages.push(*damage),
                // The writer may have removed it meanwhile.
                Err(JournalError::Io { source, .. })
                    if source.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(damages)
    }
}

fn extend_sessions(sessions: &mut Vec<Session>, kind: u8, seq: Seq, clock_us: i64) {
    match sessions.last_mut() {
        Some(session) if kind != kind::OPEN => {
            session.last_seq = seq;
            session.last_clock_us = clock_us;
            session.closed = kind == kind::CLOSE;
        }
        _ => sessions.push(Session {
            first_seq: seq,
            last_seq: seq,
            first_clock_us: clock_us,
            last_clock_us: clock_us,
            closed: kind == kind::CLOSE,
        }),
    }
}
