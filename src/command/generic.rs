//! Commands that work on keys of any type.

use super::Command;
use super::args::Args;
use super::cmd;
use super::context::Context;
use super::reply::Result;
use super::spec::*;
use crate::resp::Reply;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(super) const COMMANDS: &[Command] = &[
    cmd("DEL", -2, WRITE, &[keys(1, -1, 1, RM | DELETE)], del)
        .tips(&["request_policy:multi_shard", "response_policy:agg_sum"])
        .doc("1.0.0", "O(N) where N is the number of keys that will be removed.", "key [key ...]", "Deletes one or more keys."),
];

fn del(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let removed = args
        .rest()
        .iter()
        .filter(|key| cx.remove(key).is_some())
        .count();
    Ok(Reply::len(removed))
}
