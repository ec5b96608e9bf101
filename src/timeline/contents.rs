//! [`Contents`]: a value taken apart, so that two versions of it can be compared.
//!
//! Versions that come from one another share most of their memory: what they share is the same, and is not looked at.

use crate::bytes::Bytes;
use crate::keyspace::Slot;
use crate::number::format_double;
use crate::number::format_i64;
use crate::resp::quote;
use crate::value::Hash;
use crate::value::List;
use crate::value::Map;
use crate::value::Set;
use crate::value::Stream;
use crate::value::StreamId;
use crate::value::Value;
use crate::value::VectorSet;
use crate::value::ZSet;
use crate::value::stream::Group;
use crate::value::stream::Pending;

/// A value's parts.
#[derive(Clone, Debug, PartialEq)]
pub enum Contents {
    /// A string.
    Whole(Part),
    /// Hash fields, set and sorted set members, elements of vector sets. Of streams: entries by id, `group NAME`,
    /// `group NAME consumer NAME` and `group NAME pending ID`, names quoted where they are no plain words.
    Named(Vec<(Bytes, Part)>),
    /// A list.
    Sequence(Vec<Part>),
}

/// One part of a value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Part {
    /// A field's value, a member's score, an entry's fields and values, an element's components and attributes, what is
    /// known of a group or of a pending entry, each behind its name; nothing for a member of a set.
    pub value: Vec<Bytes>,
    /// When the part expires, in milliseconds since the epoch.
    pub expires_at: Option<i64>,
}

impl Part {
    pub(super) fn of(value: impl IntoIterator<Item = Bytes>) -> Part {
        Part {
            value: value.into_iter().collect(),
            expires_at: None,
        }
    }
}

/// The parts of two values of one type that may differ.
pub(super) struct Apart {
    pub(super) old: Contents,
    pub(super) new: Contents,
    /// How many elements before those are the same in both lists.
    pub(super) before: usize,
}

impl Contents {
    /// The parts of what stands at a key.
    pub fn of(slot: &Slot) -> Contents {
        match slot.value() {
            Value::String(string) => Contents::Whole(Part::of([string.to_bytes()])),
            Value::List(list) => Contents::Sequence(elements(list, 0, 0)),
            Value::Set(set) => Contents::Named(set.all()),
            Value::ZSet(zset) => Contents::Named(zset.all()),
            Value::Hash(hash) => Contents::Named(hash.all()),
            Value::Stream(stream) => Contents::Named(stream_parts(stream, &Stream::new())),
            Value::Vectors(set) => Contents::Named(set.all()),
        }
    }

    /// How many parts there are.
    pub fn len(&self) -> usize {
        match self {
            Contents::Whole(_) => 1,
            Contents::Named(parts) => parts.len(),
            Contents::Sequence(parts) => parts.len(),
        }
    }

    /// Whether there is no part.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The parts that may differ; `None` where the types do.
    pub(super) fn apart(old: &Slot, new: &Slot) -> Option<Apart> {
        Some(match (old.value(), new.value()) {
            (Value::Hash(old), Value::Hash(new)) => apart(&**old, &**new),
            (Value::Set(old), Value::Set(new)) => apart(&**old, &**new),
            (Value::ZSet(old), Value::ZSet(new)) => apart(&**old, &**new),
            (Value::Vectors(old), Value::Vectors(new)) => apart(&**old, &**new),
            (Value::Stream(old), Value::Stream(new)) => Apart {
                old: Contents::Named(stream_parts(old, new)),
                new: Contents::Named(stream_parts(new, old)),
                before: 0,
            },
            (Value::List(old), Value::List(new)) => {
                let (front, back) = old.shared(new);
                Apart {
                    old: Contents::Sequence(elements(old, front, back)),
                    new: Contents::Sequence(elements(new, front, back)),
                    before: front,
                }
            }
            (Value::String(_), Value::String(_)) => Apart {
                old: Contents::of(old),
                new: Contents::of(new),
                before: 0,
            },
            _ => return None,
        })
    }
}

/// How many elements, members, fields or entries a value has; bytes of a string.
pub fn size_of(slot: &Slot) -> usize {
    match slot.value() {
        Value::String(string) => string.len(),
        Value::List(list) => list.len(),
        Value::Set(set) => set.len(),
        Value::ZSet(zset) => zset.len(),
        Value::Hash(hash) => hash.len(),
        Value::Stream(stream) => stream.len(),
        Value::Vectors(set) => set.len(),
    }
}

/// The elements of a list, but for so many at its ends.
fn elements(list: &List, front: usize, back: usize) -> Vec<Part> {
    let elements = list.range(front..list.len() - back);
    elements.map(|element| Part::of([element.into()])).collect()
}

/// A collection whose parts have names.
trait Named {
    /// All parts, in order.
    fn all(&self) -> Vec<(Bytes, Part)>;
    /// The names of all parts that differ from those of `other`, and maybe of some more.
    fn suspects<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = Bytes> + 'a;
    /// The part of a name.
    fn part(&self, name: &[u8]) -> Option<Part>;
    /// The number of parts.
    fn count(&self) -> usize;
}

fn apart<T: Named>(old: &T, new: &T) -> Apart {
    let names = old.suspects(new).chain(new.suspects(old));
    let names: Map<()> = names.map(|name| (name, ())).collect();
    // Small collections share nothing, and are read from one end to the other.
    let is_all = names.len() >= old.count().max(new.count());
    let side = |one: &T| {
        let part = |name: &Bytes| Some((name.clone(), one.part(name)?));
        Contents::Named(match is_all {
            true => one.all(),
            false => names.keys().filter_map(part).collect(),
        })
    };
    Apart {
        old: side(old),
        new: side(new),
        before: 0,
    }
}

impl Named for Hash {
    fn all(&self) -> Vec<(Bytes, Part)> {
        let fields = self.iter();
        let fields = fields.map(|(field, value)| {
            let expires_at = self.expires_at(&field);
            let value = vec![value.into()];
            (field.into(), Part { value, expires_at })
        });
        fields.collect()
    }

    fn suspects<'a>(&'a self, other: &'a Hash) -> impl Iterator<Item = Bytes> + 'a {
        self.unshared(other)
    }

    fn part(&self, name: &[u8]) -> Option<Part> {
        Some(Part {
            value: vec![self.get(name)?.into()],
            expires_at: self.expires_at(name),
        })
    }

    fn count(&self) -> usize {
        self.len()
    }
}

impl Named for Set {
    fn all(&self) -> Vec<(Bytes, Part)> {
        let members = self.iter();
        members
            .map(|member| (member.into(), Part::default()))
            .collect()
    }

    fn suspects<'a>(&'a self, other: &'a Set) -> impl Iterator<Item = Bytes> + 'a {
        self.unshared(other)
    }

    fn part(&self, name: &[u8]) -> Option<Part> {
        self.contains(name).then(Part::default)
    }

    fn count(&self) -> usize {
        self.len()
    }
}

impl Named for ZSet {
    fn all(&self) -> Vec<(Bytes, Part)> {
        let members = self.iter();
        members
            .map(|(member, score)| (member.into(), score_part(score)))
            .collect()
    }

    fn suspects<'a>(&'a self, other: &'a ZSet) -> impl Iterator<Item = Bytes> + 'a {
        self.unshared(other)
    }

    fn part(&self, name: &[u8]) -> Option<Part> {
        self.score(name).map(score_part)
    }

    fn count(&self) -> usize {
        self.len()
    }
}

fn score_part(score: f64) -> Part {
    Part::of([Bytes::from(format_double(score))])
}

impl Named for VectorSet {
    fn all(&self) -> Vec<(Bytes, Part)> {
        let names = self.elements().keys();
        names
            .filter_map(|name| Some((name.clone(), self.part(name)?)))
            .collect()
    }

    fn suspects<'a>(&'a self, other: &'a VectorSet) -> impl Iterator<Item = Bytes> + 'a {
        let elements = self.elements().unshared(other.elements());
        elements.map(|(name, _)| name.clone())
    }

    /// Its components, and its attributes behind these.
    fn part(&self, name: &[u8]) -> Option<Part> {
        let element = self.get(name)?;
        let components = element.components().into_iter();
        let components = components.map(|number| Bytes::from(format_double(number.into())));
        Some(Part::of(components.chain(element.attributes.clone())))
    }

    fn count(&self) -> usize {
        self.len()
    }
}

/// The entries of a stream and what its groups know, but for what `other` has in the very same memory.
fn stream_parts(stream: &Stream, other: &Stream) -> Vec<(Bytes, Part)> {
    let entries = stream.unshared(other);
    let entries = entries.map(|entry| (id(entry.id), Part::of(entry.content())));
    let mut parts: Vec<(Bytes, Part)> = entries.collect();
    for (name, group) in stream.groups() {
        let known = other.group(name);
        if !known.is_some_and(|known| std::ptr::eq(known, group)) {
            add_group(&mut parts, name, group, known);
        }
    }
    parts
}

fn add_group(parts: &mut Vec<(Bytes, Part)>, name: &[u8], group: &Group, other: Option<&Group>) {
    let title = format!("group {}", word(name));
    let mut words = vec![Bytes::from("last-delivered-id"), id(group.last_id)];
    if let Some(read) = group.entries_read {
        words.extend([Bytes::from("entries-read"), number(read)]);
    }
    parts.push((Bytes::from(title.as_str()), Part::of(words)));
    for (consumer, _) in group.consumers() {
        let title = format!("{title} consumer {}", word(consumer));
        parts.push((Bytes::from(title), Part::default()));
    }
    let pending = group.pending();
    let (front, back) = other.map_or((0, 0), |other| pending.shared(other.pending()));
    let pending = pending.range(front..pending.len() - back);
    parts.extend(pending.map(|entry| pending_part(&title, entry)));
}

fn pending_part(group: &str, entry: &Pending) -> (Bytes, Part) {
    let title = format!("{group} pending {}", entry.id);
    let words = [
        Bytes::from("consumer"),
        entry.consumer.clone(),
        Bytes::from("delivered-ms"),
        format_i64(entry.delivered_ms),
        Bytes::from("deliveries"),
        number(entry.deliveries),
    ];
    (Bytes::from(title), Part::of(words))
}

/// What a stream knows beside its entries and groups: what commands on these change as well, but for XSETID.
pub(super) fn stream_history(stream: &Stream) -> Part {
    Part::of([
        Bytes::from("last-id"),
        id(stream.last_id()),
        Bytes::from("max-deleted-id"),
        id(stream.max_deleted_id()),
        Bytes::from("entries-added"),
        number(stream.entries_added()),
    ])
}

fn id(id: StreamId) -> Bytes {
    Bytes::from(id.to_string())
}

fn number(number: u64) -> Bytes {
    Bytes::from(number.to_string())
}

/// A name that can't be taken for more than one word.
fn word(name: &[u8]) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_graphic() && *byte != b'"';
    match !name.is_empty() && name.iter().all(is_plain) {
        true => String::from_utf8_lossy(name).into_owned(),
        false => quote(name),
    }
}
