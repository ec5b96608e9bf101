//! [`Set`]: distinct byte strings.

mod ints;

use std::ops::Range;

use either::Either;

use super::Element;
use super::ListpackEntry;
use super::Map;
use super::PackLimits;
use super::SetLimits;
use super::rdb::Listpack;
use super::sequence::Leaf;
use crate::bytes::Bytes;
use crate::number::format_i64;
use crate::number::parse_i64;
use ints::Ints;

/// How many integers are kept in ascending order, and how many members are packed.
const SMALL: SetLimits = SetLimits {
    ints: 512,
    packed: PackLimits::new(128, 64),
};

/// A Redis set.
///
/// How the members are kept, and with it their order, which is state, follows sizes of its own and never the
/// configured limits, so that it is the same wherever a journal is replayed. They are those that Redis has by
/// default. The encoding, which follows the configured limits, is only shown.
#[derive(Clone, Debug)]
pub struct Set {
    members: Members,
    encoding: Encoding,
}

/// Where the members are. A later one never turns into an earlier one.
#[derive(Clone, Debug)]
enum Members {
    /// As long as there were only integers: in ascending order.
    Ints(Ints),
    /// In the order in which they came.
    Packed(Listpack),
    /// In the order in which they came; but where there are many, the last one takes the place of one that goes.
    Table(Box<Map<()>>),
}

/// How Redis would keep the set. A later one never turns into an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    /// Integers, each of so many bytes as the widest one that there ever was.
    Intset(IntWidth),
    Listpack,
    Table,
}

/// The bytes of each integer of an intset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum IntWidth {
    Two = 2,
    Four = 4,
    Eight = 8,
}

impl IntWidth {
    fn of(number: i64) -> IntWidth {
        if i16::try_from(number).is_ok() {
            IntWidth::Two
        } else if i32::try_from(number).is_ok() {
            IntWidth::Four
        } else {
            IntWidth::Eight
        }
    }
}

impl Set {
    /// An empty set, in the encoding that every kind of first member may still choose.
    pub fn new() -> Set {
        Set {
            members: Members::Ints(Ints::new()),
            encoding: Encoding::Intset(IntWidth::Two),
        }
    }

    /// An empty set, in the encoding that Redis chooses when it is about to add `count` members, `first`
    /// the first of them.
    pub fn for_members(first: &[u8], count: usize, limits: &SetLimits) -> Set {
        let is_int = parse_i64(first).is_some();
        Set {
            members: match is_int {
                true if count <= SMALL.ints => Members::Ints(Ints::new()),
                _ if count <= SMALL.packed.entries => Members::Packed(Listpack::new()),
                _ => Members::Table(Box::default()),
            },
            encoding: match is_int {
                true if count <= limits.ints => Encoding::Intset(IntWidth::Two),
                _ if count <= limits.packed.entries => Encoding::Listpack,
                _ => Encoding::Table,
            },
        }
    }

    /// An empty set that is a listpack as long as the limits allow it, even of integers only.
    pub fn packed() -> Set {
        Set {
            members: Members::Packed(Listpack::new()),
            encoding: Encoding::Listpack,
        }
    }

    /// Tells that `count` members are about to come: Redis chooses the encoding before it adds the first of
    /// them.
    pub fn expect(&mut self, count: usize, limits: &SetLimits) {
        let most = match self.encoding {
            Encoding::Intset(_) => limits.ints,
            Encoding::Listpack | Encoding::Table => limits.packed.entries,
        };
        if count > most {
            self.encoding = Encoding::Table;
        }
        let small = match self.members {
            Members::Ints(_) => SMALL.ints,
            Members::Packed(_) => SMALL.packed.entries,
            Members::Table(_) => usize::MAX,
        };
        if count > small {
            self.spread();
        }
    }

    /// The number of members.
    pub fn len(&self) -> usize {
        match &self.members {
            Members::Ints(ints) => ints.len(),
            Members::Packed(listpack) => listpack.len(),
            Members::Table(map) => map.len(),
        }
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether `member` is in the set.
    pub fn contains(&self, member: &[u8]) -> bool {
        self.index_of(member).is_some()
    }

    /// The members in the order of the state, from both ends.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Element<'_>> + Clone {
        self.range(0..self.len())
    }

    /// The members at a range of positions in the order of the state, from both ends.
    ///
    /// # Panics
    ///
    /// When the range ends behind the set.
    pub fn range(
        &self,
        range: Range<usize>,
    ) -> impl DoubleEndedIterator<Item = Element<'_>> + Clone {
        match &self.members {
            Members::Packed(listpack) => Either::Left(listpack.range(range).map(Element::from)),
            _ => {
                Either::Right(range.map(|index| self.get_index(index).expect("a range in the set")))
            }
        }
    }

    /// The members of which `other` does not have the very same memory: all that it lacks, and some neighbours. Of a small
    /// set, all of them.
    pub fn unshared<'a>(&'a self, other: &'a Set) -> impl Iterator<Item = Bytes> + 'a {
        match (&self.members, &other.members) {
            (Members::Table(ours), Members::Table(theirs)) => {
                Either::Left(ours.unshared(theirs).map(|(member, ())| member.clone()))
            }
            _ => Either::Right(self.iter().map(Bytes::from)),
        }
    }

    /// The member at a position in the order of the state.
    pub fn get_index(&self, index: usize) -> Option<Element<'_>> {
        match &self.members {
            Members::Ints(ints) => Some(ListpackEntry::Int(ints.get(index)?).into()),
            Members::Packed(listpack) => listpack.at(index).map(Element::from),
            Members::Table(map) => map.get_index(index).map(|(member, ())| member.into()),
        }
    }

    /// The position of `member` in the order of the state.
    pub fn index_of(&self, member: &[u8]) -> Option<usize> {
        match &self.members {
            Members::Ints(ints) => ints.find(parse_i64(member)?).ok(),
            Members::Packed(listpack) => Some(listpack.find(member.into(), 1)?.0),
            Members::Table(map) => map.index_of(member),
        }
    }

    /// Adds `member`; whether it is new. The encoding follows Redis's own limits.
    pub fn insert(&mut self, member: impl Into<Bytes> + AsRef<[u8]>) -> bool {
        self.add(member, &SetLimits::default())
    }

    /// Adds `member`; whether it is new. The encoding follows these limits.
    pub fn add(&mut self, member: impl Into<Bytes> + AsRef<[u8]>, limits: &SetLimits) -> bool {
        if self.contains(member.as_ref()) {
            return false;
        }
        let number = parse_i64(member.as_ref());
        self.encoding = self.encoding_with(member.as_ref(), number, limits);
        self.make_room(member.as_ref(), number);
        match (&mut self.members, number) {
            (Members::Ints(ints), Some(int)) => ints.insert(int),
            (Members::Packed(listpack), _) => listpack.push(member.as_ref()),
            (Members::Table(map), _) => drop(map.insert(member, ())),
            (Members::Ints(_), None) => unreachable!("there was no room for a string"),
        }
        true
    }

    /// Keeps the members so that a new one can join them.
    fn make_room(&mut self, member: &[u8], number: Option<i64>) {
        let is_small = SMALL.packed.allow(self.len() + 1, member.len());
        match &self.members {
            Members::Ints(_) if number.is_some() && self.len() < SMALL.ints => {}
            Members::Ints(ints) if is_small => {
                let mut listpack = Listpack::new();
                ints.iter().for_each(|int| listpack.push_int(int));
                self.members = Members::Packed(listpack);
            }
            Members::Packed(_) if is_small => {}
            _ => self.spread(),
        }
    }

    /// Keeps the members in a table, in the same order.
    fn spread(&mut self) {
        if !matches!(self.members, Members::Table(_)) {
            let members = self.iter().map(|member| (Bytes::from(member), ()));
            self.members = Members::Table(Box::new(members.collect()));
        }
    }

    /// Removes `member`; whether it was there.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        self.index_of(member)
            .map(|index| self.remove_index(index))
            .is_some()
    }

    /// Removes the member at a position. In a small set the order of the others stays, as in a listpack; in
    /// a large table the last member takes the place.
    ///
    /// # Panics
    ///
    /// When `index` is not less than the length.
    pub fn remove_index(&mut self, index: usize) -> Bytes {
        let removed = match &mut self.members {
            Members::Ints(ints) => ints.remove(index).map(format_i64),
            Members::Packed(listpack) => Some(Leaf::remove(listpack, index)),
            Members::Table(map) if map.len() > SMALL.packed.entries => {
                Some(map.remove_index(index).0)
            }
            Members::Table(map) => {
                let member = map.get_index(index).map(|(member, ())| member.clone());
                member.and_then(|member| Some(map.shift_remove(&member)?.0))
            }
        };
        removed.expect("an index in the set")
    }

    /// The members in ascending order where Redis walks them so, and the order of the state is another.
    pub fn sorted_ints(&self) -> Option<Vec<i64>> {
        if self.is_ascending() {
            return None;
        }
        self.int_width()?;
        let mut ints: Vec<i64> = self
            .iter()
            .filter_map(|member| parse_i64(&member))
            .collect();
        ints.sort_unstable();
        Some(ints)
    }

    /// What `OBJECT ENCODING` answers.
    pub fn encoding(&self) -> &'static str {
        match self.encoding {
            Encoding::Intset(_) => "intset",
            Encoding::Listpack => "listpack",
            Encoding::Table => "hashtable",
        }
    }

    /// The bytes of each integer while the encoding is an intset.
    pub(super) fn int_width(&self) -> Option<IntWidth> {
        match self.encoding {
            Encoding::Intset(width) => Some(width),
            _ => None,
        }
    }

    /// Makes the integers of an intset at least this wide.
    pub(super) fn widen(&mut self, width: IntWidth) {
        if let Members::Ints(ints) = &mut self.members {
            ints.widen(width);
        }
        if let Encoding::Intset(before) = self.encoding {
            self.encoding = Encoding::Intset(before.max(width));
        }
    }

    /// Whether the encoding is a table.
    pub fn is_table(&self) -> bool {
        self.encoding == Encoding::Table
    }

    /// Whether the order of the state is the ascending one.
    pub(super) fn is_ascending(&self) -> bool {
        matches!(self.members, Members::Ints(_))
    }

    /// Whether the encoding is an intset.
    pub(super) fn is_intset(&self) -> bool {
        self.int_width().is_some()
    }

    /// The bytes of the widest member, if all are integers.
    pub(super) fn widest(&self) -> Option<IntWidth> {
        let widths = self
            .iter()
            .map(|member| parse_i64(&member).map(IntWidth::of));
        widths.collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// Makes the encoding a table if a restored listpack or intset is beyond these limits.
    pub(super) fn fit(&mut self, limits: &SetLimits) {
        let most = match self.encoding {
            Encoding::Intset(_) => limits.ints,
            Encoding::Listpack => limits.packed.entries,
            Encoding::Table => return,
        };
        if self.len() > most {
            self.encoding = Encoding::Table;
        }
    }

    /// Makes the encoding an intset, if these limits allow that and there are only integers.
    pub fn compact(&mut self, limits: &SetLimits) {
        let widest = self.widest();
        if widest.is_some() && self.len() <= SMALL.ints {
            let mut ints = Ints::new();
            let members = self.iter().filter_map(|member| parse_i64(&member));
            members.for_each(|int| ints.insert(int));
            self.members = Members::Ints(ints);
        }
        if !self.is_intset()
            && self.len() <= limits.ints
            && let Some(width) = widest
        {
            self.encoding = Encoding::Intset(width);
        }
    }

    /// Takes the encoding that Redis chooses for a set that it loads.
    pub(super) fn reload(&mut self, limits: &SetLimits) {
        if !self.is_table() {
            return self.fit(limits);
        }
        let longest = self.iter().map(|member| member.len()).max().unwrap_or(0);
        self.encoding = match self.widest() {
            _ if self.len() > limits.ints => Encoding::Table,
            Some(width) => Encoding::Intset(width),
            None if limits.packed.allow(self.len(), longest) => Encoding::Listpack,
            None => Encoding::Table,
        };
    }

    /// Makes the encoding a table, and keeps the members in one.
    pub(super) fn make_table(&mut self) {
        self.spread();
        self.encoding = Encoding::Table;
    }

    fn encoding_with(&self, member: &[u8], number: Option<i64>, limits: &SetLimits) -> Encoding {
        let packed = &limits.packed;
        let fits = self.len() < packed.entries && member.len() <= packed.bytes;
        match (self.encoding, number) {
            (Encoding::Intset(width), Some(number)) if self.len() < limits.ints => {
                Encoding::Intset(width.max(IntWidth::of(number)))
            }
            (Encoding::Intset(_), None)
                if fits && self.iter().all(|int| int.len() <= packed.bytes) =>
            {
                Encoding::Listpack
            }
            (Encoding::Listpack, _) if fits => Encoding::Listpack,
            _ => Encoding::Table,
        }
    }
}

impl Default for Set {
    fn default() -> Set {
        Set::new()
    }
}

impl<M: Into<Bytes> + AsRef<[u8]>> FromIterator<M> for Set {
    fn from_iter<I: IntoIterator<Item = M>>(members: I) -> Set {
        let mut set = Set::new();
        for member in members {
            set.insert(member);
        }
        set
    }
}

impl PartialEq for Set {
    /// Equal members in the same order, whatever the encoding.
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

#[cfg(test)]
mod tests;
