//! Stream commands: entries in the order of their ids, and groups of consumers that read them.
//!
//! This file: what reads the entries of one stream. The others: entries on their way in and out, reading
//! several streams, groups, what is pending in them, and what XINFO tells.

pub(super) mod add;
pub(super) mod claim;
pub(super) mod group;
mod ids;
pub(super) mod info;
pub(super) mod pending;
mod radix;
pub(super) mod read;
pub(super) mod remove;
mod trim;

use std::ops::RangeInclusive;

use super::Command;
use super::args::Args;
use super::cmd;
use super::context::Context;
use super::reply::ReplyError;
use super::reply::Result;
use super::reply::printed;
use super::spec::*;
use crate::bytes::Bytes;
use crate::resp::Reply;
use crate::value::Stream;
use crate::value::StreamId;
use crate::value::stream::Entry;
use crate::value::stream::Group;
use crate::value::stream::Pending;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(super) const COMMANDS: &[Command] = &[
    cmd("XLEN", 2, READONLY | FAST, &[key(1, RO)], xlen)
        .doc("5.0.0", "O(1)", "key", "Returns the number of messages in a stream."),
    cmd("XRANGE", -4, READONLY, &[key(1, RO | ACCESS)], xrange)
        .doc("5.0.0", "O(N) with N being the number of elements being returned. If N is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1).", "key start:string end:string [COUNT count]", "Returns the messages from a stream within a range of IDs."),
    cmd("XREVRANGE", -4, READONLY, &[key(1, RO | ACCESS)], xrevrange)
        .doc("5.0.0", "O(N) with N being the number of elements returned. If N is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1).", "key end:string start:string [COUNT count]", "Returns the messages from a stream within a range of IDs in reverse order."),
];

fn xlen(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let stream = cx.stream(args.next()?)?;
    Ok(Reply::len(stream.map_or(0, Stream::len)))
}

fn xrange(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, start, end) = (args.next()?, args.next()?, args.next()?);
    let range = ids::range(start, end)?;
    answer(cx, key, args, |stream, most| {
        let entries = stream.range(range).take(most);
        entries.map(|entry| entry_reply(&entry)).collect()
    })
}

fn xrevrange(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, end, start) = (args.next()?, args.next()?, args.next()?);
    let range = ids::range(start, end)?;
    answer(cx, key, args, |stream, most| {
        let entries = stream.range_rev(range).take(most);
        entries.map(|entry| entry_reply(&entry)).collect()
    })
}

/// Answers the entries that `read` finds, given the most that are wanted.
fn answer(
    cx: &mut Context<'_>,
    key: &[u8],
    mut args: Args<'_>,
    read: impl FnOnce(&Stream, usize) -> Vec<Reply>,
) -> Result {
    let mut most = usize::MAX;
    while !args.is_empty() {
        if !args.keyword_with("COUNT", 1) {
            return Err(ReplyError::SYNTAX);
        }
        most = usize::try_from(args.i64()?).unwrap_or(0);
    }
    Ok(match cx.stream(key)? {
        None => Reply::Array(Vec::new()),
        Some(_) if most == 0 => Reply::NullArray,
        Some(stream) => Reply::Array(read(stream, most)),
    })
}

fn id_reply(id: StreamId) -> Reply {
    Reply::bulk(id.to_string())
}

fn entry_reply(entry: &Entry<'_>) -> Reply {
    Reply::Array(vec![id_reply(entry.id), Reply::bulks(entry.content())])
}

/// All ids after `id`.
fn after(id: StreamId) -> RangeInclusive<StreamId> {
    match id.next() {
        Some(next) => next..=StreamId::MAX,
        None => StreamId::MAX..=StreamId::MIN,
    }
}

/// The names of a group: those of its key and its own.
#[derive(Clone, Copy)]
struct Place<'a> {
    key: &'a [u8],
    group: &'a [u8],
}

impl<'a> Place<'a> {
    fn parse(args: &mut Args<'a>) -> Result<Place<'a>> {
        Ok(Place {
            key: args.next()?,
            group: args.next()?,
        })
    }

    /// The group, for a command that reads.
    fn read<'c>(&self, cx: &'c mut Context<'_>) -> Result<Option<&'c Group>> {
        Ok(cx
            .stream(self.key)?
            .and_then(|stream| stream.group(self.group)))
    }

    /// The group, to change it; it must be there.
    fn write<'c>(&self, cx: &'c mut Context<'_>) -> Result<&'c mut Group> {
        let group = cx.stream_mut(self.key)?.group_mut(self.group);
        group.ok_or_else(|| self.missing())
    }

    /// What is answered where there is no such key or group.
    fn missing(&self) -> ReplyError {
        let (key, group) = (printed(self.key, 1024), printed(self.group, 1024));
        let text = format!("NOGROUP No such key '{key}' or consumer group '{group}'");
        ReplyError::new(text)
    }

    /// What is answered where the key has no such group.
    fn missing_group(&self) -> ReplyError {
        let (key, group) = (printed(self.key, 1024), printed(self.group, 1024));
        let text = format!("NOGROUP No such consumer group '{group}' for key name '{key}'");
        ReplyError::new(text)
    }

    /// Records that an entry is pending.
    fn record_claim(&self, cx: &mut Context<'_>, entry: &Pending, last_id: StreamId) {
        let (id, last_id) = (entry.id.to_string(), last_id.to_string());
        let (time, deliveries) = (entry.delivered_ms.to_string(), entry.deliveries.to_string());
        let claim: [&[u8]; 5] = [b"XCLAIM", self.key, self.group, &entry.consumer, b"0"];
        let words = [
            &id,
            "TIME",
            &time,
            "RETRYCOUNT",
            &deliveries,
            "FORCE",
            "JUSTID",
            "LASTID",
            &last_id,
        ];
        note(cx, &[&claim, &words.map(str::as_bytes)[..]].concat());
    }

    /// Records how far the group has read.
    fn record_position(&self, cx: &mut Context<'_>, last_id: StreamId, read: Option<u64>) {
        let last_id = last_id.to_string();
        let read = read.map_or("-1".to_owned(), |read| read.to_string());
        let words: [&[u8]; 4] = [b"XGROUP", b"SETID", self.key, self.group];
        let position = [last_id.as_bytes(), b"ENTRIESREAD", read.as_bytes()];
        note(cx, &[&words, &position[..]].concat());
    }

    /// Records that there is a consumer.
    fn record_consumer(&self, cx: &mut Context<'_>, consumer: &[u8]) {
        note(
            cx,
            &[b"XGROUP", b"CREATECONSUMER", self.key, self.group, consumer],
        );
    }
}

/// Records a change of a group as this command. As in Redis, who watches the key does not learn of it.
fn note(cx: &mut Context<'_>, argv: &[&[u8]]) {
    cx.unit.changed();
    cx.unit.rewrite(argv);
}

fn bulk(name: &Bytes) -> Reply {
    Reply::Bulk(name.clone())
}
