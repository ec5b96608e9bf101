//! The past: what FAKEREDIS tells of records, states, versions and reasons.
//!
//! All of it is found without the engine's lock, by whoever knows the past; here it is only asked for.

use crate::command::Command;
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::spec::*;
use crate::command::sub;

/// Not within a unit, which can't wait.
pub(super) const ASKS: u64 = NOSCRIPT | NO_MULTI | LOADING | STALE;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    sub("FAKEREDIS|AT", -4, ASKS, &[], about_the_past)
        .doc("8.2.3", "O(N) with N being the records since a checkpoint", "revision command [argument ...]", "Runs a command that only reads on the data as it was."),
    sub("FAKEREDIS|BLAME", 3, ASKS, &[], about_the_past)
        .doc("8.2.3", "O(N) with N being the records", "key", "Returns who wrote each part of what stands at a key."),
    sub("FAKEREDIS|DIFF", -4, ASKS, &[], about_the_past)
        .doc("8.2.3", "O(N) with N being the records in between", "revision revision [pattern]", "Returns what became of keys between two places in history."),
    sub("FAKEREDIS|HISTORY", -3, ASKS, &[], about_the_past)
        .doc("8.2.3", "O(N) with N being the records", "key [COUNT count]", "Returns the versions of a key, each with the record that made it."),
    sub("FAKEREDIS|LOG", -2, ASKS, &[], about_the_past)
        .doc("8.2.3", "O(N) with N being the records that are looked at", "[COUNT count] [KEY pattern] [CLIENT id|name] [COMMAND name] [FROM revision] [TO revision]", "Returns the newest records, 10 unless COUNT says otherwise."),
    sub("FAKEREDIS|SHOW", 3, ASKS, &[], about_the_past)
        .doc("8.2.3", "O(N) with N being the records since a checkpoint", "revision", "Returns a record in full, and what it changed."),
    sub("FAKEREDIS|WHY", -2, ASKS, &[], about_the_past)
        .doc("8.2.3", "O(N) with N being the records", "[revision | key | KEY key]", "Returns why a record is there, a key is what it is, or the newest aborted EXEC was aborted."),
];

/// Asks a question that has an answer only where there is history.
pub(super) fn about_the_past(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    match cx.host.persistence().enabled {
        true => cx.ask(&args.argv()[1..]),
        false => Err(ReplyError::NO_HISTORY),
    }
}
