//! How far a consumer group is behind: counters that stay right as long as nothing in between is deleted.

use super::Stream;
use super::group::Group;
use super::id::StreamId;

impl Stream {
    /// How many entries the group has not read, where that is known.
    pub fn lag(&self, group: &Group) -> Option<i64> {
        let first = self.first_id();
        if self.len == 0 || self.entries_added == 0 {
            return Some(0);
        }
        if group.last_id < first && self.max_deleted_id < first {
            return Some(self.len as i64);
        }
        let read = match group.entries_read {
            Some(read) if !self.has_gap_after(group.last_id) => Some(read),
            _ => self.count_up_to(group.last_id),
        };
        read.map(|read| self.entries_added.wrapping_sub(read) as i64)
    }

    /// How many entries a group has read once it has read that of `id`, where that is known; `position` is the id
    /// that it has read so far, and how many entries that were.
    pub fn entries_read_at(&self, position: (StreamId, Option<u64>), id: StreamId) -> Option<u64> {
        match position {
            (last, Some(read)) if last >= self.first_id() && !self.has_gap_after(last) => {
                Some(read + 1)
            }
            _ => self.count_up_to(id),
        }
    }

    /// Whether an entry from `id` on may have been deleted.
    fn has_gap_after(&self, id: StreamId) -> bool {
        self.len > 0
            && self.max_deleted_id != StreamId::MIN
            && self.first_id() <= self.max_deleted_id
            && id <= self.max_deleted_id
    }

    /// How many entries there ever were up to `id`, where that is known.
    pub(in crate::value) fn count_up_to(&self, id: StreamId) -> Option<u64> {
        if self.entries_added == 0 {
            return Some(0);
        }
        if self.len == 0 && id <= self.last_id {
            return Some(self.entries_added);
        }
        if id != StreamId::MIN && id < self.max_deleted_id {
            return None;
        }
        if id >= self.last_id {
            return (id == self.last_id).then_some(self.entries_added);
        }
        let first = self.first_id();
        if self.max_deleted_id != StreamId::MIN && self.max_deleted_id >= first || id > first {
            return None;
        }
        let gone = self.entries_added.wrapping_sub(self.len as u64);
        Some(gone + u64::from(id == first))
    }
}
