//! The plain records of what happened: the contract between engine, journal and timeline.
//!
//! The engine makes them, the journal stores them, the timeline reads them; none of the three needs
//! to know the others' insides. Nothing here knows what a command means or how bytes lie on disk.

mod commands;
mod recording;

pub use commands::CommandList;
pub use recording::Recording;

use std::fmt;

use serde::Deserialize;
use serde::Serialize;

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
    /// A name for a place in history.
    Mark(Mark),
    /// The state became what it was at an earlier place.
    Rewind(Rewind),
    /// An EXEC that a WATCH aborted (recording level `aborts`).
    Aborted(Aborted),
    /// A command that changed nothing: a read or an error (recording level `session`).
    Observed(Observed),
    /// A connection opened or closed (recording level `session`).
    Client(ClientEvent),
    /// A command that changed no data, but what later commands do.
    Setting(Setting),
    /// A command began to wait (recording level `session`).
    Waiting(Waiting),
}

impl Record {
    /// Who caused it, or whose connection opened or closed; client 0 is the fake itself.
    pub fn client(&self) -> Option<&Client> {
        match self {
            Record::Commit(commit) => Some(&commit.client),
            Record::Aborted(aborted) => Some(&aborted.client),
            Record::Observed(observed) => Some(&observed.client),
            Record::Client(event) => Some(&event.client),
            Record::Setting(setting) => Some(&setting.client),
            Record::Waiting(waiting) => Some(&waiting.client),
            Record::Open(_) | Record::Close(_) | Record::Mark(_) | Record::Rewind(_) => None,
        }
    }

    /// The database that its commands began in.
    pub fn db(&self) -> Option<u32> {
        match self {
            Record::Commit(commit) => Some(commit.db),
            Record::Aborted(aborted) => Some(aborted.db),
            Record::Observed(observed) => Some(observed.db),
            Record::Setting(setting) => Some(setting.db),
            Record::Waiting(waiting) => Some(waiting.db),
            _ => None,
        }
    }
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

/// A [`Commit`] or an [`Observed`] that is being made: its parts, borrowed from where they are at hand.
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

impl From<&Draft<'_>> for Commit {
    fn from(draft: &Draft<'_>) -> Self {
        Commit {
            client: Client {
                id: draft.client_id,
                name: draft.client_name.into(),
            },
            origin: draft.origin,
            db: draft.db,
            commands: match draft.commands {
                Commands::One(argv) => CommandList::from_iter([argv.to_vec()]),
                Commands::List(commands) => commands.clone(),
            },
            effects: draft.effects.to_vec(),
            seed: draft.seed,
            reply_crc: draft.reply_crc,
            replies: draft.replies.map(Blob::from),
        }
    }
}

impl From<&Draft<'_>> for Observed {
    fn from(draft: &Draft<'_>) -> Self {
        let commit = Commit::from(draft);
        Observed {
            client: commit.client,
            origin: commit.origin,
            db: commit.db,
            commands: commit.commands,
            seed: commit.seed,
            replies: commit.replies.unwrap_or_default(),
        }
    }
}

impl<'a> From<&'a Observed> for Draft<'a> {
    fn from(observed: &'a Observed) -> Self {
        Draft {
            client_id: observed.client.id,
            client_name: observed.client.name.as_ref(),
            origin: observed.origin,
            db: observed.db,
            commands: Commands::List(&observed.commands),
            effects: &[],
            seed: observed.seed,
            reply_crc: 0,
            replies: Some(observed.replies.as_ref()),
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

/// What stands in the place of a recording level where another server ran the commands: records are their effects.
pub const FOREIGN: &str = "effects";

/// A process opened the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Open {
    /// The version of this crate.
    pub version: String,
    /// The seed of the process's random numbers.
    pub seed: u64,
    /// The recording level's name, or [`FOREIGN`].
    pub record: String,
    /// How many databases there are.
    pub databases: u32,
    /// The parameters that are not at their defaults and matter to what commands do, but for passwords.
    pub settings: Vec<(String, Blob)>,
}

/// A process closed the journal in good order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Close {
    /// The digest of the state, as `DEBUG DIGEST` prints it.
    pub digest: String,
}

/// A name for a place in history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The name.
    pub name: String,
    /// The earlier record after which that place is; `None` for where the mark itself stands.
    pub at: Option<Seq>,
}

/// The state became what it was at an earlier place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rewind {
    /// The record after which that place is.
    pub to: Seq,
    /// How it came about.
    pub how: How,
}

/// How a rewind came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum How {
    /// Somebody named the place, or gave a snapshot back.
    Named,
    /// So many changes were taken back.
    Undo(u64),
    /// So many undone changes were brought back.
    Redo(u64),
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
    /// How it came about. The `cause` of a wait is 0 where its time was over.
    pub origin: Origin,
    /// The database that was selected.
    pub db: u32,
    /// The command (or the commands of one EXEC), but for passwords. There is none where a request could not be read.
    pub commands: CommandList,
    /// The seed of the random numbers, where it drew any.
    pub seed: Option<u64>,
    /// The replies, RESP3-encoded one after another.
    pub replies: Blob,
}

/// A command found nothing and began to wait, or a pause or a fault held it back. The next [`Commit`] or [`Observed`] of the
/// client says what came of that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// Who waits.
    pub client: Client,
    /// The database of the keys.
    pub db: u32,
    /// The command.
    pub commands: CommandList,
    /// What it waits for; nothing where it is held back.
    pub keys: Vec<Blob>,
    /// Until when, in microseconds since the epoch; `None`: for ever.
    pub until_us: Option<i64>,
}

/// A command that changed no data, but what later commands do: `CONFIG SET`, a script that was loaded.
///
/// It is recorded at every level, and no part of the state: recovery passes over it, and a process starts with the
/// settings that it was given. A command that changed both is a [`Commit`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// Who sent it.
    pub client: Client,
    /// How it came about.
    pub origin: Origin,
    /// The database that was selected.
    pub db: u32,
    /// The command (or the commands of one EXEC) as sent, but for passwords.
    pub commands: CommandList,
    /// The replies, RESP3-encoded one after another, where they were recorded (level `session`).
    pub replies: Option<Blob>,
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
