//! [`World`]: everything that commands work on, apart from the connection that sent one.

use super::Command;
use super::busy::Busy;
use super::config::Config;
use super::faults::Faults;
use super::memory::Memory;
#[cfg(feature = "lua")]
use super::scripting::Scripts;
use super::stats::Latency;
use super::stats::SlowLog;
use super::stats::Stats;
use crate::bytes::Bytes;
use crate::clock::Reading;
use crate::commit::Seq;
use crate::keyspace::Keyspace;
use crate::keyspace::WatchRegistry;
use crate::rng::Rng;
use crate::session::Author;
use crate::session::Sessions;
use crate::session::Subscriptions;
use crate::session::Tracking;
use crate::session::Waits;
use crate::value::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Commands that wait (`CLIENT PAUSE`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// When it ends, in microseconds since the epoch.
    pub until_us: i64,
    /// Whether only commands wait that may change something.
    pub writes_only: bool,
}

/// A state that was given a name.
#[derive(Clone, Debug)]
pub struct Saved {
    /// The record after which it was the state.
    pub seq: Seq,
    /// The data.
    pub keyspace: Keyspace,
}

/// A fake's data, connections, configuration and statistics.
#[derive(Debug)]
pub struct World {
    /// The data.
    pub keyspace: Keyspace,
    /// Who watches what.
    pub watches: WatchRegistry,
    /// Who listens to what.
    pub subscriptions: Subscriptions,
    /// Who keeps copies of what (`CLIENT TRACKING`), once a connection did.
    pub tracking: Option<Box<Tracking>>,
    /// Who is blocked, and waits for what.
    pub waits: Waits,
    /// All connections but the one whose command runs.
    pub sessions: Sessions,
    /// `CONFIG`.
    pub config: Config,
    /// `INFO`.
    pub stats: Stats,
    /// `SLOWLOG`.
    pub slowlog: SlowLog,
    /// `LATENCY`.
    pub latency: Latency,
    /// Until when commands wait (`CLIENT PAUSE`).
    pub pause: Option<Pause>,
    /// What goes wrong on demand (`FAKEREDIS FAULT`).
    pub faults: Faults,
    /// How much the data takes.
    pub memory: Memory,
    /// When the running command began, which is when the one before it ended, if commands are timed.
    pub lap: Option<Reading>,
    /// The command that was resolved last, if its name alone says which it is: the next one is often the same.
    pub recent: Option<&'static Command>,
    /// Whether a connection may be a monitor; true for a while longer.
    pub monitored: bool,
    /// When this world began, in microseconds since the epoch.
    pub started_us: i64,
    /// Forty digits that name this world among others (`run_id`).
    pub run_id: String,
    /// Forty digits that name its history (`master_replid`).
    pub replication_id: String,
    /// Where units get the seeds of their random numbers.
    pub rng: Rng,
    /// Whether keys expire by themselves (`DEBUG SET-ACTIVE-EXPIRE`), and not only when somebody looks.
    pub active_expire: bool,
    /// The scripts.
    #[cfg(feature = "lua")]
    pub scripts: Scripts,
    /// What other threads see of a script that runs.
    pub busy: Arc<Busy>,
    /// States that were given a name (`FAKEREDIS SNAPSHOT`).
    pub saved: BTreeMap<Bytes, Saved>,
    /// Why writes are refused, after the journal failed.
    pub broken: Option<String>,
    /// The most bytes that the words of a unit may have: what a record of the journal, or a [`CommandList`], can hold.
    ///
    /// [`CommandList`]: crate::commit::CommandList
    pub max_unit: usize,
}

impl World {
    /// An empty world.
    pub fn new(config: Config, seed: u64) -> World {
        let mut identities = Rng::new(!seed);
        World {
            keyspace: Keyspace::new(config.databases()),
            watches: WatchRegistry::default(),
            subscriptions: Subscriptions::default(),
            tracking: None,
            waits: Waits::default(),
            sessions: Sessions::default(),
            config,
            stats: Stats::default(),
            slowlog: SlowLog::default(),
            latency: Latency::default(),
            pause: None,
            faults: Faults::new(seed),
            memory: Memory::new(seed),
            lap: None,
            recent: None,
            monitored: false,
            started_us: 0,
            run_id: identity(&mut identities),
            replication_id: identity(&mut identities),
            rng: Rng::new(seed),
            active_expire: true,
            #[cfg(feature = "lua")]
            scripts: Scripts::default(),
            busy: Arc::default(),
            saved: BTreeMap::new(),
            broken: None,
            max_unit: u32::MAX as usize,
        }
    }

    /// Takes writes again, on the data that a healed journal gives.
    pub fn resume_with(&mut self, keyspace: Keyspace) {
        self.keyspace = keyspace;
        self.keyspace.grow(self.config.databases());
        self.invalidate_all();
        self.broken = None;
    }

    /// From now on, all that is random follows from `seed`.
    pub(super) fn reseed(&mut self, seed: u64) {
        self.rng = Rng::new(seed);
        self.faults.reseed(seed);
        self.memory = Memory::new(seed);
    }

    /// History before record `first` was dropped: no state that was only there can be gone back to.
    pub fn forget_before(&mut self, first: Seq) {
        self.saved.retain(|_, saved| saved.seq + 1 >= first);
    }

    /// The settings are others from now on.
    pub(super) fn reconfigure(&mut self, config: Config) {
        self.config = config;
        self.memory.forget();
    }

    /// The bytes of memory that all data takes, as Redis would say.
    pub(super) fn used_memory(&self) -> u64 {
        self.memory.used(&self.keyspace, &self.config)
    }

    /// Measures the data; if it takes more than `maxmemory`, the key that is to be evicted next, and its database.
    pub fn victim(&mut self) -> Option<(usize, Bytes)> {
        self.memory.victim(&self.keyspace, &self.config)
    }

    /// The pause that holds commands back then, if any.
    pub fn pause_at(&self, now_us: i64) -> Option<Pause> {
        self.pause.filter(|pause| pause.until_us > now_us)
    }

    /// The unit `seq`, which is no connection's, changes a key: whoever watches it, waits for it or has a copy of it
    /// learns that.
    pub fn touch(&mut self, db: usize, key: &[u8], seq: Seq) {
        self.notice(db, key, seq);
        if let Some(tracking) = &mut self.tracking {
            tracking.changed(key, Author::Nobody);
        }
    }

    /// The unit `seq` changes a key: whoever watches it or waits for it learns that.
    pub fn notice(&mut self, db: usize, key: &[u8], seq: Seq) {
        self.watches.touch(db, key, seq);
        self.waits.touch(db, key, seq);
    }

    /// All that there is may have changed: whoever has a copy of anything drops it.
    pub fn invalidate_all(&mut self) {
        if let Some(tracking) = &mut self.tracking {
            tracking.changed_all();
        }
    }

    /// The keys of a database that somebody watches or waits for, for what changes a whole database to touch.
    pub fn noticed_keys(&self, db: usize) -> Vec<Bytes> {
        let mut keys = self.watches.keys_of(db);
        keys.extend(self.waits.keys_of(db));
        keys
    }

    /// Removes the fields of the hash at `key` whose time is over, and the key with the last one; the fields.
    pub fn expire_fields(&mut self, db: usize, key: &[u8], now_ms: i64) -> Vec<Bytes> {
        let db = self.keyspace.db_mut(db);
        let mut fields = Vec::new();
        let is_due = |value: &Value| match value {
            Value::Hash(hash) => hash.next_expiry().is_some_and(|(at, _)| at <= now_ms),
            _ => false,
        };
        if !db.get(key).is_some_and(|slot| is_due(slot.value())) {
            return fields;
        }
        if let Some(Value::Hash(hash)) = db.value_mut(key) {
            let hash = triomphe::Arc::make_mut(hash);
            while let Some((_, field)) = hash.next_expiry().filter(|(at, _)| *at <= now_ms) {
                let field = field.clone();
                hash.remove(&field);
                fields.push(field);
            }
            db.settle(key);
        }
        self.stats.expired_fields += fields.len() as u64;
        fields
    }
}

/// Forty random hexadecimal digits.
pub(super) fn identity(rng: &mut Rng) -> String {
    let digits: String = (0..3).map(|_| format!("{:016x}", rng.next_u64())).collect();
    digits[..40].to_owned()
}
