//! `why`: why an EXEC was aborted, why a command waited, what a commit replaced, why a key is what it is.

use std::process::ExitCode;

use clap::Args;
use fakeredis::Rev;
use fakeredis::Timeline;
use fakeredis::commit::Entry;
use fakeredis::resp::Reply;
use fakeredis::timeline;
use fakeredis::timeline::AbortStory;
use fakeredis::timeline::Awaited;
use fakeredis::timeline::CommitStory;
use fakeredis::timeline::Describe;
use fakeredis::timeline::Fate;
use fakeredis::timeline::Fields;
use fakeredis::timeline::KeyStory;
use fakeredis::timeline::WaitEnd;
use fakeredis::timeline::WaitStory;
use fakeredis::timeline::Watch;
use fakeredis::timeline::rfc3339;

use super::Journal;
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
  fakeredis-replay why ./data                       the last aborted EXEC
  fakeredis-replay why ./data 57                    record 57: an aborted EXEC, a wait, a change
  fakeredis-replay why ./data product:product_1     why the key is there, or gone
  fakeredis-replay why ./data --key 57 --at @-10    a key named 57, as of then")]
pub struct Why {
    #[command(flatten)]
    journal: Journal,
    /// A record or a key; the last EXEC that was aborted without one.
    #[arg(value_name = "REV|KEY", allow_hyphen_values = true)]
    what: Option<String>,
    /// The key, where its name looks like a revision.
    #[arg(short, long, conflicts_with = "what")]
    key: Option<String>,
    /// The key's database.
    #[arg(short, long, default_value_t = 0, value_name = "N")]
    db: usize,
    /// As of this revision.
    #[arg(
        long,
        default_value = "@",
        allow_hyphen_values = true,
        value_name = "REV"
    )]
    at: Rev,
}

impl Why {
    pub fn run(self, out: &mut Output) -> Outcome {
        let timeline = self.journal.open()?;
        let rev = self.what.as_deref().map(str::parse::<Rev>);
        match (&self.key, rev) {
            (Some(key), _) => self.of_key(key, &timeline, out)?,
            (None, Some(Err(_))) => {
                let key = self.what.as_deref().unwrap_or_default();
                self.of_key(key, &timeline, out)?;
            }
            (None, Some(Ok(rev))) => of_record(&timeline, timeline.resolve(&rev)?, out)?,
            (None, None) => of_record(&timeline, last_abort(&timeline)?, out)?,
        }
        Ok(ExitCode::SUCCESS)
    }

    fn of_key(&self, key: &str, timeline: &Timeline, out: &mut Output) -> Result<(), Failure> {
        let story = patience::during(records(timeline), "replaying", || {
            timeline.why_key(self.db, key.as_bytes(), &self.at)
        })?;
        if out.json {
            let key = Fields::default()
                .with("db", Reply::len(self.db))
                .with("key", Reply::bulk(key));
            return out.object(json::object(key.and(story.describe())));
        }
        print_key(&text::key(self.db, key.as_bytes(), out.paint), &story, out)
    }
}

fn last_abort(timeline: &Timeline) -> Result<u64, Failure> {
    timeline.last_abort()?.ok_or_else(|| {
        Failure::Nothing(
            "no EXEC was aborted by a WATCH (or the journal was recorded with `--record commits`); \
             name a record or a key"
                .to_owned(),
        )
    })
}

/// Why a record is there.
pub fn of_record(timeline: &Timeline, seq: u64, out: &mut Output) -> Result<(), Failure> {
    match timeline.why(seq)? {
        story if out.json => out.object(json::describe(&story)),
        timeline::Why::Aborted(story) => print_abort(&story, out),
        timeline::Why::Changed(story) => print_commit(&story, out),
        timeline::Why::Waited(story) => print_wait(&story, out),
        timeline::Why::Plain(entry) => out.line(reference(&entry, out)),
    }
}

/// `record 42, TIME, by #7 worker: SET a 1`
fn reference(entry: &Entry, out: &Output) -> String {
    let seq = out.paint.seq(entry.seq);
    let time = rfc3339(entry.clock_us);
    let who = entry.record.client().filter(|client| client.id != 0);
    let who = who.map_or_else(String::new, |who| format!(", by {}", text::client(who)));
    format!(
        "record {seq}, {time}{who}: {}",
        text::what(entry, Room::LINE)
    )
}

fn print_abort(story: &AbortStory, out: &mut Output) -> Result<(), Failure> {
    let paint = out.paint;
    let aborted = &story.aborted;
    let key = text::key(aborted.key_db as usize, aborted.key.as_ref(), paint);
    out.line(format!(
        "The EXEC of {} in record {} was aborted: {key} changed after it was watched.",
        text::client(&aborted.client),
        paint.seq(story.entry.seq)
    ))?;
    out.line("")?;
    match &story.culprit {
        Some(culprit) => print_culprit(story, culprit, out)?,
        None => out.line(format!(
            "  It was changed by record {}, which the journal no longer holds.",
            aborted.culprit
        ))?,
    }
    out.line(format!("\n{}", paint.bold("would have run")))?;
    for argv in aborted.commands.iter() {
        out.line(format!("  {}", text::command(&argv, Room::PAGE)))?;
    }
    out.line(format!("\n{}", paint.bold("watched")))?;
    for watched in &aborted.watched {
        let key = text::key(watched.db as usize, watched.key.as_ref(), paint);
        out.line(format!("  {key} since record {}", watched.since))?;
    }
    Ok(())
}

fn print_culprit(story: &AbortStory, culprit: &Entry, out: &mut Output) -> Result<(), Failure> {
    let paint = out.paint;
    let client = culprit.record.client().filter(|client| client.id != 0);
    let same = client.is_some_and(|client| client.id == story.aborted.client.id);
    let who = client.map_or_else(|| "the fake itself".to_owned(), text::client);
    let who = if same {
        format!("{who}, the same connection")
    } else {
        who
    };
    out.line(format!(
        "  changed by  {who}, in record {}",
        paint.seq(culprit.seq)
    ))?;
    if story.commands.is_empty() {
        out.line(format!("  with        {}", text::what(culprit, Room::PAGE)))?;
    }
    for argv in story.commands.iter() {
        out.line(format!(
            "  with        {}",
            text::command(&argv, Room::PAGE)
        ))?;
    }
    let before_exec = text::duration(story.entry.clock_us - culprit.clock_us);
    out.line(format!(
        "  at          {}, {before_exec} before the EXEC",
        rfc3339(culprit.clock_us)
    ))?;
    out.line(format!(
        "  WATCH ran   {}",
        watch(story.watch, culprit.clock_us)
    ))?;
    let Some(change) = &story.change else {
        return Ok(());
    };
    let lines = text::change(change, Room::LINE, paint);
    lines
        .iter()
        .try_for_each(|line| out.line(format!("  {line}")))
}

/// How long before the change WATCH ran.
fn watch(watch: Watch, changed_us: i64) -> String {
    match watch {
        Watch::At { seq, clock_us } => {
            format!(
                "{} before the change, in record {seq}",
                text::duration(changed_us - clock_us)
            )
        }
        Watch::After {
            seq,
            clock_us: Some(clock_us),
        } => format!(
            "at most {} before the change, after record {seq}",
            text::duration(changed_us - clock_us)
        ),
        Watch::After { .. } => "before the first record".to_owned(),
    }
}

fn print_commit(story: &CommitStory, out: &mut Output) -> Result<(), Failure> {
    out.line(reference(&story.entry, out))?;
    if let Some(began) = &story.began {
        let waited = text::duration(story.entry.clock_us - began.clock_us);
        out.line(format!(
            "  it waited {waited}, since {}",
            reference(began, out)
        ))?;
    }
    if let Some(cause) = &story.cause {
        out.line(format!(
            "  it was blocked, and served because of {}",
            reference(cause, out)
        ))?;
    }
    for replaced in &story.replaced {
        for line in text::change(&replaced.change, Room::LINE, out.paint) {
            out.line(format!("  {line}"))?;
        }
        if let Some(by) = &replaced.by {
            out.line(format!("    replaced the work of {}", reference(by, out)))?;
        }
    }
    Ok(())
}

fn print_wait(story: &WaitStory, out: &mut Output) -> Result<(), Failure> {
    let line = text::commands(&story.waiting.commands, Room::LINE);
    let client = text::client(&story.waiting.client);
    out.line(format!("{line} of {client} {}.", how_it_ended(story)))?;
    out.line("")?;
    let (held_by, ended_by) = match story.waiting.keys.is_empty() {
        true => (story.cause.as_ref(), None),
        false => (None, story.cause.as_ref()),
    };
    let (because, end) = match story.end {
        WaitEnd::Served => ("served by", "ended"),
        WaitEnd::Ran => ("ended by", "ran"),
        _ => ("ended by", "ended"),
    };
    let steps = [
        ("held by", held_by),
        ("began", Some(&story.began)),
        (because, ended_by),
        (end, story.ended.as_ref()),
    ];
    for (title, entry) in steps {
        if let Some(entry) = entry {
            out.line(format!("  {title:<9}  {}", reference(entry, out)))?;
        }
    }
    if story.keys.is_empty() || story.end == WaitEnd::Served {
        return Ok(());
    }
    out.line(format!("\n{}", out.paint.bold("waited for")))?;
    let mut keys = story.keys.iter();
    keys.try_for_each(|awaited| out.line(awaited_line(story, awaited, out)))
}

fn how_it_ended(story: &WaitStory) -> String {
    let waited = story.waited_us().map_or_else(String::new, text::duration);
    match story.end {
        WaitEnd::Served => format!("waited {waited} and was served"),
        WaitEnd::TimedOut => format!("waited {waited}, and nothing came in time"),
        WaitEnd::BrokenOff => format!("waited {waited} until that was ended"),
        WaitEnd::Disconnected => format!("waited {waited}, and its connection closed"),
        WaitEnd::GivenUp => "waited, and its client went on without an answer".to_owned(),
        WaitEnd::Ran => format!("was held back for {waited}"),
        WaitEnd::Lasts => "waits, and nothing ended that".to_owned(),
    }
}

/// A key that was waited for in vain, and who had been there.
fn awaited_line(story: &WaitStory, awaited: &Awaited, out: &Output) -> String {
    let key = text::key(awaited.db, &awaited.key, out.paint);
    let Some(last) = &awaited.last else {
        return format!("  {key}  never there");
    };
    let last_in = reference(&last.entry, out);
    match story.was_changed(awaited) {
        true => format!("  {key}  changed meanwhile, last in {last_in}"),
        false => format!("  {key}  not changed meanwhile; before that last in {last_in}"),
    }
}

fn print_key(key: &str, story: &KeyStory, out: &mut Output) -> Result<(), Failure> {
    let state = if story.now.is_some() {
        "is there"
    } else {
        "is not there"
    };
    out.line(format!("{key} {state}: {}.", fate(story.fate)))?;
    let Some(last) = &story.last else {
        return Ok(());
    };
    out.line(format!("  {}", reference(&last.entry, out)))?;
    for line in text::change(&last.change, Room::LINE, out.paint) {
        out.line(format!("  {line}"))?;
    }
    if let Some(timed_by) = &story.timed_by {
        out.line(format!(
            "  its time to live came from {}",
            reference(&timed_by.entry, out)
        ))?;
    }
    Ok(())
}

fn fate(fate: Fate) -> &'static str {
    match fate {
        Fate::NeverThere => "there never was such a key",
        Fate::Created => "it was created",
        Fate::Changed => "it was changed",
        Fate::Replaced => "its value was replaced by one of another type",
        Fate::Deleted => "it was deleted",
        Fate::MovedAway => "it was renamed or moved away",
        Fate::Flushed => "it was flushed",
        Fate::Swapped => "two databases changed places",
        Fate::Expired => "its time to live was over",
        Fate::FieldExpired => "the time to live of a field was over",
        Fate::Evicted => "it was evicted",
        Fate::Rewound => "history was rewound",
    }
}
