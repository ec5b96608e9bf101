//! `at`: the past, read with any command that reads.

use std::process::ExitCode;

use clap::Args;
use fakeredis::Rev;
use fakeredis::View;
use fakeredis::resp::Reply;
use fakeredis::resp::pretty;
use fakeredis::timeline::rfc3339;
use serde_json::Value;
use serde_json::json;

use super::Journal;
use super::records;
use crate::Outcome;
use crate::failure::Failure;
use crate::json;
use crate::output::Output;
use crate::patience;
use crate::text;

#[derive(Args)]
#[command(after_help = "Examples:
  fakeredis-replay at ./data 42 -- HGETALL product:product_1
  fakeredis-replay at ./data ts:2026-08-01T12:00:00Z -- KEYS '*'
  fakeredis-replay at ./data -5m -d 3 -- GET counter
  fakeredis-replay at ./data mark:start                 how many keys there were")]
pub struct At {
    #[command(flatten)]
    journal: Journal,
    /// The revision.
    #[arg(allow_hyphen_values = true)]
    rev: Rev,
    /// The database.
    #[arg(short, long, default_value_t = 0, value_name = "N")]
    db: usize,
    /// A command that reads, with its arguments; without one, the number of keys in each database.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

impl At {
    pub fn run(self, out: &mut Output) -> Outcome {
        let timeline = self.journal.open()?;
        let mut view =
            patience::during(records(&timeline), "replaying", || timeline.at(&self.rev))?;
        if self.command.is_empty() {
            return summary(&view, out);
        }
        let mut reply = view.run(&["SELECT", &self.db.to_string()]);
        if !reply.is_error() {
            reply = view.run(&self.command);
        }
        if out.json {
            let command: Vec<String> = self
                .command
                .iter()
                .map(|arg| json::text(arg.as_bytes()))
                .collect();
            let mut object = place(&view);
            object.insert("db".to_owned(), json!(self.db));
            object.insert("command".to_owned(), json!(command));
            object.insert("reply".to_owned(), json::reply(reply.clone()));
            out.object(object)?;
        } else {
            out.line(pretty(&reply))?;
        }
        Ok(ExitCode::from(u8::from(matches!(reply, Reply::Error(_)))))
    }
}

fn place(view: &View) -> json::Object {
    let mut object = json::Object::new();
    object.insert("seq".to_owned(), json!(view.seq()));
    object.insert("time".to_owned(), json!(rfc3339(view.clock_us())));
    object
}

/// How many keys there were.
fn summary(view: &View, out: &mut Output) -> Outcome {
    let keyspace = &view.world().keyspace;
    if out.json {
        let databases = keyspace
            .used()
            .map(|(db, keys)| (db.to_string(), json!(keys.len())));
        let mut object = place(view);
        object.insert("databases".to_owned(), Value::Object(databases.collect()));
        out.object(object)?;
        return Ok(ExitCode::SUCCESS);
    }
    let seq = out.paint.seq(view.seq());
    out.line(format!("after record {seq}, {}", rfc3339(view.clock_us())))?;
    let databases: Vec<(usize, usize)> =
        keyspace.used().map(|(db, keys)| (db, keys.len())).collect();
    print_databases(&databases, out)?;
    Ok(ExitCode::SUCCESS)
}

fn print_databases(databases: &[(usize, usize)], out: &mut Output) -> Result<(), Failure> {
    if databases.is_empty() {
        return out.line("no keys");
    }
    for (db, keys) in databases {
        out.line(format!("db{db}: {}", text::count(*keys as u64, "key")))?;
    }
    Ok(())
}
