//! Commands that put a whole string at a key.

use super::options::Condition;
use super::options::Lifetime;
use super::options::SetOptions;
use super::options::expiry;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::spec::*;
use crate::command::time_format::TimeFormat;
use crate::number::format_i64;
use crate::resp::Reply;
use crate::value::StringValue;
use crate::value::Value;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("GETSET", 3, WRITE | DENYOOM | FAST, &[key(1, RW | ACCESS | UPDATE)], getset)
        .doc("1.0.0", "O(1)", "key value", "Returns the previous string value of a key after setting it to a new value.")
        .deprecated("6.2.0", "`SET` with the `!GET` argument"),
    cmd("MSET", -3, WRITE | DENYOOM, &[keys(1, -1, 2, OW | UPDATE)], mset)
        .doc("1.0.1", "O(N) where N is the number of keys to set.", "key value [key value ...]", "Atomically creates or modifies the string values of one or more keys.")
        .tips(&["request_policy:multi_shard", "response_policy:all_succeeded"]),
    cmd("MSETNX", -3, WRITE | DENYOOM, &[keys(1, -1, 2, OW | INSERT)], msetnx)
        .doc("1.0.1", "O(N) where N is the number of keys to set.", "key value [key value ...]", "Atomically modifies the string values of one or more keys only when all keys don't exist."),
    cmd("PSETEX", 4, WRITE | DENYOOM, &[key(1, OW | UPDATE)], psetex)
        .doc("2.6.0", "O(1)", "key milliseconds value", "Sets both string value and expiration time in milliseconds of a key. The key is created if it doesn't exist.")
        .deprecated("2.6.12", "`SET` with the `PX` argument"),
    cmd("SET", -3, WRITE | DENYOOM, &[key(1, RW | ACCESS | UPDATE | VARIABLE_FLAGS).note("RW and ACCESS due to the optional `GET` argument")], set)
        .doc("1.0.0", "O(1)", "key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]", "Sets the string value of a key, ignoring its type. The key is created if it doesn't exist."),
    cmd("SETEX", 4, WRITE | DENYOOM, &[key(1, OW | UPDATE)], setex)
        .doc("2.0.0", "O(1)", "key seconds value", "Sets the string value and expiration time of a key. Creates the key if it doesn't exist.")
        .deprecated("2.6.12", "`SET` with the `EX` argument"),
    cmd("SETNX", 3, WRITE | DENYOOM | FAST, &[key(1, OW | INSERT)], setnx)
        .doc("1.0.0", "O(1)", "key value", "Sets the string value of a key only when the key doesn't exist.")
        .deprecated("2.6.12", "`SET` with the `NX` argument"),
];

fn getset(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, value) = (args.next()?, args.next()?);
    let before = cx.string(key)?.map(StringValue::to_bytes);
    cx.set_string(key, value);
    Ok(before.into())
}

fn mset(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    let pairs = pairs(args, "mset")?;
    set_pairs(cx, pairs);
    Ok(Reply::OK)
}

fn msetnx(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    let pairs = pairs(args, "msetnx")?;
    if pairs.iter().any(|[key, _]| cx.exists(key)) {
        return Ok(Reply::flag(false));
    }
    set_pairs(cx, pairs);
    Ok(Reply::flag(true))
}

fn pairs<'a>(mut args: Args<'a>, command: &str) -> Result<&'a [[&'a [u8]; 2]]> {
    match args.rest().as_chunks() {
        (pairs, []) => Ok(pairs),
        _ => Err(ReplyError::arity(command)),
    }
}

fn set_pairs(cx: &mut Context<'_>, pairs: &[[&[u8]; 2]]) {
    for [key, value] in pairs {
        cx.set_string(key, value);
    }
}

fn set(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, value) = (args.next()?, args.next()?);
    if args.is_empty() {
        cx.set_string(key, value);
        return Ok(Reply::OK);
    }
    let options = SetOptions::parse(args)?;
    let expires_at = options.lifetime.at_ms(cx.now_ms(), "set")?;
    let mut reply = Reply::OK;
    if options.get {
        reply = cx.string(key)?.map(StringValue::to_bytes).into();
    }
    if !is_met(cx, options.condition, key) {
        return Ok(if options.get { reply } else { Reply::Null });
    }
    match expires_at {
        Some(at_ms) => set_until(cx, key, value, at_ms),
        None if options.lifetime == Lifetime::Word => cx.set_keep_ttl(key, string(value)),
        None => cx.set_string(key, value),
    }
    Ok(reply)
}

fn is_met(cx: &mut Context<'_>, condition: Condition, key: &[u8]) -> bool {
    match condition {
        Condition::Always => true,
        Condition::Missing => !cx.exists(key),
        Condition::Existing => cx.exists(key),
    }
}

fn psetex(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    set_for(cx, args, TimeFormat::Millis, "psetex")
}

fn setex(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    set_for(cx, args, TimeFormat::Seconds, "setex")
}

fn set_for(cx: &mut Context<'_>, mut args: Args<'_>, format: TimeFormat, command: &str) -> Result {
    let (key, time, value) = (args.next()?, args.next()?, args.next()?);
    let at_ms = expiry(format, time, cx.now_ms(), command)?;
    set_until(cx, key, value, at_ms);
    Ok(Reply::OK)
}

/// Sets a key with a time to live. A time in the past is the end of what stood there; Redis counts that as a change
/// even where nothing did.
fn set_until(cx: &mut Context<'_>, key: &[u8], value: &[u8], at_ms: i64) {
    if cx.is_past(at_ms) {
        cx.remove(key);
        cx.changed(key);
        cx.unit.rewrite(&[b"DEL", key]);
    } else {
        cx.set_until(key, string(value), Some(at_ms));
        let at_ms = format_i64(at_ms);
        cx.unit.rewrite(&[b"SET", key, value, b"PXAT", &at_ms]);
    }
}

fn setnx(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, value) = (args.next()?, args.next()?);
    let is_new = !cx.exists(key);
    if is_new {
        cx.set_string(key, value);
    }
    Ok(Reply::flag(is_new))
}

fn string(bytes: &[u8]) -> Value {
    Value::String(StringValue::new(bytes))
}
