//! `whatif`: history without some records, or with others in their place.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::ArgAction;
use clap::Args;
use fakeredis::Rev;
use fakeredis::Timeline;
use fakeredis::commit::CommandList;
use fakeredis::commit::Seq;
use fakeredis::resp::split_quoted;
use fakeredis::timeline::Edit;
use fakeredis::timeline::Fields;
use fakeredis::timeline::Otherwise;
use fakeredis::timeline::RevRange;
use fakeredis::timeline::WhatIf as Rerun;
use fakeredis::timeline::describe_all;
use fakeredis::timeline::describe_unknown;

use super::Journal;
use super::Length;
use super::records;
use super::verify::print_unknown;
use crate::Outcome;
use crate::failure::Failure;
use crate::json;
use crate::output::Output;
use crate::patience;
use crate::text;
use crate::text::Room;

#[derive(Args)]
#[command(after_help = "Examples:
  fakeredis-replay whatif ./data --skip 9                    if record 9 had never been
  fakeredis-replay whatif ./data --skip 9,12,20..25          nor these; A..B is what came after A, up to B
  fakeredis-replay whatif ./data --replace 9 'DEL other'     if its client had sent this instead
  fakeredis-replay whatif ./data --insert 9 'SET limit 5'    if this had happened right behind it

Everything behind is run again as it was sent, at its time. A client that would have decided otherwise is not made up.")]
pub struct WhatIf {
    #[command(flatten)]
    journal: Journal,
    /// Records that never were: revisions and ranges, with commas between them.
    #[arg(
        long,
        value_name = "REV,…",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    skip: Vec<String>,
    /// A command in the place of a record; more than one for the same record are an EXEC.
    #[arg(long, num_args = 2, value_names = ["REV", "COMMAND"], action = ArgAction::Append)]
    replace: Vec<String>,
    /// A command of the fake itself right behind a record; more than one are an EXEC.
    #[arg(long, num_args = 2, value_names = ["REV", "COMMAND"], action = ArgAction::Append)]
    insert: Vec<String>,
    #[command(flatten)]
    length: Length,
}

impl WhatIf {
    pub fn run(self, out: &mut Output) -> Outcome {
        let timeline = self.journal.open()?;
        let edits = self.edits(&timeline)?;
        if edits.is_empty() {
            let what = "what if what? Name records with --skip, --replace or --insert";
            return Err(Failure::Nothing(what.to_owned()));
        }
        let room = self.length.room(Room::PAGE);
        let mut whatif = timeline.whatif(edits)?;
        patience::during(records(&timeline), "running it again", || {
            for (index, otherwise) in whatif.by_ref().enumerate() {
                print(&otherwise?, index == 0, room, out)?;
            }
            Ok::<_, Failure>(())
        })?;
        end(&mut whatif, room, out)?;
        Ok(ExitCode::SUCCESS)
    }

    fn edits(&self, timeline: &Timeline) -> Result<BTreeMap<Seq, Edit>, Failure> {
        let mut edits = BTreeMap::new();
        for skipped in &self.skip {
            let range = match skipped.contains("..") {
                true => timeline.range(&skipped.parse::<RevRange>()?)?,
                false => {
                    let seq = timeline.resolve(&skipped.parse::<Rev>()?)?;
                    seq..=seq
                }
            };
            edits.extend(range.map(|seq| (seq, Edit::Skip)));
        }
        for (seq, commands) in commands(timeline, &self.replace)? {
            edits.insert(seq, Edit::Replace(commands));
        }
        for (seq, commands) in commands(timeline, &self.insert)? {
            edits.insert(seq, Edit::Insert(commands));
        }
        Ok(edits)
    }
}

/// The commands of each record in pairs of a revision and a command.
fn commands(timeline: &Timeline, pairs: &[String]) -> Result<BTreeMap<Seq, CommandList>, Failure> {
    let mut all: BTreeMap<Seq, CommandList> = BTreeMap::new();
    for pair in pairs.chunks_exact(2) {
        let seq = timeline.resolve(&pair[0].parse::<Rev>()?)?;
        let mut argv = Vec::new();
        let closed = split_quoted(pair[1].as_bytes(), |word| argv.push(word.to_vec()));
        if closed.is_none() || argv.is_empty() {
            let what = format!("'{}' is no command: write it as for redis-cli", pair[1]);
            return Err(Failure::Nothing(what));
        }
        all.entry(seq).or_default().push(argv);
    }
    Ok(all)
}

fn print(otherwise: &Otherwise, first: bool, room: Room, out: &mut Output) -> Result<(), Failure> {
    let Otherwise {
        seq,
        clock_us,
        entry,
        again,
    } = otherwise;
    if out.json {
        return out.object(json::describe(otherwise));
    }
    if first {
        out.line(out.paint.bold("otherwise"))?;
    }
    match (entry, again) {
        (Some(entry), _) => out.line(text::line(entry, 0, Room::LINE, out.paint))?,
        (None, Some(again)) => {
            let entry = fakeredis::commit::Entry {
                seq: *seq,
                clock_us: *clock_us,
                record: again.clone(),
            };
            out.line(text::line(&entry, 0, Room::LINE, out.paint))?;
        }
        (None, None) => {}
    }
    let recorded = entry.as_ref().map(|entry| &entry.record);
    for line in text::outcomes(recorded, again.as_ref(), room) {
        out.line(format!("  {line}"))?;
    }
    Ok(())
}

/// How the end differs.
fn end(whatif: &mut Rerun<'_>, room: Room, out: &mut Output) -> Result<(), Failure> {
    let changes = whatif.changes();
    if out.json {
        let fields = Fields::default().with("changes", describe_all(&changes));
        let fields = fields.with("unknown", describe_unknown(whatif.unknown()));
        return out.object(json::object(fields));
    }
    match changes.is_empty() {
        true => out.line("at the end the data is the same")?,
        false => out.line(out.paint.bold("at the end"))?,
    }
    for change in changes.iter().take(room.items) {
        for line in text::change(change, room, out.paint) {
            out.line(format!("  {line}"))?;
        }
    }
    match changes.len().saturating_sub(room.items) {
        0 => {}
        rest => out.line(format!("  … and {rest} more keys; --full shows all"))?,
    }
    print_unknown(whatif.unknown(), out)
}
