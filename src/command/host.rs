//! [`Host`]: what a command asks of the engine around it, which knows about disks, clocks and processes.

use std::io;
use std::time::Duration;

use super::config::Config;
use super::waiting::Question;
use super::world::World;
use crate::clock::Clock;
use crate::commit::Recording;
use crate::commit::Rewind;
use crate::commit::Seq;
use crate::keyspace::Keyspace;

/// The engine, as commands see it. What a method does unless an engine says otherwise is what is right where
/// there is none: no journal, no process, no other connections.
pub trait Host {
    /// Writes a checkpoint of `keyspace` (SAVE, and BGSAVE with `background`).
    ///
    /// # Errors
    ///
    /// Why it could not be written, for the client.
    fn checkpoint(&mut self, _keyspace: &Keyspace, _background: bool) -> Result<(), String> {
        Ok(())
    }

    /// Brings all units before the running one to stable storage (WAITAOF); false where there is none.
    ///
    /// # Errors
    ///
    /// Why that failed, for the client.
    fn sync(&mut self) -> Result<bool, String> {
        Ok(false)
    }

    /// The data as the journal has it, settled first (DEBUG RELOAD and LOADAOF); `None` without a journal.
    ///
    /// # Errors
    ///
    /// Why it could not be read, for the client.
    fn reload(&mut self) -> Result<Option<Keyspace>, String> {
        Ok(None)
    }

    /// Has the journal take records again after its disk failed, and the world what it says (FAKEREDIS JOURNAL HEAL).
    /// Does nothing where nothing failed.
    ///
    /// # Errors
    ///
    /// Why it still takes none, for the client.
    fn heal(&mut self, _world: &mut World) -> Result<(), String> {
        Ok(())
    }

    /// Forgets the records before `keep` (FAKEREDIS JOURNAL COMPACT); how many there were.
    ///
    /// # Errors
    ///
    /// Why that can't be, for the client.
    fn compact(&mut self, _keep: Seq) -> Result<u64, String> {
        Err("there is no journal".to_owned())
    }

    /// Hands in a question, to be answered by a thread that doesn't keep others waiting; its number. `None` where nobody
    /// answers. [`Context::ask`](super::Context::ask) also has the connection wait.
    fn ask(&mut self, _question: Question) -> Option<u64> {
        None
    }

    /// Gives the place in history a name, once the running command is over.
    fn mark(&mut self, _name: String) {}

    /// Makes the data `keyspace`, the state at the place that `rewind` names, once the running command is over.
    fn rewind(&mut self, _rewind: Rewind, _keyspace: Keyspace) {}

    /// How much is recorded; `None` where there is no journal.
    fn recording(&self) -> Option<Recording> {
        None
    }

    /// Records so much from now on, the running command included (FAKEREDIS RECORD).
    ///
    /// # Errors
    ///
    /// There is no journal.
    fn set_recording(&mut self, _level: Recording) -> Result<(), String> {
        Err("there is no journal".to_owned())
    }

    /// The journal's condition.
    fn persistence(&self) -> Persistence {
        Persistence::default()
    }

    /// The process around the engine.
    fn process(&self) -> Process {
        Process::default()
    }

    /// Follows a change of the configuration.
    ///
    /// # Errors
    ///
    /// The parameter that can't be followed, and why; then nothing changed.
    fn reconfigure(
        &mut self,
        _before: &Config,
        _after: &Config,
    ) -> Result<(), (&'static str, String)> {
        Ok(())
    }

    /// Writes the configuration to the file it came from.
    ///
    /// # Errors
    ///
    /// Why not, for the client.
    fn rewrite_config(&mut self, _conf: &str) -> Result<(), String> {
        Err("The server is running without a config file".to_owned())
    }

    /// Writes a message of a script to the server's log; `level` from 0 (debug) to 3 (warning).
    fn log(&mut self, _level: i64, _message: &[u8]) {}

    /// The clock that the fake follows.
    fn clock(&self) -> Option<&Clock> {
        None
    }

    /// Has the journal's disk fail the next time that something is to be written (FAKEREDIS FAULT).
    fn fail_disk(&mut self, _error: io::Error, _at_sync: bool) {}

    /// Lets time pass (DEBUG SLEEP): really where the clock runs, on the clock where it stands.
    fn sleep(&mut self, _time: Duration) {}

    /// Ends the process once the running command's reply would be sent, with a checkpoint first unless
    /// `save` says no.
    ///
    /// # Errors
    ///
    /// Why it can't end: there is no process, or the checkpoint failed.
    fn shutdown(&mut self, _keyspace: &Keyspace, _save: bool) -> Result<(), String> {
        Err("there is no server to shut down".to_owned())
    }
}

/// A journal's condition, as INFO shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Persistence {
    /// Whether there is a journal.
    pub enabled: bool,
    /// The records since the last checkpoint.
    pub changes: u64,
    /// Whether a checkpoint is being written.
    pub saving: bool,
    /// When the last checkpoint was complete, in seconds since the epoch; 0 for never.
    pub last_save_s: i64,
    /// How many checkpoints were written.
    pub saves: u64,
    /// The last record that is on stable storage.
    pub durable_seq: Seq,
    /// Why the last checkpoint failed.
    pub save_error: Option<String>,
    /// Why the journal takes no more records.
    pub write_error: Option<String>,
    /// The journal's size in bytes.
    pub size: u64,
}

/// The process, as INFO shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub id: u32,
    /// Its program.
    pub executable: String,
    /// The configuration file, or nothing.
    pub config_file: String,
}

/// No journal, no process: for commands that are applied or looked at.
pub struct NoHost;

impl Host for NoHost {}
