//! [`Turn`]: a front door's turn at the engine, even while a script keeps it.

use std::time::Duration;

use parking_lot::MutexGuard;

use super::Core;
use super::Engine;
use super::Outcome;
use crate::command::Busy;
use crate::journal::Appended;
use crate::journal::JournalError;
use crate::resp::Protocol;
use crate::resp::Reply;
use crate::session::SessionKey;

/// How long to wait for the engine before looking whether a slow script keeps it.
const PATIENCE: Duration = Duration::from_millis(20);

/// A turn at the engine: its lock, or the knowledge that a slow script has it.
pub struct Turn<'a> {
    core: Option<MutexGuard<'a, Core>>,
    busy: &'a Busy,
}

impl Engine {
    /// Waits for a turn; not longer than until a script that keeps the engine becomes slow.
    pub fn turn(&self) -> Turn<'_> {
        let busy = &*self.0.busy;
        loop {
            if let Some(mut core) = self.0.core.try_lock_for(PATIENCE) {
                core.begin_turn();
                return Turn {
                    core: Some(core),
                    busy,
                };
            }
            if busy.is_slow() {
                return Turn { core: None, busy };
            }
        }
    }

    /// Runs requests in one turn, then waits until all that they may have seen is settled.
    ///
    /// # Errors
    ///
    /// The journal can't be written; nothing of what `work` returned may be released.
    pub fn requests<T>(&self, work: impl FnOnce(&mut Turn<'_>) -> T) -> Result<T, JournalError> {
        let mut turn = self.turn();
        let result = work(&mut turn);
        let last = turn.last_record();
        drop(turn);
        self.settle(last)?;
        Ok(result)
    }
}

impl Turn<'_> {
    /// The engine, unless a slow script has it.
    pub fn core(&mut self) -> Option<&mut Core> {
        self.core.as_deref_mut()
    }

    /// Runs one request; while a slow script has the engine, SCRIPT KILL and SHUTDOWN NOSAVE alone.
    #[inline]
    pub fn run(&mut self, connection: Option<SessionKey>, argv: &[&[u8]]) -> Outcome {
        match (&mut self.core, connection) {
            (Some(core), Some(connection)) => core.run(connection, argv),
            (Some(_), None) => Outcome::Closed,
            (None, _) => {
                let answer = self.busy.answer(argv);
                let reply = answer.map_or_else(Reply::from, |()| Reply::OK);
                Outcome::Reply(reply, Protocol::Resp2)
            }
        }
    }

    /// The last record, which replies of this turn may depend on.
    pub fn last_record(&self) -> Appended {
        let core = self.core.as_ref();
        core.map_or_else(Appended::default, |core| core.last_record())
    }

    /// Whether a command asked for the end of the process.
    pub fn stop_requested(&self) -> bool {
        self.busy.stop_requested() || self.core.as_ref().is_some_and(|core| core.stop_requested())
    }
}
