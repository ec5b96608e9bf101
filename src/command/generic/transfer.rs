//! Whole values on the move: to another key, to another database.

use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::spec::*;
use crate::keyspace::Slot;
use crate::resp::Reply;
use crate::value::Value;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("COPY", -3, WRITE | DENYOOM, &[key(1, RO | ACCESS), key(2, OW | UPDATE)], copy_)
        .doc("6.2.0", "O(N) worst case for collections, where N is the number of nested items. O(1) for string values.", "source destination [DB destination-db] [REPLACE]", "Copies the value of a key to a new key."),
    cmd("MOVE", 3, WRITE | FAST, &[key(1, RW | ACCESS | UPDATE)], move_)
        .doc("1.0.0", "O(1)", "key db", "Moves a key to another database."),
    cmd("RENAME", 3, WRITE, &[key(1, RW | ACCESS | DELETE), key(2, OW | UPDATE)], rename)
        .doc("1.0.0", "O(1)", "key newkey", "Renames a key and overwrites the destination."),
    cmd("RENAMENX", 3, WRITE | FAST, &[key(1, RW | ACCESS | DELETE), key(2, OW | INSERT)], renamenx)
        .doc("1.0.0", "O(1)", "key newkey", "Renames a key only when the target key name doesn't exist."),
];

const SAME_OBJECT: ReplyError = fixed("ERR source and destination objects are the same");

fn copy_(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (source, target) = (args.next()?, args.next()?);
    let (mut db, mut replace) = (cx.session.db, false);
    while !args.is_empty() {
        if args.keyword("REPLACE") {
            replace = true;
        } else if args.keyword_with("DB", 1) {
            db = database(cx, &mut args)?;
        } else {
            return Err(ReplyError::SYNTAX);
        }
    }
    if source == target && db == cx.session.db {
        return Err(SAME_OBJECT);
    }
    let Some(slot) = cx.read(source).cloned() else {
        return Ok(Reply::flag(false));
    };
    let free = replace || cx.in_db(db, |cx| !cx.exists(target));
    if free && matches!(slot.value(), Value::Vectors(_)) {
        return Err(fixed("ERR not supported for this module key"));
    }
    Ok(Reply::flag(put(cx, db, target, slot, replace)))
}

fn move_(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    let db = database(cx, &mut args)?;
    if db == cx.session.db {
        return Err(SAME_OBJECT);
    }
    let Some(slot) = cx.peek(key).cloned() else {
        return Ok(Reply::flag(false));
    };
    let moved = put(cx, db, key, slot, false);
    if moved {
        cx.remove(key);
    }
    Ok(Reply::flag(moved))
}

fn rename(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    rename_key(cx, args, true)?;
    Ok(Reply::OK)
}

fn renamenx(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    Ok(Reply::flag(rename_key(cx, args, false)?))
}

/// Whether the key has a new name now.
fn rename_key(cx: &mut Context<'_>, mut args: Args<'_>, replace: bool) -> Result<bool> {
    let (source, target) = (args.next()?, args.next()?);
    let slot = cx.peek(source).cloned().ok_or(ReplyError::NO_SUCH_KEY)?;
    if source == target {
        return Ok(false);
    }
    if !replace && cx.exists(target) {
        return Ok(false);
    }
    // Whoever has copies of both is told of this one first.
    cx.invalidate(source);
    put(cx, cx.session.db, target, slot, true);
    cx.remove(source);
    Ok(true)
}

/// Puts what stood in `slot`, with its time to live, at a key of a database; not in place of another value unless
/// `replace` allows that.
fn put(cx: &mut Context<'_>, db: usize, key: &[u8], slot: Slot, replace: bool) -> bool {
    cx.in_db(db, |cx| {
        let free = replace || !cx.exists(key);
        if free {
            let (value, expires_at) = slot.into_value();
            cx.set_until(key, value, expires_at);
        }
        free
    })
}

/// Reads a database's number.
fn database(cx: &Context<'_>, args: &mut Args<'_>) -> Result<usize> {
    let index = args.i64_in(i64::from(i32::MIN)..=i64::from(i32::MAX))?;
    let db = usize::try_from(index).ok();
    db.filter(|&db| db < cx.world.keyspace.databases())
        .ok_or(ReplyError::NO_SUCH_DB)
}
