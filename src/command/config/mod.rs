//! [`Config`]: the parameters of CONFIG GET and SET, of `redis.conf` and of redis-server's flags.
//!
//! A parameter is a row in `table.rs`; its values are read and shown by its kind. What a parameter does is the
//! business of whoever asks for it here.

mod events;
mod kind;
mod limits;
mod list;
mod load;
mod table;

pub use events::Events;
pub(super) use kind::parse_size;
pub use load::ConfError;
pub use load::Taken;

use std::borrow::Cow;
use std::sync::LazyLock;

use super::reply::ReplyError;
use super::reply::Result;
use super::reply::printed;
use super::secrets::HIDDEN;
use super::secrets::is_password;
use crate::bytes::Bytes;
use crate::commit::Blob;
use crate::value::glob_match;
use kind::Kind;
use kind::Setting;
use table::PARAMETERS;
use table::Parameter;
use table::position;

/// The parameters' values.
#[derive(Clone, Debug)]
pub struct Config {
    /// One for each of [`PARAMETERS`].
    settings: Vec<Setting>,
    /// Whether a file or a flag gave `save`: the first replaces the default, others add to it.
    save_given: bool,
}

static DEFAULTS: LazyLock<Vec<Setting>> = LazyLock::new(|| {
    let read = |row: &Parameter| row.kind.read(row.default.as_bytes(), None);
    let read = |row| read(row).unwrap_or_else(|reason| unreachable!("{row:?}: {reason}"));
    PARAMETERS.iter().map(read).collect()
});

impl Default for Config {
    fn default() -> Self {
        Config {
            settings: DEFAULTS.clone(),
            save_given: false,
        }
    }
}

impl Config {
    /// The parameters whose names match one of the patterns, each under the name that was asked for.
    pub fn get(&self, patterns: &[&[u8]]) -> Vec<(Bytes, Bytes)> {
        let mut found: Vec<(Bytes, Bytes)> = Vec::new();
        for pattern in patterns {
            for (name, place) in matching(pattern) {
                if !found
                    .iter()
                    .any(|(other, _)| other.eq_ignore_ascii_case(&name))
                {
                    found.push((name, self.show(place)));
                }
            }
        }
        found
    }

    /// Sets all of the parameters or, if one can't be, none.
    ///
    /// `local` says whether the connection is from this machine, for parameters that only then may be set.
    ///
    /// # Errors
    ///
    /// As `CONFIG SET` answers.
    pub fn set(&mut self, pairs: &[[&[u8]; 2]], local: bool) -> Result<()> {
        let mut after = self.clone();
        let places = self.admit(pairs, local)?;
        for ([name, text], place) in std::iter::zip(pairs, places) {
            let before = Some(&self.settings[place]);
            let read = PARAMETERS[place].kind.read(text, before);
            after.settings[place] = read.map_err(|reason| set_failed(name, reason))?;
        }
        *self = after;
        Ok(())
    }

    /// The parameters that are not at their defaults, as a `redis.conf` gives them.
    pub fn to_conf(&self) -> String {
        let changed = (0..PARAMETERS.len()).filter(|&at| self.settings[at] != DEFAULTS[at]);
        changed
            .map(|at| load::line(&PARAMETERS[at], &self.show(at)))
            .collect()
    }

    /// The parameters that are not at their defaults and matter to what commands do and answer; passwords don't show.
    pub fn telling(&self) -> Vec<(String, Blob)> {
        let is_other = |at: &usize| self.settings[*at] != DEFAULTS[*at];
        let telling = (0..PARAMETERS.len()).filter(|at| PARAMETERS[*at].is_telling());
        let shown = |at: usize| {
            let name = PARAMETERS[at].name;
            let value = match is_password(name.as_bytes()) {
                true => HIDDEN.into(),
                false => Blob::from(&*self.show(at)),
            };
            (name.to_owned(), value)
        };
        telling.filter(is_other).map(shown).collect()
    }

    /// The places of the parameters that `CONFIG SET` names, if it may set them.
    fn admit(&self, pairs: &[[&[u8]; 2]], local: bool) -> Result<Vec<usize>> {
        let mut places = Vec::new();
        for (at, [name, _]) in pairs.iter().enumerate() {
            let place = find(name).ok_or_else(|| unknown(name))?;
            let twice = pairs[..at]
                .iter()
                .any(|[other, _]| other.eq_ignore_ascii_case(name));
            if let Some(reason) = self.refusal(&PARAMETERS[place], local, twice) {
                return Err(set_failed(name, reason));
            }
            places.push(place);
        }
        Ok(places)
    }

    fn refusal(&self, row: &Parameter, local: bool, twice: bool) -> Option<&'static str> {
        if row.immutable {
            Some("can't set immutable config")
        } else if row.protected && !self.enable_protected_configs().allows(local) {
            Some("can't set protected config")
        } else if twice {
            Some("duplicate parameter")
        } else {
            None
        }
    }

    fn show(&self, place: usize) -> Bytes {
        PARAMETERS[place].kind.show(&self.settings[place])
    }

    #[inline]
    fn number(&self, place: usize) -> i64 {
        match &self.settings[place] {
            Setting::Int(number) => *number,
            Setting::Text(_) => unreachable!("{} is no number", PARAMETERS[place].name),
        }
    }

    fn text(&self, place: usize) -> Cow<'_, str> {
        match &self.settings[place] {
            Setting::Text(text) => String::from_utf8_lossy(text),
            Setting::Int(_) => unreachable!("{} is no text", PARAMETERS[place].name),
        }
    }
}

/// Who may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// Nobody.
    No,
    /// Everybody.
    Yes,
    /// Connections from this machine.
    Local,
}

impl Allowed {
    /// Whether a connection may, `local` or not.
    pub fn allows(self, local: bool) -> bool {
        match self {
            Allowed::No => false,
            Allowed::Yes => true,
            Allowed::Local => local,
        }
    }
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $method:ident: $type:ty = $name:literal,)*) => {
        impl Config {
            $(
                $(#[$doc])*
                #[inline]
                pub fn $method(&self) -> $type {
                    const AT: usize = position($name);
                    self.number(AT) as $type
                }
            )*
        }
    };
}

numbers! {
    /// How many milliseconds a script may run before other connections are told.
    busy_reply_threshold: u64 = "busy-reply-threshold",
    /// The number of databases.
    databases: usize = "databases",
    /// The most fields of a hash that is a listpack.
    hash_max_listpack_entries: usize = "hash-max-listpack-entries",
    /// The longest field or value of a hash that is a listpack.
    hash_max_listpack_value: usize = "hash-max-listpack-value",
    /// The longest sparse HyperLogLog.
    hll_sparse_max_bytes: usize = "hll-sparse-max-bytes",
    /// What an event must take, in milliseconds, to be sampled by LATENCY; 0 for nothing.
    latency_monitor_threshold: u64 = "latency-monitor-threshold",
    /// How many nodes at each end of a list are not compressed; 0 for none that is.
    list_compress_depth: usize = "list-compress-depth",
    /// The most bytes (negative: a class of sizes) or elements of one list node.
    list_max_listpack_size: i64 = "list-max-listpack-size",
    /// The most connections.
    maxclients: usize = "maxclients",
    /// The memory limit in bytes; 0 for none.
    maxmemory: u64 = "maxmemory",
    /// How many keys an eviction looks at.
    maxmemory_samples: usize = "maxmemory-samples",
    /// The TCP port; 0 for none.
    port: u16 = "port",
    /// The longest argument, and the longest string.
    proto_max_bulk_len: usize = "proto-max-bulk-len",
    /// The most bytes of a request that is not complete.
    client_query_buffer_limit: usize = "client-query-buffer-limit",
    /// The most members of a set that is an intset.
    set_max_intset_entries: usize = "set-max-intset-entries",
    /// The most members of a set that is a listpack.
    set_max_listpack_entries: usize = "set-max-listpack-entries",
    /// The longest member of a set that is a listpack.
    set_max_listpack_value: usize = "set-max-listpack-value",
    /// What a command must take, in microseconds, to be logged; negative for nothing.
    slowlog_log_slower_than: i64 = "slowlog-log-slower-than",
    /// How many commands SLOWLOG keeps.
    slowlog_max_len: usize = "slowlog-max-len",
    /// The most bytes of one node of a stream; 0 for no limit.
    stream_node_max_bytes: usize = "stream-node-max-bytes",
    /// The most entries of one node of a stream; 0 for no limit.
    stream_node_max_entries: usize = "stream-node-max-entries",
    /// The most keys that are tracked because somebody read them; 0 for no limit.
    tracking_table_max_keys: usize = "tracking-table-max-keys",
    /// How many connections wait to be accepted.
    tcp_backlog: u32 = "tcp-backlog",
    /// Seconds between probes of an idle connection; 0 for none.
    tcp_keepalive: u64 = "tcp-keepalive",
    /// Seconds after which an idle connection is closed; 0 for never.
    timeout: u64 = "timeout",
    /// The permissions of the Unix socket; 0 for what the system gives.
    unixsocketperm: u32 = "unixsocketperm",
    /// The most members of a sorted set that is a listpack.
    zset_max_listpack_entries: usize = "zset-max-listpack-entries",
    /// The longest member of a sorted set that is a listpack.
    zset_max_listpack_value: usize = "zset-max-listpack-value",
}

macro_rules! switches {
    ($($(#[$doc:meta])* $method:ident = $name:literal,)*) => {
        impl Config {
            $(
                $(#[$doc])*
                #[inline]
                pub fn $method(&self) -> bool {
                    const AT: usize = position($name);
                    self.number(AT) != 0
                }
            )*
        }
    };
}

switches! {
    /// Whether the data outlives the process.
    appendonly = "appendonly",
    /// Whether commands are timed for LATENCY HISTOGRAM.
    latency_tracking = "latency-tracking",
    /// Whether connections from other machines are refused as long as there is no password.
    protected_mode = "protected-mode",
    /// Whether DUMP compresses long strings.
    rdbcompression = "rdbcompression",
}

macro_rules! texts {
    ($($(#[$doc:meta])* $method:ident = $name:literal,)*) => {
        impl Config {
            $(
                $(#[$doc])*
                pub fn $method(&self) -> Cow<'_, str> {
                    const AT: usize = position($name);
                    self.text(AT)
                }
            )*
        }
    };
}

texts! {
    /// The addresses to listen at, with spaces between.
    bind = "bind",
    /// Where files are.
    dir = "dir",
    /// The percentiles that INFO shows, with spaces between.
    latency_tracking_info_percentiles = "latency-tracking-info-percentiles",
    /// The password that AUTH wants, or nothing.
    requirepass = "requirepass",
    /// Seconds and changes after which the data is saved, pair by pair.
    save = "save",
    /// The path of the Unix socket, or nothing.
    unixsocket = "unixsocket",
}

impl Config {
    /// When the journal is synced: `always`, `everysec` or `no`.
    pub fn appendfsync(&self) -> &'static str {
        self.word(position("appendfsync"))
    }

    /// What goes when the memory limit is reached: `noeviction`, `allkeys-lru`, ….
    pub fn maxmemory_policy(&self) -> &'static str {
        self.word(position("maxmemory-policy"))
    }

    /// Which keyspace events are published.
    pub fn notify_keyspace_events(&self) -> Events {
        const AT: usize = position("notify-keyspace-events");
        Events::from_bits(self.number(AT))
    }

    /// Who may use DEBUG.
    pub fn enable_debug_command(&self) -> Allowed {
        self.allowed(position("enable-debug-command"))
    }

    /// Who may set protected parameters.
    pub fn enable_protected_configs(&self) -> Allowed {
        self.allowed(position("enable-protected-configs"))
    }

    fn allowed(&self, place: usize) -> Allowed {
        match self.word(place) {
            "yes" => Allowed::Yes,
            "local" => Allowed::Local,
            _ => Allowed::No,
        }
    }

    fn word(&self, place: usize) -> &'static str {
        match PARAMETERS[place].kind {
            Kind::Choice(words) => words[self.number(place) as usize],
            _ => unreachable!("{} is no choice", PARAMETERS[place].name),
        }
    }
}

/// The place of a parameter by its name or older name, whatever the case.
fn find(name: &[u8]) -> Option<usize> {
    let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
    let named = |row: &Parameter| is(row.name) || (!name.is_empty() && is(row.alias));
    PARAMETERS.iter().position(named)
}

/// The names that a pattern of CONFIG GET matches, and their parameters' places.
fn matching(pattern: &[u8]) -> Vec<(Bytes, usize)> {
    if !pattern.iter().any(|byte| b"[*?".contains(byte)) {
        let found = find(pattern).map(|place| (Bytes::from(pattern), place));
        return found.into_iter().collect();
    }
    let shown = PARAMETERS.iter().enumerate().filter(|(_, row)| !row.hidden);
    let names = shown.flat_map(|(at, row)| [row.name, row.alias].map(|name| (name, at)));
    names
        .filter(|(name, _)| !name.is_empty() && glob_match(pattern, name.as_bytes(), true))
        .map(|(name, at)| (Bytes::from(name), at))
        .collect()
}

fn unknown(name: &[u8]) -> ReplyError {
    let name = printed(name, usize::MAX);
    ReplyError::new(format!(
        "ERR Unknown option or number of arguments for CONFIG SET - '{name}'"
    ))
}

fn set_failed(name: &[u8], reason: impl AsRef<str>) -> ReplyError {
    let (name, reason) = (printed(name, usize::MAX), reason.as_ref());
    ReplyError::new(format!(
        "ERR CONFIG SET failed (possibly related to argument '{name}') - {reason}"
    ))
}

#[cfg(test)]
mod tests;
