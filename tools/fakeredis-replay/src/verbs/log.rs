//! `log`: what happened, one line a record.

use std::process::ExitCode;

use clap::Args;
use fakeredis::Rev;
use fakeredis::Timeline;
use fakeredis::commit::Entry;
use fakeredis::timeline::Describe;
use fakeredis::timeline::Filter;
use fakeredis::timeline::RevRange;
use fakeredis::timeline::Touched;

use super::Journal;
use super::Length;
use crate::Outcome;
use crate::failure::Failure;
use crate::follow;
use crate::json;
use crate::output::Output;
use crate::text;
use crate::text::Room;

#[derive(Args)]
#[command(after_help = "Examples:
  fakeredis-replay log ./data -n 20                     the last twenty records
  fakeredis-replay log ./data mark:start..              what happened since a mark
  fakeredis-replay log ./data --key 'cart:*' --cmd DEL  who deleted carts
  fakeredis-replay log ./data --client worker --json    one client's records, for jq
  fakeredis-replay log ./data --changes                 at level session: without reads and errors
  fakeredis-replay log ./data --aborted                 EXECs that a WATCH aborted
  fakeredis-replay log ./data -n 10 --follow            the last ten, and what a server writes from now on")]
pub struct Log {
    #[command(flatten)]
    journal: Journal,
    /// A stretch of history, A..B; a single revision means everything up to it.
    #[arg(default_value = "..", allow_hyphen_values = true)]
    range: RevRange,
    /// Only the newest N that match.
    #[arg(short = 'n', long, value_name = "N")]
    count: Option<usize>,
    /// Only what names a key that matches this glob pattern, or may have changed every key.
    #[arg(short, long, value_name = "PATTERN")]
    key: Option<String>,
    /// Only what holds this command, SET or 'CLIENT SETNAME'.
    #[arg(short, long, value_name = "COMMAND")]
    cmd: Option<String>,
    /// Only what this client sent, by id or by name (a glob pattern).
    #[arg(long, value_name = "ID|NAME")]
    client: Option<String>,
    /// Only what has this text in an argument.
    #[arg(short, long, value_name = "TEXT")]
    grep: Option<String>,
    /// Only what changed data.
    #[arg(long, conflicts_with = "aborted")]
    changes: bool,
    /// Only EXECs that a WATCH aborted.
    #[arg(long)]
    aborted: bool,
    /// Goes on with what is written from now on, until nobody reads it.
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    length: Length,
}

impl Log {
    pub fn run(self, out: &mut Output) -> Outcome {
        let mut timeline = self.journal.open()?;
        if self.follow && self.range.to != Rev::LAST {
            return Err(Failure::Nothing(format!(
                "--follow goes on after the last record, and the range ends with {}: leave the end out",
                self.range.to
            )));
        }
        let range = timeline.range(&self.range)?;
        let width = range.end().to_string().len();
        let filter = self.filter();
        let log = match self.count {
            Some(count) => timeline.newest(range, &filter, count)?,
            None => timeline.log(range, &filter),
        };
        for entry in log {
            self.print(&entry?, width, out)?;
        }
        if self.follow {
            self.follow(&mut timeline, width, out)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// What is written from now on.
    fn follow(
        &self,
        timeline: &mut Timeline,
        width: usize,
        out: &mut Output,
    ) -> Result<(), Failure> {
        let filter = self.filter();
        out.finish()?;
        while follow::wait()? {
            let seen = timeline.reader().last_seq();
            if !timeline.refresh()? {
                continue;
            }
            for entry in timeline.log(seen + 1..=timeline.reader().last_seq(), &filter) {
                self.print(&entry?, width, out)?;
            }
            out.finish()?;
        }
        Ok(())
    }

    fn filter(&self) -> Filter {
        Filter {
            key: self.key.clone().map(String::into_bytes),
            command: self.cmd.clone(),
            client: self.client.clone(),
            grep: self.grep.clone().map(String::into_bytes),
            aborted: self.aborted,
            changes: self.changes,
        }
    }

    fn print(&self, entry: &Entry, width: usize, out: &mut Output) -> Result<(), Failure> {
        if !out.json {
            let room = self.length.room(Room::LINE);
            return out.line(text::line(entry, width, room, out.paint));
        }
        let touched = Touched::of(&entry.record).describe();
        out.object(json::object(entry.describe().and(touched)))
    }
}
