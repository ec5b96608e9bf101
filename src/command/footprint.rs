//! What a key would take in Redis: its structures, in the size classes of its allocator.
//!
//! The model behind `MEMORY USAGE`, fitted to the answers of Redis 8.2.3 with jemalloc: right to the byte for strings that
//! are set whole and for what is packed, and for tables but while Redis moves one into a larger one and has both;
//! skiplists have levels by chance. What the fake itself takes is another number, and nobody's business.

use crate::command::generic::object::encoding;
use crate::keyspace::Slot;
use crate::value::Element;
use crate::value::Hash;
use crate::value::Limits;
use crate::value::List;
use crate::value::Set;
use crate::value::Value;
use crate::value::ZSet;
use crate::value::rdb;
use crate::value::vectors::Quantization;
use crate::value::vectors::VectorSet;

/// The object that holds a key and leads to its value.
const OBJECT: usize = 16;
/// A time of expiry, of a key or of a field.
const EXPIRY: usize = 8;
/// An entry of a table, with a pointer to it.
const ENTRY: usize = 24;
/// A table without its buckets, and its set or hash.
const TABLE: usize = 56;
/// The head of a quicklist, and of each of its nodes.
const QUICKLIST: usize = 40;
const QUICKLIST_NODE: usize = 32;
/// The head of a skiplist with room for 32 levels, and an entry with as many levels as it has on average.
const SKIPLIST: usize = 688;
const SKIPLIST_ENTRY: usize = 62;
/// What surrounds a listpack whose fields have times to live.
const LISTPACKEX: usize = 24;

/// A vector set, and an element with as many links as one has on average where each may have 16.
const VECTOR_SET: usize = 1800;
const VECTOR_ELEMENT: usize = 697;

/// The bytes that `MEMORY USAGE` answers for a key.
pub(super) fn footprint(key: &[u8], slot: &Slot, limits: &Limits) -> usize {
    let head = head_len(key, slot);
    match slot.value() {
        Value::String(_) if encoding(key, slot) == "int" => allocation(head),
        Value::String(string) if encoding(key, slot) == "embstr" => {
            allocation(head + string.len() + 4)
        }
        Value::String(string) => allocation(head) + text(string.len()),
        value => allocation(head) + body(value, limits),
    }
}

/// The object with the key in it.
pub(super) fn head_len(key: &[u8], slot: &Slot) -> usize {
    let expiry = slot.expires_at().map_or(0, |_| EXPIRY);
    OBJECT + expiry + 1 + text_len(key.len())
}

fn body(value: &Value, limits: &Limits) -> usize {
    match (value.encoding(), value) {
        ("hashtable", Value::Set(set)) => set_table(set),
        ("hashtable", Value::Hash(hash)) => hash_table(hash),
        ("skiplist", Value::ZSet(zset)) => skiplist(zset),
        ("quicklist", Value::List(list)) => quicklist(list, limits),
        (_, Value::List(list)) => nodes(list, limits).sum(),
        (_, Value::Vectors(set)) => vector_set(set),
        ("listpackex", value) => LISTPACKEX + allocation(packed_len(value, limits) - EXPIRY),
        (_, value) => allocation(packed_len(value, limits)),
    }
}

/// The block that a packed value is: DUMP's format without the length before it.
fn packed_len(value: &Value, limits: &Limits) -> usize {
    match serialized_len(value, false, limits) {
        len @ ..=0x40 => len - 1,
        len @ ..=0x4001 => len - 2,
        len => len - 5,
    }
}

/// The length of a value in DUMP's format, without its type and what follows it.
pub(super) fn serialized_len(value: &Value, compress: bool, limits: &Limits) -> usize {
    rdb::dump(value, compress, limits).len() - 1 - rdb::FOOTER
}

fn set_table(set: &Set) -> usize {
    let members: usize = set.iter().map(|member| text(member.len())).sum();
    table(set.len()) + members
}

fn hash_table(hash: &Hash) -> usize {
    let expiries = hash.volatile_len() * (EXPIRY + ENTRY);
    let pair = |(field, value): (Element<'_>, Element<'_>)| text(field.len()) + text(value.len());
    table(hash.len()) + expiries + hash.iter().map(pair).sum::<usize>()
}

fn skiplist(zset: &ZSet) -> usize {
    let entry = |(member, _): (Element<'_>, f64)| SKIPLIST_ENTRY - ENTRY + text(member.len());
    SKIPLIST + table(zset.len()) + zset.iter().map(entry).sum::<usize>()
}

fn quicklist(list: &List, limits: &Limits) -> usize {
    QUICKLIST
        + nodes(list, limits)
            .map(|node| QUICKLIST_NODE + node)
            .sum::<usize>()
}

fn nodes(list: &List, limits: &Limits) -> impl Iterator<Item = usize> {
    let sizes = rdb::node_sizes(list, limits.list);
    sizes.into_iter().map(allocation)
}

/// Not of its DUMP, for which a graph would have to be made.
fn vector_set(set: &VectorSet) -> usize {
    let shape = set.shape();
    let vector = match shape.quantization {
        Quantization::F32 => 4 * shape.dim,
        Quantization::Q8 => shape.dim,
        Quantization::Bin => 8 * shape.dim.div_ceil(64),
    };
    VECTOR_SET + set.len() * (VECTOR_ELEMENT + vector)
}

/// A table of so many entries, without what they point to.
fn table(len: usize) -> usize {
    let buckets = len.next_power_of_two().max(4);
    TABLE + buckets * size_of::<usize>() + len * ENTRY
}

/// A string of its own.
pub(super) fn text(len: usize) -> usize {
    allocation(text_len(len))
}

/// A string with its head and its end.
pub(super) fn text_len(len: usize) -> usize {
    len + match len {
        0..0x20 => 2,
        0x20..0x100 => 4,
        0x100..0x1_0000 => 6,
        _ => 10,
    }
}

/// What the allocator gives for so many bytes: multiples of 8 up to 64, then four sizes for each doubling.
pub(super) fn allocation(len: usize) -> usize {
    let step = match len {
        ..=64 => 8,
        _ => len.next_power_of_two() / 8,
    };
    len.next_multiple_of(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_allocator() {
        let sizes = [
            (1, 8),
            (41, 48),
            (64, 64),
            (65, 80),
            (129, 160),
            (506, 512),
            (10_006, 10_240),
        ];
        for (len, size) in sizes {
            assert_eq!(allocation(len), size, "{len}");
        }
    }
}
