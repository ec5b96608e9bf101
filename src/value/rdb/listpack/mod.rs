//! Listpacks: short sequences of strings and integers in one block of bytes.
//!
//! Six bytes of header (the block's size and the number of entries, little-endian), then the entries, then 255.

mod entry;
mod leaf;
mod pairs;

use std::ops::Range;

use super::input::Input;
use super::input::Malformed;
use crate::bytes::Bytes;
pub use entry::Entry;
pub(super) use entry::read_i24;

/// The header of a finished block.
const HEADER: usize = 6;
const END: u8 = 0xFF;
/// The number of entries of a finished block where there are this many or more.
const UNCOUNTED: u16 = u16::MAX;

/// A listpack that can grow: in the place of the header, the number of entries with a mark of its owner's, and where they
/// end; no 255; and room for a few bytes more.
#[derive(Clone, Debug)]
pub(in crate::value) struct Listpack {
    bytes: Box<[u8]>,
}

impl Default for Listpack {
    fn default() -> Listpack {
        Listpack::new()
    }
}

impl PartialEq for Listpack {
    fn eq(&self, other: &Self) -> bool {
        self.entries() == other.entries()
    }
}

impl Listpack {
    /// Where the first entry begins.
    pub(in crate::value) const START: usize = 8;
    /// More entries than there ever are: the number has three bytes.
    const MOST: usize = 1 << 24;

    pub(in crate::value) fn new() -> Listpack {
        Listpack::of(0, &[])
    }

    /// So many entries, of these bytes.
    fn of(len: usize, entries: &[u8]) -> Listpack {
        let mut bytes = vec![0; Listpack::START];
        bytes.extend(entries);
        let mut listpack = Listpack {
            bytes: bytes.into(),
        };
        listpack.set_len(len);
        listpack.set_end(Listpack::START + entries.len());
        listpack
    }

    /// The number of entries.
    pub(in crate::value) fn len(&self) -> usize {
        self.number(0) % Listpack::MOST
    }

    /// What the owner marked it with.
    pub(in crate::value) fn mark(&self) -> u8 {
        self.bytes[3]
    }

    /// Marks it, whatever that means.
    pub(in crate::value) fn set_mark(&mut self, mark: u8) {
        self.bytes[3] = mark;
    }

    /// Where the last entry ends.
    pub(in crate::value) fn end(&self) -> usize {
        self.number(1)
    }

    fn set_len(&mut self, len: usize) {
        assert!(len < Listpack::MOST, "{len} entries in one block");
        self.bytes[..3].copy_from_slice(&(len as u32).to_le_bytes()[..3]);
    }

    fn set_end(&mut self, end: usize) {
        self.bytes[4..Listpack::START].copy_from_slice(&(end as u32).to_le_bytes());
    }

    fn number(&self, index: usize) -> usize {
        let (numbers, _) = self.bytes.as_chunks();
        u32::from_le_bytes(numbers[index]) as usize
    }

    /// The bytes of the entries.
    fn entries(&self) -> &[u8] {
        &self.bytes[Listpack::START..self.end()]
    }

    pub(in crate::value) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes that the finished block would have now.
    pub(in crate::value) fn size(&self) -> usize {
        HEADER + self.entries().len() + 1
    }

    /// Appends a string, as an integer where it is the canonical form of one.
    pub(in crate::value) fn push(&mut self, text: &[u8]) {
        self.push_all(&[text.into()]);
    }

    pub(in crate::value) fn push_int(&mut self, number: i64) {
        self.push_all(&[Entry::Int(number)]);
    }

    /// Appends entries.
    pub(in crate::value) fn push_all(&mut self, entries: &[Entry<'_>]) {
        self.splice(self.end()..self.end(), 0, entries);
    }

    /// Puts entries in the place of the `removed` that stand in a range of bytes.
    pub(in crate::value) fn splice(
        &mut self,
        range: Range<usize>,
        removed: usize,
        entries: &[Entry<'_>],
    ) {
        let (len, mut at) = (self.len(), range.start);
        self.make_gap(range, entries.iter().map(|entry| entry.size()).sum());
        for entry in entries {
            at = entry.put(&mut self.bytes, at);
        }
        self.set_len(len - removed + entries.len());
    }

    /// Makes a range of bytes so long, whatever is in it then.
    fn make_gap(&mut self, range: Range<usize>, size: usize) {
        let end = self.end();
        let new_end = end + size - range.len();
        if new_end > self.bytes.len() {
            self.resize((new_end + new_end / 16).next_multiple_of(8));
        }
        self.bytes.copy_within(range.end..end, range.start + size);
        self.set_end(new_end);
        if self.bytes.len() > 2 * new_end + 64 {
            self.shrink();
        }
    }

    /// Gives back the room that was kept for more.
    pub(in crate::value) fn shrink(&mut self) {
        self.resize(self.end());
    }

    fn resize(&mut self, room: usize) {
        let mut bytes = std::mem::take(&mut self.bytes).into_vec();
        bytes.reserve_exact(room.saturating_sub(bytes.len()));
        bytes.resize(room, 0);
        self.bytes = bytes.into_boxed_slice();
    }

    /// The entry that begins at `at`, and where the next one does; `None` at the end.
    pub(in crate::value) fn get(&self, at: usize) -> Option<(Entry<'_>, usize)> {
        let rest = self.bytes.get(at..self.end())?;
        let entry = entry::read_front(&mut Input::new(rest)).ok()?;
        Some((entry, self.next(at)))
    }

    /// Where the entry behind the one at `at` begins.
    pub(in crate::value) fn next(&self, at: usize) -> usize {
        entry::next(&self.bytes, at)
    }

    /// Where the entry that ends at `end` begins.
    pub(in crate::value) fn before(&self, end: usize) -> usize {
        entry::before(&self.bytes, end)
    }

    /// The first that equals `entry` of the first, second and so on of each `group` entries: which one it is, and
    /// where it begins. All integers must be there as such, as they are where no block was taken as it came.
    pub(in crate::value) fn find(&self, entry: Entry<'_>, group: usize) -> Option<(usize, usize)> {
        let (head, text) = entry.parts();
        let head = head.as_slice();
        let (size, tail) = (head.len() + text.len(), text.last_chunk::<8>());
        let bytes = &self.bytes[..self.end()];
        let (mut at, mut index) = (Listpack::START, 0);
        while at < bytes.len() {
            // Names that stand together often begin alike: their last word tells most of them apart.
            if bytes[at] == head[0]
                && let Some(here) = bytes.get(at..at + size)
                && here[head.len()..].last_chunk() == tail
                && here.starts_with(head)
                && here.ends_with(text)
            {
                return Some((index, at));
            }
            for _ in 0..group {
                at = entry::next(bytes, at);
            }
            index += 1;
        }
        None
    }

    /// Puts an integer in the place of the entry that begins at `at`.
    ///
    /// # Panics
    ///
    /// When no entry begins there.
    pub(in crate::value) fn set_int(&mut self, at: usize, number: i64) {
        self.splice(at..self.next(at), 1, &[Entry::Int(number)]);
    }

    /// Takes a finished block, if it is whole, and not of millions of entries.
    pub(super) fn parse(block: &[u8]) -> Result<Listpack, Malformed> {
        let mut entries = 0;
        walk(block, |_| entries += 1)?;
        if entries >= Listpack::MOST {
            return Err(Malformed);
        }
        Ok(Listpack::of(entries, &block[HEADER..block.len() - 1]))
    }

    /// The finished block.
    pub(super) fn finish(&self) -> Vec<u8> {
        let entries = u16::try_from(self.len()).unwrap_or(UNCOUNTED);
        let mut block = Vec::with_capacity(self.size());
        block.extend((self.size() as u32).to_le_bytes());
        block.extend(entries.to_le_bytes());
        block.extend(self.entries());
        block.push(END);
        block
    }
}

/// The bytes that a string takes as an entry.
pub(in crate::value) fn entry_size(entry: &[u8]) -> usize {
    Entry::from(entry).size()
}

/// The entries of a block.
pub(super) fn read(block: &[u8]) -> Result<Vec<Bytes>, Malformed> {
    let mut entries = Vec::new();
    walk(block, |entry| entries.push(Bytes::from(entry)))?;
    Ok(entries)
}

fn walk(block: &[u8], mut each: impl FnMut(Entry<'_>)) -> Result<(), Malformed> {
    let mut input = Input::new(block);
    let size = u32::from_le_bytes(input.array()?);
    let count = u16::from_le_bytes(input.array()?);
    let mut entries = 0;
    while input.rest().first() != Some(&END) {
        each(entry::read(&mut input)?);
        entries += 1;
    }
    input.byte()?;
    input.expect_end()?;
    let counted = count == UNCOUNTED || usize::from(count) == entries;
    (size as usize == block.len() && counted)
        .then_some(())
        .ok_or(Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::format_i64;
    use proptest::prelude::*;

    #[test]
    fn every_width_comes_back() {
        let borders = [0, 0x7F, 0xFFF, 0x7FFF, 0x7F_FFFF, 0x7FFF_FFFF, i64::MAX];
        let ints = borders.iter().flat_map(|&border| {
            [border, border.wrapping_add(1), -border, -border - 1]
                .map(|number| format_i64(number).to_vec())
        });
        let texts = [0, 1, 0x3F, 0x40, 0xFFF, 0x1000, 0x4000, 0x20_0000].map(|len| vec![b'x'; len]);
        let entries: Vec<_> = ints.chain(texts).collect();
        let mut listpack = Listpack::new();
        for entry in &entries {
            let before = listpack.end();
            listpack.push(entry);
            assert_eq!(listpack.end() - before, entry_size(entry));
        }
        let read = read(&listpack.finish()).unwrap();
        assert!(
            read.iter()
                .map(|entry| &**entry)
                .eq(entries.iter().map(Vec::as_slice))
        );
    }

    #[test]
    fn entries_are_found_and_replaced_in_place() {
        let mut listpack = Listpack::new();
        for entry in ["7", "seven", "8"] {
            listpack.push(entry.as_bytes());
        }
        listpack.set_int(Listpack::START, 70_000);
        let (first, second) = listpack.get(Listpack::START).unwrap();
        let (text, third) = listpack.get(second).unwrap();
        assert_eq!((first, text), (Entry::Int(70_000), Entry::Text(b"seven")));
        assert!(text.is(b"seven") && first.is(b"70000") && !first.is(b"070000"));
        let (_, end) = listpack.get(third).unwrap();
        assert_eq!(listpack.get(end), None);
        let block = listpack.finish();
        assert_eq!(Listpack::parse(&block).unwrap().finish(), block);
    }

    #[test]
    fn the_block_is_that_of_redis() {
        let mut listpack = Listpack::new();
        for entry in ["f", "v", "12", "345"] {
            listpack.push(entry.as_bytes());
        }
        assert_eq!(
            listpack.finish(),
            b"\x12\0\0\0\x04\0\x81f\x02\x81v\x02\x0c\x01\xc1\x59\x02\xff"
        );
    }

    #[test]
    fn what_redis_calls_corrupt_is_refused() {
        for block in [
            "0d0000000300816602817602ff",
            "0d0000000200816603817602ff",
            "0e0000000200816602817602ff",
            "0f00000002008166028176020000ff",
            "070000000000",
            "",
        ] {
            assert_eq!(read(&unhex(block)), Err(Malformed), "{block}");
        }
        assert_eq!(
            read(&unhex("0d000000ffff816602817602ff")).map(|entries| entries.len()),
            Ok(2)
        );
    }

    fn unhex(text: &str) -> Vec<u8> {
        let digits = (0..text.len()).step_by(2).map(|at| &text[at..at + 2]);
        digits
            .map(|pair| u8::from_str_radix(pair, 16).unwrap())
            .collect()
    }

    proptest! {
        #[test]
        fn damage_does_not_panic(entries in prop::collection::vec("-?[0-9]{1,20}|[a-z]{0,80}", 0..9), at: usize, byte: u8) {
            let mut listpack = Listpack::new();
            entries.iter().for_each(|entry| listpack.push(entry.as_bytes()));
            let mut block = listpack.finish();
            let at = at % block.len();
            block[at] = byte;
            let _ = read(&block);
        }
    }
}
