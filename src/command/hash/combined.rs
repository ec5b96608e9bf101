//! Commands that read or set fields and, in the same step, remove them or say when they expire.

use super::NOT_POSITIVE;
use super::change;
use super::expiry;
use super::fields;
use super::record_expiry;
use super::record_persistence;
use super::record_removal;
use crate::bytes::Bytes;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::spec::*;
use crate::command::time_format::TimeFormat;
use crate::number::format_i64;
use crate::number::parse_i64;
use crate::resp::Reply;
use crate::value::Hash;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("HGETDEL", -5, WRITE | FAST, &[key(1, RW | ACCESS | DELETE)], hgetdel)
        .doc("8.0.0", "O(N) where N is the number of fields to be retrieved and deleted.", "key FIELDS numfields field [field ...]", "Returns the values of one or more fields and deletes them from a hash."),
    cmd("HGETEX", -5, WRITE | FAST, &[key(1, RW | ACCESS | UPDATE).note("RW and UPDATE because it changes the TTL")], hgetex)
        .doc("8.0.0", "O(N) where N is the number of specified fields.", "key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST] FIELDS numfields field [field ...]", "Gets the value of one or more fields of a given hash key, and optionally sets their expiration time or time-to-live (TTL)."),
    cmd("HSETEX", -6, WRITE | DENYOOM | FAST, &[key(1, RW | UPDATE)], hsetex)
        .doc("8.0.0", "O(N) where N is the number of specified fields.", "key [FNX | FXX] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL] FIELDS numfields field value [field value ...]", "Sets the value of one or more fields of a given hash key, and optionally sets their expiration time."),
];

/// What becomes of the time to live of the fields that a command names.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Lifetime {
    /// It stays.
    Same,
    /// It ends, and the fields stay.
    Endless,
    /// It lasts until this time, in milliseconds since the epoch.
    Until(i64),
    /// It is over, and so are the fields.
    Over,
}

impl Lifetime {
    /// Reads the number behind `EX`, `PX`, `EXAT` or `PXAT`.
    fn read(
        cx: &Context<'_>,
        args: &mut Args<'_>,
        format: TimeFormat,
        command: &str,
    ) -> Result<Lifetime> {
        let at_ms = expiry(args, format, cx.now_ms(), command)?;
        Ok(if cx.is_past(at_ms) {
            Lifetime::Over
        } else {
            Lifetime::Until(at_ms)
        })
    }

    /// Applies it to an existing field; whether that changed anything.
    fn apply(self, hash: &mut Hash, field: &[u8]) -> bool {
        match self {
            Lifetime::Same => return false,
            Lifetime::Endless => return hash.persist(field),
            Lifetime::Until(at_ms) => hash.expire_at(field, at_ms),
            Lifetime::Over => drop(hash.remove(field)),
        }
        true
    }
}

fn hgetdel(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    let exists = cx.peek_hash(key)?.is_some();
    let fields = fields(&mut args, "hgetdel", NOT_POSITIVE)?;
    take(cx, key, exists, fields, Lifetime::Over)
}

fn hgetex(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    let exists = cx.peek_hash(key)?.is_some();
    let lifetime = if args.keyword("PERSIST") {
        Lifetime::Endless
    } else if let Some(format) = TimeFormat::keyword(&mut args) {
        Lifetime::read(cx, &mut args, format, "hgetex")?
    } else {
        Lifetime::Same
    };
    let fields = fields(&mut args, "hgetex", NOT_POSITIVE)?;
    if exists && lifetime != Lifetime::Same {
        cx.hash_mut(key)?.expect_expiry();
    }
    take(cx, key, exists, fields, lifetime)
}

/// Answers the values of fields and applies `lifetime` to each, one after the other.
fn take(
    cx: &mut Context<'_>,
    key: &[u8],
    exists: bool,
    fields: &[&[u8]],
    lifetime: Lifetime,
) -> Result {
    if !exists {
        return Ok(Reply::Array(vec![Reply::Null; fields.len()]));
    }
    let hash = cx.hash_mut(key)?;
    let mut replies = Vec::with_capacity(fields.len());
    let mut changed = Vec::new();
    for field in fields {
        let value = hash.get(field).map(Bytes::from);
        if value.is_some() && lifetime.apply(hash, field) {
            changed.push(*field);
        }
        replies.push(value.into());
    }
    match lifetime {
        Lifetime::Same => {}
        Lifetime::Endless => record_persistence(cx, key, &changed),
        Lifetime::Until(at_ms) => record_expiry(cx, key, at_ms, &changed),
        Lifetime::Over => record_removal(cx, key, &changed),
    }
    Ok(Reply::Array(replies))
}

fn hsetex(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    let options = SetOptions::parse(cx, args)?;
    let hash = cx.peek_hash(key)?;
    let exists = |[field, _]: &[&[u8]; 2]| hash.is_some_and(|hash| hash.get(field).is_some());
    let met = match options.condition {
        None => true,
        Some(Condition::NoneExists) => !options.pairs.iter().any(exists),
        Some(Condition::AllExist) => options.pairs.iter().all(exists),
    };
    let is_there = hash.is_some();
    match options.lifetime {
        _ if !met => {}
        Lifetime::Over => remove(cx, key, is_there, options.pairs)?,
        lifetime => set(cx, key, lifetime, options.pairs)?,
    }
    Ok(Reply::flag(met))
}

/// Sets fields whose time is over: none of them is left. Redis counts that as a change even where none was there.
fn remove(cx: &mut Context<'_>, key: &[u8], exists: bool, pairs: &[[&[u8]; 2]]) -> Result<()> {
    let fields: Vec<&[u8]> = pairs.iter().map(|[field, _]| *field).collect();
    if exists {
        let hash = cx.hash_mut(key)?;
        fields.iter().for_each(|field| drop(hash.remove(field)));
    }
    record_removal(cx, key, &fields);
    Ok(())
}

fn set(cx: &mut Context<'_>, key: &[u8], lifetime: Lifetime, pairs: &[[&[u8]; 2]]) -> Result<()> {
    change(cx, key, pairs, |hash| {
        for [field, value] in pairs {
            hash.insert_keep_ttl(field, *value);
            lifetime.apply(hash, field);
        }
    })?;
    if let Lifetime::Until(at_ms) = lifetime {
        let (at_ms, count) = (format_i64(at_ms), format_i64(pairs.len() as i64));
        let start: [&[u8]; 6] = [b"HSETEX", key, b"PXAT", &at_ms, b"FIELDS", &count];
        cx.unit.rewrite(&[&start, pairs.as_flattened()].concat());
    }
    Ok(())
}

/// Which fields must be there for HSETEX to do anything.
#[derive(Clone, Copy)]
enum Condition {
    /// `FNX`
    NoneExists,
    /// `FXX`
    AllExist,
}

/// The options of HSETEX.
struct SetOptions<'a> {
    condition: Option<Condition>,
    lifetime: Lifetime,
    pairs: &'a [[&'a [u8]; 2]],
}

impl<'a> SetOptions<'a> {
    /// Reads all that is left of the arguments.
    fn parse(cx: &Context<'_>, mut args: Args<'a>) -> Result<SetOptions<'a>> {
        let mut condition = None;
        let mut lifetime = None;
        while !args.keyword("FIELDS") {
            let word = args.next()?;
            if let Some(new) = Condition::named(word) {
                if condition.replace(new).is_some() {
                    return Err(fixed(
                        "ERR Only one of FXX or FNX arguments can be specified",
                    ));
                }
                continue;
            }
            let format = TimeFormat::named(word);
            if format.is_none() && !word.eq_ignore_ascii_case(b"KEEPTTL") {
                let word = String::from_utf8_lossy(word);
                return Err(ReplyError::new(format!("ERR unknown argument: {word}")));
            }
            if lifetime.is_some() {
                return Err(fixed(
                    "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified",
                ));
            }
            lifetime = Some(match format {
                Some(format) => Lifetime::read(cx, &mut args, format, "hsetex")?,
                None => Lifetime::Same,
            });
        }
        Ok(SetOptions {
            condition,
            lifetime: lifetime.unwrap_or(Lifetime::Endless),
            pairs: pairs(args)?,
        })
    }
}

impl Condition {
    fn named(word: &[u8]) -> Option<Condition> {
        match &*word.to_ascii_uppercase() {
            b"FNX" => Some(Condition::NoneExists),
            b"FXX" => Some(Condition::AllExist),
            _ => None,
        }
    }
}

/// Reads what follows `FIELDS`: `numfields field value [field value ...]`, the last arguments.
fn pairs<'a>(mut args: Args<'a>) -> Result<&'a [[&'a [u8]; 2]]> {
    let arity = || ReplyError::arity("hsetex");
    if args.len() < 3 {
        return Err(arity());
    }
    let count = parse_i64(args.next()?).filter(|count| (1..=i64::from(i32::MAX)).contains(count));
    let count = count.ok_or(fixed("ERR invalid number of fields"))?;
    match args.rest().as_chunks() {
        (pairs, []) if pairs.len() as i64 == count => Ok(pairs),
        _ => Err(arity()),
    }
}
