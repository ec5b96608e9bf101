//! Reading several streams at once: what comes after an id, for oneself or as a member of a group.

use super::Place;
use super::after;
use super::entry_reply;
use super::id_reply;
use super::ids;
use crate::bytes::Bytes;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::reply::printed;
use crate::command::spec::*;
use crate::command::waiting::Block;
use crate::resp::Reply;
use crate::session::Wakes;
use crate::value::Stream;
use crate::value::StreamId;
use crate::value::Value;
use crate::value::stream::Pending;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("XREAD", -4, READONLY | BLOCKING, &[half_after("STREAMS", 1, RO | ACCESS)], xread)
        .doc("5.0.0", "", "[COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]", "Returns messages from multiple streams with IDs greater than the ones requested. Blocks until a message is available otherwise."),
    cmd("XREADGROUP", -7, WRITE | BLOCKING, &[half_after("STREAMS", 4, RO | ACCESS)], xreadgroup)
        .doc("5.0.0", "For each stream mentioned: O(M) with M being the number of elements returned. If M is constant (e.g. always asking for the first 10 elements with COUNT), you can consider it O(1). On the other side when XREADGROUP blocks, XADD will pay the O(N) time in order to serve the N clients blocked on the stream getting new data.", "GROUP group consumer [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS key [key ...] id [id ...]", "Returns new or historical messages from a stream for a consumer in a group. Blocks until a message is available otherwise."),
];

/// A member of a group.
#[derive(Clone, Copy)]
struct Member<'a> {
    group: &'a [u8],
    consumer: &'a [u8],
}

/// What stands before the streams.
#[derive(Default)]
struct Options<'a> {
    /// The most entries of each stream; `None` for all.
    count: Option<usize>,
    member: Option<Member<'a>>,
    no_ack: bool,
    /// Until when to wait for entries, or for ever, if that is asked for.
    block: Option<Option<i64>>,
}

/// Streams, and after which entry of each to read.
struct Request<'a> {
    options: Options<'a>,
    keys: &'a [&'a [u8]],
    words: &'a [&'a [u8]],
}

impl<'a> Request<'a> {
    fn parse(cx: &Context<'_>, args: &mut Args<'a>, in_group: bool) -> Result<Request<'a>> {
        let mut options = Options::default();
        while !args.keyword_with("STREAMS", 1) {
            options.read(cx, args, in_group)?;
        }
        let streams = args.rest();
        if streams.len() % 2 == 1 {
            return Err(unbalanced(in_group));
        }
        if in_group && options.member.is_none() {
            return Err(fixed("ERR Missing GROUP option for XREADGROUP"));
        }
        let (keys, words) = streams.split_at(streams.len() / 2);
        Ok(Request {
            options,
            keys,
            words,
        })
    }

    /// The words of the command, with the ids that `$` stands for now.
    fn resolved(&self, argv: &[&[u8]], starts: &[StreamId]) -> Vec<Bytes> {
        let ids = self
            .words
            .iter()
            .zip(starts)
            .map(|(word, start)| match *word {
                b"$" => Bytes::from(start.to_string()),
                word => Bytes::from(word),
            });
        let before = argv.len() - self.words.len();
        let words = argv[..before].iter().map(|word| Bytes::from(*word));
        words.chain(ids).collect()
    }

    fn streams(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        std::iter::zip(self.keys.iter().copied(), self.words.iter().copied())
    }

    /// The streams that have something, in the shape of the protocol. If none has, the wait that was asked for
    /// begins, in which `argv` is tried again.
    fn answer(
        &self,
        cx: &mut Context<'_>,
        found: Vec<(&[u8], Reply)>,
        wakes: Wakes,
        argv: &[&[u8]],
    ) -> Reply {
        let pairs = found
            .into_iter()
            .map(|(key, entries)| (Reply::bulk(key), entries));
        match self.options.block {
            _ if pairs.len() > 0 && cx.resp3() => Reply::Map(pairs.collect()),
            _ if pairs.len() > 0 => {
                let pair = |(key, entries)| Reply::Array(vec![key, entries]);
                Reply::Array(pairs.map(pair).collect())
            }
            None => Reply::NullArray,
            Some(deadline_us) => cx.block(Block {
                keys: self.keys,
                wakes,
                deadline_us,
                timeout: Reply::NullArray,
                argv,
            }),
        }
    }
}

impl<'a> Options<'a> {
    fn read(&mut self, cx: &Context<'_>, args: &mut Args<'a>, in_group: bool) -> Result<()> {
        if args.keyword_with("BLOCK", 1) {
            self.block = Some(cx.deadline_ms(args)?);
        } else if args.keyword_with("COUNT", 1) {
            let count = usize::try_from(args.i64()?).unwrap_or(0);
            self.count = (count > 0).then_some(count);
        } else if args.keyword_with("GROUP", 2) {
            let (group, consumer) = (args.next()?, args.next()?);
            self.member = Some(Member { group, consumer });
            in_group.then_some(()).ok_or(ONLY_IN_GROUPS[0].clone())?;
        } else if args.keyword("NOACK") {
            self.no_ack = true;
            in_group.then_some(()).ok_or(ONLY_IN_GROUPS[1].clone())?;
        } else {
            return Err(ReplyError::SYNTAX);
        }
        Ok(())
    }

    fn most(&self) -> usize {
        self.count.unwrap_or(usize::MAX)
    }
}

const ONLY_IN_GROUPS: [ReplyError; 2] = [
    fixed("ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead."),
    fixed("ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead."),
];

fn unbalanced(in_group: bool) -> ReplyError {
    fixed(match in_group {
        false => {
            "ERR Unbalanced 'xread' list of streams: for each stream key an ID, '+', or '$' must be specified."
        }
        true => {
            "ERR Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' must be specified."
        }
    })
}

fn xread(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let request = Request::parse(cx, &mut args, false)?;
    let mut starts = Vec::new();
    for (key, word) in request.streams() {
        starts.push(start(cx.stream(key)?, word)?);
    }
    let mut found = Vec::new();
    for (key, start) in request.keys.iter().zip(&starts) {
        if let Some(stream) = cx.stream(key)? {
            let entries = stream.range(after(*start)).take(request.options.most());
            let entries: Vec<_> = entries.map(|entry| entry_reply(&entry)).collect();
            if !entries.is_empty() {
                found.push((*key, Reply::Array(entries)));
            }
        }
    }
    let is_stream: Wakes = |value| matches!(value, Some(Value::Stream(_)));
    let argv = request.resolved(args.argv(), &starts);
    let argv: Vec<&[u8]> = argv.iter().map(|word| &**word).collect();
    Ok(request.answer(cx, found, is_stream, &argv))
}

/// Reads after which entry XREAD is to start.
fn start(stream: Option<&Stream>, word: &[u8]) -> Result<StreamId> {
    let last_id = stream.map_or(StreamId::MIN, Stream::last_id);
    match word {
        b"$" => Ok(last_id),
        b"+" => {
            let last =
                stream.and_then(|stream| stream.range_rev(StreamId::MIN..=StreamId::MAX).next());
            let before = last.and_then(|last| last.id.previous());
            Ok(before.unwrap_or(last_id))
        }
        b">" => Err(fixed(
            "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
        )),
        _ => ids::id(word),
    }
}

fn xreadgroup(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let request = Request::parse(cx, &mut args, true)?;
    let member = request.options.member.ok_or(ReplyError::SYNTAX)?;
    let mut starts = Vec::new();
    for (key, word) in request.streams() {
        let place = Place {
            key,
            group: member.group,
        };
        place.read(cx)?.ok_or_else(|| missing(place))?;
        starts.push((place, group_start(word)?));
    }
    let mut found = Vec::new();
    for (place, start) in starts {
        let reader = Reader {
            place,
            consumer: member.consumer,
            options: &request.options,
        };
        if let Some(entries) = reader.run(cx, start)? {
            found.push((place.key, Reply::Array(entries)));
        }
    }
    // Also that there is no such group any more is an answer.
    Ok(request.answer(cx, found, |_| true, args.argv()))
}

fn missing(place: Place<'_>) -> ReplyError {
    let text = place.missing().text().to_owned();
    ReplyError::new(text + " in XREADGROUP with GROUP option")
}

/// Reads after which entry XREADGROUP is to start; `None` for what the group has not delivered yet.
fn group_start(word: &[u8]) -> Result<Option<StreamId>> {
    const WHOSE: &str = "is meaningless in the context of XREADGROUP: you want to read the history of this consumer by \
                         specifying a proper ID, or use the > ID to get new messages.";
    match word {
        b">" => Ok(None),
        b"$" | b"+" => {
            let word = printed(word, 1);
            Err(ReplyError::new(format!(
                "ERR The {word} ID {WHOSE} The {word} ID would just return an empty result set."
            )))
        }
        _ => Ok(Some(ids::id(word)?).filter(|id| *id != StreamId::MAX)),
    }
}

/// A consumer that reads one stream.
struct Reader<'a> {
    place: Place<'a>,
    consumer: &'a [u8],
    options: &'a Options<'a>,
}

impl Reader<'_> {
    /// The entries that are new for the group, or those after `start` that the consumer has to acknowledge; `None`
    /// where nothing is new.
    fn run(&self, cx: &mut Context<'_>, start: Option<StreamId>) -> Result<Option<Vec<Reply>>> {
        let now_ms = cx.now_ms();
        let group = self.place.write(cx)?;
        let is_new = group.add_consumer(self.consumer, now_ms);
        if let Some(consumer) = group.consumer_mut(self.consumer) {
            consumer.seen_ms = now_ms;
        }
        let changes = cx.unit.changes();
        let found = match start {
            Some(start) => Some(self.history(cx, start)?),
            None => self.news(cx)?,
        };
        if is_new && (cx.unit.changes() == changes || self.options.no_ack) {
            self.place.record_consumer(cx, self.consumer);
        }
        Ok(found)
    }

    /// Delivers what is new.
    fn news(&self, cx: &mut Context<'_>) -> Result<Option<Vec<Reply>>> {
        let missing = || self.place.missing();
        let stream = cx.peek_stream(self.place.key)?.ok_or_else(missing)?;
        let group = stream.group(self.place.group).ok_or_else(missing)?;
        let mut position = (group.last_id, group.entries_read);
        let mut ids = Vec::new();
        let mut replies = Vec::new();
        for entry in stream.range(after(group.last_id)).take(self.options.most()) {
            position = (entry.id, stream.entries_read_at(position, entry.id));
            ids.push(entry.id);
            replies.push(entry_reply(&entry));
        }
        if ids.is_empty() {
            return Ok(None);
        }
        if !self.options.no_ack {
            self.deliver(cx, &ids)?;
        }
        let group = self.place.write(cx)?;
        (group.last_id, group.entries_read) = position;
        self.place.record_position(cx, position.0, position.1);
        Ok(Some(replies))
    }

    /// Makes entries pending.
    fn deliver(&self, cx: &mut Context<'_>, ids: &[StreamId]) -> Result<()> {
        let now_ms = cx.now_ms();
        let group = self.place.write(cx)?;
        if let Some(consumer) = group.consumer_mut(self.consumer) {
            consumer.active_ms = Some(now_ms);
        }
        let delivered = ids.iter().map(|id| self.pending(*id, now_ms, 1));
        let delivered: Vec<Pending> = delivered.collect();
        delivered
            .iter()
            .for_each(|entry| group.assign(entry.clone()));
        for entry in &delivered {
            self.place.record_claim(cx, entry, entry.id);
        }
        Ok(())
    }

    fn pending(&self, id: StreamId, delivered_ms: i64, deliveries: u64) -> Pending {
        Pending {
            id,
            consumer: Bytes::from(self.consumer),
            delivered_ms,
            deliveries,
        }
    }

    /// Delivers again what the consumer has to acknowledge.
    fn history(&self, cx: &mut Context<'_>, start: StreamId) -> Result<Vec<Reply>> {
        let group = self.place.write(cx)?;
        let duties = group.duties(self.consumer, *after(start).start());
        let ids: Vec<_> = duties.take(self.options.most()).collect();
        let mut replies = Vec::new();
        for id in ids {
            replies.push(self.again(cx, id)?);
        }
        Ok(replies)
    }

    /// Delivers one entry again; its id alone where the stream does not have it any more.
    fn again(&self, cx: &mut Context<'_>, id: StreamId) -> Result {
        let now_ms = cx.now_ms();
        let stream = cx.peek_stream(self.place.key)?;
        let entry = stream.and_then(|stream| stream.get(id));
        let Some(reply) = entry.map(|entry| entry_reply(&entry)) else {
            return Ok(Reply::Array(vec![id_reply(id), Reply::NullArray]));
        };
        let group = self.place.write(cx)?;
        let deliveries = group.get(id).map_or(0, |entry| entry.deliveries);
        let pending = self.pending(id, now_ms, deliveries.wrapping_add(1));
        let last_id = group.last_id;
        group.assign(pending.clone());
        self.place.record_claim(cx, &pending, last_id);
        Ok(reply)
    }
}
