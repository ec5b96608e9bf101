//! Times to live of keys.

use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::reply::printed;
use crate::command::spec::*;
use crate::keyspace::Slot;
use crate::number::format_i64;
use crate::number::parse_i64;
use crate::resp::Reply;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("EXPIRE", -3, WRITE | FAST, &[key(1, RW | UPDATE)], expire)
        .doc("1.0.0", "O(1)", "key seconds [NX | XX | GT | LT]", "Sets the expiration time of a key in seconds."),
    cmd("EXPIREAT", -3, WRITE | FAST, &[key(1, RW | UPDATE)], expireat)
        .doc("1.2.0", "O(1)", "key unix-time-seconds [NX | XX | GT | LT]", "Sets the expiration time of a key to a Unix timestamp."),
    cmd("EXPIRETIME", 2, READONLY | FAST, &[key(1, RO | ACCESS)], expiretime)
        .doc("7.0.0", "O(1)", "key", "Returns the expiration time of a key as a Unix timestamp."),
    cmd("PERSIST", 2, WRITE | FAST, &[key(1, RW | UPDATE)], persist)
        .doc("2.2.0", "O(1)", "key", "Removes the expiration time of a key."),
    cmd("PEXPIRE", -3, WRITE | FAST, &[key(1, RW | UPDATE)], pexpire)
        .doc("2.6.0", "O(1)", "key milliseconds [NX | XX | GT | LT]", "Sets the expiration time of a key in milliseconds."),
    cmd("PEXPIREAT", -3, WRITE | FAST, &[key(1, RW | UPDATE)], pexpireat)
        .doc("2.6.0", "O(1)", "key unix-time-milliseconds [NX | XX | GT | LT]", "Sets the expiration time of a key to a Unix milliseconds timestamp."),
    cmd("PEXPIRETIME", 2, READONLY | FAST, &[key(1, RO | ACCESS)], pexpiretime)
        .doc("7.0.0", "O(1)", "key", "Returns the expiration time of a key as a Unix milliseconds timestamp."),
    cmd("PTTL", 2, READONLY | FAST, &[key(1, RO | ACCESS)], pttl)
        .doc("2.6.0", "O(1)", "key", "Returns the expiration time in milliseconds of a key.")
        .tips(&["nondeterministic_output"]),
    cmd("TTL", 2, READONLY | FAST, &[key(1, RO | ACCESS)], ttl)
        .doc("1.0.0", "O(1)", "key", "Returns the expiration time in seconds of a key.")
        .tips(&["nondeterministic_output"]),
];

/// What the time in a command counts from.
#[derive(Clone, Copy, PartialEq)]
enum Since {
    Now,
    Epoch,
}

fn expire(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    set_expiry(cx, args, "EXPIRE", 1000, Since::Now)
}

fn expireat(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    set_expiry(cx, args, "EXPIREAT", 1000, Since::Epoch)
}

fn expiretime(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    answer_expiry(cx, args, |at_ms, _| in_seconds(at_ms))
}

fn persist(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    let volatile = cx.peek(key).and_then(Slot::expires_at).is_some();
    if volatile {
        cx.set_expiry(key, None);
    }
    Ok(Reply::flag(volatile))
}

fn pexpire(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    set_expiry(cx, args, "PEXPIRE", 1, Since::Now)
}

fn pexpireat(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    set_expiry(cx, args, "PEXPIREAT", 1, Since::Epoch)
}

fn pexpiretime(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    answer_expiry(cx, args, |at_ms, _| at_ms)
}

fn pttl(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    answer_expiry(cx, args, |at_ms, now_ms| at_ms - now_ms)
}

fn ttl(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    answer_expiry(cx, args, |at_ms, now_ms| in_seconds(at_ms - now_ms))
}

/// EXPIRE and its kin: `name` for messages, the unit's milliseconds, and what the time counts from.
fn set_expiry(
    cx: &mut Context<'_>,
    mut args: Args<'_>,
    name: &'static str,
    unit_ms: i64,
    since: Since,
) -> Result {
    let (key, time, flags) = (args.next()?, args.next()?, args.rest());
    let condition = Condition::parse(flags)?;
    let time = parse_i64(time).ok_or(ReplyError::NOT_AN_INTEGER)?;
    let start_ms = if since == Since::Now { cx.now_ms() } else { 0 };
    let at_ms = time
        .checked_mul(unit_ms)
        .and_then(|time_ms| time_ms.checked_add(start_ms))
        .ok_or_else(|| ReplyError::expire_time(name))?;
    let Some(slot) = cx.peek(key) else {
        return Ok(Reply::flag(false));
    };
    if !condition.allows(slot.expires_at(), at_ms) {
        return Ok(Reply::flag(false));
    }
    if cx.is_past(at_ms) {
        cx.remove(key);
        cx.unit.rewrite(&[b"DEL", key]);
    } else {
        cx.set_expiry(key, Some(at_ms));
        let mut effect: Vec<&[u8]> = vec![b"PEXPIREAT", key];
        let at_ms = format_i64(at_ms);
        effect.push(&at_ms);
        effect.extend(flags);
        cx.unit.rewrite(&effect);
    }
    Ok(Reply::flag(true))
}

/// When a time to live may be set: NX, XX, GT, LT.
#[derive(Default)]
struct Condition {
    nx: bool,
    xx: bool,
    gt: bool,
    lt: bool,
}

impl Condition {
    fn parse(flags: &[&[u8]]) -> Result<Condition> {
        let mut condition = Condition::default();
        for flag in flags {
            match &*flag.to_ascii_uppercase() {
                b"NX" => condition.nx = true,
                b"XX" => condition.xx = true,
                b"GT" => condition.gt = true,
                b"LT" => condition.lt = true,
                _ => {
                    let flag = printed(flag, usize::MAX);
                    return Err(ReplyError::new(format!("ERR Unsupported option {flag}")));
                }
            }
        }
        condition.check()
    }

    fn check(self) -> Result<Condition> {
        match self {
            Condition {
                nx: true,
                xx,
                gt,
                lt,
            } if xx || gt || lt => Err(fixed(
                "ERR NX and XX, GT or LT options at the same time are not compatible",
            )),
            Condition {
                gt: true, lt: true, ..
            } => Err(fixed(
                "ERR GT and LT options at the same time are not compatible",
            )),
            condition => Ok(condition),
        }
    }

    /// No time to live counts as an endless one.
    fn allows(&self, current: Option<i64>, at_ms: i64) -> bool {
        (!self.nx || current.is_none())
            && (!self.xx || current.is_some())
            && (!self.gt || current.is_some_and(|current| at_ms > current))
            && (!self.lt || current.is_none_or(|current| at_ms < current))
    }
}

/// Answers when a key expires, as `shape` tells it from the two times: -1 for never, -2 without the key.
fn answer_expiry(
    cx: &mut Context<'_>,
    mut args: Args<'_>,
    shape: impl Fn(i64, i64) -> i64,
) -> Result {
    let now_ms = cx.now_ms();
    let answer = match cx.look(args.next()?).map(Slot::expires_at) {
        None => -2,
        Some(None) => -1,
        Some(Some(at_ms)) => shape(at_ms.max(now_ms), now_ms),
    };
    Ok(Reply::Int(answer))
}

/// The nearest number of seconds; the time is not negative.
fn in_seconds(ms: i64) -> i64 {
    ((ms.unsigned_abs() + 500) / 1000) as i64
}
