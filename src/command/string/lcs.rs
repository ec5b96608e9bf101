//! LCS: the longest common subsequence of two strings.

use crate::bytes::Bytes;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::spec::*;
use crate::resp::Reply;
use crate::value;
use crate::value::Match;
use crate::value::StringValue;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("LCS", -3, READONLY, &[keys(1, 1, 1, RO | ACCESS)], lcs)
        .doc("7.0.0", "O(N*M) where N and M are the lengths of s1 and s2, respectively", "key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len] [WITHMATCHLEN]", "Finds the longest common substring."),
];

/// What LCS is to answer.
#[derive(Debug, Default)]
struct Options {
    len: bool,
    idx: bool,
    min_match_len: i64,
    with_match_len: bool,
}

fn lcs(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (a, b) = (args.next()?, args.next()?);
    let (a, b) = (text(cx, a)?, text(cx, b)?);
    let options = Options::parse(args)?;
    if value::lcs_memory(&a, &b) > cx.world.config.proto_max_bulk_len() as u64 {
        return Err(fixed(
            "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
        ));
    }
    let runs = value::lcs(&a, &b);
    let len = Reply::len(runs.iter().map(|run| run.len).sum());
    if options.idx {
        let matches = (Reply::bulk("matches"), options.matches(&runs));
        return Ok(Reply::Map(vec![matches, (Reply::bulk("len"), len)]));
    }
    if options.len {
        return Ok(len);
    }
    Ok(Reply::bulk(value::lcs_text(&a, &runs)))
}

fn text(cx: &mut Context<'_>, key: &[u8]) -> Result<Bytes> {
    match cx.string(key) {
        Ok(value) => Ok(value.map_or(Bytes::EMPTY, StringValue::to_bytes)),
        Err(_) => Err(fixed("ERR The specified keys must contain string values")),
    }
}

impl Options {
    fn parse(mut args: Args<'_>) -> Result<Options> {
        let mut options = Options::default();
        while !args.is_empty() {
            if args.keyword("IDX") {
                options.idx = true;
            } else if args.keyword("LEN") {
                options.len = true;
            } else if args.keyword("WITHMATCHLEN") {
                options.with_match_len = true;
            } else if args.keyword_with("MINMATCHLEN", 1) {
                options.min_match_len = args.i64()?;
            } else {
                return Err(ReplyError::SYNTAX);
            }
        }
        if options.idx && options.len {
            return Err(fixed(
                "ERR If you want both the length and indexes, please just use IDX.",
            ));
        }
        Ok(options)
    }

    fn matches(&self, runs: &[Match]) -> Reply {
        let long = runs
            .iter()
            .filter(|run| run.len as i64 >= self.min_match_len);
        Reply::Array(long.map(|run| self.one_match(run)).collect())
    }

    fn one_match(&self, run: &Match) -> Reply {
        let range =
            |start: usize| Reply::Array(vec![Reply::len(start), Reply::len(start + run.len - 1)]);
        let mut reply = vec![range(run.a), range(run.b)];
        if self.with_match_len {
            reply.push(Reply::len(run.len));
        }
        Reply::Array(reply)
    }
}
