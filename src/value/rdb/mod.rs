//! Redis's serialized values: what DUMP answers, RESTORE takes, and RDB files hold.
//!
//! One file for each type of value, above one for each layer of the encoding: `input` hands out bytes,
//! `length` numbers, `string` strings, `listpack` and `ziplist` packed sequences. It knows no key and
//! no clock: a time to live is a number here, and fields that have expired are given back like others.
//!
//! Bytes that come in are hostile: nothing panics on them, and nothing is allocated that they do not pay for.

mod graph;
mod hash;
mod input;
mod length;
mod list;
mod listpack;
mod lzf;
mod set;
mod stream;
mod string;
mod vectors;
mod ziplist;
mod zset;

pub use self::listpack::Entry as ListpackEntry;
pub(super) use self::listpack::Listpack;
pub(super) use self::listpack::entry_size as listpack_size;

use std::borrow::Cow;
use std::fmt;

use triomphe::Arc;

use self::input::Input;
use self::input::Malformed;
use super::Limits;
use super::List;
use super::ListLimits;
use super::StringValue;
use super::Value;

/// The version of the format that Redis 8.2 writes, and the newest that it reads.
pub const VERSION: u16 = 12;
/// The bytes behind a value: the version and the checksum.
pub const FOOTER: usize = 10;
/// The type byte of what a module keeps. Of all modules, vector sets are known here.
pub const MODULE: u8 = 7;
/// CRC-64 after Jones, reflected, starting from 0.
static CRC: crc::Crc<u64, crc::Table<16>> = crc::Crc::<u64, _>::new(&crc::CRC_64_REDIS);

/// The type bytes. Those of earlier versions are only read.
mod kind {
    pub const STRING: u8 = 0;
    pub const LIST: u8 = 1;
    pub const SET: u8 = 2;
    /// Scores as text.
    pub const ZSET_TEXT: u8 = 3;
    pub const HASH: u8 = 4;
    pub const ZSET: u8 = 5;
    /// What a module keeps; here, a vector set.
    pub const MODULE: u8 = super::MODULE;
    pub const HASH_ZIPMAP: u8 = 9;
    pub const LIST_ZIPLIST: u8 = 10;
    pub const SET_INTSET: u8 = 11;
    pub const ZSET_ZIPLIST: u8 = 12;
    pub const HASH_ZIPLIST: u8 = 13;
    /// A quicklist of ziplists.
    pub const LIST_ZIPLISTS: u8 = 14;
    /// Without anything but the last id, and without times of activity.
    pub const STREAM_V1: u8 = 15;
    pub const STREAM_V2: u8 = 19;
    pub const HASH_LISTPACK: u8 = 16;
    pub const ZSET_LISTPACK: u8 = 17;
    pub const LIST_QUICKLIST: u8 = 18;
    pub const SET_LISTPACK: u8 = 20;
    pub const STREAM: u8 = 21;
    /// Fields with times to live, in the two forms that Redis 7.4 had before its release.
    pub const HASH_TTL_PREVIEW: u8 = 22;
    pub const HASH_LISTPACK_TTL_PREVIEW: u8 = 23;
    pub const HASH_TTL: u8 = 24;
    pub const HASH_LISTPACK_TTL: u8 = 25;
}

/// Why a payload is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreError {
    /// It is too short, of a newer version, or damaged.
    Footer,
    /// It is whole, but not a value.
    Format,
}

impl fmt::Display for RestoreError {
    /// The message of RESTORE.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RestoreError::Footer => "DUMP payload version or checksum are wrong",
            RestoreError::Format => "Bad data format",
        })
    }
}

impl std::error::Error for RestoreError {}

impl From<Malformed> for RestoreError {
    fn from(_: Malformed) -> RestoreError {
        RestoreError::Format
    }
}

/// How a value is written.
#[derive(Clone, Copy)]
struct Style {
    /// Whether long strings are compressed.
    compress: bool,
    /// Whether what Redis keeps in another order is written in Redis's order, and not in that of the state; and
    /// what only Redis needs is written, too.
    redis_order: bool,
    /// How large the nodes of a list are.
    nodes: ListLimits,
}

/// The payload of DUMP: the value, the version of the format, a checksum; long strings compressed or not, and
/// lists in nodes of the configured size.
pub fn dump(value: &Value, compress: bool, limits: &Limits) -> Vec<u8> {
    let style = Style {
        compress,
        redis_order: true,
        nodes: limits.list,
    };
    let mut payload = Vec::new();
    encode(value, &mut payload, style);
    payload.extend(VERSION.to_le_bytes());
    payload.extend(checksum(&payload).to_le_bytes());
    payload
}

/// The bytes of each of the nodes that DUMP would write a list in.
pub fn node_sizes(list: &List, limits: ListLimits) -> Vec<usize> {
    let nodes = list::nodes(list, limits).into_iter();
    nodes.map(|(_, node)| node.len()).collect()
}

/// The value of a payload that DUMP answered, of this or any earlier version since Redis 2.6, in the encoding
/// that Redis chooses within these limits.
///
/// # Errors
///
/// When the payload is damaged, newer, or not a value.
pub fn restore(payload: &[u8], limits: &Limits) -> Result<Value, RestoreError> {
    let end = payload.len().checked_sub(FOOTER);
    let (value, footer) = payload.split_at(end.ok_or(RestoreError::Footer)?);
    let mut footer = Input::new(footer);
    let version = u16::from_le_bytes(footer.array()?);
    let crc = u64::from_le_bytes(footer.array()?);
    if version > VERSION || crc != checksum(&payload[..payload.len() - 8]) {
        return Err(RestoreError::Footer);
    }
    let (kind, mut value) = value.split_first().ok_or(RestoreError::Format)?;
    read_object(*kind, &mut value, limits)
}

/// Appends `value` without a footer. Unlike DUMP it keeps the order of the state, so that
/// [`decode_value`] gives back the same value in every respect.
pub fn encode_value(value: &Value, out: &mut Vec<u8>, compress: bool) {
    let style = Style {
        compress,
        redis_order: false,
        nodes: ListLimits::default(),
    };
    encode(value, out, style);
}

/// Reads a value without a footer, and moves `bytes` behind it.
///
/// # Errors
///
/// When the bytes are not a value.
pub fn decode_value(bytes: &mut &[u8]) -> Result<Value, RestoreError> {
    let kind = bytes.first().copied();
    if let Some(kind @ (kind::SET | kind::ZSET)) = kind {
        let mut input = Input::new(&bytes[1..]);
        let value = match kind {
            kind::SET => Value::from(set::read_table(&mut input)?),
            _ => Value::from(zset::read_table(&mut input)?),
        };
        *bytes = input.rest();
        return Ok(value);
    }
    let (mut value, rest) = decode(Input::new(bytes), &Limits::default())?;
    match (kind, &mut value) {
        (Some(kind::HASH | kind::HASH_TTL), Value::Hash(hash)) => Arc::make_mut(hash).make_table(),
        (Some(kind::LIST), Value::List(list)) => Arc::make_mut(list).make_quicklist(),
        _ => {}
    }
    *bytes = rest;
    Ok(value)
}

/// Reads the value of an RDB file whose type byte is `kind`, in the encoding that Redis chooses within these limits, and
/// moves `bytes` behind it.
///
/// # Errors
///
/// When the bytes are not such a value.
pub fn read_object(kind: u8, bytes: &mut &[u8], limits: &Limits) -> Result<Value, RestoreError> {
    let mut input = Input::new(bytes);
    let mut value = read(kind, &mut input, limits)?;
    if let (kind::HASH_TTL | kind::HASH_TTL_PREVIEW, Value::Hash(hash)) = (kind, &mut value) {
        Arc::make_mut(hash).order();
    }
    *bytes = input.rest();
    Ok(value)
}

/// Reads a string of an RDB file, and moves `bytes` behind it.
///
/// # Errors
///
/// When the bytes are not a string.
pub fn read_string<'a>(bytes: &mut &'a [u8]) -> Result<Cow<'a, [u8]>, RestoreError> {
    let mut input = Input::new(bytes);
    let string = string::read(&mut input)?;
    *bytes = input.rest();
    Ok(string)
}

/// Reads a length or another number of an RDB file, and moves `bytes` behind it.
///
/// # Errors
///
/// When the bytes are not a number.
pub fn read_length(bytes: &mut &[u8]) -> Result<u64, RestoreError> {
    let mut input = Input::new(bytes);
    let length = length::read(&mut input)?;
    *bytes = input.rest();
    Ok(length)
}

fn checksum(bytes: &[u8]) -> u64 {
    CRC.checksum(bytes)
}

/// The checksum of an RDB file, of which one part comes after another.
pub struct Checksum(crc::Digest<'static, u64, crc::Table<16>>);

impl Default for Checksum {
    /// That of no bytes.
    fn default() -> Checksum {
        Checksum(CRC.digest())
    }
}

impl Checksum {
    /// Adds the next bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The checksum of all bytes so far.
    pub fn value(&self) -> u64 {
        self.0.clone().finalize()
    }
}

/// A value, in the encoding that its contents ask for, and the bytes behind it.
fn decode<'a>(mut input: Input<'a>, limits: &Limits) -> Result<(Value, &'a [u8]), Malformed> {
    let kind = input.byte()?;
    let value = read(kind, &mut input, limits)?;
    Ok((value, input.rest()))
}

fn read(kind: u8, input: &mut Input<'_>, limits: &Limits) -> Result<Value, Malformed> {
    Ok(match kind {
        kind::STRING => Value::String(StringValue::new(&string::read(input)?)),
        kind::LIST | kind::LIST_ZIPLIST | kind::LIST_ZIPLISTS | kind::LIST_QUICKLIST => {
            Value::from(list::read(kind, input, &limits.list)?)
        }
        kind::SET | kind::SET_INTSET | kind::SET_LISTPACK => {
            Value::from(set::read(kind, input, &limits.set)?)
        }
        kind::ZSET_TEXT | kind::ZSET | kind::ZSET_ZIPLIST | kind::ZSET_LISTPACK => {
            Value::from(zset::read(kind, input, &limits.zset)?)
        }
        kind::STREAM_V1 | kind::STREAM_V2 | kind::STREAM => Value::from(stream::read(kind, input)?),
        kind::MODULE => Value::from(vectors::read(input)?),
        _ => Value::from(hash::read(kind, input, &limits.hash)?),
    })
}

fn encode(value: &Value, out: &mut Vec<u8>, style: Style) {
    match value {
        Value::String(string) => {
            out.push(kind::STRING);
            string::write(&string.as_bytes(), out, style.compress);
        }
        Value::List(list) => list::write(list, out, style),
        Value::Set(set) => set::write(set, out, style),
        Value::ZSet(zset) => zset::write(zset, out, style),
        Value::Hash(hash) => hash::write(hash, out, style),
        Value::Stream(stream) => stream::write(stream, out, style.compress),
        Value::Vectors(set) => vectors::write(set, out, style),
    }
}

#[cfg(test)]
mod tests;
