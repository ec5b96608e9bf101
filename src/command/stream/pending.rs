//! What a group has delivered and its consumers have not acknowledged.

use std::ops::RangeInclusive;

use super::Place;
use super::bulk;
use super::id_reply;
use super::ids;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::spec::*;
use crate::resp::Reply;
use crate::value::StreamId;
use crate::value::stream::Group;
use crate::value::stream::Pending;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("XACK", -4, WRITE | FAST, &[key(1, RW | UPDATE)], xack)
        .doc("5.0.0", "O(1) for each message ID processed.", "key group id [id ...]", "Returns the number of messages that were successfully acknowledged by the consumer group member of a stream."),
    cmd("XPENDING", -3, READONLY, &[key(1, RO | ACCESS)], xpending)
        .doc("5.0.0", "O(N) with N being the number of elements returned, so asking for a small fixed number of entries per call is O(1). O(M), where M is the total number of entries scanned when used with the IDLE filter. When the command returns just the summary and the list of consumers is small, it runs in O(1) time; otherwise, an additional O(N) time for iterating every consumer.", "key group [[IDLE min-idle-time:integer] start:string end:string count [consumer]]", "Returns the information and entries from a stream consumer group's pending entries list.")
        .tips(&["nondeterministic_output"]),
];

fn xack(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let place = Place::parse(&mut args)?;
    if place.read(cx)?.is_none() {
        return Ok(Reply::Int(0));
    }
    let mut count = 0;
    let ids = ids::ids(args.rest())?;
    let group = place.write(cx)?;
    for id in ids {
        count += usize::from(group.acknowledge(id));
    }
    if count > 0 {
        cx.unit.changed();
    }
    Ok(Reply::len(count))
}

fn xpending(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let place = Place::parse(&mut args)?;
    let query = match args.is_empty() {
        true => None,
        false => Some(Query::parse(&mut args)?),
    };
    let now_ms = cx.now_ms();
    let group = place.read(cx)?.ok_or_else(|| place.missing())?;
    Ok(match query {
        None => summary(group),
        Some(query) => query.run(group, now_ms),
    })
}

/// How many entries are pending, from which to which, and how many each consumer has.
fn summary(group: &Group) -> Reply {
    let mut pending = group.pending().iter();
    let Some(first) = pending.next() else {
        return Reply::Array(vec![
            Reply::Int(0),
            Reply::Null,
            Reply::Null,
            Reply::NullArray,
        ]);
    };
    let last = pending.next_back().unwrap_or(first);
    let busy = group
        .consumers()
        .filter(|(_, consumer)| !consumer.pending().is_empty());
    let counts = busy.map(|(name, consumer)| {
        let count = consumer.pending().len().to_string();
        Reply::Array(vec![bulk(name), Reply::bulk(count)])
    });
    Reply::Array(vec![
        Reply::len(group.pending().len()),
        id_reply(first.id),
        id_reply(last.id),
        Reply::Array(counts.collect()),
    ])
}

/// Which pending entries are asked for.
struct Query<'a> {
    min_idle_ms: i64,
    range: RangeInclusive<StreamId>,
    most: usize,
    consumer: Option<&'a [u8]>,
}

impl<'a> Query<'a> {
    /// Reads `[IDLE ms] start end count [consumer]`; Redis does not mind some words more.
    fn parse(args: &mut Args<'a>) -> Result<Query<'a>> {
        if !(3..=6).contains(&args.len()) {
            return Err(ReplyError::SYNTAX);
        }
        let mut min_idle_ms = 0;
        if args.keyword("IDLE") {
            min_idle_ms = args.i64()?;
            if args.len() < 3 {
                return Err(ReplyError::SYNTAX);
            }
        }
        let (start, end, count) = (args.next()?, args.next()?, args.i64()?);
        Ok(Query {
            min_idle_ms,
            range: ids::range(start, end)?,
            most: usize::try_from(count).unwrap_or(0),
            consumer: args.peek(),
        })
    }

    fn run(&self, group: &Group, now_ms: i64) -> Reply {
        let pending: Vec<&Pending> = match self.consumer {
            None => group.pending_range(self.range.clone()).collect(),
            Some(name) => {
                let ids = group.duties(name, *self.range.start());
                let ids = ids.take_while(|id| self.range.contains(id));
                ids.filter_map(|id| group.get(id)).collect()
            }
        };
        let idle_ms = |entry: &Pending| now_ms.saturating_sub(entry.delivered_ms);
        let found = pending
            .into_iter()
            .filter(|entry| self.min_idle_ms == 0 || idle_ms(entry) >= self.min_idle_ms);
        let replies = found.take(self.most).map(|entry| {
            Reply::Array(vec![
                id_reply(entry.id),
                bulk(&entry.consumer),
                Reply::Int(idle_ms(entry).max(0)),
                Reply::Int(entry.deliveries as i64),
            ])
        });
        Reply::Array(replies.collect())
    }
}
