//! Elements on their way out of a list, and into another one.

use crate::bytes::Bytes;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::list::Side;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::spec::*;
use crate::number::format_i64;
use crate::resp::Reply;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("LMOVE", 5, WRITE | DENYOOM, &[key(1, RW | ACCESS | DELETE), key(2, RW | INSERT)], lmove)
        .doc("6.2.0", "O(1)", "source destination <LEFT | RIGHT> <LEFT | RIGHT>", "Returns an element after popping it from one list and pushing it to another. Deletes the list if the last element was moved."),
    cmd("LMPOP", -4, WRITE, &[numkeys(1, RW | ACCESS | DELETE)], lmpop)
        .doc("7.0.0", "O(N+M) where N is the number of provided keys and M is the number of elements returned.", "numkeys key [key ...] <LEFT | RIGHT> [COUNT count]", "Returns multiple elements from a list after removing them. Deletes the list if the last element was popped."),
    cmd("LPOP", -2, WRITE | FAST, &[key(1, RW | ACCESS | DELETE)], lpop)
        .doc("1.0.0", "O(N) where N is the number of elements returned", "key [count]", "Returns and removes one or more elements from the beginning of a list. Deletes the list if the last element was popped."),
    cmd("RPOP", -2, WRITE | FAST, &[key(1, RW | ACCESS | DELETE)], rpop)
        .doc("1.0.0", "O(N) where N is the number of elements returned", "key [count]", "Returns and removes one or more elements from the end of a list. Deletes the list if the last element was popped."),
    cmd("RPOPLPUSH", 3, WRITE | DENYOOM, &[key(1, RW | ACCESS | DELETE), key(2, RW | INSERT)], rpoplpush)
        .doc("1.2.0", "O(1)", "source destination", "Returns the last element of a list after removing and pushing it to another list. Deletes the list if the last element was popped.")
        .deprecated("6.2.0", "`LMOVE` with the `RIGHT` and `LEFT` arguments"),
];

fn lmove(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (source, target) = (args.next()?, args.next()?);
    let (from, to) = (Side::parse(&mut args)?, Side::parse(&mut args)?);
    Ok(move_element(cx, source, target, from, to)?.into())
}

fn lmpop(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let keys = args.numbered_keys()?;
    let side = Side::parse(&mut args)?;
    let count = args.pop_count()?;
    let popped = pop_first(cx, keys, side, count)?;
    Ok(popped.unwrap_or(Reply::NullArray))
}

fn lpop(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    pop_command(cx, args, Side::Left, "LPOP")
}

fn rpop(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    pop_command(cx, args, Side::Right, "RPOP")
}

fn rpoplpush(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (source, target) = (args.next()?, args.next()?);
    Ok(move_element(cx, source, target, Side::Right, Side::Left)?.into())
}

fn pop_command(cx: &mut Context<'_>, mut args: Args<'_>, side: Side, name: &str) -> Result {
    let key = args.next()?;
    let count = match args.len() {
        0 => None,
        1 => Some(args.non_negative()?),
        _ => return Err(ReplyError::arity(name)),
    };
    let exists = cx.peek_list(key)?.is_some();
    match (exists, count) {
        (false, None) => Ok(Reply::Null),
        (false, Some(_)) => Ok(Reply::NullArray),
        (true, None) => Ok(pop(cx, key, side, 1)?.pop().into()),
        (true, Some(count)) => Ok(Reply::bulks(pop(cx, key, side, count)?)),
    }
}

/// Takes up to `count` elements out of the first of the lists that exists: its key and the elements.
pub(super) fn pop_first(
    cx: &mut Context<'_>,
    keys: &[&[u8]],
    side: Side,
    count: usize,
) -> Result<Option<Reply>> {
    for key in keys {
        if cx.peek_list(key)?.is_some() {
            let elements = pop(cx, key, side, count)?;
            let popped = format_i64(elements.len() as i64);
            cx.unit.rewrite(&[side.pop_command(), key, &popped]);
            let reply = vec![Reply::bulk(*key), Reply::bulks(elements)];
            return Ok(Some(Reply::Array(reply)));
        }
    }
    Ok(None)
}

/// Takes up to `count` elements out of the list at `key`, which exists.
pub(super) fn pop(
    cx: &mut Context<'_>,
    key: &[u8],
    side: Side,
    count: usize,
) -> Result<Vec<Bytes>> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let list = cx.list_mut(key)?;
    let popped = std::iter::from_fn(|| side.pop(list)).take(count).collect();
    cx.changed(key);
    Ok(popped)
}

/// Moves the element at one end of a list to an end of another one, or of the same.
pub(super) fn move_element(
    cx: &mut Context<'_>,
    source: &[u8],
    target: &[u8],
    from: Side,
    to: Side,
) -> Result<Option<Bytes>> {
    if cx.peek_list(source)?.is_none() {
        return Ok(None);
    }
    cx.peek_list(target)?;
    let list = cx.list_mut(source)?;
    let Some(element) = from.pop(list) else {
        return Ok(None);
    };
    // A list that only turns never becomes empty: it keeps its time to live.
    if source != target {
        cx.changed(source);
    }
    let list = cx.list_mut(target)?;
    list.expect(1, element.len());
    to.push(list, element.clone());
    cx.changed(target);
    Ok(Some(element))
}
