//! Records, values and changes as text for people.

use fakeredis::commit::Client;
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
use fakeredis::keyspace::Slot;
use fakeredis::resp::Reply;
use fakeredis::resp::decode_reply;
use fakeredis::resp::pretty;
use fakeredis::resp::quote;
use fakeredis::timeline::Change;
use fakeredis::timeline::Part;
use fakeredis::timeline::PartChange;
use fakeredis::timeline::Place;
use fakeredis::timeline::Touched;
use fakeredis::timeline::client_of;
use fakeredis::timeline::kind_of;
use fakeredis::timeline::origin_word;
use fakeredis::timeline::replies_of;
use fakeredis::timeline::rfc3339;
use fakeredis::timeline::size_of;
use fakeredis::value::Value;

use crate::output::Paint;

/// How much of a long text is shown.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// The bytes of one word or value.
    pub bytes: usize,
    /// The items of one list: commands, keys, parts.
    pub items: usize,
}

impl Room {
    /// Enough for a line.
    pub const LINE: Room = Room {
        bytes: 48,
        items: 4,
    };
    /// Enough for a page.
    pub const PAGE: Room = Room {
        bytes: 400,
        items: 40,
    };
    /// Everything.
    pub const FULL: Room = Room {
        bytes: usize::MAX,
        items: usize::MAX,
    };
}

/// A word as redis-cli reads it: quoted where it must be.
pub fn word(bytes: &[u8], room: Room) -> String {
    let plain = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\');
    let shown = &bytes[..bytes.len().min(room.bytes)];
    let text = match shown.is_empty() || !shown.iter().all(plain) {
        true => quote(shown),
        false => String::from_utf8_lossy(shown).into_owned(),
    };
    with_rest(text, bytes.len() - shown.len(), "bytes")
}

/// A value, always quoted.
pub fn value(bytes: &[u8], room: Room) -> String {
    let shown = &bytes[..bytes.len().min(room.bytes)];
    with_rest(quote(shown), bytes.len() - shown.len(), "bytes")
}

fn with_rest(text: String, rest: usize, what: &str) -> String {
    match rest {
        0 => text,
        rest => format!("{text}… ({rest} more {what})"),
    }
}

/// A command as redis-cli reads it.
pub fn command<A: AsRef<[u8]>>(argv: &[A], room: Room) -> String {
    let shown = argv.iter().take(room.items.saturating_mul(4));
    let words: Vec<String> = shown.map(|arg| word(arg.as_ref(), room)).collect();
    let rest = argv.len() - words.len();
    with_rest(words.join(" "), rest, "words")
}

/// Commands on one line.
pub fn commands(commands: &CommandList, room: Room) -> String {
    let shown: Vec<String> = commands
        .iter()
        .take(room.items)
        .map(|argv| command(&argv, room))
        .collect();
    let rest = commands.len() - shown.len();
    with_rest(shown.join("; "), rest, "commands")
}

/// `stock`, or `stock[3]` in database 3.
pub fn key(db: usize, key: &[u8], paint: Paint) -> String {
    let name = paint.key(word(key, Room::PAGE));
    match db {
        0 => name,
        db => format!("{name}[{db}]"),
    }
}

/// `#7 worker`, or the fake itself.
pub fn client(client: &Client) -> String {
    match (client.id, client.name.as_ref()) {
        (0, _) => "-".to_owned(),
        (id, []) => format!("#{id}"),
        (id, name) => format!("#{id} {}", word(name, Room::LINE)),
    }
}

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
    let who = client_of(&entry.record).map_or_else(|| "-".to_owned(), client);
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
    let known = client_of(&entry.record).filter(|client| client.id != 0);
    parts.extend(known.map(client));
    parts.extend(db_of(&entry.record).map(|db| format!("db {db}")));
    parts.join(", ")
}

/// The database that a record's commands began in.
fn db_of(record: &Record) -> Option<u32> {
    match record {
        Record::Commit(commit) => Some(commit.db),
        Record::Aborted(aborted) => Some(aborted.db),
        Record::Observed(observed) => Some(observed.db),
        Record::Setting(setting) => Some(setting.db),
        Record::Waiting(waiting) => Some(waiting.db),
        _ => None,
    }
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

/// What stands at a key: `"10"`, `hash of 3 fields`, `nothing`.
pub fn slot(slot: Option<&Slot>, room: Room) -> String {
    let Some(slot) = slot else {
        return "nothing".to_owned();
    };
    if let Value::String(string) = slot.value() {
        return value(&string.as_bytes(), room);
    }
    let size = size_of(slot);
    let (name, parts) = match slot.value().type_name() {
        "zset" => ("sorted set", "member"),
        "set" => ("set", "member"),
        "hash" => ("hash", "field"),
        "stream" => ("stream", "entr"),
        name => (name, "element"),
    };
    let plural = match (parts, size) {
        ("entr", 1) => "y",
        ("entr", _) => "ies",
        (_, 1) => "",
        _ => "s",
    };
    format!("{name} of {size} {parts}{plural}")
}

/// A key before and after on one line, and a line for each part that differs.
pub fn change(change: &Change, room: Room, paint: Paint) -> Vec<String> {
    let name = key(change.db, &change.key, paint);
    let mut lines = difference(change, room, paint);
    lines[0] = format!("{name}  {}", lines[0]);
    lines
}

/// The same without the key's name.
pub fn difference(change: &Change, room: Room, paint: Paint) -> Vec<String> {
    let (before, after) = (change.before.as_ref(), change.after.as_ref());
    let mut lines = vec![sides(before, after, room, paint)];
    let (old, new) = (
        before.and_then(Slot::expires_at),
        after.and_then(Slot::expires_at),
    );
    if old != new && after.is_some() {
        lines.push(format!("  expires  {} → {}", expiry(old), expiry(new)));
    }
    let parts = change.parts();
    let parts = parts.iter().filter(|part| part.place != Place::Whole);
    let all = parts.clone().count();
    lines.extend(
        parts
            .take(room.items)
            .map(|part| part_line(part, room, paint)),
    );
    if all > room.items {
        lines.push(paint.dim(format!(
            "  … and {} more; --full shows all",
            all - room.items
        )));
    }
    lines
}

fn sides(before: Option<&Slot>, after: Option<&Slot>, room: Room, paint: Paint) -> String {
    let (old, new) = (slot(before, room), slot(after, room));
    match (before, after) {
        (None, _) => paint.added(format!("+ {new}")),
        (_, None) => paint.removed(format!("- {old}")),
        _ if old == new => new,
        _ => format!("{old} → {new}"),
    }
}

/// A time to live's end, in milliseconds since the epoch.
pub fn expiry(at_ms: Option<i64>) -> String {
    at_ms.map_or_else(
        || "never".to_owned(),
        |at_ms| rfc3339(at_ms.saturating_mul(1000)),
    )
}

fn part_line(change: &PartChange, room: Room, paint: Paint) -> String {
    let name = place(&change.place, room);
    let side = |part: &Part| part_side(part, room);
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => {
            format!("  ~ {name}{} →{}", side(before), side(after))
        }
        (Some(before), None) => paint.removed(format!("  - {name}{}", side(before))),
        (None, after) => {
            let after = after.as_ref().map_or_else(String::new, side);
            paint.added(format!("  + {name}{after}"))
        }
    }
}

/// A part with its name: `stock "5"`, `[0] "bob:3"`.
pub fn part(at: &Place, part: &Part, room: Room) -> String {
    let text = format!("{}{}", place(at, room), part_side(part, room));
    text.trim_start().to_owned()
}

fn place(place: &Place, room: Room) -> String {
    match place {
        Place::Whole => String::new(),
        Place::Name(name) => word(name, room),
        Place::Index(index) => format!("[{index}]"),
    }
}

fn part_side(part: &Part, room: Room) -> String {
    let value = part_value(part, room);
    let space = if value.is_empty() { "" } else { " " };
    match part.expires_at {
        None => format!("{space}{value}"),
        at => format!("{space}{value} (expires {})", expiry(at)),
    }
}

fn part_value(part: &Part, room: Room) -> String {
    let values: Vec<String> = part.value.iter().map(|bytes| value(bytes, room)).collect();
    values.join(" ")
}

/// `1 record`, `2 records`.
pub fn count(number: u64, what: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {what}{s}")
}

/// A stretch of time: `250 ms`, `2.250 s`, `3 m 20 s`.
pub fn duration(us: i64) -> String {
    let us = us.unsigned_abs();
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..1_000_000 => format!("{} ms", decimal(us, 1_000)),
        1_000_000..60_000_000 => format!("{} s", decimal(us, 1_000_000)),
        60_000_000..3_600_000_000 => {
            format!("{} m {} s", us / 60_000_000, us / 1_000_000 % 60)
        }
        _ => format!("{} h {} m", us / 3_600_000_000, us / 60_000_000 % 60),
    }
}

/// `number / unit`, with up to three places.
fn decimal(number: u64, unit: u64) -> String {
    let thousandths = number * 1000 / unit;
    let text = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_redis_cli_needs_it() {
        let line = |argv: &[&[u8]]| command(argv, Room::LINE);
        assert_eq!(
            line(&[b"SET", b"a b", b"", b"\xff'"]),
            "SET \"a b\" \"\" \"\\xff'\""
        );
        let long = [b'x'; 50];
        assert!(word(&long, Room::LINE).ends_with("xx… (2 more bytes)"));
    }

    #[test]
    fn durations_are_readable() {
        for (us, text) in [
            (7, "7 µs"),
            (250_000, "250 ms"),
            (1_500, "1.5 ms"),
            (2_250_000, "2.25 s"),
            (200_000_000, "3 m 20 s"),
            (7_260_000_000, "2 h 1 m"),
        ] {
            assert_eq!(duration(us), text);
        }
    }
}
