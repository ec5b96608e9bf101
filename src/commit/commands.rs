//! [`CommandList`]: the commands of a unit, in one buffer.

use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeSeed;
use serde::de::SeqAccess;
use serde::de::Visitor;

/// Argument vectors, one after another in one buffer: a MULTI queue, a unit's commands, its effects.
///
/// [`clear`](CommandList::clear) keeps the buffers, so that a list that is reused allocates nothing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CommandList {
    /// All arguments, concatenated.
    data: Vec<u8>,
    /// Where each argument ends in `data`.
    arg_ends: Vec<u32>,
    /// Where each command ends in `arg_ends`.
    command_ends: Vec<u32>,
    /// Whether commands were left out, because the list can't hold so much.
    is_too_large: bool,
}

/// The most bytes of arguments.
const MAX_SIZE: usize = u32::MAX as usize;

impl CommandList {
    /// An empty list.
    pub const fn new() -> CommandList {
        CommandList {
            data: Vec::new(),
            arg_ends: Vec::new(),
            command_ends: Vec::new(),
            is_too_large: false,
        }
    }

    /// Adds one command.
    ///
    /// A list of 4 GiB can't be: it takes no more commands from then on, and [`size`](CommandList::size) says so. No
    /// journal records it.
    pub fn push<I>(&mut self, argv: I)
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        self.push_within(MAX_SIZE, argv);
    }

    fn push_within<I>(&mut self, limit: usize, argv: I)
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        if self.is_too_large {
            return;
        }
        let before = (self.data.len(), self.arg_ends.len());
        for arg in argv {
            let arg = arg.as_ref();
            if arg.len() > limit - self.data.len() {
                self.is_too_large = true;
                self.data.truncate(before.0);
                self.arg_ends.truncate(before.1);
                return;
            }
            self.data.extend_from_slice(arg);
            self.arg_ends.push(self.data.len() as u32);
        }
        self.command_ends.push(self.arg_ends.len() as u32);
    }

    /// Adds all commands of another list.
    pub fn append(&mut self, other: &CommandList) {
        for index in 0..other.len() {
            self.push(other.args(index));
        }
        self.is_too_large |= other.is_too_large;
    }

    /// The number of commands.
    pub fn len(&self) -> usize {
        self.command_ends.len()
    }

    /// Whether there is no command.
    pub fn is_empty(&self) -> bool {
        self.command_ends.is_empty()
    }

    /// The bytes of all arguments together; [`usize::MAX`] if commands were left out, because they would have been too
    /// many.
    pub fn size(&self) -> usize {
        match self.is_too_large {
            true => usize::MAX,
            false => self.data.len(),
        }
    }

    /// Puts the arguments of command `index` into `argv`.
    ///
    /// # Panics
    ///
    /// When there is no such command.
    #[inline]
    pub fn get<'a>(&'a self, index: usize, argv: &mut Vec<&'a [u8]>) {
        argv.clear();
        argv.extend(self.args(index));
    }

    /// The arguments of command `index`.
    ///
    /// # Panics
    ///
    /// When there is no such command.
    #[inline]
    pub fn args(&self, index: usize) -> impl ExactSizeIterator<Item = &[u8]> {
        let args = self.range(index);
        let mut start = end_before(&self.arg_ends, args.start);
        self.arg_ends[args].iter().map(move |end| {
            let arg = &self.data[start..*end as usize];
            start = *end as usize;
            arg
        })
    }

    /// Argument `at` of command `index`, if it has so many.
    ///
    /// # Panics
    ///
    /// When there is no such command.
    #[inline]
    pub fn arg(&self, index: usize, at: usize) -> Option<&[u8]> {
        let arg = self.range(index).nth(at)?;
        Some(&self.data[end_before(&self.arg_ends, arg)..self.arg_ends[arg] as usize])
    }

    /// Where the ends of a command's arguments are.
    #[inline]
    fn range(&self, index: usize) -> Range<usize> {
        end_before(&self.command_ends, index)..self.command_ends[index] as usize
    }

    /// All commands, each as its argument vector.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Vec<&[u8]>> {
        (0..self.len()).map(|index| self.args(index).collect())
    }

    /// Removes all commands, keeps the memory.
    pub fn clear(&mut self) {
        self.data.clear();
        self.arg_ends.clear();
        self.command_ends.clear();
        self.is_too_large = false;
    }
}

/// Where the item before `index` ends.
#[inline]
fn end_before(ends: &[u32], index: usize) -> usize {
    index.checked_sub(1).map_or(0, |before| ends[before]) as usize
}

impl<A: AsRef<[u8]>> FromIterator<Vec<A>> for CommandList {
    fn from_iter<I: IntoIterator<Item = Vec<A>>>(commands: I) -> Self {
        let mut list = CommandList::new();
        for argv in commands {
            list.push(&argv);
        }
        list
    }
}

impl fmt::Debug for CommandList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |arg: &[u8]| arg.escape_ascii().to_string();
        let commands = self
            .iter()
            .map(|argv| argv.into_iter().map(text).collect::<Vec<_>>());
        f.debug_list().entries(commands).finish()
    }
}

/// A sequence of commands, each a sequence of byte strings.
impl Serialize for CommandList {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Argv<'a>(&'a CommandList, usize);
        struct Arg<'a>(&'a [u8]);
        impl Serialize for Arg<'_> {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_bytes(self.0)
            }
        }
        impl Serialize for Argv<'_> {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(self.0.args(self.1).map(Arg))
            }
        }
        serializer.collect_seq((0..self.len()).map(|index| Argv(self, index)))
    }
}

impl<'de> Deserialize<'de> for CommandList {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List(CommandList);
        impl<'de> Visitor<'de> for List {
            type Value = CommandList;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("commands")
            }
            fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<CommandList, A::Error> {
                while seq.next_element_seed(Argv(&mut self.0))?.is_some() {
                    self.0.command_ends.push(self.0.arg_ends.len() as u32);
                }
                Ok(self.0)
            }
        }
        deserializer.deserialize_seq(List(CommandList::new()))
    }
}

/// Reads one command's arguments into a list, without a detour through vectors of its own.
struct Argv<'a>(&'a mut CommandList);

impl<'de> DeserializeSeed<'de> for Argv<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Argv<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("arguments")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Arg(self.0))?.is_some() {}
        Ok(())
    }
}

/// Reads one argument into a list.
struct Arg<'a>(&'a mut CommandList);

impl<'de> DeserializeSeed<'de> for Arg<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl Visitor<'_> for Arg<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<(), E> {
        self.0.data.extend_from_slice(bytes);
        let end = u32::try_from(self.0.data.len()).map_err(|_| E::custom("a unit of 4 GiB"))?;
        self.0.arg_ends.push(end);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_list_gives_back_what_was_pushed() {
        let mut list = CommandList::new();
        assert!(list.is_empty());
        list.push(&[b"SET".as_slice(), b"", b"a\0b"]);
        list.push([b""; 0]);
        list.push(&[b"PING"]);
        assert_eq!(list.len(), 3);
        assert_eq!(list.arg(0, 2), Some(b"a\0b".as_slice()));
        assert_eq!((list.arg(0, 3), list.arg(1, 0)), (None, None));
        let all: Vec<_> = list.iter().collect();
        assert_eq!(
            all,
            [
                vec![b"SET".as_slice(), b"", b"a\0b"],
                vec![],
                vec![b"PING".as_slice()]
            ]
        );
        let mut twice = list.clone();
        twice.append(&list);
        assert_eq!(twice.len(), 6);
        assert_eq!(
            twice.iter().nth(3),
            Some(vec![b"SET".as_slice(), b"", b"a\0b"])
        );
        list.clear();
        assert_eq!(list, CommandList::new());
    }

    #[test]
    fn a_list_that_would_be_too_large_says_so_and_takes_no_more() {
        let mut list = CommandList::new();
        list.push_within(6, [b"abc"]);
        list.push_within(6, [b"def"]);
        assert_eq!((list.len(), list.size()), (2, 6));
        list.push_within(6, [b"".as_slice(), b"g"]);
        list.push(&[b"h"]);
        assert_eq!((list.len(), list.size()), (2, usize::MAX));
        assert_eq!(list.iter().nth(1), Some(vec![b"def".as_slice()]));
        let mut other = CommandList::new();
        other.append(&list);
        assert_eq!(other.size(), usize::MAX);
        list.clear();
        assert_eq!((list.size(), &list), (0, &CommandList::new()));
    }
}
