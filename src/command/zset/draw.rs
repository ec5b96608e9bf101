//! Members from the ends, taken out, and members at random.

use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::random;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::spec::*;
use crate::command::zset::Scored;
use crate::command::zset::owned;
use crate::command::zset::pairs;
use crate::command::zset::reply;
use crate::number::format_i64;
use crate::resp::Reply;
use crate::value::ZSet;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("ZMPOP", -4, WRITE, &[numkeys(1, RW | ACCESS | DELETE)], zmpop)
        .doc("7.0.0", "O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of elements in the sorted set, and M being the number of elements popped.", "numkeys key [key ...] <MIN | MAX> [COUNT count]", "Returns the highest- or lowest-scoring members from one or more sorted sets after removing them. Deletes the sorted set if the last member was popped."),
    cmd("ZPOPMAX", -2, WRITE | FAST, &[key(1, RW | ACCESS | DELETE)], zpopmax)
        .doc("5.0.0", "O(log(N)*M) with N being the number of elements in the sorted set, and M being the number of elements popped.", "key [count]", "Returns the highest-scoring members from a sorted set after removing them. Deletes the sorted set if the last member was popped."),
    cmd("ZPOPMIN", -2, WRITE | FAST, &[key(1, RW | ACCESS | DELETE)], zpopmin)
        .doc("5.0.0", "O(log(N)*M) with N being the number of elements in the sorted set, and M being the number of elements popped.", "key [count]", "Returns the lowest-scoring members from a sorted set after removing them. Deletes the sorted set if the last member was popped."),
    cmd("ZRANDMEMBER", -2, READONLY, &[key(1, RO | ACCESS)], zrandmember)
        .doc("6.2.0", "O(N) where N is the number of members returned", "key [count [WITHSCORES]]", "Returns one or more random members from a sorted set.")
        .tips(&["nondeterministic_output"]),
];

/// An end of a sorted set.
#[derive(Clone, Copy)]
pub(super) enum End {
    Min,
    Max,
}

impl End {
    /// Reads `MIN` or `MAX`.
    pub(super) fn parse(args: &mut Args<'_>) -> Result<End> {
        if args.keyword("MIN") {
            Ok(End::Min)
        } else if args.keyword("MAX") {
            Ok(End::Max)
        } else {
            Err(ReplyError::SYNTAX)
        }
    }

    /// The command that pops from this end.
    pub(super) fn command(self) -> &'static [u8] {
        match self {
            End::Min => b"ZPOPMIN",
            End::Max => b"ZPOPMAX",
        }
    }

    fn pop(self, zset: &mut ZSet) -> Option<Scored> {
        let last = zset.len().checked_sub(1)?;
        Some(zset.remove_rank(match self {
            End::Min => 0,
            End::Max => last,
        }))
    }
}

fn zmpop(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let keys = args.numbered_keys()?;
    let end = End::parse(&mut args)?;
    let count = args.pop_count()?;
    let popped = pop_first(cx, keys, end, count)?;
    Ok(popped.unwrap_or(Reply::NullArray))
}

fn zpopmax(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    pop_command(cx, args, End::Max)
}

fn zpopmin(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    pop_command(cx, args, End::Min)
}

fn pop_command(cx: &mut Context<'_>, mut args: Args<'_>, end: End) -> Result {
    let key = args.next()?;
    if args.len() > 1 {
        return Err(ReplyError::SYNTAX);
    }
    if args.is_empty() {
        return Ok(pairs(pop(cx, key, end, 1)?));
    }
    let count = args.non_negative()?;
    let members = pop(cx, key, end, count)?;
    Ok(reply(cx, members, true))
}

/// Takes up to `count` members out of the first of the sorted sets that exists: its key and the members.
pub(super) fn pop_first(
    cx: &mut Context<'_>,
    keys: &[&[u8]],
    end: End,
    count: usize,
) -> Result<Option<Reply>> {
    for key in keys {
        if cx.peek_zset(key)?.is_some() {
            let members = pop(cx, key, end, count)?;
            let popped = format_i64(members.len() as i64);
            cx.unit.rewrite(&[end.command(), key, &popped]);
            let members = members.into_iter().map(|scored| pairs([scored]));
            let members = Reply::Array(members.collect());
            return Ok(Some(Reply::Array(vec![Reply::bulk(*key), members])));
        }
    }
    Ok(None)
}

/// Takes up to `count` members out of the sorted set at `key`, if there is one.
pub(super) fn pop(cx: &mut Context<'_>, key: &[u8], end: End, count: usize) -> Result<Vec<Scored>> {
    if cx.peek_zset(key)?.is_none() || count == 0 {
        return Ok(Vec::new());
    }
    let zset = cx.zset_mut(key)?;
    let popped = std::iter::from_fn(|| end.pop(zset)).take(count).collect();
    cx.changed(key);
    Ok(popped)
}

fn zrandmember(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    if args.is_empty() {
        let member = pick(cx, key, 1)?.pop();
        return Ok(member.map(|(member, _)| member).into());
    }
    let count = random::count(&mut args)?;
    let with_scores = args.keyword("WITHSCORES");
    args.finish()?;
    random::check_pairs(count, with_scores)?;
    let members = pick(cx, key, count)?;
    Ok(reply(cx, members, with_scores))
}

fn pick(cx: &mut Context<'_>, key: &[u8], count: i64) -> Result<Vec<Scored>> {
    let len = cx.zset(key)?.map_or(0, ZSet::len);
    let positions = random::positions(cx, count, len)?;
    let zset = cx.peek_zset(key)?;
    let entry = |at| zset?.get_index(at).map(owned);
    Ok(positions.into_iter().filter_map(entry).collect())
}
