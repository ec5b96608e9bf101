//! `repair`: says what mends a damaged journal, and does it.

use std::process::ExitCode;

use clap::Args;
use clap::ValueEnum;
use fakeredis::journal;
use fakeredis::journal::Damage;
use fakeredis::journal::Mending;
use serde_json::Value;
use serde_json::json;

use super::Journal;
use super::check::damage_object;
use crate::Outcome;
use crate::failure::Failure;
use crate::output::Output;
use crate::text;

#[derive(Args)]
#[command(after_help = "Examples:
  fakeredis-replay repair ./data            what is wrong, what would be done, what would be lost
  fakeredis-replay repair ./data --apply

Nothing is removed: what is cut goes to ./data/quarantine first. Records are only kept behind a state that is known: from
the first record on, or behind a whole checkpoint.

Exit codes: 0 whole, or mended; 1 an interrupted write is to be cut; 2 damage is to be mended; 3 the format is unknown;
4 not readable, or open for writing elsewhere.")]
pub struct Repair {
    #[command(flatten)]
    journal: Journal,
    /// Does it.
    #[arg(long)]
    apply: bool,
    /// Where the beginning or the end can be kept, and not both.
    #[arg(long, value_enum, default_value_t = Side::Newest)]
    keep: Side,
}

/// What is kept.
#[derive(Clone, Copy, ValueEnum)]
enum Side {
    /// The newest data, behind a checkpoint.
    Newest,
    /// The oldest history, up to the damage.
    Oldest,
}

impl From<Side> for journal::Keep {
    fn from(side: Side) -> Self {
        match side {
            Side::Newest => journal::Keep::Newest,
            Side::Oldest => journal::Keep::Oldest,
        }
    }
}

impl Repair {
    pub fn run(self, out: &mut Output) -> Outcome {
        let (dir, keep) = (&self.journal.dir, self.keep.into());
        let repair = match self.apply {
            true => journal::Repair::apply(dir, keep)?,
            false => journal::Repair::plan(dir, keep)?,
        };
        if out.json {
            out.object(object(&repair, self.apply))?;
        } else {
            self.print(&repair, out)?;
        }
        Ok(ExitCode::from(match self.apply {
            true => 0,
            false => code(&repair),
        }))
    }

    fn print(&self, repair: &journal::Repair, out: &mut Output) -> Result<(), Failure> {
        if repair.steps.is_empty() {
            return out.line("whole: nothing is to be done");
        }
        if let Some(damage) = &repair.damage {
            out.line(format!("damaged: {}", place(damage)))?;
        }
        for step in &repair.steps {
            out.line(format!("  {}", line(step)))?;
        }
        out.line(left(repair, self.apply))?;
        if self.apply {
            return out.line("done; what was cut is in quarantine/");
        }
        let command = journal::repair_command(&self.journal.dir);
        if repair.has_choice {
            let other = match self.keep {
                Side::Newest => "oldest",
                Side::Oldest => "newest",
            };
            out.line(format!("or keep the {other}: {command} --keep {other}"))?;
        }
        let keep = match self.keep {
            Side::Newest => "",
            Side::Oldest => " --keep oldest",
        };
        out.line("nothing was changed")?;
        out.line(format!("to do it: {command}{keep} --apply"))
    }
}

fn code(repair: &journal::Repair) -> u8 {
    let is_cut = |step: &Mending| matches!(step, Mending::Cut { .. });
    match repair.damage.is_none() && repair.steps.iter().all(is_cut) {
        true if repair.steps.is_empty() => 0,
        true => 1,
        false => 2,
    }
}

fn place(damage: &Damage) -> String {
    format!(
        "{} at byte {}, record {}: {}; {} behind it in this file",
        damage.file,
        damage.offset,
        damage.seq,
        damage.what,
        text::count(damage.later, "whole record")
    )
}

fn line(step: &Mending) -> String {
    match step {
        Mending::SetAside { file, why } => format!("move {file} to quarantine/: {why}"),
        Mending::Begin { seq } => format!(
            "begin history with record {seq}, behind the checkpoint of record {}",
            seq - 1
        ),
        Mending::Cut {
            file,
            offset,
            bytes,
            records,
        } => format!(
            "cut {file} at byte {offset}: {bytes} bytes, {} among them",
            text::count(*records, "whole record")
        ),
        _ => "do what this version has no words for".to_owned(),
    }
}

/// What the journal holds afterwards.
fn left(repair: &journal::Repair, is_done: bool) -> String {
    let (first, last) = (repair.first_seq, repair.last_seq);
    let holds = if is_done { "holds" } else { "then holds" };
    let begins = |step: &Mending| matches!(step, Mending::Begin { .. });
    let records = match last < first {
        true => "no record".to_owned(),
        false => format!("records {first} to {last}"),
    };
    match repair.steps.iter().any(begins) {
        true => format!(
            "the journal {holds} {records}; the data is that after record {last}, history before record {first} is lost"
        ),
        false => format!("the journal {holds} {records}; what came after record {last} is lost"),
    }
}

fn object(repair: &journal::Repair, applied: bool) -> Value {
    json!({
        "applied": applied,
        "damage": repair.damage.as_ref().map(damage_object),
        "steps": repair.steps.iter().map(step_object).collect::<Value>(),
        "first_seq": repair.first_seq,
        "last_seq": repair.last_seq,
        "has_choice": repair.has_choice,
    })
}

fn step_object(step: &Mending) -> Value {
    match step {
        Mending::SetAside { file, why } => json!({"do": "set aside", "file": file, "why": why}),
        Mending::Begin { seq } => json!({"do": "begin", "seq": seq}),
        Mending::Cut {
            file,
            offset,
            bytes,
            records,
        } => {
            json!({"do": "cut", "file": file, "offset": offset, "bytes": bytes, "records": records})
        }
        _ => Value::Null,
    }
}
