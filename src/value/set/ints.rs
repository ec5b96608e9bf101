//! [`Ints`]: distinct integers in ascending order, in no more bytes than the widest of them needs.

use super::IntWidth;

/// What Redis calls an intset.
#[derive(Clone, Debug)]
pub(super) struct Ints {
    /// That of the widest integer that there ever was.
    width: IntWidth,
    /// The integers, little-endian.
    bytes: Box<[u8]>,
}

impl Ints {
    pub(super) fn new() -> Ints {
        Ints {
            width: IntWidth::Two,
            bytes: Box::default(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len() / self.width as usize
    }

    /// The integer at `index`.
    pub(super) fn get(&self, index: usize) -> Option<i64> {
        let start = index * self.width as usize;
        let bytes = self.bytes.get(start..start + self.width as usize)?;
        // The sign is in the last byte.
        let fill = if bytes[bytes.len() - 1] < 0x80 {
            0
        } else {
            0xFF
        };
        let mut wide = [fill; 8];
        wide[..bytes.len()].copy_from_slice(bytes);
        Some(i64::from_le_bytes(wide))
    }

    /// All integers in order, from both ends.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = i64> + ExactSizeIterator + Clone {
        (0..self.len()).map(|index| self.get(index).expect("an index below the length"))
    }

    /// Where `int` is, or else would be.
    pub(super) fn find(&self, int: i64) -> Result<usize, usize> {
        let (mut start, mut end) = (0, self.len());
        while start < end {
            let middle = (start + end) / 2;
            match self.get(middle) {
                Some(other) if other < int => start = middle + 1,
                Some(other) if other == int => return Ok(middle),
                _ => end = middle,
            }
        }
        Err(start)
    }

    /// Adds `int`, unless it is there.
    pub(super) fn insert(&mut self, int: i64) {
        let Err(index) = self.find(int) else {
            return;
        };
        self.widen(IntWidth::of(int));
        let width = self.width as usize;
        let start = index * width;
        self.change(|bytes| {
            bytes.reserve_exact(width);
            bytes.extend(&int.to_le_bytes()[..width]);
            bytes[start..].rotate_right(width);
        });
    }

    /// Takes the integer at `index` out.
    pub(super) fn remove(&mut self, index: usize) -> Option<i64> {
        let int = self.get(index)?;
        let start = index * self.width as usize;
        let end = start + self.width as usize;
        self.change(|bytes| drop(bytes.drain(start..end)));
        Some(int)
    }

    /// Changes the bytes; there is never room for more.
    fn change(&mut self, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = std::mem::take(&mut self.bytes).into_vec();
        change(&mut bytes);
        self.bytes = bytes.into();
    }

    /// Makes all integers at least this wide.
    pub(super) fn widen(&mut self, width: IntWidth) {
        if width > self.width {
            let wider = |int: i64| int.to_le_bytes().into_iter().take(width as usize);
            self.bytes = self.iter().flat_map(wider).collect();
            self.width = width;
        }
    }
}
