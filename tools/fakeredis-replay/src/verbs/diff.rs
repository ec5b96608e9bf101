//! `diff`: what changed between two revisions.

use std::process::ExitCode;

use clap::Args;
use fakeredis::Rev;
use fakeredis::timeline::Change;

use super::Journal;
use super::Length;
use super::records;
use crate::Outcome;
use crate::failure::Failure;
use crate::json;
use crate::output::Output;
use crate::patience;
use crate::text;
use crate::text::Room;

#[derive(Args)]
#[command(after_help = "Examples:
  fakeredis-replay diff ./data 42 @
  fakeredis-replay diff ./data -5m @ 'cart:*'    only keys that match
  fakeredis-replay diff ./data @0 @ --stat       only how many keys came, went and changed")]
pub struct Diff {
    #[command(flatten)]
    journal: Journal,
    /// The old side.
    #[arg(allow_hyphen_values = true)]
    from: Rev,
    /// The new side.
    #[arg(default_value = "@", allow_hyphen_values = true)]
    to: Rev,
    /// Only keys that match this glob pattern.
    pattern: Option<String>,
    /// Only how many keys came, went and changed.
    #[arg(long)]
    stat: bool,
    #[command(flatten)]
    length: Length,
}

impl Diff {
    pub fn run(self, out: &mut Output) -> Outcome {
        let timeline = self.journal.open()?;
        let pattern = self.pattern.as_deref().map(str::as_bytes);
        let changes = patience::during(records(&timeline), "replaying", || {
            timeline.diff(&self.from, &self.to, pattern)
        })?;
        if self.stat {
            stat(&changes, out)?;
        } else {
            let room = self.length.room(Room::PAGE);
            changes
                .iter()
                .try_for_each(|change| print(change, room, out))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn print(change: &Change, room: Room, out: &mut Output) -> Result<(), Failure> {
    if out.json {
        return out.object(json::describe(change));
    }
    let lines = text::change(change, room, out.paint);
    lines.iter().try_for_each(|line| out.line(line))
}

fn stat(changes: &[Change], out: &mut Output) -> Result<(), Failure> {
    let came = changes
        .iter()
        .filter(|change| change.before.is_none())
        .count();
    let went = changes
        .iter()
        .filter(|change| change.after.is_none())
        .count();
    let changed = changes.len() - came - went;
    if out.json {
        return out.object(serde_json::json!({"added": came, "removed": went, "changed": changed}));
    }
    let (came_text, went_text) = (
        out.paint.added(format!("{came} added")),
        out.paint.removed(format!("{went} removed")),
    );
    out.line(format!("{came_text}, {went_text}, {changed} changed"))
}
