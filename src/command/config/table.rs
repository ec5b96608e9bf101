//! Every parameter of Redis 8.2.3: its default, its kind, and what may be done with it.

use super::kind::Kind;

/// A parameter's row.
#[derive(Debug)]
pub struct Parameter {
    /// The name.
    pub name: &'static str,
    /// An older name, or nothing.
    pub alias: &'static str,
    /// The default, as `CONFIG GET` shows it.
    pub default: &'static str,
    /// What values there are.
    pub kind: Kind,
    /// Only set when the server starts.
    pub immutable: bool,
    /// Only set at run time where `enable-protected-configs` allows it.
    pub protected: bool,
    /// Only shown to those who know its whole name.
    pub hidden: bool,
    /// Whether it means something to this fake; others are accepted and remembered.
    pub live: bool,
}

const fn row(name: &'static str, default: &'static str, kind: Kind) -> Parameter {
    Parameter {
        name,
        alias: "",
        default,
        kind,
        immutable: false,
        protected: false,
        hidden: false,
        live: false,
    }
}

impl Parameter {
    const fn alias(mut self, alias: &'static str) -> Parameter {
        self.alias = alias;
        self
    }

    const fn immutable(mut self) -> Parameter {
        self.immutable = true;
        self
    }

    const fn protected(mut self) -> Parameter {
        self.protected = true;
        self
    }

    const fn hidden(mut self) -> Parameter {
        self.hidden = true;
        self
    }

    const fn live(mut self) -> Parameter {
        self.live = true;
        self
    }
}

/// Parameters that say where a process is, where it writes and what it counts, and not what commands do. The number of
/// databases is a field of its own where a journal is opened.
const OUTSIDE: [&str; 21] = [
    "appendfsync",
    "appendonly",
    "bind",
    "busy-reply-threshold",
    "client-query-buffer-limit",
    "databases",
    "dir",
    "latency-monitor-threshold",
    "latency-tracking",
    "latency-tracking-info-percentiles",
    "maxclients",
    "port",
    "protected-mode",
    "save",
    "slowlog-log-slower-than",
    "slowlog-max-len",
    "tcp-backlog",
    "tcp-keepalive",
    "timeout",
    "unixsocket",
    "unixsocketperm",
];

impl Parameter {
    /// Whether it matters to what commands do and answer.
    pub fn is_telling(&self) -> bool {
        self.live && !OUTSIDE.contains(&self.name)
    }
}

const fn yes_no(name: &'static str, default: &'static str) -> Parameter {
    row(name, default, Kind::YesNo)
}

const fn text(name: &'static str, default: &'static str) -> Parameter {
    row(name, default, Kind::Text)
}

const fn int(name: &'static str, default: &'static str, min: i64, max: i64) -> Parameter {
    row(name, default, Kind::Int { min, max })
}

const fn unsigned(name: &'static str, default: &'static str, min: i64, max: i64) -> Parameter {
    row(name, default, Kind::Unsigned { min, max })
}

const fn size(name: &'static str, default: &'static str, min: i64, max: i64) -> Parameter {
    row(name, default, Kind::UnsignedSize { min, max })
}

const fn signed_size(name: &'static str, default: &'static str, min: i64, max: i64) -> Parameter {
    row(name, default, Kind::Size { min, max })
}

const fn choice(
    name: &'static str,
    default: &'static str,
    words: &'static [&'static str],
) -> Parameter {
    row(name, default, Kind::Choice(words))
}

const fn flags(
    name: &'static str,
    default: &'static str,
    words: &'static [&'static str],
) -> Parameter {
    row(name, default, Kind::Flags(words))
}

const INT: i64 = i32::MAX as i64;
const UINT: i64 = u32::MAX as i64;
const BIG: i64 = i64::MAX;

#[rustfmt::skip] // One parameter per row.
/// The parameters, sorted by name.
pub const PARAMETERS: &[Parameter] = &[
    choice("acl-pubsub-default", "resetchannels", &["allchannels", "resetchannels"]),
    text("aclfile", "").immutable(),
    int("acllog-max-len", "128", 0, BIG),
    int("active-defrag-cycle-max", "25", 1, 99),
    int("active-defrag-cycle-min", "1", 1, 99),
    size("active-defrag-ignore-bytes", "104857600", 1, BIG),
    int("active-defrag-max-scan-fields", "1000", 1, BIG),
    int("active-defrag-threshold-lower", "10", 0, 1000),
    int("active-defrag-threshold-upper", "100", 0, 1000),
    int("active-expire-effort", "1", 1, 10),
    yes_no("activedefrag", "no"),
    yes_no("activerehashing", "yes"),
    yes_no("always-show-logo", "no").immutable(),
    yes_no("aof-load-truncated", "yes"),
    text("aof-rewrite-cpulist", "").alias("aof_rewrite_cpulist").immutable(),
    yes_no("aof-rewrite-incremental-fsync", "yes"),
    yes_no("aof-timestamp-enabled", "no"),
    yes_no("aof-use-rdb-preamble", "yes"),
    text("appenddirname", "appendonlydir").immutable(),
    text("appendfilename", "appendonly.aof").immutable(),
    choice("appendfsync", "everysec", &["everysec", "always", "no"]).live(),
    yes_no("appendonly", "no").live(),
    signed_size("auto-aof-rewrite-min-size", "67108864", 0, BIG),
    int("auto-aof-rewrite-percentage", "100", 0, INT),
    text("bgsave-cpulist", "").alias("bgsave_cpulist").immutable(),
    row("bind", "* -::*", Kind::Words).live(),
    text("bind-source-addr", ""),
    text("bio-cpulist", "").alias("bio_cpulist").immutable(),
    int("busy-reply-threshold", "5000", 0, BIG).alias("lua-time-limit").live(),
    row("client-output-buffer-limit", "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60", Kind::BufferLimits),
    size("client-query-buffer-limit", "1073741824", 1048576, BIG).live(),
    yes_no("cluster-allow-pubsubshard-when-down", "yes"),
    yes_no("cluster-allow-reads-when-down", "no"),
    yes_no("cluster-allow-replica-migration", "yes"),
    int("cluster-announce-bus-port", "0", 0, 65535),
    row("cluster-announce-hostname", "", Kind::HostName),
    row("cluster-announce-human-nodename", "", Kind::NodeName),
    text("cluster-announce-ip", ""),
    int("cluster-announce-port", "0", 0, 65535),
    int("cluster-announce-tls-port", "0", 0, 65535),
    int("cluster-compatibility-sample-ratio", "0", 0, 100),
    text("cluster-config-file", "nodes.conf").immutable(),
    yes_no("cluster-enabled", "no").immutable(),
    size("cluster-link-sendbuf-limit", "0", 0, BIG),
    int("cluster-migration-barrier", "1", 0, INT),
    int("cluster-node-timeout", "15000", 0, BIG),
    int("cluster-ping-interval", "0", 0, BIG).hidden(),
    int("cluster-port", "0", 0, 65535).immutable(),
    choice("cluster-preferred-endpoint-type", "ip", &["ip", "hostname", "unknown-endpoint"]),
    yes_no("cluster-replica-no-failover", "no").alias("cluster-slave-no-failover"),
    int("cluster-replica-validity-factor", "10", 0, INT).alias("cluster-slave-validity-factor"),
    yes_no("cluster-require-full-coverage", "yes"),
    yes_no("cluster-slot-stats-enabled", "no"),
    yes_no("crash-log-enabled", "yes"),
    yes_no("crash-memcheck-enabled", "yes"),
    yes_no("daemonize", "no").immutable(),
    int("databases", "16", 1, INT).immutable().live(),
    row("dbfilename", "dump.rdb", Kind::Text).protected(),
    row("dir", ".", Kind::Text).protected().live(),
    yes_no("disable-thp", "yes").immutable(),
    yes_no("dynamic-hz", "yes"),
    choice("enable-debug-command", "no", &["no", "yes", "local"]).immutable().live(),
    choice("enable-module-command", "no", &["no", "yes", "local"]).immutable(),
    choice("enable-protected-configs", "no", &["no", "yes", "local"]).immutable().live(),
    unsigned("hash-max-listpack-entries", "512", 0, BIG).alias("hash-max-ziplist-entries").live(),
    size("hash-max-listpack-value", "64", 0, BIG).alias("hash-max-ziplist-value").live(),
    yes_no("hide-user-data-from-log", "no"),
    size("hll-sparse-max-bytes", "3000", 0, BIG).live(),
    int("hz", "10", 0, INT),
    text("ignore-warnings", ""),
    int("io-threads", "1", 1, 128).immutable(),
    yes_no("jemalloc-bg-thread", "yes"),
    int("key-load-delay", "0", -INT - 1, INT).hidden(),
    int("latency-monitor-threshold", "0", 0, BIG).live(),
    yes_no("latency-tracking", "yes").live(),
    row("latency-tracking-info-percentiles", "50 99 99.9", Kind::Percentiles).live(),
    yes_no("lazyexpire-nested-arbitrary-keys", "yes").hidden(),
    yes_no("lazyfree-lazy-eviction", "no"),
    yes_no("lazyfree-lazy-expire", "no"),
    yes_no("lazyfree-lazy-server-del", "no"),
    yes_no("lazyfree-lazy-user-del", "no"),
    yes_no("lazyfree-lazy-user-flush", "no"),
    int("lfu-decay-time", "1", 0, INT),
    int("lfu-log-factor", "10", 0, INT),
    int("list-compress-depth", "0", 0, INT),
    int("list-max-listpack-size", "-2", -INT - 1, INT).alias("list-max-ziplist-size").live(),
    row("locale-collate", "", Kind::Text),
    text("logfile", "").immutable(),
    choice("loglevel", "notice", &["debug", "verbose", "notice", "warning", "nothing"]),
    yes_no("lua-enable-deprecated-api", "no").immutable().hidden(),
    text("masterauth", ""),
    text("masteruser", ""),
    unsigned("max-new-connections-per-cycle", "10", 1, 1000),
    unsigned("max-new-tls-connections-per-cycle", "1", 1, 1000),
    unsigned("maxclients", "10000", 1, UINT).live(),
    size("maxmemory", "0", 0, BIG).live(),
    row("maxmemory-clients", "0", Kind::MemoryOrPercent),
    int("maxmemory-eviction-tenacity", "10", 0, 100),
    choice("maxmemory-policy", "noeviction", &["volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "allkeys-lru", "allkeys-lfu", "allkeys-random", "noeviction"]).live(),
    int("maxmemory-samples", "5", 1, 64).live(),
    int("min-replicas-max-lag", "10", 0, INT).alias("min-slaves-max-lag"),
    int("min-replicas-to-write", "0", 0, INT).alias("min-slaves-to-write"),
    yes_no("no-appendfsync-on-rewrite", "no"),
    row("notify-keyspace-events", "", Kind::Events).live(),
    choice("oom-score-adj", "no", &["no", "yes", "relative", "absolute"]),
    row("oom-score-adj-values", "0 200 800", Kind::OomScores),
    text("pidfile", "").immutable(),
    int("port", "6379", 0, 65535).live(),
    row("proc-title-template", "{title} {listen-addr} {server-mode}", Kind::Text),
    choice("propagation-error-behavior", "ignore", &["ignore", "panic", "panic-on-replicas"]),
    yes_no("protected-mode", "yes").live(),
    signed_size("proto-max-bulk-len", "536870912", 1048576, BIG).live(),
    yes_no("rdb-del-sync-files", "no"),
    int("rdb-key-save-delay", "0", -INT - 1, INT).hidden(),
    yes_no("rdb-save-incremental-fsync", "yes"),
    yes_no("rdbchecksum", "yes").immutable(),
    yes_no("rdbcompression", "yes").live(),
    signed_size("repl-backlog-size", "1048576", 1, BIG),
    int("repl-backlog-ttl", "3600", 0, BIG),
    yes_no("repl-disable-tcp-nodelay", "no"),
    choice("repl-diskless-load", "disabled", &["disabled", "on-empty-db", "swapdb"]),
    yes_no("repl-diskless-sync", "yes"),
    int("repl-diskless-sync-delay", "5", 0, INT),
    int("repl-diskless-sync-max-replicas", "0", 0, INT),
    int("repl-ping-replica-period", "10", 1, INT).alias("repl-ping-slave-period"),
    int("repl-timeout", "60", 1, INT),
    text("replica-announce-ip", "").alias("slave-announce-ip"),
    int("replica-announce-port", "0", 0, 65535).alias("slave-announce-port"),
    yes_no("replica-announced", "yes"),
    signed_size("replica-full-sync-buffer-limit", "0", 0, BIG),
    yes_no("replica-ignore-disk-write-errors", "no"),
    yes_no("replica-ignore-maxmemory", "yes").alias("slave-ignore-maxmemory"),
    yes_no("replica-lazy-flush", "no").alias("slave-lazy-flush"),
    int("replica-priority", "100", 0, INT).alias("slave-priority"),
    yes_no("replica-read-only", "yes").alias("slave-read-only"),
    yes_no("replica-serve-stale-data", "yes").alias("slave-serve-stale-data"),
    row("replicaof", "", Kind::ReplicaOf).alias("slaveof").immutable(),
    text("requirepass", "").live(),
    choice("sanitize-dump-payload", "no", &["no", "yes", "clients"]),
    row("save", "3600 1 300 100 60 10000", Kind::Save).live(),
    text("server-cpulist", "").alias("server_cpulist").immutable(),
    unsigned("set-max-intset-entries", "512", 0, BIG).live(),
    unsigned("set-max-listpack-entries", "128", 0, BIG).live(),
    unsigned("set-max-listpack-value", "64", 0, BIG).live(),
    yes_no("set-proc-title", "yes").immutable(),
    flags("shutdown-on-sigint", "default", &["default", "save", "nosave", "now", "force"]),
    flags("shutdown-on-sigterm", "default", &["default", "save", "nosave", "now", "force"]),
    int("shutdown-timeout", "10", 0, INT),
    int("slowlog-log-slower-than", "10000", -1, BIG).live(),
    int("slowlog-max-len", "128", 0, BIG).live(),
    unsigned("socket-mark-id", "0", 0, UINT).immutable(),
    yes_no("stop-writes-on-bgsave-error", "yes"),
    size("stream-node-max-bytes", "4096", 0, BIG).live(),
    int("stream-node-max-entries", "100", 0, BIG).live(),
    choice("supervised", "no", &["upstart", "systemd", "auto", "no"]).immutable(),
    yes_no("syslog-enabled", "no").immutable(),
    choice("syslog-facility", "local0", &["user", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"]).immutable(),
    text("syslog-ident", "redis").immutable(),
    int("tcp-backlog", "511", 0, INT).immutable().live(),
    int("tcp-keepalive", "300", 0, INT).live(),
    int("timeout", "0", 0, INT).live(),
    choice("tls-auth-clients", "yes", &["no", "yes", "optional"]),
    text("tls-ca-cert-dir", ""),
    text("tls-ca-cert-file", ""),
    text("tls-cert-file", ""),
    text("tls-ciphers", ""),
    text("tls-ciphersuites", ""),
    text("tls-client-cert-file", ""),
    text("tls-client-key-file", ""),
    text("tls-client-key-file-pass", ""),
    yes_no("tls-cluster", "no"),
    text("tls-dh-params-file", ""),
    text("tls-key-file", ""),
    text("tls-key-file-pass", ""),
    int("tls-port", "0", 0, 65535),
    yes_no("tls-prefer-server-ciphers", "no"),
    text("tls-protocols", ""),
    yes_no("tls-replication", "no"),
    int("tls-session-cache-size", "20480", 0, INT),
    int("tls-session-cache-timeout", "300", 0, INT),
    yes_no("tls-session-caching", "yes"),
    unsigned("tracking-table-max-keys", "1000000", 0, BIG),
    text("unixsocket", "").immutable().live(),
    row("unixsocketperm", "0", Kind::Octal).immutable().live(),
    yes_no("vset-force-single-threaded-execution", "no"),
    int("watchdog-period", "0", 0, INT).hidden(),
    unsigned("zset-max-listpack-entries", "128", 0, BIG).alias("zset-max-ziplist-entries").live(),
    size("zset-max-listpack-value", "64", 0, BIG).alias("zset-max-ziplist-value").live(),
];

/// The place of the parameter called `name` in [`PARAMETERS`]; a wrong name does not compile.
pub(super) const fn position(name: &str) -> usize {
    let mut at = 0;
    while !equal(PARAMETERS[at].name, name) {
        at += 1;
    }
    at
}

const fn equal(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut same = a.len() == b.len();
    let mut at = 0;
    while same && at < a.len() {
        same = a[at] == b[at];
        at += 1;
    }
    same
}
