//! HyperLogLog commands: how many distinct elements there were, about, in a string of at most 12 kB.

use super::Command;
use super::args::Args;
use super::cmd;
use super::context::Context;
use super::reply::ReplyError;
use super::reply::Result;
use super::reply::fixed;
use super::reply::printed;
use super::spec::*;
use crate::resp::Reply;
use crate::value::StringValue;
use crate::value::hyperloglog;
use crate::value::hyperloglog::Corrupt;
use crate::value::hyperloglog::Encoding;
use crate::value::hyperloglog::Registers;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(super) const COMMANDS: &[Command] = &[
    cmd("PFADD", -2, WRITE | DENYOOM | FAST, &[key(1, RW | INSERT)], pfadd)
        .doc("2.8.9", "O(1) to add every element.", "key [element [element ...]]", "Adds elements to a HyperLogLog key. Creates the key if it doesn't exist."),
    cmd("PFCOUNT", -2, READONLY | MAY_REPLICATE, &[keys(1, -1, 1, RW | ACCESS).note("RW because it may change the internal representation of the key, and propagate to replicas")], pfcount)
        .doc("2.8.9", "O(1) with a very small average constant time when called with a single key. O(N) with N being the number of keys, and much bigger constant times, when called with multiple keys.", "key [key ...]", "Returns the approximated cardinality of the set(s) observed by the HyperLogLog key(s)."),
    cmd("PFDEBUG", 3, WRITE | DENYOOM | ADMIN | SYSCMD, &[key(2, RW | ACCESS)], pfdebug)
        .doc("2.8.9", "N/A", "subcommand key", "Internal commands for debugging HyperLogLog values."),
    cmd("PFMERGE", -2, WRITE | DENYOOM, &[key(1, RW | ACCESS | INSERT), keys(2, -1, 1, RO | ACCESS)], pfmerge)
        .doc("2.8.9", "O(N) to merge N HyperLogLogs, but with high constant times.", "destkey [sourcekey [sourcekey ...]]", "Merges one or more HyperLogLog values into a single key."),
    cmd("PFSELFTEST", 1, ADMIN | SYSCMD, &[], pfselftest)
        .doc("2.8.9", "N/A", "", "An internal command for testing HyperLogLog values."),
];

const INVALID: ReplyError = fixed("WRONGTYPE Key is not a valid HyperLogLog string value.");

impl From<Corrupt> for ReplyError {
    fn from(_: Corrupt) -> ReplyError {
        fixed("INVALIDOBJ Corrupted HLL object detected")
    }
}

/// The encoding of the HyperLogLog that a string is, where there is one.
fn encoding(string: Option<&StringValue>) -> Result<Option<Encoding>> {
    let encoding = |string: &StringValue| hyperloglog::encoding(&string.as_bytes());
    string
        .map(|string| encoding(string).ok_or(INVALID))
        .transpose()
}

/// The HyperLogLog at `key`, which was seen to be one or to be missing, to change. A new one is without elements.
fn bytes_mut<'a>(cx: &'a mut Context<'_>, key: &[u8]) -> Result<&'a mut Vec<u8>> {
    let bytes = cx.string_mut(key)?.make_mut();
    if bytes.is_empty() {
        *bytes = hyperloglog::empty();
    }
    Ok(bytes)
}

/// From which length on a HyperLogLog becomes dense. What was recorded says so where that happens.
fn limit(cx: &Context<'_>) -> usize {
    match cx.unit.applying {
        true => usize::MAX,
        false => cx.world.config.hll_sparse_max_bytes(),
    }
}

/// The HyperLogLog at `key` was changed by the command `argv`. If that made it dense, its effect says so: when that
/// happens is configured, and configuration is not in the journal.
fn changed(
    cx: &mut Context<'_>,
    key: &[u8],
    before: Option<Encoding>,
    argv: &[&[u8]],
) -> Result<()> {
    let now = encoding(cx.peek_string(key)?)?;
    if before != now && now == Some(Encoding::Dense) {
        cx.unit.rewrite(&[b"PFADD", key]);
        cx.unit.rewrite(&[b"PFDEBUG", b"TODENSE", key]);
        cx.unit.rewrite(argv);
    }
    cx.changed(key);
    Ok(())
}

fn pfadd(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    let limit = limit(cx);
    let before = encoding(cx.peek_string(key)?)?;
    let mut is_changed = before.is_none();
    let bytes = bytes_mut(cx, key)?;
    let mut added = 0;
    let outcome = args.rest().iter().try_for_each(|element| {
        is_changed |= hyperloglog::add(bytes, element, limit)?;
        added += 1;
        Ok(())
    });
    if is_changed {
        hyperloglog::forget_count(bytes);
        if outcome.is_err() {
            // It is found corrupt when it should become dense, and when that is, is not in the journal.
            cx.unit.rewrite(&args.argv()[..2 + added]);
        }
        changed(cx, key, before, args.argv())?;
    }
    outcome.map(|()| Reply::flag(is_changed))
}

/// A count that had to be made is kept in the string, which is a change.
fn pfcount(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let keys = args.rest();
    let [key] = keys else {
        return Ok(Reply::Int(merged(cx, keys)?.0.count() as i64));
    };
    if encoding(cx.string(key)?)?.is_none() {
        return Ok(Reply::Int(0));
    }
    let bytes = bytes_mut(cx, key)?;
    let kept = hyperloglog::kept_count(bytes);
    let count = kept.map_or_else(|| hyperloglog::count(bytes), Ok)?;
    if kept.is_none() {
        hyperloglog::keep_count(bytes, count);
        cx.changed(key);
    }
    Ok(Reply::Int(count as i64))
}

/// The registers of several HyperLogLogs together, and whether one of them is dense.
fn merged(cx: &mut Context<'_>, keys: &[&[u8]]) -> Result<(Registers, bool)> {
    let mut registers = Registers::new();
    let mut is_dense = false;
    for key in keys {
        let string = cx.string(key)?;
        let encoding = encoding(string)?;
        is_dense |= encoding == Some(Encoding::Dense);
        string.map_or(Ok(()), |string| registers.merge(&string.as_bytes()))?;
    }
    Ok((registers, is_dense))
}

fn pfmerge(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let keys = args.rest();
    let (registers, is_dense) = merged(cx, keys)?;
    let limit = limit(cx);
    let before = encoding(cx.peek_string(keys[0])?)?;
    let bytes = bytes_mut(cx, keys[0])?;
    if is_dense {
        hyperloglog::make_dense(bytes)?;
    }
    registers.write(bytes, limit)?;
    hyperloglog::forget_count(bytes);
    changed(cx, keys[0], before, args.argv())?;
    Ok(Reply::OK)
}

fn pfdebug(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (word, key) = (args.next()?, args.next()?);
    let word = printed(word, usize::MAX).to_ascii_uppercase();
    if word == "SIMD" {
        return simd(key);
    }
    let encoding = encoding(cx.peek_string(key)?)?;
    let encoding = encoding.ok_or(fixed("ERR The specified key does not exist"))?;
    let bytes = bytes_mut(cx, key)?;
    match &*word {
        "GETREG" => registers(cx, key),
        "DECODE" if encoding == Encoding::Dense => Err(fixed("ERR HLL encoding is not sparse")),
        "DECODE" => Ok(Reply::bulk(hyperloglog::runs_text(bytes).into_bytes())),
        "ENCODING" => Ok(Reply::simple(match encoding {
            Encoding::Dense => "dense",
            Encoding::Sparse => "sparse",
        })),
        "TODENSE" => Ok(Reply::flag(make_dense(cx, key)?)),
        _ => {
            let word = printed(args.argv()[1], usize::MAX);
            let text = format!("ERR Unknown PFDEBUG subcommand '{word}'");
            Err(ReplyError::new(text))
        }
    }
}

/// There is one way to count here, whatever is asked for.
fn simd(word: &[u8]) -> Result {
    match &*word.to_ascii_uppercase() {
        b"ON" => Ok(Reply::simple("enabled")),
        b"OFF" => Ok(Reply::simple("disabled")),
        _ => Err(fixed("ERR Argument must be ON or OFF")),
    }
}

/// Shows the registers, for which Redis makes it dense.
fn registers(cx: &mut Context<'_>, key: &[u8]) -> Result {
    make_dense(cx, key)?;
    let mut registers = Registers::new();
    registers.merge(bytes_mut(cx, key)?)?;
    let values = registers.iter().map(i64::from);
    Ok(Reply::Array(values.map(Reply::Int).collect()))
}

fn make_dense(cx: &mut Context<'_>, key: &[u8]) -> Result<bool> {
    let was_sparse = hyperloglog::make_dense(bytes_mut(cx, key)?)?;
    if was_sparse {
        cx.changed(key);
    }
    Ok(was_sparse)
}

/// Counts a known number of elements, and looks how far off that is.
fn pfselftest(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    const ELEMENTS: u32 = 10_000;
    let limit = cx.world.config.hll_sparse_max_bytes();
    let mut bytes = hyperloglog::empty();
    for element in 0..ELEMENTS {
        hyperloglog::add(&mut bytes, &element.to_le_bytes(), limit)?;
    }
    let count = hyperloglog::count(&bytes)?;
    match count.abs_diff(ELEMENTS.into()) {
        0..500 => Ok(Reply::OK),
        _ => Err(ReplyError::new(format!(
            "TESTFAILED Too big error. card:{ELEMENTS} count:{count}"
        ))),
    }
}
