//! The clock that all times to live follow: FAKEREDIS CLOCK.

use std::time::Duration;
use std::time::SystemTime;

use crate::clock::from_micros;
use crate::clock::parse_rfc3339;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::spec::*;
use crate::command::sub;
use crate::number::parse_i64;
use crate::resp::Reply;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    sub("FAKEREDIS|CLOCK", -3, NOSCRIPT | LOADING | STALE, &[], clock)
        .doc("8.2.3", "O(1)", "<GET | FREEZE | AUTO | SET unix-time-milliseconds-or-date | ADVANCE milliseconds>", "Shows or moves the clock that all times to live follow."),
];

fn clock(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let moved = moved(&mut args)?;
    args.finish()?;
    let now_ms = cx.now_ms();
    let clock = cx
        .host
        .clock()
        .ok_or(fixed("ERR there is no clock to move here"))?;
    match moved {
        Move::Stay => return Ok(Reply::Int(now_ms)),
        Move::Freeze => clock.freeze(),
        Move::Auto => clock.resume(),
        Move::Set(time) => clock.set(time),
        Move::Advance(time) => clock.advance(time),
    }
    cx.unit.setting();
    Ok(Reply::OK)
}

enum Move {
    Stay,
    Freeze,
    Auto,
    Set(SystemTime),
    Advance(Duration),
}

fn moved(args: &mut Args<'_>) -> Result<Move> {
    if args.keyword("GET") {
        Ok(Move::Stay)
    } else if args.keyword("FREEZE") {
        Ok(Move::Freeze)
    } else if args.keyword("AUTO") {
        Ok(Move::Auto)
    } else if args.keyword_with("SET", 1) {
        time(args.next()?).map(Move::Set)
    } else if args.keyword_with("ADVANCE", 1) {
        milliseconds(args).map(Move::Advance)
    } else {
        Err(ReplyError::SYNTAX)
    }
}

/// A point in time: milliseconds since the epoch, or a date (`2026-08-01T12:00:00Z`).
fn time(word: &[u8]) -> Result<SystemTime> {
    let from_ms = || parse_i64(word)?.checked_mul(1000);
    let from_date = || parse_rfc3339(str::from_utf8(word).ok()?);
    let us = from_ms().or_else(from_date);
    us.map(from_micros).ok_or(fixed(
        "ERR a time is a number of milliseconds or a date like 2026-08-01T12:00:00Z",
    ))
}

fn milliseconds(args: &mut Args<'_>) -> Result<Duration> {
    let milliseconds = u64::try_from(args.i64()?);
    milliseconds
        .map(Duration::from_millis)
        .map_err(|_| ReplyError::NOT_AN_INTEGER)
}
