//! `info`: what a journal is and holds.

use std::process::ExitCode;

use clap::Args;
use fakeredis::Timeline;
use fakeredis::journal;
use fakeredis::timeline::Ranking;
use fakeredis::timeline::RevRange;
use fakeredis::timeline::Stats;
use fakeredis::timeline::rfc3339;
use serde_json::Value;
use serde_json::json;

use super::Journal;
use super::Length;
use super::check::health;
use super::check::health_object;
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
  fakeredis-replay info ./data
  fakeredis-replay info ./data --stats -n 5              the five commands, clients and keys with the most records
  fakeredis-replay info ./data --json | jq .last_seq")]
pub struct Info {
    #[command(flatten)]
    journal: Journal,
    /// Also what it is made of: the commands, clients and keys with the most records.
    #[arg(long)]
    stats: bool,
    /// How many of each.
    #[arg(
        short = 'n',
        long,
        default_value_t = 10,
        value_name = "N",
        requires = "stats"
    )]
    count: usize,
    #[command(flatten)]
    length: Length,
}

impl Info {
    pub fn run(self, out: &mut Output) -> Outcome {
        let timeline = self.journal.open()?;
        let info = patience::during(records(&timeline), "reading", || timeline.info())?;
        let marks = timeline.marks()?;
        let stats = self.stats.then(|| self.stats(&timeline)).transpose()?;
        if out.json {
            let mut object = object(&info, &marks);
            if let Some(stats) = &stats {
                object["stats"] = json::describe(stats).into();
            }
            out.object(object)?;
        } else {
            print(&info, &marks, out)?;
            stats.map_or(Ok(()), |stats| self.print_stats(&stats, out))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Info {
    fn stats(&self, timeline: &Timeline) -> Result<Stats, Failure> {
        let all = timeline.range(&RevRange::default())?;
        let stats = patience::during(records(timeline), "counting", || {
            timeline.stats(all, self.count)
        });
        Ok(stats?)
    }

    fn print_stats(&self, stats: &Stats, out: &mut Output) -> Result<(), Failure> {
        self.print_ranking("records", &stats.kinds, out)?;
        self.print_ranking("commands", &stats.commands, out)?;
        self.print_ranking("clients", &stats.clients, out)?;
        self.print_ranking("changed keys", &stats.keys, out)
    }

    fn print_ranking(
        &self,
        what: &str,
        ranking: &Ranking,
        out: &mut Output,
    ) -> Result<(), Failure> {
        if ranking.names == 0 {
            return Ok(());
        }
        let least = if ranking.exact {
            ""
        } else {
            ", counts at least"
        };
        let title = out.paint.bold(what);
        out.line(format!(
            "\n{title:<28}  {:>10}  {:>10}{least}",
            "records", "bytes"
        ))?;
        for (name, count) in &ranking.top {
            let name = text::word(name, self.length.room(Room::LINE));
            out.line(format!(
                "  {name:<26}  {:>10}  {:>10}",
                count.records, count.bytes
            ))?;
        }
        match ranking.names - ranking.top.len() as u64 {
            0 => Ok(()),
            rest => out.line(out.paint.dim(format!("  … and {rest} more; -n shows them"))),
        }
    }
}

fn print(info: &journal::Info, marks: &[(u64, String)], out: &mut Output) -> Result<(), Failure> {
    out.line(format!("journal      {}", info.uuid))?;
    out.line(format!("made         {}", rfc3339(info.created_us)))?;
    out.line(format!("records      {}", span(info)))?;
    out.line(format!(
        "size         {} in {}",
        size(info.size),
        text::count(info.segments.len() as u64, "segment")
    ))?;
    let checkpoints = info
        .checkpoints
        .iter()
        .map(|one| one.seq.to_string())
        .collect::<Vec<_>>();
    if !checkpoints.is_empty() {
        out.line(format!(
            "checkpoints  after records {}",
            checkpoints.join(", ")
        ))?;
    }
    out.line(format!("health       {}", health(&info.health)))?;
    out.line(format!("\n{}", out.paint.bold("sessions")))?;
    for session in &info.sessions {
        let end = if session.closed {
            ""
        } else {
            "  not closed, or still open"
        };
        out.line(format!(
            "  {}..{}  {} to {}{end}",
            session.first_seq,
            session.last_seq,
            rfc3339(session.first_clock_us),
            rfc3339(session.last_clock_us)
        ))?;
    }
    if !marks.is_empty() {
        out.line(format!("\n{}", out.paint.bold("marks")))?;
    }
    for (seq, name) in marks {
        out.line(format!(
            "  {}  {}",
            out.paint.seq(seq),
            text::word(name.as_bytes(), Room::PAGE)
        ))?;
    }
    Ok(())
}

fn span(info: &journal::Info) -> String {
    match (info.first_clock_us, info.last_clock_us) {
        (Some(first), Some(last)) => format!(
            "{} to {}, {} to {} ({})",
            info.first_seq,
            info.last_seq,
            rfc3339(first),
            rfc3339(last),
            text::duration(last - first)
        ),
        _ => "none".to_owned(),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

fn object(info: &journal::Info, marks: &[(u64, String)]) -> Value {
    let segments = info.segments.iter().map(|one| {
        json!({"file": one.file, "first_seq": one.first_seq, "created": rfc3339(one.created_us), "size": one.size})
    });
    let checkpoints = info
        .checkpoints
        .iter()
        .map(|one| json!({"file": one.file, "seq": one.seq}));
    let sessions = info.sessions.iter().map(|one| {
        json!({
            "first_seq": one.first_seq,
            "last_seq": one.last_seq,
            "first_time": rfc3339(one.first_clock_us),
            "last_time": rfc3339(one.last_clock_us),
            "closed": one.closed,
        })
    });
    let marks = marks
        .iter()
        .map(|(seq, name)| json!({"seq": seq, "name": name}));
    json!({
        "uuid": info.uuid,
        "created": rfc3339(info.created_us),
        "first_seq": info.first_seq,
        "last_seq": info.last_seq,
        "first_time": info.first_clock_us.map(rfc3339),
        "last_time": info.last_clock_us.map(rfc3339),
        "size": info.size,
        "segments": segments.collect::<Value>(),
        "checkpoints": checkpoints.collect::<Value>(),
        "sessions": sessions.collect::<Value>(),
        "marks": marks.collect::<Value>(),
        "health": health_object(&info.health),
    })
}
