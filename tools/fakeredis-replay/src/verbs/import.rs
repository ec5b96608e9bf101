//! `import`: what a real server wrote becomes a journal.

use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::ValueEnum;
use fakeredis::Recording;
use fakeredis::exchange;
use fakeredis::exchange::ImportOptions;
use fakeredis::exchange::ImportedAof;
use fakeredis::exchange::ImportedMonitor;
use fakeredis::exchange::NewJournal;
use serde_json::Value;
use serde_json::json;

use crate::Outcome;
use crate::failure::Failure;
use crate::output::Output;
use crate::patience;
use crate::text::count;

#[derive(Args)]
#[command(after_help = "Examples:
  fakeredis-replay import aof /var/lib/redis ./data           appendonlydir, with its manifest and RDB base
  fakeredis-replay import aof appendonly.aof ./data           one file, with an RDB preamble or without
  redis-cli monitor > monitor.txt                             then, after Ctrl-C:
  fakeredis-replay import monitor monitor.txt ./data --record session

An append-only file gives its times to the second, if the server had aof-timestamp-enabled. A MONITOR capture is run
again: it starts with no data, and what draws at random may come to something else.")]
pub struct Import {
    /// What there is: aof, a server's append-only file; monitor, what redis-cli printed after MONITOR.
    #[arg(value_enum)]
    what: What,
    /// A file; for aof also a manifest, a directory with one, or a server's directory.
    from: PathBuf,
    /// The new journal's directory; nothing may be in it.
    into: PathBuf,
    /// Reads an input that ends in the middle of something up to there.
    #[arg(long)]
    truncated_ok: bool,
    /// How much of a MONITOR capture is recorded: commits, aborts, session (reads too).
    #[arg(long, value_name = "LEVEL", default_value_t)]
    record: Recording,
    /// The seed of all random numbers.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    Aof,
    Monitor,
}

/// About so many bytes of an input are a record: to guess how long it takes.
const BYTES: u64 = 64;

impl Import {
    pub fn run(self, out: &mut Output) -> Outcome {
        let options = ImportOptions {
            truncated_ok: self.truncated_ok,
            recording: self.record,
            seed: self.seed,
        };
        let (from, into) = (&*self.from, &*self.into);
        let records = size(from) / BYTES;
        match self.what {
            What::Aof => {
                let import = || exchange::import_aof(from, into, &options);
                let imported = patience::during(records, "importing", import)?;
                tell(out, aof_object(&imported), || aof_lines(&imported))?;
            }
            What::Monitor => {
                let import = || exchange::import_monitor(from, into, &options);
                let imported = patience::during(records, "importing", import)?;
                tell(out, monitor_object(&imported), || monitor_lines(&imported))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The bytes of a file, or of all files in a directory and its directories.
fn size(path: &Path) -> u64 {
    match path.read_dir() {
        Ok(entries) => entries.flatten().map(|entry| size(&entry.path())).sum(),
        Err(_) => path.metadata().map_or(0, |metadata| metadata.len()),
    }
}

fn tell(
    out: &mut Output,
    object: Value,
    lines: impl FnOnce() -> Vec<String>,
) -> Result<(), Failure> {
    if out.json {
        return out.object(object);
    }
    lines().into_iter().try_for_each(|line| out.line(line))
}

fn aof_lines(imported: &ImportedAof) -> Vec<String> {
    let mut read = format!(
        "read     {} in {}",
        count(imported.commands, "command"),
        count(imported.units, "unit")
    );
    if imported.rdb_keys > 0 {
        read += &format!(", after {} of an RDB file", count(imported.rdb_keys, "key"));
    }
    let mut lines = vec![read];
    if imported.functions > 0 {
        lines.push(format!(
            "passed over {} of functions, which a fake does not have; what they did is there",
            count(imported.functions, "load")
        ));
    }
    lines.extend(left_out(imported.left_out));
    lines.extend(journal_lines(&imported.journal));
    lines
}

fn monitor_lines(imported: &ImportedMonitor) -> Vec<String> {
    let mut lines = vec![format!(
        "read     {} from {}",
        count(imported.commands, "command"),
        count(imported.clients, "client")
    )];
    if imported.in_scripts > 0 {
        lines.push(format!(
            "passed over {} of scripts, which ran again themselves",
            count(imported.in_scripts, "command")
        ));
    }
    if imported.hidden > 0 {
        lines.push(format!(
            "passed over {} with a password, which the server hides",
            count(imported.hidden, "command")
        ));
    }
    for (code, failed) in &imported.failed {
        lines.push(format!(
            "failed   {} with {code}; the first in line {}, {}",
            count(failed.count, "command"),
            failed.line,
            failed.example
        ));
    }
    lines.extend(left_out(imported.left_out));
    lines.extend(journal_lines(&imported.journal));
    lines
}

fn left_out(bytes: u64) -> Option<String> {
    let what = format!("left out {} of an unfinished end", count(bytes, "byte"));
    (bytes > 0).then_some(what)
}

fn journal_lines(journal: &NewJournal) -> [String; 2] {
    [
        format!(
            "journal  {}, {} at the end",
            count(journal.last_seq, "record"),
            count(journal.keys, "key")
        ),
        format!("digest   {}", journal.digest),
    ]
}

fn aof_object(imported: &ImportedAof) -> Value {
    json!({
        "files": imported.files,
        "rdb_keys": imported.rdb_keys,
        "units": imported.units,
        "commands": imported.commands,
        "functions": imported.functions,
        "left_out": imported.left_out,
        "journal": journal_object(&imported.journal),
    })
}

fn monitor_object(imported: &ImportedMonitor) -> Value {
    let failed = imported.failed.iter().map(|(code, failed)| {
        json!({"error": code, "count": failed.count, "line": failed.line, "example": failed.example})
    });
    json!({
        "lines": imported.lines,
        "commands": imported.commands,
        "clients": imported.clients,
        "in_scripts": imported.in_scripts,
        "hidden": imported.hidden,
        "failed": failed.collect::<Value>(),
        "left_out": imported.left_out,
        "journal": journal_object(&imported.journal),
    })
}

fn journal_object(journal: &NewJournal) -> Value {
    json!({"last_seq": journal.last_seq, "keys": journal.keys, "digest": journal.digest})
}
