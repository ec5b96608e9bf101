//! Ranges of a sorted set, to answer or to store.

use std::ops::Range;

use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::spec::*;
use crate::command::zset::Scored;
use crate::command::zset::owned;
use crate::command::zset::reply;
use crate::command::zset::span::Span;
use crate::resp::Reply;
use crate::value::Value;
use crate::value::ZSet;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("ZRANGE", -4, READONLY, &[key(1, RO | ACCESS)], zrange)
        .doc("1.2.0", "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements returned.", "key start:string stop:string [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]", "Returns members in a sorted set within a range of indexes."),
    cmd("ZRANGEBYLEX", -4, READONLY, &[key(1, RO | ACCESS)], zrangebylex)
        .doc("2.8.9", "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)).", "key min max [LIMIT offset count]", "Returns members in a sorted set within a lexicographical range.")
        .deprecated("6.2.0", "`ZRANGE` with the `BYLEX` argument"),
    cmd("ZRANGEBYSCORE", -4, READONLY, &[key(1, RO | ACCESS)], zrangebyscore)
        .doc("1.0.5", "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)).", "key min:double max:double [WITHSCORES] [LIMIT offset count]", "Returns members in a sorted set within a range of scores.")
        .deprecated("6.2.0", "`ZRANGE` with the `BYSCORE` argument"),
    cmd("ZRANGESTORE", -5, WRITE | DENYOOM, &[key(1, OW | UPDATE), key(2, RO | ACCESS)], zrangestore)
        .doc("6.2.0", "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements stored into the destination key.", "dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]", "Stores a range of members from sorted set in a key."),
    cmd("ZREVRANGE", -4, READONLY, &[key(1, RO | ACCESS)], zrevrange)
        .doc("1.2.0", "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements returned.", "key start stop [WITHSCORES]", "Returns members in a sorted set within a range of indexes in reverse order.")
        .deprecated("6.2.0", "`ZRANGE` with the `REV` argument"),
    cmd("ZREVRANGEBYLEX", -4, READONLY, &[key(1, RO | ACCESS)], zrevrangebylex)
        .doc("2.8.9", "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)).", "key max min [LIMIT offset count]", "Returns members in a sorted set within a lexicographical range in reverse order.")
        .deprecated("6.2.0", "`ZRANGE` with the `REV` and `BYLEX` arguments"),
    cmd("ZREVRANGEBYSCORE", -4, READONLY, &[key(1, RO | ACCESS)], zrevrangebyscore)
        .doc("2.2.0", "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), you can consider it O(log(N)).", "key max:double min:double [WITHSCORES] [LIMIT offset count]", "Returns members in a sorted set within a range of scores in reverse order.")
        .deprecated("6.2.0", "`ZRANGE` with the `REV` and `BYSCORE` arguments"),
];

fn zrange(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    answer(cx, args, Kind::default())
}

fn zrangebylex(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    answer(cx, args, Kind::of(By::Text, false))
}

fn zrangebyscore(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    answer(cx, args, Kind::of(By::Score, false))
}

fn zrevrange(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    answer(cx, args, Kind::of(By::Rank, true))
}

fn zrevrangebylex(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    answer(cx, args, Kind::of(By::Text, true))
}

fn zrevrangebyscore(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    answer(cx, args, Kind::of(By::Score, true))
}

fn zrangestore(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (target, source) = (args.next()?, args.next()?);
    let query = Query::parse(&mut args, Kind::default(), false)?;
    let members = cx
        .zset(source)?
        .map_or_else(Vec::new, |zset| query.run(zset));
    if members.is_empty() {
        cx.remove(target);
        return Ok(Reply::Int(0));
    }
    // Redis knows how many will come only where they are counted by rank.
    let expected = match query.span {
        Span::Ranks(..) => members.len(),
        Span::Scores(..) | Span::Texts(..) => 0,
    };
    let limits = cx.world.config.zset_limits();
    let mut zset = ZSet::for_members(expected, 0, &limits);
    for (member, score) in &members {
        zset.add(member, *score, &limits);
    }
    cx.set(target, Value::from(zset));
    Ok(Reply::len(members.len()))
}

fn answer(cx: &mut Context<'_>, mut args: Args<'_>, kind: Kind) -> Result {
    let key = args.next()?;
    let query = Query::parse(&mut args, kind, true)?;
    let members = cx.zset(key)?.map_or_else(Vec::new, |zset| query.run(zset));
    Ok(reply(cx, members, query.with_scores))
}

/// What a range counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Rank,
    Score,
    Text,
}

/// What a command's name or its options say of the range; what one says, another cannot say again.
#[derive(Default)]
struct Kind {
    by: Option<By>,
    reverse: Option<bool>,
}

impl Kind {
    fn of(by: By, reverse: bool) -> Kind {
        Kind {
            by: Some(by),
            reverse: Some(reverse),
        }
    }

    /// Reads one of the options that say it, if one comes next.
    fn option(&mut self, args: &mut Args<'_>) -> bool {
        if self.reverse.is_none() && args.keyword("REV") {
            self.reverse = Some(true);
        } else if self.by.is_none() && args.keyword("BYLEX") {
            self.by = Some(By::Text);
        } else if self.by.is_none() && args.keyword("BYSCORE") {
            self.by = Some(By::Score);
        } else {
            return false;
        }
        true
    }
}

/// A range that is asked for.
struct Query<'a> {
    span: Span<'a>,
    reverse: bool,
    offset: i64,
    /// How many at most; negative for all.
    count: i64,
    with_scores: bool,
}

impl<'a> Query<'a> {
    fn parse(args: &mut Args<'a>, mut kind: Kind, may_have_scores: bool) -> Result<Query<'a>> {
        let (start, stop) = (args.next()?, args.next()?);
        let (mut offset, mut count, mut with_scores) = (0, -1, false);
        while !args.is_empty() {
            if may_have_scores && args.keyword("WITHSCORES") {
                with_scores = true;
            } else if args.keyword_with("LIMIT", 2) {
                (offset, count) = (args.i64()?, args.i64()?);
            } else if !kind.option(args) {
                return Err(ReplyError::SYNTAX);
            }
        }
        let by = kind.by.unwrap_or(By::Rank);
        check(by, count, with_scores)?;
        let reverse = kind.reverse.unwrap_or(false);
        Ok(Query {
            span: span(by, reverse, start, stop)?,
            reverse,
            offset: if by == By::Rank { 0 } else { offset },
            count,
            with_scores,
        })
    }

    fn run(&self, zset: &ZSet) -> Vec<Scored> {
        let members = zset.range(self.ranks(zset)).map(owned);
        match self.reverse {
            false => members.collect(),
            true => members.rev().collect(),
        }
    }

    /// The ranks that LIMIT leaves; they are counted from the end in reverse.
    fn ranks(&self, zset: &ZSet) -> Range<usize> {
        let Range { start, end } = match (&self.span, self.reverse) {
            (Span::Ranks(..), true) => mirrored(self.span.ranks(zset), zset.len()),
            _ => self.span.ranks(zset),
        };
        let skipped = usize::try_from(self.offset).unwrap_or(usize::MAX);
        let skipped = skipped.min(end - start);
        let most = usize::try_from(self.count).unwrap_or(usize::MAX);
        let taken = most.min(end - start - skipped);
        match self.reverse {
            false => start + skipped..start + skipped + taken,
            true => end - skipped - taken..end - skipped,
        }
    }
}

fn check(by: By, count: i64, with_scores: bool) -> Result<()> {
    if by == By::Rank && count != -1 {
        return Err(fixed(
            "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
        ));
    }
    if by == By::Text && with_scores {
        return Err(fixed(
            "ERR syntax error, WITHSCORES not supported in combination with BYLEX",
        ));
    }
    Ok(())
}

/// The span between two words; in reverse, scores and members come highest first.
fn span<'a>(by: By, reverse: bool, start: &'a [u8], stop: &'a [u8]) -> Result<Span<'a>> {
    let (min, max) = if reverse {
        (stop, start)
    } else {
        (start, stop)
    };
    match by {
        By::Rank => Span::by_rank(start, stop),
        By::Score => Span::scores(min, max),
        By::Text => Span::texts(min, max),
    }
}

/// The same ranks counted from the other end.
fn mirrored(ranks: Range<usize>, len: usize) -> Range<usize> {
    len - ranks.end..len - ranks.start
}
