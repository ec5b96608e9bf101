//! Walks over the keys, and a key at random.

use crate::bytes::Bytes;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::cursor::Scan;
use crate::command::cursor::no_such_option;
use crate::command::cursor::scan_reply;
use crate::command::cursor::selects;
use crate::command::reply::Result;
use crate::command::spec::*;
use crate::keyspace::Slot;
use crate::resp::Reply;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("KEYS", 2, READONLY | CAT_DANGEROUS, &[], keys)
        .doc("1.0.0", "O(N) with N being the number of keys in the database, under the assumption that the key names in the database and the given pattern have limited length.", "pattern", "Returns all key names that match a pattern.")
        .tips(&["request_policy:all_shards", "nondeterministic_output_order"]),
    cmd("RANDOMKEY", 1, READONLY, &[], randomkey)
        .doc("1.0.0", "O(1)", "", "Returns a random key name from the database.")
        .tips(&["request_policy:all_shards", "response_policy:special", "nondeterministic_output"]),
    cmd("SCAN", -2, READONLY, &[], scan)
        .doc("2.8.0", "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection.", "cursor [MATCH pattern] [COUNT count] [TYPE type]", "Iterates over the key names in the database.")
        .tips(&["nondeterministic_output", "request_policy:special", "response_policy:special"]),
];

fn keys(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let pattern = args.next()?;
    let now_ms = cx.now_ms();
    let lives = |slot: &Slot| slot.expires_at().is_none_or(|at_ms| at_ms > now_ms);
    let found = cx
        .db()
        .keys()
        .iter()
        .filter(|(key, slot)| selects(pattern, key) && lives(slot));
    Ok(Reply::bulks(found.map(|(key, _)| key.clone())))
}

fn randomkey(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    // A key that is found expired is removed, so that this ends.
    while !cx.db().is_empty() {
        let len = cx.db().len();
        let index = cx.rng().below(len);
        let key = cx.db().keys().get_index(index).map(|(key, _)| key.clone());
        if let Some(key) = key.filter(|key| cx.exists(key)) {
            return Ok(Reply::Bulk(key));
        }
    }
    Ok(Reply::Null)
}

fn scan(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let mut scan = Scan::new(&mut args)?;
    let mut type_name = None;
    while !args.is_empty() {
        if scan.option(&mut args)? {
        } else if args.keyword_with("TYPE", 1) {
            type_name = Some(args.next()?);
        } else {
            return Err(no_such_option(&mut args));
        }
    }
    let window = scan.window(cx.db().len());
    let next = window.start;
    let keys = window
        .rev()
        .filter_map(|index| cx.db().keys().get_index(index));
    let wanted = |slot: &Slot| {
        let name = slot.value().type_name().as_bytes();
        type_name.is_none_or(|wanted| wanted.eq_ignore_ascii_case(name))
    };
    let mut found: Vec<Bytes> = keys
        .filter(|(key, slot)| scan.matches(key) && wanted(slot))
        .map(|(key, _)| key.clone())
        .collect();
    found.retain(|key| cx.exists(key));
    Ok(scan_reply(next, found))
}
