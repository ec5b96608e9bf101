//! INFO: the state of everything, in the sections and under the names that clients parse.
//!
//! What a fake does not measure (network, allocator, processor) is 0.

use std::fmt::Display;
use std::fmt::Write;

use super::persist::last_save_s;
use crate::command::FAMILIES;
use crate::command::REDIS_VERSION;
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::memory::STARTUP;
use crate::command::reply::Result;
use crate::command::spec::Group;
use crate::resp::Reply;

/// A section's name, whether it is shown without being asked for, and what it says.
type Section = (&'static str, bool, fn(&Context<'_>, &mut Text));

#[rustfmt::skip] // One section per row.
const SECTIONS: &[Section] = &[
    ("Server", true, server),
    ("Clients", true, clients),
    ("Memory", true, memory),
    ("Persistence", true, persistence),
    ("Threads", true, threads),
    ("Stats", true, stats),
    ("Replication", true, replication),
    ("CPU", true, cpu),
    ("Modules", true, modules),
    ("Commandstats", false, commandstats),
    ("Errorstats", true, errorstats),
    ("Latencystats", false, latencystats),
    ("Cluster", true, cluster),
    ("Keyspace", true, keyspace),
];

/// `INFO [section…]`
pub(super) fn info(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let names = args.rest();
    let asked = |name: &str| {
        names
            .iter()
            .any(|other| other.eq_ignore_ascii_case(name.as_bytes()))
    };
    let default = names.is_empty() || asked("default");
    let all = asked("all") || asked("everything");
    let mut text = Text::default();
    for (name, is_default, section) in SECTIONS {
        if all || (default && *is_default) || asked(name) {
            text.section(name);
            section(cx, &mut text);
        }
    }
    Ok(Reply::Verbatim(*b"txt", text.0.into()))
}

/// Lines `name:value` under headings.
#[derive(Default)]
struct Text(String);

impl Text {
    fn section(&mut self, name: &str) {
        let gap = if self.0.is_empty() { "" } else { "\r\n" };
        self.0.push_str(&format!("{gap}# {name}\r\n"));
    }

    fn field(&mut self, name: &str, value: impl Display) {
        write!(self.0, "{name}:{value}\r\n").expect("a String takes every write");
    }

    fn fields(&mut self, fields: &[(&str, &dyn Display)]) {
        fields
            .iter()
            .for_each(|(name, value)| self.field(name, value));
    }

    fn zeros(&mut self, names: &[&str]) {
        names.iter().for_each(|name| self.field(name, 0));
    }
}

fn server(cx: &Context<'_>, text: &mut Text) {
    let process = cx.host.process();
    let config = &cx.world.config;
    let uptime_s = (cx.unit.now_us - cx.world.started_us).max(0) / 1_000_000;
    text.fields(&[
        ("redis_version", &REDIS_VERSION),
        ("redis_git_sha1", &"00000000"),
        ("redis_git_dirty", &0),
        ("redis_build_id", &"fakeredis"),
        ("redis_mode", &"standalone"),
        ("os", &std::env::consts::OS),
        ("arch_bits", &usize::BITS),
        ("monotonic_clock", &"POSIX clock_gettime"),
        ("multiplexing_api", &"fakeredis"),
        ("atomicvar_api", &"rust"),
        ("gcc_version", &"0.0.0"),
        ("process_id", &process.id),
        ("process_supervised", &"no"),
        ("run_id", &cx.world.run_id),
        ("tcp_port", &config.port()),
        ("server_time_usec", &cx.unit.now_us),
        ("uptime_in_seconds", &uptime_s),
        ("uptime_in_days", &(uptime_s / 86_400)),
        ("hz", &10),
        ("configured_hz", &10),
        ("lru_clock", &(cx.now_s() % (1 << 24))),
        ("executable", &process.executable),
        ("config_file", &process.config_file),
        ("io_threads_active", &0),
        ("fakeredis_version", &env!("CARGO_PKG_VERSION")),
    ]);
}

fn clients(cx: &Context<'_>, text: &mut Text) {
    let own = std::iter::once(&*cx.session);
    let count = |which: fn(&crate::session::Session) -> bool| {
        own.clone()
            .chain(cx.world.sessions.iter())
            .filter(|session| which(session))
            .count()
    };
    text.fields(&[
        ("connected_clients", &cx.world.sessions.len()),
        ("cluster_connections", &0),
        ("maxclients", &cx.world.config.maxclients()),
        ("client_recent_max_input_buffer", &0),
        ("client_recent_max_output_buffer", &0),
        ("blocked_clients", &cx.world.waits.len()),
        (
            "tracking_clients",
            &cx.world.tracking.as_ref().map_or(0, |all| all.len()),
        ),
        (
            "pubsub_clients",
            &count(crate::session::Session::is_subscribed),
        ),
        ("watching_clients", &cx.world.watches.clients()),
        ("clients_in_timeout_table", &cx.world.waits.deadlines()),
        ("total_watched_keys", &cx.world.watches.keys()),
        ("total_blocking_keys", &cx.world.waits.keys()),
        (
            "total_blocking_keys_on_nokey",
            &cx.world.waits.keys_on_removal(),
        ),
    ]);
}

fn memory(cx: &Context<'_>, text: &mut Text) {
    let config = &cx.world.config;
    let used = cx.world.used_memory();
    let dataset = used - STARTUP;
    let percent = dataset as f64 / used as f64 * 100.0;
    for name in ["used_memory", "used_memory_rss", "used_memory_peak"] {
        text.field(name, used);
        text.field(&format!("{name}_human"), human(used));
    }
    text.fields(&[
        ("used_memory_peak_perc", &"100.00%"),
        ("used_memory_overhead", &STARTUP),
        ("used_memory_startup", &STARTUP),
        ("used_memory_dataset", &dataset),
        ("used_memory_dataset_perc", &format!("{percent:.2}%")),
        ("allocator_allocated", &used),
        ("allocator_active", &used),
        ("allocator_resident", &used),
    ]);
    text.zeros(&[
        "total_system_memory",
        "used_memory_lua",
        "used_memory_vm_eval",
        "used_memory_scripts_eval",
        "number_of_cached_scripts",
        "number_of_functions",
        "number_of_libraries",
        "used_memory_vm_functions",
        "used_memory_vm_total",
        "used_memory_functions",
        "used_memory_scripts",
    ]);
    text.fields(&[
        ("maxmemory", &config.maxmemory()),
        ("maxmemory_human", &human(config.maxmemory())),
        ("maxmemory_policy", &config.maxmemory_policy()),
        ("allocator_frag_ratio", &"1.00"),
        ("allocator_rss_ratio", &"1.00"),
        ("rss_overhead_ratio", &"1.00"),
        ("mem_fragmentation_ratio", &"1.00"),
        ("mem_fragmentation_bytes", &0),
    ]);
    text.zeros(&[
        "mem_not_counted_for_evict",
        "mem_replication_backlog",
        "mem_total_replication_buffers",
        "mem_clients_slaves",
        "mem_clients_normal",
        "mem_cluster_links",
        "mem_aof_buffer",
    ]);
    text.field("mem_allocator", "rust");
    text.zeros(&[
        "active_defrag_running",
        "lazyfree_pending_objects",
        "lazyfreed_objects",
    ]);
}

/// `1.50K`
fn human(bytes: u64) -> String {
    let units = [
        (1u64 << 40, 'T'),
        (1 << 30, 'G'),
        (1 << 20, 'M'),
        (1 << 10, 'K'),
    ];
    match units.iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, letter)) => format!("{:.2}{letter}", bytes as f64 / *unit as f64),
        None => format!("{bytes}B"),
    }
}

fn persistence(cx: &Context<'_>, text: &mut Text) {
    let journal = cx.host.persistence();
    let status = |error: &Option<String>| if error.is_some() { "err" } else { "ok" };
    text.zeros(&["loading", "async_loading", "current_cow_size"]);
    text.fields(&[
        ("rdb_changes_since_last_save", &journal.changes),
        ("rdb_bgsave_in_progress", &u8::from(journal.saving)),
        ("rdb_last_save_time", &last_save_s(cx)),
        ("rdb_last_bgsave_status", &status(&journal.save_error)),
        ("rdb_last_bgsave_time_sec", &-1),
        ("rdb_current_bgsave_time_sec", &-1),
        ("rdb_saves", &journal.saves),
        ("rdb_last_cow_size", &0),
        ("rdb_last_load_keys_expired", &0),
        ("rdb_last_load_keys_loaded", &0),
        ("aof_enabled", &u8::from(journal.enabled)),
        ("aof_rewrite_in_progress", &0),
        ("aof_rewrite_scheduled", &0),
        ("aof_last_rewrite_time_sec", &-1),
        ("aof_current_rewrite_time_sec", &-1),
        ("aof_last_bgrewrite_status", &status(&journal.save_error)),
        ("aof_rewrites", &0),
        ("aof_rewrites_consecutive_failures", &0),
        ("aof_last_write_status", &status(&journal.write_error)),
        ("aof_last_cow_size", &0),
    ]);
    if journal.enabled {
        text.field("aof_current_size", journal.size);
    }
    if let Some(reason) = &journal.write_error {
        text.field("journal_write_error", reason);
    }
    if let Some(reason) = &journal.save_error {
        text.field("journal_checkpoint_error", reason);
    }
    text.zeros(&["module_fork_in_progress", "module_fork_last_cow_size"]);
}

fn threads(cx: &Context<'_>, text: &mut Text) {
    let clients = cx.world.sessions.len();
    text.field("io_thread_0", format!("clients={clients},reads=0,writes=0"));
}

fn stats(cx: &Context<'_>, text: &mut Text) {
    let stats = &cx.world.stats;
    text.fields(&[
        ("total_connections_received", &stats.connections),
        ("total_commands_processed", &stats.commands),
        ("instantaneous_ops_per_sec", &0),
        ("total_net_input_bytes", &stats.net_input_bytes),
        ("total_net_output_bytes", &stats.net_output_bytes),
        ("instantaneous_input_kbps", &"0.00"),
        ("instantaneous_output_kbps", &"0.00"),
        ("rejected_connections", &stats.rejected_connections),
        ("sync_full", &0),
        ("sync_partial_ok", &0),
        ("sync_partial_err", &0),
        ("expired_subkeys", &stats.expired_fields),
        ("expired_keys", &stats.expired_keys),
        ("expired_stale_perc", &"0.00"),
        ("expired_time_cap_reached_count", &0),
        ("expire_cycle_cpu_milliseconds", &0),
        ("evicted_keys", &stats.evicted_keys),
        ("evicted_clients", &0),
        ("evicted_scripts", &0),
        ("keyspace_hits", &stats.keyspace_hits),
        ("keyspace_misses", &stats.keyspace_misses),
    ]);
    text.zeros(&[
        "pubsub_channels",
        "pubsub_patterns",
        "pubsubshard_channels",
        "latest_fork_usec",
        "total_forks",
        "migrate_cached_sockets",
        "slave_expires_tracked_keys",
        "active_defrag_hits",
        "active_defrag_misses",
        "active_defrag_key_hits",
        "active_defrag_key_misses",
    ]);
    let tracked = cx.world.tracking.as_ref().map(|all| all.totals());
    let [keys, items, prefixes] = tracked.unwrap_or_default();
    text.fields(&[
        ("tracking_total_keys", &keys),
        ("tracking_total_items", &items),
        ("tracking_total_prefixes", &prefixes),
        ("unexpected_error_replies", &0),
    ]);
    text.field("total_error_replies", stats.errors);
    text.zeros(&[
        "dump_payload_sanitizations",
        "total_reads_processed",
        "total_writes_processed",
        "io_threaded_reads_processed",
        "io_threaded_writes_processed",
    ]);
    text.field("acl_access_denied_auth", stats.acl_denied_auth);
    text.zeros(&[
        "acl_access_denied_cmd",
        "acl_access_denied_key",
        "acl_access_denied_channel",
    ]);
}

fn replication(cx: &Context<'_>, text: &mut Text) {
    text.fields(&[
        ("role", &"master"),
        ("connected_slaves", &0),
        ("master_failover_state", &"no-failover"),
        ("master_replid", &cx.world.replication_id),
        ("master_replid2", &"0".repeat(40)),
        ("master_repl_offset", &0),
        ("second_repl_offset", &-1),
        ("repl_backlog_active", &0),
        ("repl_backlog_size", &1_048_576),
        ("repl_backlog_first_byte_offset", &0),
        ("repl_backlog_histlen", &0),
    ]);
}

fn cpu(_: &Context<'_>, text: &mut Text) {
    for name in [
        "used_cpu_sys",
        "used_cpu_user",
        "used_cpu_sys_children",
        "used_cpu_user_children",
        "used_cpu_sys_main_thread",
        "used_cpu_user_main_thread",
    ] {
        text.field(name, "0.000000");
    }
}

fn modules(_: &Context<'_>, text: &mut Text) {
    if FAMILIES
        .iter()
        .any(|family| family.group == Group::VectorSet)
    {
        let module = "name=vectorset,ver=1,api=1,filters=0,usedby=[],using=[],options=[handle-io-errors|handle-repl-async-load]";
        text.field("module", module);
    }
}

fn commandstats(cx: &Context<'_>, text: &mut Text) {
    for stats in cx.world.stats.by_command() {
        let name = stats.command.shown_name();
        let (usec, calls) = (stats.time.as_micros(), stats.calls);
        let per_call = if calls == 0 {
            0.0
        } else {
            usec as f64 / calls as f64
        };
        let value = format!(
            "calls={calls},usec={usec},usec_per_call={per_call:.2},rejected_calls={},failed_calls={}",
            stats.rejected, stats.failed
        );
        text.field(&format!("cmdstat_{name}"), value);
    }
}

fn errorstats(cx: &Context<'_>, text: &mut Text) {
    for (code, count) in cx.world.stats.by_code() {
        text.field(&format!("errorstat_{code}"), format!("count={count}"));
    }
}

fn latencystats(cx: &Context<'_>, text: &mut Text) {
    let config = &cx.world.config;
    if !config.latency_tracking() {
        return;
    }
    let percentiles = config.latency_tracking_info_percentiles();
    let all = cx.world.stats.by_command();
    for stats in all.into_iter().filter(|stats| !stats.histogram.is_empty()) {
        let shown = percentiles.split_ascii_whitespace().map(|percent| {
            let nanos = stats.histogram.percentile(percent.parse().unwrap_or(0.0));
            format!("p{percent}={:.3}", nanos as f64 / 1000.0)
        });
        let name = stats.command.shown_name();
        let value = shown.collect::<Vec<_>>().join(",");
        text.field(&format!("latency_percentiles_usec_{name}"), value);
    }
}

fn cluster(_: &Context<'_>, text: &mut Text) {
    text.field("cluster_enabled", 0);
}

fn keyspace(cx: &Context<'_>, text: &mut Text) {
    let now_ms = i128::from(cx.now_ms());
    for (index, db) in cx.world.keyspace.used() {
        let expires = db.volatile_len();
        let left_ms = match expires {
            0 => 0,
            _ => (db.expiry_sum() / expires as i128 - now_ms).max(0),
        };
        let value = format!(
            "keys={},expires={expires},avg_ttl={left_ms},subexpiry={}",
            db.len(),
            db.volatile_fields_len()
        );
        text.field(&format!("db{index}"), value);
    }
}
