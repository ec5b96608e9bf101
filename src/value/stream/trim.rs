//! Entries on their way out of a stream: one by one, or the oldest.

use std::sync::Arc;

use super::Stream;
use super::id::StreamId;
use super::node::Node;
use super::node::Stored;

/// What a removal means for consumer groups that have an entry pending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum References {
    /// It stays pending.
    #[default]
    Keep,
    /// It is pending no more.
    Delete,
    /// The entry is only removed when every group has delivered it and had it acknowledged.
    Acked,
}

/// What became of an entry that was to be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// There was none.
    Missing,
    /// There was none, but it was pending for some group, and is no more.
    Forgotten,
    /// It is gone.
    Removed,
    /// It stays, because not all groups are done with it.
    Referenced,
}

/// What is to be left of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// The last so many entries.
    MaxLen(usize),
    /// The entries from this id on.
    MinId(StreamId),
}

/// How to shorten a stream from its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trim {
    /// What is to be left.
    pub bound: Bound,
    /// Whether only whole nodes go, so that more may be left.
    pub approximate: bool,
    /// The most entries that go.
    pub limit: Option<usize>,
    /// What it means for consumer groups.
    pub references: References,
}

impl Trim {
    /// Whether nothing of a node is to be left, in a stream of `len` entries.
    fn covers(&self, node: &Node, len: usize) -> bool {
        match self.bound {
            Bound::MaxLen(max) => len > max && len - node.live() >= max,
            Bound::MinId(id) => node.last_id() < id,
        }
    }

    /// The entries of a node that are to go, in a stream of `len` entries.
    fn doomed(&self, node: &Node, len: usize, may_go: impl Fn(StreamId) -> bool) -> Vec<Stored> {
        let (most, before) = match self.bound {
            Bound::MaxLen(max) => (len.saturating_sub(max), None),
            Bound::MinId(id) => (usize::MAX, Some(id)),
        };
        let entries = node.entries().filter(|entry| !entry.deleted);
        entries
            .take_while(|entry| before.is_none_or(|id| entry.id < id))
            .filter(|entry| may_go(entry.id))
            .take(most)
            .collect()
    }
}

impl Stream {
    /// Removes the oldest entries; how many.
    pub fn trim(&mut self, trim: &Trim) -> usize {
        let before = self.len;
        if trim.references == References::Keep {
            self.trim_nodes(trim);
        }
        if !trim.approximate {
            self.trim_entries(trim);
        }
        before - self.len
    }

    /// Removes whole nodes.
    fn trim_nodes(&mut self, trim: &Trim) {
        let mut left = trim.limit.unwrap_or(usize::MAX);
        while let Some(node) = self.nodes.get(0) {
            let live = node.live();
            if live > left || !trim.covers(node, self.len) {
                return;
            }
            left -= live;
            self.len -= live;
            self.nodes.remove(0);
        }
    }

    /// Removes single entries.
    fn trim_entries(&mut self, trim: &Trim) {
        let mut at = 0;
        while let Some(node) = self.nodes.get(at) {
            let doomed = trim.doomed(node, self.len, |id| self.may_go(id, trim.references));
            let is_last = trim.references == References::Keep;
            for entry in &doomed {
                self.drop_references(entry.id, trim.references);
            }
            at += usize::from(!self.delete(at, &doomed, !is_last));
            if is_last {
                return;
            }
        }
    }

    /// Removes the entry of an id.
    pub fn remove(&mut self, id: StreamId, references: References) -> Removal {
        if !self.may_go(id, references) {
            return Removal::Referenced;
        }
        let was_pending = self.drop_references(id, references);
        let Some((at, entry)) = self.find(id) else {
            return if was_pending {
                Removal::Forgotten
            } else {
                Removal::Missing
            };
        };
        self.delete(at, &[entry], true);
        self.max_deleted_id = self.max_deleted_id.max(id);
        Removal::Removed
    }

    /// Deletes entries of the node at `at`, and the node if that is left empty and `tidy`; whether the node went.
    fn delete(&mut self, at: usize, entries: &[Stored], tidy: bool) -> bool {
        if entries.is_empty() {
            return false;
        }
        self.len -= entries.len();
        let live = self.nodes.update(at, |node| {
            node.delete(entries);
            node.live()
        });
        let goes = tidy && live == 0;
        if goes {
            self.nodes.remove(at);
        }
        goes
    }

    /// Whether consumer groups let an entry go.
    fn may_go(&self, id: StreamId, references: References) -> bool {
        references != References::Acked || self.groups.values().all(|group| group.is_done_with(id))
    }

    /// Makes an entry that goes pending no more, if that is asked for; whether it was pending.
    fn drop_references(&mut self, id: StreamId, references: References) -> bool {
        if references != References::Delete {
            return false;
        }
        let groups = self.groups.values_mut();
        let pending = groups.filter(|group| group.get(id).is_some());
        pending
            .map(|group| Arc::make_mut(group).acknowledge(id))
            .count()
            > 0
    }
}
