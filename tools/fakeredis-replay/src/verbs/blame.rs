//! `blame`: who wrote each part of a value.

use std::process::ExitCode;

use clap::Args;
use fakeredis::Rev;
use fakeredis::commit::CommandList;
use fakeredis::commit::Entry;
use fakeredis::timeline::Blame as Blamed;
use fakeredis::timeline::Blamed as Part;
use fakeredis::timeline::Place;
use fakeredis::timeline::rfc3339;

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
  fakeredis-replay blame ./data product:product_1
  fakeredis-replay blame ./data product:product_1 --field stock    one field, member or index
  fakeredis-replay blame ./data orders -5m                         as it was five minutes ago")]
pub struct Blame {
    #[command(flatten)]
    journal: Journal,
    /// The key.
    key: String,
    /// The revision.
    #[arg(default_value = "@", allow_hyphen_values = true)]
    rev: Rev,
    /// The database.
    #[arg(short, long, default_value_t = 0, value_name = "N")]
    db: usize,
    /// Only this field, member, entry or index.
    #[arg(short, long, value_name = "FIELD")]
    field: Option<String>,
    #[command(flatten)]
    length: Length,
}

impl Blame {
    pub fn run(self, out: &mut Output) -> Outcome {
        let timeline = self.journal.open()?;
        let blame = patience::during(records(&timeline), "reading", || {
            timeline.blame(self.db, self.key.as_bytes(), &self.rev)
        })?;
        let key = text::word(self.key.as_bytes(), Room::PAGE);
        let Some(mut blame) = blame else {
            return Err(Failure::Nothing(format!(
                "there is no key {key} in database {} after record {}; `why` tells what became of it",
                self.db,
                timeline.resolve(&self.rev)?
            )));
        };
        blame.parts.retain(|part| self.is_wanted(part));
        if let (Some(field), true) = (&self.field, blame.parts.is_empty()) {
            let field = text::word(field.as_bytes(), Room::PAGE);
            let value = text::slot(Some(&blame.slot), Room::LINE);
            return Err(Failure::Nothing(format!(
                "{key} is a {value}, and has no {field}"
            )));
        }
        if out.json {
            out.object(json::describe(&blame))?;
        } else {
            self.print(&blame, out)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn is_wanted(&self, part: &Part) -> bool {
        let Some(field) = &self.field else {
            return true;
        };
        match &part.place {
            Place::Whole => false,
            Place::Name(name) => **name == *field.as_bytes(),
            Place::Index(index) => field.parse() == Ok(*index),
        }
    }

    /// A line for each part, and one for the time to live.
    fn print(&self, blame: &Blamed, out: &mut Output) -> Result<(), Failure> {
        let room = self.length.room(Room::LINE);
        let seqs = blame.parts.iter().map(|part| part.by.seq);
        let seqs = seqs.chain(blame.expiry.iter().map(|entry| entry.seq));
        let width = seqs.max().map_or(1, |seq| seq.to_string().len());
        for part in &blame.parts {
            let who = author(&part.by, width, out);
            let what = text::part(&part.place, &part.part, room);
            let origin = origin(&part.by, &blame.commands(part), room);
            out.line(format!("{who}  {what}  {}", out.paint.dim(origin)))?;
        }
        if let (Some(entry), None) = (&blame.expiry, &self.field) {
            let who = author(entry, width, out);
            let when = text::expiry(blame.slot.expires_at());
            let origin = origin(entry, &blame.commands_of(entry), room);
            let origin = out.paint.dim(origin);
            out.line(format!("{who}  expires {when}  {origin}"))?;
        }
        Ok(())
    }
}

/// What somebody sent; what nobody sent, in the words of the log.
fn origin(entry: &Entry, commands: &CommandList, room: Room) -> String {
    match commands.is_empty() {
        true => text::what(entry, room),
        false => text::commands(commands, room),
    }
}

/// The record, its time and its client.
fn author(entry: &Entry, width: usize, out: &Output) -> String {
    let who = entry
        .record
        .client()
        .map_or_else(|| "-".to_owned(), text::client);
    let seq = out.paint.seq(format!("{:>width$}", entry.seq));
    let time = out.paint.dim(rfc3339(entry.clock_us));
    format!("{seq}  {time}  {who:<12}")
}
