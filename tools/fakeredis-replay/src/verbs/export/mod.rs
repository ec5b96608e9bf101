//! `export`: a history for a real server, for another program, or as a test.

mod commands;
mod jsonl;
mod rust_test;

use std::fs;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::ValueEnum;
use fakeredis::Rev;
use fakeredis::Timeline;
use fakeredis::exchange::AofWriter;
use fakeredis::exchange::MANIFEST;
use fakeredis::exchange::export_aof;
use fakeredis::exchange::manifest;
use fakeredis::timeline::RevRange;
use serde_json::json;

use super::Journal;
use super::records;
use crate::Outcome;
use crate::failure::Failure;
use crate::output::Output;
use crate::patience;
use crate::text::count;

#[derive(Args)]
#[command(after_help = "Examples:
  fakeredis-replay export ./data aof -o appendonly.aof       all history, for redis-server --appendonly yes
  fakeredis-replay export ./data aof 42 --state              the data after record 42, for any server
  fakeredis-replay export ./data aof --multi-part -o redis   redis/appendonlydir, with its manifest
  fakeredis-replay export ./data resp 10..20 | redis-cli --pipe
  fakeredis-replay export ./data jsonl -5m.. | jq .commands
  fakeredis-replay export ./data rust-test mark:sale.. -o tests/sale.rs

A range A..B begins with the state after A, as the commands that make it. What a rewind took back is left out, but of jsonl
and rust-test, which go through it.")]
pub struct Export {
    #[command(flatten)]
    journal: Journal,
    /// aof: what the records came to, as an append-only file; resp: the commands as sent, for redis-cli --pipe; jsonl: all
    /// that the records hold, one object a line; rust-test: a test that does the same again.
    #[arg(value_enum)]
    format: Format,
    /// A stretch of history, A..B; a single revision means everything up to it.
    #[arg(default_value = "..", allow_hyphen_values = true)]
    range: RevRange,
    /// The file to write, which may not be there yet; standard output without it.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// aof, resp: only the commands that make the state at the end of the range.
    #[arg(long)]
    state: bool,
    /// aof: FILE is a server's directory, and gets an appendonlydir with a manifest.
    #[arg(long, requires = "output")]
    multi_part: bool,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Format {
    Aof,
    Resp,
    Jsonl,
    RustTest,
}

/// What was written, for the summary.
struct Written {
    records: u64,
    /// What there is to know beside that.
    notes: Vec<String>,
}

impl Export {
    pub fn run(self, out: &mut Output) -> Outcome {
        self.check()?;
        let timeline = self.journal.open()?;
        let work = || self.write(&timeline, out);
        let written = patience::during(records(&timeline), "exporting", work)?;
        for note in &written.notes {
            eprintln!("fakeredis-replay: {note}");
        }
        if let Some(path) = &self.output {
            self.tell(path, &written, out)?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Refuses what would not be done.
    fn check(&self) -> Result<(), Failure> {
        let is_for = |formats: &[Format]| formats.contains(&self.format);
        let what = match () {
            () if self.state && !is_for(&[Format::Aof, Format::Resp]) => {
                "--state is for aof and resp: a single revision, such as 42, ends the other formats"
            }
            () if self.multi_part && !is_for(&[Format::Aof]) => {
                "--multi-part is for aof: the other formats are one file"
            }
            () => return Ok(()),
        };
        Err(Failure::Nothing(what.to_owned()))
    }

    fn tell(&self, path: &Path, written: &Written, out: &mut Output) -> Result<(), Failure> {
        let path = path.display();
        match out.json {
            true => out.object(json!({
                "file": path.to_string(),
                "records": written.records,
                "notes": written.notes,
            })),
            false => out.line(format!("{path}: {}", count(written.records, "record"))),
        }
    }

    fn write(&self, timeline: &Timeline, out: &mut Output) -> Result<Written, Failure> {
        if self.format == Format::RustTest {
            let stem = self.output.as_deref();
            let test = rust_test::make(timeline, &self.range, &self.journal.dir, stem)?;
            for (path, bytes) in &test.beside {
                new_file(path)?.write_all(bytes)?;
            }
            self.with_file(out, |file| Ok(file.write_all(test.text.as_bytes())?))?;
            return Ok(Written {
                records: test.records,
                notes: test.notes,
            });
        }
        let mut records = 0;
        if self.multi_part {
            records = self.parts(timeline)?;
        } else {
            self.with_file(out, |file| {
                records = self.stream(timeline, file)?;
                Ok(())
            })?;
        }
        Ok(Written {
            records,
            notes: vec![],
        })
    }

    fn stream(&self, timeline: &Timeline, file: &mut dyn Write) -> Result<u64, Failure> {
        if self.state {
            return self.end(timeline, file);
        }
        match self.format {
            Format::Aof => Ok(export_aof(timeline, &self.range, &mut { file })?),
            Format::Resp => commands::write(timeline, &self.range, file),
            Format::Jsonl | Format::RustTest => jsonl::write(timeline, &self.range, file),
        }
    }

    /// Writes the commands that make the state at the end.
    fn end(&self, timeline: &Timeline, file: &mut dyn Write) -> Result<u64, Failure> {
        let last = *timeline.range(&self.range)?.end();
        let view = timeline.at(&Rev::seq(last))?;
        AofWriter::new(file).state(&view.world().keyspace)?;
        Ok(0)
    }

    /// Writes an `appendonlydir`: with `--state` a base alone, else all of it as what came after none.
    fn parts(&self, timeline: &Timeline) -> Result<u64, Failure> {
        const PARTS: [&str; 2] = ["appendonly.aof.1.base.aof", "appendonly.aof.1.incr.aof"];
        let dir = self.output.as_deref().unwrap_or(Path::new("."));
        let dir = dir.join("appendonlydir");
        fs::create_dir_all(&dir).map_err(|error| cant("make", &dir, &error))?;
        let [base, incremental] = PARTS.map(|name| dir.join(name));
        let mut history = new_file(&incremental)?;
        let mut records = 0;
        if self.state {
            let mut file = new_file(&base)?;
            self.end(timeline, &mut file)?;
            file.flush()?;
        } else {
            records = self.stream(timeline, &mut history)?;
        }
        history.flush()?;
        let text = manifest(self.state.then_some(PARTS[0]), PARTS[1]);
        new_file(&dir.join(MANIFEST))?.write_all(text.as_bytes())?;
        Ok(records)
    }

    /// Has something written to the file, or to standard output.
    fn with_file(
        &self,
        out: &mut Output,
        write: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let Some(path) = &self.output else {
            return write(out.bytes());
        };
        let mut file = new_file(path)?;
        write(&mut file)?;
        Ok(file.flush()?)
    }
}

/// A file that was not there before.
fn new_file(path: &Path) -> Result<io::BufWriter<fs::File>, Failure> {
    let file = fs::File::create_new(path).map_err(|error| cant("make", path, &error))?;
    Ok(io::BufWriter::new(file))
}

fn cant(what: &str, path: &Path, error: &io::Error) -> Failure {
    let path = path.display();
    Failure::Io(io::Error::new(
        error.kind(),
        format!("can't {what} {path}: {error}"),
    ))
}
