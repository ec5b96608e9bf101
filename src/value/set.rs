//! [`Set`]: distinct byte strings.

use super::Map;
use super::SetLimits;
use crate::bytes::Bytes;
use crate::number::format_i64;
use crate::number::parse_i64;

/// A set of integers is walked in ascending order up to this many.
const ASCENDING: usize = 512;
/// A removal keeps the order of up to this many members, as a listpack does.
const ORDERED: usize = 128;

/// A Redis set.
///
/// The order of the members is state: it follows from the constants above and never from the configured
/// limits, so that it is the same wherever a journal is replayed. The encoding is only shown.
#[derive(Clone, Debug)]
pub struct Set {
    members: Map<()>,
    /// Whether all members that there ever were are integers, and never too many to be [`ASCENDING`].
    ascending: bool,
    encoding: Encoding,
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
            members: Map::new(),
            ascending: true,
            encoding: Encoding::Intset(IntWidth::Two),
        }
    }

    /// An empty set, in the encoding that Redis chooses when it is about to add `count` members, `first`
    /// the first of them.
    pub fn for_members(first: &[u8], count: usize, limits: &SetLimits) -> Set {
        let is_int = parse_i64(first).is_some();
        Set {
            members: Map::new(),
            ascending: is_int && count <= ASCENDING,
            encoding: if is_int && count <= limits.ints {
                Encoding::Intset(IntWidth::Two)
            } else if count <= limits.packed.entries {
                Encoding::Listpack
            } else {
                Encoding::Table
            },
        }
    }

    /// An empty set that is a listpack as long as the limits allow it, even of integers only.
    pub fn packed() -> Set {
        Set {
            members: Map::new(),
            ascending: false,
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
        self.ascending &= count <= ASCENDING;
    }

    /// The number of members.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether `member` is in the set.
    pub fn contains(&self, member: &[u8]) -> bool {
        self.members.contains_key(member)
    }

    /// The members in the order of the state, from both ends.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Bytes> + Clone {
        self.members.keys()
    }

    /// The member at a position in the order of the state.
    pub fn get_index(&self, index: usize) -> Option<&Bytes> {
        self.members.get_index(index).map(|(member, ())| member)
    }

    /// The position of `member` in the order of the state.
    pub fn index_of(&self, member: &[u8]) -> Option<usize> {
        self.members.index_of(member)
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
        if self.ascending && (number.is_none() || self.len() >= ASCENDING) {
            let ints = self.ints_in_order();
            self.members = ints.iter().map(|int| (format_i64(*int), ())).collect();
            self.ascending = false;
        }
        self.members.insert(member, ());
        true
    }

    /// Removes `member`; whether it was there.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        self.index_of(member)
            .map(|index| self.remove_index(index))
            .is_some()
    }

    /// Removes the member at a position. In a small set the order of the others stays, as in a listpack; in
    /// a large one the last member takes the place.
    ///
    /// # Panics
    ///
    /// When `index` is not less than the length.
    pub fn remove_index(&mut self, index: usize) -> Bytes {
        if self.len() > ORDERED {
            return self.members.remove_index(index).0;
        }
        let member = self.get_index(index).expect("an index in the set").clone();
        self.members.shift_remove(&member);
        member
    }

    /// The members in ascending order while the encoding is an intset: Redis walks them so.
    pub fn sorted_ints(&self) -> Option<Vec<i64>> {
        self.int_width()?;
        Some(self.ints_in_order())
    }

    fn ints_in_order(&self) -> Vec<i64> {
        let mut ints: Vec<i64> = self.iter().filter_map(|member| parse_i64(member)).collect();
        ints.sort_unstable();
        ints
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
        if let Encoding::Intset(before) = self.encoding {
            self.encoding = Encoding::Intset(before.max(width));
        }
    }

    /// Whether the encoding is a table.
    pub fn is_table(&self) -> bool {
        self.encoding == Encoding::Table
    }

    /// Whether the members come in ascending order once another kind of member joins them.
    pub(super) fn is_ascending(&self) -> bool {
        self.ascending
    }

    /// Whether the encoding is an intset.
    pub(super) fn is_intset(&self) -> bool {
        self.int_width().is_some()
    }

    /// The bytes of the widest member, if all are integers.
    pub(super) fn widest(&self) -> Option<IntWidth> {
        let widths = self
            .iter()
            .map(|member| parse_i64(member).map(IntWidth::of));
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
        self.ascending = widest.is_some() && self.len() <= ASCENDING;
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

    /// Makes the encoding a table.
    pub(super) fn make_table(&mut self) {
        self.ascending = false;
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
        self.members == other.members
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::PackLimits;
    use proptest::prelude::*;

    fn ints(count: usize) -> Vec<String> {
        (0..count).map(|number| number.to_string()).collect()
    }

    /// What OBJECT ENCODING answers after each of some SADD commands.
    #[test]
    fn the_encoding_changes_where_that_of_redis_does() {
        let text = |len: usize| vec!["y".repeat(len)];
        let many = |first: &str, count: usize| {
            [vec![first.to_owned()], vec!["x".to_owned(); count]].concat()
        };
        let recorded: [(&[Vec<String>], &[&str]); 15] = [
            (&[ints(1), text(1)], &["intset", "listpack"]),
            (&[ints(513)], &["hashtable"]),
            (&[ints(512), vec!["9999".into()]], &["intset", "hashtable"]),
            (
                &[ints(511), vec!["9999".into()], vec!["10000".into()]],
                &["intset", "intset", "hashtable"],
            ),
            (&[ints(127), text(1)], &["intset", "listpack"]),
            (&[ints(128), text(1)], &["intset", "hashtable"]),
            (&[many("x", 128)], &["hashtable"]),
            (&[many("x", 127)], &["listpack"]),
            (&[many("1", 128)], &["listpack"]),
            (&[many("1", 600)], &["hashtable"]),
            (&[text(1), ints(127)], &["listpack", "listpack"]),
            (&[text(1), ints(128)], &["listpack", "hashtable"]),
            (&[text(65)], &["hashtable"]),
            (&[ints(1), text(65)], &["intset", "hashtable"]),
            (&[ints(1), text(64)], &["intset", "listpack"]),
        ];
        for (commands, encodings) in recorded {
            let mut set = Set::for_members(
                commands[0][0].as_bytes(),
                commands[0].len(),
                &SetLimits::default(),
            );
            let after = commands.iter().map(|members| {
                for member in members {
                    set.insert(member.as_bytes());
                }
                set.encoding()
            });
            let after: Vec<_> = after.collect();
            assert_eq!(after, encodings, "{commands:?}");
        }
    }

    #[test]
    fn many_that_are_about_to_come_decide_about_the_encoding() {
        for (first, count, encoding) in [
            ("a", 128, "listpack"),
            ("a", 129, "hashtable"),
            ("1", 512, "intset"),
            ("1", 513, "hashtable"),
        ] {
            let mut set: Set = [first].into_iter().collect();
            set.expect(count, &SetLimits::default());
            assert_eq!(set.encoding(), encoding, "{first} and {count} more");
        }
    }

    #[test]
    fn an_encoding_outlives_what_made_it_necessary() {
        let mut set: Set = ["1", "5000000000", "a"].into_iter().collect();
        assert!(set.remove(b"a") && set.remove(b"5000000000"));
        assert_eq!((set.encoding(), set.sorted_ints()), ("listpack", None));
        let mut set: Set = ["3", "5000000000", "-7"].into_iter().collect();
        assert_eq!(set.sorted_ints(), Some(vec![-7, 3, 5_000_000_000]));
        set.remove(b"5000000000");
        assert_eq!(set.int_width(), Some(IntWidth::Eight));
    }

    #[test]
    fn limits_make_a_table_and_leave_the_order() {
        let limits = SetLimits {
            ints: 3,
            packed: PackLimits::new(2, 2),
        };
        for (members, encoding) in [
            (&["3", "1", "2"][..], "intset"),
            (&["4", "3", "2", "1"], "hashtable"),
            (&["3", "a"], "listpack"),
            (&["3", "1", "a"], "hashtable"),
            (&["abc"], "hashtable"),
        ] {
            let mut set: Set = members.iter().copied().collect();
            let mut fitted = Set::new();
            members
                .iter()
                .for_each(|member| assert!(fitted.add(*member, &limits)));
            assert_eq!(fitted.encoding(), encoding, "{members:?}");
            assert_eq!(fitted.is_table(), encoding == "hashtable");
            assert!(set.insert("z") && fitted.add("z", &limits));
            assert_eq!(fitted, set, "the order does not depend on the limits");
        }
    }

    proptest! {
        #[test]
        fn behaves_like_a_vector_of_distinct_members(ops in prop::collection::vec((any::<bool>(), 0u8..200), 0..900)) {
            let (mut set, mut model) = (Set::new(), Vec::new());
            for (add, member) in ops {
                let text = member.to_string();
                let at = model.iter().position(|other| *other == member);
                prop_assert_eq!(set.index_of(text.as_bytes()), at);
                if add {
                    prop_assert_eq!(set.insert(text.as_bytes()), at.is_none());
                    if at.is_none() {
                        model.push(member);
                    }
                } else {
                    prop_assert_eq!(set.remove(text.as_bytes()), at.is_some());
                    at.map(|at| match model.len() {
                        ..=ORDERED => model.remove(at),
                        _ => model.swap_remove(at),
                    });
                }
            }
            prop_assert!(set.iter().map(|member| member.to_vec()).eq(model.iter().map(|member| member.to_string().into_bytes())));
        }
    }
}
