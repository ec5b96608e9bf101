//! What opening a journal for writing found and did, for people and for programs.

use crate::commit::Seq;
use std::fmt;

/// What was found when a journal was opened for writing, and what was done about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecoveryReport {
    /// The journal's identity.
    pub uuid: String,
    /// Whether the journal was made by this open.
    pub created: bool,
    /// Whether the last writer closed the journal in good order (or there was none).
    pub clean: bool,
    /// The first record that is there, 1 unless the journal was compacted.
    pub first_seq: Seq,
    /// The last record, 0 if there is none.
    pub last_seq: Seq,
    /// How many segments there are.
    pub segments: usize,
    /// The checkpoint that recovery starts from.
    pub checkpoint: Option<Seq>,
    /// Checkpoints that are damaged and were passed over.
    pub bad_checkpoints: Vec<String>,
    /// What was cut off.
    pub cut: Option<Cut>,
    /// Whole files that were moved to the quarantine, by [`Tolerance::Prefix`](super::Tolerance).
    pub set_aside: Vec<String>,
    /// Unfinished files that were removed.
    pub removed: Vec<String>,
}

/// Bytes that were cut off a journal's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The segment.
    pub file: String,
    /// Where the cut is.
    pub offset: u64,
    /// How many bytes were cut.
    pub bytes: u64,
    /// The last record before the cut.
    pub after: Seq,
    /// How many whole records were cut with them.
    pub records: u64,
    /// The file that keeps the bytes.
    pub quarantined: String,
}

impl fmt::Display for RecoveryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match (self.created, self.clean) {
            (true, _) => "created",
            (false, true) => "closed cleanly",
            (false, false) => "not closed cleanly",
        };
        write!(
            f,
            "journal {}: {how}, last record {}",
            self.uuid, self.last_seq
        )?;
        if let Some(seq) = self.checkpoint {
            write!(f, ", checkpoint {seq}")?;
        }
        if let Some(cut) = &self.cut {
            write!(
                f,
                "; cut {} bytes ({} whole records) after record {}, kept in {}",
                cut.bytes, cut.records, cut.after, cut.quarantined
            )?;
        }
        for name in &self.set_aside {
            write!(f, "; moved to {name}")?;
        }
        Ok(())
    }
}
