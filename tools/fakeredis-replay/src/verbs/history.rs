//! `history`: every version of a key.

use std::process::ExitCode;

use clap::Args;
use fakeredis::Rev;
use fakeredis::timeline::Version;

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
  fakeredis-replay history ./data product:product_1
  fakeredis-replay history ./data counter -n 5           the five newest versions
  fakeredis-replay history ./data session:9 --to -5m     as it was known then")]
pub struct History {
    #[command(flatten)]
    journal: Journal,
    /// The key.
    key: String,
    /// The database.
    #[arg(short, long, default_value_t = 0, value_name = "N")]
    db: usize,
    /// Only up to this revision.
    #[arg(
        long,
        default_value = "@",
        allow_hyphen_values = true,
        value_name = "REV"
    )]
    to: Rev,
    /// Only the newest N versions.
    #[arg(short = 'n', long, value_name = "N")]
    count: Option<usize>,
    #[command(flatten)]
    length: Length,
}

impl History {
    pub fn run(self, out: &mut Output) -> Outcome {
        let timeline = self.journal.open()?;
        let versions = timeline.history(self.db, self.key.as_bytes(), &self.to)?;
        let versions: Vec<Version> = patience::during(records(&timeline), "replaying", || {
            versions.collect::<Result<_, _>>()
        })?;
        if versions.is_empty() {
            let key = text::word(self.key.as_bytes(), Room::PAGE);
            return Err(Failure::Nothing(format!(
                "there never was a key {key} in database {}; `log --key PATTERN` finds others",
                self.db
            )));
        }
        let skip = self
            .count
            .map_or(0, |count| versions.len().saturating_sub(count));
        let width = versions
            .last()
            .map_or(1, |last| last.entry.seq.to_string().len());
        for version in &versions[skip..] {
            self.print(version, width, out)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn print(&self, version: &Version, width: usize, out: &mut Output) -> Result<(), Failure> {
        if out.json {
            return out.object(json::describe(version));
        }
        let room = self.length.room(Room::LINE);
        out.line(text::line(&version.entry, width, room, out.paint))?;
        let lines = text::difference(&version.change, room, out.paint);
        let indent = " ".repeat(width);
        lines
            .iter()
            .try_for_each(|line| out.line(format!("{indent}  {line}")))
    }
}
