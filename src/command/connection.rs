//! Commands about the connection itself.

use super::Command;
use super::args::Args;
use super::cmd;
use super::context::Context;
use super::reply::ReplyError;
use super::reply::Result;
use super::reply::fixed;
use super::spec::*;
use crate::resp::Reply;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(super) const COMMANDS: &[Command] = &[
    cmd("PING", -1, FAST, &[], ping)
        .doc("1.0.0", "O(1)", "[message]", "Returns the server's liveliness response."),
    cmd("SELECT", 2, LOADING | STALE | FAST, &[], select)
        .doc("1.0.0", "O(1)", "index", "Changes the selected database."),
];

fn ping(_: &mut Context<'_>, mut args: Args<'_>) -> Result {
    match args.rest() {
        [] => Ok(Reply::simple("PONG")),
        [message] => Ok(Reply::bulk(*message)),
        _ => Err(ReplyError::arity("ping")),
    }
}

fn select(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let index = args.i64_or(fixed("ERR value is not an integer or out of range"))?;
    let db = usize::try_from(index)
        .ok()
        .filter(|&db| db < cx.world.keyspace.databases());
    cx.select(db.ok_or(ReplyError::NO_SUCH_DB)?);
    Ok(Reply::OK)
}
