//! Commands that read a string, whatever they then do to its key.

use std::ops::Range;

use super::options::Lifetime;
use crate::bytes::Bytes;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::Result;
use crate::command::spec::*;
use crate::keyspace::Slot;
use crate::number::format_i64;
use crate::resp::Reply;
use crate::value::StringValue;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("GET", 2, READONLY | FAST, &[key(1, RO | ACCESS)], get)
        .doc("1.0.0", "O(1)", "key", "Returns the string value of a key."),
    cmd("GETDEL", 2, WRITE | FAST, &[key(1, RW | ACCESS | DELETE)], getdel)
        .doc("6.2.0", "O(1)", "key", "Returns the string value of a key after deleting the key."),
    cmd("GETEX", -2, WRITE | FAST, &[key(1, RW | ACCESS | UPDATE).note("RW and UPDATE because it changes the TTL")], getex)
        .doc("6.2.0", "O(1)", "key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST]", "Returns the string value of a key after setting its expiration time."),
    cmd("GETRANGE", 4, READONLY, &[key(1, RO | ACCESS)], getrange)
        .doc("2.4.0", "O(N) where N is the length of the returned string. The complexity is ultimately determined by the returned length, but because creating a substring from an existing string is very cheap, it can be considered O(1) for small strings.", "key start end", "Returns a substring of the string stored at a key."),
    cmd("MGET", -2, READONLY | FAST, &[keys(1, -1, 1, RO | ACCESS)], mget)
        .doc("1.0.0", "O(N) where N is the number of keys to retrieve.", "key [key ...]", "Atomically returns the string values of one or more keys.")
        .tips(&["request_policy:multi_shard"]),
    cmd("STRLEN", 2, READONLY | FAST, &[key(1, RO)], strlen)
        .doc("2.2.0", "O(1)", "key", "Returns the length of a string value."),
    cmd("SUBSTR", 4, READONLY, &[key(1, RO | ACCESS)], getrange)
        .doc("1.0.0", "O(N) where N is the length of the returned string. The complexity is ultimately determined by the returned length, but because creating a substring from an existing string is very cheap, it can be considered O(1) for small strings.", "key start end", "Returns a substring from a string value.")
        .deprecated("2.0.0", "`GETRANGE`"),
];

fn get(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let value = cx.string(args.next()?)?;
    Ok(value.map(StringValue::to_bytes).into())
}

fn getdel(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    let value = cx.string(key)?.map(StringValue::to_bytes);
    if value.is_some() {
        delete(cx, key);
    }
    Ok(value.into())
}

fn getex(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    let mut lifetime = Lifetime::Unsaid;
    while !args.is_empty() {
        lifetime.read(&mut args, "PERSIST")?;
    }
    let Some(value) = cx.string(key)?.map(StringValue::to_bytes) else {
        return Ok(Reply::Null);
    };
    match lifetime.at_ms(cx.now_ms(), "getex")? {
        Some(at_ms) if !cx.is_past(at_ms) => expire_at(cx, key, at_ms),
        Some(_) => delete(cx, key),
        None if lifetime == Lifetime::Word => persist(cx, key),
        None => {}
    }
    Ok(Reply::Bulk(value))
}

fn expire_at(cx: &mut Context<'_>, key: &[u8], at_ms: i64) {
    cx.set_expiry(key, Some(at_ms));
    cx.unit.rewrite(&[b"PEXPIREAT", key, &format_i64(at_ms)]);
}

fn persist(cx: &mut Context<'_>, key: &[u8]) {
    let has_expiry = |slot: &Slot| slot.expires_at().is_some();
    if cx.peek(key).is_some_and(has_expiry) {
        cx.set_expiry(key, None);
        cx.unit.rewrite(&[b"PERSIST", key]);
    }
}

fn delete(cx: &mut Context<'_>, key: &[u8]) {
    cx.remove(key);
    cx.unit.rewrite(&[b"DEL", key]);
}

fn getrange(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, start, end) = (args.next()?, args.i64()?, args.i64()?);
    let Some(value) = cx.string(key)? else {
        return Ok(Reply::Bulk(Bytes::EMPTY));
    };
    let bytes = value.as_bytes();
    Ok(Reply::bulk(&bytes[range(start, end, bytes.len())]))
}

/// The bytes from `start` to `end`, both included and counted from the end where negative.
fn range(start: i64, end: i64, len: usize) -> Range<usize> {
    if start < 0 && start > end {
        return 0..0;
    }
    let len = len as i64;
    let from_start = |index: i64| {
        if index < 0 {
            (len + index).max(0)
        } else {
            index
        }
    };
    let (start, end) = (from_start(start), from_start(end).min(len - 1));
    if start > end {
        return 0..0;
    }
    start as usize..end as usize + 1
}

fn mget(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let mut value = |key: &&[u8]| match cx.string(key) {
        Ok(Some(value)) => Reply::Bulk(value.to_bytes()),
        Ok(None) | Err(_) => Reply::Null,
    };
    Ok(Reply::Array(args.rest().iter().map(&mut value).collect()))
}

fn strlen(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    Ok(Reply::len(
        cx.string(args.next()?)?.map_or(0, StringValue::len),
    ))
}
