//! Set commands: distinct members, in no order that means anything.
//!
//! This file: what reads one set. The others: changes of one, members at random, combinations of several.

pub(super) mod change;
pub(super) mod combine;
pub(super) mod draw;

use super::Command;
use super::args::Args;
use super::cmd;
use super::context::Context;
use super::cursor::Scan;
use super::cursor::scan_reply;
use super::reply::Result;
use super::spec::*;
use crate::bytes::Bytes;
use crate::number::format_i64;
use crate::resp::Reply;
use crate::value::Set;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(super) const COMMANDS: &[Command] = &[
    cmd("SCARD", 2, READONLY | FAST, &[key(1, RO)], scard)
        .doc("1.0.0", "O(1)", "key", "Returns the number of members in a set."),
    cmd("SISMEMBER", 3, READONLY | FAST, &[key(1, RO)], sismember)
        .doc("1.0.0", "O(1)", "key member", "Determines whether a member belongs to a set."),
    cmd("SMEMBERS", 2, READONLY, &[key(1, RO | ACCESS)], smembers)
        .doc("1.0.0", "O(N) where N is the set cardinality.", "key", "Returns all members of a set.")
        .tips(&["nondeterministic_output_order"]),
    cmd("SMISMEMBER", -3, READONLY | FAST, &[key(1, RO | ACCESS)], smismember)
        .doc("6.2.0", "O(N) where N is the number of elements being checked for membership", "key member [member ...]", "Determines whether multiple members belong to a set."),
    cmd("SSCAN", -3, READONLY, &[key(1, RO | ACCESS)], sscan)
        .doc("2.8.0", "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return back to 0. N is the number of elements inside the collection.", "key cursor [MATCH pattern] [COUNT count]", "Iterates over members of a set.")
        .tips(&["nondeterministic_output"]),
];

/// The members in the order in which Redis walks them, as far as it has one: integers as long as all are.
pub(super) fn members(set: &Set) -> Vec<Bytes> {
    match set.sorted_ints() {
        Some(ints) => ints.into_iter().map(format_i64).collect(),
        None => set.iter().map(Bytes::from).collect(),
    }
}

fn reply(members: impl IntoIterator<Item = Bytes>) -> Reply {
    Reply::Set(members.into_iter().map(Reply::Bulk).collect())
}

fn scard(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let set = cx.read_set(args.next()?)?;
    Ok(Reply::len(set.map_or(0, Set::len)))
}

fn sismember(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, member) = (args.next()?, args.next()?);
    let set = cx.read_set(key)?;
    Ok(Reply::flag(set.is_some_and(|set| set.contains(member))))
}

fn smembers(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let set = cx.read_set(args.next()?)?;
    Ok(reply(set.map_or_else(Vec::new, members)))
}

fn smismember(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let set = cx.read_set(args.next()?)?;
    let contains = |member: &&[u8]| set.is_some_and(|set| set.contains(member));
    let flags = args.rest().iter().map(contains).map(Reply::flag);
    Ok(Reply::Array(flags.collect()))
}

fn sscan(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    let mut scan = Scan::new(&mut args)?;
    let Some(set) = cx.read_set(key)? else {
        return Ok(scan_reply(0, Vec::<Bytes>::new()));
    };
    scan.options(&mut args)?;
    if !set.is_table() {
        // A small set is walked in one step, whatever the cursor and the count.
        let found = members(set)
            .into_iter()
            .filter(|member| scan.matches(member));
        return Ok(scan_reply(0, found));
    }
    let window = scan.window(set.len());
    let next = window.start;
    let found = set.range(window).rev();
    Ok(scan_reply(
        next,
        found.filter(|member| scan.matches(member)),
    ))
}
