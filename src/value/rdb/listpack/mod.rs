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

const HEADER: usize = 6;
/// Where the number of entries stands while a block is not finished.
const COUNT: Range<usize> = 0..4;
const END: u8 = 0xFF;
/// The number of entries of a finished block where there are this many or more.
const UNCOUNTED: u16 = u16::MAX;

/// A listpack that can grow: the block without its end; of the header, only the number of entries counts.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::value) struct Listpack {
    bytes: Vec<u8>,
}

impl Default for Listpack {
    fn default() -> Listpack {
        Listpack::new()
    }
}

impl Listpack {
    /// Where the first entry begins.
    pub(in crate::value) const START: usize = HEADER;

    pub(in crate::value) fn new() -> Listpack {
        Listpack {
            bytes: vec![0; HEADER],
        }
    }

    /// The number of entries.
    pub(in crate::value) fn len(&self) -> usize {
        let [a, b, c, d, ..] = self.bytes[..] else {
            unreachable!("a block has a header");
        };
        u32::from_le_bytes([a, b, c, d]) as usize
    }

    pub(in crate::value) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn set_len(&mut self, len: usize) {
        self.bytes[COUNT].copy_from_slice(&(len as u32).to_le_bytes());
    }

    /// The bytes that the finished block would have now.
    pub(in crate::value) fn size(&self) -> usize {
        self.bytes.len() + 1
    }

    /// Where the last entry ends.
    pub(in crate::value) fn end(&self) -> usize {
        self.bytes.len()
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
        if size > range.len() {
            let len = end + size - range.len();
            self.reserve(len);
            self.bytes.resize(len, 0);
            self.bytes.copy_within(range.end..end, range.start + size);
        } else if size < range.len() {
            self.bytes.copy_within(range.end..end, range.start + size);
            self.bytes.truncate(end + size - range.len());
            self.give_back();
        }
    }

    /// Makes room for `len` bytes, and for not many more: small blocks are many.
    fn reserve(&mut self, len: usize) {
        if len > self.bytes.capacity() {
            let room = (len + len / 16).next_multiple_of(8);
            self.bytes.reserve_exact(room - self.bytes.len());
        }
    }

    /// Gives back most of the room of a block that was once much larger.
    fn give_back(&mut self) {
        if self.bytes.capacity() > 2 * self.end() + 64 {
            self.shrink();
        }
    }

    /// Gives back the room that was kept for more.
    pub(in crate::value) fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
    }

    /// The entry that begins at `at`, and where the next one does; `None` at the end.
    pub(in crate::value) fn get(&self, at: usize) -> Option<(Entry<'_>, usize)> {
        let rest = self.bytes.get(at..)?;
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
        let (head, size) = (head.as_slice(), head.as_slice().len() + text.len());
        // Names that stand together often begin alike, so that the last byte tells more than those before it.
        let (first, last) = (head[0], text.last().or(head.last()));
        let (mut at, mut index) = (Listpack::START, 0);
        while at < self.bytes.len() {
            if self.bytes[at] == first
                && let Some(here) = self.bytes.get(at..at + size)
                && here.last() == last
                && here.starts_with(head)
                && here.ends_with(text)
            {
                return Some((index, at));
            }
            for _ in 0..group {
                at = self.next(at);
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

    /// Takes a finished block, if it is whole.
    pub(super) fn parse(block: &[u8]) -> Result<Listpack, Malformed> {
        let mut entries = 0;
        walk(block, |_| entries += 1)?;
        let bytes = block[..block.len() - 1].to_vec();
        let mut listpack = Listpack { bytes };
        listpack.set_len(entries);
        Ok(listpack)
    }

    /// The finished block.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let entries = u16::try_from(self.len()).unwrap_or(UNCOUNTED);
        self.bytes.push(END);
        let size = self.bytes.len() as u32;
        self.bytes[..4].copy_from_slice(&size.to_le_bytes());
        self.bytes[4..HEADER].copy_from_slice(&entries.to_le_bytes());
        self.bytes
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
            let before = listpack.bytes.len();
            listpack.push(entry);
            assert_eq!(listpack.bytes.len() - before, entry_size(entry));
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
        let block = listpack.clone().finish();
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
