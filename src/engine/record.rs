//! [`Recorder`]: from a finished unit to its record.

use crate::command::Unit;
use crate::commit::Origin;
use crate::commit::Seq;
use crate::resp::Reply;
use crate::session::Session;

/// How much of a session is recorded; each level holds the ones before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recording {
    /// Units that changed something.
    Commits,
    /// Also EXECs that a WATCH aborted, with the record that caused it.
    #[default]
    Aborts,
    /// Also reads, errors, and connections that open and close.
    Session,
}

/// Makes a record of each unit that is to have one.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    last_seq: Seq,
    level: Recording,
}

impl Recorder {
    /// The last record.
    pub fn last_seq(&self) -> Seq {
        self.last_seq
    }

    /// Whether commands and effects are to be collected.
    pub fn is_recording(&self) -> bool {
        false
    }

    /// A connection's unit is finished.
    pub fn commit(&mut self, unit: &mut Unit, _session: &Session, _reply: &Reply) {
        if unit.changes() > 0 || (unit.aborted.is_some() && self.level >= Recording::Aborts) {
            self.last_seq += 1;
        }
    }

    /// A unit of the engine itself is finished.
    pub fn commit_own(&mut self, unit: &mut Unit) {
        debug_assert_eq!(unit.origin, Origin::Expired);
        self.last_seq += 1;
    }
}
