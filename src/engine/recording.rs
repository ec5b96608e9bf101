//! What only the level `session` records, beside requests and their replies: who is connected, what waits, what could
//! not be read; and the change of the level.

use super::Core;
use crate::command::Host;
use crate::commit::Client;
use crate::commit::CommandList;
use crate::commit::Origin;
use crate::commit::Record;
use crate::commit::Recording;
use crate::commit::Seq;
use crate::commit::Setting;
use crate::journal::JournalError;
use crate::resp::Reply;
use crate::session::Session;
use crate::session::SessionKey;

impl Core {
    /// How much is recorded, where there is a journal.
    pub fn recording(&self) -> Recording {
        self.host.recording
    }

    /// Records so much from now on; the record that says so. Who is connected is recorded as if it came now.
    ///
    /// # Errors
    ///
    /// The journal takes no records.
    pub fn set_recording(&mut self, level: Recording) -> Result<Seq, JournalError> {
        // Without a journal there is nothing to follow.
        let _ = self.host.set_recording(level);
        self.follow_up(None)?;
        let words = ["FAKEREDIS", "RECORD", "LEVEL", &level.to_string()].map(str::to_owned);
        let now_us = self.clock.now_us();
        self.recorder.append(now_us, || {
            Record::Setting(Setting {
                client: Client::default(),
                origin: Origin::Direct,
                db: 0,
                commands: CommandList::from_iter([words.to_vec()]),
                replies: None,
            })
        })?;
        Ok(self.last_seq())
    }

    /// Records all connections as if they opened now; `session` is the one that is taken out.
    pub(super) fn announce(&mut self, session: Option<&Session>) {
        let (level, now_us) = (self.host.recording, self.clock.now_us());
        let mut all: Vec<&Session> = self.world.sessions.iter().chain(session).collect();
        all.sort_by_key(|session| session.id);
        for session in all {
            // A journal that fails here fails the running command too.
            let _ = self.recorder.client(level, session, now_us, true);
        }
    }

    /// A request of a connection could not be read, and is answered `error`.
    pub fn note_unreadable(&mut self, connection: SessionKey, error: &Reply) {
        let now_us = self.clock.now_us();
        if self.host.recording == Recording::Session
            && let Some(session) = self.world.sessions.get_mut(connection)
        {
            // The connection ends, whatever becomes of the record.
            let _ = self.recorder.unreadable(session, now_us, error);
        }
    }

    /// The running command waits or is held back. It may have changed something before: XREADGROUP makes its consumer.
    #[cold]
    pub(super) fn record_wait(
        &mut self,
        level: Recording,
        session: &Session,
        argv: &[&[u8]],
    ) -> Result<(), JournalError> {
        if self.unit.changes() > 0 {
            let reply = Reply::Silence;
            self.recorder
                .finish(level, &mut self.unit, session, argv, &reply)?;
        }
        self.note_wait(level, session, argv)
    }

    /// Records what the running command waits for. One that was woken in vain waits already.
    fn note_wait(
        &mut self,
        level: Recording,
        session: &Session,
        argv: &[&[u8]],
    ) -> Result<(), JournalError> {
        if level < Recording::Session || self.unit.origin != Origin::Direct {
            return Ok(());
        }
        let what = match self.world.waits.get(session.id) {
            // Its answer tells of the journal, and belongs to no history.
            Some(wait) if wait.question.is_some() => return Ok(()),
            Some(wait) => (&*wait.keys, wait.deadline_us),
            None => {
                let delayed = self.world.waits.delayed_until(session.id);
                let paused = self.world.pause.map(|pause| pause.until_us);
                (&[][..], delayed.or(paused))
            }
        };
        self.recorder.waiting(session, self.unit.now_us, argv, what)
    }

    /// Records the waits that ended without what they were for, because of the record `cause`.
    pub(super) fn note_ended_waits(&mut self, cause: Seq) {
        let now_us = self.clock.now_us();
        for wait in self.world.waits.take_ended() {
            if self.host.recording == Recording::Session
                && wait.question.is_none()
                && let Some(session) = self.world.sessions.get_mut(wait.session)
            {
                // Nothing came of the wait: what its client is told depends on no record.
                let _ = self.recorder.wait_ended(session, now_us, &wait, cause);
            }
        }
    }
}
