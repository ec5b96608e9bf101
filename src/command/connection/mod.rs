//! Commands about the connection itself.

mod client;
mod clients;
mod hello;
mod tracking;

pub(in crate::command) use client::COMMANDS as CLIENT;
pub(in crate::command) use hello::modules;

use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::spec::*;
use crate::resp::Protocol;
use crate::resp::Reply;
use crate::session::Closing;
use crate::session::Replies;
use hello::auth;
use hello::hello;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(super) const COMMANDS: &[Command] = &[
    cmd("AUTH", -2, NOSCRIPT | LOADING | STALE | FAST | NO_AUTH | ALLOW_BUSY, &[], auth)
        .doc("1.0.0", "O(N) where N is the number of passwords defined for the user", "[username] password", "Authenticates the connection."),
    cmd("ECHO", 2, LOADING | STALE | FAST, &[], echo)
        .doc("1.0.0", "O(1)", "message", "Returns the given string."),
    cmd("HELLO", -1, NOSCRIPT | LOADING | STALE | FAST | NO_AUTH | ALLOW_BUSY, &[], hello)
        .doc("6.0.0", "O(1)", "[protover [AUTH username password] [SETNAME clientname]]", "Handshakes with the server."),
    cmd("PING", -1, FAST, &[], ping)
        .doc("1.0.0", "O(1)", "[message]", "Returns the server's liveliness response.")
        .tips(&["request_policy:all_shards", "response_policy:all_succeeded"]),
    cmd("QUIT", -1, NOSCRIPT | LOADING | STALE | FAST | NO_AUTH | ALLOW_BUSY, &[], quit)
        .doc("1.0.0", "O(1)", "", "Closes the connection.")
        .deprecated("7.2.0", "just closing the connection"),
    cmd("RESET", 1, NOSCRIPT | LOADING | STALE | FAST | NO_AUTH | ALLOW_BUSY, &[], reset)
        .doc("6.2.0", "O(1)", "", "Resets the connection."),
    cmd("SELECT", 2, LOADING | STALE | FAST, &[], select)
        .doc("1.0.0", "O(1)", "index", "Changes the selected database."),
];

fn echo(_: &mut Context<'_>, mut args: Args<'_>) -> Result {
    Ok(Reply::bulk(args.next()?))
}

fn ping(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let message = match args.rest() {
        [] => None,
        [message] => Some(*message),
        _ => return Err(ReplyError::arity("ping")),
    };
    if cx.session.is_subscribed() && !cx.resp3() {
        return Ok(Reply::bulks([b"pong", message.unwrap_or_default()]));
    }
    Ok(message.map_or(Reply::simple("PONG"), Reply::bulk))
}

fn quit(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    cx.session.closing = Some(Closing::AfterReply);
    Ok(Reply::OK)
}

/// Back to what a new connection is; only the library's name stays.
fn reset(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    let needs_password = !cx.world.config.requirepass().is_empty();
    cx.world.watches.unwatch(cx.session.id);
    tracking::untrack(cx);
    cx.world.subscriptions.forget(cx.session.key());
    let session = &mut *cx.session;
    session.subscriptions = [0; 3];
    session.queue = None;
    session.db = 0;
    session.protocol = Protocol::Resp2;
    session.authenticated = !needs_password;
    session.name = b"".into();
    session.replies = Replies::On;
    session.monitor = false;
    session.no_evict = false;
    session.no_touch = false;
    Ok(Reply::simple("RESET"))
}

fn select(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let index = i32::try_from(args.i64()?).map_err(|_| {
        fixed("ERR value is out of range, value must between -2147483648 and 2147483647")
    })?;
    let index = usize::try_from(index).ok();
    let db = index.filter(|&db| db < cx.world.keyspace.databases());
    cx.select(db.ok_or(ReplyError::NO_SUCH_DB)?);
    Ok(Reply::OK)
}
