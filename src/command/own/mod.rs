//! `FAKEREDIS`: what Redis has no command for, over the wire, a file for each topic. COMMAND does not tell of it, so
//! that what clients see of the table is Redis's.

mod clock;
mod fault;
mod history;
mod journal;
mod recording;
mod state;

use super::Command;
use super::args::Args;
use super::container;
use super::context::Context;
use super::reply::Result;
use super::reply::help;
use super::spec::*;
use super::sub;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(super) const COMMANDS: &[Command] = &[
    container("FAKEREDIS", -2)
        .doc("8.2.3", "Depends on subcommand.", "", "A container for what only a fake can do."),
    sub("FAKEREDIS|HELP", 2, LOADING | STALE, &[], own_help)
        .doc("8.2.3", "O(1)", "", "Returns helpful text about the different subcommands."),
];

#[rustfmt::skip] // One topic per line.
const TOPICS: &[&[Command]] = &[
    clock::COMMANDS,
    fault::COMMANDS,
    history::COMMANDS,
    journal::COMMANDS,
    recording::COMMANDS,
    state::COMMANDS,
];

/// The rows of all topics.
pub(super) fn commands() -> impl Iterator<Item = &'static Command> {
    COMMANDS.iter().chain(subcommands())
}

fn subcommands() -> impl Iterator<Item = &'static Command> {
    TOPICS.iter().copied().flatten()
}

/// Two lines for each subcommand, from its row.
fn own_help(_: &mut Context<'_>, _: Args<'_>) -> Result {
    let mut rows: Vec<&Command> = subcommands().collect();
    rows.sort_by_key(|row| row.name);
    let lines: Vec<String> = rows.into_iter().flat_map(help_of).collect();
    Ok(help("FAKEREDIS", &lines))
}

fn help_of(row: &Command) -> [String; 2] {
    let name = row.name.trim_start_matches("FAKEREDIS|");
    let call = format!("{name} {}", row.syntax);
    [call.trim_end().to_owned(), format!("    {}", row.summary)]
}
