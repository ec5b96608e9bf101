//! `fakeredis-replay`: reads a recorded session as `git log` reads a repository.
//!
//! One file per verb in `verbs/`; everything is asked through the public API of the crate.

mod failure;
mod follow;
mod json;
mod output;
mod patience;
mod step;
mod text;
mod verbs;

use std::process::ExitCode;

use clap::Parser;
use clap::ValueEnum;

use failure::Failure;
use output::Output;
use verbs::Verb;

/// Reads a fakeredis journal: what happened, what it changed, why, and what the data looked like then.
///
/// But for `repair --apply` and `compact` it only reads, and works beside a running server.
#[derive(Parser)]
#[command(
    version,
    after_help = "Revisions:
  42                        after record 42
  @  @-3  @0                after the last record, three before it, before the first
  mark:NAME                 the newest mark of that name
  ts:2026-08-01T12:00:00Z   what had happened by then
  -5m                       five minutes before the last record; also ms, s, h, d
  A..B  A..  ..B            what happened after A, up to and including B

Examples:
  fakeredis-replay log ./data -n 20                   the last twenty records
  fakeredis-replay why ./data                         why the last aborted EXEC was aborted
  fakeredis-replay history ./data product:product_1   every version of a key
  fakeredis-replay at ./data @-3 -- HGETALL cart:1    the past, read with any reading command
  fakeredis-replay diff ./data -5m @                  what the last five minutes changed
  fakeredis-replay step ./data                        a debugger in the terminal

Exit codes: 0 done; 1 no such record, key or mark, or an error reply; 2 the journal is damaged;
3 its format is unknown; 4 it can't be read; 64 wrong arguments. `check` answers 1 for a torn end,
`verify` for a record that came out otherwise."
)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
    /// One JSON object a line, for programs.
    #[arg(long, global = true)]
    json: bool,
    /// Colour in the output.
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    color: Colour,
}

/// When there is colour.
#[derive(Clone, Copy, ValueEnum)]
enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    Always,
    Never,
}

/// What a call with wrong arguments answers, as in sysexits.h: 2 means something else here.
const USAGE: u8 = 64;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Nobody is left to tell if this fails.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { USAGE } else { 0 });
        }
    };
    let mut out = Output::new(arguments.json, arguments.color);
    let outcome = arguments.verb.run(&mut out);
    match outcome.and_then(|code| out.finish().map(|()| code)) {
        Ok(code) => code,
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("fakeredis-replay: {failure}");
            failure.code()
        }
    }
}

impl From<Colour> for anstream::ColorChoice {
    fn from(colour: Colour) -> Self {
        match colour {
            Colour::Auto => anstream::ColorChoice::Auto,
            Colour::Always => anstream::ColorChoice::Always,
            Colour::Never => anstream::ColorChoice::Never,
        }
    }
}

/// What a verb answers.
type Outcome = Result<ExitCode, Failure>;
