//! Times to live of fields.

use super::NOT_POSITIVE;
use super::expiry;
use super::fields;
use super::record_expiry;
use super::record_removal;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::spec::*;
use crate::command::time_format::TimeFormat;
use crate::resp::Reply;
use crate::value::Hash;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("HEXPIRE", -6, WRITE | FAST, &[key(1, RW | UPDATE)], hexpire)
        .doc("7.4.0", "O(N) where N is the number of specified fields.", "key seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]", "Sets expiry time on hash fields."),
    cmd("HEXPIREAT", -6, WRITE | FAST, &[key(1, RW | UPDATE)], hexpireat)
        .doc("7.4.0", "O(N) where N is the number of specified fields.", "key unix-time-seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]", "Sets expiry time on hash fields."),
    cmd("HEXPIRETIME", -5, READONLY | FAST, &[key(1, RO | ACCESS)], hexpiretime)
        .doc("7.4.0", "O(N) where N is the number of specified fields.", "key FIELDS numfields field [field ...]", "Returns Unix timestamps in seconds since the epoch at which the given key's field(s) will expire."),
    cmd("HPERSIST", -5, WRITE | FAST, &[key(1, RW | UPDATE)], hpersist)
        .doc("7.4.0", "O(N) where N is the number of specified fields.", "key FIELDS numfields field [field ...]", "Remove the existing expiration on a hash key's field(s)."),
    cmd("HPEXPIRE", -6, WRITE | FAST, &[key(1, RW | UPDATE)], hpexpire)
        .doc("7.4.0", "O(N) where N is the number of specified fields.", "key milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]", "Sets expiry time on hash object."),
    cmd("HPEXPIREAT", -6, WRITE | FAST, &[key(1, RW | UPDATE)], hpexpireat)
        .doc("7.4.0", "O(N) where N is the number of specified fields.", "key unix-time-milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]", "Sets expiration time on hash field."),
    cmd("HPEXPIRETIME", -5, READONLY | FAST, &[key(1, RO | ACCESS)], hpexpiretime)
        .doc("7.4.0", "O(N) where N is the number of specified fields.", "key FIELDS numfields field [field ...]", "Returns the Unix timestamp in milliseconds since Unix epoch at which the given key's field(s) will expire."),
    cmd("HPTTL", -5, READONLY | FAST, &[key(1, RO | ACCESS)], hpttl)
        .doc("7.4.0", "O(N) where N is the number of specified fields.", "key FIELDS numfields field [field ...]", "Returns the remaining time to live in milliseconds of a hash key's field(s) that have an associated expiration.")
        .tips(&["nondeterministic_output"]),
    cmd("HTTL", -5, READONLY | FAST, &[key(1, RO | ACCESS)], httl)
        .doc("7.4.0", "O(N) where N is the number of specified fields.", "key FIELDS numfields field [field ...]", "Returns the remaining time to live (in seconds) of a hash key's field(s) that have an associated expiration.")
        .tips(&["nondeterministic_output"]),
];

/// What becomes of one field.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
#[repr(i64)]
enum Outcome {
    NoField = -2,
    NoExpiry = -1,
    NotMet = 0,
    Done = 1,
    Removed = 2,
}

impl From<Outcome> for Reply {
    fn from(outcome: Outcome) -> Self {
        Reply::Int(outcome as i64)
    }
}

/// When a time to live may be set.
#[derive(Clone, Copy)]
enum Condition {
    Always,
    /// `NX`: there is none.
    Missing,
    /// `XX`: there is one.
    Existing,
    /// `GT`: the new one is longer; none is the longest.
    Longer,
    /// `LT`: the new one is shorter.
    Shorter,
}

impl Condition {
    fn read(args: &mut Args<'_>) -> Condition {
        let keywords = [
            ("NX", Condition::Missing),
            ("XX", Condition::Existing),
            ("GT", Condition::Longer),
            ("LT", Condition::Shorter),
        ];
        let found = keywords.into_iter().find(|(word, _)| args.keyword(word));
        found.map_or(Condition::Always, |(_, condition)| condition)
    }

    fn allows(self, current: Option<i64>, at_ms: i64) -> bool {
        match self {
            Condition::Always => true,
            Condition::Missing => current.is_none(),
            Condition::Existing => current.is_some(),
            Condition::Longer => current.is_some_and(|current| at_ms > current),
            Condition::Shorter => current.is_none_or(|current| at_ms < current),
        }
    }
}

fn hexpire(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    set_expiry(cx, args, TimeFormat::Seconds, "hexpire")
}

fn hexpireat(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    set_expiry(cx, args, TimeFormat::UnixSeconds, "hexpireat")
}

fn hexpiretime(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    answer_expiry(cx, args, "hexpiretime", |at_ms, _| in_seconds(at_ms))
}

fn hpersist(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    let exists = cx.peek_hash(key)?.is_some();
    let fields = fields(&mut args, "hpersist", NOT_POSITIVE)?;
    if !exists {
        return Ok(answer(fields, |_| Outcome::NoField));
    }
    let hash = cx.hash_mut(key)?;
    let mut changed = false;
    let reply = answer(fields, |field| {
        if hash.get(field).is_none() {
            Outcome::NoField
        } else if hash.persist(field) {
            changed = true;
            Outcome::Done
        } else {
            Outcome::NoExpiry
        }
    });
    if changed {
        cx.changed(key);
    }
    Ok(reply)
}

fn hpexpire(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    set_expiry(cx, args, TimeFormat::Millis, "hpexpire")
}

fn hpexpireat(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    set_expiry(cx, args, TimeFormat::UnixMillis, "hpexpireat")
}

fn hpexpiretime(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    answer_expiry(cx, args, "hpexpiretime", |at_ms, _| at_ms)
}

fn hpttl(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    answer_expiry(cx, args, "hpttl", |at_ms, now_ms| at_ms - now_ms)
}

fn httl(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    answer_expiry(cx, args, "httl", |at_ms, now_ms| in_seconds(at_ms - now_ms))
}

fn set_expiry(
    cx: &mut Context<'_>,
    mut args: Args<'_>,
    format: TimeFormat,
    command: &str,
) -> Result {
    let key = args.next()?;
    let exists = cx.peek_hash(key)?.is_some();
    let at_ms = expiry(&mut args, format, cx.now_ms(), command)?;
    let condition = Condition::read(&mut args);
    let not_positive = fixed("ERR Parameter `numFields` should be greater than 0");
    let fields = fields(&mut args, command, not_positive)?;
    if !exists {
        return Ok(answer(fields, |_| Outcome::NoField));
    }
    let is_past = cx.is_past(at_ms);
    let hash = cx.hash_mut(key)?;
    hash.expect_expiry();
    let mut changed = Vec::new();
    let reply = answer(fields, |field| {
        let outcome = expire_field(hash, field, at_ms, condition, is_past);
        if outcome >= Outcome::Done {
            changed.push(field);
        }
        outcome
    });
    if is_past {
        record_removal(cx, key, &changed);
    } else {
        record_expiry(cx, key, at_ms, &changed);
    }
    Ok(reply)
}

fn expire_field(
    hash: &mut Hash,
    field: &[u8],
    at_ms: i64,
    condition: Condition,
    is_past: bool,
) -> Outcome {
    if hash.get(field).is_none() {
        Outcome::NoField
    } else if !condition.allows(hash.expires_at(field), at_ms) {
        Outcome::NotMet
    } else if is_past {
        hash.remove(field);
        Outcome::Removed
    } else {
        hash.expire_at(field, at_ms);
        Outcome::Done
    }
}

/// Answers for each field what `shape` makes of its time of expiry and the time now.
fn answer_expiry(
    cx: &mut Context<'_>,
    mut args: Args<'_>,
    command: &str,
    shape: impl Fn(i64, i64) -> i64,
) -> Result {
    let now_ms = cx.now_ms();
    let hash = cx.hash(args.next()?)?;
    let fields = fields(&mut args, command, NOT_POSITIVE)?;
    Ok(answer(fields, |field| match hash {
        Some(hash) if hash.get(field).is_some() => match hash.expires_at(field) {
            Some(at_ms) => Reply::Int(shape(at_ms, now_ms)),
            None => Outcome::NoExpiry.into(),
        },
        _ => Outcome::NoField.into(),
    }))
}

fn answer<'a, T: Into<Reply>>(fields: &[&'a [u8]], mut each: impl FnMut(&'a [u8]) -> T) -> Reply {
    Reply::Array(fields.iter().map(|field| each(field).into()).collect())
}

/// Seconds that have begun count.
fn in_seconds(ms: i64) -> i64 {
    (ms + 999).div_euclid(1000)
}
