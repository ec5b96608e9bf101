//! Transactions: MULTI, EXEC, DISCARD, WATCH, UNWATCH
//! (<https://redis.io/docs/latest/develop/using-commands/transactions/>).

use super::Command;
use super::args::Args;
use super::cmd;
use super::context::Context;
use super::dispatch::call_inside;
use super::reply::Result;
use super::reply::fixed;
use super::resolve;
use super::secrets::redacted_all;
use super::spec::*;
use super::unit::Abort;
use crate::commit::Effect;
use crate::commit::Origin;
use crate::resp::Protocol;
use crate::resp::Reply;
use crate::session::Queue;
use crate::session::Session;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(super) const COMMANDS: &[Command] = &[
    cmd("DISCARD", 1, NOSCRIPT | LOADING | STALE | FAST | ALLOW_BUSY, &[], discard)
        .doc("2.0.0", "O(N), when N is the number of queued commands", "", "Discards a transaction."),
    cmd("EXEC", 1, NOSCRIPT | LOADING | STALE | SKIP_SLOWLOG, &[], exec)
        .doc("1.2.0", "Depends on commands in the transaction", "", "Executes all commands in a transaction."),
    cmd("MULTI", 1, NOSCRIPT | LOADING | STALE | FAST | ALLOW_BUSY, &[], multi)
        .doc("1.2.0", "O(1)", "", "Starts a transaction."),
    cmd("UNWATCH", 1, NOSCRIPT | LOADING | STALE | FAST | ALLOW_BUSY, &[], unwatch)
        .doc("2.2.0", "O(1)", "", "Forgets about watched keys of a transaction."),
    cmd("WATCH", -2, NOSCRIPT | LOADING | STALE | FAST | ALLOW_BUSY, &[keys(1, -1, 1, RO)], watch)
        .doc("2.2.0", "O(1) for every key.", "key [key ...]", "Monitors changes to keys to determine the execution of a transaction."),
];

fn multi(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    if cx.session.queue.is_some() {
        return Err(fixed("ERR MULTI calls can not be nested"));
    }
    cx.session.queue = Some(Queue::default());
    Ok(Reply::OK)
}

fn discard(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    if cx.session.queue.take().is_none() {
        return Err(fixed("ERR DISCARD without MULTI"));
    }
    forget_watches(cx);
    Ok(Reply::OK)
}

fn exec(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    let Some(queue) = cx.session.queue.take() else {
        return Err(fixed("ERR EXEC without MULTI"));
    };
    expire_watched(cx);
    let touch = cx.world.watches.touched(cx.session.id).cloned();
    let watched = cx.world.watches.watched(cx.session.id).to_vec();
    forget_watches(cx);
    if queue.refused {
        return Err(fixed(
            "EXECABORT Transaction discarded because of previous errors.",
        ));
    }
    if let Some(touch) = touch {
        cx.unit.aborted = Some(Box::new(Abort {
            commands: queue.commands,
            watched,
            touch,
        }));
        return Ok(Reply::NullArray);
    }
    cx.unit.origin = Origin::Exec;
    cx.session.executing = Some(queue.commands.len());
    let mut replies = Vec::with_capacity(queue.commands.len());
    let mut effects = Vec::with_capacity(queue.commands.len());
    let mut argv = Vec::new();
    let mut flags = 0;
    for index in 0..queue.commands.len() {
        queue.commands.get(index, &mut argv);
        let (reply, effect) = match resolve(&argv) {
            Ok(command) => {
                flags |= command.flags;
                call_inside(cx, command, &argv, None)
            }
            Err(error) => (error.into(), Effect::None),
        };
        effects.push(effect);
        replies.push((reply, cx.session.protocol));
    }
    // Only such commands take passwords.
    let commands = match flags & (ADMIN | NO_AUTH) {
        0 => queue.commands,
        _ => redacted_all(&queue.commands),
    };
    cx.unit.record_all(commands, effects);
    cx.session.executing = None;
    // HELLO inside the transaction: each reply keeps the shape of its own time.
    let shape = |(reply, protocol): (Reply, Protocol)| match protocol {
        Protocol::Resp2 if cx.resp3() => reply.lowered(),
        _ => reply,
    };
    Ok(Reply::Array(replies.into_iter().map(shape).collect()))
}

fn watch(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    if cx.session.queue.is_some() {
        return Err(fixed("ERR WATCH inside MULTI is not allowed"));
    }
    for key in args.rest() {
        cx.expire(key);
        let now = cx.unit.seq - 1;
        cx.world
            .watches
            .watch(cx.session.id, cx.session.db, key, now);
    }
    Ok(Reply::OK)
}

fn unwatch(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    forget_watches(cx);
    Ok(Reply::OK)
}

/// A watched key whose time is over counts as changed, even if nobody removed it yet.
fn expire_watched(cx: &mut Context<'_>) {
    let selected = cx.session.db;
    for (db, key, _) in cx.world.watches.watched(cx.session.id).to_vec() {
        cx.session.db = db;
        cx.expire(&key);
    }
    cx.session.db = selected;
}

fn forget_watches(cx: &mut Context<'_>) {
    let Session { id, .. } = *cx.session;
    cx.world.watches.unwatch(id);
}
