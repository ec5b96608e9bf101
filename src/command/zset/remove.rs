//! Members on their way out, by name or by range.

use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::Result;
use crate::command::spec::*;
use crate::command::zset::span::Span;
use crate::resp::Reply;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("ZREM", -3, WRITE | FAST, &[key(1, RW | DELETE)], zrem)
        .doc("1.2.0", "O(M*log(N)) with N being the number of elements in the sorted set and M the number of elements to be removed.", "key member [member ...]", "Removes one or more members from a sorted set. Deletes the sorted set if all members were removed."),
    cmd("ZREMRANGEBYLEX", 4, WRITE, &[key(1, RW | DELETE)], zremrangebylex)
        .doc("2.8.9", "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements removed by the operation.", "key min max", "Removes members in a sorted set within a lexicographical range. Deletes the sorted set if all members were removed."),
    cmd("ZREMRANGEBYRANK", 4, WRITE, &[key(1, RW | DELETE)], zremrangebyrank)
        .doc("2.0.0", "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements removed by the operation.", "key start stop", "Removes members in a sorted set within a range of indexes. Deletes the sorted set if all members were removed."),
    cmd("ZREMRANGEBYSCORE", 4, WRITE, &[key(1, RW | DELETE)], zremrangebyscore)
        .doc("1.2.0", "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements removed by the operation.", "key min:double max:double", "Removes members in a sorted set within a range of scores. Deletes the sorted set if all members were removed."),
];

fn zrem(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, members) = (args.next()?, args.rest());
    if cx.peek_zset(key)?.is_none() {
        return Ok(Reply::Int(0));
    }
    let zset = cx.zset_mut(key)?;
    let removed = members.iter().filter_map(|member| zset.remove(member));
    let removed = removed.count();
    if removed > 0 {
        cx.changed(key);
    }
    Ok(Reply::len(removed))
}

fn zremrangebylex(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    remove_range(cx, args, Span::texts)
}

fn zremrangebyrank(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    remove_range(cx, args, Span::by_rank)
}

fn zremrangebyscore(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    remove_range(cx, args, Span::scores)
}

fn remove_range<'a>(
    cx: &mut Context<'_>,
    mut args: Args<'a>,
    span: fn(&'a [u8], &'a [u8]) -> Result<Span<'a>>,
) -> Result {
    let key = args.next()?;
    let span = span(args.next()?, args.next()?)?;
    let ranks = cx.peek_zset(key)?.map_or(0..0, |zset| span.ranks(zset));
    if !ranks.is_empty() {
        let zset = cx.zset_mut(key)?;
        for rank in ranks.clone().rev() {
            zset.remove_rank(rank);
        }
        cx.changed(key);
    }
    Ok(Reply::len(ranks.len()))
}
