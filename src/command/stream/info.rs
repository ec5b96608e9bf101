//! XINFO: what there is to know of a stream, its groups and their consumers.

use super::Place;
use super::bulk;
use super::entry_reply;
use super::id_reply;
use super::radix;
use crate::bytes::Bytes;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::container;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::help;
use crate::command::spec::*;
use crate::command::sub;
use crate::resp::Reply;
use crate::value::Stream;
use crate::value::StreamId;
use crate::value::stream::Consumer;
use crate::value::stream::Group;
use crate::value::stream::Pending;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    container("XINFO", -2)
        .doc("5.0.0", "Depends on subcommand.", "", "A container for stream introspection commands."),
    sub("XINFO|CONSUMERS", 4, READONLY, &[key(2, RO | ACCESS)], xinfo_consumers)
        .doc("5.0.0", "O(1)", "key group", "Returns a list of the consumers in a consumer group.")
        .tips(&["nondeterministic_output"]),
    sub("XINFO|GROUPS", 3, READONLY, &[key(2, RO | ACCESS)], xinfo_groups)
        .doc("5.0.0", "O(1)", "key", "Returns a list of the consumer groups of a stream."),
    sub("XINFO|HELP", 2, LOADING | STALE, &[], xinfo_help)
        .doc("5.0.0", "O(1)", "", "Returns helpful text about the different subcommands."),
    sub("XINFO|STREAM", -3, READONLY, &[key(2, RO | ACCESS)], xinfo_stream)
        .doc("5.0.0", "O(1)", "key [FULL [COUNT count]]", "Returns information about a stream."),
];

fn xinfo_consumers(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let place = Place::parse(&mut args)?;
    let now_ms = cx.now_ms();
    let stream = cx.stream(place.key)?.ok_or(ReplyError::NO_SUCH_KEY)?;
    let group = stream
        .group(place.group)
        .ok_or_else(|| place.missing_group())?;
    let since = |at_ms: i64| Reply::Int(now_ms.saturating_sub(at_ms).max(0));
    let consumers = group.consumers().map(|(name, consumer)| {
        Reply::map([
            ("name", bulk(name)),
            ("pending", Reply::len(consumer.pending().len())),
            ("idle", since(consumer.seen_ms)),
            ("inactive", consumer.active_ms.map_or(Reply::Int(-1), since)),
        ])
    });
    Ok(Reply::Array(consumers.collect()))
}

fn xinfo_groups(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let stream = cx.stream(args.next()?)?.ok_or(ReplyError::NO_SUCH_KEY)?;
    let groups = stream.groups().map(|(name, group)| {
        Reply::map([
            ("name", bulk(name)),
            ("consumers", Reply::len(group.consumers().len())),
            ("pending", Reply::len(group.pending().len())),
            ("last-delivered-id", id_reply(group.last_id)),
            (
                "entries-read",
                known(group.entries_read.map(|read| read as i64)),
            ),
            ("lag", known(stream.lag(group))),
        ])
    });
    Ok(Reply::Array(groups.collect()))
}

fn xinfo_help(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(help("XINFO", HELP))
}

fn xinfo_stream(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    let stream = cx.stream(key)?.ok_or(ReplyError::NO_SUCH_KEY)?;
    if args.is_empty() {
        return Ok(summary(stream));
    }
    let wrong = ReplyError::subcommand("XINFO", args.argv()[1]);
    if !args.keyword("FULL") || !matches!(args.len(), 0 | 2) {
        return Err(wrong);
    }
    let mut count = 10;
    if !args.is_empty() {
        args.keyword("COUNT").then_some(()).ok_or(wrong)?;
        count = usize::try_from(args.i64()?).unwrap_or(count);
    }
    Ok(full(stream, if count == 0 { usize::MAX } else { count }))
}

/// A number where it is known.
fn known(number: Option<i64>) -> Reply {
    number.map_or(Reply::Null, Reply::Int)
}

fn overview(stream: &Stream) -> [(&'static str, Reply); 7] {
    [
        ("length", Reply::len(stream.len())),
        ("radix-tree-keys", Reply::len(stream.node_ids().len())),
        (
            "radix-tree-nodes",
            Reply::len(radix::nodes(stream.node_ids())),
        ),
        ("last-generated-id", id_reply(stream.last_id())),
        ("max-deleted-entry-id", id_reply(stream.max_deleted_id())),
        ("entries-added", Reply::Int(stream.entries_added() as i64)),
        ("recorded-first-entry-id", id_reply(stream.first_id())),
    ]
}

fn summary(stream: &Stream) -> Reply {
    let entry = |entry: Option<_>| entry.map_or(Reply::Null, |entry| entry_reply(&entry));
    let last = stream.range_rev(StreamId::MIN..=StreamId::MAX).next();
    let ends = [
        ("groups", Reply::len(stream.groups().len())),
        ("first-entry", entry(stream.iter().next())),
        ("last-entry", entry(last)),
    ];
    Reply::map(overview(stream).into_iter().chain(ends))
}

/// Everything, but of entries and of what is pending only the first `most`.
fn full(stream: &Stream, most: usize) -> Reply {
    let entries = stream.iter().take(most).map(|entry| entry_reply(&entry));
    let groups = stream
        .groups()
        .map(|(name, group)| full_group(stream, name, group, most));
    let details = [
        ("entries", Reply::Array(entries.collect())),
        ("groups", Reply::Array(groups.collect())),
    ];
    Reply::map(overview(stream).into_iter().chain(details))
}

fn full_group(stream: &Stream, name: &Bytes, group: &Group, most: usize) -> Reply {
    let pending = group.pending().iter().take(most).map(|entry| {
        let Pending {
            id,
            consumer,
            delivered_ms,
            deliveries,
        } = entry;
        let (time, count) = (Reply::Int(*delivered_ms), Reply::Int(*deliveries as i64));
        Reply::Array(vec![id_reply(*id), bulk(consumer), time, count])
    });
    let consumers = group.consumers();
    let consumers = consumers.map(|(name, consumer)| full_consumer(group, name, consumer, most));
    Reply::map([
        ("name", bulk(name)),
        ("last-delivered-id", id_reply(group.last_id)),
        (
            "entries-read",
            known(group.entries_read.map(|read| read as i64)),
        ),
        ("lag", known(stream.lag(group))),
        ("pel-count", Reply::len(group.pending().len())),
        ("pending", Reply::Array(pending.collect())),
        ("consumers", Reply::Array(consumers.collect())),
    ])
}

fn full_consumer(group: &Group, name: &Bytes, consumer: &Consumer, most: usize) -> Reply {
    let ids = consumer.pending().iter().take(most);
    let pending = ids.filter_map(|id| group.get(*id)).map(|entry| {
        let (time, count) = (
            Reply::Int(entry.delivered_ms),
            Reply::Int(entry.deliveries as i64),
        );
        Reply::Array(vec![id_reply(entry.id), time, count])
    });
    Reply::map([
        ("name", bulk(name)),
        ("seen-time", Reply::Int(consumer.seen_ms)),
        ("active-time", Reply::Int(consumer.active_ms.unwrap_or(-1))),
        ("pel-count", Reply::len(consumer.pending().len())),
        ("pending", Reply::Array(pending.collect())),
    ])
}

const HELP: &[&str] = &[
    "CONSUMERS <key> <groupname>",
    "    Show consumers of <groupname>.",
    "GROUPS <key>",
    "    Show the stream consumer groups.",
    "STREAM <key> [FULL [COUNT <count>]",
    "    Show information about the stream.",
];
