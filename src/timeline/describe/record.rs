//! Records: where, when, what, who, and what each kind adds.

use super::Describe;
use super::Fields;
use super::describe_commands;
use super::number;
use super::plain;
use crate::commit::Aborted;
use crate::commit::Blob;
use crate::commit::Client;
use crate::commit::CommandList;
use crate::commit::Commit;
use crate::commit::Entry;
use crate::commit::How;
use crate::commit::Origin;
use crate::commit::Record;
use crate::commit::Rewind;
use crate::commit::Waiting;
use crate::resp::Reply;
use crate::timeline::Shown;
use crate::timeline::Touched;
use crate::timeline::Version;
use crate::timeline::replies_of;
use crate::timeline::rfc3339;

impl Describe for Entry {
    fn describe(&self) -> Fields {
        let mut fields = Fields::default()
            .with("seq", number(self.seq))
            .with("time", Reply::bulk(rfc3339(self.clock_us)))
            .with("kind", Reply::bulk(kind_of(&self.record)))
            .and(particulars(self));
        if let Some(replies) = replies_of(&self.record) {
            let replies = replies.into_iter().map(plain);
            fields.add("replies", Reply::Array(replies.collect()));
        }
        fields
    }
}

impl Describe for Shown {
    fn describe(&self) -> Fields {
        let mut fields = self.entry.describe();
        if let Record::Commit(_) = &self.entry.record {
            fields.add("effects", effects(&self.entry.record));
        }
        fields.with("changes", super::describe_all(&self.changes))
    }
}

impl Describe for Version {
    fn describe(&self) -> Fields {
        let change = self.change.describe().without("db").without("key");
        self.entry.describe().and(change)
    }
}

impl Describe for Touched {
    fn describe(&self) -> Fields {
        let keys = self.keys.iter().map(|(db, key)| place(*db as u64, key));
        let fields = Fields::default().with("keys", Reply::Array(keys.collect()));
        let databases = self.databases.iter().map(|db| number(*db as u64));
        match self {
            _ if self.everything => fields.with("databases", Reply::bulk("all")),
            _ if self.is_sweeping() => fields.with("databases", Reply::Array(databases.collect())),
            _ => fields,
        }
    }
}

/// The canonical commands that have the effects of a record.
pub(super) fn effects(record: &Record) -> Reply {
    let mut effects = CommandList::new();
    if let Record::Commit(commit) = record {
        commit.each_effect(|argv| effects.push(argv));
    }
    describe_commands(&effects)
}

/// What a record's kind adds.
fn particulars(entry: &Entry) -> Fields {
    let fields = Fields::default();
    match &entry.record {
        Record::Commit(commit) => committed(commit),
        Record::Open(open) => fields
            .with("version", text(&open.version))
            .with("seed", number(open.seed))
            .with("record", text(&open.record))
            .with("databases", number(open.databases.into()))
            .with("settings", settings(&open.settings)),
        Record::Close(close) => fields.with("digest", text(&close.digest)),
        Record::Mark(mark) => fields
            .with("name", text(&mark.name))
            .with("at", number(mark.at.unwrap_or(entry.seq))),
        Record::Rewind(rewind) => rewound(*rewind),
        Record::Aborted(aborted) => refused(aborted),
        Record::Observed(observed) => {
            let commands = &observed.commands;
            ran(observed.db, &observed.client, observed.origin, commands)
        }
        Record::Setting(setting) => {
            let commands = &setting.commands;
            ran(setting.db, &setting.client, setting.origin, commands)
        }
        Record::Waiting(waiting) => waits(waiting),
        Record::Client(event) => fields
            .with("client", client(&event.client))
            .with("addr", text(&event.addr)),
    }
}

/// What `CONFIG GET` would answer, as a map.
fn settings(settings: &[(String, Blob)]) -> Reply {
    let pairs = settings
        .iter()
        .map(|(name, value)| (text(name), blob(value)));
    Reply::Map(pairs.collect())
}

fn committed(commit: &Commit) -> Fields {
    ran(commit.db, &commit.client, commit.origin, &commit.commands)
}

fn ran(db: u32, from: &Client, origin: Origin, commands: &CommandList) -> Fields {
    let mut fields = Fields::default()
        .with("db", number(db.into()))
        .with("client", client(from))
        .with("origin", Reply::bulk(origin_word(origin)));
    if let Origin::Blocked { cause } = origin {
        fields.add("cause", number(cause));
    }
    fields.with("commands", describe_commands(commands))
}

fn waits(waiting: &Waiting) -> Fields {
    let keys = waiting.keys.iter().map(blob);
    let until = waiting.until_us.map(rfc3339);
    sent(waiting.db, &waiting.client, &waiting.commands)
        .with("keys", Reply::Array(keys.collect()))
        .with("until", until.map_or(Reply::Null, Reply::bulk))
}

fn sent(db: u32, from: &Client, commands: &CommandList) -> Fields {
    Fields::default()
        .with("db", number(db.into()))
        .with("client", client(from))
        .with("commands", describe_commands(commands))
}

fn rewound(rewind: Rewind) -> Fields {
    let fields = Fields::default().with("to", number(rewind.to));
    match rewind.how {
        How::Named => fields,
        How::Undo(changes) => fields.with("undo", number(changes)),
        How::Redo(changes) => fields.with("redo", number(changes)),
    }
}

fn refused(aborted: &Aborted) -> Fields {
    let watched = aborted.watched.iter().map(|watched| {
        let fields = Fields::default()
            .with("db", number(watched.db.into()))
            .with("key", blob(&watched.key));
        fields.with("since", number(watched.since)).into()
    });
    sent(aborted.db, &aborted.client, &aborted.commands)
        .with("watched", Reply::Array(watched.collect()))
        .with("key", place(aborted.key_db.into(), aborted.key.as_ref()))
        .with("culprit", number(aborted.culprit))
}

/// What kind of record it is, in a word.
pub fn kind_of(record: &Record) -> &'static str {
    match record {
        Record::Commit(_) => "commit",
        Record::Open(_) => "open",
        Record::Close(_) => "close",
        Record::Mark(_) => "mark",
        Record::Rewind(_) => "rewind",
        Record::Aborted(_) => "aborted",
        Record::Observed(_) => "observed",
        Record::Client(event) if event.open => "connected",
        Record::Client(_) => "disconnected",
        Record::Setting(_) => "setting",
        Record::Waiting(_) => "waiting",
    }
}

/// How a commit came about, in a word.
pub fn origin_word(origin: Origin) -> &'static str {
    match origin {
        Origin::Direct => "direct",
        Origin::Exec => "exec",
        Origin::Script => "script",
        Origin::Blocked { .. } => "blocked",
        Origin::Expired => "expired",
        Origin::Evicted => "evicted",
        Origin::Fixture => "fixture",
    }
}

fn place(db: u64, key: &[u8]) -> Reply {
    let fields = Fields::default().with("db", number(db));
    fields.with("key", Reply::bulk(key)).into()
}

fn client(client: &Client) -> Reply {
    let fields = Fields::default().with("id", number(client.id));
    fields.with("name", blob(&client.name)).into()
}

fn blob(blob: &Blob) -> Reply {
    Reply::bulk(blob.as_ref())
}

fn text(text: &str) -> Reply {
    Reply::bulk(text)
}
