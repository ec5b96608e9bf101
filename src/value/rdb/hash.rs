//! Hashes: field by field or packed, with or without times to live.

use super::Style;
use super::input::Input;
use super::input::Malformed;
use super::kind;
use super::length;
use super::listpack;
use super::listpack::Listpack;
use super::string;
use super::ziplist;
use crate::bytes::Bytes;
use crate::number::parse_i64;
use crate::value::Hash;
use crate::value::PackLimits;

pub(super) fn write(hash: &Hash, out: &mut Vec<u8>, style: Style) {
    let soonest = hash.next_expiry().map(|(at_ms, _)| at_ms);
    match soonest {
        None if hash.is_table() => write_table(hash, out, style),
        Some(soonest) if hash.is_table() => write_table_ttl(hash, soonest, out, style),
        None if !hash.is_listpackex() => write_listpack(hash, out, style),
        soonest => write_listpack_ttl(hash, soonest.unwrap_or(0), out, style),
    }
}

fn write_table(hash: &Hash, out: &mut Vec<u8>, style: Style) {
    out.push(kind::HASH);
    length::write(out, hash.len() as u64);
    for (field, value) in hash.iter() {
        string::write(&field, out, style.compress);
        string::write(&value, out, style.compress);
    }
}

/// Times to live are written as how long after `soonest` they end, plus 1; 0 stands for none.
fn write_table_ttl(hash: &Hash, soonest: i64, out: &mut Vec<u8>, style: Style) {
    out.push(kind::HASH_TTL);
    out.extend(soonest.to_le_bytes());
    length::write(out, hash.len() as u64);
    for (field, value) in hash.iter() {
        let at_ms = hash.expires_at(&field);
        length::write(out, at_ms.map_or(0, |at_ms| (at_ms - soonest) as u64 + 1));
        string::write(&field, out, style.compress);
        string::write(&value, out, style.compress);
    }
}

fn write_listpack(hash: &Hash, out: &mut Vec<u8>, style: Style) {
    out.push(kind::HASH_LISTPACK);
    string::write(&hash.to_listpack().finish(), out, style.compress);
}

fn write_listpack_ttl(hash: &Hash, soonest: i64, out: &mut Vec<u8>, style: Style) {
    let mut entries: Vec<_> = hash
        .iter()
        .map(|(field, value)| (hash.expires_at(&field), field, value))
        .collect();
    if style.redis_order {
        entries.sort_by_key(|(at_ms, ..)| at_ms.unwrap_or(i64::MAX));
    }
    let mut listpack = Listpack::new();
    for (at_ms, field, value) in entries {
        listpack.push(&field);
        listpack.push(&value);
        listpack.push_int(at_ms.unwrap_or(0));
    }
    out.push(kind::HASH_LISTPACK_TTL);
    out.extend(soonest.to_le_bytes());
    string::write(&listpack.finish(), out, style.compress);
}

pub(super) fn read(
    kind: u8,
    input: &mut Input<'_>,
    limits: &PackLimits,
) -> Result<Hash, Malformed> {
    let fields = match kind {
        kind::HASH => read_table(input, |_| Ok(None)),
        kind::HASH_ZIPMAP => pairs(ziplist::read_zipmap(&string::read(input)?)?),
        kind::HASH_ZIPLIST => pairs(ziplist::read(&string::read(input)?)?),
        kind::HASH_LISTPACK => pairs(listpack::read(&string::read(input)?)?),
        kind::HASH_TTL => {
            let soonest = u64::from_le_bytes(input.array()?);
            read_table(input, |input| read_ttl(input, soonest))
        }
        // The time itself instead of the distance to the first.
        kind::HASH_TTL_PREVIEW => read_table(input, |input| read_ttl(input, 1)),
        kind::HASH_LISTPACK_TTL => {
            input.take(8)?;
            triples(listpack::read(&string::read(input)?)?)
        }
        kind::HASH_LISTPACK_TTL_PREVIEW => triples(listpack::read(&string::read(input)?)?),
        _ => Err(Malformed),
    };
    let is_table = [kind::HASH, kind::HASH_TTL, kind::HASH_TTL_PREVIEW].contains(&kind);
    let mut hash = collect(fields?, is_table, limits)?;
    if [kind::HASH_LISTPACK_TTL, kind::HASH_LISTPACK_TTL_PREVIEW].contains(&kind) {
        hash.expect_expiry();
    }
    Ok(hash)
}

/// A field, its value, and when it expires.
type Entry = (Bytes, Bytes, Option<i64>);

fn read_table(
    input: &mut Input<'_>,
    ttl: impl Fn(&mut Input<'_>) -> Result<Option<i64>, Malformed>,
) -> Result<Vec<Entry>, Malformed> {
    let count = length::read(input)?;
    let entry = |_| {
        let at_ms = ttl(input)?;
        let field = Bytes::from(&*string::read(input)?);
        Ok((field, Bytes::from(&*string::read(input)?), at_ms))
    };
    // The count may be anything; the vector grows with the entries that are really there.
    let mut entries = Vec::new();
    (0..count)
        .map(entry)
        .try_for_each(|entry| entry.map(|entry| entries.push(entry)))?;
    Ok(entries)
}

fn read_ttl(input: &mut Input<'_>, soonest: u64) -> Result<Option<i64>, Malformed> {
    match length::read(input)? {
        0 => Ok(None),
        distance => {
            let at_ms = soonest.checked_add(distance - 1).ok_or(Malformed)?;
            i64::try_from(at_ms).map(Some).map_err(|_| Malformed)
        }
    }
}

fn pairs(entries: Vec<Bytes>) -> Result<Vec<Entry>, Malformed> {
    let (pairs, []) = entries.as_chunks() else {
        return Err(Malformed);
    };
    Ok(pairs
        .iter()
        .map(|[field, value]| (field.clone(), value.clone(), None))
        .collect())
}

/// A time of 0 stands for none.
fn triples(entries: Vec<Bytes>) -> Result<Vec<Entry>, Malformed> {
    let (triples, []) = entries.as_chunks() else {
        return Err(Malformed);
    };
    let entry = |[field, value, at_ms]: &[Bytes; 3]| {
        let at_ms = parse_i64(at_ms)
            .filter(|at_ms| *at_ms >= 0)
            .ok_or(Malformed)?;
        Ok((field.clone(), value.clone(), (at_ms != 0).then_some(at_ms)))
    };
    triples.iter().map(entry).collect()
}

/// The hash of these fields; Redis has none without fields, and none with a field twice.
fn collect(entries: Vec<Entry>, is_table: bool, limits: &PackLimits) -> Result<Hash, Malformed> {
    let mut hash = Hash::spread_out();
    let length = |(field, value, _): &Entry| field.len().max(value.len());
    let longest = entries.iter().map(length).max().unwrap_or(0);
    // Redis trusts that the entries of a listpack are short.
    hash.expect(entries.len(), if is_table { longest } else { 0 }, limits);
    for (field, value, at_ms) in entries {
        hash.insert(&field, value).then_some(()).ok_or(Malformed)?;
        if let Some(at_ms) = at_ms {
            hash.note_expiry(&field, at_ms);
        }
    }
    hash.pack();
    (!hash.is_empty()).then_some(hash).ok_or(Malformed)
}
