//! [`Tracking`]: which connections keep copies of which keys, and whom a change makes drop them
//! (<https://redis.io/docs/latest/develop/reference/client-side-caching/>). It knows no command, and sends nothing itself.
//!
//! As in Redis, keys are told apart by their names alone, whatever their database, and what a connection read is
//! forgotten when the key changes, not when the connection stops tracking.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use super::SessionKey;
use crate::bytes::Bytes;

/// Ids of connections, in order.
type Ids = SmallVec<[u64; 2]>;

/// Of which keys a connection is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Of all that it reads.
    #[default]
    All,
    /// Of what it reads right after `CLIENT CACHING YES`.
    OptIn,
    /// Of what it reads, but for what follows `CLIENT CACHING NO`.
    OptOut,
    /// Of all that have one of its prefixes, whoever read them.
    Broadcast,
}

/// What a connection asked for with `CLIENT TRACKING ON`.
#[derive(Clone, Debug)]
pub struct Tracker {
    /// The connection.
    pub session: SessionKey,
    /// Of which keys it is told.
    pub mode: Mode,
    /// Whether it is not told of its own changes.
    pub no_loop: bool,
    /// Who is told in its place.
    pub redirect: Option<SessionKey>,
    /// Whether that connection was gone when it was to be told.
    pub is_broken: bool,
    /// Whether `CLIENT CACHING` was given for the next command.
    pub caching: bool,
}

impl Tracker {
    fn invalidation(&self, keys: Option<Vec<Bytes>>) -> Invalidation {
        Invalidation {
            tracker: self.session,
            redirect: self.redirect,
            keys,
        }
    }
}

/// Who changed a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// No connection.
    Nobody,
    /// A connection, by a command.
    Client(u64),
    /// A connection, by a script. For a broadcast that is somebody else.
    Script(u64),
}

/// What a connection has to drop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalidation {
    /// The connection that has it.
    pub tracker: SessionKey,
    /// Who is told in its place.
    pub redirect: Option<SessionKey>,
    /// The keys; `None`: all that it has.
    pub keys: Option<Vec<Bytes>>,
}

/// The connections that are told of keys with a prefix, and those of its keys that changed since they last were.
#[derive(Clone, Debug, Default)]
struct Prefix {
    trackers: Ids,
    /// With the connection that changed each last.
    changed: BTreeMap<Bytes, Option<u64>>,
}

/// Who tracks what.
#[derive(Clone, Debug, Default)]
pub struct Tracking {
    trackers: BTreeMap<u64, Tracker>,
    /// Who read which key.
    readers: BTreeMap<Bytes, Ids>,
    /// How many connections there are in `readers`.
    items: usize,
    prefixes: BTreeMap<Bytes, Prefix>,
    /// Whether a key with a prefix changed since [`stirred`](Tracking::stirred) was asked.
    is_stirred: bool,
    /// What is still to be sent.
    invalidations: Vec<Invalidation>,
}

impl Tracking {
    /// A connection tracks, from now on in this way. Prefixes of a broadcast add to those that it has; none at all is
    /// the empty one.
    pub fn track(&mut self, tracker: Tracker, prefixes: &[&[u8]]) {
        let id = tracker.session.id();
        if tracker.mode == Mode::Broadcast {
            let all: &[&[u8]] = &[b""];
            for prefix in if prefixes.is_empty() { all } else { prefixes } {
                let prefix = self.prefixes.entry(Bytes::from(*prefix)).or_default();
                insert(&mut prefix.trackers, id);
            }
        }
        self.trackers.insert(id, tracker);
    }

    /// A connection tracks no more.
    pub fn untrack(&mut self, id: u64) {
        if self.trackers.remove(&id).is_some() {
            self.prefixes.retain(|_, prefix| {
                prefix.trackers.retain(|other| *other != id);
                !prefix.trackers.is_empty()
            });
        }
    }

    /// What a connection asked for, if it tracks.
    pub fn get(&self, id: u64) -> Option<&Tracker> {
        self.trackers.get(&id)
    }

    /// What a connection asked for, to change.
    pub fn get_mut(&mut self, id: u64) -> Option<&mut Tracker> {
        self.trackers.get_mut(&id)
    }

    /// Whoever is told in place of a connection is gone.
    pub fn set_broken(&mut self, id: u64) {
        if let Some(tracker) = self.trackers.get_mut(&id) {
            tracker.is_broken = true;
        }
    }

    /// The command after `CLIENT CACHING` is over.
    pub fn end_caching(&mut self, id: u64) {
        if let Some(tracker) = self.trackers.get_mut(&id) {
            tracker.caching = false;
        }
    }

    /// The prefixes of a connection, in order.
    pub fn prefixes_of(&self, id: u64) -> impl Iterator<Item = &Bytes> {
        let own = move |(_, prefix): &(_, &Prefix)| prefix.trackers.contains(&id);
        self.prefixes.iter().filter(own).map(|(name, _)| name)
    }

    /// A connection read keys: it is told when they change, if it is to be told of what it reads now.
    pub fn read<'k>(&mut self, id: u64, keys: impl Iterator<Item = &'k [u8]>) {
        let is_told = |tracker: &Tracker| match tracker.mode {
            Mode::All => true,
            Mode::OptIn => tracker.caching,
            Mode::OptOut => !tracker.caching,
            Mode::Broadcast => false,
        };
        if !self.get(id).is_some_and(is_told) {
            return;
        }
        for key in keys {
            let readers = self.readers.entry(Bytes::from(key)).or_default();
            self.items += usize::from(insert(readers, id));
        }
    }

    /// A key changed. Whoever read it is not told again until it has read it again.
    pub fn changed(&mut self, key: &[u8], author: Author) {
        let (by_command, by_any) = match author {
            Author::Nobody => (None, None),
            Author::Script(id) => (None, Some(id)),
            Author::Client(id) => (Some(id), Some(id)),
        };
        for (name, prefix) in &mut self.prefixes {
            if key.starts_with(name) {
                prefix.changed.insert(Bytes::from(key), by_command);
                self.is_stirred = true;
            }
        }
        self.forget(key, by_any);
    }

    /// Tells the readers of a key to drop it, but for the `author` of a change who wants no loop.
    fn forget(&mut self, key: &[u8], author: Option<u64>) {
        let Some((key, readers)) = self.readers.remove_entry(key) else {
            return;
        };
        self.items -= readers.len();
        for id in readers {
            let Some(tracker) = self.trackers.get(&id) else {
                continue;
            };
            let is_loop = tracker.no_loop && author == Some(id);
            if tracker.mode != Mode::Broadcast && !is_loop {
                let keys = Some(vec![key.clone()]);
                self.invalidations.push(tracker.invalidation(keys));
            }
        }
    }

    /// All keys changed, or may have: every connection that tracks drops all that it has.
    pub fn changed_all(&mut self) {
        self.readers.clear();
        self.items = 0;
        let all = self.trackers.values();
        self.invalidations
            .extend(all.map(|tracker| tracker.invalidation(None)));
    }

    /// Gives keys up, as if they had changed, until no more than `limit` are tracked; 0 is no limit. Which ones is left
    /// open, and chance in Redis.
    pub fn limit(&mut self, limit: usize) {
        while limit > 0 && self.readers.len() > limit {
            if let Some((key, _)) = self.readers.first_key_value() {
                let key = key.clone();
                self.forget(&key, None);
            }
        }
    }

    /// The connections that are to be told of changes to keys with a prefix, since this was asked last.
    pub fn stirred(&mut self) -> Vec<SessionKey> {
        if !std::mem::take(&mut self.is_stirred) {
            return Vec::new();
        }
        let stirred = self.prefixes.values().filter(|p| !p.changed.is_empty());
        let trackers = stirred.flat_map(|prefix| &prefix.trackers);
        trackers
            .filter_map(|id| self.trackers.get(id))
            .map(|tracker| tracker.redirect.unwrap_or(tracker.session))
            .collect()
    }

    /// Tells of the keys with a prefix that changed: one message for each prefix.
    pub fn broadcast(&mut self) {
        for prefix in self.prefixes.values_mut() {
            let changed = std::mem::take(&mut prefix.changed);
            for tracker in prefix
                .trackers
                .iter()
                .filter_map(|id| self.trackers.get(id))
            {
                let id = tracker.session.id();
                let is_told = |author: &Option<u64>| !(tracker.no_loop && *author == Some(id));
                let told = changed.iter().filter(|(_, author)| is_told(author));
                let keys: Vec<Bytes> = told.map(|(key, _)| key.clone()).collect();
                if !keys.is_empty() {
                    self.invalidations.push(tracker.invalidation(Some(keys)));
                }
            }
        }
    }

    /// What is still to be sent, in order.
    pub fn take(&mut self) -> Vec<Invalidation> {
        std::mem::take(&mut self.invalidations)
    }

    /// How many connections track.
    pub fn len(&self) -> usize {
        self.trackers.len()
    }

    /// Whether no connection tracks.
    pub fn is_empty(&self) -> bool {
        self.trackers.is_empty()
    }

    /// How many keys are tracked because somebody read them, by how many connections in all, and how many prefixes.
    pub fn totals(&self) -> [usize; 3] {
        [self.readers.len(), self.items, self.prefixes.len()]
    }
}

/// Adds an id; whether it was not there.
fn insert(ids: &mut Ids, id: u64) -> bool {
    let place = ids.binary_search(&id);
    if let Err(index) = place {
        ids.insert(index, id);
    }
    place.is_err()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Address;
    use crate::session::Sessions;

    #[test]
    fn too_many_keys_are_given_up_as_if_they_had_changed() {
        let session = Sessions::default().open(Address::default(), 0);
        let mut tracking = Tracking::default();
        let tracker = Tracker {
            session,
            mode: Mode::All,
            no_loop: true,
            redirect: None,
            is_broken: false,
            caching: false,
        };
        tracking.track(tracker, &[]);
        tracking.read(
            session.id(),
            [b"a", b"b", b"c", b"a"]
                .map(|key| key.as_slice())
                .into_iter(),
        );
        tracking.limit(0);
        assert_eq!((tracking.totals(), tracking.take()), ([3, 3, 0], vec![]));
        tracking.limit(1);
        assert_eq!((tracking.totals(), tracking.take().len()), ([1, 1, 0], 2));
    }
}
