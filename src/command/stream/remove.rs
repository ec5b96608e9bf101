//! Entries on their way out of a stream.

use super::Place;
use super::ids;
use super::trim::Options;
use super::trim::references;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::spec::*;
use crate::resp::Reply;
use crate::value::StreamId;
use crate::value::stream::References;
use crate::value::stream::Removal;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("XACKDEL", -6, WRITE | FAST, &[key(1, RW | UPDATE | DELETE)], xackdel)
        .doc("8.2.0", "O(1) for each ID.", "key group [KEEPREF | DELREF | ACKED] IDS numids id [id ...]", "Acknowledges entries of a consumer group and deletes those of them that may go."),
    cmd("XDEL", -3, WRITE | FAST, &[key(1, RW | DELETE)], xdel)
        .doc("5.0.0", "O(1) for each single item to delete in the stream, regardless of the stream size.", "key id [id ...]", "Returns the number of messages after removing them from a stream."),
    cmd("XDELEX", -5, WRITE | FAST, &[key(1, RW | DELETE)], xdelex)
        .doc("8.2.0", "O(1) for each ID.", "key [KEEPREF | DELREF | ACKED] IDS numids id [id ...]", "Deletes entries of a stream, with a say in what happens to references that consumer groups hold."),
    cmd("XTRIM", -4, WRITE, &[key(1, RW | DELETE)], xtrim)
        .doc("5.0.0", "O(N), with N being the number of evicted entries. Constant times are very small however, since entries are organized in macro nodes containing multiple entries that can be released with a single deallocation.", "key <MAXLEN | MINID> [= | ~] threshold [LIMIT count] [KEEPREF | DELREF | ACKED]", "Deletes messages from the beginning of a stream.")
        .tips(&["nondeterministic_output"]),
];

fn xdel(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    if cx.peek_stream(key)?.is_none() {
        return Ok(Reply::Int(0));
    }
    let ids = ids::ids(args.rest())?;
    let removed = remove(cx, key, &ids, References::Keep)?;
    let count = removed
        .iter()
        .filter(|removal| **removal == Removal::Removed);
    Ok(Reply::len(count.count()))
}

/// What is asked of XDELEX and XACKDEL behind the key and the group.
struct Request<'a> {
    references: References,
    words: &'a [&'a [u8]],
}

impl<'a> Request<'a> {
    fn parse(args: &mut Args<'a>) -> Result<Request<'a>> {
        let mut chosen = None;
        let words = ids::counted(args, |args| {
            let is_new = chosen.is_none();
            chosen = chosen.or_else(|| references(args));
            is_new && chosen.is_some()
        })?;
        Ok(Request {
            references: chosen.unwrap_or_default(),
            words,
        })
    }

    /// The answer where there is nothing that could have an entry.
    fn nothing(&self) -> Reply {
        Reply::Array(self.words.iter().map(|_| Reply::Int(-1)).collect())
    }
}

fn xdelex(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    let stream = cx.peek_stream(key).map(|stream| stream.is_some());
    let exists = stream?;
    let request = Request::parse(&mut args)?;
    if !exists {
        return Ok(request.nothing());
    }
    let ids = ids::ids(request.words)?;
    let removed = remove(cx, key, &ids, request.references)?;
    Ok(Reply::Array(removed.into_iter().map(reply).collect()))
}

fn reply(removal: Removal) -> Reply {
    Reply::Int(match removal {
        Removal::Missing | Removal::Forgotten => -1,
        Removal::Removed => 1,
        Removal::Referenced => 2,
    })
}

/// Removes entries of a stream that is there; what became of each.
fn remove(
    cx: &mut Context<'_>,
    key: &[u8],
    ids: &[StreamId],
    references: References,
) -> Result<Vec<Removal>> {
    let stream = cx.stream_mut(key)?;
    let removed: Vec<_> = ids
        .iter()
        .map(|id| stream.remove(*id, references))
        .collect();
    if removed.contains(&Removal::Removed) {
        cx.changed(key);
    } else if removed.contains(&Removal::Forgotten) {
        cx.unit.changed();
    }
    Ok(removed)
}

fn xackdel(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let place = Place::parse(&mut args)?;
    let exists = place.read(cx)?.is_some();
    let request = Request::parse(&mut args)?;
    if !exists {
        return Ok(request.nothing());
    }
    let ids = ids::ids(request.words)?;
    let mut replies = Vec::new();
    for id in ids {
        replies.push(reply(acknowledge_and_remove(
            cx,
            place,
            id,
            request.references,
        )?));
    }
    Ok(Reply::Array(replies))
}

/// What was not pending is not removed either.
fn acknowledge_and_remove(
    cx: &mut Context<'_>,
    place: Place<'_>,
    id: StreamId,
    references: References,
) -> Result<Removal> {
    if place.read(cx)?.is_none_or(|group| group.get(id).is_none()) {
        return Ok(Removal::Missing);
    }
    place.write(cx)?.acknowledge(id);
    cx.unit.changed();
    let removal = cx.stream_mut(place.key)?.remove(id, references);
    Ok(match removal {
        Removal::Referenced => removal,
        Removal::Missing | Removal::Forgotten => Removal::Removed,
        Removal::Removed => {
            cx.changed(place.key);
            removal
        }
    })
}

fn xtrim(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let key = args.next()?;
    let mut options = Options::default();
    while !args.is_empty() {
        if !options.read(&mut args)? {
            return Err(ReplyError::SYNTAX);
        }
    }
    let trim = options.finish(cx)?.ok_or(fixed(
        "ERR syntax error, XTRIM must be called with a trimming strategy",
    ))?;
    if cx.peek_stream(key)?.is_none() {
        return Ok(Reply::Int(0));
    }
    let stream = cx.stream_mut(key)?;
    let removed = stream.trim(&trim);
    if removed > 0 {
        if options.is_approximate() {
            let words = options.exact(args.argv(), stream);
            cx.unit.rewrite(&words);
        }
        cx.changed(key);
    }
    Ok(Reply::len(removed))
}
