//! `verify`: runs records again, and tells what comes out otherwise.

use std::process::ExitCode;

use clap::Args;
use fakeredis::timeline::Aspect;
use fakeredis::timeline::Divergence;
use fakeredis::timeline::RevRange;
use fakeredis::timeline::Unknown;
use fakeredis::timeline::Verified;
use fakeredis::timeline::replies_of;

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
  fakeredis-replay verify ./data && echo the engine still does what it did
  fakeredis-replay verify ./data mark:start..       only what happened since a mark
  fakeredis-replay verify ./data --all              goes on behind the first difference

Exit codes: 0 all came to the same; 1 something came out otherwise.")]
pub struct Verify {
    #[command(flatten)]
    journal: Journal,
    /// A stretch of history, A..B; a single revision means everything up to it.
    #[arg(default_value = "..", allow_hyphen_values = true)]
    range: RevRange,
    /// Goes on behind the first record that came out otherwise, from its recorded effects.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    length: Length,
}

impl Verify {
    pub fn run(self, out: &mut Output) -> Outcome {
        let timeline = self.journal.open()?;
        let range = timeline.range(&self.range)?;
        let wanted = if self.all { usize::MAX } else { 1 };
        let verified = patience::during(records(&timeline), "running it again", || {
            let mut verify = timeline.verify(range)?;
            for divergence in verify.by_ref().take(wanted) {
                self.print(&divergence?, out)?;
            }
            Ok::<_, Failure>(verify.verified())
        })?;
        summary(&verified, out)?;
        Ok(ExitCode::from(u8::from(verified.divergences > 0)))
    }

    fn print(&self, divergence: &Divergence, out: &mut Output) -> Result<(), Failure> {
        if out.json {
            return out.object(json::describe(divergence));
        }
        let room = self.length.room(Room::PAGE);
        let Divergence {
            entry,
            again,
            differs,
            changes,
        } = divergence;
        let aspects: Vec<String> = differs.iter().map(aspect).collect();
        out.line(text::line(entry, 0, room, out.paint))?;
        out.line(format!("  differs in  {}", aspects.join(", ")))?;
        if differs.contains(&Aspect::Replies) && replies_of(&entry.record).is_none() {
            out.line("  recorded  answers something else; what, is recorded at level session")?;
        }
        for line in text::outcomes(Some(&entry.record), again.as_ref(), room) {
            out.line(format!("  {line}"))?;
        }
        for change in changes.iter().take(room.items) {
            for line in text::change(change, room, out.paint) {
                out.line(format!("  {line}"))?;
            }
        }
        out.line("")
    }
}

fn summary(verified: &Verified, out: &mut Output) -> Result<(), Failure> {
    let Verified {
        records,
        rerun,
        divergences,
        unknown,
    } = verified;
    if out.json {
        return out.object(json::describe(verified));
    }
    let came = match divergences {
        0 => out.paint.added("all came to the same"),
        _ => out
            .paint
            .removed(format!("{divergences} came out otherwise")),
    };
    let records = text::count(*records, "record");
    out.line(format!("verified: {records}, {rerun} run again: {came}"))?;
    print_unknown(unknown, out)
}

/// The records that could not be compared, a line for each reason.
pub fn print_unknown(unknown: &Unknown, out: &mut Output) -> Result<(), Failure> {
    for (reason, (records, first)) in unknown {
        let records = text::count(*records, "record");
        out.line(format!("not compared: {records}, first {first}: {reason}"))?;
    }
    Ok(())
}

fn aspect(aspect: &Aspect) -> String {
    match aspect {
        Aspect::Kind => "what happened".to_owned(),
        Aspect::Replies => "replies".to_owned(),
        Aspect::Effects => "effects".to_owned(),
        Aspect::Random => "random numbers".to_owned(),
        Aspect::Abort => "what aborted it".to_owned(),
        Aspect::Culprit => {
            "the record that is said to have aborted it changed no watched key".to_owned()
        }
        Aspect::Connection => "the connection".to_owned(),
        Aspect::State => "data: the recorded effects give other data than the command".to_owned(),
        Aspect::Digest { recorded, again } => {
            format!("the digest of all data: {recorded} recorded, {again} now")
        }
    }
}
