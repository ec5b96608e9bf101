//! [`Recorder`]: from a finished unit to its record.

use std::borrow::Cow;
use std::sync::Arc;

use crc::CRC_32_ISO_HDLC;
use crc::Crc;
use crc32fast::Hasher;

use crate::bytes::Bytes;
use crate::command::Abort;
use crate::command::Unit;
use crate::command::redacted;
use crate::command::redacted_all;
use crate::command::redacted_reply;
use crate::commit::Aborted;
use crate::commit::Blob;
use crate::commit::ClientEvent;
use crate::commit::CommandList;
use crate::commit::Commands;
use crate::commit::Commit;
use crate::commit::Draft;
use crate::commit::Observed;
use crate::commit::Origin;
use crate::commit::Record;
use crate::commit::Recording;
use crate::commit::Seq;
use crate::commit::Setting;
use crate::commit::Waiting;
use crate::commit::Watched;
use crate::journal::Journal;
use crate::journal::JournalError;
use crate::resp::Protocol;
use crate::resp::Reply;
use crate::resp::encode;
use crate::session::Session;
use crate::session::Wait;

/// Makes a record of each unit that is to have one.
#[derive(Default)]
pub(super) struct Recorder {
    pub(super) journal: Option<Arc<Journal>>,
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
    pub(super) fn new(journal: Option<Arc<Journal>>, last_seq: Seq) -> Recorder {
        Recorder {
            is_recording: journal.is_some(),
            journal,
            last_seq,
            ..Recorder::default()
        }
    }

    /// A recorder of everything that keeps its records for [`take_kept`](Recorder::take_kept).
    pub(super) fn keeping() -> Recorder {
        Recorder {
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
        level: Recording,
        unit: &mut Unit,
        session: &Session,
        argv: &[&[u8]],
        reply: &Reply,
    ) -> Result<(), JournalError> {
        if unit.changes() > 0 {
            let client = (session.id, &*session.name);
            self.commit(level, unit, client, argv, Some(reply))
        } else if let Some(abort) = unit.aborted.take() {
            match level {
                Recording::Commits => Ok(()),
                _ => self.append(unit.now_us, || {
                    Record::Aborted(aborted(unit, session, *abort))
                }),
            }
        } else if unit.is_setting() {
            self.setting(level, unit, session, argv, reply)
        } else if level == Recording::Session {
            self.observe(unit, session, argv, reply)
        } else {
            Ok(())
        }
    }

    /// A unit of the fake itself is finished.
    pub(super) fn finish_own(&mut self, unit: &mut Unit) -> Result<(), JournalError> {
        self.commit(Recording::default(), unit, (0, b""), &[], None)
    }

    /// A unit that changed no data, but what later ones do, is finished.
    #[cold]
    fn setting(
        &mut self,
        level: Recording,
        unit: &mut Unit,
        session: &Session,
        argv: &[&[u8]],
        reply: &Reply,
    ) -> Result<(), JournalError> {
        let replies = match level {
            Recording::Session => Some(encoded(reply, &mut self.replies).into()),
            _ => None,
        };
        let commands = match unit.origin {
            Origin::Exec => std::mem::take(&mut unit.commands),
            _ => CommandList::from_iter([redacted(argv).into_owned()]),
        };
        let setting = Setting {
            client: session.client(),
            origin: unit.origin,
            db: unit.db as u32,
            commands,
            replies,
        };
        self.append(unit.now_us, || Record::Setting(setting))
    }

    /// A unit that changed nothing is finished.
    #[inline(never)]
    fn observe(
        &mut self,
        unit: &Unit,
        session: &Session,
        argv: &[&[u8]],
        reply: &Reply,
    ) -> Result<(), JournalError> {
        if !self.is_recording {
            return Ok(());
        }
        let own = redacted(argv);
        let commands = match unit.origin {
            Origin::Exec => Commands::List(&unit.commands),
            _ => Commands::One(&own),
        };
        let replies = encoded(&redacted_reply(argv, reply), &mut self.replies);
        let observed = Draft {
            client_id: session.id,
            client_name: &session.name,
            origin: unit.origin,
            db: unit.db as u32,
            commands,
            effects: &[],
            seed: unit.seed(),
            reply_crc: 0,
            replies: Some(replies),
        };
        match &self.journal {
            Some(journal) => self.last_seq = journal.append_observed(unit.now_us, &observed)?,
            None => {
                let observed = Observed::from(&observed);
                self.keep(|| Record::Observed(observed));
            }
        }
        Ok(())
    }

    /// A request of a connection could not be read; it is answered `error`.
    pub(super) fn unreadable(
        &mut self,
        session: &Session,
        now_us: i64,
        error: &Reply,
    ) -> Result<(), JournalError> {
        let replies = encoded(error, &mut self.replies).into();
        self.append(now_us, || {
            Record::Observed(Observed {
                client: session.client(),
                origin: Origin::Direct,
                db: session.db as u32,
                commands: CommandList::new(),
                seed: None,
                replies,
            })
        })
    }

    /// A command began to wait: for keys, or for the end of a pause.
    pub(super) fn waiting(
        &mut self,
        session: &Session,
        now_us: i64,
        argv: &[&[u8]],
        (keys, until_us): (&[Bytes], Option<i64>),
    ) -> Result<(), JournalError> {
        self.append(now_us, || {
            Record::Waiting(Waiting {
                client: session.client(),
                db: session.db as u32,
                commands: CommandList::from_iter([redacted(argv).into_owned()]),
                keys: keys.iter().map(|key| Blob::from(&**key)).collect(),
                until_us,
            })
        })
    }

    /// A wait ended without what it was for, because of the record `cause`; 0 where its time was over.
    pub(super) fn wait_ended(
        &mut self,
        session: &Session,
        now_us: i64,
        wait: &Wait,
        cause: Seq,
    ) -> Result<(), JournalError> {
        let replies = encoded(&wait.timeout, &mut self.replies).into();
        self.append(now_us, || {
            Record::Observed(Observed {
                client: session.client(),
                origin: Origin::Blocked { cause },
                db: wait.db as u32,
                commands: CommandList::from_iter([wait.words()]),
                seed: None,
                replies,
            })
        })
    }

    /// A connection opened or closed.
    pub(super) fn client(
        &mut self,
        level: Recording,
        session: &Session,
        now_us: i64,
        open: bool,
    ) -> Result<(), JournalError> {
        if level < Recording::Session || !self.is_recording() {
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
        level: Recording,
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
            replies: (level == Recording::Session).then_some(replies),
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
    let watched = |(db, key, since): (usize, Bytes, Seq)| Watched {
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
