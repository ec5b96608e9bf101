//! `mark`: gives a place in history a name.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use fakeredis::Rev;
use fakeredis::mark_journal;
use serde_json::json;

use crate::Outcome;
use crate::output::Output;

#[derive(Args)]
#[command(after_help = "Examples:
  fakeredis-replay mark ./data before-sale           the end of history
  fakeredis-replay mark ./data bug 41                the place after record 41
  fakeredis-replay mark ./data lunch ts:2026-08-01T12:00:00Z

The name is then a revision, mark:before-sale; a later mark of the same name takes its place.
A running server marks by itself: FAKEREDIS MARK before-sale.")]
pub struct Mark {
    /// The journal's directory; nobody may have it open for writing.
    dir: PathBuf,
    /// The name.
    #[arg(value_parser = clap::builder::NonEmptyStringValueParser::new())]
    name: String,
    /// The place that gets it.
    #[arg(default_value = "@", allow_hyphen_values = true)]
    rev: Rev,
}

impl Mark {
    pub fn run(self, out: &mut Output) -> Outcome {
        let seq = mark_journal(&self.dir, &self.name, &self.rev)?;
        if out.json {
            out.object(json!({"seq": seq, "name": self.name}))?;
        } else {
            out.line(format!("mark:{} is record {seq}", self.name))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
