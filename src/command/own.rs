//! `FAKEREDIS`: what Redis has no command for, over the wire. COMMAND does not tell of it, so that what clients see of
//! the table is Redis's.

use std::time::Duration;
use std::time::UNIX_EPOCH;

use super::Command;
use super::args::Args;
use super::container;
use super::context::Context;
use super::reply::ReplyError;
use super::reply::Result;
use super::reply::fixed;
use super::reply::help;
use super::spec::*;
use super::sub;
use crate::resp::Reply;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(super) const COMMANDS: &[Command] = &[
    container("FAKEREDIS", -2)
        .doc("8.2.3", "Depends on subcommand.", "", "A container for what only a fake can do."),
    sub("FAKEREDIS|CLOCK", -3, NOSCRIPT | LOADING | STALE, &[], clock)
        .doc("8.2.3", "O(1)", "<GET | FREEZE | AUTO | SET unix-time-milliseconds | ADVANCE milliseconds>", "Shows or moves the clock that all times to live follow."),
    sub("FAKEREDIS|DIGEST", 2, NOSCRIPT | LOADING | STALE, &[], digest)
        .doc("8.2.3", "O(N) with N being the size of the data", "", "Returns a digest of all keys, values and times to live."),
    sub("FAKEREDIS|HELP", 2, LOADING | STALE, &[], own_help)
        .doc("8.2.3", "O(1)", "", "Returns helpful text about the different subcommands."),
    sub("FAKEREDIS|SEQ", 2, NOSCRIPT | LOADING | STALE | FAST, &[], seq)
        .doc("8.2.3", "O(1)", "", "Returns the number of the last record."),
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
        Move::Set(time) => clock.set(UNIX_EPOCH + time),
        Move::Advance(time) => clock.advance(time),
    }
    Ok(Reply::OK)
}

enum Move {
    Stay,
    Freeze,
    Auto,
    Set(Duration),
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
        milliseconds(args).map(Move::Set)
    } else if args.keyword_with("ADVANCE", 1) {
        milliseconds(args).map(Move::Advance)
    } else {
        Err(ReplyError::SYNTAX)
    }
}

fn milliseconds(args: &mut Args<'_>) -> Result<Duration> {
    let milliseconds = u64::try_from(args.i64()?);
    milliseconds
        .map(Duration::from_millis)
        .map_err(|_| ReplyError::NOT_AN_INTEGER)
}

fn digest(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(Reply::bulk(cx.world.keyspace.digest()))
}

fn seq(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(Reply::Int((cx.unit.seq - 1) as i64))
}

fn own_help(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(help(
        "FAKEREDIS",
        &[
            "CLOCK GET|FREEZE|AUTO",
            "    Return the clock in milliseconds, stop it, or let it follow the system again.",
            "CLOCK SET <unix-time-milliseconds>|ADVANCE <milliseconds>",
            "    Move the clock, whether it runs or stands; all times to live follow.",
            "DIGEST",
            "    Return a digest of all keys, values and times to live.",
            "SEQ",
            "    Return the number of the last record of the journal.",
        ],
    ))
}
