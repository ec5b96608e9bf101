//! Records that people make: marks and rewinds.

use super::Core;
use crate::commit::Mark;
use crate::commit::Record;
use crate::commit::Rewind;
use crate::commit::Seq;
use crate::journal::JournalError;
use crate::keyspace::Keyspace;

impl Core {
    /// Gives the present place in history a name; the mark's record.
    ///
    /// # Errors
    ///
    /// The journal takes no records.
    pub fn mark(&mut self, name: &str) -> Result<Seq, JournalError> {
        let now_us = self.clock.now_us();
        let mark = || Mark {
            name: name.to_owned(),
            at: None,
        };
        self.recorder.append(now_us, || Record::Mark(mark()))?;
        Ok(self.last_seq())
    }

    /// Makes the data `keyspace`, the state at the place that `rewind` names; the rewind's record. Watched keys that
    /// become others count as changed.
    ///
    /// # Errors
    ///
    /// The journal takes no records; the data stays what it is.
    pub fn rewind_to(&mut self, rewind: Rewind, keyspace: Keyspace) -> Result<Seq, JournalError> {
        let now_us = self.clock.now_us();
        self.recorder.append(now_us, || Record::Rewind(rewind))?;
        let databases = self.world.keyspace.databases();
        let before = std::mem::replace(&mut self.world.keyspace, keyspace);
        self.world.keyspace.grow(databases);
        self.touch_differences(&before);
        let seq = self.last_seq();
        self.attend_waits(now_us);
        Ok(seq)
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
                    self.world.touch(db, &key, seq);
                }
            }
        }
    }
}
