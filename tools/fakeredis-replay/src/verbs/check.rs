//! `check`: verifies every byte of a journal.

use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use fakeredis::Timeline;
use fakeredis::journal::CheckReport;
use fakeredis::journal::Damage;
use fakeredis::journal::Health;
use fakeredis::journal::repair_command;
use serde_json::Value;
use serde_json::json;

use super::Journal;
use super::records;
use crate::Outcome;
use crate::output::Output;
use crate::patience;
use crate::text;

#[derive(Args)]
#[command(after_help = "Examples:
  fakeredis-replay check ./data && echo whole
  fakeredis-replay check ./data --json | jq .health")]
pub struct Check {
    #[command(flatten)]
    journal: Journal,
}

impl Check {
    pub fn run(self, out: &mut Output) -> Outcome {
        let timeline = Timeline::open(&self.journal.dir)?;
        let report = patience::during(records(&timeline), "checking", || timeline.check())?;
        if out.json {
            out.object(object(&report))?;
        } else {
            for line in lines(&report, &timeline, &self.journal.dir) {
                out.line(line)?;
            }
        }
        Ok(ExitCode::from(code(&report)))
    }
}

fn code(report: &CheckReport) -> u8 {
    match &report.health {
        Health::Damaged(_) => 2,
        _ if !report.checkpoints.is_empty() => 2,
        Health::Torn { .. } => 1,
        _ => 0,
    }
}

fn lines(report: &CheckReport, timeline: &Timeline, dir: &Path) -> Vec<String> {
    let first = timeline.reader().first_seq();
    let mut lines = vec![format!("whole: {}", text::count(report.records, "record"))];
    match &report.health {
        Health::Damaged(damage) => {
            lines.push(format!("damaged: {}", place(damage)));
            lines.push(match report.records {
                0 => "  before it: nothing".to_owned(),
                records => format!("  before it: records {first} to {}", first + records - 1),
            });
            let later = text::count(damage.later, "whole record");
            lines.push(format!("  after it in this file: {later}"));
        }
        other => lines.push(health(other)),
    }
    for damage in &report.checkpoints {
        lines.push(format!(
            "damaged: {}; it will be passed over",
            place(damage)
        ));
    }
    if code(report) > 0 {
        lines.push(format!("to see what can be saved: {}", repair_command(dir)));
    }
    lines
}

fn place(damage: &Damage) -> String {
    let Damage {
        file,
        offset,
        seq,
        what,
        ..
    } = damage;
    format!("{file} at byte {offset}, record {seq}: {what}")
}

/// How a journal ends, in a sentence.
pub fn health(health: &Health) -> String {
    match health {
        Health::Clean => "clean: nothing is torn or damaged".to_owned(),
        Health::Torn {
            file,
            offset,
            bytes,
        } => format!(
            "torn: {file} has {bytes} bytes of an interrupted write from byte {offset} on; the next open for \
             writing sets them aside"
        ),
        Health::Damaged(damage) => format!("damaged: {damage}"),
        _ => "in a condition that this version does not know".to_owned(),
    }
}

fn object(report: &CheckReport) -> Value {
    json!({
        "records": report.records,
        "health": health_object(&report.health),
        "checkpoints": report.checkpoints.iter().map(damage_object).collect::<Vec<_>>(),
    })
}

/// How a journal ends, for programs.
pub fn health_object(health: &Health) -> Value {
    match health {
        Health::Clean => json!({"state": "clean"}),
        Health::Torn {
            file,
            offset,
            bytes,
        } => json!({"state": "torn", "file": file, "offset": offset, "bytes": bytes}),
        Health::Damaged(damage) => {
            let mut object = json!({"state": "damaged"});
            if let (Value::Object(object), Value::Object(damage)) =
                (&mut object, damage_object(damage))
            {
                object.extend(damage);
            }
            object
        }
        _ => json!({"state": "unknown"}),
    }
}

pub fn damage_object(damage: &Damage) -> Value {
    json!({
        "file": damage.file,
        "offset": damage.offset,
        "seq": damage.seq,
        "what": damage.what,
        "later": damage.later,
    })
}
