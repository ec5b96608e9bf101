//! Members from the ends of a sorted set, waited for if there are none.

use crate::command::Block;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::Result;
use crate::command::spec::*;
use crate::command::zset::draw::End;
use crate::command::zset::draw::pop;
use crate::command::zset::draw::pop_first;
use crate::resp::Reply;
use crate::value::Value;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("BZMPOP", -5, WRITE | BLOCKING, &[numkeys(2, RW | ACCESS | DELETE)], bzmpop)
        .doc("7.0.0", "O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of elements in the sorted set, and M being the number of elements popped.", "timeout numkeys key [key ...] <MIN | MAX> [COUNT count]", "Removes and returns a member by score from one or more sorted sets. Blocks until a member is available otherwise. Deletes the sorted set if the last element was popped."),
    cmd("BZPOPMAX", -3, WRITE | BLOCKING | FAST, &[keys(1, -2, 1, RW | ACCESS | DELETE)], bzpopmax)
        .doc("5.0.0", "O(log(N)) with N being the number of elements in the sorted set.", "key [key ...] timeout", "Removes and returns the member with the highest score from one or more sorted sets. Blocks until a member is available otherwise. Deletes the sorted set if the last element was popped."),
    cmd("BZPOPMIN", -3, WRITE | BLOCKING | FAST, &[keys(1, -2, 1, RW | ACCESS | DELETE)], bzpopmin)
        .doc("5.0.0", "O(log(N)) with N being the number of elements in the sorted set.", "key [key ...] timeout", "Removes and returns the member with the lowest score from one or more sorted sets. Blocks until a member is available otherwise. Deletes the sorted set if the last element was popped."),
];

fn bzmpop(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let timeout = args.take(1)?;
    let keys = args.numbered_keys()?;
    let end = End::parse(&mut args)?;
    let count = args.pop_count()?;
    // Every other error comes before that of the timeout.
    let deadline_us = cx.deadline(&mut Args::new(timeout, 0))?;
    match pop_first(cx, keys, end, count)? {
        Some(popped) => Ok(popped),
        None => Ok(wait(cx, args, keys, deadline_us)),
    }
}

fn bzpopmax(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    pop_or_wait(cx, args, End::Max)
}

fn bzpopmin(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    pop_or_wait(cx, args, End::Min)
}

/// Pops from the first of the keys that is a sorted set.
fn pop_or_wait(cx: &mut Context<'_>, mut args: Args<'_>, end: End) -> Result {
    let keys = args.take(args.len() - 1)?;
    let deadline_us = cx.deadline(&mut args)?;
    for key in keys {
        if let Some((member, score)) = pop(cx, key, end, 1)?.pop() {
            cx.unit.rewrite(&[end.command(), key]);
            let reply = [Reply::bulk(*key), Reply::Bulk(member), Reply::Double(score)];
            return Ok(Reply::Array(reply.into()));
        }
    }
    Ok(wait(cx, args, keys, deadline_us))
}

/// Waits until one of the keys is a sorted set.
fn wait(cx: &mut Context<'_>, args: Args<'_>, keys: &[&[u8]], deadline_us: Option<i64>) -> Reply {
    cx.block(Block {
        keys,
        wakes: |value| matches!(value, Some(Value::ZSet(_))),
        deadline_us,
        timeout: Reply::NullArray,
        argv: args.argv(),
    })
}
