//! Entries on their way into a stream, and the ids that come next.

use super::id_reply;
use super::ids;
use super::ids::NewId;
use super::note;
use super::trim::Options;
use super::trim::place;
use crate::bytes::Bytes;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::spec::*;
use crate::resp::Reply;
use crate::value::Stream;
use crate::value::StreamId;
use crate::value::stream::NodeLimits;
use crate::value::stream::Trim;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("XADD", -5, WRITE | DENYOOM | FAST, &[key(1, RW | UPDATE).note("UPDATE instead of INSERT because of the optional trimming feature")], xadd)
        .doc("5.0.0", "O(1) when adding a new entry, O(N) when trimming where N being the number of entries evicted.", "key [NOMKSTREAM] [KEEPREF | DELREF | ACKED] [<MAXLEN | MINID> [= | ~] threshold [LIMIT count]] <* | id> field value [field value ...]", "Appends a new message to a stream. Creates the key if it doesn't exist.")
        .tips(&["nondeterministic_output"]),
    cmd("XSETID", -3, WRITE | DENYOOM | FAST, &[key(1, RW | UPDATE)], xsetid)
        .doc("5.0.0", "O(1)", "key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id]", "An internal command for replicating stream values."),
];

/// An entry has no more bytes than this.
const MOST_BYTES: usize = 1 << 30;

const NO_ID_LEFT: ReplyError =
    fixed("ERR The stream has exhausted the last possible ID, unable to add more items");
const ID_TOO_SMALL: ReplyError =
    fixed("ERR The ID specified in XADD is equal or smaller than the target stream top item");

/// What XADD is asked to do.
struct Add<'a> {
    key: &'a [u8],
    make_key: bool,
    options: Options,
    trim: Option<Trim>,
    id: NewId,
    /// Where the id stands among the words of the command.
    id_at: usize,
    content: &'a [&'a [u8]],
}

impl<'a> Add<'a> {
    fn parse(cx: &Context<'_>, args: &mut Args<'a>) -> Result<Add<'a>> {
        let key = args.next()?;
        let (mut make_key, mut options) = (true, Options::default());
        let mut id = None;
        while let Some(word) = args.peek() {
            if word != b"*" && options.read(args)? {
                continue;
            }
            if args.keyword("NOMKSTREAM") {
                make_key = false;
                continue;
            }
            id = Some((NewId::parse(word)?, place(args)));
            args.next()?;
            break;
        }
        let trim = options.finish(cx)?;
        options.check_limit()?;
        let content = args.rest();
        let (id, id_at) = id.ok_or_else(|| ReplyError::arity("XADD"))?;
        if content.is_empty() || content.len() % 2 == 1 {
            return Err(ReplyError::arity("XADD"));
        }
        if id == NewId::Given(StreamId::MIN) {
            return Err(fixed(
                "ERR The ID specified in XADD must be greater than 0-0",
            ));
        }
        Ok(Add {
            key,
            make_key,
            options,
            trim,
            id,
            id_at,
            content,
        })
    }

    /// The id of the new entry.
    fn id_after(&self, last: StreamId, now_ms: i64) -> Result<StreamId> {
        if last == StreamId::MAX {
            return Err(NO_ID_LEFT);
        }
        let id = self.id.after(last, now_ms).ok_or(ID_TOO_SMALL)?;
        if self.content.iter().map(|text| text.len()).sum::<usize>() > MOST_BYTES {
            return Err(fixed("ERR Elements are too large to be stored"));
        }
        Ok(id)
    }

    /// The words that repeat the command: with the id that it gave, and the trim as it went.
    fn effect(&self, argv: &[&[u8]], id: StreamId, stream: &Stream) -> Option<Vec<Bytes>> {
        let is_given = matches!(self.id, NewId::Given(_));
        if is_given && !self.options.is_approximate() {
            return None;
        }
        let mut argv = argv.to_vec();
        let id = id.to_string();
        argv[self.id_at] = id.as_bytes();
        Some(self.options.exact(&argv, stream))
    }
}

fn xadd(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let add = Add::parse(cx, &mut args)?;
    let found = cx.peek_stream(add.key)?.map(Stream::last_id);
    if found.is_none() && !add.make_key {
        return Ok(Reply::Null);
    }
    let id = add.id_after(found.unwrap_or_default(), cx.now_ms())?;
    let limits = node_limits(cx);
    let stream = cx.stream_mut(add.key)?;
    stream.append(id, add.content, limits);
    if let Some(trim) = &add.trim {
        stream.trim(trim);
    }
    if let Some(words) = add.effect(args.argv(), id, stream) {
        cx.unit.rewrite(&words);
    }
    cx.changed(add.key);
    Ok(id_reply(id))
}

fn node_limits(cx: &Context<'_>) -> NodeLimits {
    NodeLimits {
        bytes: cx.world.config.stream_node_max_bytes(),
        entries: cx.world.config.stream_node_max_entries(),
    }
}

fn xsetid(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (key, last_id) = (args.next()?, ids::id(args.next()?)?);
    let (mut added, mut max_deleted) = (None, StreamId::MIN);
    while !args.is_empty() {
        if args.keyword_with("ENTRIESADDED", 1) {
            let count = u64::try_from(args.i64()?);
            added = Some(count.map_err(|_| fixed("ERR entries_added must be positive"))?);
        } else if args.keyword_with("MAXDELETEDID", 1) {
            max_deleted = ids::id(args.next()?)?;
            if last_id < max_deleted {
                return Err(fixed(
                    "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id",
                ));
            }
        } else {
            return Err(ReplyError::SYNTAX);
        }
    }
    let stream = cx.peek_stream(key)?.ok_or(ReplyError::NO_SUCH_KEY)?;
    check(stream, last_id, added)?;
    let stream = cx.stream_mut(key)?;
    let added = added.unwrap_or(stream.entries_added());
    if max_deleted == StreamId::MIN {
        max_deleted = stream.max_deleted_id();
    }
    stream.set_history(last_id, added, max_deleted);
    note(cx, args.argv());
    Ok(Reply::OK)
}

/// Whether a stream may get this last id and number of entries added.
fn check(stream: &Stream, last_id: StreamId, added: Option<u64>) -> Result<()> {
    let top = stream.range_rev(StreamId::MIN..=StreamId::MAX).next();
    if last_id < stream.max_deleted_id() {
        Err(fixed(
            "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id",
        ))
    } else if top.is_some_and(|top| last_id < top.id) {
        Err(fixed(
            "ERR The ID specified in XSETID is smaller than the target stream top item",
        ))
    } else if added.is_some_and(|added| added < stream.len() as u64) {
        Err(fixed(
            "ERR The entries_added specified in XSETID is smaller than the target stream length",
        ))
    } else {
        Ok(())
    }
}
