//! Sorted set commands: distinct members in the order of their scores.
//!
//! This file: what reads one sorted set. The others: changes of one, ranges, members on their way out,
//! combinations of several.

pub(super) mod add;
pub(super) mod blocking;
pub(super) mod combine;
pub(super) mod draw;
pub(super) mod range;
pub(super) mod remove;
mod span;

use super::Command;
use super::args::Args;
use super::cmd;
use super::context::Context;
use super::cursor::Scan;
use super::cursor::scan_reply;
use super::reply::ReplyError;
use super::reply::Result;
use super::spec::*;
use crate::bytes::Bytes;
use crate::number::format_double;
use crate::number::format_double_in_full;
use crate::resp::Reply;
use crate::value::Element;
use crate::value::ZSet;
use span::Span;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(super) const COMMANDS: &[Command] = &[
    cmd("ZCARD", 2, READONLY | FAST, &[key(1, RO)], zcard)
        .doc("1.2.0", "O(1)", "key", "Returns the number of members in a sorted set."),
    cmd("ZCOUNT", 4, READONLY | FAST, &[key(1, RO | ACCESS)], zcount)
        .doc("2.0.0", "O(log(N)) with N being the number of elements in the sorted set.", "key min:double max:double", "Returns the count of members in a sorted set that have scores within a range."),
    cmd("ZLEXCOUNT", 4, READONLY | FAST, &[key(1, RO | ACCESS)], zlexcount)
        .doc("2.8.9", "O(log(N)) with N being the number of elements in the sorted set.", "key min max", "Returns the number of members in a sorted set within a lexicographical range."),
    cmd("ZMSCORE", -3, READONLY | FAST, &[key(1, RO | ACCESS)], zmscore)
        .doc("6.2.0", "O(N) where N is the number of members being requested.", "key member [member ...]", "Returns the score of one or more members in a sorted set."),
    cmd("ZRANK", -3, READONLY | FAST, &[key(1, RO | ACCESS)], zrank)
        .doc("2.0.0", "O(log(N))", "key member [WITHSCORE]", "Returns the index of a member in a sorted set ordered by ascending scores."),
    cmd("ZREVRANK", -3, READONLY | FAST, &[key(1, RO | ACCESS)], zrevrank)
        .doc("2.0.0", "O(log(N))", "key member [WITHSCORE]", "Returns the index of a member in a sorted set ordered by descending scores."),
    cmd("ZSCAN", -3, READONLY, &[key(1, RO | ACCESS)], zscan)
        .doc("2.8.0", "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection.", "key cursor [MATCH pattern] [COUNT count]", "Iterates over members and scores of a sorted set.")
        .tips(&["nondeterministic_output"]),
    cmd("ZSCORE", 3, READONLY | FAST, &[key(1, RO | ACCESS)], zscore)
        .doc("1.2.0", "O(1)", "key member", "Returns the score of a member in a sorted set."),
];

/// A member and its score.
type Scored = (Bytes, f64);

/// Members, each with its score where that is asked for: pairs in RESP3, flat in RESP2.
fn reply(cx: &Context<'_>, members: Vec<Scored>, with_scores: bool) -> Reply {
    let members = members.into_iter();
    let pair = |(member, score)| [Reply::Bulk(member), Reply::Double(score)];
    Reply::Array(match (with_scores, cx.resp3()) {
        (false, _) => members.map(|(member, _)| Reply::Bulk(member)).collect(),
        (true, false) => members.flat_map(pair).collect(),
        (true, true) => members.map(|scored| pairs([scored])).collect(),
    })
}

/// Members and scores in turn, whatever the protocol.
fn pairs(members: impl IntoIterator<Item = Scored>) -> Reply {
    let pair = |(member, score)| [Reply::Bulk(member), Reply::Double(score)];
    Reply::Array(members.into_iter().flat_map(pair).collect())
}

fn owned((member, score): (Element<'_>, f64)) -> Scored {
    (member.into(), score)
}

fn zcard(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let zset = cx.zset(args.next()?)?;
    Ok(Reply::len(zset.map_or(0, ZSet::len)))
}

fn zcount(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    count(cx, args, Span::scores)
}

fn zlexcount(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    count(cx, args, Span::texts)
}

fn count<'a>(
    cx: &mut Context<'_>,
    mut args: Args<'a>,
    span: fn(&'a [u8], &'a [u8]) -> Result<Span<'a>>,
) -> Result {
    let key = args.next()?;
    let span = span(args.next()?, args.next()?)?;
    let zset = cx.zset(key)?;
    Ok(Reply::len(zset.map_or(0, |zset| span.ranks(zset).len())))
}

fn zmscore(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let zset = cx.zset(args.next()?)?;
    let scores = args.rest().iter().map(|member| score(zset, member));
    Ok(Reply::Array(scores.collect()))
}

fn zscore(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let zset = cx.zset(args.next()?)?;
    Ok(score(zset, args.next()?))
}

fn score(zset: Option<&ZSet>, member: &[u8]) -> Reply {
    let score = zset.and_then(|zset| zset.score(member));
    score.map_or(Reply::Null, Reply::Double)
}

fn zrank(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    rank(cx, args, "ZRANK", |rank, _| rank)
}

fn zrevrank(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    rank(cx, args, "ZREVRANK", |rank, len| len - 1 - rank)
}

fn rank(
    cx: &mut Context<'_>,
    mut args: Args<'_>,
    name: &str,
    counted: fn(usize, usize) -> usize,
) -> Result {
    let (key, member) = (args.next()?, args.next()?);
    if args.len() > 1 {
        return Err(ReplyError::arity(name));
    }
    let with_score = args.keyword("WITHSCORE");
    args.finish()?;
    let found = cx.zset(key)?.and_then(|zset| {
        let rank = counted(zset.rank(member)?, zset.len());
        Some((Reply::len(rank), zset.score(member)?))
    });
    Ok(match (found, with_score) {
        (Some((rank, _)), false) => rank,
        (Some((rank, score)), true) => Reply::Array(vec![rank, Reply::Double(score)]),
        (None, false) => Reply::Null,
        (None, true) => Reply::NullArray,
    })
}

fn zscan(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    let mut scan = Scan::new(&mut args)?;
    let Some(zset) = cx.zset(key)? else {
        return Ok(scan_reply(0, Vec::<Bytes>::new()));
    };
    scan.options(&mut args)?;
    if !zset.is_skiplist() {
        // A listpack is walked in one step, whatever the cursor and the count.
        let found = zset.iter().filter(|(member, _)| scan.matches(member));
        let texts = |(member, score)| [Bytes::from(member), format_double(score).into()];
        return Ok(scan_reply(0, found.flat_map(texts)));
    }
    let window = scan.window(zset.len());
    let next = window.start;
    let entries = window.rev().filter_map(|at| zset.get_index(at));
    let found = entries.filter(|(member, _)| scan.matches(member));
    let texts = |(member, score)| [Bytes::from(member), format_double_in_full(score).into()];
    Ok(scan_reply(next, found.flat_map(texts)))
}
