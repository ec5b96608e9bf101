//! OBJECT: how a value is kept.

use crate::command::Command;
use crate::command::args::Args;
use crate::command::container;
use crate::command::context::Context;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::reply::help;
use crate::command::spec::*;
use crate::command::sub;
use crate::keyspace::Slot;
use crate::resp::Reply;
use crate::value::StringValue;
use crate::value::Value;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    container("OBJECT", -2)
        .doc("2.2.3", "Depends on subcommand.", "", "A container for object introspection commands."),
    sub("OBJECT|ENCODING", 3, READONLY, &[key(2, RO)], object_encoding)
        .doc("2.2.3", "O(1)", "key", "Returns the internal encoding of an object.")
        .tips(&["nondeterministic_output"]),
    sub("OBJECT|FREQ", 3, READONLY, &[key(2, RO)], object_freq)
        .doc("4.0.0", "O(1)", "key", "Returns the logarithmic access frequency counter of an object.")
        .tips(&["nondeterministic_output"]),
    sub("OBJECT|HELP", 2, LOADING | STALE, &[], object_help)
        .doc("6.2.0", "O(1)", "", "Returns helpful text about the different subcommands."),
    sub("OBJECT|IDLETIME", 3, READONLY, &[key(2, RO)], object_idletime)
        .doc("2.2.3", "O(1)", "key", "Returns the time since the last access to an object.")
        .tips(&["nondeterministic_output"]),
    sub("OBJECT|REFCOUNT", 3, READONLY, &[key(2, RO)], object_refcount)
        .doc("2.2.3", "O(1)", "key", "Returns the reference count of a value of a key.")
        .tips(&["nondeterministic_output"]),
];

fn object_encoding(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    let slot = cx.look(key);
    Ok(slot.map_or(Reply::Null, |slot| Reply::bulk(encoding(key, slot))))
}

/// A short string is `embstr` only together with its key and its time of expiry, for which a long key always has room.
pub(in crate::command) fn encoding(key: &[u8], slot: &Slot) -> &'static str {
    let expiry = if slot.expires_at().is_some() && key.len() < 32 {
        8
    } else {
        0
    };
    match slot.value() {
        Value::String(StringValue::Whole(bytes)) if key.len() + bytes.len() + expiry > 41 => "raw",
        value => value.encoding(),
    }
}

fn object_freq(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let tracked = counts_frequency(cx);
    match cx.look(args.next()?) {
        None => Ok(Reply::Null),
        Some(slot) if tracked => Ok(Reply::Int(i64::from(slot.frequency()))),
        Some(_) => Err(fixed(
            "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when \
             switching between policies at runtime LRU and LFU data will take some time to adjust.",
        )),
    }
}

fn object_help(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(help(
        "OBJECT",
        &[
            "ENCODING <key>",
            "    Return the kind of internal representation used in order to store the value",
            "    associated with a <key>.",
            "FREQ <key>",
            "    Return the access frequency index of the <key>. The returned integer is",
            "    proportional to the logarithm of the recent access frequency of the key.",
            "IDLETIME <key>",
            "    Return the idle time of the <key>, that is the approximated number of",
            "    seconds elapsed since the last access to the key.",
            "REFCOUNT <key>",
            "    Return the number of references of the value associated with the specified",
            "    <key>.",
        ],
    ))
}

fn object_idletime(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (now_s, tracked) = (cx.now_s(), !counts_frequency(cx));
    match cx.look(args.next()?) {
        None => Ok(Reply::Null),
        Some(slot) if tracked => Ok(Reply::Int(now_s.saturating_sub(slot.accessed()).into())),
        Some(_) => Err(fixed(
            "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching \
             between policies at runtime LRU and LFU data will take some time to adjust.",
        )),
    }
}

/// Redis 8 shares no value between keys.
fn object_refcount(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let slot = cx.look(args.next()?);
    Ok(slot.map_or(Reply::Null, |_| Reply::Int(1)))
}

/// Whether the eviction policy is one of those that count accesses instead of noting the last one.
fn counts_frequency(cx: &Context<'_>) -> bool {
    cx.world.config.maxmemory_policy().ends_with("-lfu")
}
