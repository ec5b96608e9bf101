//! [`Stream`]: entries in the order of their ids, and groups of consumers that read them.
//!
//! This file: entries on their way in, and found by id. The others: ids, the nodes that hold entries, entries on
//! their way out, groups, and how far these are behind. All of it is copy-on-write, and knows no clock.

mod group;
mod id;
mod lag;
mod node;
mod trim;

pub use group::Consumer;
pub use group::Group;
pub use group::Pending;
pub use id::StreamId;
pub use node::NodeLimits;
pub use trim::Bound;
pub use trim::References;
pub use trim::Removal;
pub use trim::Trim;

pub(super) use node::Node;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use self::node::Stored;
use super::Sequence;
use crate::bytes::Bytes;

/// A Redis stream.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    /// None is empty, and their ids ascend.
    nodes: Sequence<Vec<Node>>,
    /// The number of entries that are not deleted.
    len: usize,
    /// The greatest id that was ever given.
    last_id: StreamId,
    /// The greatest id that was ever deleted, but for entries that were trimmed.
    max_deleted_id: StreamId,
    /// How many entries were ever added.
    entries_added: u64,
    groups: BTreeMap<Bytes, Arc<Group>>,
}

/// An entry of a stream.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Its id.
    pub id: StreamId,
    node: &'a Node,
    stored: Stored,
}

impl<'a> Entry<'a> {
    /// Its fields and values in turn.
    pub fn content(&self) -> impl Iterator<Item = Bytes> + use<'a> {
        self.node.content(self.stored)
    }
}

impl Stream {
    /// An empty stream.
    pub fn new() -> Stream {
        Stream::default()
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The greatest id that was ever given.
    pub fn last_id(&self) -> StreamId {
        self.last_id
    }

    /// The id of the first entry, 0-0 where there is none.
    pub fn first_id(&self) -> StreamId {
        self.iter().next().map_or(StreamId::MIN, |entry| entry.id)
    }

    /// The greatest id that was ever deleted, but for entries that were trimmed.
    pub fn max_deleted_id(&self) -> StreamId {
        self.max_deleted_id
    }

    /// How many entries were ever added.
    pub fn entries_added(&self) -> u64 {
        self.entries_added
    }

    /// Sets what XSETID sets: the greatest id, how many entries were ever added, the greatest id that was deleted.
    pub fn set_history(&mut self, last_id: StreamId, entries_added: u64, max_deleted_id: StreamId) {
        self.last_id = last_id;
        self.entries_added = entries_added;
        self.max_deleted_id = max_deleted_id;
    }

    /// Adds an entry; `content` is its fields and values in turn.
    ///
    /// # Panics
    ///
    /// When `id` is not greater than all that were given before.
    pub fn append(&mut self, id: StreamId, content: &[&[u8]], limits: NodeLimits) {
        assert!(id > self.last_id, "{id} after {}", self.last_id);
        let bytes = content.iter().map(|text| text.len()).sum();
        let last = self.nodes.len().checked_sub(1);
        let open = last.filter(|&at| {
            !self
                .nodes
                .get(at)
                .is_some_and(|node| node.is_full(bytes, limits))
        });
        let at = open.unwrap_or_else(|| self.open_node(id, content));
        self.nodes.update(at, |node| node.push(id, content));
        self.len += 1;
        self.last_id = id;
        self.entries_added += 1;
    }

    /// Adds a node, which is to get an entry; its place.
    fn open_node(&mut self, id: StreamId, content: &[&[u8]]) -> usize {
        let at = self.nodes.len();
        if let Some(last) = at.checked_sub(1) {
            self.nodes.update(last, Node::close);
        }
        self.nodes.push_back(Node::new(id, content));
        at
    }

    /// The entry of an id.
    pub fn get(&self, id: StreamId) -> Option<Entry<'_>> {
        self.range(id..=id).next()
    }

    /// All entries in order.
    pub fn iter(&self) -> impl Iterator<Item = Entry<'_>> {
        self.range(StreamId::MIN..=StreamId::MAX)
    }

    /// The entries of a range of ids in order.
    pub fn range(&self, ids: RangeInclusive<StreamId>) -> impl Iterator<Item = Entry<'_>> {
        let nodes = self.nodes.range(self.places(&ids));
        nodes
            .flat_map(live)
            .skip_while({
                let start = *ids.start();
                move |entry| entry.id < start
            })
            .take_while(move |entry| entry.id <= *ids.end())
    }

    /// The entries in nodes that `other` does not have at the same place, counted from one of both ends, in order: all that
    /// differ, and some neighbours.
    pub fn unshared<'a>(&'a self, other: &'a Stream) -> impl Iterator<Item = Entry<'a>> {
        let (front, back) = self.nodes.shared(&other.nodes);
        let nodes = self.nodes.range(front..self.nodes.len() - back);
        let theirs = other.nodes.range(front..other.nodes.len() - back);
        let same =
            std::iter::zip(nodes.clone(), theirs).take_while(|(ours, theirs)| ours == theirs);
        let same = same.count();
        nodes.skip(same).flat_map(live)
    }

    /// The entries of a range of ids, the last one first.
    pub fn range_rev(&self, ids: RangeInclusive<StreamId>) -> impl Iterator<Item = Entry<'_>> {
        let nodes = self.nodes.range(self.places(&ids)).rev();
        // A node is read from its beginning, whatever is wanted of it.
        let entries = nodes.flat_map(|node| live(node).collect::<Vec<_>>().into_iter().rev());
        entries.filter(move |entry| ids.contains(&entry.id))
    }

    /// The places of the nodes in which a range of ids is.
    fn places(&self, ids: &RangeInclusive<StreamId>) -> std::ops::Range<usize> {
        let start = self.nodes.partition_point(|node| node.id() <= *ids.start());
        let end = self.nodes.partition_point(|node| node.id() <= *ids.end());
        let start = start.saturating_sub(1);
        start..end.max(start)
    }

    /// The place of the node with the entry of an id, and the entry.
    fn find(&self, id: StreamId) -> Option<(usize, Stored)> {
        let at = self.places(&(id..=id)).start;
        let mut entries = self.nodes.get(at)?.entries();
        let entry = entries.find(|entry| entry.id == id && !entry.deleted)?;
        Some((at, entry))
    }

    /// The ids by which the nodes that hold the entries are found, in order.
    pub fn node_ids(&self) -> impl ExactSizeIterator<Item = StreamId> {
        self.nodes.iter().map(Node::id)
    }

    /// The consumer groups in the order of their names.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = (&Bytes, &Group)> {
        self.groups.iter().map(|(name, group)| (name, &**group))
    }

    /// The consumer group of a name.
    pub fn group(&self, name: &[u8]) -> Option<&Group> {
        self.groups.get(name).map(|group| &**group)
    }

    /// The consumer group of a name, to change.
    pub fn group_mut(&mut self, name: &[u8]) -> Option<&mut Group> {
        self.groups.get_mut(name).map(Arc::make_mut)
    }

    /// Adds a consumer group; whether there was none of that name.
    pub fn add_group(&mut self, name: &[u8], group: Group) -> bool {
        let is_new = !self.groups.contains_key(name);
        if is_new {
            self.groups.insert(Bytes::from(name), Arc::new(group));
        }
        is_new
    }

    /// Removes a consumer group; whether there was one.
    pub fn remove_group(&mut self, name: &[u8]) -> bool {
        self.groups.remove(name).is_some()
    }

    /// The greatest id of an entry, be it deleted; 0-0 where there is no node.
    pub(super) fn greatest_id(&self) -> StreamId {
        let last = self
            .nodes
            .len()
            .checked_sub(1)
            .and_then(|last| self.nodes.get(last));
        last.map_or(StreamId::MIN, Node::last_id)
    }

    /// The nodes that hold the entries.
    pub(super) fn nodes(&self) -> &Sequence<Vec<Node>> {
        &self.nodes
    }

    /// A stream of nodes, without groups and with no history but theirs; `None` when their ids don't ascend.
    pub(super) fn from_nodes(nodes: Vec<Node>) -> Option<Stream> {
        let ascend = nodes
            .windows(2)
            .all(|pair| pair[0].last_id() < pair[1].id());
        ascend.then(|| Stream {
            len: nodes.iter().map(Node::live).sum(),
            nodes: nodes.into_iter().collect(),
            ..Stream::default()
        })
    }
}

fn live(node: &Node) -> impl Iterator<Item = Entry<'_>> {
    let entries = node.entries().filter(|entry| !entry.deleted);
    entries.map(move |stored| Entry {
        id: stored.id,
        node,
        stored,
    })
}

impl PartialEq for Stream {
    /// Equal entries, history and groups, however the entries are packed.
    fn eq(&self, other: &Stream) -> bool {
        let history = |stream: &Stream| {
            (
                stream.len,
                stream.last_id,
                stream.max_deleted_id,
                stream.entries_added,
            )
        };
        history(self) == history(other)
            && self.groups == other.groups
            && self
                .iter()
                .zip(other.iter())
                .all(|(own, other)| own.id == other.id && own.content().eq(other.content()))
    }
}

#[cfg(test)]
mod tests;
