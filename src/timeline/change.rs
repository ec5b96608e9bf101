//! [`Change`]: one key before and after, down to fields, members and elements.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use similar::Algorithm;
use similar::DiffOp;

use crate::bytes::Bytes;
use crate::keyspace::Keyspace;
use crate::keyspace::Slot;

use super::contents::Contents;
use super::contents::Part;
use super::touched::Touched;

/// A key that became another.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The key's database.
    pub db: usize,
    /// The key.
    pub key: Bytes,
    /// What stood there before.
    pub before: Option<Slot>,
    /// What stands there after.
    pub after: Option<Slot>,
}

/// A part of a value that became another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartChange {
    /// Which part.
    pub place: Place,
    /// What it was.
    pub before: Option<Part>,
    /// What it is.
    pub after: Option<Part>,
}

/// Which part of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// All of it: a string.
    Whole,
    /// A field, a member, an entry.
    Name(Bytes),
    /// An element, by its index in the old list where it was removed, in the new list otherwise.
    Index(usize),
}

impl Change {
    /// What happened to `key` between two states.
    pub(super) fn between(before: &Keyspace, after: &Keyspace, db: usize, key: &[u8]) -> Change {
        Change {
            db,
            key: Bytes::from(key),
            before: slot(before, db, key),
            after: slot(after, db, key),
        }
    }

    /// Whether the key is there neither before nor after.
    pub(super) fn is_void(&self) -> bool {
        self.before.is_none() && self.after.is_none()
    }

    /// The parts that differ, in order: of the old value first where it was removed or replaced by another type.
    pub fn parts(&self) -> Vec<PartChange> {
        let contents = |slot: &Option<Slot>| slot.as_ref().map(Contents::of);
        match (contents(&self.before), contents(&self.after)) {
            (Some(Contents::Whole(old)), Some(Contents::Whole(new))) => {
                let same = old == new;
                let change = PartChange {
                    place: Place::Whole,
                    before: Some(old),
                    after: Some(new),
                };
                if same { vec![] } else { vec![change] }
            }
            (Some(Contents::Named(old)), Some(Contents::Named(new))) => named(old, new),
            (Some(Contents::Sequence(old)), Some(Contents::Sequence(new))) => sequence(old, new),
            (old, new) => {
                let mut parts: Vec<PartChange> = old.map_or(vec![], |old| all(old, removed));
                parts.extend(new.map_or(vec![], |new| all(new, added)));
                parts
            }
        }
    }
}

/// What changed between two states, as far as a record or several touched it; keys in order of the touch.
pub(super) fn changes(before: &Keyspace, after: &Keyspace, touched: &Touched) -> Vec<Change> {
    if touched.is_sweeping() {
        let databases = before.databases().max(after.databases());
        let swept = |db: &usize| touched.everything || touched.databases.contains(db);
        let mut all: Vec<Change> = (0..databases)
            .filter(swept)
            .flat_map(|db| all_changes(before, after, db))
            .collect();
        let named = touched.keys.iter().filter(|(db, _)| !swept(db));
        all.extend(named.map(|(db, key)| Change::between(before, after, *db, key)));
        all.retain(|change| !change.is_void());
        return all;
    }
    let named = touched.keys.iter();
    let named = named.map(|(db, key)| Change::between(before, after, *db, key));
    named.filter(|change| !change.is_void()).collect()
}

/// Every key of a database that differs: those of the old state in its order, then those that are new.
fn all_changes(before: &Keyspace, after: &Keyspace, db: usize) -> Vec<Change> {
    let keys = |state: &Keyspace| -> Vec<Bytes> {
        let db = (db < state.databases()).then(|| state.db(db));
        db.map_or(vec![], |db| db.keys().keys().cloned().collect())
    };
    let is_new = |key: &Bytes| slot(before, db, key).is_none();
    let old = keys(before).into_iter();
    let all = old.chain(keys(after).into_iter().filter(is_new));
    all.map(|key| Change::between(before, after, db, &key))
        .filter(|change| change.before != change.after)
        .collect()
}

pub(super) fn slot(state: &Keyspace, db: usize, key: &[u8]) -> Option<Slot> {
    (db < state.databases()).then(|| state.db(db).get(key).cloned())?
}

fn added(place: Place, part: Part) -> PartChange {
    PartChange {
        place,
        before: None,
        after: Some(part),
    }
}

fn removed(place: Place, part: Part) -> PartChange {
    PartChange {
        place,
        before: Some(part),
        after: None,
    }
}

fn all(contents: Contents, change: fn(Place, Part) -> PartChange) -> Vec<PartChange> {
    match contents {
        Contents::Whole(part) => vec![change(Place::Whole, part)],
        Contents::Named(parts) => {
            let parts = parts.into_iter();
            parts
                .map(|(name, part)| change(Place::Name(name), part))
                .collect()
        }
        Contents::Sequence(parts) => {
            let parts = parts.into_iter().enumerate();
            parts
                .map(|(index, part)| change(Place::Index(index), part))
                .collect()
        }
    }
}

/// Differences by name: what is gone or changed in the order of the old parts, then what is new.
fn named(old: Vec<(Bytes, Part)>, new: Vec<(Bytes, Part)>) -> Vec<PartChange> {
    let after: BTreeMap<&Bytes, &Part> = new.iter().map(|(name, part)| (name, part)).collect();
    let names: BTreeSet<&Bytes> = old.iter().map(|(name, _)| name).collect();
    let is_new = |(name, _): &&(Bytes, Part)| !names.contains(name);
    let gone_or_changed = old.iter().filter_map(|(name, before)| {
        let change = PartChange {
            place: Place::Name(name.clone()),
            before: Some(before.clone()),
            after: after.get(name).copied().cloned(),
        };
        (change.before != change.after).then_some(change)
    });
    let come = new.iter().filter(is_new);
    let come = come.map(|(name, part)| added(Place::Name(name.clone()), part.clone()));
    gone_or_changed.chain(come).collect()
}

/// Differences of lists: the fewest removals and insertions.
fn sequence(old: Vec<Part>, new: Vec<Part>) -> Vec<PartChange> {
    let mut changes = Vec::new();
    for op in similar::capture_diff_slices(Algorithm::Myers, &old, &new) {
        let (_, gone, come) = op.as_tag_tuple();
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        changes.extend(gone.map(|index| removed(Place::Index(index), old[index].clone())));
        changes.extend(come.map(|index| added(Place::Index(index), new[index].clone())));
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(value: &str) -> Part {
        Part {
            value: vec![Bytes::from(value)],
            expires_at: None,
        }
    }

    #[test]
    fn lists_differ_by_the_fewest_elements() {
        let list = |text: &str| {
            text.chars()
                .map(|c| part(&c.to_string()))
                .collect::<Vec<_>>()
        };
        let changes = sequence(list("abcd"), list("xacd"));
        let expected = [
            added(Place::Index(0), part("x")),
            removed(Place::Index(1), part("b")),
        ];
        assert_eq!(changes, expected);
        assert!(sequence(list("ab"), list("ab")).is_empty());
    }

    #[test]
    fn named_parts_differ_whatever_their_order() {
        let parts = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter();
            pairs
                .map(|(name, value)| (Bytes::from(*name), part(value)))
                .collect::<Vec<_>>()
        };
        let old = parts(&[("a", "1"), ("b", "2"), ("c", "3")]);
        let new = parts(&[("c", "3"), ("d", "4"), ("a", "9")]);
        let places: Vec<Place> = named(old, new)
            .into_iter()
            .map(|change| change.place)
            .collect();
        let expected = ["a", "b", "d"].map(|name| Place::Name(Bytes::from(name)));
        assert_eq!(places, expected);
    }
}
