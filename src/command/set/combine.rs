//! What several sets have together, in common, or only the first of them.

use triomphe::Arc;

use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::set::members;
use crate::command::set::reply;
use crate::command::spec::*;
use crate::resp::Reply;
use crate::value::Element;
use crate::value::Set;
use crate::value::SetLimits;
use crate::value::Value;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("SDIFF", -2, READONLY, &[keys(1, -1, 1, RO | ACCESS)], sdiff)
        .doc("1.0.0", "O(N) where N is the total number of elements in all given sets.", "key [key ...]", "Returns the difference of multiple sets.")
        .tips(&["nondeterministic_output_order"]),
    cmd("SDIFFSTORE", -3, WRITE | DENYOOM, &[key(1, OW | UPDATE), keys(2, -1, 1, RO | ACCESS)], sdiffstore)
        .doc("1.0.0", "O(N) where N is the total number of elements in all given sets.", "destination key [key ...]", "Stores the difference of multiple sets in a key."),
    cmd("SINTER", -2, READONLY, &[keys(1, -1, 1, RO | ACCESS)], sinter)
        .doc("1.0.0", "O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.", "key [key ...]", "Returns the intersect of multiple sets.")
        .tips(&["nondeterministic_output_order"]),
    cmd("SINTERCARD", -3, READONLY, &[numkeys(1, RO | ACCESS)], sintercard)
        .doc("7.0.0", "O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.", "numkeys key [key ...] [LIMIT limit]", "Returns the number of members of the intersect of multiple sets."),
    cmd("SINTERSTORE", -3, WRITE | DENYOOM, &[key(1, OW | UPDATE), keys(2, -1, 1, RO | ACCESS)], sinterstore)
        .doc("1.0.0", "O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.", "destination key [key ...]", "Stores the intersect of multiple sets in a key."),
    cmd("SUNION", -2, READONLY, &[keys(1, -1, 1, RO | ACCESS)], sunion)
        .doc("1.0.0", "O(N) where N is the total number of elements in all given sets.", "key [key ...]", "Returns the union of multiple sets.")
        .tips(&["nondeterministic_output_order"]),
    cmd("SUNIONSTORE", -3, WRITE | DENYOOM, &[key(1, OW | UPDATE), keys(2, -1, 1, RO | ACCESS)], sunionstore)
        .doc("1.0.0", "O(N) where N is the total number of elements in all given sets.", "destination key [key ...]", "Stores the union of multiple sets in a key."),
];

/// Makes one set of several; a missing key is an empty set.
type Combine = fn(&[Arc<Set>], &SetLimits) -> Set;

fn sdiff(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    answer(cx, args, difference)
}

fn sdiffstore(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    store(cx, args, difference)
}

fn sinter(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    answer(cx, args, intersection)
}

fn sintercard(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let count = args.positive_or(fixed("ERR numkeys should be greater than 0"))?;
    let too_few = fixed("ERR Number of keys can't be greater than number of args");
    let keys = args.take(count).map_err(|_| too_few)?;
    let mut limit = 0;
    while !args.is_empty() {
        if !args.keyword_with("LIMIT", 1) {
            return Err(ReplyError::SYNTAX);
        }
        limit = args.non_negative_or(fixed("ERR LIMIT can't be negative"))?;
    }
    let sets = sets(cx, keys)?;
    let most = if limit == 0 { usize::MAX } else { limit };
    Ok(Reply::len(common(&sets).take(most).count()))
}

fn sinterstore(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    store(cx, args, intersection)
}

fn sunion(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    answer(cx, args, union)
}

fn sunionstore(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    store(cx, args, union)
}

fn answer(cx: &mut Context<'_>, mut args: Args<'_>, combine: Combine) -> Result {
    let sets = sets(cx, args.rest())?;
    let limits = cx.world.config.set_limits();
    Ok(reply(members(&combine(&sets, &limits))))
}

fn store(cx: &mut Context<'_>, mut args: Args<'_>, combine: Combine) -> Result {
    let target = args.next()?;
    let set = combine(&sets(cx, args.rest())?, &cx.world.config.set_limits());
    let len = set.len();
    if len > 0 {
        cx.set(target, Value::from(set));
    } else {
        cx.remove(target);
    }
    Ok(Reply::len(len))
}

fn sets(cx: &mut Context<'_>, keys: &[&[u8]]) -> Result<Vec<Arc<Set>>> {
    let set = |key: &&[u8]| match cx.read(key).map(|slot| slot.value()) {
        None => Ok(Arc::default()),
        Some(Value::Set(set)) => Ok(Arc::clone(set)),
        Some(_) => Err(ReplyError::WRONG_TYPE),
    };
    keys.iter().map(set).collect()
}

fn difference(sets: &[Arc<Set>], limits: &SetLimits) -> Set {
    let (first, others) = sets.split_first().expect("the arity asks for a key");
    let only = |member: &Element<'_>| others.iter().all(|set| !set.contains(member));
    collect(Set::new(), first.iter().filter(only), limits)
}

/// Redis starts with the encoding of the smallest set, and makes it an intset in the end where it can.
fn intersection(sets: &[Arc<Set>], limits: &SetLimits) -> Set {
    let smallest = sets.iter().min_by_key(|set| set.len());
    let start = match smallest {
        Some(set) if set.encoding() == "intset" => Set::new(),
        _ => Set::packed(),
    };
    let mut set = collect(start, common(sets), limits);
    set.compact(limits);
    set
}

fn union(sets: &[Arc<Set>], limits: &SetLimits) -> Set {
    collect(Set::new(), sets.iter().flat_map(|set| set.iter()), limits)
}

fn collect<'a>(
    mut set: Set,
    members: impl Iterator<Item = Element<'a>>,
    limits: &SetLimits,
) -> Set {
    for member in members {
        set.add(member, limits);
    }
    set
}

/// The members that all sets have, in the order of the smallest set.
fn common(sets: &[Arc<Set>]) -> impl Iterator<Item = Element<'_>> {
    let smallest = sets.iter().min_by_key(|set| set.len());
    let in_all = |member: &Element<'_>| sets.iter().all(|set| set.contains(member));
    smallest
        .into_iter()
        .flat_map(|set| set.iter())
        .filter(in_all)
}
