//! [`Blame`]: who wrote each part of a value.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::bytes::Bytes;
use crate::commit::CommandList;
use crate::commit::Entry;
use crate::commit::Seq;
use crate::keyspace::Slot;
use crate::value::Sequence;

use super::Timeline;
use super::change::Change;
use super::change::Place;
use super::contents::Contents;
use super::contents::Part;
use super::error::Error;
use super::history::Version;
use super::rev::Rev;
use super::why::commands_on;

/// Who wrote each part of what stands at a key.
///
/// A part is the work of the record that changed it last. One that wrote the same again changed nothing. An element of a
/// list is the same one as long as it stays in the list, wherever others push it: what a record did to a list is the
/// fewest removals and insertions that lead from the old one to the new one. The parts of a key that was renamed, copied
/// or rewound are the work of the record that did that.
#[derive(Clone, Debug, PartialEq)]
pub struct Blame {
    /// The key's database.
    pub db: usize,
    /// The key.
    pub key: Bytes,
    /// The record after which the key was so.
    pub seq: Seq,
    /// What stood there.
    pub slot: Slot,
    /// Where the key has a time to live, the record that set it.
    pub expiry: Option<Arc<Entry>>,
    /// The parts in order.
    pub parts: Vec<Blamed>,
}

/// A part of a value, and who wrote it.
#[derive(Clone, Debug, PartialEq)]
pub struct Blamed {
    /// Which part.
    pub place: Place,
    /// What it is.
    pub part: Part,
    /// The record that wrote it.
    pub by: Arc<Entry>,
}

impl Blame {
    /// The commands of a record that may have changed the key, as sent.
    pub fn commands_of(&self, entry: &Entry) -> CommandList {
        commands_on(&entry.record, self.db, &self.key)
    }

    /// The commands, as sent, with which its record wrote a part: those on the key, and among them those that name
    /// the part where there are any.
    pub fn commands(&self, part: &Blamed) -> CommandList {
        let all = self.commands_of(&part.by);
        let name = match (&part.place, part.part.value.as_slice()) {
            (Place::Name(name), _) | (Place::Index(_), [name]) => name,
            _ => return all,
        };
        let mut named = CommandList::new();
        let names = |argv: &Vec<&[u8]>| argv.iter().any(|arg| **arg == **name);
        all.iter().filter(names).for_each(|argv| named.push(&argv));
        match named.is_empty() {
            true => all,
            false => named,
        }
    }
}

impl Timeline {
    /// Who wrote each part of what stood at `key`, and its time to live; `None` where there was no such key.
    ///
    /// ```no_run
    /// use fakeredis::{Rev, Timeline};
    ///
    /// let past = Timeline::open("data")?;
    /// let blame = past.blame(0, b"product:product_1", &Rev::LAST)?.expect("it is there");
    /// for part in &blame.parts {
    ///     println!("{:?} is the work of record {}", part.place, part.by.seq);
    /// }
    /// # Ok::<(), fakeredis::timeline::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`resolve`](Timeline::resolve).
    pub fn blame(&self, db: usize, key: &[u8], at: &Rev) -> Result<Option<Blame>, Error> {
        let mut authors = Authors::default();
        let mut slot = None;
        for version in self.history(db, key, at)? {
            slot = authors.follow(version?);
        }
        let seq = self.resolve(at)?;
        Ok(slot.map(|slot| authors.of(db, Bytes::from(key), seq, slot)))
    }
}

/// Who wrote what of a value, while it goes through its versions.
#[derive(Default)]
struct Authors {
    whole: Option<Arc<Entry>>,
    named: BTreeMap<Bytes, Arc<Entry>>,
    sequence: Sequence<Vec<Arc<Entry>>>,
    expiry: Option<Arc<Entry>>,
}

impl Authors {
    /// Takes over the next version; what it is.
    fn follow(&mut self, version: Version) -> Option<Slot> {
        let (entry, change) = (Arc::new(version.entry), version.change);
        self.note_expiry(&entry, &change);
        for part in change.parts().iter().rev() {
            match (&part.place, &part.after) {
                (Place::Whole, after) => self.whole = after.as_ref().map(|_| Arc::clone(&entry)),
                (Place::Name(name), None) => drop(self.named.remove(name)),
                (Place::Index(index), None) => drop(self.sequence.remove(*index)),
                _ => {}
            }
        }
        for part in change
            .parts()
            .into_iter()
            .filter(|part| part.after.is_some())
        {
            match part.place {
                Place::Whole => {}
                Place::Name(name) => drop(self.named.insert(name, Arc::clone(&entry))),
                Place::Index(index) => self.sequence.insert(index, Arc::clone(&entry)),
            }
        }
        change.after
    }

    fn note_expiry(&mut self, entry: &Arc<Entry>, change: &Change) {
        let expiry = |slot: &Option<Slot>| slot.as_ref().and_then(Slot::expires_at);
        let after = expiry(&change.after);
        if after != expiry(&change.before) {
            self.expiry = after.map(|_| Arc::clone(entry));
        }
    }

    fn of(self, db: usize, key: Bytes, seq: Seq, slot: Slot) -> Blame {
        let authors = &self;
        let blamed = |place: Place, part: Part, by: Option<&Arc<Entry>>| {
            let by = Arc::clone(by?);
            Some(Blamed { place, part, by })
        };
        let parts = match Contents::of(&slot) {
            Contents::Whole(part) => {
                let whole = blamed(Place::Whole, part, authors.whole.as_ref());
                whole.into_iter().collect()
            }
            Contents::Named(parts) => {
                let author = |name: &Bytes| authors.named.get(name);
                let parts = parts.into_iter();
                let parts = parts.filter_map(|(name, part)| {
                    blamed(Place::Name(name.clone()), part, author(&name))
                });
                parts.collect()
            }
            Contents::Sequence(parts) => {
                let parts = std::iter::zip(parts, authors.sequence.iter()).enumerate();
                let parts = parts
                    .filter_map(|(index, (part, by))| blamed(Place::Index(index), part, Some(by)));
                parts.collect()
            }
        };
        Blame {
            db,
            key,
            seq,
            slot,
            expiry: self.expiry,
            parts,
        }
    }
}
