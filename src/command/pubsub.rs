//! Messages: SUBSCRIBE and its kin, PUBLISH, PUBSUB (<https://redis.io/docs/latest/develop/pubsub/>).

use super::Command;
use super::args::Args;
use super::cmd;
use super::container;
use super::context::Context;
use super::reply::ReplyError;
use super::reply::Result;
use super::reply::help;
use super::spec::*;
use super::sub;
use crate::bytes::Bytes;
use crate::resp::Reply;
use crate::session::SessionKey;
use crate::session::Topic;
use crate::value::glob_match;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(super) const COMMANDS: &[Command] = &[
    cmd("PSUBSCRIBE", -2, PUBSUB | NOSCRIPT | LOADING | STALE, &[], psubscribe)
        .doc("2.0.0", "O(N) where N is the number of patterns to subscribe to.", "pattern [pattern ...]", "Listens for messages published to channels that match one or more patterns."),
    cmd("PUBLISH", 3, PUBSUB | MAY_REPLICATE | LOADING | STALE | FAST, &[], publish)
        .doc("2.0.0", "O(N+M) where N is the number of clients subscribed to the receiving channel and M is the total number of subscribed patterns (by any client).", "channel message", "Posts a message to a channel."),
    container("PUBSUB", -2)
        .doc("2.8.0", "Depends on subcommand.", "", "A container for Pub/Sub commands."),
    sub("PUBSUB|CHANNELS", -2, PUBSUB | LOADING | STALE, &[], pubsub_channels)
        .doc("2.8.0", "O(N) where N is the number of active channels, and assuming constant time pattern matching (relatively short channels and patterns)", "[pattern]", "Returns the active channels."),
    sub("PUBSUB|HELP", 2, LOADING | STALE, &[], pubsub_help)
        .doc("6.2.0", "O(1)", "", "Returns helpful text about the different subcommands."),
    sub("PUBSUB|NUMPAT", 2, PUBSUB | LOADING | STALE, &[], pubsub_numpat)
        .doc("2.8.0", "O(1)", "", "Returns a count of unique pattern subscriptions."),
    sub("PUBSUB|NUMSUB", -2, PUBSUB | LOADING | STALE, &[], pubsub_numsub)
        .doc("2.8.0", "O(N) for the NUMSUB subcommand, where N is the number of requested channels", "[channel [channel ...]]", "Returns a count of subscribers to channels."),
    sub("PUBSUB|SHARDCHANNELS", -2, PUBSUB | LOADING | STALE, &[], pubsub_shardchannels)
        .doc("7.0.0", "O(N) where N is the number of active shard channels, and assuming constant time pattern matching (relatively short shard channels).", "[pattern]", "Returns the active shard channels."),
    sub("PUBSUB|SHARDNUMSUB", -2, PUBSUB | LOADING | STALE, &[], pubsub_shardnumsub)
        .doc("7.0.0", "O(N) for the SHARDNUMSUB subcommand, where N is the number of requested shard channels", "[shardchannel [shardchannel ...]]", "Returns the count of subscribers of shard channels."),
    cmd("PUNSUBSCRIBE", -1, PUBSUB | NOSCRIPT | LOADING | STALE, &[], punsubscribe)
        .doc("2.0.0", "O(N) where N is the number of patterns to unsubscribe.", "[pattern [pattern ...]]", "Stops listening to messages published to channels that match one or more patterns."),
    cmd("SPUBLISH", 3, PUBSUB | MAY_REPLICATE | LOADING | STALE | FAST, &[key(1, NOT_KEY)], spublish)
        .doc("7.0.0", "O(N) where N is the number of clients subscribed to the receiving shard channel.", "shardchannel message", "Posts a message to a shard channel."),
    cmd("SSUBSCRIBE", -2, PUBSUB | NOSCRIPT | LOADING | STALE, &[keys(1, -1, 1, NOT_KEY)], ssubscribe)
        .doc("7.0.0", "O(N) where N is the number of shard channels to subscribe to.", "shardchannel [shardchannel ...]", "Listens for messages published to shard channels."),
    cmd("SUBSCRIBE", -2, PUBSUB | NOSCRIPT | LOADING | STALE, &[], subscribe)
        .doc("2.0.0", "O(N) where N is the number of channels to subscribe to.", "channel [channel ...]", "Listens for messages published to channels."),
    cmd("SUNSUBSCRIBE", -1, PUBSUB | NOSCRIPT | LOADING | STALE, &[keys(1, -1, 1, NOT_KEY)], sunsubscribe)
        .doc("7.0.0", "O(N) where N is the number of shard channels to unsubscribe.", "[shardchannel [shardchannel ...]]", "Stops listening to messages posted to shard channels."),
    cmd("UNSUBSCRIBE", -1, PUBSUB | NOSCRIPT | LOADING | STALE, &[], unsubscribe)
        .doc("2.0.0", "O(N) where N is the number of channels to unsubscribe.", "[channel [channel ...]]", "Stops listening to messages posted to channels."),
];

fn subscribe(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    subscribe_to(cx, args, Topic::Channel, "subscribe")
}

fn psubscribe(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    subscribe_to(cx, args, Topic::Pattern, "psubscribe")
}

fn ssubscribe(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    subscribe_to(cx, args, Topic::Shard, "ssubscribe")
}

fn unsubscribe(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    unsubscribe_from(cx, args, Topic::Channel, "unsubscribe")
}

fn punsubscribe(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    unsubscribe_from(cx, args, Topic::Pattern, "punsubscribe")
}

fn sunsubscribe(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    unsubscribe_from(cx, args, Topic::Shard, "sunsubscribe")
}

fn subscribe_to(cx: &mut Context<'_>, mut args: Args<'_>, kind: Topic, verb: &str) -> Result {
    let mut confirmations = Vec::new();
    for topic in args.rest() {
        cx.world.subscriptions.add(cx.session.key(), kind, topic);
        confirmations.push(confirmation(cx, kind, verb, Reply::bulk(*topic)));
    }
    Ok(one_by_one(cx, confirmations))
}

fn unsubscribe_from(cx: &mut Context<'_>, mut args: Args<'_>, kind: Topic, verb: &str) -> Result {
    let session = cx.session.key();
    let mut topics: Vec<Bytes> = args
        .rest()
        .iter()
        .map(|topic| Bytes::from(*topic))
        .collect();
    if topics.is_empty() {
        topics = cx.world.subscriptions.topics(session, kind);
    }
    let mut confirmations = Vec::new();
    for topic in topics {
        cx.world.subscriptions.remove(session, kind, &topic);
        confirmations.push(confirmation(cx, kind, verb, Reply::Bulk(topic)));
    }
    if confirmations.is_empty() {
        confirmations.push(confirmation(cx, kind, verb, Reply::Null));
    }
    Ok(one_by_one(cx, confirmations))
}

/// What a connection is told of one topic, with the number of topics that it then has.
fn confirmation(cx: &mut Context<'_>, kind: Topic, verb: &str, topic: Reply) -> Reply {
    let count = |kind| cx.world.subscriptions.topics(cx.session.key(), kind).len();
    let subscriptions = [Topic::Channel, Topic::Pattern, Topic::Shard].map(count);
    let [channels, patterns, shards] = subscriptions;
    cx.session.subscriptions = subscriptions;
    let shown = if kind == Topic::Shard {
        shards
    } else {
        channels + patterns
    };
    Reply::Push(vec![Reply::bulk(verb), topic, Reply::len(shown)])
}

/// Each confirmation is a reply of its own: the first is the command's, the others follow.
fn one_by_one(cx: &mut Context<'_>, confirmations: Vec<Reply>) -> Reply {
    let mut confirmations = confirmations.into_iter();
    let first = confirmations.next().unwrap_or(Reply::Silence);
    confirmations.for_each(|confirmation| cx.session.push(confirmation));
    first
}

fn publish(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (channel, message) = (args.next()?, args.next()?);
    let listeners = cx
        .world
        .subscriptions
        .listeners(Topic::Channel, channel)
        .to_vec();
    let parts = [b"message", channel, message];
    let named = deliver(
        cx,
        &listeners,
        &Reply::Push(parts.map(Reply::bulk).to_vec()),
    );
    let matching: Vec<Bytes> = cx
        .world
        .subscriptions
        .all(Topic::Pattern)
        .filter(|(pattern, _)| glob_match(pattern, channel, false))
        .map(|(pattern, _)| pattern.clone())
        .collect();
    let send_to = |pattern: &Bytes| {
        let listeners = cx
            .world
            .subscriptions
            .listeners(Topic::Pattern, pattern)
            .to_vec();
        let parts = [b"pmessage", &**pattern, channel, message];
        deliver(
            cx,
            &listeners,
            &Reply::Push(parts.map(Reply::bulk).to_vec()),
        )
    };
    let matched: usize = matching.iter().map(send_to).sum();
    Ok(Reply::len(named + matched))
}

fn spublish(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (channel, message) = (args.next()?, args.next()?);
    let listeners = cx
        .world
        .subscriptions
        .listeners(Topic::Shard, channel)
        .to_vec();
    let parts = [b"smessage", channel, message];
    Ok(Reply::len(deliver(
        cx,
        &listeners,
        &Reply::Push(parts.map(Reply::bulk).to_vec()),
    )))
}

/// Sends a message to connections; how many.
fn deliver(cx: &mut Context<'_>, listeners: &[SessionKey], message: &Reply) -> usize {
    for &listener in listeners {
        if listener == cx.session.key() {
            cx.session.push(message.clone());
        } else if let Some(session) = cx.world.sessions.get_mut(listener) {
            session.push(message.clone());
        }
    }
    listeners.len()
}

fn pubsub_channels(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    active(cx, args, Topic::Channel, "CHANNELS")
}

fn pubsub_shardchannels(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    active(cx, args, Topic::Shard, "SHARDCHANNELS")
}

fn active(cx: &mut Context<'_>, mut args: Args<'_>, kind: Topic, name: &str) -> Result {
    let pattern = match args.rest() {
        [] => None,
        [pattern] => Some(*pattern),
        _ => {
            return Err(ReplyError::new(format!(
                "ERR unknown subcommand or wrong number of arguments for '{name}'. Try PUBSUB HELP."
            )));
        }
    };
    let all = cx.world.subscriptions.all(kind).map(|(channel, _)| channel);
    let matching =
        all.filter(|channel| pattern.is_none_or(|pattern| glob_match(pattern, channel, false)));
    Ok(Reply::Array(matching.cloned().map(Reply::Bulk).collect()))
}

fn pubsub_numsub(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    Ok(counts(cx, args, Topic::Channel))
}

fn pubsub_shardnumsub(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    Ok(counts(cx, args, Topic::Shard))
}

fn counts(cx: &mut Context<'_>, mut args: Args<'_>, kind: Topic) -> Reply {
    let count = |channel: &&[u8]| {
        let listeners = cx.world.subscriptions.listeners(kind, channel).len();
        [Reply::bulk(*channel), Reply::len(listeners)]
    };
    Reply::Array(args.rest().iter().flat_map(count).collect())
}

fn pubsub_numpat(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(Reply::len(
        cx.world.subscriptions.all(Topic::Pattern).count(),
    ))
}

fn pubsub_help(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(help(
        "PUBSUB",
        &[
            "CHANNELS [<pattern>]",
            "    Return the currently active channels matching a <pattern> (default: '*').",
            "NUMPAT",
            "    Return number of subscriptions to patterns.",
            "NUMSUB [<channel> ...]",
            "    Return the number of subscribers for the specified channels, excluding",
            "    pattern subscriptions(default: no channels).",
            "SHARDCHANNELS [<pattern>]",
            "    Return the currently active shard level channels matching a <pattern> (default: '*').",
            "SHARDNUMSUB [<shardchannel> ...]",
            "    Return the number of subscribers for the specified shard level channel(s)",
        ],
    ))
}
