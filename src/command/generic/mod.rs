//! Commands that work on keys of any type.
//!
//! This file: what only asks for a key or removes it. The others: whole values on the move, times to live, walks over
//! the keys, serialized values, sorting.

pub(super) mod dump;
pub(super) mod expire;
pub(super) mod object;
pub(super) mod scan;
pub(super) mod sort;
pub(super) mod transfer;
pub(super) mod wait;

use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::Result;
use crate::command::spec::*;
use crate::resp::Reply;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("DEL", -2, WRITE, &[keys(1, -1, 1, RM | DELETE)], del)
        .doc("1.0.0", "O(N) where N is the number of keys that will be removed. When a key to remove holds a value other than a string, the individual complexity for this key is O(M) where M is the number of elements in the list, set, sorted set or hash. Removing a single key that holds a string value is O(1).", "key [key ...]", "Deletes one or more keys.")
        .tips(&["request_policy:multi_shard", "response_policy:agg_sum"]),
    cmd("EXISTS", -2, READONLY | FAST, &[keys(1, -1, 1, RO)], exists)
        .doc("1.0.0", "O(N) where N is the number of keys to check.", "key [key ...]", "Determines whether one or more keys exist.")
        .tips(&["request_policy:multi_shard", "response_policy:agg_sum"]),
    cmd("TOUCH", -2, READONLY | FAST, &[keys(1, -1, 1, RO)], touch)
        .doc("3.2.1", "O(N) where N is the number of keys that will be touched.", "key [key ...]", "Returns the number of existing keys out of those specified after updating the time they were last accessed.")
        .tips(&["request_policy:multi_shard", "response_policy:agg_sum"]),
    cmd("TYPE", 2, READONLY | FAST, &[key(1, RO)], type_)
        .doc("1.0.0", "O(1)", "key", "Determines the type of value stored at a key."),
    cmd("UNLINK", -2, WRITE | FAST, &[keys(1, -1, 1, RM | DELETE)], unlink)
        .doc("4.0.0", "O(1) for each key removed regardless of its size. Then the command does O(N) work in a different thread in order to reclaim memory, where N is the number of allocations the deleted objects where composed of.", "key [key ...]", "Asynchronously deletes one or more keys.")
        .tips(&["request_policy:multi_shard", "response_policy:agg_sum"]),
];

fn del(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    count(args, |key| cx.remove(key).is_some())
}

fn exists(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    count(args, |key| cx.look(key).is_some())
}

fn touch(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    let now_s = cx.now_s();
    // Also for a connection with CLIENT NO-TOUCH on.
    count(args, |key| {
        cx.look(key).inspect(|slot| slot.access(now_s)).is_some()
    })
}

fn type_(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let slot = cx.look(args.next()?);
    let name = slot.map_or("none", |slot| slot.value().type_name());
    Ok(Reply::simple(name))
}

/// Nothing is freed in the background here: the same as DEL.
fn unlink(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    del(cx, args)
}

/// For how many of the keys `holds` is true.
fn count(mut args: Args<'_>, mut holds: impl FnMut(&[u8]) -> bool) -> Result {
    let keys = args.rest().iter();
    Ok(Reply::len(keys.filter(|key| holds(key)).count()))
}
