//! Records as text: on one line, as a heading, and what they came to.

use fakeredis::commit::CommandList;
use fakeredis::commit::Commit;
use fakeredis::commit::Entry;
use fakeredis::commit::How;
use fakeredis::commit::Mark;
use fakeredis::commit::Observed;
use fakeredis::commit::Origin;
use fakeredis::commit::Record;
use fakeredis::commit::Rewind;
use fakeredis::commit::Waiting;
use fakeredis::resp::Reply;
use fakeredis::resp::decode_reply;
use fakeredis::resp::pretty;
use fakeredis::timeline::Touched;
use fakeredis::timeline::kind_of;
use fakeredis::timeline::origin_word;
use fakeredis::timeline::replies_of;
use fakeredis::timeline::rfc3339;

use super::Room;
use super::client;
use super::commands;
use super::key;
use super::with_rest;
use super::word;
use crate::output::Paint;

/// A record on one line: place, time, client, what happened, which keys that changed.
pub fn line(entry: &Entry, width: usize, room: Room, paint: Paint) -> String {
    line_at(&rfc3339(entry.clock_us), entry, width, room, paint)
}

/// The same with the time of day alone.
pub fn short_line(entry: &Entry, width: usize, room: Room, paint: Paint) -> String {
    let time = rfc3339(entry.clock_us);
    let time_of_day = time.get(11..26).unwrap_or(&time);
    line_at(time_of_day, entry, width, room, paint)
}

fn line_at(time: &str, entry: &Entry, width: usize, room: Room, paint: Paint) -> String {
    let seq = paint.seq(format!("{:>width$}", entry.seq));
    let time = paint.dim(time);
    let who = entry.record.client().map_or_else(|| "-".to_owned(), client);
    let what = what(entry, room);
    let what = match &entry.record {
        Record::Commit(_) => what,
        Record::Mark(_) | Record::Rewind(_) => paint.bold(what),
        _ => paint.dim(what),
    };
    let keys = touched(&Touched::of(&entry.record), room, paint);
    format!("{seq}  {time}  {who:<12}  {what}{keys}")
}

fn mark_line(mark: &Mark, room: Room) -> String {
    let name = word(mark.name.as_bytes(), room);
    let place = mark.at.map(|at| format!(" at {at}"));
    format!("mark {name}{}", place.unwrap_or_default())
}

fn rewind_line(rewind: Rewind) -> String {
    let to = rewind.to;
    match rewind.how {
        How::Named => format!("rewound to {to}"),
        How::Undo(1) => format!("undo: back to {to}"),
        How::Undo(changes) => format!("undo of {changes} changes: back to {to}"),
        How::Redo(1) => format!("redo: as after {to}"),
        How::Redo(changes) => format!("redo of {changes} changes: as after {to}"),
    }
}

/// What kind of record it is, and whose: `record 6, exec, #1 checkout, db 0`.
pub fn heading(entry: &Entry) -> String {
    let mut parts = vec![format!("record {}", entry.seq)];
    match &entry.record {
        Record::Commit(commit) => parts.push(origin_word(commit.origin).to_owned()),
        record => parts.push(kind_of(record).to_owned()),
    }
    let known = entry.record.client().filter(|client| client.id != 0);
    parts.extend(known.map(client));
    parts.extend(entry.record.db().map(|db| format!("db {db}")));
    parts.join(", ")
}

/// What happened, on one line.
pub fn what(entry: &Entry, room: Room) -> String {
    match &entry.record {
        Record::Commit(commit) => commit_line(commit, room),
        Record::Open(open) => format!(
            "opened by fakeredis {}, seed {}, recording {}",
            open.version, open.seed, open.record
        ),
        Record::Close(_) => "closed".to_owned(),
        Record::Mark(mark) => mark_line(mark, room),
        Record::Rewind(rewind) => rewind_line(*rewind),
        Record::Aborted(aborted) => format!(
            "EXEC aborted {{ {} }}: {} was changed by {}",
            commands(&aborted.commands, room),
            word(aborted.key.as_ref(), room),
            aborted.culprit
        ),
        Record::Observed(observed) => observed_line(observed, room),
        Record::Client(event) if event.open => format!("connected {}", event.addr),
        Record::Client(_) => "disconnected".to_owned(),
        Record::Setting(setting) => unit_line(&setting.commands, setting.origin, room),
        Record::Waiting(waiting) => waiting_line(waiting, room),
    }
}

fn commit_line(commit: &Commit, room: Room) -> String {
    unit_line(&commit.commands, commit.origin, room)
}

fn unit_line(unit: &CommandList, origin: Origin, room: Room) -> String {
    let line = commands(unit, room);
    match origin {
        Origin::Direct | Origin::Script | Origin::Fixture => line,
        Origin::Exec => format!("EXEC {{ {line} }}"),
        Origin::Blocked { cause } => format!("{line} (served by {cause})"),
        Origin::Expired => format!("expired: {line}"),
        Origin::Evicted => format!("evicted: {line}"),
    }
}

/// What a record came to as it was recorded, and what it comes to now, as far as they differ.
pub fn outcomes(recorded: Option<&Record>, again: Option<&Record>, room: Room) -> Vec<String> {
    let (before, after) = (outcome(recorded, room), outcome(again, room));
    let title = |title: &str, lines: &[String], others: &[String]| -> Vec<String> {
        let only_here = lines.iter().filter(|line| !others.contains(line));
        only_here.map(|line| format!("{title}  {line}")).collect()
    };
    let mut lines = title("recorded", &before, &after);
    lines.extend(title("now     ", &after, &before));
    lines
}

/// What a record came to: its replies, where they are known, and its effects.
fn outcome(record: Option<&Record>, room: Room) -> Vec<String> {
    let Some(record) = record else {
        return vec!["nothing happens".to_owned()];
    };
    let mut lines = Vec::new();
    if let Record::Aborted(aborted) = record {
        let (key, culprit) = (word(aborted.key.as_ref(), room), aborted.culprit);
        lines.push(format!("EXEC is aborted: {key} was changed by {culprit}"));
    }
    for reply in replies_of(record).unwrap_or_default() {
        let reply = pretty(&reply).replace('\n', " ");
        lines.push(format!("answers {reply}"));
    }
    if let Record::Commit(commit) = record {
        let mut effects = CommandList::new();
        commit.each_effect(|argv| effects.push(argv));
        lines.push(format!("does {}", commands(&effects, room)));
    }
    lines
}

/// What a command that changed nothing was: an error is shown, and how a wait ended.
fn observed_line(observed: &Observed, room: Room) -> String {
    let line = match observed.commands.is_empty() && observed.origin == Origin::Direct {
        true => "a request that could not be read".to_owned(),
        false => unit_line(&observed.commands, observed.origin, room),
    };
    let words = commands(&observed.commands, room);
    match (observed.origin, reply_of(observed)) {
        (Origin::Blocked { cause: 0 }, _) => format!("{words} = nothing came in time"),
        (Origin::Blocked { cause }, Reply::Error(error)) => {
            format!("{words} (ended by {cause}) = {error}")
        }
        (Origin::Blocked { cause }, Reply::Null | Reply::NullArray) => {
            format!("{words} (ended by {cause})")
        }
        (_, Reply::Error(error)) => format!("{line} = {error}"),
        _ => line,
    }
}

fn reply_of(observed: &Observed) -> Reply {
    let reply = decode_reply(observed.replies.as_ref());
    reply
        .ok()
        .flatten()
        .map_or(Reply::Silence, |(reply, _)| reply)
}

fn waiting_line(waiting: &Waiting, room: Room) -> String {
    let line = commands(&waiting.commands, room);
    let until = match waiting.until_us {
        Some(until_us) => format!("until {}", rfc3339(until_us)),
        None => "without end".to_owned(),
    };
    match waiting.keys.is_empty() {
        true => format!("{line} is held back {until}"),
        false => format!("{line} waits {until}"),
    }
}

/// The keys that a record changed, as far as it names them.
fn touched(touched: &Touched, room: Room, paint: Paint) -> String {
    if touched.is_empty() {
        return String::new();
    }
    let mut names: Vec<String> = Vec::new();
    if touched.everything {
        names.push("every key".to_owned());
    }
    names.extend(touched.databases.iter().map(|db| format!("database {db}")));
    let shown = touched.keys.iter().take(room.items);
    names.extend(shown.map(|(db, name)| key(*db, name, paint)));
    let rest = touched.keys.len().saturating_sub(room.items);
    format!(
        "  {} {}",
        paint.dim("→"),
        with_rest(names.join(" "), rest, "keys")
    )
}
