//! The state as a checkpoint's bytes: every key with its value and time to live, in the order of the state.
//!
//! An entry is: database (u32), time of expiry (i64, ms since the epoch, `i64::MIN` for never), length of the
//! key (u32), key, length of the value (u32), value as Redis's own object encoding; integers little-endian.

use crate::journal::Checkpoint;
use crate::journal::JournalError;
use crate::keyspace::Keyspace;
use crate::keyspace::Slot;
use crate::value::rdb;

/// The size at which a chunk is full.
const CHUNK: usize = 256 * 1024;
/// No journal has more databases: a forged number must not ask for more memory than there is.
const MAX_DATABASES: u32 = 1 << 24;
/// The time of expiry of a key that never expires.
const NEVER: i64 = i64::MIN;

/// The state's bytes, in chunks.
pub(super) fn chunks(keyspace: &Keyspace) -> impl Iterator<Item = Vec<u8>> {
    let mut entries = keyspace.used().flat_map(|(index, db)| {
        let keys = db.keys().iter();
        keys.map(move |(key, slot)| (index as u32, key, slot))
    });
    std::iter::from_fn(move || {
        let mut chunk = Vec::with_capacity(CHUNK + CHUNK / 8);
        while chunk.len() < CHUNK
            && let Some((db, key, slot)) = entries.next()
        {
            put_entry(db, key, slot, &mut chunk);
        }
        (!chunk.is_empty()).then_some(chunk)
    })
}

fn put_entry(db: u32, key: &[u8], slot: &Slot, chunk: &mut Vec<u8>) {
    chunk.extend_from_slice(&db.to_le_bytes());
    chunk.extend_from_slice(&slot.expires_at().unwrap_or(NEVER).to_le_bytes());
    chunk.extend_from_slice(&(key.len() as u32).to_le_bytes());
    chunk.extend_from_slice(key);
    let len_at = chunk.len();
    chunk.extend_from_slice(&[0; 4]);
    rdb::encode_value(slot.value(), chunk, false);
    let len = (chunk.len() - len_at - 4) as u32;
    chunk[len_at..len_at + 4].copy_from_slice(&len.to_le_bytes());
}

/// Puts a checkpoint's keys into `keyspace`.
pub(super) fn load(keyspace: &mut Keyspace, checkpoint: Checkpoint) -> Result<(), JournalError> {
    let seq = checkpoint.seq();
    let damaged = || {
        JournalError::Misuse(format!(
            "the checkpoint of record {seq} holds no state of ours"
        ))
    };
    checkpoint.each_chunk(|mut chunk| {
        while !chunk.is_empty() {
            load_entry(keyspace, &mut chunk).ok_or_else(damaged)?;
        }
        Ok(())
    })
}

fn load_entry(keyspace: &mut Keyspace, rest: &mut &[u8]) -> Option<()> {
    let db = u32::from_le_bytes(*rest.split_off(..4)?.first_chunk()?);
    let expires_at = i64::from_le_bytes(*rest.split_off(..8)?.first_chunk()?);
    let key = blob(rest)?;
    let value = rdb::decode_value(&mut blob(rest)?).ok()?;
    let db = make_db(keyspace, db).ok()?;
    let expires_at = (expires_at != NEVER).then_some(expires_at);
    keyspace.db_mut(db).insert(key, value, expires_at, 0);
    Some(())
}

/// Sees to it that there is the database of a record or a checkpoint; its place.
///
/// # Errors
///
/// When there can't be such a database.
pub(super) fn make_db(keyspace: &mut Keyspace, db: u32) -> Result<usize, JournalError> {
    if db >= MAX_DATABASES {
        return Err(JournalError::Misuse(format!(
            "a record is of database {db}; there are at most {MAX_DATABASES}"
        )));
    }
    keyspace.grow(db as usize + 1);
    Ok(db as usize)
}

fn blob<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = u32::from_le_bytes(*rest.split_off(..4)?.first_chunk()?);
    rest.split_off(..len as usize)
}
