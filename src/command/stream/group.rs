//! XGROUP: consumer groups and their members.

use triomphe::Arc;

use super::Place;
use super::ids;
use super::note;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::container;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::reply::help;
use crate::command::spec::*;
use crate::command::sub;
use crate::resp::Reply;
use crate::value::Stream;
use crate::value::StreamId;
use crate::value::Value;
use crate::value::stream::Group;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    container("XGROUP", -2)
        .doc("5.0.0", "Depends on subcommand.", "", "A container for consumer groups commands."),
    sub("XGROUP|CREATE", -5, WRITE | DENYOOM, &[key(2, RW | INSERT)], xgroup_create)
        .doc("5.0.0", "O(1)", "key group <id | $> [MKSTREAM] [ENTRIESREAD entries-read]", "Creates a consumer group."),
    sub("XGROUP|CREATECONSUMER", 5, WRITE | DENYOOM, &[key(2, RW | INSERT)], xgroup_createconsumer)
        .doc("6.2.0", "O(1)", "key group consumer", "Creates a consumer in a consumer group."),
    sub("XGROUP|DELCONSUMER", 5, WRITE, &[key(2, RW | DELETE)], xgroup_delconsumer)
        .doc("5.0.0", "O(1)", "key group consumer", "Deletes a consumer from a consumer group."),
    sub("XGROUP|DESTROY", 4, WRITE, &[key(2, RW | DELETE)], xgroup_destroy)
        .doc("5.0.0", "O(N) where N is the number of entries in the group's pending entries list (PEL).", "key group", "Destroys a consumer group."),
    sub("XGROUP|HELP", 2, LOADING | STALE, &[], xgroup_help)
        .doc("5.0.0", "O(1)", "", "Returns helpful text about the different subcommands."),
    sub("XGROUP|SETID", -5, WRITE, &[key(2, RW | UPDATE)], xgroup_setid)
        .doc("5.0.0", "O(1)", "key group <id | $> [ENTRIESREAD entries-read]", "Sets the last-delivered ID of a consumer group."),
];

const NO_KEY: ReplyError = fixed(
    "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM \
     option to create an empty stream automatically.",
);

fn xgroup_create(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (place, word) = (Place::parse(&mut args)?, args.next()?);
    let options = Options::parse(&mut args, true)?;
    let stream = cx.peek_stream(place.key)?;
    if stream.is_none() && !options.make_stream {
        return Err(NO_KEY);
    }
    options.check()?;
    let last_id = position(word, stream, ids::id)?;
    let read = options.entries_read(stream);
    if stream.is_some_and(|stream| stream.group(place.group).is_some()) {
        return Err(fixed("BUSYGROUP Consumer Group name already exists"));
    }
    if stream.is_none() {
        cx.set(place.key, Value::Stream(Arc::default()));
    }
    let group = Group::new(last_id, read);
    cx.stream_mut(place.key)?.add_group(place.group, group);
    note(cx, args.argv());
    Ok(Reply::OK)
}

fn xgroup_setid(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (place, word) = (Place::parse(&mut args)?, args.next()?);
    let options = Options::parse(&mut args, false)?;
    existing(cx, place)?;
    options.check()?;
    let stream = cx.peek_stream(place.key)?;
    let (last_id, read) = (
        position(word, stream, ids::any_id)?,
        options.entries_read(stream),
    );
    let group = place.write(cx)?;
    group.last_id = last_id;
    group.entries_read = read;
    note(cx, args.argv());
    Ok(Reply::OK)
}

fn xgroup_destroy(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let place = Place::parse(&mut args)?;
    let stream = cx.peek_stream(place.key)?.ok_or(NO_KEY)?;
    if stream.group(place.group).is_none() {
        return Ok(Reply::Int(0));
    }
    cx.stream_mut(place.key)?.remove_group(place.group);
    note(cx, args.argv());
    // Who waits for the group learns that it is gone.
    let (db, seq) = (cx.session.db, cx.unit.seq);
    cx.world.waits.touch(db, place.key, seq);
    Ok(Reply::Int(1))
}

fn xgroup_createconsumer(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (place, consumer) = (Place::parse(&mut args)?, args.next()?);
    let is_new = existing(cx, place)?.consumer(consumer).is_none();
    if is_new {
        let now_ms = cx.now_ms();
        place.write(cx)?.add_consumer(consumer, now_ms);
        note(cx, args.argv());
    }
    Ok(Reply::flag(is_new))
}

fn xgroup_delconsumer(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (place, consumer) = (Place::parse(&mut args)?, args.next()?);
    if existing(cx, place)?.consumer(consumer).is_none() {
        return Ok(Reply::Int(0));
    }
    let pending = place.write(cx)?.remove_consumer(consumer);
    note(cx, args.argv());
    Ok(Reply::len(pending.unwrap_or(0)))
}

fn xgroup_help(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(help("XGROUP", HELP))
}

/// The group, which must be there.
fn existing<'c>(cx: &'c mut Context<'_>, place: Place<'_>) -> Result<&'c Group> {
    let stream = cx.peek_stream(place.key)?.ok_or(NO_KEY)?;
    stream
        .group(place.group)
        .ok_or_else(|| place.missing_group())
}

/// Reads where a group is to begin: behind an id, or with `$` behind what is there.
fn position(
    word: &[u8],
    stream: Option<&Stream>,
    id: fn(&[u8]) -> Result<StreamId>,
) -> Result<StreamId> {
    match word {
        b"$" => Ok(stream.map_or(StreamId::MIN, Stream::last_id)),
        _ => id(word),
    }
}

/// The options of CREATE and SETID.
struct Options<'a> {
    make_stream: bool,
    /// How many entries the group is to have read, where that is known.
    read: Option<u64>,
    args: Args<'a>,
    most_words: usize,
}

impl<'a> Options<'a> {
    fn parse(args: &mut Args<'a>, is_create: bool) -> Result<Options<'a>> {
        let (mut make_stream, mut read) = (false, None);
        while !args.is_empty() {
            if is_create && args.keyword("MKSTREAM") {
                make_stream = true;
            } else if args.keyword_with("ENTRIESREAD", 1) {
                read = entries_read(args.i64()?)?;
            } else {
                return Err(wrong_words(args));
            }
        }
        Ok(Options {
            make_stream,
            read,
            args: *args,
            most_words: if is_create { 8 } else { 7 },
        })
    }

    /// Redis counts the words, and does so late.
    fn check(&self) -> Result<()> {
        let few = self.args.argv().len() <= self.most_words;
        few.then_some(()).ok_or_else(|| wrong_words(&self.args))
    }

    /// A group never has read more than was ever there.
    fn entries_read(&self, stream: Option<&Stream>) -> Option<u64> {
        let added = stream.map_or(0, Stream::entries_added);
        self.read.map(|read| read.min(added))
    }
}

fn entries_read(number: i64) -> Result<Option<u64>> {
    match u64::try_from(number) {
        Ok(number) => Ok(Some(number)),
        Err(_) if number == -1 => Ok(None),
        Err(_) => Err(fixed("ERR value for ENTRIESREAD must be positive or -1")),
    }
}

fn wrong_words(args: &Args<'_>) -> ReplyError {
    ReplyError::subcommand("XGROUP", args.argv()[1])
}

const HELP: &[&str] = &[
    "CREATE <key> <groupname> <id|$> [option]",
    "    Create a new consumer group. Options are:",
    "    * MKSTREAM",
    "      Create the empty stream if it does not exist.",
    "    * ENTRIESREAD entries_read",
    "      Set the group's entries_read counter (internal use).",
    "CREATECONSUMER <key> <groupname> <consumer>",
    "    Create a new consumer in the specified group.",
    "DELCONSUMER <key> <groupname> <consumer>",
    "    Remove the specified consumer.",
    "DESTROY <key> <groupname>",
    "    Remove the specified group.",
    "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
    "    Set the current group ID and entries_read counter.",
];
