//! Hash commands: fields with values, each with a time to live of its own, stored at one key.

pub(super) mod combined;
pub(super) mod expire;
pub(super) mod read;
pub(super) mod set;
pub(super) mod walk;

use super::args::Args;
use super::context::Context;
use super::reply::ReplyError;
use super::reply::Result;
use super::reply::fixed;
use super::time_format::TimeFormat;
use crate::number::format_i64;
use crate::number::parse_i64;
use crate::value::Hash;

/// The last time at which a field can expire, in milliseconds since the epoch.
const LAST_MS: i64 = (1 << 46) - 1;

const NOT_POSITIVE: ReplyError = fixed("ERR Number of fields must be a positive integer");

/// Sets fields of the hash at `key`, a new one where there is none, in an encoding that can take them.
fn change<T>(
    cx: &mut Context<'_>,
    key: &[u8],
    pairs: &[[&[u8]; 2]],
    change: impl FnOnce(&mut Hash) -> T,
) -> Result<T> {
    let limits = cx.world.config.hash_limits();
    let longest = pairs.as_flattened().iter().map(|word| word.len()).max();
    let hash = cx.hash_mut(key)?;
    hash.expect(pairs.len(), longest.unwrap_or(0), &limits);
    let answer = change(hash);
    hash.fit(&limits);
    cx.changed(key);
    Ok(answer)
}

/// Reads `FIELDS numfields field [field ...]`, the last arguments; `not_positive` is about their number.
fn fields<'a>(
    args: &mut Args<'a>,
    command: &str,
    not_positive: ReplyError,
) -> Result<&'a [&'a [u8]]> {
    if !args.keyword("FIELDS") {
        return Err(fixed(
            "ERR Mandatory argument FIELDS is missing or not at the right position",
        ));
    }
    let count = args.next().map_err(|_| ReplyError::arity(command))?;
    let count = parse_i64(count).filter(|&count| count > 0);
    let fields = args.rest();
    match count {
        None => Err(not_positive),
        Some(count) if count != fields.len() as i64 => Err(fixed(
            "ERR The `numfields` parameter must match the number of arguments",
        )),
        Some(_) => Ok(fields),
    }
}

/// Reads when a field is to expire, in milliseconds since the epoch.
fn expiry(args: &mut Args<'_>, format: TimeFormat, now_ms: i64, command: &str) -> Result<i64> {
    let number = args.i64()?;
    if number < 0 {
        return Err(fixed("ERR invalid expire time, must be >= 0"));
    }
    format
        .at_ms(number, now_ms)
        .filter(|&at_ms| at_ms <= LAST_MS)
        .ok_or_else(|| ReplyError::expire_time(command))
}

/// Ends a call that removed these fields: that is what is recorded, if there are any.
fn record_removal(cx: &mut Context<'_>, key: &[u8], fields: &[&[u8]]) {
    record(cx, key, &[b"HDEL", key], fields);
}

/// Ends a call that set when these fields expire.
fn record_expiry(cx: &mut Context<'_>, key: &[u8], at_ms: i64, fields: &[&[u8]]) {
    let (at_ms, count) = (format_i64(at_ms), format_i64(fields.len() as i64));
    record(
        cx,
        key,
        &[b"HPEXPIREAT", key, &at_ms, b"FIELDS", &count],
        fields,
    );
}

/// Ends a call after which these fields never expire.
fn record_persistence(cx: &mut Context<'_>, key: &[u8], fields: &[&[u8]]) {
    let count = format_i64(fields.len() as i64);
    record(cx, key, &[b"HPERSIST", key, b"FIELDS", &count], fields);
}

fn record(cx: &mut Context<'_>, key: &[u8], start: &[&[u8]], fields: &[&[u8]]) {
    if !fields.is_empty() {
        cx.changed(key);
        cx.unit.rewrite(&[start, fields].concat());
    }
}
