//! Values as bytes: DUMP and RESTORE.

use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::spec::*;
use crate::number::format_i64;
use crate::number::parse_i64;
use crate::resp::Reply;
use crate::value::rdb;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("DUMP", 2, READONLY, &[key(1, RO | ACCESS)], dump)
        .doc("2.6.0", "O(1) to access the key and additional O(N*M) to serialize it, where N is the number of objects composing the value and M their average size. For small string values the time complexity is thus O(1)+O(1*M) where M is small, so simply O(1).", "key", "Returns a serialized representation of the value stored at a key.")
        .tips(&["nondeterministic_output"]),
    cmd("RESTORE", -4, WRITE | DENYOOM | CAT_DANGEROUS, &[key(1, OW | UPDATE)], restore)
        .doc("2.6.0", "O(1) to create the new key and additional O(N*M) to reconstruct the serialized value, where N is the number of objects composing the value and M their average size. For small string values the time complexity is thus O(1)+O(1*M) where M is small, so simply O(1). However for sorted set values the complexity is O(N*M*log(N)) because inserting values into sorted sets is O(log(N)).", "key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]", "Creates a key from the serialized representation of a value."),
];

fn dump(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (compress, limits) = (cx.world.config.rdbcompression(), cx.world.config.limits());
    let slot = cx.read(args.next()?);
    let payload = slot.map(|slot| rdb::dump(slot.value(), compress, &limits));
    Ok(payload.map_or(Reply::Null, Reply::bulk))
}

pub(in crate::command) fn restore(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let argv = args.argv();
    let (key, ttl, payload) = (args.next()?, args.next()?, args.next()?);
    let options = Options::parse(&mut args)?;
    if cx.peek(key).is_some() && !options.replace {
        return Err(ReplyError::BUSY_KEY);
    }
    let ttl = match parse_i64(ttl).ok_or(ReplyError::NOT_AN_INTEGER)? {
        ..0 => return Err(fixed("ERR Invalid TTL value, must be >= 0")),
        ttl => ttl,
    };
    let value = rdb::restore(payload, &cx.world.config.limits());
    let value = value.map_err(|error| ReplyError::new(format!("ERR {error}")))?;
    let expires_at = match ttl {
        0 => None,
        at_ms if options.absolute => Some(at_ms),
        // Beyond the 64 bits it becomes a time that is long past.
        ttl_ms => Some(ttl_ms.wrapping_add(cx.now_ms())),
    };
    if expires_at.is_some_and(|at_ms| cx.is_past(at_ms)) {
        if cx.remove(key).is_some() {
            cx.unit.rewrite(&[b"DEL", key]);
        }
        return Ok(Reply::OK);
    }
    cx.set_until(key, value, expires_at);
    options.hint(cx, key);
    if let Some(at_ms) = expires_at.filter(|_| !options.absolute) {
        let at_ms = format_i64(at_ms);
        let mut effect = argv.to_vec();
        effect[2] = &at_ms;
        effect.push(b"ABSTTL");
        cx.unit.rewrite(&effect);
    }
    Ok(Reply::OK)
}

/// The options of RESTORE.
#[derive(Default)]
struct Options {
    replace: bool,
    absolute: bool,
    idle_s: Option<i64>,
    frequency: Option<u8>,
}

impl Options {
    fn parse(args: &mut Args<'_>) -> Result<Options> {
        let mut options = Options::default();
        while !args.is_empty() {
            if args.keyword("REPLACE") {
                options.replace = true;
            } else if args.keyword("ABSTTL") {
                options.absolute = true;
            } else if options.frequency.is_none() && args.keyword_with("IDLETIME", 1) {
                let idle_s = Some(args.i64()?).filter(|idle_s| *idle_s >= 0);
                let error = fixed("ERR Invalid IDLETIME value, must be >= 0");
                options.idle_s = Some(idle_s.ok_or(error)?);
            } else if options.idle_s.is_none() && args.keyword_with("FREQ", 1) {
                let error = fixed("ERR Invalid FREQ value, must be >= 0 and <= 255");
                let frequency = u8::try_from(args.i64()?);
                options.frequency = Some(frequency.map_err(|_| error)?);
            } else {
                return Err(ReplyError::SYNTAX);
            }
        }
        Ok(options)
    }

    /// Notes on the restored value how it was used before.
    fn hint(&self, cx: &Context<'_>, key: &[u8]) {
        let Some(slot) = cx.db().get(key) else {
            return;
        };
        if let Some(idle_s) = self.idle_s {
            let idle_s = u32::try_from(idle_s).unwrap_or(u32::MAX);
            slot.access(cx.now_s().saturating_sub(idle_s));
        }
        if let Some(frequency) = self.frequency {
            slot.set_frequency(frequency);
        }
    }
}
