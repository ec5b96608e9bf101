//! [`Memory`]: how much the data takes, whether that is more than `maxmemory`, and which key goes first then. It removes
//! nothing: evicting is the engine's.

use super::config::Config;
use super::footprint::footprint;
use crate::bytes::Bytes;
use crate::keyspace::Db;
use crate::keyspace::Keyspace;
use crate::keyspace::Slot;
use crate::rng::Rng;
use crate::value::Limits;
use crate::value::Map;

/// What an empty fake is said to take.
pub(super) const STARTUP: u64 = 1 << 20;
/// Of more keys than this, so many are looked at to tell how much all take.
const SAMPLE: usize = 4096;
/// Of up to so many keys the least recently used one is found.
const FEW: usize = 1024;
/// Of more, so many are drawn, and the least recently used one of them goes. (Redis draws `maxmemory-samples`, 5, each time,
/// and keeps the best.)
const DRAWN: usize = 64;

/// A key that may be evicted: its database, its name, and what stands there.
type Candidate<'a> = (usize, &'a Bytes, &'a Slot);

/// How much memory the data takes.
#[derive(Debug)]
pub struct Memory {
    /// The data that was measured last. What today's shares with it takes the same.
    measured: Keyspace,
    used: u64,
    is_exhausted: bool,
    /// Draws keys to evict. Its numbers are no command's.
    rng: Rng,
}

impl Memory {
    pub(super) fn new(seed: u64) -> Memory {
        Memory::drawing_from(Rng::new(seed))
    }

    fn drawing_from(rng: Rng) -> Memory {
        Memory {
            measured: Keyspace::new(0),
            used: STARTUP,
            is_exhausted: false,
            rng,
        }
    }

    /// Whether the data takes more than it may, and no key can be evicted.
    #[inline]
    pub fn is_exhausted(&self) -> bool {
        self.is_exhausted
    }

    /// Forgets what was measured: it was under other settings.
    pub(super) fn forget(&mut self) {
        *self = Memory::drawing_from(self.rng.clone());
    }

    /// The bytes that the data takes: those that were measured last where there is a limit, else an estimate.
    pub(super) fn used(&self, keyspace: &Keyspace, config: &Config) -> u64 {
        match config.maxmemory() {
            0 => STARTUP + estimate(keyspace, &config.limits()),
            _ => self.used,
        }
    }

    /// Measures the data. If it takes more than it may, the key to evict next, and its database.
    pub(super) fn victim(
        &mut self,
        keyspace: &Keyspace,
        config: &Config,
    ) -> Option<(usize, Bytes)> {
        self.measure(keyspace, &config.limits());
        self.is_exhausted = false;
        if self.used <= config.maxmemory() {
            return None;
        }
        let victim = self.choose(keyspace, config.maxmemory_policy());
        self.is_exhausted = victim.is_none();
        victim
    }

    /// Looks only at what changed since the last time.
    fn measure(&mut self, keyspace: &Keyspace, limits: &Limits) {
        for db in 0..keyspace.databases().max(self.measured.databases()) {
            let (old, new) = (self.measured.keys(db), keyspace.keys(db));
            self.used += sizes(new.unshared(old), limits);
            self.used -= sizes(old.unshared(new), limits);
        }
        self.measured = keyspace.clone();
    }

    /// The key that goes first by the policy, `volatile-ttl` say.
    fn choose(&mut self, keyspace: &Keyspace, policy: &str) -> Option<(usize, Bytes)> {
        let (which, how) = policy.split_once('-')?;
        let candidates = Candidates {
            keyspace,
            are_volatile: which == "volatile",
        };
        let total = candidates.len();
        let first = match how {
            _ if total == 0 => None,
            "random" => candidates.get(self.rng.below(total)),
            "ttl" => candidates.first_to_expire(),
            _ if total <= FEW => candidates.oldest(0..total),
            _ => candidates.oldest((0..DRAWN).map(|_| self.rng.below(total))),
        };
        first.map(|(db, key, _)| (db, key.clone()))
    }
}

/// The keys that a policy may evict, of all databases.
struct Candidates<'a> {
    keyspace: &'a Keyspace,
    /// Whether these are only the keys that expire.
    are_volatile: bool,
}

impl<'a> Candidates<'a> {
    fn len(&self) -> usize {
        self.keyspace.used().map(|(_, db)| self.len_of(db)).sum()
    }

    fn len_of(&self, db: &Db) -> usize {
        match self.are_volatile {
            true => db.volatile_len(),
            false => db.len(),
        }
    }

    fn get(&self, index: usize) -> Option<Candidate<'a>> {
        let mut before = 0;
        for (number, db) in self.keyspace.used() {
            let at = index - before;
            if at < self.len_of(db) {
                let (key, slot) = match self.are_volatile {
                    true => db.nth_to_expire(at)?,
                    false => db.keys().get_index(at)?,
                };
                return Some((number, key, slot));
            }
            before += self.len_of(db);
        }
        None
    }

    fn first_to_expire(&self) -> Option<Candidate<'a>> {
        let first = |(number, db): (usize, &'a Db)| {
            let (key, slot) = db.nth_to_expire(0)?;
            Some((number, key, slot))
        };
        let firsts = self.keyspace.used().filter_map(first);
        firsts.min_by_key(|(_, _, slot)| slot.expires_at())
    }

    /// The one of these that was not used for the longest time. Uses are not counted, so that this is also the one
    /// that is used least.
    fn oldest(&self, indices: impl Iterator<Item = usize>) -> Option<Candidate<'a>> {
        let chosen = indices.filter_map(|index| self.get(index));
        chosen.min_by_key(|(_, _, slot)| slot.accessed())
    }
}

fn sizes<'a>(slots: impl Iterator<Item = (&'a Bytes, &'a Slot)>, limits: &Limits) -> u64 {
    let sizes = slots.map(|(key, slot)| footprint(key, slot, limits) as u64);
    sizes.sum()
}

fn estimate(keyspace: &Keyspace, limits: &Limits) -> u64 {
    let of_each = keyspace
        .used()
        .map(|(_, db)| estimate_of(db.keys(), limits));
    of_each.sum()
}

/// What all keys take; of many only some are looked at, which stand for their neighbours.
fn estimate_of(keys: &Map<Slot>, limits: &Limits) -> u64 {
    if keys.len() <= SAMPLE {
        return sizes(keys.iter(), limits);
    }
    let indices = (0..SAMPLE).map(|nth| nth * keys.len() / SAMPLE);
    let sample = indices.filter_map(|index| keys.get_index(index));
    sizes(sample, limits) * keys.len() as u64 / SAMPLE as u64
}
