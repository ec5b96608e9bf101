//! [`Change`]: one key before and after, down to fields, members and elements.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use similar::Algorithm;
use similar::DiffTag;

use crate::bytes::Bytes;
use crate::keyspace::Keyspace;
use crate::keyspace::Slot;
use crate::value::Stream;
use crate::value::Value;

use super::contents::Apart;
use super::contents::Contents;
use super::contents::Part;
use super::contents::stream_history;
use super::touched::Touched;

/// Lists whose differing middles have more pairs of elements than this are not compared element by element: every old
/// one is gone, every new one came.
const HARD: usize = 100_000_000;

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

/// How many of something came, went and changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Are there after and not before.
    pub added: u64,
    /// Were there before and are not after.
    pub removed: u64,
    /// Were there before, and are there after, but different.
    pub changed: u64,
}

impl Tally {
    /// Counts one more, of which it is known whether it is there before, and after.
    pub fn add(&mut self, (before, after): (bool, bool)) {
        let count = match (before, after) {
            (false, _) => &mut self.added,
            (true, false) => &mut self.removed,
            (true, true) => &mut self.changed,
        };
        *count += 1;
    }
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
        let sides = (self.before.as_ref(), self.after.as_ref());
        if let (Some(before), Some(after)) = sides
            && let Some(apart) = Contents::apart(before, after)
        {
            let parts = differences(apart);
            return match (before.value(), after.value()) {
                (Value::Stream(old), Value::Stream(new)) if parts.is_empty() => history(old, new),
                _ => parts,
            };
        }
        let (old, new) = (sides.0.map(Contents::of), sides.1.map(Contents::of));
        let mut parts: Vec<PartChange> = old.map_or(vec![], |old| all(old, removed));
        parts.extend(new.map_or(vec![], |new| all(new, added)));
        parts
    }
}

impl Change {
    /// How many parts came, went and changed.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        let parts = self.parts();
        let parts = parts.iter();
        parts.for_each(|part| tally.add((part.before.is_some(), part.after.is_some())));
        tally
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

/// Every key of a database that differs: those of the old state in its order, then those that are new. What the two
/// states share is not looked at.
pub(super) fn all_changes<'a>(
    before: &'a Keyspace,
    after: &'a Keyspace,
    db: usize,
) -> impl Iterator<Item = Change> + 'a {
    let all = before.differences(after, db);
    all.map(move |(key, before, after)| Change {
        db,
        key: key.clone(),
        before: before.cloned(),
        after: after.cloned(),
    })
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

/// What differs between two values of one type.
fn differences(apart: Apart) -> Vec<PartChange> {
    match (apart.old, apart.new) {
        (Contents::Whole(old), Contents::Whole(new)) => one(Place::Whole, old, new),
        (Contents::Named(old), Contents::Named(new)) => named(old, new),
        (Contents::Sequence(old), Contents::Sequence(new)) => sequence(&old, &new, apart.before),
        _ => unreachable!("both sides are of one type"),
    }
}

/// What XSETID changes.
fn history(old: &Stream, new: &Stream) -> Vec<PartChange> {
    let place = Place::Name(Bytes::from("history"));
    one(place, stream_history(old), stream_history(new))
}

/// One part on both sides, if it differs.
fn one(place: Place, before: Part, after: Part) -> Vec<PartChange> {
    let differs = before != after;
    let change = PartChange {
        place,
        before: Some(before),
        after: Some(after),
    };
    differs.then_some(change).into_iter().collect()
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

/// Differences of lists: the fewest removals and insertions. `before` elements that are the same come before these.
fn sequence(old: &[Part], new: &[Part], before: usize) -> Vec<PartChange> {
    let front = std::iter::zip(old, new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[front..], &new[front..]);
    let back = std::iter::zip(old.iter().rev(), new.iter().rev());
    let back = back.take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[..old.len() - back], &new[..new.len() - back]);
    let gone = |index: usize| removed(Place::Index(before + front + index), old[index].clone());
    let come = |index: usize| added(Place::Index(before + front + index), new[index].clone());
    if old.len().saturating_mul(new.len()) > HARD {
        let gone = (0..old.len()).map(gone);
        return gone.chain((0..new.len()).map(come)).collect();
    }
    let mut changes = Vec::new();
    for op in similar::capture_diff_slices(Algorithm::Myers, old, new) {
        let (tag, removed, added) = op.as_tag_tuple();
        if tag != DiffTag::Equal {
            changes.extend(removed.map(gone));
            changes.extend(added.map(come));
        }
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
        let changes = sequence(&list("abcd"), &list("xacd"), 5);
        let expected = [
            added(Place::Index(5), part("x")),
            removed(Place::Index(6), part("b")),
        ];
        assert_eq!(changes, expected);
        assert!(sequence(&list("ab"), &list("ab"), 0).is_empty());
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
