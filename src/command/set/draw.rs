//! Members at random, to look at or to take out.

use crate::bytes::Bytes;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::random;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::set::members;
use crate::command::set::reply;
use crate::command::spec::*;
use crate::resp::Reply;
use crate::value::Set;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("SPOP", -2, WRITE | FAST, &[key(1, RW | ACCESS | DELETE)], spop)
        .doc("1.0.0", "Without the count argument O(1), otherwise O(N) where N is the value of the passed count.", "key [count]", "Returns one or more random members from a set after removing them. Deletes the set if the last member was popped.")
        .tips(&["nondeterministic_output"]),
    cmd("SRANDMEMBER", -2, READONLY, &[key(1, RO | ACCESS)], srandmember)
        .doc("1.0.0", "Without the count argument O(1), otherwise O(N) where N is the absolute value of the passed count.", "key [count]", "Gets one or multiple random members from a set.")
        .tips(&["nondeterministic_output"]),
];

fn spop(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    if args.is_empty() {
        let len = cx.peek_set(key)?.map_or(0, Set::len);
        return Ok(draw(cx, key, len.min(1))?.pop().into());
    }
    if args.len() > 1 {
        return Err(ReplyError::SYNTAX);
    }
    let count = args.non_negative()?;
    let Some(set) = cx.peek_set(key)? else {
        return Ok(reply([]));
    };
    if count < set.len() {
        return Ok(reply(draw(cx, key, count)?));
    }
    let all = members(set);
    cx.remove(key);
    cx.unit.rewrite(&[b"DEL", key]);
    Ok(reply(all))
}

/// Takes members out of a set that has at least so many.
fn draw(cx: &mut Context<'_>, key: &[u8], count: usize) -> Result<Vec<Bytes>> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let len = cx.peek_set(key)?.map_or(0, Set::len);
    let positions = cx.rng().distinct(count, len);
    let set = cx.set_mut(key)?;
    // From the end, so that a removal moves none that is still to be drawn.
    let positions = positions.into_iter().rev();
    let drawn: Vec<Bytes> = positions.map(|at| set.remove_index(at)).collect();
    cx.changed(key);
    let mut effect: Vec<&[u8]> = vec![b"SREM", key];
    effect.extend(drawn.iter().map(|member| &**member));
    cx.unit.rewrite(&effect);
    Ok(drawn)
}

fn srandmember(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    if args.is_empty() {
        return Ok(pick(cx, key, 1)?.pop().into());
    }
    if args.len() > 1 {
        return Err(ReplyError::SYNTAX);
    }
    let count = random::count(&mut args)?;
    // An array even in RESP3: members may come twice.
    Ok(Reply::bulks(pick(cx, key, count)?))
}

fn pick(cx: &mut Context<'_>, key: &[u8], count: i64) -> Result<Vec<Bytes>> {
    let len = cx.read_set(key)?.map_or(0, Set::len);
    let positions = random::positions(cx, count, len)?;
    let set = cx.peek_set(key)?;
    let member = |at| set?.get_index(at).map(Bytes::from);
    Ok(positions.into_iter().filter_map(member).collect())
}
