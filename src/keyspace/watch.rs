//! [`WatchRegistry`]: who watches which key, and what changed a watched key first.

use std::collections::BTreeMap;

use crate::bytes::Bytes;
use crate::commit::Seq;

/// A change of a watched key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    /// The key's database.
    pub db: usize,
    /// The key.
    pub key: Bytes,
    /// The unit that changed it.
    pub seq: Seq,
}

/// One client's watches.
#[derive(Clone, Debug, Default)]
struct Watcher {
    /// The watched keys, with the last record when WATCH ran.
    keys: Vec<(usize, Bytes, Seq)>,
    touched: Option<Touch>,
}

/// The watches of all clients.
#[derive(Clone, Debug, Default)]
pub struct WatchRegistry {
    watchers: BTreeMap<u64, Watcher>,
    by_key: BTreeMap<(usize, Bytes), Vec<u64>>,
}

impl WatchRegistry {
    /// Whether nobody watches anything.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// Starts to watch a key for `client`; `now` is the last record.
    pub fn watch(&mut self, client: u64, db: usize, key: &[u8], now: Seq) {
        let key = Bytes::from(key);
        let watcher = self.watchers.entry(client).or_default();
        if watcher
            .keys
            .iter()
            .any(|(other_db, other, _)| *other_db == db && *other == key)
        {
            return;
        }
        watcher.keys.push((db, key.clone(), now));
        self.by_key.entry((db, key)).or_default().push(client);
    }

    /// Ends all watches of `client`.
    pub fn unwatch(&mut self, client: u64) {
        let Some(watcher) = self.watchers.remove(&client) else {
            return;
        };
        for (db, key, _) in watcher.keys {
            let place = (db, key);
            if let Some(clients) = self.by_key.get_mut(&place) {
                clients.retain(|other| *other != client);
                if clients.is_empty() {
                    self.by_key.remove(&place);
                }
            }
        }
    }

    /// The keys that `client` watches: database, key, and the last record when WATCH ran.
    pub fn watched(&self, client: u64) -> &[(usize, Bytes, Seq)] {
        self.watchers
            .get(&client)
            .map_or(&[], |watcher| &watcher.keys)
    }

    /// The first change of a key that `client` watches.
    pub fn touched(&self, client: u64) -> Option<&Touch> {
        self.watchers.get(&client)?.touched.as_ref()
    }

    /// The unit `seq` changes a key.
    pub fn touch(&mut self, db: usize, key: &[u8], seq: Seq) {
        if self.by_key.is_empty() {
            return;
        }
        let place = (db, Bytes::from(key));
        for client in self.by_key.get(&place).into_iter().flatten() {
            if let Some(watcher) = self.watchers.get_mut(client) {
                let touch = || Touch {
                    db,
                    key: place.1.clone(),
                    seq,
                };
                watcher.touched.get_or_insert_with(touch);
            }
        }
    }

    /// How many clients watch something.
    pub fn clients(&self) -> usize {
        self.watchers.len()
    }

    /// How many keys are watched.
    pub fn keys(&self) -> usize {
        self.by_key.len()
    }

    /// The watched keys of a database, for FLUSHDB and SWAPDB to touch those that exist.
    pub fn keys_of(&self, db: usize) -> Vec<Bytes> {
        let all = self
            .by_key
            .range((db, Bytes::EMPTY)..(db + 1, Bytes::EMPTY));
        all.map(|((_, key), _)| key.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_touch_is_kept_until_unwatch() {
        let mut watches = WatchRegistry::default();
        watches.watch(1, 0, b"a", 5);
        watches.watch(1, 0, b"a", 6);
        watches.watch(2, 0, b"a", 6);
        watches.watch(2, 1, b"b", 6);
        watches.touch(1, b"a", 7);
        assert_eq!(watches.touched(1), None);
        watches.touch(0, b"a", 8);
        watches.touch(0, b"a", 9);
        assert_eq!(
            watches.touched(1),
            Some(&Touch {
                db: 0,
                key: b"a".into(),
                seq: 8
            })
        );
        assert_eq!(watches.watched(1).len(), 1);
        assert_eq!(watches.keys_of(1), [Bytes::from(b"b")]);
        watches.unwatch(1);
        watches.unwatch(2);
        assert!(watches.is_empty() && watches.touched(2).is_none());
    }
}
