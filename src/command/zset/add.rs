//! Members and scores on their way in.

use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::spec::*;
use crate::number::parse_f64;
use crate::resp::Reply;
use crate::value::PackLimits;
use crate::value::Value;
use crate::value::ZSet;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("ZADD", -4, WRITE | DENYOOM | FAST, &[key(1, RW | UPDATE)], zadd)
        .doc("1.2.0", "O(log(N)) for each item added, where N is the number of elements in the sorted set.", "key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]", "Adds one or more members to a sorted set, or updates their scores. Creates the key if it doesn't exist."),
    cmd("ZINCRBY", 4, WRITE | DENYOOM | FAST, &[key(1, RW | ACCESS | UPDATE)], zincrby)
        .doc("1.2.0", "O(log(N)) where N is the number of elements in the sorted set.", "key increment member", "Increments the score of a member in a sorted set."),
];

pub(in crate::command) fn zadd(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    let options = Options::parse(&mut args);
    let words = args.rest();
    if words.is_empty() || words.len() % 2 == 1 {
        return Err(ReplyError::SYNTAX);
    }
    options.check(words.len() / 2)?;
    let done = add(cx, key, &options, &scored(words)?)?;
    Ok(match options.increment {
        true => done.score.map_or(Reply::Null, Reply::Double),
        false if options.count_changed => Reply::len(done.added + done.updated),
        false => Reply::len(done.added),
    })
}

fn zincrby(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, increment, member) = (args.next()?, args.f64()?, args.next()?);
    let options = Options {
        increment: true,
        ..Options::default()
    };
    let done = add(cx, key, &options, &[(increment, member)])?;
    Ok(done.score.map_or(Reply::Null, Reply::Double))
}

/// What ZADD is asked to heed.
#[derive(Default)]
struct Options {
    only_new: bool,
    only_existing: bool,
    only_greater: bool,
    only_less: bool,
    count_changed: bool,
    increment: bool,
}

impl Options {
    fn parse(args: &mut Args<'_>) -> Options {
        let mut options = Options::default();
        loop {
            let option = if args.keyword("NX") {
                &mut options.only_new
            } else if args.keyword("XX") {
                &mut options.only_existing
            } else if args.keyword("GT") {
                &mut options.only_greater
            } else if args.keyword("LT") {
                &mut options.only_less
            } else if args.keyword("CH") {
                &mut options.count_changed
            } else if args.keyword("INCR") {
                &mut options.increment
            } else {
                return options;
            };
            *option = true;
        }
    }

    /// Whether the options agree with each other, and with this number of members.
    fn check(&self, members: usize) -> Result<()> {
        let compares = self.only_greater || self.only_less;
        if self.only_new && self.only_existing {
            return Err(fixed(
                "ERR XX and NX options at the same time are not compatible",
            ));
        }
        if (compares && self.only_new) || (self.only_greater && self.only_less) {
            return Err(fixed(
                "ERR GT, LT, and/or NX options at the same time are not compatible",
            ));
        }
        if self.increment && members > 1 {
            return Err(fixed(
                "ERR INCR option supports a single increment-element pair",
            ));
        }
        Ok(())
    }

    /// The score that a member gets; none where it stays as it is.
    fn score(&self, before: Option<f64>, score: f64) -> Result<Option<f64>> {
        let Some(before) = before else {
            return Ok((!self.only_existing).then_some(score));
        };
        if self.only_new {
            return Ok(None);
        }
        let score = if self.increment {
            before + score
        } else {
            score
        };
        if score.is_nan() {
            return Err(fixed("ERR resulting score is not a number (NaN)"));
        }
        let refused = (self.only_greater && score <= before) || (self.only_less && score >= before);
        Ok((!refused).then_some(score))
    }
}

/// What an addition did.
#[derive(Default)]
struct Done {
    added: usize,
    updated: usize,
    /// The score that the last member got.
    score: Option<f64>,
}

fn scored<'a>(words: &[&'a [u8]]) -> Result<Vec<(f64, &'a [u8])>> {
    let pairs = words.chunks_exact(2);
    let scored = |pair: &[&'a [u8]]| Some((parse_f64(pair[0])?, pair[1]));
    let scored = pairs.map(scored).collect::<Option<_>>();
    scored.ok_or(ReplyError::NOT_A_FLOAT)
}

fn add(
    cx: &mut Context<'_>,
    key: &[u8],
    options: &Options,
    members: &[(f64, &[u8])],
) -> Result<Done> {
    let limits = cx.world.config.zset_limits();
    if cx.peek_zset(key)?.is_some() {
        let zset = cx.zset_mut(key)?;
        zset.expect(members.len(), &limits);
        let done = insert(zset, options, members, &limits)?;
        if done.added + done.updated > 0 {
            cx.grew(key);
        }
        return Ok(done);
    }
    if options.only_existing {
        return Ok(Done::default());
    }
    // Redis looks at no more than the first: a longer one still comes to a listpack, whose zeros have no sign.
    let longest = members.first().map_or(0, |(_, member)| member.len());
    let mut zset = ZSet::for_members(members.len(), longest, &limits);
    let done = insert(&mut zset, options, members, &limits)?;
    cx.set(key, Value::from(zset));
    Ok(done)
}

fn insert(
    zset: &mut ZSet,
    options: &Options,
    members: &[(f64, &[u8])],
    limits: &PackLimits,
) -> Result<Done> {
    let mut done = Done::default();
    for &(score, member) in members {
        let before = zset.score(member);
        let Some(score) = options.score(before, score)? else {
            continue;
        };
        zset.put(member, before, score, limits);
        done.score = Some(score);
        done.added += usize::from(before.is_none());
        done.updated += usize::from(before.is_some_and(|before| before != score));
    }
    Ok(done)
}
