//! Where a command line names keys, and what is done with them.
//!
//! A [`KeySpec`] is data: it is printed by `COMMAND INFO` and followed by [`keys_of`]. The few
//! commands whose keys no spec can tell (`SORT … STORE`, `MIGRATE`) are read here by hand, as
//! Redis does.

use smallvec::SmallVec;

use super::flags::named;
use crate::number::parse_i64;

/// The key is read but not changed.
pub const RO: u16 = 1 << 0;
/// The key is read and changed.
pub const RW: u16 = 1 << 1;
/// The key is overwritten, whatever it held.
pub const OW: u16 = 1 << 2;
/// The key is removed.
pub const RM: u16 = 1 << 3;
/// Its user data is returned, copied or compared.
pub const ACCESS: u16 = 1 << 4;
/// Its user data may change.
pub const UPDATE: u16 = 1 << 5;
/// User data is added to it.
pub const INSERT: u16 = 1 << 6;
/// Some or all of its user data is deleted.
pub const DELETE: u16 = 1 << 7;
/// Not a key, but routed like one (a shard channel).
pub const NOT_KEY: u16 = 1 << 8;
/// The spec may miss some of the keys.
pub const INCOMPLETE: u16 = 1 << 9;
/// What is done depends on the other arguments.
pub const VARIABLE_FLAGS: u16 = 1 << 10;

const KEY_FLAG_NAMES: [&str; 11] = [
    "RO",
    "RW",
    "OW",
    "RM",
    "access",
    "update",
    "insert",
    "delete",
    "not_key",
    "incomplete",
    "variable_flags",
];

/// One rule for finding keys in a command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeySpec {
    /// Where the keys begin.
    pub begin: Begin,
    /// How many there are from there on.
    pub find: Find,
    /// What is done with them: `RO`, `ACCESS`, ….
    pub flags: u16,
    /// A remark for the reader, or nothing.
    pub note: &'static str,
}

/// Where the keys of a spec begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// At this argument; 1 is the first after the command's name.
    Index(i32),
    /// After this word, looked for from this argument on; from the end backwards if negative.
    Keyword(&'static str, i32),
    /// Nobody can say.
    Unknown,
}

/// Which arguments are keys, once their beginning is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Find {
    /// Every `step`th argument up to `last`.
    Range {
        /// The last key, counted from the first; from the end of the line if negative.
        last: i32,
        /// The distance from one key to the next.
        step: i32,
        /// With a negative `last`: the part of the rest that holds keys, 2 for the first half.
        limit: i32,
    },
    /// A count, and then that many keys.
    Count,
    /// Nobody can say.
    Unknown,
}

/// One key, at a fixed position.
pub const fn key(position: i32, flags: u16) -> KeySpec {
    keys(position, 0, 1, flags)
}

/// Keys from `first` on, every `step`th argument, up to `last`: counted from `first`, or from the
/// end of the line if negative.
pub const fn keys(first: i32, last: i32, step: i32, flags: u16) -> KeySpec {
    spec(Begin::Index(first), range(last, step, 0), flags)
}

/// The number of keys at `position`, then the keys.
pub const fn numkeys(position: i32, flags: u16) -> KeySpec {
    spec(Begin::Index(position), Find::Count, flags)
}

/// The key after a keyword.
pub const fn key_after(keyword: &'static str, from: i32, flags: u16) -> KeySpec {
    spec(Begin::Keyword(keyword, from), range(0, 1, 0), flags)
}

/// All arguments after a keyword.
pub const fn keys_after(keyword: &'static str, from: i32, flags: u16) -> KeySpec {
    spec(Begin::Keyword(keyword, from), range(-1, 1, 0), flags)
}

/// The first half of the arguments after a keyword.
pub const fn half_after(keyword: &'static str, from: i32, flags: u16) -> KeySpec {
    spec(Begin::Keyword(keyword, from), range(-1, 1, 2), flags)
}

/// Keys that no rule can find.
pub const fn unknown(flags: u16) -> KeySpec {
    spec(Begin::Unknown, Find::Unknown, flags)
}

const fn range(last: i32, step: i32, limit: i32) -> Find {
    Find::Range { last, step, limit }
}

const fn spec(begin: Begin, find: Find, flags: u16) -> KeySpec {
    KeySpec {
        begin,
        find,
        flags,
        note: "",
    }
}

/// The names of the key flags that are set, in Redis's order.
pub fn key_flag_names(flags: u16) -> impl Iterator<Item = &'static str> {
    named(&KEY_FLAG_NAMES, u64::from(flags))
}

/// A key in a command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRef {
    /// Its position among the arguments; the command's name is 0.
    pub index: usize,
    /// What is done with it: `RO`, `ACCESS`, ….
    pub flags: u16,
}

/// The keys of a command line, in the order of the specs.
pub type KeyRefs = SmallVec<[KeyRef; 4]>;

/// Whether a command with these specs has keys at all.
pub fn has_keys(specs: &[KeySpec]) -> bool {
    specs.iter().any(|spec| spec.flags & NOT_KEY == 0)
}

/// The keys of a command line, name included, whose arity was checked; none when the arguments
/// do not fit the specs, for such a command is a syntax error.
pub fn keys_of<A: AsRef<[u8]>>(specs: &[KeySpec], argv: &[A]) -> KeyRefs {
    let found = match argv {
        [] => None,
        [name, ..] if specs.iter().any(KeySpec::is_vague) => special_keys(name, argv),
        _ => specified_keys(specs, argv),
    };
    found.unwrap_or_default()
}

/// The keys that the specs tell, or `None` when one of them does not fit.
fn specified_keys<A: AsRef<[u8]>>(specs: &[KeySpec], argv: &[A]) -> Option<KeyRefs> {
    let mut found = KeyRefs::new();
    for spec in specs.iter().filter(|spec| spec.flags & NOT_KEY == 0) {
        spec.collect(argv, &mut found)?;
    }
    Some(found)
}

impl KeySpec {
    /// This spec with a remark for the reader of `COMMAND INFO`.
    pub const fn note(mut self, note: &'static str) -> KeySpec {
        self.note = note;
        self
    }

    /// Whether the spec does not tell the whole truth.
    fn is_vague(&self) -> bool {
        self.begin == Begin::Unknown || self.flags & (INCOMPLETE | VARIABLE_FLAGS) != 0
    }

    /// Adds the keys that this spec finds; a keyword that is absent finds none.
    fn collect<A: AsRef<[u8]>>(&self, argv: &[A], found: &mut KeyRefs) -> Option<()> {
        let begin = match self.begin {
            Begin::Index(index) => index as usize,
            Begin::Unknown => return None,
            Begin::Keyword(word, from) => match after_keyword(argv, word, from) {
                Some(begin) => begin,
                None => return Some(()),
            },
        };
        let (first, last, step) = self.find.extent(begin, argv)?;
        if first > last || last >= argv.len() {
            return None;
        }
        let flags = self.flags;
        found.extend(
            (first..=last)
                .step_by(step)
                .map(|index| KeyRef { index, flags }),
        );
        Some(())
    }
}

/// The position after `word`, which is never the command's name nor the last argument.
fn after_keyword<A: AsRef<[u8]>>(argv: &[A], word: &str, from: i32) -> Option<usize> {
    let is_word = |at: &usize| is(&argv[*at], word);
    let found = if from >= 0 {
        (from as usize..argv.len() - 1).find(is_word)
    } else {
        let start = argv.len().checked_sub(from.unsigned_abs() as usize)?;
        (2..=start).rev().find(is_word)
    };
    found.map(|at| at + 1)
}

impl Find {
    /// The first key, the last key (maybe beyond the line) and the step.
    fn extent<A: AsRef<[u8]>>(self, begin: usize, argv: &[A]) -> Option<(usize, usize, usize)> {
        match self {
            Find::Range { last, step, limit } => {
                let last = last_of_range(last, limit, begin, argv.len())?;
                Some((begin, last, step as usize))
            }
            Find::Count => {
                let count = parse_i64(argv.get(begin)?.as_ref())?;
                let last = begin.checked_add(usize::try_from(count).ok()?)?;
                Some((begin + 1, last, 1))
            }
            Find::Unknown => None,
        }
    }
}

fn last_of_range(last: i32, limit: i32, begin: usize, argc: usize) -> Option<usize> {
    match (last, limit) {
        (0.., _) => Some(begin + last as usize),
        (_, 0) => argc.checked_add_signed(last as isize),
        (_, parts) => {
            let share = argc.checked_sub(begin)? / parts as usize;
            (begin + share).checked_add_signed(last as isize)
        }
    }
}

/// The keys of the commands whose specs are vague.
fn special_keys<A: AsRef<[u8]>>(name: &A, argv: &[A]) -> Option<KeyRefs> {
    let first = |flags| Some(KeyRefs::from_slice(&[KeyRef { index: 1, flags }]));
    match name.as_ref().to_ascii_lowercase().as_slice() {
        b"set" => first(set_flags(argv)),
        b"bitfield" => first(bitfield_flags(argv)),
        b"sort" => Some(sort_keys(argv)),
        b"sort_ro" => first(RO | ACCESS),
        b"migrate" => migrate_keys(argv),
        _ => None,
    }
}

/// `SET … GET` reads the old value.
fn set_flags<A: AsRef<[u8]>>(argv: &[A]) -> u16 {
    if argv.iter().skip(3).any(|word| is(word, "get")) {
        RW | ACCESS | UPDATE
    } else {
        OW | UPDATE
    }
}

/// A `BITFIELD` of nothing but complete `GET`s changes nothing.
fn bitfield_flags<A: AsRef<[u8]>>(argv: &[A]) -> u16 {
    let mut rest = argv.get(2..).unwrap_or_default();
    while let Some((word, operands)) = rest.split_first() {
        let skip = if is(word, "get") {
            2
        } else if is(word, "overflow") {
            1
        } else {
            return RW | ACCESS | UPDATE;
        };
        let Some(next) = operands.get(skip..) else {
            return RW | ACCESS | UPDATE;
        };
        rest = next;
    }
    RO | ACCESS
}

/// `SORT key`, and the destination of the last `STORE`.
fn sort_keys<A: AsRef<[u8]>>(argv: &[A]) -> KeyRefs {
    let mut at = 2;
    let mut destination = None;
    while at < argv.len() {
        if is(&argv[at], "store") && at + 1 < argv.len() {
            destination = Some(at + 1);
        }
        at += 1 + option_operands(&argv[at], &[("limit", 2), ("get", 1), ("by", 1)]);
    }
    let flags = RO | ACCESS;
    let mut found = KeyRefs::from_slice(&[KeyRef { index: 1, flags }]);
    let flags = OW | UPDATE;
    found.extend(destination.map(|index| KeyRef { index, flags }));
    found
}

/// `MIGRATE host port key …`, or `""` for the key and many keys after `KEYS`.
fn migrate_keys<A: AsRef<[u8]>>(argv: &[A]) -> Option<KeyRefs> {
    let mut at = 6;
    while at + 1 < argv.len() && !is(&argv[at], "keys") {
        at += 1 + option_operands(&argv[at], &[("auth", 1), ("auth2", 2)]);
    }
    let indices = match argv.get(at + 1) {
        None => 3..4,
        Some(_) if argv[3].as_ref().is_empty() => at + 1..argv.len(),
        Some(_) => return None,
    };
    let flags = RW | ACCESS | DELETE;
    Some(indices.map(|index| KeyRef { index, flags }).collect())
}

/// How many arguments belong to the option `word`.
fn option_operands(word: &impl AsRef<[u8]>, options: &[(&str, usize)]) -> usize {
    let option = options.iter().find(|(name, _)| is(word, name));
    option.map_or(0, |(_, operands)| *operands)
}

fn is(argument: &impl AsRef<[u8]>, word: &str) -> bool {
    argument.as_ref().eq_ignore_ascii_case(word.as_bytes())
}

/// The legacy summary of a command's key positions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Positions {
    /// The first key; 0 when there is none to point at.
    pub first: i32,
    /// The last key; from the end of the line if negative.
    pub last: i32,
    /// The distance from one key to the next.
    pub step: i32,
    /// Whether the summary misses keys.
    pub movable: bool,
}

impl Positions {
    /// Summarizes key specs: those that form one consecutive range are told, the others make the
    /// keys movable.
    pub fn of(specs: &[KeySpec]) -> Positions {
        if let [spec] = specs
            && let Some((first, last, step)) = spec.fixed_range()
        {
            let movable = spec.flags & INCOMPLETE != 0;
            return Positions {
                first,
                last,
                step,
                movable,
            };
        }
        specs.iter().fold(Positions::default(), Positions::and)
    }

    /// Extends the range by a spec that follows it, or leaves the spec out.
    fn and(mut self, spec: &KeySpec) -> Positions {
        match spec.fixed_range() {
            Some((first, last, 1)) if self.last == 0 || self.last == first - 1 => {
                self.movable |= spec.flags & INCOMPLETE != 0;
                self.first = if self.first == 0 { first } else { self.first };
                // Read as unsigned, a position from the end is beyond every other.
                self.last = (self.last as u32).max(last as u32) as i32;
                self.step = 1;
            }
            _ => self.movable = true,
        }
        self
    }
}

impl KeySpec {
    /// First, last and step, when they do not depend on the arguments' contents.
    fn fixed_range(&self) -> Option<(i32, i32, i32)> {
        match (self.begin, self.find) {
            (Begin::Index(first), Find::Range { last, step, .. }) => {
                let last = if last < 0 { last } else { first + last };
                Some((first, last, step))
            }
            _ => None,
        }
    }
}
