//! The verbs, one file each.

mod at;
mod bisect;
mod blame;
mod check;
mod compact;
mod diff;
mod export;
mod fork;
mod history;
mod import;
mod info;
mod log;
mod mark;
mod repair;
mod rewind;
mod run;
mod serve;
pub mod show;
mod step;
mod verify;
mod whatif;
pub mod why;

use std::path::PathBuf;

use clap::Args;
use clap::Subcommand;
use fakeredis::Timeline;
use fakeredis::journal::Health;

use crate::Outcome;
use crate::failure::Failure;
use crate::output::Output;
use crate::text::Room;

#[derive(Subcommand)]
pub enum Verb {
    /// What a journal is and holds: size, sessions, marks, health.
    Info(info::Info),
    /// What happened, one line a record, newest last.
    Log(log::Log),
    /// One record in full: commands, replies, effects, each key before and after.
    Show(show::Show),
    /// The past, read with any command that reads.
    At(at::At),
    /// What changed between two revisions, down to fields, members and elements.
    Diff(diff::Diff),
    /// Every version of a key, with the record that made it.
    History(history::History),
    /// Who wrote each field, member or element of a key, and its time to live.
    Blame(blame::Blame),
    /// The record that made the difference between a good state and a bad one.
    Bisect(bisect::Bisect),
    /// Why an EXEC was aborted, what a commit replaced, why a key is gone.
    Why(why::Why),
    /// The past as a server that any client attaches to; writes go to a scratch copy.
    Serve(serve::Serve),
    /// A debugger in the terminal: back and forth through history, with breakpoints.
    Step(step::Step),
    /// Sends the session to a server, and tells which replies are others.
    Run(run::Run),
    /// Verifies every byte: exit code 0 clean, 1 torn, 2 damaged, 3 unknown format, 4 unreadable.
    Check(check::Check),
    /// Runs records again as they were sent: exit code 0 all came to the same, 1 something came out otherwise.
    Verify(verify::Verify),
    /// History without some records, or with others in their place.
    Whatif(whatif::WhatIf),
    /// Says what mends a damaged journal, and does it with --apply.
    Repair(repair::Repair),
    /// Gives a place in history a name.
    Mark(mark::Mark),
    /// Makes the data what it was; that is one more record.
    Rewind(rewind::Rewind),
    /// Makes a new journal with the past of this one.
    Fork(fork::Fork),
    /// Drops the history before a revision; a checkpoint takes its place.
    Compact(compact::Compact),
    /// A history for a real server, for other programs, or as a Rust test.
    Export(export::Export),
    /// A real server's append-only file or MONITOR capture becomes a journal.
    Import(import::Import),
}

impl Verb {
    pub fn run(self, out: &mut Output) -> Outcome {
        match self {
            Verb::Info(verb) => verb.run(out),
            Verb::Log(verb) => verb.run(out),
            Verb::Show(verb) => verb.run(out),
            Verb::At(verb) => verb.run(out),
            Verb::Diff(verb) => verb.run(out),
            Verb::History(verb) => verb.run(out),
            Verb::Blame(verb) => verb.run(out),
            Verb::Bisect(verb) => verb.run(out),
            Verb::Why(verb) => verb.run(out),
            Verb::Serve(verb) => verb.run(out),
            Verb::Step(verb) => verb.run(out),
            Verb::Check(verb) => verb.run(out),
            Verb::Verify(verb) => verb.run(out),
            Verb::Whatif(verb) => verb.run(out),
            Verb::Repair(verb) => verb.run(out),
            Verb::Mark(verb) => verb.run(out),
            Verb::Rewind(verb) => verb.run(out),
            Verb::Fork(verb) => verb.run(out),
            Verb::Run(verb) => verb.run(out),
            Verb::Compact(verb) => verb.run(out),
            Verb::Export(verb) => verb.run(out),
            Verb::Import(verb) => verb.run(out),
        }
    }
}

/// The journal that a verb reads.
#[derive(Args)]
struct Journal {
    /// The journal's directory.
    dir: PathBuf,
}

impl Journal {
    /// Opens it; what is readable before damage can be read, but nobody must take it for all there was.
    fn open(&self) -> Result<Timeline, Failure> {
        let timeline = Timeline::open(&self.dir)?;
        if let Health::Damaged(damage) = timeline.reader().health() {
            eprintln!(
                "fakeredis-replay: warning: the journal is damaged, only what came before is shown: {damage}"
            );
        }
        Ok(timeline)
    }
}

/// How much of long values is shown.
#[derive(Args)]
struct Length {
    /// Shows long values and lists in full.
    #[arg(long)]
    full: bool,
}

impl Length {
    fn room(&self, usual: Room) -> Room {
        if self.full { Room::FULL } else { usual }
    }
}

/// How many records the journal holds.
fn records(timeline: &Timeline) -> u64 {
    let reader = timeline.reader();
    reader.last_seq() + 1 - reader.first_seq()
}
