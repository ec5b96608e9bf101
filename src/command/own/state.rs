//! The state as a whole: naming it, going back to it, emptying and filling it.

use super::history::ASKS;
use super::history::about_the_past;
use crate::bytes::Bytes;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::server;
use crate::command::spec::*;
use crate::command::sub;
use crate::command::world::Saved;
use crate::commit::How;
use crate::commit::Rewind;
use crate::keyspace::Slot;
use crate::resp::Reply;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    sub("FAKEREDIS|DIGEST", -2, NOSCRIPT | LOADING | STALE, &[], digest)
        .doc("8.2.3", "O(N) with N being the size of the data", "[revision | KEY key [key ...]]", "Returns a digest of all keys, values and times to live, now or as they were, or of what stands at some keys."),
    sub("FAKEREDIS|FIXTURE", -3, ASKS, &[], fixture)
        .doc("8.2.3", "O(N) with N being the size of the dataset", "<LIST | LOAD name [SEED seed] [SCALE factor]>", "Shows the built-in datasets, or loads one."),
    sub("FAKEREDIS|MARK", 3, ASKS, &[], mark)
        .doc("8.2.3", "O(1)", "name", "Gives the present place in history a name, for the revision mark:name."),
    sub("FAKEREDIS|REDO", -2, ASKS, &[], about_the_past)
        .doc("8.2.3", "O(N) with N being the records since a checkpoint", "[changes]", "Brings back the last changes that were undone."),
    sub("FAKEREDIS|RESET", 2, WRITE | NOSCRIPT, &[], reset)
        .doc("8.2.3", "O(1)", "", "Removes all keys of all databases."),
    sub("FAKEREDIS|RESTORE", 3, ASKS, &[], restore)
        .doc("8.2.3", "O(1)", "name", "Makes the data what it was when the snapshot of that name was made."),
    sub("FAKEREDIS|REWIND", 3, ASKS, &[], about_the_past)
        .doc("8.2.3", "O(N) with N being the records since a checkpoint", "revision", "Makes the data what it was."),
    sub("FAKEREDIS|SNAPSHOT", 3, ASKS, &[], snapshot)
        .doc("8.2.3", "O(1)", "name", "Keeps the data as it is now under a name, which is also a mark where there is history."),
    sub("FAKEREDIS|UNDO", -2, ASKS, &[], about_the_past)
        .doc("8.2.3", "O(N) with N being the records since a checkpoint", "[changes]", "Takes back the last changes."),
];

fn digest(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    if args.is_empty() {
        return Ok(Reply::bulk(cx.world.keyspace.digest()));
    }
    if !args.keyword_with("KEY", 1) {
        return about_the_past(cx, args);
    }
    let digest = |key: &&[u8]| cx.peek(key).map(Slot::digest);
    let digests = args.rest().iter().map(digest);
    let digests = digests.map(|digest| digest.map_or(Reply::Null, Reply::bulk));
    Ok(Reply::Array(digests.collect()))
}

fn fixture(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    cx.ask(&args.argv()[1..])
}

fn mark(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let name = name(args.next()?)?;
    if !cx.host.persistence().enabled {
        return Err(ReplyError::NO_HISTORY);
    }
    cx.host.mark(name);
    Ok(Reply::Int(cx.unit.seq as i64))
}

fn snapshot(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let name = name(args.next()?)?;
    let saved = Saved {
        seq: cx.unit.seq - 1,
        keyspace: cx.world.keyspace.clone(),
    };
    cx.world.saved.insert(Bytes::from(name.as_str()), saved);
    if cx.host.persistence().enabled {
        cx.host.mark(name);
    }
    Ok(Reply::OK)
}

/// A mark's name, as a revision can say it.
fn name(word: &[u8]) -> Result<String> {
    match std::str::from_utf8(word) {
        Ok(name) if !name.is_empty() => Ok(name.to_owned()),
        _ => Err(ReplyError::new("ERR a name is text and not empty")),
    }
}

fn restore(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    if let Some(saved) = cx.world.saved.get(args.next()?) {
        let to = Rewind {
            to: saved.seq,
            how: How::Named,
        };
        cx.host.rewind(to, saved.keyspace.clone());
        return Ok(Reply::OK);
    }
    match cx.host.persistence().enabled {
        true => cx.ask(&args.argv()[1..]),
        false => Err(ReplyError::new("ERR there is no snapshot of that name")),
    }
}

fn reset(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    server::empty_all(cx);
    cx.world.invalidate_all();
    cx.unit.rewrite(&["FLUSHALL"]);
    Ok(Reply::OK)
}
