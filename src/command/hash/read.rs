//! Commands that read fields or values of a hash.

use crate::bytes::Bytes;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::Result;
use crate::command::spec::*;
use crate::resp::Reply;
use crate::value::Element;
use crate::value::Hash;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("HEXISTS", 3, READONLY | FAST, &[key(1, RO)], hexists)
        .doc("2.0.0", "O(1)", "key field", "Determines whether a field exists in a hash."),
    cmd("HGET", 3, READONLY | FAST, &[key(1, RO | ACCESS)], hget)
        .doc("2.0.0", "O(1)", "key field", "Returns the value of a field in a hash."),
    cmd("HGETALL", 2, READONLY, &[key(1, RO | ACCESS)], hgetall)
        .doc("2.0.0", "O(N) where N is the size of the hash.", "key", "Returns all fields and values in a hash.")
        .tips(&["nondeterministic_output_order"]),
    cmd("HKEYS", 2, READONLY, &[key(1, RO | ACCESS)], hkeys)
        .doc("2.0.0", "O(N) where N is the size of the hash.", "key", "Returns all fields in a hash.")
        .tips(&["nondeterministic_output_order"]),
    cmd("HLEN", 2, READONLY | FAST, &[key(1, RO)], hlen)
        .doc("2.0.0", "O(1)", "key", "Returns the number of fields in a hash."),
    cmd("HMGET", -3, READONLY | FAST, &[key(1, RO | ACCESS)], hmget)
        .doc("2.0.0", "O(N) where N is the number of fields being requested.", "key field [field ...]", "Returns the values of all fields in a hash."),
    cmd("HSTRLEN", 3, READONLY | FAST, &[key(1, RO)], hstrlen)
        .doc("3.2.0", "O(1)", "key field", "Returns the length of the value of a field."),
    cmd("HVALS", 2, READONLY, &[key(1, RO | ACCESS)], hvals)
        .doc("2.0.0", "O(N) where N is the size of the hash.", "key", "Returns all values in a hash.")
        .tips(&["nondeterministic_output_order"]),
];

fn hexists(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    Ok(Reply::flag(value(cx, args)?.is_some()))
}

fn hget(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    Ok(value(cx, args)?.map(Bytes::from).into())
}

fn value<'a>(cx: &'a mut Context<'_>, mut args: Args<'_>) -> Result<Option<Element<'a>>> {
    let (key, field) = (args.next()?, args.next()?);
    Ok(cx.hash(key)?.and_then(|hash| hash.get(field)))
}

fn hgetall(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let entries = cx.hash(args.next()?)?.map(Hash::iter);
    let pair = |(field, value)| (Reply::bulk(field), Reply::bulk(value));
    Ok(Reply::Map(
        entries.into_iter().flatten().map(pair).collect(),
    ))
}

fn hkeys(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let fields = cx.hash(args.next()?)?.map(Hash::iter);
    let fields = fields.into_iter().flatten();
    Ok(Reply::bulks(fields.map(|(field, _)| field)))
}

fn hlen(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    Ok(Reply::len(cx.hash(args.next()?)?.map_or(0, Hash::len)))
}

fn hmget(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let hash = cx.hash(args.next()?)?;
    let value = |field: &&[u8]| {
        hash.and_then(|hash| hash.get(field))
            .map(Bytes::from)
            .into()
    };
    Ok(Reply::Array(args.rest().iter().map(value).collect()))
}

fn hstrlen(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    Ok(Reply::len(value(cx, args)?.map_or(0, |value| value.len())))
}

fn hvals(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let values = cx.hash(args.next()?)?.map(Hash::iter);
    let values = values.into_iter().flatten();
    Ok(Reply::bulks(values.map(|(_, value)| value)))
}
