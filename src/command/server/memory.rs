//! MEMORY: estimates. A fake measures no allocator: sizes follow from what is kept, and are the same on every machine.

use crate::command::Command;
use crate::command::args::Args;
use crate::command::container;
use crate::command::context::Context;
use crate::command::footprint::footprint;
use crate::command::memory::STARTUP;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::help;
use crate::command::spec::*;
use crate::command::sub;
use crate::resp::Reply;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    container("MEMORY", -2)
        .doc("4.0.0", "Depends on subcommand.", "", "A container for memory diagnostics commands."),
    sub("MEMORY|DOCTOR", 2, 0, &[], memory_doctor)
        .doc("4.0.0", "O(1)", "", "Outputs a memory problems report.")
        .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"]),
    sub("MEMORY|HELP", 2, LOADING | STALE, &[], memory_help)
        .doc("4.0.0", "O(1)", "", "Returns helpful text about the different subcommands."),
    sub("MEMORY|MALLOC-STATS", 2, 0, &[], memory_malloc_stats)
        .doc("4.0.0", "Depends on how much memory is allocated, could be slow", "", "Returns the allocator statistics.")
        .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"]),
    sub("MEMORY|PURGE", 2, 0, &[], memory_purge)
        .doc("4.0.0", "Depends on how much memory is allocated, could be slow", "", "Asks the allocator to release memory.")
        .tips(&["request_policy:all_shards", "response_policy:all_succeeded"]),
    sub("MEMORY|STATS", 2, 0, &[], memory_stats)
        .doc("4.0.0", "O(1)", "", "Returns details about memory usage.")
        .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"]),
    sub("MEMORY|USAGE", -3, READONLY, &[key(2, RO)], memory_usage)
        .doc("4.0.0", "O(N) where N is the number of samples.", "key [SAMPLES count]", "Estimates the memory usage of a key."),
];

/// What a key takes beside its name and its value.
const KEY: usize = 64;

fn memory_doctor(_: &mut Context<'_>, _: Args<'_>) -> Result {
    let text = "Hi Sam, this instance is empty or is using very little memory, my issues detector can't be used in these \
                conditions. Please, leave for your mission on Earth and fill it with some data. The new Sam and I will be \
                back to our programming as soon as I finished rebooting.\n";
    Ok(Reply::Verbatim(*b"txt", text.into()))
}

fn memory_help(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(help("MEMORY", HELP))
}

fn memory_malloc_stats(_: &mut Context<'_>, _: Args<'_>) -> Result {
    let text = "Stats not supported for the current allocator";
    Ok(Reply::Verbatim(*b"txt", text.into()))
}

fn memory_purge(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(Reply::OK)
}

fn memory_stats(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    let used = cx.world.used_memory();
    let keys: usize = cx.world.keyspace.used().map(|(_, db)| db.len()).sum();
    let dataset = used - STARTUP;
    let per_key = dataset.checked_div(keys as u64).unwrap_or(0);
    let percentage = dataset as f64 / used as f64 * 100.0;
    let int = |number: u64| Reply::Int(number as i64);
    let mut stats = vec![
        ("peak.allocated".to_owned(), int(used)),
        ("total.allocated".to_owned(), int(used)),
        ("startup.allocated".to_owned(), int(STARTUP)),
    ];
    for name in ZEROS {
        stats.push(((*name).to_owned(), int(0)));
    }
    for (index, db) in cx.world.keyspace.used() {
        let tables = [
            ("overhead.hashtable.main", int(db.keys().heap_size() as u64)),
            (
                "overhead.hashtable.expires",
                int(db.volatile_len() as u64 * KEY as u64),
            ),
        ];
        stats.push((format!("db.{index}"), Reply::map(tables)));
    }
    stats.extend([
        ("overhead.total".to_owned(), int(STARTUP)),
        ("keys.count".to_owned(), int(keys as u64)),
        ("keys.bytes-per-key".to_owned(), int(per_key)),
        ("dataset.bytes".to_owned(), int(dataset)),
        ("dataset.percentage".to_owned(), Reply::Double(percentage)),
        ("peak.percentage".to_owned(), Reply::Double(100.0)),
        ("fragmentation".to_owned(), Reply::Double(1.0)),
        ("fragmentation.bytes".to_owned(), int(0)),
    ]);
    Ok(Reply::map(stats))
}

/// `MEMORY USAGE key [SAMPLES count]`: nothing is sampled, so that the count does not matter.
fn memory_usage(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    while !args.is_empty() {
        if !args.keyword_with("SAMPLES", 1) || args.i64()? < 0 {
            return Err(ReplyError::SYNTAX);
        }
    }
    let limits = cx.world.config.limits();
    let size = cx.look(key).map(|slot| footprint(key, slot, &limits));
    Ok(size.map_or(Reply::Null, Reply::len))
}

/// What there is none of, or what nobody measures.
const ZEROS: &[&str] = &[
    "replication.backlog",
    "replica.fullsync.buffer",
    "clients.slaves",
    "clients.normal",
    "cluster.links",
    "aof.buffer",
    "lua.caches",
    "functions.caches",
    "script.VMs",
];

const HELP: &[&str] = &[
    "DOCTOR",
    "    Return memory problems reports.",
    "MALLOC-STATS",
    "    Return internal statistics report from the memory allocator.",
    "PURGE",
    "    Attempt to purge dirty pages for reclamation by the allocator.",
    "STATS",
    "    Return information about the memory usage of the server.",
    "USAGE <key> [SAMPLES <count>]",
    "    Return memory in bytes used by <key> and its value. Nested values are",
    "    sampled up to <count> times (default: 5, 0 means sample all).",
];
