//! FLUSHALL, FLUSHDB, SWAPDB: whole databases.

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::keyspace::Db;
use crate::resp::Reply;

/// `FLUSHALL [ASYNC | SYNC]`
pub(super) fn flushall(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let is_async = check_mode(&mut args)?;
    empty_all(cx);
    cx.invalidate_flushed(is_async);
    Ok(Reply::OK)
}

/// Removes all keys of all databases.
pub(in crate::command) fn empty_all(cx: &mut Context<'_>) {
    for db in 0..cx.world.keyspace.databases() {
        empty(cx, db);
    }
}

/// `FLUSHDB [ASYNC | SYNC]`
pub(super) fn flushdb(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let is_async = check_mode(&mut args)?;
    empty(cx, cx.session.db);
    cx.invalidate_flushed(is_async);
    Ok(Reply::OK)
}

/// Whether the mode is ASYNC. It matters to nothing but the order of what a connection is told: letting go of the data
/// never takes long enough to wait for.
fn check_mode(args: &mut Args<'_>) -> Result<bool> {
    let is_async = args.keyword("ASYNC");
    let _ = is_async || args.keyword("SYNC");
    args.finish().map(|()| is_async)
}

fn empty(cx: &mut Context<'_>, db: usize) {
    if cx.world.keyspace.db(db).is_empty() {
        return;
    }
    touch_noticed(cx, db, db);
    *cx.world.keyspace.db_mut(db) = Db::default();
    cx.unit.changed();
}

/// `SWAPDB index1 index2`
pub(super) fn swapdb(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let first = db_index(&mut args, fixed("ERR invalid first DB index"))?;
    let second = db_index(&mut args, fixed("ERR invalid second DB index"))?;
    let databases = cx.world.keyspace.databases();
    let index = |index: i32| usize::try_from(index).ok().filter(|&db| db < databases);
    let (Some(first), Some(second)) = (index(first), index(second)) else {
        return Err(ReplyError::NO_SUCH_DB);
    };
    let is_empty = |db: usize| cx.world.keyspace.db(db).is_empty();
    if first != second && !(is_empty(first) && is_empty(second)) {
        touch_noticed(cx, first, second);
        touch_noticed(cx, second, first);
        cx.world.keyspace.swap(first, second);
        cx.unit.changed();
    }
    Ok(Reply::OK)
}

fn db_index(args: &mut Args<'_>, error: ReplyError) -> Result<i32> {
    let index = args.i64_or(error.clone())?;
    i32::try_from(index).map_err(|_| error)
}

/// Touches the keys of `db` that somebody watches or waits for, where they exist in it, or in `other`, which takes
/// its place.
fn touch_noticed(cx: &mut Context<'_>, db: usize, other: usize) {
    for key in cx.world.noticed_keys(db) {
        let exists = |db: usize| cx.world.keyspace.db(db).get(&key).is_some();
        if exists(db) || exists(other) {
            cx.world.notice(db, &key, cx.unit.seq);
        }
    }
}
