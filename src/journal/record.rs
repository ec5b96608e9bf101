//! Records as frames: which kind, which number beside the payload, which payload.

use super::codec;
use super::codec::TooLarge;
use super::codec::Undecodable;
use super::payload;
use crate::commit::Blob;
use crate::commit::Client;
use crate::commit::CommandList;
use crate::commit::Draft;
use crate::commit::How;
use crate::commit::Mark;
use crate::commit::Observed;
use crate::commit::Open;
use crate::commit::Origin;
use crate::commit::Record;
use crate::commit::Rewind;

/// The kinds of frames.
pub mod kind {
    /// A unit that changed something.
    pub const COMMIT: u8 = 1;
    pub(crate) const OPEN: u8 = 2;
    pub(crate) const CLOSE: u8 = 3;
    /// A part of a checkpoint's state.
    pub(crate) const CHUNK: u8 = 4;
    /// A name for a place in history.
    pub const MARK: u8 = 5;
    /// The state became what it was at an earlier place.
    pub const REWIND: u8 = 6;
    /// The end of a checkpoint.
    pub(crate) const END: u8 = 7;
    /// From here on, a reader that does not know a kind skips it.
    pub const IGNORABLE: u8 = 0x80;
    /// An EXEC that a WATCH aborted.
    pub const ABORTED: u8 = 0x81;
    /// A command that changed nothing, on its own and without chance.
    pub(crate) const OBSERVED: u8 = 0x82;
    pub(crate) const CLIENT: u8 = 0x83;
    /// A command that changed no data, but what later commands do.
    pub const SETTING: u8 = 0x84;
    /// A command that changed nothing, with its origin and its seed.
    pub(crate) const OBSERVED_AS: u8 = 0x85;
    /// A command began to wait.
    pub const WAITING: u8 = 0x86;
}

/// The `aux` number of a mark that names the place where it stands. The beginning has no mark.
const NO_PLACE: u64 = 0;

/// The kind and the `aux` number of a record's frame.
pub(super) fn labels(record: &Record) -> (u8, u64) {
    match record {
        Record::Commit(commit) => (kind::COMMIT, cause(commit.origin)),
        Record::Open(_) => (kind::OPEN, 0),
        Record::Close(_) => (kind::CLOSE, 0),
        Record::Mark(mark) => (kind::MARK, mark.at.unwrap_or(NO_PLACE)),
        Record::Rewind(rewind) => (kind::REWIND, rewind.to),
        Record::Aborted(aborted) => (kind::ABORTED, aborted.culprit),
        Record::Observed(observed) => observed_labels(&observed.into()),
        Record::Client(_) => (kind::CLIENT, 0),
        Record::Setting(_) => (kind::SETTING, 0),
        Record::Waiting(_) => (kind::WAITING, 0),
    }
}

/// The `aux` number of a commit: what served a blocked client.
pub(super) fn cause(origin: Origin) -> u64 {
    match origin {
        Origin::Blocked { cause } => cause,
        _ => 0,
    }
}

/// The kind and the `aux` number of a command that changed nothing.
pub(super) fn observed_labels(observed: &Draft<'_>) -> (u8, u64) {
    match is_plain(observed) {
        true => (kind::OBSERVED, 0),
        false => (kind::OBSERVED_AS, cause(observed.origin)),
    }
}

/// Whether there is nothing to say of how it came about.
pub(super) fn is_plain(observed: &Draft<'_>) -> bool {
    observed.origin == Origin::Direct && observed.seed.is_none()
}

fn plain((client, db, commands, replies): (Client, u32, CommandList, Blob)) -> Observed {
    // What was written before other origins were is an EXEC where it holds several commands.
    let origin = match commands.len() {
        0 | 1 => Origin::Direct,
        _ => Origin::Exec,
    };
    Observed {
        client,
        origin,
        db,
        commands,
        seed: None,
        replies,
    }
}

/// Appends a record's payload to `buffer`.
pub(super) fn encode(record: &Record, buffer: &mut Vec<u8>) -> Result<(), TooLarge> {
    match record {
        Record::Commit(commit) => payload::encode_commit(&commit.into(), buffer),
        Record::Open(open) => encode_open(open, buffer),
        Record::Close(close) => codec::encode(close, buffer),
        Record::Mark(mark) => codec::encode(&mark.name, buffer),
        Record::Rewind(rewind) => encode_rewind(rewind, buffer),
        Record::Aborted(aborted) => codec::encode(aborted, buffer),
        Record::Observed(observed) => payload::encode_observed(&observed.into(), buffer),
        Record::Client(event) => codec::encode(event, buffer),
        Record::Setting(setting) => codec::encode(setting, buffer),
        Record::Waiting(waiting) => codec::encode(waiting, buffer),
    }
}

/// The record of a frame; `None` when the kind is unknown and may be ignored.
pub(super) fn decode(kind: u8, aux: u64, payload: &[u8]) -> Result<Option<Record>, Undecodable> {
    let record = match kind {
        kind::COMMIT => Record::Commit(codec::decode(payload)?),
        kind::OPEN => Record::Open(decode_open(payload)?),
        kind::CLOSE => Record::Close(codec::decode(payload)?),
        kind::MARK => Record::Mark(Mark {
            name: codec::decode(payload)?,
            at: (aux != NO_PLACE).then_some(aux),
        }),
        kind::REWIND => Record::Rewind(decode_rewind(payload)?),
        kind::ABORTED => Record::Aborted(codec::decode(payload)?),
        kind::OBSERVED => Record::Observed(plain(codec::decode(payload)?)),
        kind::OBSERVED_AS => Record::Observed(codec::decode(payload)?),
        kind::CLIENT => Record::Client(codec::decode(payload)?),
        kind::SETTING => Record::Setting(codec::decode(payload)?),
        kind::WAITING => Record::Waiting(codec::decode(payload)?),
        _ => return Ok(None),
    };
    Ok(Some(record))
}

/// The settings follow where there are any.
fn encode_open(open: &Open, buffer: &mut Vec<u8>) -> Result<(), TooLarge> {
    match open.settings.is_empty() {
        true => codec::encode(
            &(&open.version, open.seed, &open.record, open.databases),
            buffer,
        ),
        false => codec::encode(open, buffer),
    }
}

fn decode_open(payload: &[u8]) -> Result<Open, Undecodable> {
    let usual = |(version, seed, record, databases)| Open {
        version,
        seed,
        record,
        databases,
        settings: vec![],
    };
    codec::decode(payload)
        .map(usual)
        .or_else(|_| codec::decode(payload))
}

/// A rewind to a place that somebody named is the place alone; how any other came about follows it.
fn encode_rewind(rewind: &Rewind, buffer: &mut Vec<u8>) -> Result<(), TooLarge> {
    match rewind.how {
        How::Named => codec::encode(&rewind.to, buffer),
        How::Undo(_) | How::Redo(_) => codec::encode(rewind, buffer),
    }
}

fn decode_rewind(payload: &[u8]) -> Result<Rewind, Undecodable> {
    let named = |to| Rewind {
        to,
        how: How::Named,
    };
    codec::decode(payload)
        .map(named)
        .or_else(|_| codec::decode(payload))
}

/// Whether a reader of this version may meet the kind in a segment.
pub(super) fn is_acceptable(kind: u8) -> bool {
    kind >= kind::IGNORABLE
        || matches!(
            kind,
            kind::COMMIT | kind::OPEN | kind::CLOSE | kind::MARK | kind::REWIND
        )
}
