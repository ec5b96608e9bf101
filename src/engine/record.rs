//! [`Recorder`]: from a finished unit to its record.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crc::CRC_32_ISO_HDLC;
use crc::Crc;
use crc32fast::Hasher;

use crate::command::Abort;
use crate::command::Unit;
use crate::command::redacted;
use crate::command::redacted_all;
use crate::commit::Aborted;
use crate::commit::Blob;
use crate::commit::ClientEvent;
use crate::commit::CommandList;
use crate::commit::Commands;
use crate::commit::Commit;
use crate::commit::Draft;
use crate::commit::Observed;
use crate::commit::Record;
use crate::commit::Seq;
use crate::commit::Setting;
use crate::commit::Watched;
use crate::journal::Journal;
use crate::journal::JournalError;
use crate::resp::Protocol;
use crate::resp::Reply;
use crate::resp::encode;
use crate::session::Session;

/// How much of a session is recorded; each level holds the ones before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recording {
    /// Units that changed something.
    Commits,
    /// Also EXECs that a WATCH aborted, with the record that caused it.
    #[default]
    Aborts,
    /// Also reads, errors, all replies, and connections that open and close.
    Session,
}

impl Recording {
    const NAMES: [(&str, Recording); 3] = [
        ("commits", Recording::Commits),
        ("aborts", Recording::Aborts),
        ("session", Recording::Session),
    ];
}

impl fmt::Display for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Recording::NAMES.iter().find(|(_, level)| level == self);
        f.write_str(name.map_or("", |(name, _)| name))
    }
}

impl FromStr for Recording {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let level = Recording::NAMES.iter().find(|(name, _)| *name == text);
        level.map(|(_, level)| *level).ok_or_else(|| {
            format!("no recording level '{text}'; there are commits, aborts, session")
        })
    }
}

/// Makes a record of each unit that is to have one.
#[derive(Default)]
pub(super) struct Recorder {
    pub(super) journal: Option<Arc<Journal>>,
    pub(super) level: Recording,
    pub(super) last_seq: Seq,
    /// Where records stay that no journal is to hold.
    kept: Option<Vec<Record>>,
    is_recording: bool,
    /// Filled anew for each unit, so that it is allocated once.
    replies: Vec<u8>,
    /// At its start; made once, because it asks what the processor can do.
    checksum: Hasher,
}

/// What most writes answer, and its checksum.
const OK: &[u8] = b"+OK\r\n";
const OK_CRC: u32 = Crc::<u32>::new(&CRC_32_ISO_HDLC).checksum(OK);

impl Recorder {
    /// A recorder that goes on behind the record `last_seq`.
    pub(super) fn new(journal: Option<Arc<Journal>>, level: Recording, last_seq: Seq) -> Recorder {
        Recorder {
            is_recording: journal.is_some(),
            journal,
            level,
            last_seq,
            ..Recorder::default()
        }
    }

    /// A recorder of everything that keeps its records for [`take_kept`](Recorder::take_kept).
    pub(super) fn keeping() -> Recorder {
        Recorder {
            level: Recording::Session,
            kept: Some(Vec::new()),
            is_recording: true,
            ..Recorder::default()
        }
    }

    /// The records that were kept since the last call.
    pub(super) fn take_kept(&mut self) -> Vec<Record> {
        self.kept.as_mut().map_or(vec![], std::mem::take)
    }

    /// Whether commands and effects are to be collected.
    pub(super) fn is_recording(&self) -> bool {
        self.is_recording
    }

    /// The unit of a connection is finished. `argv` is the request.
    #[inline]
    pub(super) fn finish(
        &mut self,
        unit: &mut Unit,
        session: &Session,
        argv: &[&[u8]],
        reply: &Reply,
    ) -> Result<(), JournalError> {
        if unit.changes() > 0 {
            let client = (session.id, &*session.name);
            self.commit(unit, client, argv, Some(reply))
        } else if let Some(abort) = unit.aborted.take() {
            match self.level {
                Recording::Commits => Ok(()),
                _ => self.append(unit.now_us, || {
                    Record::Aborted(aborted(unit, session, *abort))
                }),
            }
        } else if unit.is_setting() || self.level == Recording::Session {
            self.note(unit, session, argv, reply)
        } else {
            Ok(())
        }
    }

    /// A unit that changed no data is finished, and to be recorded all the same.
    #[cold]
    fn note(
        &mut self,
        unit: &mut Unit,
        session: &Session,
        argv: &[&[u8]],
        reply: &Reply,
    ) -> Result<(), JournalError> {
        let (client, db) = (session.client(), unit.db as u32);
        let commands = words(unit, argv);
        let replies: Blob = encoded(reply, &mut self.replies).into();
        let record = match unit.is_setting() {
            true => Record::Setting(Setting {
                client,
                db,
                commands,
                replies: (self.level == Recording::Session).then_some(replies),
            }),
            false => Record::Observed(Observed {
                client,
                db,
                commands,
                replies,
            }),
        };
        self.append(unit.now_us, || record)
    }

    /// A unit of the fake itself is finished.
    pub(super) fn finish_own(&mut self, unit: &mut Unit) -> Result<(), JournalError> {
        self.commit(unit, (0, b""), &[], None)
    }

    /// A connection opened or closed.
    pub(super) fn client(
        &mut self,
        session: &Session,
        now_us: i64,
        open: bool,
    ) -> Result<(), JournalError> {
        if self.level < Recording::Session || !self.is_recording() {
            return Ok(());
        }
        let addr = session.address.peer.clone();
        self.append(now_us, || {
            Record::Client(ClientEvent {
                client: session.client(),
                open,
                addr,
            })
        })
    }

    /// Appends a record that is no unit's.
    pub(super) fn append(
        &mut self,
        now_us: i64,
        record: impl FnOnce() -> Record,
    ) -> Result<(), JournalError> {
        if let Some(journal) = &self.journal {
            self.last_seq = journal.append(now_us, &record())?;
        } else {
            self.keep(record);
        }
        Ok(())
    }

    /// The checksum of a reply, as records have it.
    pub(super) fn reply_crc(&mut self, reply: &Reply) -> u32 {
        crc(&self.checksum, encoded(reply, &mut self.replies))
    }

    /// Counts a record that no journal holds, and keeps it where that is wanted.
    #[cold]
    fn keep(&mut self, record: impl FnOnce() -> Record) {
        self.last_seq += 1;
        if let Some(kept) = &mut self.kept {
            kept.push(record());
        }
    }

    fn commit(
        &mut self,
        unit: &Unit,
        (client_id, client_name): (u64, &[u8]),
        argv: &[&[u8]],
        reply: Option<&Reply>,
    ) -> Result<(), JournalError> {
        if !self.is_recording {
            self.last_seq += 1;
            return Ok(());
        }
        let replies = reply.map_or(&[][..], |reply| encoded(reply, &mut self.replies));
        let (commands, effects) = match &unit.own {
            Some(effect) => (Commands::One(argv), std::slice::from_ref(effect)),
            None => (Commands::List(&unit.commands), &*unit.effects),
        };
        let commit = Draft {
            client_id,
            client_name,
            origin: unit.origin,
            db: unit.db as u32,
            commands,
            effects,
            seed: unit.seed(),
            reply_crc: crc(&self.checksum, replies),
            replies: (self.level == Recording::Session).then_some(replies),
        };
        match &self.journal {
            Some(journal) => self.last_seq = journal.append_commit(unit.now_us, &commit)?,
            None => {
                let commit = Commit::from(&commit);
                self.keep(|| Record::Commit(commit));
            }
        }
        Ok(())
    }
}

#[inline]
fn encoded<'a>(reply: &Reply, buffer: &'a mut Vec<u8>) -> &'a [u8] {
    if let Reply::Simple(Cow::Borrowed("OK")) = reply {
        return OK;
    }
    buffer.clear();
    encode(reply, Protocol::Resp3, buffer);
    buffer
}

#[inline]
fn crc(start: &Hasher, replies: &[u8]) -> u32 {
    if replies == OK {
        return OK_CRC;
    }
    let mut hasher = start.clone();
    hasher.update(replies);
    hasher.finalize()
}

fn aborted(unit: &Unit, session: &Session, abort: Abort) -> Aborted {
    let watched = |(db, key, since): (usize, crate::bytes::Bytes, Seq)| Watched {
        db: db as u32,
        key: Blob::from(&*key),
        since,
    };
    Aborted {
        client: session.client(),
        db: unit.db as u32,
        commands: redacted_all(&abort.commands),
        watched: abort.watched.into_iter().map(watched).collect(),
        key: Blob::from(&*abort.touch.key),
        key_db: abort.touch.db as u32,
        culprit: abort.touch.seq,
    }
}

/// What a unit that changed nothing ran: the commands of its EXEC, or the request itself.
fn words(unit: &mut Unit, argv: &[&[u8]]) -> CommandList {
    let mut commands = std::mem::take(&mut unit.commands);
    if commands.is_empty() {
        commands.push(&*redacted(argv));
    }
    commands
}
