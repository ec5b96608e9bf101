//! String commands: a byte string or a number stored at one key.

use super::Command;
use super::args::Args;
use super::cmd;
use super::context::Context;
use super::reply::ReplyError;
use super::reply::Result;
use super::spec::*;
use crate::resp::Reply;
use crate::value::StringValue;
use crate::value::Value;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(super) const COMMANDS: &[Command] = &[
    cmd("GET", 2, READONLY | FAST, &[key(1, RO | ACCESS)], get)
        .doc("1.0.0", "O(1)", "key", "Returns the string value of a key."),
    cmd("INCR", 2, WRITE | DENYOOM | FAST, &[key(1, RW | ACCESS | UPDATE)], incr)
        .doc("1.0.0", "O(1)", "key", "Increments the integer value of a key by one. Uses 0 as initial value if the key doesn't exist."),
    cmd("SET", -3, WRITE | DENYOOM, &[key(1, RW | ACCESS | UPDATE)], set)
        .doc("1.0.0", "O(1)", "key value", "Sets the string value of a key, ignoring its type. The key is created if it doesn't exist."),
];

fn get(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let value = cx.string(args.next()?)?;
    Ok(value.map(StringValue::to_bytes).into())
}

fn set(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, value) = (args.next()?, args.next()?);
    args.finish()?;
    cx.set(key, Value::String(StringValue::new(value)));
    Ok(Reply::OK)
}

fn incr(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    let before = match cx.peek_string(key)? {
        None => 0,
        Some(value) => value.as_i64().ok_or(ReplyError::NOT_AN_INTEGER)?,
    };
    let after = before.checked_add(1).ok_or(ReplyError::OVERFLOW)?;
    cx.set_keep_ttl(key, Value::String(StringValue::Int(after)));
    Ok(Reply::Int(after))
}
