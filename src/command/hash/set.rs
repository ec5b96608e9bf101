//! Commands that set or remove fields of a hash.

use super::change;
use crate::bytes::Bytes;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::spec::*;
use crate::number::LongDouble;
use crate::number::format_i64;
use crate::number::parse_i64;
use crate::resp::Reply;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("HDEL", -3, WRITE | FAST, &[key(1, RW | DELETE)], hdel)
        .doc("2.0.0", "O(N) where N is the number of fields to be removed.", "key field [field ...]", "Deletes one or more fields and their values from a hash. Deletes the hash if no fields remain."),
    cmd("HINCRBY", 4, WRITE | DENYOOM | FAST, &[key(1, RW | ACCESS | UPDATE)], hincrby)
        .doc("2.0.0", "O(1)", "key field increment", "Increments the integer value of a field in a hash by a number. Uses 0 as initial value if the field doesn't exist."),
    cmd("HINCRBYFLOAT", 4, WRITE | DENYOOM | FAST, &[key(1, RW | ACCESS | UPDATE)], hincrbyfloat)
        .doc("2.6.0", "O(1)", "key field increment:double", "Increments the floating point value of a field by a number. Uses 0 as initial value if the field doesn't exist."),
    cmd("HMSET", -4, WRITE | DENYOOM | FAST, &[key(1, RW | UPDATE)], hmset)
        .doc("2.0.0", "O(N) where N is the number of fields being set.", "key field value [field value ...]", "Sets the values of multiple fields.")
        .deprecated("4.0.0", "`HSET` with multiple field-value pairs"),
    cmd("HSET", -4, WRITE | DENYOOM | FAST, &[key(1, RW | UPDATE)], hset)
        .doc("2.0.0", "O(1) for each field/value pair added, so O(N) to add N field/value pairs when the command is called with multiple field/value pairs.", "key field value [field value ...]", "Creates or modifies the value of a field in a hash."),
    cmd("HSETNX", 4, WRITE | DENYOOM | FAST, &[key(1, RW | INSERT)], hsetnx)
        .doc("2.0.0", "O(1)", "key field value", "Sets the value of a field in a hash only when the field doesn't exist."),
];

fn hdel(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    if cx.peek_hash(key)?.is_none() {
        return Ok(Reply::Int(0));
    }
    let hash = cx.hash_mut(key)?;
    let removed = args
        .rest()
        .iter()
        .filter(|field| hash.remove(field).is_some());
    let removed = removed.count();
    if removed > 0 {
        cx.changed(key);
    }
    Ok(Reply::len(removed))
}

fn hincrby(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, field, by) = (args.next()?, args.next()?, args.i64()?);
    let before = match cx.peek_hash(key)?.and_then(|hash| hash.get(field)) {
        None => 0,
        Some(value) => parse_i64(&value).ok_or(fixed("ERR hash value is not an integer"))?,
    };
    let sum = before.checked_add(by).ok_or(ReplyError::OVERFLOW)?;
    let text = format_i64(sum);
    change(cx, key, &[[field, &text]], |hash| {
        hash.insert_keep_ttl(field, text.clone())
    })?;
    Ok(Reply::Int(sum))
}

fn hincrbyfloat(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, field, by) = (args.next()?, args.next()?, args.next()?);
    let by = LongDouble::parse(by).ok_or(ReplyError::NOT_A_FLOAT)?;
    if !by.is_finite() {
        return Err(fixed("ERR value is NaN or Infinity"));
    }
    let before = cx.peek_hash(key)?.and_then(|hash| hash.get(field));
    let before = before.map_or(Some(LongDouble::ZERO), |value| LongDouble::parse(&value));
    let sum = before.ok_or(fixed("ERR hash value is not a float"))? + by;
    if !sum.is_finite() {
        return Err(ReplyError::NAN_OR_INFINITY);
    }
    let sum = Bytes::from(sum.to_string());
    change(cx, key, &[[field, &sum]], |hash| {
        hash.insert_keep_ttl(field, sum.clone())
    })?;
    cx.unit
        .rewrite(&[b"HSETEX", key, b"KEEPTTL", b"FIELDS", b"1", field, &sum]);
    Ok(Reply::Bulk(sum))
}

fn hmset(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    set_pairs(cx, args, "hmset")?;
    Ok(Reply::OK)
}

fn hset(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    set_pairs(cx, args, "hset").map(Reply::len)
}

/// Sets the fields that the arguments name; how many of them are new.
fn set_pairs(cx: &mut Context<'_>, mut args: Args<'_>, command: &str) -> Result<usize> {
    let key = args.next()?;
    let (pairs, []) = args.rest().as_chunks() else {
        return Err(ReplyError::arity(command));
    };
    change(cx, key, pairs, |hash| {
        let new = pairs
            .iter()
            .filter(|[field, value]| hash.insert(field, *value));
        new.count()
    })
}

fn hsetnx(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, field, value) = (args.next()?, args.next()?, args.next()?);
    let exists = cx
        .peek_hash(key)?
        .is_some_and(|hash| hash.get(field).is_some());
    if !exists {
        change(cx, key, &[[field, value]], |hash| hash.insert(field, value))?;
    }
    Ok(Reply::flag(!exists))
}
