//! `show`: one record in full.

use std::process::ExitCode;

use clap::Args;
use fakeredis::Rev;
use fakeredis::commit::Commit;
use fakeredis::commit::Effect;
use fakeredis::commit::Entry;
use fakeredis::commit::Record;
use fakeredis::resp::pretty;
use fakeredis::timeline::Shown;
use fakeredis::timeline::commands_of;
use fakeredis::timeline::kind_of;
use fakeredis::timeline::origin_word;
use fakeredis::timeline::replies_of;
use fakeredis::timeline::rfc3339;

use super::Journal;
use super::Length;
use crate::Outcome;
use crate::failure::Failure;
use crate::json;
use crate::output::Output;
use crate::text;
use crate::text::Room;

#[derive(Args)]
#[command(after_help = "Examples:
  fakeredis-replay show ./data 42
  fakeredis-replay show ./data              the last record
  fakeredis-replay show ./data @-1 --json | jq .changes")]
pub struct Show {
    #[command(flatten)]
    journal: Journal,
    /// The record.
    #[arg(default_value = "@", allow_hyphen_values = true)]
    rev: Rev,
    #[command(flatten)]
    length: Length,
}

impl Show {
    pub fn run(self, out: &mut Output) -> Outcome {
        let timeline = self.journal.open()?;
        let shown = timeline.show(timeline.resolve(&self.rev)?)?;
        if out.json {
            out.object(json::describe(&shown))?;
        } else {
            print(&shown, self.length.room(Room::PAGE), out)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

pub(super) fn print(shown: &Shown, room: Room, out: &mut Output) -> Result<(), Failure> {
    head(&shown.entry, out)?;
    body(shown, room, out)
}

/// The record's commands, and what they came to.
pub fn body(shown: &Shown, room: Room, out: &mut Output) -> Result<(), Failure> {
    commands(&shown.entry, room, out)?;
    if let Record::Commit(commit) = &shown.entry.record {
        effects(commit, room, out)?;
    }
    if !shown.changes.is_empty() {
        out.line(format!("\n{}", out.paint.bold("changes")))?;
    }
    for change in shown.changes.iter().take(room.items) {
        for line in text::change(change, room, out.paint) {
            out.line(format!("  {line}"))?;
        }
    }
    match shown.changes.len().saturating_sub(room.items) {
        0 => Ok(()),
        rest => out.line(format!("  … and {rest} more keys; --full shows all")),
    }
}

fn head(entry: &Entry, out: &mut Output) -> Result<(), Failure> {
    let kind = kind_of(&entry.record);
    out.line(format!("record   {}  {kind}", out.paint.seq(entry.seq)))?;
    out.line(format!("time     {}", rfc3339(entry.clock_us)))?;
    if let Some(client) = entry.record.client() {
        out.line(format!("client   {}", text::client(client)))?;
    }
    match &entry.record {
        Record::Commit(commit) => {
            out.line(format!("db       {}", commit.db))?;
            out.line(format!("origin   {}", origin_word(commit.origin)))
        }
        Record::Observed(observed) => out.line(format!("db       {}", observed.db)),
        Record::Setting(setting) => out.line(format!("db       {}", setting.db)),
        Record::Waiting(waiting) => out.line(format!("db       {}", waiting.db)),
        Record::Aborted(_) => out.line(format!(
            "why      a watched key changed: `why {}` tells who did it",
            entry.seq
        )),
        _ => out.line(format!("what     {}", text::what(entry, Room::PAGE))),
    }
}

/// The commands as sent, each with its reply where that was recorded.
fn commands(entry: &Entry, room: Room, out: &mut Output) -> Result<(), Failure> {
    let Some(commands) = commands_of(&entry.record) else {
        return Ok(());
    };
    let title = match &entry.record {
        Record::Aborted(_) => "commands that did not run",
        _ => "commands",
    };
    out.line(format!("\n{}", out.paint.bold(title)))?;
    let replies = replies_of(&entry.record).unwrap_or_default();
    for (index, argv) in commands.iter().enumerate() {
        out.line(format!("  {}", text::command(&argv, room)))?;
        if let Some(reply) = replies.get(index) {
            for line in pretty(reply).lines().take(room.items) {
                out.line(out.paint.dim(format!("    {line}")))?;
            }
        }
    }
    Ok(())
}

/// The canonical commands that have the same effect, where they differ from those that were sent.
fn effects(commit: &Commit, room: Room, out: &mut Output) -> Result<(), Failure> {
    let rewritten = commit.effects.iter().filter_map(|effect| match effect {
        Effect::Rewritten(commands) => Some(commands),
        _ => None,
    });
    for (index, argv) in rewritten.flat_map(|commands| commands.iter()).enumerate() {
        if index == 0 {
            out.line(format!("\n{}", out.paint.bold("recorded as")))?;
        }
        out.line(format!("  {}", text::command(&argv, room)))?;
    }
    Ok(())
}
