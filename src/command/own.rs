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
use crate::commit::Seq;
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
    sub("FAKEREDIS|JOURNAL", -3, NOSCRIPT | NO_MULTI | LOADING | STALE, &[], journal)
        .doc("8.2.3", "O(1) for STATUS, O(N) with N being the size of the data for HEAL and COMPACT", "<STATUS | HEAL | COMPACT first-record>", "Shows the journal's condition, has it take records again after its disk failed, or drops old history."),
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

fn journal(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    if args.keyword("STATUS") {
        args.finish()?;
        Ok(journal_status(cx))
    } else if args.keyword("HEAL") {
        args.finish()?;
        heal(cx)
    } else if args.keyword_with("COMPACT", 1) {
        let keep = Seq::try_from(args.i64()?).map_err(|_| ReplyError::NOT_AN_INTEGER)?;
        args.finish()?;
        let dropped = cx.host.compact(keep);
        let dropped = dropped.map_err(|error| ReplyError::new(format!("ERR {error}")))?;
        Ok(Reply::Int(dropped as i64))
    } else {
        Err(ReplyError::SYNTAX)
    }
}

fn journal_status(cx: &Context<'_>) -> Reply {
    let journal = cx.host.persistence();
    let text = |error: Option<String>| Reply::bulk(error.unwrap_or_default());
    let number = |seq: Seq| Reply::Int(seq as i64);
    let fields = [
        ("enabled", Reply::Int(journal.enabled.into())),
        ("last_record", number(cx.unit.seq - 1)),
        ("durable_record", number(journal.durable_seq)),
        ("write_error", text(journal.write_error)),
        ("checkpoint_error", text(journal.save_error)),
    ];
    let pairs = fields.into_iter();
    Reply::Map(
        pairs
            .map(|(name, value)| (Reply::bulk(name), value))
            .collect(),
    )
}

fn heal(cx: &mut Context<'_>) -> Result {
    let healed = cx.host.heal(cx.world);
    healed.map_err(|error| ReplyError::new(format!("MISCONF {error}")))?;
    Ok(Reply::OK)
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
            "JOURNAL STATUS",
            "    Return the condition of the journal: its last record, the last durable one, and what failed.",
            "JOURNAL HEAL",
            "    Take writes again after the journal's disk failed; what was acknowledged is verified first.",
            "JOURNAL COMPACT <first-record>",
            "    Drop all history before a record; a checkpoint takes its place. Return how many records were dropped.",
            "SEQ",
            "    Return the number of the last record of the journal.",
        ],
    ))
}
