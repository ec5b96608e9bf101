//! [`Node`]: neighbouring entries in one block of bytes, which is the one that Redis keeps.
//!
//! The block is a listpack. It begins with the number of live entries, the number of deleted ones, the number
//! of fields of the first entry, those fields, and 0. Each entry is then: flags, the distance of its id
//! from the node's (milliseconds, sequence), the number of fields with fields and values in turn (only the values
//! where the fields are those of the first entry), and the number of listpack entries of all that.

use std::sync::Arc;

use super::id::StreamId;
use crate::bytes::Bytes;
use crate::value::rdb::Listpack;
use crate::value::rdb::ListpackEntry;

const DELETED: i64 = 1;
const SAME_FIELDS: i64 = 2;

/// Some entries of a stream, deleted ones among them. A clone shares the block.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::value) struct Node {
    /// The id that the ids of the entries count from: that of the first.
    id: StreamId,
    block: Arc<Listpack>,
}

/// How large nodes grow; 0 for no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeLimits {
    /// `stream-node-max-bytes`.
    pub bytes: usize,
    /// `stream-node-max-entries`.
    pub entries: usize,
}

/// A node is never larger, whatever the limits say.
const MAX_BYTES: usize = 1 << 30;

impl NodeLimits {
    fn bytes(self) -> usize {
        match self.bytes {
            0 => MAX_BYTES,
            bytes => bytes.min(MAX_BYTES),
        }
    }

    fn entries(self) -> i64 {
        match self.entries {
            0 => i64::MAX,
            entries => i64::try_from(entries).unwrap_or(i64::MAX),
        }
    }
}

/// An entry where it is stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored {
    pub(super) id: StreamId,
    pub(super) deleted: bool,
    /// The number of fields.
    count: usize,
    /// Where its flags are.
    flags_at: usize,
    flags: i64,
    /// Where its fields are, or its values where the fields are those of the first entry.
    content_at: usize,
}

impl Node {
    /// A node without entries, for those that have the fields of this one or come after it.
    pub(super) fn new(id: StreamId, fields: &[&[u8]]) -> Node {
        let mut block = Listpack::new();
        block.push_int(0);
        block.push_int(0);
        block.push_int(fields.len() as i64 / 2);
        for field in fields.iter().step_by(2) {
            block.push(field);
        }
        block.push_int(0);
        Node {
            id,
            block: Arc::new(block),
        }
    }

    /// The node of a block that came from outside, if the block is what it should be.
    pub(in crate::value) fn from_block(id: StreamId, block: Listpack) -> Option<Node> {
        let node = Node {
            id,
            block: Arc::new(block),
        };
        node.is_whole().then_some(node)
    }

    pub(in crate::value) fn id(&self) -> StreamId {
        self.id
    }

    /// The id of the last entry, be it deleted.
    pub(in crate::value) fn last_id(&self) -> StreamId {
        self.entries().last().map_or(self.id, |entry| entry.id)
    }

    pub(in crate::value) fn block(&self) -> &Listpack {
        &self.block
    }

    /// The number of entries that are not deleted.
    pub(in crate::value) fn live(&self) -> usize {
        self.counters().0 as usize
    }

    /// The numbers of live and deleted entries.
    fn counters(&self) -> (i64, i64) {
        self.get_counters().expect("a block is whole")
    }

    fn get_counters(&self) -> Option<(i64, i64)> {
        let (live, at) = self.get_int(Listpack::START)?;
        let (deleted, _) = self.get_int(at)?;
        Some((live, deleted))
    }

    fn set_counters(&mut self, live: i64, deleted: i64) {
        let block = Arc::make_mut(&mut self.block);
        block.set_int(Listpack::START, live);
        let (_, at) = block.get(Listpack::START).expect("it was just set");
        block.set_int(at, deleted);
    }

    /// Whether an entry of so many bytes of fields and values has to go to a new node.
    pub(super) fn is_full(&self, bytes: usize, limits: NodeLimits) -> bool {
        let (live, deleted) = self.counters();
        self.block.size() + bytes >= limits.bytes() || live + deleted >= limits.entries()
    }

    /// Gives back the room that was kept for more entries.
    pub(super) fn close(&mut self) {
        if let Some(block) = Arc::get_mut(&mut self.block) {
            block.shrink();
        }
    }

    /// Adds an entry behind all others; `content` is its fields and values in turn.
    pub(super) fn push(&mut self, id: StreamId, content: &[&[u8]]) {
        let same = self.has_fields(content);
        let (live, deleted) = self.counters();
        self.set_counters(live + 1, deleted);
        let from = self.id;
        let block = Arc::make_mut(&mut self.block);
        let count = content.len() as i64 / 2;
        block.push_int(if same { SAME_FIELDS } else { 0 });
        block.push_int(id.ms.wrapping_sub(from.ms) as i64);
        block.push_int(id.seq.wrapping_sub(from.seq) as i64);
        if same {
            content
                .iter()
                .skip(1)
                .step_by(2)
                .for_each(|value| block.push(value));
            block.push_int(count + 3);
        } else {
            block.push_int(count);
            content.iter().for_each(|text| block.push(text));
            block.push_int(2 * count + 4);
        }
    }

    /// Marks entries as deleted.
    pub(super) fn delete(&mut self, entries: &[Stored]) {
        let (live, deleted) = self.counters();
        let block = Arc::make_mut(&mut self.block);
        for entry in entries {
            // All flags are as wide as any other, so that nothing moves.
            block.set_int(entry.flags_at, entry.flags | DELETED);
        }
        let count = entries.len() as i64;
        self.set_counters(live - count, deleted + count);
    }

    /// All entries in order, deleted ones among them.
    pub(super) fn entries(&self) -> impl Iterator<Item = Stored> {
        let (first, at) = self.master();
        let mut at = Some(at);
        std::iter::from_fn(move || {
            let (entry, next) = self.entry(at?, first)?;
            at = Some(next);
            Some(entry)
        })
    }

    /// An entry's fields and values in turn.
    pub(super) fn content(&self, entry: Stored) -> impl Iterator<Item = Bytes> {
        let mut at = entry.content_at;
        let same = entry.flags & SAME_FIELDS != 0;
        let mut field_at = same.then(|| self.fields_at());
        (0..2 * entry.count).map(move |index| match &mut field_at {
            Some(field_at) if index % 2 == 0 => self.text(field_at),
            _ => self.text(&mut at),
        })
    }

    /// The text at a place, which moves on.
    fn text(&self, at: &mut usize) -> Bytes {
        let (text, next) = self.get(*at);
        *at = next;
        text.into()
    }

    fn get(&self, at: usize) -> (ListpackEntry<'_>, usize) {
        self.block.get(at).expect("a block is whole")
    }

    fn get_int(&self, at: usize) -> Option<(i64, usize)> {
        match self.block.get(at)? {
            (ListpackEntry::Int(number), next) => Some((number, next)),
            (ListpackEntry::Text(_), _) => None,
        }
    }

    fn skip(&self, at: usize, count: usize) -> Option<usize> {
        (0..count).try_fold(at, |at, _| self.block.get(at).map(|(_, next)| next))
    }

    /// Where the number of fields of the first entry is.
    fn fields_at(&self) -> usize {
        self.skip(Listpack::START, 3).expect("a block is whole")
    }

    /// The number of fields of the first entry, and where the entries begin.
    fn master(&self) -> (usize, usize) {
        self.get_master().expect("a block is whole")
    }

    fn get_master(&self) -> Option<(usize, usize)> {
        let at = self.skip(Listpack::START, 2)?;
        let (count, at) = self.get_int(at)?;
        let count = usize::try_from(count).ok()?;
        let (end, at) = self.get_int(self.skip(at, count)?)?;
        (end == 0).then_some((count, at))
    }

    /// Whether an entry with this content has the fields of the first one.
    fn has_fields(&self, content: &[&[u8]]) -> bool {
        let (count, _) = self.master();
        let mut at = self.fields_at();
        content.len() == 2 * count
            && content.iter().step_by(2).all(|field| {
                let (own, next) = self.get(at);
                at = next;
                own.is(field)
            })
    }

    /// The entry at a place, and where the next one is.
    fn entry(&self, flags_at: usize, fields: usize) -> Option<(Stored, usize)> {
        let (flags, at) = self.get_int(flags_at)?;
        let (ms, at) = self.get_int(at)?;
        let (seq, at) = self.get_int(at)?;
        let (count, content_at, width) = if flags & SAME_FIELDS == 0 {
            let (count, at) = self.get_int(at)?;
            (usize::try_from(count).ok()?, at, 2)
        } else {
            (fields, at, 1)
        };
        let end = self.skip(content_at, count.checked_mul(width)?)?;
        let (_, next) = self.get_int(end)?;
        let id = StreamId {
            ms: self.id.ms.wrapping_add(ms as u64),
            seq: self.id.seq.wrapping_add(seq as u64),
        };
        let stored = Stored {
            id,
            deleted: flags & DELETED != 0,
            count,
            flags_at,
            flags,
            content_at,
        };
        Some((stored, next))
    }

    /// Whether the block can be read to its end, and its counters are right.
    fn is_whole(&self) -> bool {
        let counted = self.count_entries();
        counted.is_some_and(|(live, deleted)| live + deleted > 0) && self.get_counters() == counted
    }

    /// The numbers of live and deleted entries, if all can be read and their ids ascend.
    fn count_entries(&self) -> Option<(i64, i64)> {
        let (fields, mut at) = self.get_master()?;
        let (mut live, mut deleted, mut last) = (0, 0, None);
        while self.block.get(at).is_some() {
            let (entry, next) = self.entry(at, fields)?;
            if last >= Some(entry.id) {
                return None;
            }
            last = Some(entry.id);
            *(if entry.deleted {
                &mut deleted
            } else {
                &mut live
            }) += 1;
            at = next;
        }
        Some((live, deleted))
    }
}
