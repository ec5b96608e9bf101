//! Waiting for copies of what was written: a fake has no replicas.

use crate::command::Block;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::spec::*;
use crate::resp::Reply;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("WAIT", 3, BLOCKING | CAT_CONNECTION, &[], wait)
        .doc("3.0.0", "O(1)", "numreplicas timeout:integer", "Blocks until the asynchronous replication of all preceding write commands sent by the connection is completed.")
        .tips(&["request_policy:all_shards", "response_policy:agg_min"]),
    cmd("WAITAOF", 4, BLOCKING | CAT_CONNECTION, &[], waitaof)
        .doc("7.2.0", "O(1)", "numlocal numreplicas timeout:integer", "Blocks until all of the preceding write commands sent by the connection are written to the append-only file of the primary and/or replicas.")
        .tips(&["request_policy:all_shards", "response_policy:agg_min"]),
];

fn wait(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let replicas = args.i64()?;
    let deadline_us = cx.deadline_ms(&mut args)?;
    Ok(wait_for(cx, args, replicas > 0, deadline_us, Reply::Int(0)))
}

/// What was written is synced at once, instead of waiting for the next time that it would be.
fn waitaof(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let local = args.i64_in(0..=1)?;
    let replicas = args.non_negative()?;
    let deadline_us = cx.deadline_ms(&mut args)?;
    let synced = match cx.host.sync() {
        Ok(synced) => synced,
        Err(reason) => return Err(ReplyError::new(format!("ERR {reason}"))),
    };
    if local == 1 && !synced {
        return Err(fixed(
            "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.",
        ));
    }
    let reply = Reply::Array(vec![Reply::flag(synced), Reply::Int(0)]);
    Ok(wait_for(cx, args, replicas > 0, deadline_us, reply))
}

/// Waits for replicas where any are asked for: none will ever come, so that only time ends that.
fn wait_for(
    cx: &mut Context<'_>,
    args: Args<'_>,
    replicas: bool,
    deadline_us: Option<i64>,
    reply: Reply,
) -> Reply {
    if !replicas {
        return reply;
    }
    cx.block(Block {
        keys: &[],
        wakes: |_| false,
        deadline_us,
        timeout: reply,
        argv: args.argv(),
    })
}
