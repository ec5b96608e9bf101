//! The keyspace: keys and their values, times to live and watches. It knows no command and no client.
//!
//! A [`Keyspace`] is copy-on-write: [`Clone`] is a snapshot, and costs one reference count for each database.

mod db;
mod digest;
mod expiries;
mod slot;
mod watch;

pub use db::Db;
pub use db::Due;
pub use slot::Slot;
pub use watch::Touch;
pub use watch::WatchRegistry;

use triomphe::Arc;

use crate::bytes::Bytes;
use crate::value::Map;
use crate::value::Value;

/// The databases, numbered from 0. A clone shares them, and each database until one side changes it.
#[derive(Clone, Debug)]
pub struct Keyspace {
    dbs: Vec<Arc<Db>>,
    /// Only the first so many were ever changed: what is asked before each command need not look at the others.
    touched: usize,
}

impl Keyspace {
    /// `databases` empty databases.
    pub fn new(databases: usize) -> Keyspace {
        Keyspace {
            dbs: vec![Arc::default(); databases],
            touched: 0,
        }
    }

    /// The number of databases.
    pub fn databases(&self) -> usize {
        self.dbs.len()
    }

    /// Makes sure that there are at least `databases` databases.
    pub fn grow(&mut self, databases: usize) {
        if self.dbs.len() < databases {
            self.dbs.resize(databases, Arc::default());
        }
    }

    /// A database.
    ///
    /// # Panics
    ///
    /// When there is no such database; SELECT checks.
    pub fn db(&self, index: usize) -> &Db {
        &self.dbs[index]
    }

    /// The keys of a database; none where there is no such database.
    pub fn keys(&self, index: usize) -> &Map<Slot> {
        static NONE: Map<Slot> = Map::new();
        self.dbs.get(index).map_or(&NONE, |db| db.keys())
    }

    /// The keys of a database that are not the same in `after`, with what stands there in either: those of this state in
    /// its order, then those that only `after` has. What the two share is not looked at.
    pub fn differences<'a>(
        &'a self,
        after: &'a Keyspace,
        db: usize,
    ) -> impl Iterator<Item = (&'a Bytes, Option<&'a Slot>, Option<&'a Slot>)> {
        let (old, new) = (self.keys(db), after.keys(db));
        let gone_or_changed = old.unshared(new).filter_map(move |(key, slot)| {
            let now = new.get(key);
            (now != Some(slot)).then_some((key, Some(slot), now))
        });
        let come = new.unshared(old).filter_map(move |(key, slot)| {
            let is_new = !old.contains_key(key);
            is_new.then_some((key, None, Some(slot)))
        });
        gone_or_changed.chain(come)
    }

    /// A database, to change.
    ///
    /// # Panics
    ///
    /// When there is no such database; SELECT checks.
    pub fn db_mut(&mut self, index: usize) -> &mut Db {
        self.touched = self.touched.max(index + 1);
        Arc::make_mut(&mut self.dbs[index])
    }

    /// The databases that hold keys, with their numbers.
    pub fn used(&self) -> impl Iterator<Item = (usize, &Db)> {
        let dbs = self.dbs.iter().map(|db| &**db).enumerate();
        dbs.filter(|(_, db)| !db.is_empty())
    }

    /// Does something to every value that leaves its contents and times as they are.
    pub fn each_value_mut(&mut self, mut change: impl FnMut(&mut Value)) {
        for db in self.dbs.iter_mut().filter(|db| !db.is_empty()) {
            Arc::make_mut(db).each_value_mut(&mut change);
        }
    }

    /// Exchanges two databases.
    pub fn swap(&mut self, a: usize, b: usize) {
        self.touched = self.touched.max(a.max(b) + 1);
        self.dbs.swap(a, b);
    }

    /// Whether anything is due at `now_ms`.
    #[inline]
    pub fn is_due(&self, now_ms: i64) -> bool {
        self.dbs[..self.touched].iter().any(|db| db.is_due(now_ms))
    }

    /// What expires first among everything that is due at `now_ms`, and in which database.
    #[inline]
    pub fn next_due(&self, now_ms: i64) -> Option<(usize, Due)> {
        self.is_due(now_ms).then(|| self.first_due(now_ms))?
    }

    fn first_due(&self, now_ms: i64) -> Option<(usize, Due)> {
        let due =
            |(index, db): (usize, &Arc<Db>)| db.next_due(now_ms).map(|(at, due)| (at, index, due));
        let all = self.dbs.iter().enumerate().filter_map(due);
        all.min_by_key(|(at, index, _)| (*at, *index))
            .map(|(_, index, due)| (index, due))
    }
}

impl PartialEq for Keyspace {
    fn eq(&self, other: &Self) -> bool {
        self.dbs == other.dbs
    }
}
