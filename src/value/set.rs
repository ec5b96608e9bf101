//! [`Set`]: distinct byte strings.

use super::Map;
use crate::bytes::Bytes;
use crate::number::format_i64;
use crate::number::parse_i64;

/// An intset has no more members than this.
const INTSET_MEMBERS: usize = 512;
/// A listpack has no more members than this, and no longer ones than that.
const LISTPACK_MEMBERS: usize = 128;
const LISTPACK_BYTES: usize = 64;

/// A Redis set.
#[derive(Clone, Debug)]
pub struct Set {
    members: Map<()>,
    /// The encoding under the limits above. The order of the members depends on it, so it must not depend on
    /// the configuration: the order is the same wherever a journal is replayed.
    encoding: Encoding,
    /// Whether the configured limits made the set a table before.
    outgrown: bool,
}

/// Configured limits, beyond which a set is a table. Those above hold all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetLimits {
    /// The most members of an intset.
    pub ints: usize,
    /// The most members of a listpack.
    pub members: usize,
    /// The bytes of the longest member of a listpack.
    pub bytes: usize,
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
            encoding: Encoding::Intset(IntWidth::Two),
            outgrown: false,
        }
    }

    /// An empty set, in the encoding that Redis chooses when it is about to add `count` members, `first`
    /// the first of them.
    pub fn for_members(first: &[u8], count: usize) -> Set {
        let mut set = Set::new();
        if count > INTSET_MEMBERS || (count > LISTPACK_MEMBERS && parse_i64(first).is_none()) {
            set.encoding = Encoding::Table;
        }
        set
    }

    /// Tells that `count` members are about to come: Redis chooses the encoding before it adds the first of
    /// them.
    pub fn expect(&mut self, count: usize) {
        let most = match self.encoding {
            Encoding::Intset(_) => INTSET_MEMBERS,
            Encoding::Listpack | Encoding::Table => LISTPACK_MEMBERS,
        };
        if count > most {
            self.encoding = Encoding::Table;
        }
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

    /// Adds `member`; whether it is new.
    pub fn insert(&mut self, member: impl Into<Bytes> + AsRef<[u8]>) -> bool {
        if self.contains(member.as_ref()) {
            return false;
        }
        self.make_room(member.as_ref());
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
        if self.len() > LISTPACK_MEMBERS {
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
            _ if self.outgrown => "hashtable",
            Encoding::Intset(_) => "intset",
            Encoding::Listpack => "listpack",
            Encoding::Table => "hashtable",
        }
    }

    /// The bytes of each integer while the encoding is an intset.
    pub(super) fn int_width(&self) -> Option<IntWidth> {
        match self.encoding {
            Encoding::Intset(width) if !self.outgrown => Some(width),
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
        self.outgrown || self.encoding == Encoding::Table
    }

    /// Makes the encoding a table if these limits ask for one.
    pub fn fit(&mut self, limits: &SetLimits) {
        self.outgrown |= match self.encoding {
            Encoding::Intset(_) => self.len() > limits.ints,
            Encoding::Listpack => {
                self.len() > limits.members || self.iter().any(|member| member.len() > limits.bytes)
            }
            Encoding::Table => false,
        };
    }

    /// Makes the encoding a listpack, if it was an intset.
    pub(super) fn make_listpack(&mut self) {
        if self.int_width().is_some() {
            self.encoding = Encoding::Listpack;
        }
    }

    /// Makes the encoding a table.
    pub(super) fn make_table(&mut self) {
        self.encoding = Encoding::Table;
    }

    /// Makes the encoding one that can take `member` as well.
    fn make_room(&mut self, member: &[u8]) {
        let encoding = self.encoding_with(member);
        let is_intset = |encoding| matches!(encoding, Encoding::Intset(_));
        if is_intset(self.encoding) && !is_intset(encoding) {
            // What was an intset keeps the order of that.
            let ints = self.ints_in_order();
            self.members = ints.iter().map(|int| (format_i64(*int), ())).collect();
        }
        self.encoding = encoding;
    }

    fn encoding_with(&self, member: &[u8]) -> Encoding {
        let short = member.len() <= LISTPACK_BYTES && self.len() < LISTPACK_MEMBERS;
        match (self.encoding, parse_i64(member)) {
            (Encoding::Intset(width), Some(number)) if self.len() < INTSET_MEMBERS => {
                Encoding::Intset(width.max(IntWidth::of(number)))
            }
            (Encoding::Intset(_), None) | (Encoding::Listpack, _) if short => Encoding::Listpack,
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
            let mut set = Set::for_members(commands[0][0].as_bytes(), commands[0].len());
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
            set.expect(count);
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
            members: 2,
            bytes: 2,
        };
        for (members, encoding) in [
            (&["3", "1", "2"][..], "intset"),
            (&["4", "3", "2", "1"], "hashtable"),
            (&["3", "a"], "listpack"),
            (&["3", "1", "a"], "hashtable"),
            (&["abc"], "hashtable"),
        ] {
            let mut set: Set = members.iter().copied().collect();
            let mut fitted = set.clone();
            fitted.fit(&limits);
            assert_eq!(fitted.encoding(), encoding, "{members:?}");
            assert_eq!(fitted.is_table(), encoding == "hashtable");
            assert!(set.insert("z") && fitted.insert("z"));
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
                        ..=LISTPACK_MEMBERS => model.remove(at),
                        _ => model.swap_remove(at),
                    });
                }
            }
            prop_assert!(set.iter().map(|member| member.to_vec()).eq(model.iter().map(|member| member.to_string().into_bytes())));
        }
    }
}
