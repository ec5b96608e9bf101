//! Members that come and go.

use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::Result;
use crate::command::spec::*;
use crate::resp::Reply;
use crate::value::Set;
use crate::value::Value;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("SADD", -3, WRITE | DENYOOM | FAST, &[key(1, RW | INSERT)], sadd)
        .doc("1.0.0", "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.", "key member [member ...]", "Adds one or more members to a set. Creates the key if it doesn't exist."),
    cmd("SMOVE", 4, WRITE | FAST, &[key(1, RW | ACCESS | DELETE), key(2, RW | INSERT)], smove)
        .doc("1.0.0", "O(1)", "source destination member", "Moves a member from one set to another."),
    cmd("SREM", -3, WRITE | FAST, &[key(1, RW | DELETE)], srem)
        .doc("1.0.0", "O(N) where N is the number of members to be removed.", "key member [member ...]", "Removes one or more members from a set. Deletes the set if the last member was removed."),
];

fn sadd(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, members) = (args.next()?, args.rest());
    let limits = cx.world.config.set_limits();
    let insert = |set: &mut Set| {
        let new = members.iter().filter(|member| set.add(**member, &limits));
        new.count()
    };
    let added = if cx.peek_set(key)?.is_some() {
        let set = cx.set_mut(key)?;
        set.expect(members.len(), &limits);
        let added = insert(set);
        if added > 0 {
            cx.grew(key);
        }
        added
    } else {
        let mut set = Set::for_members(members[0], members.len(), &limits);
        let added = insert(&mut set);
        cx.set(key, Value::from(set));
        added
    };
    Ok(Reply::len(added))
}

fn smove(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (source, target, member) = (args.next()?, args.next()?, args.next()?);
    let Some(set) = cx.peek_set(source)? else {
        return Ok(Reply::flag(false));
    };
    let contains = set.contains(member);
    cx.peek_set(target)?;
    if contains && source != target {
        cx.set_mut(source)?.remove(member);
        cx.changed(source);
        let limits = cx.world.config.set_limits();
        if cx.set_mut(target)?.add(member, &limits) {
            cx.changed(target);
        }
    }
    Ok(Reply::flag(contains))
}

fn srem(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, members) = (args.next()?, args.rest());
    if cx.peek_set(key)?.is_none() {
        return Ok(Reply::Int(0));
    }
    let set = cx.set_mut(key)?;
    let removed = members.iter().filter(|member| set.remove(member)).count();
    if removed > 0 {
        cx.changed(key);
    }
    Ok(Reply::len(removed))
}
