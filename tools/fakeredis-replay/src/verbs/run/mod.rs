//! `run`: sends a recorded session to a server, and tells which replies are others.

mod conversation;
mod likeness;
mod peer;
mod report;
mod request;

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use clap::ValueEnum;
use fakeredis::Rev;
use fakeredis::Timeline;
use fakeredis::commit::Entry;
use fakeredis::commit::Record;
use fakeredis::commit::Seq;
use fakeredis::keyspace::Keyspace;
use fakeredis::resp::Reply;
use fakeredis::resp::pretty;
use fakeredis::timeline::Filter;
use fakeredis::timeline::RevRange;

use super::Journal;
use super::records;
use crate::Outcome;
use crate::failure::Failure;
use crate::output::Output;
use crate::patience;
use conversation::Conversation;
use report::Report;

#[derive(Args)]
#[command(after_help = "Examples:
  redis-server --port 7000 --save '' &
  fakeredis-replay run ./data --against 127.0.0.1:7000
  fakeredis-replay run ./data mark:start.. --against 127.0.0.1:7000 --flush --speed 1

Each recorded client is a connection, and commands go out in the order in which they were recorded. A range A..B begins
with the data after A. At level session all replies are compared, at other levels those whose checksum tells.

Exit codes: 0 all replies are the same; 1 some differ; 4 the server can't be reached, or holds data.")]
pub struct Run {
    #[command(flatten)]
    journal: Journal,
    /// A stretch of history, A..B; a single revision means everything up to it.
    #[arg(default_value = "..", allow_hyphen_values = true)]
    range: RevRange,
    /// The server; it must be empty.
    #[arg(long, value_name = "HOST:PORT")]
    against: String,
    /// Empties the server first: ALL its data is lost.
    #[arg(long)]
    flush: bool,
    /// How fast: as recorded, or as fast as it goes.
    #[arg(long, value_enum, default_value_t = Speed::Max)]
    speed: Speed,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Speed {
    /// As recorded.
    #[value(name = "1")]
    Recorded,
    Max,
}

impl Run {
    pub fn run(self, out: &mut Output) -> Outcome {
        let timeline = self.journal.open()?;
        let report = patience::during(records(&timeline), "sending", || self.send(&timeline, out))?;
        report.summary(out)?;
        Ok(ExitCode::from(u8::from(report.has_differences())))
    }

    fn send(&self, timeline: &Timeline, out: &mut Output) -> Result<Report, Failure> {
        let range = timeline.range(&self.range)?;
        let before = data(timeline, range.start() - 1)?;
        let mut conversation = self.begin(&before)?;
        let mut report = Report::default();
        let mut last_us = None;
        for entry in timeline.log(range, &Filter::default()) {
            let entry = entry?;
            if self.speed == Speed::Recorded {
                pause(&entry, &mut last_us);
            }
            let sent = match &entry.record {
                Record::Rewind(rewind) => conversation.rewind(&data(timeline, rewind.to)?),
                record => conversation.send(record),
            };
            let sent =
                sent.map_err(|error| self.failed(&format!("at record {}", entry.seq), &error));
            if let Some(verdict) = sent? {
                report.add(&entry, &verdict, out)?;
            }
        }
        Ok(report)
    }

    /// Connects to the server, which then has these data alone.
    fn begin(&self, data: &Keyspace) -> Result<Conversation, Failure> {
        let broken = |error| self.failed("at the beginning", &error);
        let refused = |refused: Option<Reply>| match refused {
            None => Ok(()),
            Some(reply) => Err(self.unfit(&format!("answers {}", pretty(&reply)))),
        };
        let begun = Conversation::begin(&self.against);
        let mut conversation = begun.map_err(|error| match error.kind() {
            io::ErrorKind::ConnectionRefused => self.failed("is it running?", &error),
            _ => self.failed("--against names it, such as 127.0.0.1:6379", &error),
        })?;
        if self.flush {
            refused(conversation.flush().map_err(broken)?)?;
        }
        match conversation.is_empty().map_err(broken)? {
            Ok(true) => refused(conversation.make(data).map_err(broken)?)?,
            Ok(false) => return Err(self.unfit("holds data: --flush empties it")),
            Err(reply) => refused(Some(reply))?,
        }
        Ok(conversation)
    }

    /// The server can't be reached any more.
    fn failed(&self, place: &str, error: &io::Error) -> Failure {
        let what = format!("the server at {}: {error}; {place}", self.against);
        Failure::Io(io::Error::other(what))
    }

    /// The server is not one for this.
    fn unfit(&self, what: &str) -> Failure {
        Failure::Io(io::Error::other(format!(
            "the server at {} {what}",
            self.against
        )))
    }
}

/// The data after a record.
fn data(timeline: &Timeline, seq: Seq) -> Result<Keyspace, Failure> {
    Ok(timeline.at(&Rev::seq(seq))?.into_world().keyspace)
}

/// Waits for as long as it took from one record to the next. What lies between two processes is passed over.
fn pause(entry: &Entry, last_us: &mut Option<i64>) {
    let is_first = matches!(entry.record, Record::Open(_));
    let us = last_us
        .filter(|_| !is_first)
        .map_or(0, |last_us| entry.clock_us - last_us);
    fakeredis::clock::pause(Duration::from_micros(us.try_into().unwrap_or(0)));
    *last_us = Some(entry.clock_us);
}
