//! `fork`: a new journal with the past of another.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use fakeredis::Rev;
use fakeredis::fork_journal;
use fakeredis::fork_state;
use serde_json::json;

use crate::Outcome;
use crate::output::Output;

#[derive(Args)]
#[command(after_help = "Examples:
  fakeredis-replay fork ./data 41 ./try              history up to record 41
  fakeredis-replay fork ./data @ ./copy              all of it, while a server goes on
  fakeredis-replay fork ./data 41 ./fixture --state  the data alone
  fakeredis-server --dir ./try                       go on from there")]
pub struct Fork {
    /// The journal's directory, which is only read.
    dir: PathBuf,
    /// The place up to which history is copied.
    #[arg(allow_hyphen_values = true)]
    rev: Rev,
    /// The directory of the new journal; nothing may be in it.
    new_dir: PathBuf,
    /// Copies the data alone, as a history that begins with it.
    #[arg(long)]
    state: bool,
}

impl Fork {
    pub fn run(self, out: &mut Output) -> Outcome {
        let fork = if self.state { fork_state } else { fork_journal };
        let seq = fork(&self.dir, &self.rev, &self.new_dir)?;
        let dir = self.new_dir.display();
        if out.json {
            let what = if self.state { "state" } else { "history" };
            out.object(json!({"seq": seq, "dir": dir.to_string(), "what": what}))?;
        } else if self.state {
            out.line(format!("{dir} begins with the data after record {seq}"))?;
        } else {
            out.line(format!("{dir} holds the history up to record {seq}"))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
