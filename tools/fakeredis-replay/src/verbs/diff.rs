//! `diff`: what changed between two revisions.

use std::process::ExitCode;

use clap::Args;
use fakeredis::Rev;
use fakeredis::timeline;
use fakeredis::timeline::Change;
use fakeredis::timeline::Describe;
use fakeredis::timeline::Tally;

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
  fakeredis-replay diff ./data @0 @ --stat       only how much came, went and changed")]
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
    /// Only how many parts of each key, and how many keys, came, went and changed.
    #[arg(long)]
    stat: bool,
    #[command(flatten)]
    length: Length,
}

impl Diff {
    pub fn run(self, out: &mut Output) -> Outcome {
        let timeline = self.journal.open()?;
        let pattern = self.pattern.as_deref().map(str::as_bytes);
        let diff = patience::during(records(&timeline), "replaying", || {
            timeline.compare(&self.from, &self.to, pattern)
        })?;
        let room = self.length.room(Room::PAGE);
        match self.stat {
            true => stat(&diff, out)?,
            false => diff
                .changes()
                .try_for_each(|change| print(&change, room, out))?,
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

/// A line for each key with the number of its parts that differ, and one for all.
fn stat(diff: &timeline::Diff, out: &mut Output) -> Result<(), Failure> {
    let mut all = Tally::default();
    for change in diff.changes() {
        all.add((change.before.is_some(), change.after.is_some()));
        let parts = change.tally();
        if out.json {
            let key = change.describe().without("parts");
            out.object(json::object(key.with("parts", parts.describe())))?;
        } else {
            let name = text::key(change.db, &change.key, out.paint);
            out.line(format!("{}  {name}  {}", sign(&change), counts(parts, out)))?;
        }
    }
    match out.json {
        true => out.object(json::describe(&all)),
        false => out.line(format!("keys: {}", counts(all, out))),
    }
}

/// Whether the key came, went or changed.
fn sign(change: &Change) -> char {
    match (&change.before, &change.after) {
        (None, _) => '+',
        (_, None) => '-',
        _ => '~',
    }
}

fn counts(tally: Tally, out: &Output) -> String {
    let added = out.paint.added(format!("{} added", tally.added));
    let removed = out.paint.removed(format!("{} removed", tally.removed));
    format!("{added}, {removed}, {} changed", tally.changed)
}
