//! [`Table`]: where the entries of a map are, found by the hashes of their keys. It keeps positions and knows
//! neither keys nor values: whoever asks compares the keys, and tells hashes again where a part is made anew.

use std::iter::repeat_n;

use triomphe::Arc;

/// Positions in one bucket.
const SLOTS: usize = 12;
/// Positions to a bucket of a full shard, on the average: then few have more than there is room for.
const FILL: usize = 10;
/// Positions to a shard, on the average: what a change after a clone copies.
const SHARD: usize = 512;
/// The tag of no hash.
const FREE: u8 = 0;

/// Positions of entries by the hashes of their keys. A clone counts one reference.
///
/// A look-up reads one cache line of it, seldom two. It grows by linear hashing: where there are too many positions
/// for the shards, one shard becomes two. So no change takes long.
#[derive(Clone, Debug)]
pub(super) struct Table {
    shards: Option<Arc<Vec<Shard>>>,
}

/// Buckets, and how many positions are in them.
#[derive(Clone, Debug)]
struct Shard {
    buckets: Arc<[Bucket]>,
    len: usize,
}

/// A cache line: positions, and a byte of the hash of each.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
struct Bucket {
    /// [`FREE`] where there is no position.
    tags: [u8; SLOTS],
    /// How many positions came by when this bucket was full, and stand in a later one.
    passed: u32,
    positions: [u32; SLOTS],
}

impl Table {
    pub(super) const fn new() -> Table {
        Table { shards: None }
    }

    /// Whether there never was a position.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.shards.is_none()
    }

    /// The position of this hash that `is_it`.
    #[inline]
    pub(super) fn find(&self, hash: u64, is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let shard = self.shard(hash)?;
        let (bucket, slot) = shard.find(hash, is_it)?;
        Some(shard.buckets[bucket].positions[slot])
    }

    /// A byte of the bucket in which [`find`](Table::find) looks first.
    #[inline]
    pub(super) fn touch(&self, hash: u64) -> u8 {
        let buckets = self.shard(hash).map(|shard| &*shard.buckets);
        let first = buckets.and_then(|buckets| buckets.get(way(hash, buckets.len()).next()?));
        first.map_or(FREE, |bucket| bucket.tags[0])
    }

    /// Adds `position`, which is how many others there are. Where a shard is made anew, `hash_of` tells the hash of
    /// the key at a position.
    pub(super) fn insert(&mut self, hash: u64, position: u32, hash_of: impl Fn(u32) -> u64) {
        let one = || Arc::new(vec![Shard::with_room(1)]);
        let shards = Arc::make_mut(self.shards.get_or_insert_with(one));
        if position as usize >= shards.len() * SHARD {
            split(shards, &hash_of);
        }
        let at = shard_of(hash, shards.len());
        shards[at].insert(hash, position, hash_of);
    }

    /// Removes a position that is there.
    pub(super) fn remove(&mut self, hash: u64, position: u32) {
        self.shard_mut(hash).remove(hash, position);
    }

    /// Writes another position in place of one that is there.
    pub(super) fn replace(&mut self, hash: u64, position: u32, by: u32) {
        let shard = self.shard_mut(hash);
        let (bucket, slot) = shard.place_of(hash, position);
        shard.buckets_mut()[bucket].positions[slot] = by;
    }

    /// Changes every position.
    pub(super) fn each_mut(&mut self, mut change: impl FnMut(&mut u32)) {
        let shards = self.shards.iter_mut().flat_map(Arc::make_mut);
        for bucket in shards.flat_map(Shard::buckets_mut) {
            let taken = std::iter::zip(bucket.tags, &mut bucket.positions);
            taken
                .filter(|(tag, _)| *tag != FREE)
                .for_each(|(_, position)| change(position));
        }
    }

    /// The bytes that it takes.
    pub(super) fn heap_size(&self) -> usize {
        let shards = self.shards.iter().flat_map(|shards| shards.iter());
        shards
            .map(|shard| size_of::<Shard>() + size_of_val(&*shard.buckets))
            .sum()
    }

    #[inline]
    fn shard(&self, hash: u64) -> Option<&Shard> {
        let shards = self.shards.as_ref()?;
        shards.get(shard_of(hash, shards.len()))
    }

    fn shard_mut(&mut self, hash: u64) -> &mut Shard {
        let shards = Arc::make_mut(self.shards.as_mut().expect("a position is there"));
        let at = shard_of(hash, shards.len());
        &mut shards[at]
    }
}

/// Which of so many shards has the positions of this hash: by the lowest bits of its upper half, as many as tell that
/// many shards apart; by one bit less if that shard is still to come.
#[inline]
fn shard_of(hash: u64, shards: usize) -> usize {
    let mask = shards.next_power_of_two() - 1;
    let at = (hash >> 32) as usize & mask;
    if at < shards { at } else { at & (mask >> 1) }
}

/// Makes two shards of the one whose turn it is.
fn split(shards: &mut Vec<Shard>, hash_of: impl Fn(u32) -> u64) {
    let new = shards.len();
    let old = new - (1 << new.ilog2());
    let all = shards[old].hashed(hash_of).into_iter();
    let (stay, go): (Vec<_>, Vec<_>) = all.partition(|(hash, _)| shard_of(*hash, new + 1) == old);
    shards[old] = Shard::of(&stay);
    shards.push(Shard::of(&go));
}

impl Shard {
    fn with_room(count: usize) -> Shard {
        let buckets = repeat_n(Bucket::default(), count.div_ceil(FILL));
        Shard {
            buckets: buckets.collect(),
            len: 0,
        }
    }

    /// A shard of these positions with their hashes, with room for half as many again.
    fn of(hashed: &[(u64, u32)]) -> Shard {
        let mut shard = Shard::with_room((hashed.len() * 3 / 2).max(1));
        for (hash, position) in hashed {
            shard.place(*hash, *position);
        }
        shard
    }

    /// The positions with their hashes.
    fn hashed(&self, hash_of: impl Fn(u32) -> u64) -> Vec<(u64, u32)> {
        let buckets = self.buckets.iter();
        let slots = buckets.flat_map(|bucket| std::iter::zip(bucket.tags, bucket.positions));
        let taken = slots.filter(|(tag, _)| *tag != FREE);
        taken
            .map(|(_, position)| (hash_of(position), position))
            .collect()
    }

    /// The bucket and the slot of the position of this hash that `is_it`.
    #[inline]
    fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<(usize, usize)> {
        for at in way(hash, self.buckets.len()) {
            let bucket = &self.buckets[at];
            let mut slots = bucket.slots_of(tag_of(hash));
            if let Some(slot) = slots.find(|&slot| is_it(bucket.positions[slot])) {
                return Some((at, slot));
            }
            if bucket.passed == 0 {
                return None;
            }
        }
        None
    }

    fn place_of(&self, hash: u64, position: u32) -> (usize, usize) {
        let place = self.find(hash, |other| other == position);
        place.expect("a position that is there")
    }

    fn insert(&mut self, hash: u64, position: u32, hash_of: impl Fn(u32) -> u64) {
        if self.len == self.buckets.len() * FILL {
            *self = Shard::of(&self.hashed(hash_of));
        }
        self.place(hash, position);
    }

    /// Adds a position; there is room for it.
    fn place(&mut self, hash: u64, position: u32) {
        self.len += 1;
        let buckets = self.buckets_mut();
        for at in way(hash, buckets.len()) {
            let bucket = &mut buckets[at];
            let free = bucket.slots_of(FREE).next();
            if let Some(slot) = free {
                bucket.tags[slot] = tag_of(hash);
                bucket.positions[slot] = position;
                return;
            }
            bucket.passed += 1;
        }
    }

    fn remove(&mut self, hash: u64, position: u32) {
        self.len -= 1;
        let (place, slot) = self.place_of(hash, position);
        let buckets = self.buckets_mut();
        buckets[place].tags[slot] = FREE;
        for at in way(hash, buckets.len()).take_while(|&at| at != place) {
            buckets[at].passed -= 1;
        }
    }

    fn buckets_mut(&mut self) -> &mut [Bucket] {
        if !self.buckets.is_unique() {
            self.buckets = self.buckets.iter().copied().collect();
        }
        Arc::get_mut(&mut self.buckets).expect("nobody else has these")
    }
}

/// The buckets, of so many, in which a position of this hash may be, the likeliest first: chosen by its lower half.
#[inline]
fn way(hash: u64, buckets: usize) -> impl Iterator<Item = usize> {
    let home = (((hash & u64::from(u32::MAX)) * buckets as u64) >> 32) as usize;
    (home..buckets).chain(0..home)
}

/// The byte of a hash that stands beside its position.
#[inline]
fn tag_of(hash: u64) -> u8 {
    ((hash >> 56) as u8).max(FREE + 1)
}

impl Bucket {
    /// The slots that have this tag.
    #[inline]
    fn slots_of(&self, tag: u8) -> impl Iterator<Item = usize> {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = self.tags;
        let first = equal_bytes(u64::from_le_bytes([a, b, c, d, e, f, g, h]), tag);
        let rest = u32::from_le_bytes([i, j, k, l]);
        let rest = equal_bytes(u64::from(rest), tag) & u64::from(u32::MAX);
        // The bits of byte n are those of slots n and 8 + n.
        let mut slots = (first >> 7) | (rest >> 6);
        std::iter::from_fn(move || {
            let bit = slots.trailing_zeros() as usize;
            slots &= slots.wrapping_sub(1);
            (bit < 64).then_some(bit / 8 + bit % 8 * 8)
        })
    }
}

/// The highest bit of each byte of the word that equals `byte`.
#[inline]
fn equal_bytes(word: u64, byte: u8) -> u64 {
    const LOW: u64 = u64::from_le_bytes([0x7f; 8]);
    let differing = word ^ u64::from_le_bytes([byte; 8]);
    !(((differing & LOW) + LOW) | differing | LOW)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_bucket_is_a_cache_line_and_tells_slots_by_their_tags() {
        assert_eq!((size_of::<Bucket>(), align_of::<Bucket>()), (64, 64));
        let tags = [1, 0, 255, 2, 1, 128, 0, 1, 127, 0, 1, 0];
        let bucket = Bucket {
            tags,
            ..Bucket::default()
        };
        for tag in 0..=255 {
            let mut slots: Vec<_> = bucket.slots_of(tag).collect();
            slots.sort_unstable();
            let expected = (0..SLOTS).filter(|&slot| tags[slot] == tag);
            assert!(slots.into_iter().eq(expected), "{tag}");
        }
    }

    /// Few different hashes, so that buckets overflow.
    fn hash_of(position: u32) -> u64 {
        let mixed = u64::from(position % 700).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^ (mixed >> 29)
    }

    proptest! {
        #[test]
        fn a_position_is_found_until_it_is_removed(len in 1u32..2000, removed in prop::collection::btree_set(0u32..2000, 0..300)) {
            let mut table = Table::new();
            (0..len).for_each(|at| table.insert(hash_of(at), at, hash_of));
            let before = table.clone();
            for at in removed.iter().filter(|at| **at < len) {
                table.remove(hash_of(*at), *at);
            }
            for at in 0..2000 {
                let find = |table: &Table| table.find(hash_of(at), |other| other == at);
                prop_assert_eq!(find(&before), (at < len).then_some(at));
                prop_assert_eq!(find(&table), (at < len && !removed.contains(&at)).then_some(at));
            }
        }
    }

    #[test]
    fn no_position_stays_marked_as_passed() {
        let mut table = Table::new();
        (0..5000).for_each(|at| table.insert(hash_of(at), at, hash_of));
        (0..5000).for_each(|at| table.remove(hash_of(at), at));
        let shards = table.shards.unwrap();
        let mut buckets = shards.iter().flat_map(|shard| shard.buckets.iter());
        assert!(buckets.all(|bucket| bucket.passed == 0 && bucket.tags == [FREE; SLOTS]));
        assert!(shards.iter().all(|shard| shard.len == 0));
        assert_eq!(shards.len(), 5000_usize.div_ceil(SHARD));
    }
}
