//! [`Stats`]: what INFO counts.

/// Counters since the start or the last `CONFIG RESETSTAT`.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// Connections opened.
    pub connections: u64,
    /// Connections that were not taken.
    pub rejected_connections: u64,
    /// Commands run.
    pub commands: u64,
    /// Keys that expired.
    pub expired_keys: u64,
    /// Hash fields that expired.
    pub expired_fields: u64,
    /// Reads that found their key.
    pub keyspace_hits: u64,
    /// Reads that did not.
    pub keyspace_misses: u64,
}
