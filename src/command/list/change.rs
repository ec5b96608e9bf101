//! Changes inside a list.

use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::position::position;
use crate::command::position::positions;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::spec::*;
use crate::resp::Reply;
use crate::value::ListpackEntry;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("LINSERT", 5, WRITE | DENYOOM, &[key(1, RW | INSERT)], linsert)
        .doc("2.2.0", "O(N) where N is the number of elements to traverse before seeing the value pivot. This means that inserting somewhere on the left end on the list (head) can be considered O(1) and inserting somewhere on the right end (tail) is O(N).", "key <BEFORE | AFTER> pivot element", "Inserts an element before or after another element in a list."),
    cmd("LREM", 4, WRITE, &[key(1, RW | DELETE)], lrem)
        .doc("1.0.0", "O(N+M) where N is the length of the list and M is the number of elements removed.", "key count element", "Removes elements from a list. Deletes the list if the last element was removed."),
    cmd("LSET", 4, WRITE | DENYOOM, &[key(1, RW | UPDATE)], lset)
        .doc("1.0.0", "O(N) where N is the length of the list. Setting either the first or the last element of the list is O(1).", "key index element", "Sets the value of an element in a list by its index."),
    cmd("LTRIM", 4, WRITE, &[key(1, RW | DELETE)], ltrim)
        .doc("1.0.0", "O(N) where N is the number of elements to be removed by the operation.", "key start stop", "Removes elements from both ends of a list. Deletes the list if all elements were trimmed."),
];

fn linsert(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    let behind = if args.keyword("AFTER") {
        1
    } else if args.keyword("BEFORE") {
        0
    } else {
        return Err(ReplyError::SYNTAX);
    };
    let (pivot, element) = (args.next()?, args.next()?);
    if cx.peek_list(key)?.is_none() {
        return Ok(Reply::Int(0));
    }
    let list = cx.list_mut(key)?;
    list.expect(1, element.len());
    let pivot = ListpackEntry::from(pivot);
    let Some(at) = list.iter().position(|element| element == pivot) else {
        return Ok(Reply::Int(-1));
    };
    list.insert(at + behind, element);
    let len = list.len();
    cx.changed(key);
    Ok(Reply::len(len))
}

fn lrem(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    let (count, unwanted) = (args.i64_in(-i64::MAX..=i64::MAX)?, args.next()?);
    if cx.peek_list(key)?.is_none() {
        return Ok(Reply::Int(0));
    }
    let most = match count {
        0 => usize::MAX,
        _ => usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX),
    };
    let removed = cx.list_mut(key)?.remove_equal(unwanted, most, count < 0);
    if removed > 0 {
        cx.changed(key);
    }
    Ok(Reply::len(removed))
}

fn lset(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    let len = cx.peek_list(key)?.ok_or(ReplyError::NO_SUCH_KEY)?.len();
    let (index, element) = (args.i64()?, args.next()?);
    // Redis keeps only 32 bits of this index.
    let at = position(i64::from(index as i32), len);
    let list = cx.list_mut(key)?;
    list.expect(1, element.len());
    list.set(at.ok_or(ReplyError::OUT_OF_RANGE)?, element);
    cx.changed(key);
    Ok(Reply::OK)
}

fn ltrim(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, start, stop) = (args.next()?, args.i64()?, args.i64()?);
    if let Some(list) = cx.peek_list(key)? {
        let len = list.len();
        let range = positions(start, stop, len);
        if range.len() < len {
            cx.list_mut(key)?.keep(range);
            cx.changed(key);
        }
    }
    Ok(Reply::OK)
}
