//! [`Contents`]: a value taken apart, so that two versions of it can be compared.
//!
//! Each type is read with a command of its own, as a client would: what a difference shows is what somebody would
//! have seen, and no type's insides are known here.

use crate::bytes::Bytes;
use crate::command::Config;
use crate::command::World;
use crate::keyspace::Slot;
use crate::number::format_double;
use crate::number::format_i64;
use crate::resp::Reply;

use super::view::View;

/// A value's parts.
#[derive(Clone, Debug, PartialEq)]
pub enum Contents {
    /// A string.
    Whole(Part),
    /// Hash fields, set and sorted set members, stream entries, elements of vector sets.
    Named(Vec<(Bytes, Part)>),
    /// A list.
    Sequence(Vec<Part>),
}

/// One part of a value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Part {
    /// A field's value, a member's score, an entry's fields and values, an element's components and attributes, nothing for
    /// a member of a set.
    pub value: Vec<Bytes>,
    /// When the part expires, in milliseconds since the epoch.
    pub expires_at: Option<i64>,
}

impl Part {
    fn of(value: impl IntoIterator<Item = Bytes>) -> Part {
        Part {
            value: value.into_iter().collect(),
            expires_at: None,
        }
    }
}

impl Contents {
    /// The parts of what stands at a key.
    pub fn of(slot: &Slot) -> Contents {
        let mut world = World::new(Config::default(), 0);
        world
            .keyspace
            .db_mut(0)
            .insert(KEY, slot.value().clone(), None, 0);
        let mut view = View::new(world, 0, 0);
        let mut run = |argv: &[&[u8]]| view.run(argv);
        match slot.value().type_name() {
            "hash" => hash(&mut run),
            "list" => Contents::Sequence(list(run(&[b"LRANGE", KEY, b"0", b"-1"]))),
            "set" => Contents::Named(set(run(&[b"SMEMBERS", KEY]))),
            "zset" => Contents::Named(pairs(run(&[b"ZRANGE", KEY, b"0", b"-1", b"WITHSCORES"]))),
            "stream" => stream(&mut run),
            "vectorset" => vectors(&mut run),
            _ => Contents::Whole(Part::of(leaves(run(&[b"GET", KEY])))),
        }
    }

    /// How many parts there are; bytes of a string.
    pub fn len(&self) -> usize {
        match self {
            Contents::Whole(part) => part.value.first().map_or(0, |bytes| bytes.len()),
            Contents::Named(parts) => parts.len(),
            Contents::Sequence(parts) => parts.len(),
        }
    }

    /// Whether there is no part.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The one key of the world that a value is read in.
const KEY: &[u8] = b"k";

fn hash(run: &mut impl FnMut(&[&[u8]]) -> Reply) -> Contents {
    let mut fields = pairs(run(&[b"HGETALL", KEY]));
    let count = format_i64(fields.len() as i64);
    let mut argv: Vec<&[u8]> = vec![b"HPEXPIRETIME", KEY, b"FIELDS", &count];
    argv.extend(fields.iter().map(|(name, _)| &**name));
    let times = items(run(&argv));
    for ((_, part), time) in fields.iter_mut().zip(times) {
        part.expires_at = match time {
            Reply::Int(at_ms) if at_ms >= 0 => Some(at_ms),
            _ => None,
        };
    }
    Contents::Named(fields)
}

/// Entries by id, and consumer groups by name.
fn stream(run: &mut impl FnMut(&[&[u8]]) -> Reply) -> Contents {
    let mut parts = pairs(run(&[b"XRANGE", KEY, b"-", b"+"]));
    for group in items(run(&[b"XINFO", b"GROUPS", KEY])) {
        let words = leaves(group);
        let name = words.get(1).map_or(&[][..], |name| name);
        parts.push((Bytes::from([b"group ", name].concat()), Part::of(words)));
    }
    Contents::Named(parts)
}

/// Elements with their components, and their attributes behind these.
fn vectors(run: &mut impl FnMut(&[&[u8]]) -> Reply) -> Contents {
    let count = leaves(run(&[b"VCARD", KEY])).concat();
    let names = leaves(run(&[b"VRANDMEMBER", KEY, &count]));
    let part = |name: Bytes| {
        let mut words = leaves(run(&[b"VEMB", KEY, &name]));
        words.extend(leaves(run(&[b"VGETATTR", KEY, &name])));
        (name, Part::of(words))
    };
    Contents::Named(names.into_iter().map(part).collect())
}

fn list(reply: Reply) -> Vec<Part> {
    let elements = items(reply).into_iter();
    elements.map(|element| Part::of(leaves(element))).collect()
}

fn set(reply: Reply) -> Vec<(Bytes, Part)> {
    let members = leaves(reply).into_iter();
    members.map(|member| (member, Part::default())).collect()
}

/// Names with what belongs to them: a map, or an array of arrays that each start with a name.
fn pairs(reply: Reply) -> Vec<(Bytes, Part)> {
    let named = |item| {
        let mut words = leaves(item).into_iter();
        (words.next().unwrap_or_default(), Part::of(words))
    };
    items(reply).into_iter().map(named).collect()
}

fn items(reply: Reply) -> Vec<Reply> {
    match reply {
        Reply::Array(items) | Reply::Set(items) => items,
        Reply::Map(pairs) => {
            let pair = |(name, value)| Reply::Array(vec![name, value]);
            pairs.into_iter().map(pair).collect()
        }
        _ => Vec::new(),
    }
}

/// The scalars of a reply, in order.
fn leaves(reply: Reply) -> Vec<Bytes> {
    match reply {
        Reply::Bulk(bytes) | Reply::BigNumber(bytes) | Reply::Verbatim(_, bytes) => vec![bytes],
        Reply::Simple(text) => vec![Bytes::from(text.as_bytes())],
        Reply::Int(number) => vec![format_i64(number)],
        Reply::Double(number) => vec![Bytes::from(format_double(number))],
        other => items(other).into_iter().flat_map(leaves).collect(),
    }
}
