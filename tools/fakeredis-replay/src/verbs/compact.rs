//! `compact`: drops the oldest history; a checkpoint takes its place.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use fakeredis::Rev;
use fakeredis::compact_journal;
use serde_json::json;

use crate::Outcome;
use crate::output::Output;

#[derive(Args)]
#[command(after_help = "Examples:
  fakeredis-replay compact ./data --keep @-10000            the last ten thousand records stay
  fakeredis-replay compact ./data --keep mark:release-2

What is dropped is gone for good; copy the directory first if you may want it. The data at the end stays what it is.
A running server drops history itself: FAKEREDIS JOURNAL COMPACT 42.")]
pub struct Compact {
    /// The journal's directory; nobody may have it open for writing.
    dir: PathBuf,
    /// The first record that stays.
    #[arg(long, value_name = "REV", allow_hyphen_values = true)]
    keep: Rev,
}

impl Compact {
    pub fn run(self, out: &mut Output) -> Outcome {
        let compacted = compact_journal(&self.dir, &self.keep)?;
        if out.json {
            out.object(json!({
                "first_seq": compacted.first_seq,
                "records": compacted.records,
                "checkpoints": compacted.checkpoints,
                "removed": compacted.removed,
            }))?;
        } else {
            out.line(&compacted)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
