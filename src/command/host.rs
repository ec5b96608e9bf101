//! [`Host`]: what a command asks of the engine around it, which knows about disks and processes.

use crate::keyspace::Keyspace;

/// The engine, as commands see it.
pub trait Host {
    /// Writes a checkpoint of `keyspace` (SAVE, and BGSAVE with `background`).
    ///
    /// # Errors
    ///
    /// Why it could not be written, for the client.
    fn checkpoint(&mut self, keyspace: &Keyspace, background: bool) -> Result<(), String>;

    /// Brings all units before the running one to stable storage (WAITAOF); false where there is none.
    ///
    /// # Errors
    ///
    /// Why that failed, for the client.
    fn sync(&mut self) -> Result<bool, String>;
}

/// No journal, no process: for commands that are applied or looked at.
pub struct NoHost;

impl Host for NoHost {
    fn checkpoint(&mut self, _: &Keyspace, _: bool) -> Result<(), String> {
        Ok(())
    }

    fn sync(&mut self) -> Result<bool, String> {
        Ok(false)
    }
}
