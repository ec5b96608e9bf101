//! The cluster group, as a server answers that is none: a fake has one node, and no slots.

use super::Command;
use super::args::Args;
use super::cmd;
use super::container;
use super::context::Context;
use super::reply::Result;
use super::reply::fixed;
use super::spec::*;
use super::sub;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(super) const COMMANDS: &[Command] = &[
    cmd("ASKING", 1, FAST | CAT_CONNECTION, &[], disabled)
        .doc("3.0.0", "O(1)", "", "Signals that a cluster client is following an -ASK redirect."),
    container("CLUSTER", -2)
        .doc("3.0.0", "Depends on subcommand.", "", "A container for Cluster commands."),
    sub("CLUSTER|ADDSLOTS", -3, ADMIN | STALE | NO_ASYNC_LOADING, &[], disabled)
        .doc("3.0.0", "O(N) where N is the total number of hash slot arguments", "slot [slot ...]", "Assigns new hash slots to a node."),
    sub("CLUSTER|ADDSLOTSRANGE", -4, ADMIN | STALE | NO_ASYNC_LOADING, &[], disabled)
        .doc("7.0.0", "O(N) where N is the total number of the slots between the start slot and end slot arguments.", "start-slot end-slot [start-slot end-slot ...]", "Assigns new hash slot ranges to a node."),
    sub("CLUSTER|BUMPEPOCH", 2, ADMIN | STALE | NO_ASYNC_LOADING, &[], disabled)
        .doc("3.0.0", "O(1)", "", "Advances the cluster config epoch.")
        .tips(&["nondeterministic_output"]),
    sub("CLUSTER|COUNT-FAILURE-REPORTS", 3, ADMIN | STALE, &[], disabled)
        .doc("3.0.0", "O(N) where N is the number of failure reports", "node-id", "Returns the number of active failure reports for a node. No new reports are created once the node is marked as failed.")
        .tips(&["nondeterministic_output"]),
    sub("CLUSTER|COUNTKEYSINSLOT", 3, STALE, &[], disabled)
        .doc("3.0.0", "O(1)", "slot", "Returns the number of keys in a hash slot."),
    sub("CLUSTER|DELSLOTS", -3, ADMIN | STALE | NO_ASYNC_LOADING, &[], disabled)
        .doc("3.0.0", "O(N) where N is the total number of hash slot arguments", "slot [slot ...]", "Sets hash slots as unbound for a node."),
    sub("CLUSTER|DELSLOTSRANGE", -4, ADMIN | STALE | NO_ASYNC_LOADING, &[], disabled)
        .doc("7.0.0", "O(N) where N is the total number of the slots between the start slot and end slot arguments.", "start-slot end-slot [start-slot end-slot ...]", "Sets hash slot ranges as unbound for a node."),
    sub("CLUSTER|FAILOVER", -2, ADMIN | STALE | NO_ASYNC_LOADING, &[], disabled)
        .doc("3.0.0", "O(1)", "[FORCE | TAKEOVER]", "Forces a replica to perform a manual failover of its primary."),
    sub("CLUSTER|FLUSHSLOTS", 2, ADMIN | STALE | NO_ASYNC_LOADING, &[], disabled)
        .doc("3.0.0", "O(1)", "", "Deletes all slots information from a node."),
    sub("CLUSTER|FORGET", 3, ADMIN | STALE | NO_ASYNC_LOADING, &[], disabled)
        .doc("3.0.0", "O(1)", "node-id", "Removes a node from the nodes table."),
    sub("CLUSTER|GETKEYSINSLOT", 4, STALE, &[], disabled)
        .doc("3.0.0", "O(N) where N is the number of requested keys", "slot count", "Returns the key names in a hash slot.")
        .tips(&["nondeterministic_output"]),
    sub("CLUSTER|HELP", 2, LOADING | STALE, &[], disabled)
        .doc("5.0.0", "O(1)", "", "Returns helpful text about the different subcommands."),
    sub("CLUSTER|INFO", 2, STALE, &[], disabled)
        .doc("3.0.0", "O(1)", "", "Returns information about the state of a node.")
        .tips(&["nondeterministic_output"]),
    sub("CLUSTER|KEYSLOT", 3, STALE, &[], disabled)
        .doc("3.0.0", "O(N) where N is the number of bytes in the key", "key:string", "Returns the hash slot for a key."),
    sub("CLUSTER|LINKS", 2, STALE, &[], disabled)
        .doc("7.0.0", "O(N) where N is the total number of Cluster nodes", "", "Returns a list of all TCP links to and from peer nodes.")
        .tips(&["nondeterministic_output"]),
    sub("CLUSTER|MEET", -4, ADMIN | STALE | NO_ASYNC_LOADING, &[], disabled)
        .doc("3.0.0", "O(1)", "ip port [cluster-bus-port]", "Forces a node to handshake with another node."),
    sub("CLUSTER|MYID", 2, STALE, &[], disabled)
        .doc("3.0.0", "O(1)", "", "Returns the ID of a node."),
    sub("CLUSTER|MYSHARDID", 2, STALE, &[], disabled)
        .doc("7.2.0", "O(1)", "", "Returns the shard ID of a node.")
        .tips(&["nondeterministic_output"]),
    sub("CLUSTER|NODES", 2, STALE, &[], disabled)
        .doc("3.0.0", "O(N) where N is the total number of Cluster nodes", "", "Returns the cluster configuration for a node.")
        .tips(&["nondeterministic_output"]),
    sub("CLUSTER|REPLICAS", 3, ADMIN | STALE, &[], disabled)
        .doc("5.0.0", "O(N) where N is the number of replicas.", "node-id", "Lists the replica nodes of a primary node.")
        .tips(&["nondeterministic_output"]),
    sub("CLUSTER|REPLICATE", 3, ADMIN | STALE | NO_ASYNC_LOADING, &[], disabled)
        .doc("3.0.0", "O(1)", "node-id", "Configures a node as replica of a primary node or detaches a replica from its primary."),
    sub("CLUSTER|RESET", -2, ADMIN | NOSCRIPT | STALE, &[], disabled)
        .doc("3.0.0", "O(N) where N is the number of known nodes. The command may execute a FLUSHALL as a side effect.", "[HARD | SOFT]", "Resets a node."),
    sub("CLUSTER|SAVECONFIG", 2, ADMIN | STALE | NO_ASYNC_LOADING, &[], disabled)
        .doc("3.0.0", "O(1)", "", "Forces a node to save the cluster configuration to disk."),
    sub("CLUSTER|SET-CONFIG-EPOCH", 3, ADMIN | STALE | NO_ASYNC_LOADING, &[], disabled)
        .doc("3.0.0", "O(1)", "config-epoch", "Sets the configuration epoch for a new node."),
    sub("CLUSTER|SETSLOT", -4, ADMIN | STALE | NO_ASYNC_LOADING, &[], disabled)
        .doc("3.0.0", "O(1)", "slot <IMPORTING node-id | MIGRATING node-id | NODE node-id | STABLE>", "Binds a hash slot to a node."),
    sub("CLUSTER|SHARDS", 2, LOADING | STALE, &[], disabled)
        .doc("7.0.0", "O(N) where N is the total number of cluster nodes", "", "Returns the mapping of cluster slots to shards.")
        .tips(&["nondeterministic_output"]),
    sub("CLUSTER|SLAVES", 3, ADMIN | STALE, &[], disabled)
        .doc("3.0.0", "O(N) where N is the number of replicas.", "node-id", "Lists the replica nodes of a primary node.")
        .tips(&["nondeterministic_output"])
        .deprecated("5.0.0", "`CLUSTER REPLICAS`"),
    sub("CLUSTER|SLOT-STATS", -4, LOADING | STALE, &[], disabled)
        .doc("8.2.0", "O(N) where N is the total number of slots based on arguments. O(N*log(N)) with ORDERBY subcommand.", "<SLOTSRANGE start-slot end-slot | ORDERBY metric [LIMIT limit] [ASC | DESC]>", "Return an array of slot usage statistics for slots assigned to the current node.")
        .tips(&["nondeterministic_output", "request_policy:all_shards"]),
    sub("CLUSTER|SLOTS", 2, LOADING | STALE, &[], disabled)
        .doc("3.0.0", "O(N) where N is the total number of Cluster nodes", "", "Returns the mapping of cluster slots to nodes.")
        .tips(&["nondeterministic_output"])
        .deprecated("7.0.0", "`CLUSTER SHARDS`"),
    cmd("READONLY", 1, LOADING | STALE | FAST | CAT_CONNECTION, &[], disabled)
        .doc("3.0.0", "O(1)", "", "Enables read-only queries for a connection to a replica node."),
    cmd("READWRITE", 1, LOADING | STALE | FAST | CAT_CONNECTION, &[], disabled)
        .doc("3.0.0", "O(1)", "", "Enables read-write queries for a connection to a replica node."),
];

fn disabled(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Err(fixed("ERR This instance has cluster support disabled"))
}
