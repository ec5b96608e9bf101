//! [`Stats`]: what INFO, SLOWLOG and LATENCY count. Nothing here decides anything about data.

mod histogram;
mod latency;
mod slowlog;

pub use histogram::Histogram;
pub use latency::Event;
pub use latency::Latency;
pub use slowlog::SlowLog;
pub use slowlog::SlowLogEntry;

use std::collections::BTreeMap;
use std::time::Duration;

use super::Command;

/// How many error codes are told apart: scripts and DEBUG can make any.
const ERROR_CODES: usize = 128;

/// Counters since the start or the last `CONFIG RESETSTAT`.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// Connections opened.
    pub connections: u64,
    /// Connections refused because there were `maxclients`.
    pub rejected_connections: u64,
    /// Commands run.
    pub commands: u64,
    /// Keys that expired.
    pub expired_keys: u64,
    /// Hash fields that expired.
    pub expired_fields: u64,
    /// Keys that were evicted.
    pub evicted_keys: u64,
    /// Reads that found their key.
    pub keyspace_hits: u64,
    /// Reads that did not.
    pub keyspace_misses: u64,
    /// Bytes read from sockets.
    pub net_input_bytes: u64,
    /// Bytes written to sockets.
    pub net_output_bytes: u64,
    /// Failed AUTHs.
    pub acl_denied_auth: u64,
    /// Error replies.
    pub errors: u64,
    by_code: BTreeMap<String, u64>,
    /// By [`Command::index`], as far as commands ran.
    by_command: Vec<Option<Box<CommandStats>>>,
}

/// Counters of one command.
#[derive(Clone, Debug)]
pub struct CommandStats {
    /// The command.
    pub command: &'static Command,
    /// How often it ran.
    pub calls: u64,
    /// How often it was refused before it ran.
    pub rejected: u64,
    /// How often it answered an error.
    pub failed: u64,
    /// The time it took, as far as it was measured.
    pub time: Duration,
    /// How long single calls took, as far as it was measured.
    pub histogram: Histogram,
}

impl Stats {
    /// The counters of a command.
    #[inline]
    pub fn command(&mut self, command: &'static Command) -> &mut CommandStats {
        if self.by_command.len() <= command.index {
            self.by_command.resize(command.index + 1, None);
        }
        self.by_command[command.index].get_or_insert_with(|| CommandStats::new(command).into())
    }

    /// How often a command ran.
    pub fn calls(&self, command: &Command) -> u64 {
        let stats = self.by_command.get(command.index);
        stats
            .and_then(Option::as_ref)
            .map_or(0, |stats| stats.calls)
    }

    /// The commands that ran or were refused, sorted by name.
    pub fn by_command(&self) -> Vec<&CommandStats> {
        let mut all: Vec<_> = self.by_command.iter().flatten().map(Box::as_ref).collect();
        all.sort_by_key(|stats| stats.command.name);
        all
    }

    /// The numbers of error replies by code.
    pub fn by_code(&self) -> impl Iterator<Item = (&str, u64)> {
        self.by_code
            .iter()
            .map(|(code, count)| (code.as_str(), *count))
    }

    /// Counts an error reply by its code, the first word.
    pub fn error(&mut self, text: &str) {
        self.errors += 1;
        let code = text.split(' ').next().unwrap_or(text);
        if let Some(count) = self.by_code.get_mut(code) {
            *count += 1;
        } else if self.by_code.len() < ERROR_CODES {
            self.by_code.insert(code.to_owned(), 1);
        }
    }
}

impl CommandStats {
    fn new(command: &'static Command) -> CommandStats {
        CommandStats {
            command,
            calls: 0,
            rejected: 0,
            failed: 0,
            time: Duration::ZERO,
            histogram: Histogram::default(),
        }
    }
}
