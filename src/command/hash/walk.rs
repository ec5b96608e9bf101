//! Fields at random, and walks over all of them.

use crate::bytes::Bytes;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::cursor::Scan;
use crate::command::cursor::scan_reply;
use crate::command::random;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::spec::*;
use crate::resp::Reply;
use crate::value::Hash;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("HRANDFIELD", -2, READONLY, &[key(1, RO | ACCESS)], hrandfield)
        .doc("6.2.0", "O(N) where N is the number of fields returned", "key [count [WITHVALUES]]", "Returns one or more random fields from a hash.")
        .tips(&["nondeterministic_output"]),
    cmd("HSCAN", -3, READONLY, &[key(1, RO | ACCESS)], hscan)
        .doc("2.8.0", "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection.", "key cursor [MATCH pattern] [COUNT count] [NOVALUES]", "Iterates over fields and values of a hash.")
        .tips(&["nondeterministic_output"]),
];

fn hrandfield(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    if args.is_empty() {
        let fields = random_fields(cx, key, 1)?;
        return Ok(fields.into_iter().next().map(|(field, _)| field).into());
    }
    let count = random::count(&mut args)?;
    let with_values = args.keyword("WITHVALUES");
    args.finish()?;
    random::check_pairs(count, with_values)?;
    let fields = random_fields(cx, key, count)?;
    Ok(match (with_values, cx.resp3()) {
        (false, _) => Reply::bulks(fields.into_iter().map(|(field, _)| field)),
        (true, false) => Reply::bulks(fields.into_iter().flat_map(<[Bytes; 2]>::from)),
        (true, true) => {
            let pairs = fields.into_iter().map(<[Bytes; 2]>::from);
            Reply::Array(pairs.map(Reply::bulks).collect())
        }
    })
}

fn random_fields(cx: &mut Context<'_>, key: &[u8], count: i64) -> Result<Vec<(Bytes, Bytes)>> {
    let len = cx.hash(key)?.map_or(0, Hash::len);
    let positions = random::positions(cx, count, len)?;
    let hash = cx.peek_hash(key)?;
    let entry = |position| hash?.get_index(position);
    let entries = positions.into_iter().filter_map(entry);
    Ok(entries
        .map(|(field, value)| (field.into(), value.into()))
        .collect())
}

fn hscan(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    let mut scan = Scan::new(&mut args)?;
    let Some(hash) = cx.hash(key)? else {
        return Ok(scan_reply(0, [] as [Bytes; 0]));
    };
    let mut with_values = true;
    while !args.is_empty() {
        if scan.option(&mut args)? {
        } else if args.keyword("NOVALUES") {
            with_values = false;
        } else {
            return Err(ReplyError::SYNTAX);
        }
    }
    // A listpack is walked in one step, whatever the cursor and the count.
    let window = if hash.is_table() {
        scan.window(hash.len())
    } else {
        0..hash.len()
    };
    let next = window.start;
    let found = hash.range(window).filter(|(field, _)| scan.matches(field));
    let texts = found.flat_map(|(field, value)| [Some(field), with_values.then_some(value)]);
    Ok(scan_reply(next, texts.flatten()))
}
