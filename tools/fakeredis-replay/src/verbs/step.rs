//! `step`: a debugger for the past, in the terminal.

use std::io;
use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Args;
use fakeredis::Rev;

use super::Journal;
use super::records;
use crate::Outcome;
use crate::failure::Failure;
use crate::output::Output;
use crate::patience;
use crate::step;
use crate::step::Model;
use crate::step::Past;

#[derive(Args)]
#[command(after_help = "Examples:
  fakeredis-replay step ./data                 from the last record back
  fakeredis-replay step ./data mark:start      from a mark on

Keys: ↑ ↓ move, : goes to a revision, b sets a breakpoint, n and N go on and back to the next, / searches,
! shows the answer of any reading command as you move, f follows a running server, ? tells the rest, q quits.")]
pub struct Step {
    #[command(flatten)]
    journal: Journal,
    /// The record to start with.
    #[arg(default_value = "@", allow_hyphen_values = true)]
    rev: Rev,
}

impl Step {
    pub fn run(self, out: &mut Output) -> Outcome {
        let dir = self.journal.dir.display();
        if out.json || !io::stdout().is_terminal() || !io::stdin().is_terminal() {
            return Err(Failure::Nothing(format!(
                "step needs a terminal to draw on; `log {dir}` and `show {dir} {}` print what it shows",
                self.rev
            )));
        }
        let timeline = self.journal.open()?;
        let past = patience::during(records(&timeline), "replaying", || {
            Past::open(&self.journal.dir, &timeline, &self.rev)
        })?;
        step::run(Model::new(past, out.paint)?)?;
        Ok(ExitCode::SUCCESS)
    }
}
