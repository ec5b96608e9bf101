//! [`Group`]: consumers that share the reading of a stream, and what each still has to acknowledge.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::id::StreamId;
use crate::bytes::Bytes;
use crate::value::Sequence;

/// A consumer group.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// The id of the last entry that was delivered.
    pub last_id: StreamId,
    /// How many entries there had been up to that one, where that is known.
    pub entries_read: Option<u64>,
    /// What was delivered and not acknowledged, by id.
    pending: Sequence<Vec<Pending>>,
    consumers: BTreeMap<Bytes, Arc<Consumer>>,
}

/// An entry that was delivered and not acknowledged. The stream need not have it any more.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// The entry's id.
    pub id: StreamId,
    /// Who has it.
    pub consumer: Bytes,
    /// When it was delivered last, in milliseconds since the epoch.
    pub delivered_ms: i64,
    /// How often it was delivered.
    pub deliveries: u64,
}

/// A member of a group.
#[derive(Clone, Debug, Default)]
pub struct Consumer {
    /// When it last tried to read or claim, in milliseconds since the epoch.
    pub seen_ms: i64,
    /// When it last got something.
    pub active_ms: Option<i64>,
    /// The ids of what it has to acknowledge.
    pending: Sequence<Vec<StreamId>>,
}

impl PartialEq for Consumer {
    /// Equal duties; when a consumer was seen is no part of the data.
    fn eq(&self, other: &Consumer) -> bool {
        self.pending == other.pending
    }
}

impl Consumer {
    /// A consumer that was seen at a time.
    pub fn new(seen_ms: i64) -> Consumer {
        Consumer {
            seen_ms,
            ..Consumer::default()
        }
    }

    /// The ids of what it has to acknowledge.
    pub fn pending(&self) -> &Sequence<Vec<StreamId>> {
        &self.pending
    }
}

impl Group {
    /// A group without consumers.
    pub fn new(last_id: StreamId, entries_read: Option<u64>) -> Group {
        Group {
            last_id,
            entries_read,
            ..Group::default()
        }
    }

    /// What was delivered and not acknowledged.
    pub fn pending(&self) -> &Sequence<Vec<Pending>> {
        &self.pending
    }

    /// What was delivered and not acknowledged, of a range of ids.
    pub fn pending_range(
        &self,
        ids: RangeInclusive<StreamId>,
    ) -> impl DoubleEndedIterator<Item = &Pending> + ExactSizeIterator + Clone {
        let start = self
            .pending
            .partition_point(|entry| entry.id < *ids.start());
        let end = self.pending.partition_point(|entry| entry.id <= *ids.end());
        self.pending.range(start..end.max(start))
    }

    /// What is pending with this id.
    pub fn get(&self, id: StreamId) -> Option<&Pending> {
        self.pending_range(id..=id).next()
    }

    /// The consumers in the order of their names.
    pub fn consumers(&self) -> impl ExactSizeIterator<Item = (&Bytes, &Consumer)> {
        self.consumers
            .iter()
            .map(|(name, consumer)| (name, &**consumer))
    }

    /// The consumer of a name.
    pub fn consumer(&self, name: &[u8]) -> Option<&Consumer> {
        self.consumers.get(name).map(|consumer| &**consumer)
    }

    /// The consumer of a name, to change.
    pub fn consumer_mut(&mut self, name: &[u8]) -> Option<&mut Consumer> {
        self.consumers.get_mut(name).map(Arc::make_mut)
    }

    /// The ids that the consumer of a name has to acknowledge, from one id on.
    pub fn duties(&self, name: &[u8], from: StreamId) -> impl Iterator<Item = StreamId> + use<'_> {
        let ids = self.consumer(name).map(|consumer| {
            let start = consumer.pending.partition_point(|id| *id < from);
            consumer.pending.range(start..consumer.pending.len())
        });
        ids.into_iter().flatten().copied()
    }

    /// Adds a consumer; whether there was none of that name.
    pub fn add_consumer(&mut self, name: &[u8], seen_ms: i64) -> bool {
        let is_new = !self.consumers.contains_key(name);
        if is_new {
            let consumer = Arc::new(Consumer::new(seen_ms));
            self.consumers.insert(Bytes::from(name), consumer);
        }
        is_new
    }

    /// Removes a consumer and what it has to acknowledge; how much that was.
    pub fn remove_consumer(&mut self, name: &[u8]) -> Option<usize> {
        let consumer = self.consumers.remove(name)?;
        for id in consumer.pending.iter() {
            if let Some(at) = self.position(*id) {
                self.pending.remove(at);
            }
        }
        Some(consumer.pending.len())
    }

    /// Makes `entry` pending, for its consumer alone, who must be there.
    ///
    /// # Panics
    ///
    /// When the group has no such consumer.
    pub fn assign(&mut self, entry: Pending) {
        let id = entry.id;
        let at = self.pending.partition_point(|other| other.id < id);
        let before = match self.pending.get(at) {
            Some(other) if other.id == id => Some(self.pending.set(at, entry.clone())),
            _ => {
                self.pending.insert(at, entry.clone());
                None
            }
        };
        match before {
            Some(before) if before.consumer == entry.consumer => return,
            Some(before) => self.forget(&before),
            None => {}
        }
        let consumer = self
            .consumer_mut(&entry.consumer)
            .expect("a consumer of the group");
        let at = consumer.pending.partition_point(|other| *other < id);
        consumer.pending.insert(at, id);
    }

    /// Ends that `id` is pending; whether it was.
    pub fn acknowledge(&mut self, id: StreamId) -> bool {
        let Some(at) = self.position(id) else {
            return false;
        };
        let entry = self.pending.remove(at);
        self.forget(&entry);
        true
    }

    /// Whether an entry was delivered, and acknowledged by whoever got it.
    pub(super) fn is_done_with(&self, id: StreamId) -> bool {
        id <= self.last_id && self.get(id).is_none()
    }

    /// Takes an entry from the duties of its consumer.
    fn forget(&mut self, entry: &Pending) {
        if let Some(consumer) = self.consumer_mut(&entry.consumer) {
            let at = consumer.pending.partition_point(|other| *other < entry.id);
            consumer.pending.remove(at);
        }
    }

    fn position(&self, id: StreamId) -> Option<usize> {
        let at = self.pending.partition_point(|entry| entry.id < id);
        self.pending
            .get(at)
            .is_some_and(|entry| entry.id == id)
            .then_some(at)
    }
}
