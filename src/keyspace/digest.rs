//! Digests: forty hexadecimal digits that tell whether two states hold the same data.
//!
//! A digest is a function of the content alone: which keys there are in which database, with which type, elements
//! and times of expiry. The order of keys, of members and of fields, access times and encodings don't matter, nor
//! does the machine. It goes into journals and fixtures, so it must never change:
//!
//! - an *item* is a list of byte strings, each behind its length (u64, little-endian), under SHA-256, cut to
//!   the first 20 bytes;
//! - a *sum* is the exclusive or of items that are distinct, so that their order does not matter;
//! - the state is the sum over all keys of the item (`"key"`, database, key, expiry, type, content…), numbers
//!   being u32 or i64 in little-endian order and a missing expiry an empty string;
//! - the content of a string is its bytes; of a list, its elements in order; of a set, the sum of the items
//!   (`"member"`, member); of a sorted set, of (`"member"`, member, score), the score an IEEE double in
//!   little-endian order; of a hash, of (`"field"`, field, value, expiry);
//! - the content of a stream is its last id, greatest deleted id and number of entries added; the sum over its entries
//!   of (`"entry"`, id, field, value…); and the sum over its groups of (`"group"`, name, last id, number of
//!   entries read, the sum of (`"consumer"`, name), the sum of (`"pending"`, id, consumer, time of delivery, deliveries)).
//!   An id is 16 bytes in big-endian order, a number a u64, a time an i64, both in little-endian order, and an unknown
//!   number an empty string. When consumers were seen last is no part of it;
//! - the content of a vector set is its quantisation, dimension, number of links and projection (its matrix, row by row), and
//!   the sum over its elements of (`"element"`, name, components as they are kept, range, length, attributes), missing ones
//!   being empty and floats in little-endian order.
//!
//! An empty state is forty zeros, as for Redis, whose DEBUG DIGEST is otherwise a different function (and does not
//! see when a key expires).

use std::fmt::Write;

use sha2::Digest;
use sha2::Sha256;

use super::Keyspace;
use super::Slot;
use crate::bytes::Bytes;
use crate::value::Hash;
use crate::value::StreamId;
use crate::value::Value;
use crate::value::VectorSet;
use crate::value::stream::Entry;
use crate::value::stream::Group;
use crate::value::stream::Pending;
use crate::value::vectors::Element;
use crate::value::vectors::Projection;

const LEN: usize = 20;

/// Items of which only the sum matters.
#[derive(Default)]
struct Sum([u8; LEN]);

impl Sum {
    fn add(&mut self, item: Item) {
        let digest = item.0.finalize();
        for (byte, other) in std::iter::zip(&mut self.0, digest) {
            *byte ^= other;
        }
    }

    fn to_hex(&self) -> String {
        self.0.iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a String takes every write");
            hex
        })
    }
}

impl FromIterator<Item> for Sum {
    fn from_iter<I: IntoIterator<Item = Item>>(items: I) -> Self {
        let mut sum = Sum::default();
        items.into_iter().for_each(|item| sum.add(item));
        sum
    }
}

/// Byte strings that are told apart by their lengths.
struct Item(Sha256);

impl Item {
    fn new(tag: &str) -> Item {
        Item(Sha256::new()).bytes(tag.as_bytes())
    }

    fn bytes(mut self, bytes: &[u8]) -> Item {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    fn time(self, at_ms: Option<i64>) -> Item {
        match at_ms {
            None => self.bytes(b""),
            Some(at_ms) => self.bytes(&at_ms.to_le_bytes()),
        }
    }

    fn id(self, id: StreamId) -> Item {
        self.bytes(&id.to_bytes())
    }

    fn number(self, number: Option<u64>) -> Item {
        match number {
            None => self.bytes(b""),
            Some(number) => self.bytes(&number.to_le_bytes()),
        }
    }

    fn sum(self, items: impl Iterator<Item = Item>) -> Item {
        self.bytes(&items.collect::<Sum>().0)
    }

    fn value(self, value: &Value) -> Item {
        let item = self.bytes(value.type_name().as_bytes());
        match value {
            Value::String(string) => item.bytes(&string.as_bytes()),
            Value::List(list) => {
                let elements = list.iter().map(Bytes::from);
                elements.fold(item, |item, element| item.bytes(&element))
            }
            Value::Set(set) => {
                item.sum(set.iter().map(|member| Item::new("member").bytes(&member)))
            }
            Value::ZSet(zset) => item.sum(zset.iter().map(|(member, score)| {
                let member = Item::new("member").bytes(&member);
                member.bytes(&score.to_le_bytes())
            })),
            Value::Hash(hash) => item.sum(fields(hash)),
            Value::Stream(stream) => item
                .id(stream.last_id())
                .id(stream.max_deleted_id())
                .number(Some(stream.entries_added()))
                .sum(stream.iter().map(entry))
                .sum(stream.groups().map(group)),
            Value::Vectors(set) => vectors(item, set),
        }
    }
}

fn fields(hash: &Hash) -> impl Iterator<Item = Item> {
    hash.iter().map(|(field, value)| {
        let expires_at = hash.expires_at(&field);
        Item::new("field")
            .bytes(&field)
            .bytes(&value)
            .time(expires_at)
    })
}

fn vectors(item: Item, set: &VectorSet) -> Item {
    let (shape, projection) = (set.shape(), set.projection());
    let matrix = projection.map_or(&[][..], Projection::matrix).iter();
    let matrix: Vec<u8> = matrix.flat_map(|x| x.to_le_bytes()).collect();
    item.bytes(shape.quantization.name().as_bytes())
        .number(Some(shape.dim as u64))
        .number(Some(shape.links.into()))
        .bytes(&matrix)
        .sum(set.elements().iter().map(element))
}

fn element((name, element): (&Bytes, &Element)) -> Item {
    Item::new("element")
        .bytes(name)
        .bytes(&element.vector.to_bytes())
        .bytes(&element.vector.range().unwrap_or(0.0).to_le_bytes())
        .bytes(&element.norm.to_le_bytes())
        .bytes(element.attributes.as_deref().unwrap_or_default())
}

fn entry(entry: Entry<'_>) -> Item {
    let item = Item::new("entry").id(entry.id);
    entry.content().fold(item, |item, text| item.bytes(&text))
}

fn group((name, group): (&Bytes, &Group)) -> Item {
    let consumers = group.consumers();
    Item::new("group")
        .bytes(name)
        .id(group.last_id)
        .number(group.entries_read)
        .sum(consumers.map(|(name, _)| Item::new("consumer").bytes(name)))
        .sum(group.pending().iter().map(pending))
}

fn pending(entry: &Pending) -> Item {
    let item = Item::new("pending").id(entry.id).bytes(&entry.consumer);
    let item = item.time(Some(entry.delivered_ms));
    item.number(Some(entry.deliveries))
}

impl Keyspace {
    /// The digest of all keys in all databases.
    pub fn digest(&self) -> String {
        let mut sum = Sum::default();
        for (index, db) in self.used() {
            for (key, slot) in db.keys().iter() {
                let item = Item::new("key").bytes(&(index as u32).to_le_bytes());
                sum.add(item.bytes(key).time(slot.expires_at()).value(slot.value()));
            }
        }
        sum.to_hex()
    }
}

impl Slot {
    /// The digest of the value and its expiry, whatever key it stands at.
    pub fn digest(&self) -> String {
        let item = Item::new("value").time(self.expires_at());
        Sum::from_iter([item.value(self.value())]).to_hex()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::StringValue;

    fn string(text: &str) -> Value {
        Value::String(StringValue::new(text.as_bytes()))
    }

    fn with(change: impl FnOnce(&mut Keyspace)) -> String {
        let mut keyspace = Keyspace::new(2);
        keyspace.db_mut(0).insert(b"a", string("1"), None, 0);
        keyspace.db_mut(0).insert(b"b", string("2"), Some(5), 0);
        change(&mut keyspace);
        keyspace.digest()
    }

    #[test]
    fn the_bits_never_change() {
        assert_eq!(Keyspace::new(16).digest(), "0".repeat(40));
        // Computed from the description above by a few lines of Python.
        assert_eq!(with(|_| ()), "f62c1c62621258d2db7b165f9eafc74bccf5e2ed");
    }

    #[test]
    fn order_access_and_encoding_do_not_matter() {
        let again = with(|keyspace| {
            let db = keyspace.db_mut(0);
            db.remove(b"a");
            db.insert(b"a", string(""), None, 9);
            if let Some(Value::String(value)) = db.value_mut(b"a") {
                value.make_mut().push(b'1');
            }
        });
        assert_eq!(again, with(|_| ()));
    }

    #[test]
    fn every_part_of_the_content_matters() {
        let hash = |field: &str, value: &str, at_ms| {
            let mut hash = Hash::new();
            hash.insert(field.as_bytes(), value);
            hash.expire_at(field.as_bytes(), at_ms);
            Value::from(hash)
        };
        let put = |db: usize, key: &'static [u8], value: Value, at_ms: Option<i64>| {
            with(|keyspace| drop(keyspace.db_mut(db).insert(key, value, at_ms, 0)))
        };
        let digests = [
            with(|_| ()),
            with(|keyspace| drop(keyspace.db_mut(0).remove(b"a"))),
            put(0, b"a", string("2"), None),
            put(0, b"a", string("1"), Some(5)),
            put(0, b"b", string("2"), Some(6)),
            put(1, b"a", string("1"), None),
            put(0, b"ab", string("1"), None),
            put(0, b"a", hash("f", "1", 7), None),
            put(0, b"a", hash("f", "1", 8), None),
            put(0, b"a", hash("f", "2", 7), None),
            put(0, b"a", hash("g", "1", 7), None),
        ];
        for (at, digest) in digests.iter().enumerate() {
            assert!(!digests[..at].contains(digest), "digest {at}");
        }
    }
}
