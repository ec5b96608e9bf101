//! Commands that change the string at a key: numbers that count, bytes that are added or replaced.

use super::end_within_limit;
use crate::bytes::Bytes;
use crate::bytes::SlimBytes;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::spec::*;
use crate::number::LongDouble;
use crate::resp::Reply;
use crate::value::StringValue;
use crate::value::Value;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("APPEND", 3, WRITE | DENYOOM | FAST, &[key(1, RW | INSERT)], append)
        .doc("2.0.0", "O(1). The amortized time complexity is O(1) assuming the appended value is small and the already present value is of any size, since the dynamic string library used by Redis will double the free space available on every reallocation.", "key value", "Appends a string to the value of a key. Creates the key if it doesn't exist."),
    cmd("DECR", 2, WRITE | DENYOOM | FAST, &[key(1, RW | ACCESS | UPDATE)], decr)
        .doc("1.0.0", "O(1)", "key", "Decrements the integer value of a key by one. Uses 0 as initial value if the key doesn't exist."),
    cmd("DECRBY", 3, WRITE | DENYOOM | FAST, &[key(1, RW | ACCESS | UPDATE)], decrby)
        .doc("1.0.0", "O(1)", "key decrement", "Decrements the integer value of a key by a number. Uses 0 as initial value if the key doesn't exist."),
    cmd("INCR", 2, WRITE | DENYOOM | FAST, &[key(1, RW | ACCESS | UPDATE)], incr)
        .doc("1.0.0", "O(1)", "key", "Increments the integer value of a key by one. Uses 0 as initial value if the key doesn't exist."),
    cmd("INCRBY", 3, WRITE | DENYOOM | FAST, &[key(1, RW | ACCESS | UPDATE)], incrby)
        .doc("1.0.0", "O(1)", "key increment", "Increments the integer value of a key by a number. Uses 0 as initial value if the key doesn't exist."),
    cmd("INCRBYFLOAT", 3, WRITE | DENYOOM | FAST, &[key(1, RW | ACCESS | UPDATE)], incrbyfloat)
        .doc("2.6.0", "O(1)", "key increment:double", "Increments the floating point value of a key by a number. Uses 0 as initial value if the key doesn't exist."),
    cmd("SETRANGE", 4, WRITE | DENYOOM, &[key(1, RW | UPDATE)], setrange)
        .doc("2.2.0", "O(1), not counting the time taken to copy the new string in place. Usually, this string is very small so the amortized complexity is O(1). Otherwise, complexity is O(M) with M being the length of the value argument.", "key offset value", "Overwrites a part of a string value with another by an offset. Creates the key if it doesn't exist."),
];

fn append(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, more) = (args.next()?, args.next()?);
    let Some(before) = cx.peek_string(key)?.map(StringValue::len) else {
        cx.set(key, Value::String(StringValue::new(more)));
        return Ok(Reply::len(more.len()));
    };
    let len = end_within_limit(cx, before, more.len())?;
    cx.string_mut(key)?.make_mut().extend_from_slice(more);
    cx.changed(key);
    Ok(Reply::len(len))
}

fn decr(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    add(cx, args.next()?, -1)
}

fn decrby(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, by) = (args.next()?, args.i64()?);
    let by = by
        .checked_neg()
        .ok_or(fixed("ERR decrement would overflow"))?;
    add(cx, key, by)
}

fn incr(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    add(cx, args.next()?, 1)
}

fn incrby(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, by) = (args.next()?, args.i64()?);
    add(cx, key, by)
}

fn add(cx: &mut Context<'_>, key: &[u8], by: i64) -> Result {
    cx.update_string(key, |before| {
        let before = match before {
            None => 0,
            Some(value) => value.as_i64().ok_or(ReplyError::NOT_AN_INTEGER)?,
        };
        let sum = before.checked_add(by).ok_or(ReplyError::OVERFLOW)?;
        Ok((StringValue::Int(sum), Reply::Int(sum)))
    })
}

fn incrbyfloat(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, by) = (args.next()?, args.next()?);
    let sum = cx.update_string(key, |before| {
        let before = before.map_or("0".into(), StringValue::to_bytes);
        let sum = add_floats(&before, by)?;
        Ok((StringValue::Whole(SlimBytes::from(sum.clone())), sum))
    })?;
    cx.unit.rewrite(&[b"SET", key, &sum, b"KEEPTTL"]);
    Ok(Reply::Bulk(sum))
}

fn add_floats(a: &[u8], b: &[u8]) -> Result<Bytes> {
    let parse = |text| LongDouble::parse(text).ok_or(ReplyError::NOT_A_FLOAT);
    let sum = parse(a)? + parse(b)?;
    if sum.is_finite() {
        Ok(sum.to_string().into())
    } else {
        Err(ReplyError::NAN_OR_INFINITY)
    }
}

fn setrange(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, offset, part) = (args.next()?, args.i64()?, args.next()?);
    let offset = usize::try_from(offset).map_err(|_| fixed("ERR offset is out of range"))?;
    let len = cx.peek_string(key)?.map_or(0, StringValue::len);
    if part.is_empty() {
        return Ok(Reply::len(len));
    }
    let end = end_within_limit(cx, offset, part.len())?;
    let bytes = cx.string_mut(key)?.make_mut();
    bytes.resize(len.max(end), 0);
    bytes[offset..end].copy_from_slice(part);
    cx.changed(key);
    Ok(Reply::len(len.max(end)))
}
