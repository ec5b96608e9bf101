//! Pending entries that go from one consumer to another.

use super::Place;
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
use crate::number::parse_i64;
use crate::resp::Reply;
use crate::value::StreamId;
use crate::value::stream::Entry;
use crate::value::stream::Pending;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("XAUTOCLAIM", -6, WRITE | FAST, &[key(1, RW | DELETE)], xautoclaim)
        .doc("6.2.0", "O(1) if COUNT is small.", "key group consumer min-idle-time start:string [COUNT count] [JUSTID]", "Changes, or acquires, ownership of messages in a consumer group, as if the messages were delivered to a consumer group member.")
        .tips(&["nondeterministic_output"]),
    cmd("XCLAIM", -6, WRITE | FAST, &[key(1, RW | UPDATE)], xclaim)
        .doc("5.0.0", "O(log N) with N being the number of messages in the PEL of the consumer group.", "key group consumer min-idle-time id [id ...] [IDLE ms] [TIME unix-time-milliseconds] [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID lastid]", "Changes, or acquires, ownership of a message in a consumer group, as if the message was delivered to a consumer group member.")
        .tips(&["nondeterministic_output"]),
];

/// Who claims what, and how.
struct Claim<'a> {
    place: Place<'a>,
    consumer: &'a [u8],
    min_idle_ms: i64,
    just_ids: bool,
    force: bool,
    /// When the entries are to have been delivered.
    delivered_ms: Option<i64>,
    /// How often they are to have been delivered.
    deliveries: Option<u64>,
    last_id: StreamId,
}

/// What became of an entry that was claimed.
enum Claimed {
    /// It is the consumer's now; the entry, or its id.
    Taken(Reply),
    /// The stream does not have it any more, so that it is pending no more.
    Dropped,
    /// It was not pending for that, or not idle for long enough.
    Left,
}

impl<'a> Claim<'a> {
    fn new(place: Place<'a>, consumer: &'a [u8], min_idle_ms: i64) -> Claim<'a> {
        Claim {
            place,
            consumer,
            min_idle_ms: min_idle_ms.max(0),
            just_ids: false,
            force: false,
            delivered_ms: None,
            deliveries: None,
            last_id: StreamId::MIN,
        }
    }

    /// Reads one of XCLAIM's options.
    fn option(&mut self, args: &mut Args<'_>, now_ms: i64) -> Result<()> {
        if args.keyword("FORCE") {
            self.force = true;
        } else if args.keyword("JUSTID") {
            self.just_ids = true;
        } else if args.keyword_with("IDLE", 1) {
            let idle_ms = args.i64_or(fixed("ERR Invalid IDLE option argument for XCLAIM"))?;
            self.delivered_ms = Some(now_ms.wrapping_sub(idle_ms));
        } else if args.keyword_with("TIME", 1) {
            let time = args.i64_or(fixed("ERR Invalid TIME option argument for XCLAIM"))?;
            self.delivered_ms = Some(time);
        } else if args.keyword_with("RETRYCOUNT", 1) {
            let count = args.i64_or(fixed("ERR Invalid RETRYCOUNT option argument for XCLAIM"))?;
            self.deliveries = u64::try_from(count).ok();
        } else if args.keyword_with("LASTID", 1) {
            self.last_id = ids::id(args.next()?)?;
        } else {
            let option = printed(args.next()?, 1024);
            return Err(ReplyError::new(format!(
                "ERR Unrecognized XCLAIM option '{option}'"
            )));
        }
        Ok(())
    }

    /// When the entries are to have been delivered: now, unless a time in the past was given. What is recorded was so,
    /// even where a record's own time is only known to the second.
    fn delivered_ms(&self, cx: &Context<'_>) -> i64 {
        let is_past = |at_ms: &i64| cx.unit.applying || (0..=cx.now_ms()).contains(at_ms);
        self.delivered_ms
            .filter(is_past)
            .unwrap_or_else(|| cx.now_ms())
    }

    /// Notes that the consumer is there, which may be new; whether it is.
    fn see(&self, cx: &mut Context<'_>) -> Result<bool> {
        let now_ms = cx.now_ms();
        let group = self.place.write(cx)?;
        let is_new = group.add_consumer(self.consumer, now_ms);
        if let Some(consumer) = group.consumer_mut(self.consumer) {
            consumer.seen_ms = now_ms;
        }
        Ok(is_new)
    }

    /// Claims one entry.
    fn run(&self, cx: &mut Context<'_>, id: StreamId) -> Result<Claimed> {
        let now_ms = cx.now_ms();
        let stream = cx
            .peek_stream(self.place.key)?
            .ok_or_else(|| self.place.missing())?;
        let group = stream
            .group(self.place.group)
            .ok_or_else(|| self.place.missing())?;
        let (last_id, pending) = (group.last_id, group.get(id).cloned());
        let Some(entry) = stream.get(id) else {
            return self.drop_dead(cx, pending, last_id);
        };
        let Some(deliveries) = self.deliveries_after(pending.as_ref(), now_ms) else {
            return Ok(Claimed::Left);
        };
        let reply = self.reply(&entry);
        let pending = Pending {
            id,
            consumer: Bytes::from(self.consumer),
            delivered_ms: self.delivered_ms(cx),
            deliveries,
        };
        let group = self.place.write(cx)?;
        group.assign(pending.clone());
        if let Some(consumer) = group.consumer_mut(self.consumer) {
            consumer.active_ms = Some(now_ms);
        }
        self.place.record_claim(cx, &pending, last_id);
        Ok(Claimed::Taken(reply))
    }

    /// How often an entry will have been delivered; `None` where it can't be claimed.
    fn deliveries_after(&self, pending: Option<&Pending>, now_ms: i64) -> Option<u64> {
        let before = match pending {
            Some(entry) => {
                let idle_ms = now_ms.saturating_sub(entry.delivered_ms);
                let is_idle = self.min_idle_ms == 0 || idle_ms >= self.min_idle_ms;
                is_idle.then_some(entry.deliveries)?
            }
            None => self.force.then_some(1)?,
        };
        let after = before.wrapping_add(u64::from(!self.just_ids));
        Some(self.deliveries.unwrap_or(after))
    }

    /// Ends that an entry is pending which the stream does not have.
    fn drop_dead(
        &self,
        cx: &mut Context<'_>,
        pending: Option<Pending>,
        last_id: StreamId,
    ) -> Result<Claimed> {
        let Some(pending) = pending else {
            return Ok(Claimed::Left);
        };
        self.place.write(cx)?.acknowledge(pending.id);
        self.place.record_claim(cx, &pending, last_id);
        Ok(Claimed::Dropped)
    }

    fn reply(&self, entry: &Entry<'_>) -> Reply {
        if self.just_ids {
            id_reply(entry.id)
        } else {
            entry_reply(entry)
        }
    }
}

fn xclaim(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (place, consumer) = (Place::parse(&mut args)?, args.next()?);
    let last_id = place.read(cx)?.ok_or_else(|| place.missing())?.last_id;
    let min_idle_ms = args.i64_or(fixed("ERR Invalid min-idle-time argument for XCLAIM"))?;
    let mut claim = Claim::new(place, consumer, min_idle_ms);
    let wanted = leading_ids(&mut args);
    while !args.is_empty() {
        claim.option(&mut args, cx.now_ms())?;
    }
    let changes = cx.unit.changes();
    if claim.last_id > last_id {
        place.write(cx)?.last_id = claim.last_id;
    }
    let is_new = claim.see(cx)?;
    let mut taken = Vec::new();
    for id in wanted {
        if let Claimed::Taken(reply) = claim.run(cx, id)? {
            taken.push(reply);
        }
    }
    if claim.last_id > last_id && cx.unit.changes() == changes {
        let group = place.write(cx)?;
        let (last_id, read) = (group.last_id, group.entries_read);
        place.record_position(cx, last_id, read);
    }
    if is_new && taken.is_empty() {
        place.record_consumer(cx, consumer);
    }
    Ok(Reply::Array(taken))
}

/// Reads ids up to the first word that is none.
fn leading_ids(args: &mut Args<'_>) -> Vec<StreamId> {
    let mut wanted = Vec::new();
    while let Some(Ok(id)) = args.peek().map(ids::id) {
        wanted.push(id);
        let _ = args.next();
    }
    wanted
}

/// So many pending entries are looked at for each that is wanted.
const TRIES: usize = 10;

fn xautoclaim(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (place, consumer) = (Place::parse(&mut args)?, args.next()?);
    let min_idle_ms = args.i64_or(fixed("ERR Invalid min-idle-time argument for XAUTOCLAIM"))?;
    let mut claim = Claim::new(place, consumer, min_idle_ms);
    let start = ids::range_start(args.next()?)?;
    let mut count = 100;
    while !args.is_empty() {
        if args.keyword_with("COUNT", 1) {
            count = auto_count(args.next()?)?;
        } else if args.keyword("JUSTID") {
            claim.just_ids = true;
        } else {
            return Err(ReplyError::SYNTAX);
        }
    }
    place.read(cx)?.ok_or_else(|| place.missing())?;
    let is_new = claim.see(cx)?;
    let mut scan = Scan::default();
    scan.run(cx, &claim, start, count)?;
    if is_new && scan.taken.is_empty() {
        place.record_consumer(cx, consumer);
    }
    let dropped = scan.dropped.into_iter().map(id_reply);
    let lists = [Reply::Array(scan.taken), Reply::Array(dropped.collect())];
    Ok(Reply::Array(
        [id_reply(scan.next)].into_iter().chain(lists).collect(),
    ))
}

fn auto_count(word: &[u8]) -> Result<usize> {
    let most = i64::MAX as usize / size_of::<StreamId>();
    let count = parse_i64(word).and_then(|count| usize::try_from(count).ok());
    let count = count.filter(|count| (1..=most).contains(count));
    count.ok_or(fixed("ERR COUNT must be > 0"))
}

/// What a walk over the pending entries found.
#[derive(Default)]
struct Scan {
    taken: Vec<Reply>,
    dropped: Vec<StreamId>,
    /// Where the next walk begins; 0-0 at the end.
    next: StreamId,
}

impl Scan {
    /// Claims up to `count` entries from `start` on.
    fn run(
        &mut self,
        cx: &mut Context<'_>,
        claim: &Claim<'_>,
        start: StreamId,
        count: usize,
    ) -> Result<()> {
        let tries = count.saturating_mul(TRIES);
        let group = claim.place.write(cx)?;
        let pending = group.pending_range(start..=StreamId::MAX);
        let seen: Vec<_> = pending
            .map(|entry| entry.id)
            .take(tries.saturating_add(1))
            .collect();
        for (at, id) in seen.into_iter().enumerate() {
            if at == tries || self.taken.len() + self.dropped.len() == count {
                self.next = id;
                break;
            }
            match claim.run(cx, id)? {
                Claimed::Taken(reply) => self.taken.push(reply),
                Claimed::Dropped => self.dropped.push(id),
                Claimed::Left => {}
            }
        }
        Ok(())
    }
}
