//! What goes wrong on demand, and by chance: FAKEREDIS FAULT and SEED.

use std::str::from_utf8;

use crate::command::Command;
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::spec::*;
use crate::command::sub;
use crate::resp::Reply;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    sub("FAKEREDIS|FAULT", -3, NOSCRIPT | LOADING | STALE, &[], fault)
        .doc("8.2.3", "O(N) with N being the number of faults", "<ADD [CMD command] [KEY pattern] [CLIENT id-or-name] [INSIDE] [AFTER matches] [TIMES hits] [PROB probability] <ERROR message | DELAY milliseconds | DISCONNECT BEFORE|AFTER|MID | DISK ENOSPC|EIO [SYNC] [LASTING]> | LIST | REMOVE id | CLEAR>", "Has commands, connections or the disk fail on demand."),
    sub("FAKEREDIS|SEED", 3, NOSCRIPT | LOADING | STALE | FAST, &[], seed)
        .doc("8.2.3", "O(1)", "number", "Has everything random follow from a number, from now on."),
];

fn fault(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let faults = &mut cx.world.faults;
    let reply = if args.keyword("ADD") {
        let has_journal = cx.host.persistence().enabled;
        Reply::Int(faults.add_words(&mut args, has_journal)? as i64)
    } else if args.keyword("LIST") {
        args.finish()?;
        return Ok(faults.listed());
    } else if args.keyword("REMOVE") {
        faults.remove_words(&mut args)?;
        Reply::OK
    } else if args.keyword("CLEAR") {
        faults.clear_words(&mut args)?;
        Reply::OK
    } else {
        return Err(ReplyError::SYNTAX);
    };
    // A disk that fails can't record how it was mended.
    if cx.host.persistence().write_error.is_none() {
        cx.unit.setting();
    }
    Ok(reply)
}

fn seed(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let seed = from_utf8(args.next()?)
        .ok()
        .and_then(|word| word.parse().ok());
    cx.world.reseed(seed.ok_or(ReplyError::NOT_AN_INTEGER)?);
    cx.unit.setting();
    Ok(Reply::OK)
}
