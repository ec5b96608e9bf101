//! Elements on their way out of a list, waited for if there are none.

use crate::command::Block;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::list::Side;
use crate::command::list::pop::move_element;
use crate::command::list::pop::pop;
use crate::command::list::pop::pop_first;
use crate::command::reply::Result;
use crate::command::spec::*;
use crate::resp::Reply;
use crate::value::Value;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("BLMOVE", 6, WRITE | DENYOOM | BLOCKING, &[key(1, RW | ACCESS | DELETE), key(2, RW | INSERT)], blmove)
        .doc("6.2.0", "O(1)", "source destination <LEFT | RIGHT> <LEFT | RIGHT> timeout", "Pops an element from a list, pushes it to another list and returns it. Blocks until an element is available otherwise. Deletes the list if the last element was moved."),
    cmd("BLMPOP", -5, WRITE | BLOCKING, &[numkeys(2, RW | ACCESS | DELETE)], blmpop)
        .doc("7.0.0", "O(N+M) where N is the number of provided keys and M is the number of elements returned.", "timeout numkeys key [key ...] <LEFT | RIGHT> [COUNT count]", "Pops the first element from one of multiple lists. Blocks until an element is available otherwise. Deletes the list if the last element was popped."),
    cmd("BLPOP", -3, WRITE | BLOCKING, &[keys(1, -2, 1, RW | ACCESS | DELETE)], blpop)
        .doc("2.0.0", "O(N) where N is the number of provided keys.", "key [key ...] timeout", "Removes and returns the first element in a list. Blocks until an element is available otherwise. Deletes the list if the last element was popped."),
    cmd("BRPOP", -3, WRITE | BLOCKING, &[keys(1, -2, 1, RW | ACCESS | DELETE)], brpop)
        .doc("2.0.0", "O(N) where N is the number of provided keys.", "key [key ...] timeout", "Removes and returns the last element in a list. Blocks until an element is available otherwise. Deletes the list if the last element was popped."),
    cmd("BRPOPLPUSH", 4, WRITE | DENYOOM | BLOCKING, &[key(1, RW | ACCESS | DELETE), key(2, RW | INSERT)], brpoplpush)
        .doc("2.2.0", "O(1)", "source destination timeout", "Pops an element from a list, pushes it to another list and returns it. Blocks until an element is available otherwise. Deletes the list if the last element was popped.")
        .deprecated("6.2.0", "`BLMOVE` with the `RIGHT` and `LEFT` arguments"),
];

fn blmove(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (source, target) = (args.next()?, args.next()?);
    let (from, to) = (Side::parse(&mut args)?, Side::parse(&mut args)?);
    let argv = args.argv();
    let effect: &[&[u8]] = &[b"LMOVE", source, target, argv[3], argv[4]];
    move_or_wait(cx, args, (source, from), (target, to), effect)
}

fn blmpop(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let timeout = args.take(1)?;
    let keys = args.numbered_keys()?;
    let side = Side::parse(&mut args)?;
    let count = args.pop_count()?;
    // Every other error comes before that of the timeout.
    let deadline_us = cx.deadline(&mut Args::new(timeout, 0))?;
    match pop_first(cx, keys, side, count)? {
        Some(popped) => Ok(popped),
        None => Ok(wait(cx, args, keys, deadline_us)),
    }
}

fn blpop(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    pop_or_wait(cx, args, Side::Left)
}

fn brpop(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    pop_or_wait(cx, args, Side::Right)
}

fn brpoplpush(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (source, target) = (args.next()?, args.next()?);
    let effect: &[&[u8]] = &[b"RPOPLPUSH", source, target];
    move_or_wait(
        cx,
        args,
        (source, Side::Right),
        (target, Side::Left),
        effect,
    )
}

/// Pops from the first of the keys that is a list.
fn pop_or_wait(cx: &mut Context<'_>, mut args: Args<'_>, side: Side) -> Result {
    let keys = args.take(args.len() - 1)?;
    let deadline_us = cx.deadline(&mut args)?;
    for key in keys {
        if cx.peek_list(key)?.is_some() {
            let popped = pop(cx, key, side, 1)?;
            cx.unit.rewrite(&[side.pop_command(), key]);
            let key = Reply::bulk(*key);
            return Ok(Reply::Array(
                std::iter::once(key)
                    .chain(popped.into_iter().map(Reply::Bulk))
                    .collect(),
            ));
        }
    }
    Ok(wait(cx, args, keys, deadline_us))
}

/// Moves an element; `effect` is the command that does the same without waiting.
fn move_or_wait(
    cx: &mut Context<'_>,
    mut args: Args<'_>,
    (source, from): (&[u8], Side),
    (target, to): (&[u8], Side),
    effect: &[&[u8]],
) -> Result {
    let deadline_us = cx.deadline(&mut args)?;
    match move_element(cx, source, target, from, to)? {
        Some(element) => {
            cx.unit.rewrite(effect);
            Ok(Reply::Bulk(element))
        }
        // A wait that is over is answered with a null array, one that never was with a null.
        None if !cx.may_block() => Ok(Reply::Null),
        None => Ok(wait(cx, args, &[source], deadline_us)),
    }
}

/// Waits until one of the keys is a list.
fn wait(cx: &mut Context<'_>, args: Args<'_>, keys: &[&[u8]], deadline_us: Option<i64>) -> Reply {
    cx.block(Block {
        keys,
        wakes: |value| matches!(value, Some(Value::List(_))),
        deadline_us,
        timeout: Reply::NullArray,
        argv: args.argv(),
    })
}
