//! Commands on single bits, and on all bits of strings.

use std::sync::Arc;

use super::offset;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::spec::*;
use crate::number::parse_i64;
use crate::resp::Reply;
use crate::value::BitOp;
use crate::value::BitUnit;
use crate::value::StringValue;
use crate::value::Value;
use crate::value::bit_op;
use crate::value::bit_range;
use crate::value::count_bits;
use crate::value::find_bit;
use crate::value::get_bit;
use crate::value::set_bit;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("BITCOUNT", -2, READONLY, &[key(1, RO | ACCESS)], bitcount)
        .doc("2.6.0", "O(N)", "key [start end [BYTE | BIT]]", "Counts the number of set bits (population counting) in a string."),
    cmd("BITOP", -4, WRITE | DENYOOM, &[key(2, OW | UPDATE), keys(3, -1, 1, RO | ACCESS)], bitop)
        .doc("2.6.0", "O(N)", "<AND | OR | XOR | NOT | DIFF | DIFF1 | ANDOR | ONE> destkey key [key ...]", "Performs bitwise operations on multiple strings, and stores the result."),
    cmd("BITPOS", -3, READONLY, &[key(1, RO | ACCESS)], bitpos)
        .doc("2.8.7", "O(N)", "key bit [start [end [BYTE | BIT]]]", "Finds the first set (1) or clear (0) bit in a string."),
    cmd("GETBIT", 3, READONLY | FAST, &[key(1, RO | ACCESS)], getbit)
        .doc("2.2.0", "O(1)", "key offset", "Returns a bit value by offset."),
    cmd("SETBIT", 4, WRITE | DENYOOM, &[key(1, RW | ACCESS | UPDATE)], setbit)
        .doc("2.2.0", "O(1)", "key offset value:integer", "Sets or clears the bit at offset of the string value. Creates the key if it doesn't exist."),
];

fn bitcount(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    let (start, end, unit) = match args.len() {
        0 => (0, -1, BitUnit::Byte),
        2 | 3 => (args.i64()?, args.i64()?, unit(&mut args)?),
        _ => return Err(ReplyError::SYNTAX),
    };
    let Some(value) = cx.string(key)? else {
        return Ok(Reply::Int(0));
    };
    if start < 0 && end < 0 && start > end {
        return Ok(Reply::Int(0));
    }
    let bytes = value.as_bytes();
    let bits = bit_range(bytes.len(), start, end, unit);
    Ok(Reply::Int(
        bits.map_or(0, |bits| count_bits(&bytes, bits) as i64),
    ))
}

/// Reads `BYTE` or `BIT`, where anything is left.
fn unit(args: &mut Args<'_>) -> Result<BitUnit> {
    if args.is_empty() || args.keyword("BYTE") {
        Ok(BitUnit::Byte)
    } else if args.keyword("BIT") {
        Ok(BitUnit::Bit)
    } else {
        Err(ReplyError::SYNTAX)
    }
}

fn bitop(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (op, target, sources) = (args.next()?, args.next()?, args.rest());
    let op = operation(op, sources.len())?;
    let mut values = Vec::with_capacity(sources.len());
    for key in sources {
        values.push(cx.string(key)?.cloned());
    }
    let bytes = values
        .iter()
        .map(|value| value.as_ref().map(StringValue::as_bytes));
    let bytes: Vec<_> = bytes.map(Option::unwrap_or_default).collect();
    let bytes: Vec<&[u8]> = bytes.iter().map(|bytes| &**bytes).collect();
    let result = bit_op(op, &bytes);
    let len = result.len();
    if result.is_empty() {
        cx.remove(target);
    } else {
        cx.set(target, Value::String(StringValue::Buffer(Arc::new(result))));
    }
    Ok(Reply::len(len))
}

/// The operation that `name` names, if it takes so many sources.
fn operation(name: &[u8], sources: usize) -> Result<BitOp> {
    let op = match &*name.to_ascii_uppercase() {
        b"AND" => BitOp::And,
        b"OR" => BitOp::Or,
        b"XOR" => BitOp::Xor,
        b"NOT" => BitOp::Not,
        b"DIFF" => BitOp::Diff,
        b"DIFF1" => BitOp::Diff1,
        b"ANDOR" => BitOp::AndOr,
        b"ONE" => BitOp::One,
        _ => return Err(ReplyError::SYNTAX),
    };
    match op {
        BitOp::Not if sources != 1 => Err(fixed(
            "ERR BITOP NOT must be called with a single source key.",
        )),
        BitOp::Diff | BitOp::Diff1 | BitOp::AndOr if sources < 2 => {
            let name = String::from_utf8_lossy(name).to_ascii_uppercase();
            Err(ReplyError::new(format!(
                "ERR BITOP {name} must be called with at least two source keys."
            )))
        }
        op => Ok(op),
    }
}

fn bitpos(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, bit) = (args.next()?, args.i64()?);
    if !matches!(bit, 0 | 1) {
        return Err(fixed("ERR The bit argument must be 1 or 0."));
    }
    let bit = bit == 1;
    let (start, end, unit) = range(args)?;
    let Some(value) = cx.string(key)? else {
        return Ok(Reply::Int(if bit { -1 } else { 0 }));
    };
    let bytes = value.as_bytes();
    let Some(bits) = bit_range(bytes.len(), start, end.unwrap_or(-1), unit) else {
        return Ok(Reply::Int(-1));
    };
    Ok(match find_bit(&bytes, bit, bits) {
        Some(offset) => Reply::len(offset),
        // Without an end, zeros are taken to follow the string.
        None if !bit && end.is_none() => Reply::len(bytes.len() * 8),
        None => Reply::Int(-1),
    })
}

/// Reads BITPOS's `[start [end [BYTE | BIT]]]`; the unit is looked at before the end.
fn range(mut args: Args<'_>) -> Result<(i64, Option<i64>, BitUnit)> {
    if args.len() > 3 {
        return Err(ReplyError::SYNTAX);
    }
    let start = if args.is_empty() { 0 } else { args.i64()? };
    let end = args.next().ok();
    let unit = unit(&mut args)?;
    let end = end.map(|end| parse_i64(end).ok_or(ReplyError::NOT_AN_INTEGER));
    Ok((start, end.transpose()?, unit))
}

fn getbit(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, place) = (args.next()?, args.next()?);
    let place = offset(cx, parse_i64(place))?;
    let value = cx.string(key)?;
    Ok(Reply::flag(
        value.is_some_and(|value| get_bit(&value.as_bytes(), place)),
    ))
}

fn setbit(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, place, bit) = (args.next()?, args.next()?, args.next()?);
    let place = offset(cx, parse_i64(place))?;
    let bit = match parse_i64(bit) {
        Some(0) => false,
        Some(1) => true,
        _ => return Err(fixed("ERR bit is not an integer or out of range")),
    };
    let bytes = cx.string_mut(key)?.make_mut();
    let len = bytes.len();
    let before = set_bit(bytes, place, bit);
    if before != bit || bytes.len() != len {
        cx.changed(key);
    }
    Ok(Reply::flag(before))
}
