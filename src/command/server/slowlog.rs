//! SLOWLOG: the commands that took long.

use crate::command::Command;
use crate::command::args::Args;
use crate::command::container;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::reply::help;
use crate::command::spec::*;
use crate::command::stats::SlowLogEntry;
use crate::command::sub;
use crate::number::parse_i64;
use crate::resp::Reply;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    container("SLOWLOG", -2)
        .doc("2.2.12", "Depends on subcommand.", "", "A container for slow log commands."),
    sub("SLOWLOG|GET", -2, ADMIN | LOADING | STALE, &[], slowlog_get)
        .doc("2.2.12", "O(N) where N is the number of entries returned", "[count]", "Returns the slow log's entries.")
        .tips(&["request_policy:all_nodes", "nondeterministic_output"]),
    sub("SLOWLOG|HELP", 2, LOADING | STALE, &[], slowlog_help)
        .doc("6.2.0", "O(1)", "", "Shows helpful text about the different subcommands."),
    sub("SLOWLOG|LEN", 2, ADMIN | LOADING | STALE, &[], slowlog_len)
        .doc("2.2.12", "O(1)", "", "Returns the number of entries in the slow log.")
        .tips(&["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"]),
    sub("SLOWLOG|RESET", 2, ADMIN | LOADING | STALE, &[], slowlog_reset)
        .doc("2.2.12", "O(N) where N is the number of entries in the slowlog", "", "Clears all entries from the slow log.")
        .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"]),
];

/// `SLOWLOG GET [count]`: the newest, all of them for -1.
fn slowlog_get(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    if args.len() > 1 {
        return Err(ReplyError::subcommand("SLOWLOG", args.argv()[1]));
    }
    let count = match args.rest().first() {
        None => 10,
        Some(count) => parse_i64(count)
            .filter(|&count| count >= -1)
            .ok_or(fixed("ERR count should be greater than or equal to -1"))?,
    };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    Ok(Reply::Array(
        cx.world.slowlog.iter().take(count).map(entry).collect(),
    ))
}

fn slowlog_help(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(help("SLOWLOG", HELP))
}

fn slowlog_len(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(Reply::len(cx.world.slowlog.len()))
}

fn slowlog_reset(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    cx.world.slowlog.clear();
    Ok(Reply::OK)
}

fn entry(entry: &SlowLogEntry) -> Reply {
    Reply::Array(vec![
        Reply::Int(entry.id as i64),
        Reply::Int(entry.at_s),
        Reply::Int(entry.took.as_micros() as i64),
        Reply::bulks(entry.argv.iter().cloned()),
        Reply::bulk(entry.peer.as_str()),
        Reply::Bulk(entry.name.clone()),
    ])
}

const HELP: &[&str] = &[
    "GET [<count>]",
    "    Return top <count> entries from the slowlog (default: 10, -1 mean all).",
    "    Entries are made of:",
    "    id, timestamp, time in microseconds, arguments array, client IP and port,",
    "    client name",
    "LEN",
    "    Return the length of the slowlog.",
    "RESET",
    "    Reset the slowlog.",
];
