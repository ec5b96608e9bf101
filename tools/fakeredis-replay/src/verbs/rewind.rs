//! `rewind`: makes the data what it was.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use fakeredis::Rev;
use fakeredis::rewind_journal;
use serde_json::json;

use crate::Outcome;
use crate::output::Output;

#[derive(Args)]
#[command(after_help = "Examples:
  fakeredis-replay rewind ./data 41
  fakeredis-replay rewind ./data mark:before-sale

Nothing is forgotten: the rewind is one more record, and can be rewound. Whoever opens the journal next finds the data as
it was. A running server rewinds by itself: FAKEREDIS REWIND 41.")]
pub struct Rewind {
    /// The journal's directory; nobody may have it open for writing.
    dir: PathBuf,
    /// The place to go back to.
    #[arg(allow_hyphen_values = true)]
    rev: Rev,
}

impl Rewind {
    pub fn run(self, out: &mut Output) -> Outcome {
        let seq = rewind_journal(&self.dir, &self.rev)?;
        if out.json {
            out.object(json!({"seq": seq, "rev": self.rev.to_string()}))?;
        } else {
            out.line(format!(
                "the data is what it was at {}: record {seq}",
                self.rev
            ))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
