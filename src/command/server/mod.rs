//! Commands about the server as a whole.

pub(super) mod acl;
pub(super) mod command;
pub(super) mod config;
mod debug;
mod flush;
mod info;
pub(super) mod latency;
mod lolwut;
pub(super) mod memory;
pub(super) mod module;
mod persist;
mod replication;
pub(super) mod slowlog;

use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::generic::dump::restore;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::spec::*;
use crate::commit::Origin;
use crate::resp::Reply;
use debug::debug;
pub(super) use flush::empty_all;
use flush::flushall;
use flush::flushdb;
use flush::swapdb;
use info::info;
use lolwut::lolwut;
use persist::bgrewriteaof;
use persist::bgsave;
use persist::lastsave;
use persist::save;
use persist::shutdown;
use replication::failover;
use replication::psync;
use replication::replconf;
use replication::replicaof;
use replication::role;
use replication::sync;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(super) const COMMANDS: &[Command] = &[
    cmd("BGREWRITEAOF", 1, ADMIN | NOSCRIPT | NO_ASYNC_LOADING, &[], bgrewriteaof)
        .doc("1.0.0", "O(1)", "", "Asynchronously rewrites the append-only file to disk."),
    cmd("BGSAVE", -1, ADMIN | NOSCRIPT | NO_ASYNC_LOADING, &[], bgsave)
        .doc("1.0.0", "O(1)", "[SCHEDULE]", "Asynchronously saves the database(s) to disk."),
    cmd("DBSIZE", 1, READONLY | FAST | CAT_KEYSPACE, &[], dbsize)
        .doc("1.0.0", "O(1)", "", "Returns the number of keys in the database.")
        .tips(&["request_policy:all_shards", "response_policy:agg_sum"]),
    cmd("DEBUG", -2, ADMIN | NOSCRIPT | LOADING | STALE | SYSCMD, &[], debug)
        .doc("1.0.0", "Depends on subcommand.", "", "A container for debugging commands."),
    cmd("FAILOVER", -1, ADMIN | NOSCRIPT | STALE, &[], failover)
        .doc("6.2.0", "O(1)", "[TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]", "Starts a coordinated failover from a server to one of its replicas."),
    cmd("FLUSHALL", -1, WRITE | CAT_DANGEROUS | CAT_KEYSPACE, &[], flushall)
        .doc("1.0.0", "O(N) where N is the total number of keys in all databases", "[ASYNC | SYNC]", "Removes all keys from all databases.")
        .tips(&["request_policy:all_shards", "response_policy:all_succeeded"]),
    cmd("FLUSHDB", -1, WRITE | CAT_DANGEROUS | CAT_KEYSPACE, &[], flushdb)
        .doc("1.0.0", "O(N) where N is the number of keys in the selected database", "[ASYNC | SYNC]", "Removes all keys from the current database.")
        .tips(&["request_policy:all_shards", "response_policy:all_succeeded"]),
    cmd("INFO", -1, LOADING | STALE | CAT_DANGEROUS, &[], info)
        .doc("1.0.0", "O(1)", "[section [section ...]]", "Returns information and statistics about the server.")
        .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"]),
    cmd("LASTSAVE", 1, LOADING | STALE | FAST | CAT_ADMIN | CAT_DANGEROUS, &[], lastsave)
        .doc("1.0.0", "O(1)", "", "Returns the Unix timestamp of the last successful save to disk.")
        .tips(&["nondeterministic_output"]),
    cmd("LOLWUT", -1, READONLY | FAST, &[], lolwut)
        .doc("5.0.0", "", "[VERSION version]", "Displays computer art and the server version."),
    cmd("MONITOR", 1, ADMIN | NOSCRIPT | LOADING | STALE, &[], monitor)
        .doc("1.0.0", "", "", "Listens for all requests received by the server in real-time."),
    cmd("PSYNC", -3, ADMIN | NOSCRIPT | NO_MULTI | NO_ASYNC_LOADING, &[], psync)
        .doc("2.8.0", "", "replicationid offset", "An internal command used in replication."),
    cmd("REPLCONF", -1, ADMIN | NOSCRIPT | LOADING | STALE | ALLOW_BUSY | SYSCMD, &[], replconf)
        .doc("3.0.0", "O(1)", "", "An internal command for configuring the replication stream."),
    cmd("REPLICAOF", 3, ADMIN | NOSCRIPT | STALE | NO_ASYNC_LOADING, &[], replicaof)
        .doc("5.0.0", "O(1)", "<host port | NO ONE>", "Configures a server as replica of another, or promotes it to a primary."),
    cmd("RESTORE-ASKING", -4, WRITE | DENYOOM | ASKING | SYSCMD | CAT_DANGEROUS | CAT_KEYSPACE, &[key(1, OW | UPDATE)], restore)
        .doc("3.0.0", "O(1) to create the new key and additional O(N*M) to reconstruct the serialized value, where N is the number of objects composing the value and M their average size. For small string values the time complexity is thus O(1)+O(1*M) where M is small, so simply O(1). However for sorted set values the complexity is O(N*M*log(N)) because inserting values into sorted sets is O(log(N)).", "key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]", "An internal command for migrating keys in a cluster."),
    cmd("ROLE", 1, NOSCRIPT | LOADING | STALE | FAST | CAT_ADMIN | CAT_DANGEROUS, &[], role)
        .doc("2.8.12", "O(1)", "", "Returns the replication role."),
    cmd("SAVE", 1, ADMIN | NOSCRIPT | NO_MULTI | NO_ASYNC_LOADING, &[], save)
        .doc("1.0.0", "O(N) where N is the total number of keys in all databases", "", "Synchronously saves the database(s) to disk."),
    cmd("SHUTDOWN", -1, ADMIN | NOSCRIPT | LOADING | STALE | NO_MULTI | ALLOW_BUSY, &[], shutdown)
        .doc("1.0.0", "O(N) when saving, where N is the total number of keys in all databases when saving data, otherwise O(1)", "[NOSAVE | SAVE] [NOW] [FORCE] [ABORT]", "Synchronously saves the database(s) to disk and shuts down the server."),
    cmd("SLAVEOF", 3, ADMIN | NOSCRIPT | STALE | NO_ASYNC_LOADING, &[], replicaof)
        .doc("1.0.0", "O(1)", "<host port | NO ONE>", "Sets a server as a replica of another, or promotes it to being a primary.")
        .deprecated("5.0.0", "`REPLICAOF`"),
    cmd("SWAPDB", 3, WRITE | FAST | CAT_DANGEROUS | CAT_KEYSPACE, &[], swapdb)
        .doc("4.0.0", "O(N) where N is the count of clients watching or blocking on keys from both databases.", "index1 index2", "Swaps two databases."),
    cmd("SYNC", 1, ADMIN | NOSCRIPT | NO_MULTI | NO_ASYNC_LOADING, &[], sync)
        .doc("1.0.0", "", "", "An internal command used in replication."),
    cmd("TIME", 1, LOADING | STALE | FAST, &[], time)
        .doc("2.6.0", "O(1)", "", "Returns the server time.")
        .tips(&["nondeterministic_output"]),
];

fn dbsize(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(Reply::len(cx.db().len()))
}

/// From now on the connection is told every command that runs.
fn monitor(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    if cx.unit.origin == Origin::Exec {
        return Err(fixed("ERR MONITOR isn't allowed for DENY BLOCKING client"));
    }
    cx.session.monitor = true;
    cx.world.monitored = true;
    Ok(Reply::OK)
}

fn time(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    let now_us = cx.unit.now_us;
    let parts = [now_us.div_euclid(1_000_000), now_us.rem_euclid(1_000_000)];
    Ok(Reply::bulks(parts.map(|part| part.to_string())))
}
