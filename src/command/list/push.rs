//! Elements on their way into a list.

use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::list::Side;
use crate::command::reply::Result;
use crate::command::spec::*;
use crate::resp::Reply;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("LPUSH", -3, WRITE | DENYOOM | FAST, &[key(1, RW | INSERT)], lpush)
        .doc("1.0.0", "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.", "key element [element ...]", "Prepends one or more elements to a list. Creates the key if it doesn't exist."),
    cmd("LPUSHX", -3, WRITE | DENYOOM | FAST, &[key(1, RW | INSERT)], lpushx)
        .doc("2.2.0", "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.", "key element [element ...]", "Prepends one or more elements to a list only when the list exists."),
    cmd("RPUSH", -3, WRITE | DENYOOM | FAST, &[key(1, RW | INSERT)], rpush)
        .doc("1.0.0", "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.", "key element [element ...]", "Appends one or more elements to a list. Creates the key if it doesn't exist."),
    cmd("RPUSHX", -3, WRITE | DENYOOM | FAST, &[key(1, RW | INSERT)], rpushx)
        .doc("2.2.0", "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.", "key element [element ...]", "Appends one or more elements to a list only when the list exists."),
];

fn lpush(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    push(cx, args, Side::Left)
}

fn lpushx(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    push_if_exists(cx, args, Side::Left)
}

fn rpush(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    push(cx, args, Side::Right)
}

fn rpushx(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    push_if_exists(cx, args, Side::Right)
}

fn push_if_exists(cx: &mut Context<'_>, args: Args<'_>, side: Side) -> Result {
    match cx.peek_list({ args }.next()?)? {
        Some(_) => push(cx, args, side),
        None => Ok(Reply::Int(0)),
    }
}

fn push(cx: &mut Context<'_>, mut args: Args<'_>, side: Side) -> Result {
    let key = args.next()?;
    let elements = args.rest();
    let list = cx.list_mut(key)?;
    list.expect(
        elements.len(),
        elements.iter().map(|element| element.len()).sum(),
    );
    for element in elements {
        side.push(list, *element);
    }
    let len = list.len();
    cx.grew(key);
    Ok(Reply::len(len))
}
