//! Sorted sets: packed, or member by member.

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
use crate::number::format_double;
use crate::number::parse_f64;
use crate::value::Element;
use crate::value::PackLimits;
use crate::value::ZSet;

/// What stands for the length of a score's text where there is none.
const TEXT_NAN: u8 = 253;
const TEXT_INFINITY: u8 = 254;
const TEXT_NEG_INFINITY: u8 = 255;

pub(super) fn write(zset: &ZSet, out: &mut Vec<u8>, style: Style) {
    // What keeps the order of the state shows what the order depends on, and not the encoding.
    let is_skiplist = match style.redis_order {
        true => zset.is_skiplist(),
        false => !zset.is_packed(),
    };
    if is_skiplist {
        write_skiplist(zset, out, style);
    } else {
        write_listpack(zset, out, style);
    }
}

/// Redis writes the highest score first, which it can insert fastest.
fn write_skiplist(zset: &ZSet, out: &mut Vec<u8>, style: Style) {
    out.push(kind::ZSET);
    length::write(out, zset.len() as u64);
    let entry = |(member, score): (Element<'_>, f64)| {
        string::write(&member, out, style.compress);
        out.extend(score.to_le_bytes());
    };
    if style.redis_order {
        zset.iter().rev().for_each(entry);
    } else {
        zset.members().for_each(entry);
    }
}

fn write_listpack(zset: &ZSet, out: &mut Vec<u8>, style: Style) {
    let mut listpack = Listpack::new();
    let entry = |(member, score): (Element<'_>, f64)| {
        listpack.push(&member);
        listpack.push(format_double(score).as_bytes());
    };
    if style.redis_order {
        zset.iter().for_each(entry);
    } else {
        zset.members().for_each(entry);
    }
    out.push(kind::ZSET_LISTPACK);
    string::write(&listpack.finish(), out, style.compress);
}

pub(super) fn read(
    kind: u8,
    input: &mut Input<'_>,
    limits: &PackLimits,
) -> Result<ZSet, Malformed> {
    let mut zset = match kind {
        kind::ZSET => read_entries(ZSet::new(), input, read_score),
        kind::ZSET_TEXT => read_entries(ZSet::new(), input, read_text_score),
        kind::ZSET_ZIPLIST => pairs(ziplist::read(&string::read(input)?)?),
        _ => pairs(listpack::read(&string::read(input)?)?),
    }?;
    let longest = match kind {
        kind::ZSET | kind::ZSET_TEXT => zset.iter().map(|(member, _)| member.len()).max(),
        // Redis trusts that the members of a listpack are short.
        _ => None,
    };
    zset.fit(longest.unwrap_or(0), limits);
    (!zset.is_empty()).then_some(zset).ok_or(Malformed)
}

/// A sorted set that was a table when it was written: it is one again, with its members in the same order.
pub(super) fn read_table(input: &mut Input<'_>) -> Result<ZSet, Malformed> {
    let mut zset = ZSet::new();
    zset.make_skiplist();
    let zset = read_entries(zset, input, read_score)?;
    (!zset.is_empty()).then_some(zset).ok_or(Malformed)
}

fn read_entries(
    mut zset: ZSet,
    input: &mut Input<'_>,
    score: impl Fn(&mut Input<'_>) -> Result<f64, Malformed>,
) -> Result<ZSet, Malformed> {
    for _ in 0..length::read(input)? {
        let member = string::read(input)?;
        insert(&mut zset, &member, score(input)?)?;
    }
    Ok(zset)
}

fn read_score(input: &mut Input<'_>) -> Result<f64, Malformed> {
    input.array().map(f64::from_le_bytes)
}

fn read_text_score(input: &mut Input<'_>) -> Result<f64, Malformed> {
    match input.byte()? {
        TEXT_NAN => Err(Malformed),
        TEXT_INFINITY => Ok(f64::INFINITY),
        TEXT_NEG_INFINITY => Ok(f64::NEG_INFINITY),
        length => parse_f64(input.take(length.into())?).ok_or(Malformed),
    }
}

fn pairs(entries: Vec<Bytes>) -> Result<ZSet, Malformed> {
    let (pairs, []) = entries.as_chunks() else {
        return Err(Malformed);
    };
    let mut zset = ZSet::new();
    for [member, score] in pairs {
        insert(&mut zset, member, parse_f64(score).ok_or(Malformed)?)?;
    }
    Ok(zset)
}

/// Redis has no sorted set with a member twice, and no score that is not a number.
fn insert(zset: &mut ZSet, member: &[u8], score: f64) -> Result<(), Malformed> {
    let is_new = !score.is_nan() && zset.insert(member, score).is_none();
    is_new.then_some(()).ok_or(Malformed)
}
