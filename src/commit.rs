//! The plain records of what happened: the contract between engine, journal and timeline.
//!
//! The engine makes them, the journal stores them, the timeline reads them; none of the three needs
//! to know the others' insides. Nothing here knows what a command means or how bytes lie on disk.

use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeSeed;
use serde::de::SeqAccess;
use serde::de::Visitor;
use std::fmt;

/// A record's place in history: 1 for the first, one more for each next, never reused.
pub type Seq = u64;

/// One record of the journal, with its place and time.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The place in history.
    pub seq: Seq,
    /// The frozen clock of the unit, in microseconds since 1970-01-01T00:00:00Z.
    pub clock_us: i64,
    /// What happened.
    pub record: Record,
}

/// What a journal entry says.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// A unit that changed something.
    Commit(Commit),
    /// A process opened the journal.
    Open(Open),
    /// The process closed it in good order.
    Close(Close),
    /// A name for this place in history.
    Mark(String),
    /// The state became what it was at this earlier place.
    Rewind(Seq),
    /// An EXEC that a WATCH aborted (recording level `aborts`).
    Aborted(Aborted),
    /// A command that changed nothing: a read or an error (recording level `session`).
    Observed(Observed),
    /// A connection opened or closed (recording level `session`).
    Client(ClientEvent),
}

/// One unit: a command, an EXEC batch, a script, or an expiry, that changed something.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Commit {
    /// Who caused it.
    pub client: Client,
    /// How it came about.
    pub origin: Origin,
    /// The database that was selected when the unit began.
    pub db: u32,
    /// The commands as sent, in order.
    pub commands: CommandList,
    /// What each of `commands` did to the data, one for one.
    pub effects: Vec<Effect>,
    /// The seed of the unit's random numbers, where it drew any.
    pub seed: Option<u64>,
    /// CRC-32 (ISO-HDLC) of the RESP3 encodings of all replies, in order.
    pub reply_crc: u32,
    /// The replies, RESP3-encoded one after another, where they were recorded (level `session`).
    pub replies: Option<Blob>,
}

impl Commit {
    /// Calls `visit` with each command that has the effects of the commit, in order.
    pub fn each_effect<'a>(&'a self, mut visit: impl FnMut(&[&'a [u8]])) {
        let mut argv = Vec::new();
        for (index, effect) in self.effects.iter().enumerate() {
            match effect {
                Effect::None => {}
                Effect::Verbatim => {
                    self.commands.get(index, &mut argv);
                    visit(&argv);
                }
                Effect::Rewritten(commands) => commands.iter().for_each(|argv| visit(&argv)),
            }
        }
    }
}

/// A [`Commit`] that is being made: its parts, borrowed from where they are at hand.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// The client's id, 0 for the fake itself.
    pub client_id: u64,
    /// The client's name.
    pub client_name: &'a [u8],
    /// How it came about.
    pub origin: Origin,
    /// The database that was selected when the unit began.
    pub db: u32,
    /// The commands as sent, in order.
    pub commands: Commands<'a>,
    /// What each of `commands` did to the data, one for one.
    pub effects: &'a [Effect],
    /// The seed of the unit's random numbers, where it drew any.
    pub seed: Option<u64>,
    /// CRC-32 (ISO-HDLC) of the RESP3 encodings of all replies, in order.
    pub reply_crc: u32,
    /// The replies, where they are to be recorded.
    pub replies: Option<&'a [u8]>,
}

/// The commands of a unit.
#[derive(Clone, Copy, Debug)]
pub enum Commands<'a> {
    /// One, as the words of a request.
    One(&'a [&'a [u8]]),
    /// Any number of them.
    List(&'a CommandList),
}

impl<'a> From<&'a Commit> for Draft<'a> {
    fn from(commit: &'a Commit) -> Self {
        Draft {
            client_id: commit.client.id,
            client_name: commit.client.name.as_ref(),
            origin: commit.origin,
            db: commit.db,
            commands: Commands::List(&commit.commands),
            effects: &commit.effects,
            seed: commit.seed,
            reply_crc: commit.reply_crc,
            replies: commit.replies.as_ref().map(Blob::as_ref),
        }
    }
}

/// Who sent a unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// The connection's id, 0 for the fake itself.
    pub id: u64,
    /// The name given by `CLIENT SETNAME`, or empty.
    pub name: Blob,
}

/// How a unit came about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// A command on its own.
    #[default]
    Direct,
    /// `MULTI` … `EXEC`.
    Exec,
    /// `EVAL` and friends.
    Script,
    /// A blocked client was served because of the commit `cause`.
    Blocked {
        /// The commit that served it.
        cause: Seq,
    },
    /// A key or field reached its time to live.
    Expired,
    /// A key was evicted.
    Evicted,
    /// A dataset was loaded.
    Fixture,
}

/// What a command did to the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Effect {
    /// Nothing.
    None,
    /// Running the command as sent has the same effect again.
    Verbatim,
    /// These canonical commands have the effect. Boxed: few effects are of this kind, and all are handed on.
    Rewritten(Box<CommandList>),
}

/// A process opened the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Open {
    /// The version of this crate.
    pub version: String,
    /// The seed of the process's random numbers.
    pub seed: u64,
    /// The recording level's name.
    pub record: String,
    /// How many databases there are.
    pub databases: u32,
}

/// A process closed the journal in good order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Close {
    /// The digest of the state, as `DEBUG DIGEST` prints it.
    pub digest: String,
}

/// An EXEC that was refused because a watched key changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aborted {
    /// Whose EXEC.
    pub client: Client,
    /// The database that was selected.
    pub db: u32,
    /// The queued commands that did not run.
    pub commands: CommandList,
    /// What was watched.
    pub watched: Vec<Watched>,
    /// The watched key that changed first.
    pub key: Blob,
    /// That key's database.
    pub key_db: u32,
    /// The commit that changed it.
    pub culprit: Seq,
}

/// A key under WATCH.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// The key's database.
    pub db: u32,
    /// The key.
    pub key: Blob,
    /// The last record when WATCH ran.
    pub since: Seq,
}

/// A command that changed nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observed {
    /// Who sent it.
    pub client: Client,
    /// The database that was selected.
    pub db: u32,
    /// The command (or the commands of one EXEC or script).
    pub commands: CommandList,
    /// The replies, RESP3-encoded one after another.
    pub replies: Blob,
}

/// A connection opened or closed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClientEvent {
    /// Which.
    pub client: Client,
    /// True when it opened, false when it closed.
    pub open: bool,
    /// The peer's address, as `CLIENT LIST` shows it.
    pub addr: String,
}

/// A byte string that serde treats as bytes.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Blob(pub Vec<u8>);

impl Serialize for Blob {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Blob;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Blob, E> {
                Ok(Blob(bytes.to_vec()))
            }
            fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Blob, E> {
                Ok(Blob(bytes))
            }
        }
        deserializer.deserialize_byte_buf(Visitor)
    }
}

impl From<&[u8]> for Blob {
    fn from(bytes: &[u8]) -> Self {
        Blob(bytes.to_vec())
    }
}

impl AsRef<[u8]> for Blob {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

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
}

impl CommandList {
    /// An empty list.
    pub const fn new() -> CommandList {
        CommandList {
            data: Vec::new(),
            arg_ends: Vec::new(),
            command_ends: Vec::new(),
        }
    }

    /// Adds one command.
    ///
    /// # Panics
    ///
    /// When the list would hold 4 GiB or more; callers cap a unit far below that.
    pub fn push<A: AsRef<[u8]>>(&mut self, argv: &[A]) {
        for arg in argv {
            self.data.extend_from_slice(arg.as_ref());
            self.arg_ends
                .push(u32::try_from(self.data.len()).expect("a unit is below 4 GiB"));
        }
        self.command_ends.push(self.arg_ends.len() as u32);
    }

    /// Adds all commands of another list.
    pub fn append(&mut self, other: &CommandList) {
        let mut argv = Vec::new();
        for index in 0..other.len() {
            other.get(index, &mut argv);
            self.push(&argv);
            argv.clear();
        }
    }

    /// The number of commands.
    pub fn len(&self) -> usize {
        self.command_ends.len()
    }

    /// Whether there is no command.
    pub fn is_empty(&self) -> bool {
        self.command_ends.is_empty()
    }

    /// The bytes of all arguments together.
    pub fn size(&self) -> usize {
        self.data.len()
    }

    /// Puts the arguments of command `index` into `argv`.
    ///
    /// # Panics
    ///
    /// When there is no such command.
    pub fn get<'a>(&'a self, index: usize, argv: &mut Vec<&'a [u8]>) {
        argv.clear();
        argv.extend(self.args(index));
    }

    /// The arguments of command `index`.
    ///
    /// # Panics
    ///
    /// When there is no such command.
    pub fn args(&self, index: usize) -> impl ExactSizeIterator<Item = &[u8]> {
        let first = index
            .checked_sub(1)
            .map_or(0, |before| self.command_ends[before]) as usize;
        let last = self.command_ends[index] as usize;
        (first..last).map(|arg| {
            let start = arg.checked_sub(1).map_or(0, |before| self.arg_ends[before]) as usize;
            &self.data[start..self.arg_ends[arg] as usize]
        })
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
    }
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
        list.push::<&[u8]>(&[]);
        list.push(&[b"PING"]);
        assert_eq!(list.len(), 3);
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
}
