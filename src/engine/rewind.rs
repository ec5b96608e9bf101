//! Records that people make: marks and rewinds.

use super::Core;
use crate::commit::Mark;
use crate::commit::Record;
use crate::commit::Rewind;
use crate::commit::Seq;
use crate::journal::JournalError;
use crate::keyspace::Keyspace;
use crate::session::Session;

/// What a command asked for that is done right after it, before its reply is released.
pub(super) enum After {
    /// The journal was healed, and this is the last record that it kept.
    Healed(Seq),
    /// The place in history gets a name.
    Mark(String),
    /// The data becomes what it was.
    Rewind(Rewind, Keyspace),
    /// Sessions are recorded from now on.
    Announce,
}

impl Core {
    /// Gives a place in history a name: that after record `at`, or the present one; the mark's record.
    ///
    /// # Errors
    ///
    /// The journal takes no records.
    pub fn mark(&mut self, name: String, at: Option<Seq>) -> Result<Seq, JournalError> {
        let now_us = self.clock.now_us();
        self.recorder
            .append(now_us, || Record::Mark(Mark { name, at }))?;
        Ok(self.last_seq())
    }

    /// Makes the data `keyspace`, the state at the place that `rewind` names; the rewind's record. Keys that become
    /// others count as changed for whoever watches or tracks them, and whoever waits for one of them is served.
    ///
    /// # Errors
    ///
    /// History before that place was dropped, or the journal takes no records; the data stays what it is.
    pub fn rewind_to(&mut self, rewind: Rewind, keyspace: Keyspace) -> Result<Seq, JournalError> {
        let seq = self.go_to(rewind, keyspace)?;
        self.send_invalidations(None);
        self.attend_waits(self.clock.now_us());
        Ok(seq)
    }

    fn go_to(&mut self, rewind: Rewind, keyspace: Keyspace) -> Result<Seq, JournalError> {
        if self.recorder.is_recording() && !self.knows(rewind.to) {
            let first = self.host.first_seq;
            return Err(JournalError::Misuse(format!(
                "history begins with record {first}: nothing can go back to record {}",
                rewind.to
            )));
        }
        let now_us = self.clock.now_us();
        self.recorder.append(now_us, || Record::Rewind(rewind))?;
        let databases = self.world.keyspace.databases();
        let before = std::mem::replace(&mut self.world.keyspace, keyspace);
        self.world.keyspace.grow(databases);
        self.touch_differences(&before);
        self.invalidate_differences(&before);
        Ok(self.last_seq())
    }

    /// Whether the place after record `seq` is part of history: not dropped, and not lost with a failed disk.
    pub fn knows(&self, seq: Seq) -> bool {
        (self.host.first_seq..=self.last_seq() + 1).contains(&(seq + 1))
    }

    /// Does what the command of `session` that just ran asked for.
    #[cold]
    pub(super) fn follow_up(&mut self, session: Option<&Session>) -> Result<(), JournalError> {
        match self.host.after.take() {
            None => {}
            Some(After::Healed(last_seq)) => self.resume_after(last_seq),
            Some(After::Mark(name)) => drop(self.mark(name, None)?),
            Some(After::Rewind(rewind, keyspace)) => drop(self.go_to(rewind, keyspace)?),
            Some(After::Announce) => self.announce(session),
        }
        Ok(())
    }

    /// Makes the data `keyspace` in an engine that nobody has used yet.
    pub fn adopt(&mut self, keyspace: Keyspace) {
        self.world.keyspace = keyspace;
    }

    fn touch_differences(&mut self, before: &Keyspace) {
        let seq = self.recorder.last_seq;
        for db in 0..before.databases() {
            for key in self.world.noticed_keys(db) {
                let after = self.world.keyspace.db(db).get(&key);
                if before.db(db).get(&key) != after {
                    self.world.notice(db, &key, seq);
                }
            }
        }
    }
}
