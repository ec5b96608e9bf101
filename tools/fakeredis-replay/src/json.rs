//! Records, replies and changes as JSON.
//!
//! Byte strings become JSON strings without loss: valid UTF-8 stands for itself, but for a backslash, which is
//! doubled; every other byte is written `\xNN`.

use fakeredis::commit::Blob;
use fakeredis::commit::Client;
use fakeredis::commit::CommandList;
use fakeredis::commit::Commit;
use fakeredis::commit::Entry;
use fakeredis::commit::How;
use fakeredis::commit::Origin;
use fakeredis::commit::Record;
use fakeredis::keyspace::Slot;
use fakeredis::resp::Reply;
use fakeredis::timeline::Change;
use fakeredis::timeline::Contents;
use fakeredis::timeline::Part;
use fakeredis::timeline::PartChange;
use fakeredis::timeline::Place;
use fakeredis::timeline::Touched;
use fakeredis::timeline::replies_of;
use fakeredis::timeline::rfc3339;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

/// The fields of an object, in order.
pub type Object = Map<String, Value>;

/// A byte string, without loss.
pub fn text(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(&chunk.valid().replace('\\', "\\\\"));
        chunk
            .invalid()
            .iter()
            .for_each(|byte| out.push_str(&format!("\\x{byte:02x}")));
    }
    out
}

/// A record: where, when, what, who, and what its kind adds.
pub fn entry(entry: &Entry) -> Object {
    let mut object = Object::new();
    let mut add = |name: &str, value: Value| drop(object.insert(name.to_owned(), value));
    add("seq", json!(entry.seq));
    add("time", json!(rfc3339(entry.clock_us)));
    add("kind", json!(kind(&entry.record)));
    match &entry.record {
        Record::Commit(commit) => add_commit(commit, &mut add),
        Record::Open(open) => {
            add("version", json!(open.version));
            add("seed", json!(open.seed));
            add("record", json!(open.record));
            add("databases", json!(open.databases));
        }
        Record::Close(close) => add("digest", json!(close.digest)),
        Record::Mark(mark) => {
            add("name", json!(mark.name));
            add("at", json!(mark.at.unwrap_or(entry.seq)));
        }
        Record::Rewind(rewind) => {
            add("to", json!(rewind.to));
            match rewind.how {
                How::Named => {}
                How::Undo(changes) => add("undo", json!(changes)),
                How::Redo(changes) => add("redo", json!(changes)),
            }
        }
        Record::Aborted(aborted) => {
            add("db", json!(aborted.db));
            add("client", client(&aborted.client));
            add("commands", commands(&aborted.commands));
            let watched = aborted.watched.iter();
            let watched =
                watched.map(|w| json!({"db": w.db, "key": blob(&w.key), "since": w.since}));
            add("watched", watched.collect());
            add(
                "key",
                json!({"db": aborted.key_db, "key": blob(&aborted.key)}),
            );
            add("culprit", json!(aborted.culprit));
        }
        Record::Observed(observed) => {
            add("db", json!(observed.db));
            add("client", client(&observed.client));
            add("commands", commands(&observed.commands));
        }
        Record::Client(event) => {
            add("client", client(&event.client));
            add("addr", json!(event.addr));
        }
        Record::Setting(setting) => {
            add("db", json!(setting.db));
            add("client", client(&setting.client));
            add("commands", commands(&setting.commands));
        }
    }
    if let Some(replies) = replies_of(&entry.record) {
        add("replies", replies.iter().map(reply).collect());
    }
    object
}

/// The keys that a record changed, as far as it names them.
pub fn keys(touched: &Touched) -> Value {
    let keys = touched.keys.iter();
    keys.map(|(db, key)| json!({"db": db, "key": text(key)}))
        .collect()
}

fn add_commit(commit: &Commit, add: &mut impl FnMut(&str, Value)) {
    add("db", json!(commit.db));
    add("client", client(&commit.client));
    add("origin", json!(origin(commit.origin)));
    if let Origin::Blocked { cause } = commit.origin {
        add("cause", json!(cause));
    }
    add("commands", commands(&commit.commands));
}

/// The canonical commands that have the effects of a commit.
pub fn effects(commit: &Commit) -> Value {
    let mut effects = CommandList::new();
    commit.each_effect(|argv| effects.push(argv));
    commands(&effects)
}

/// What kind of record it is, in a word.
pub fn kind(record: &Record) -> &'static str {
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
    }
}

/// How a commit came about, in a word.
pub fn origin(origin: Origin) -> &'static str {
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

pub fn commands(commands: &CommandList) -> Value {
    let words = |argv: Vec<&[u8]>| argv.into_iter().map(text).collect::<Vec<_>>();
    json!(commands.iter().map(words).collect::<Vec<_>>())
}

fn client(client: &Client) -> Value {
    json!({"id": client.id, "name": blob(&client.name)})
}

fn blob(blob: &Blob) -> String {
    text(blob.as_ref())
}

/// A reply: strings, numbers, arrays; maps as arrays of pairs; errors as `{"error": …}`.
pub fn reply(answer: &Reply) -> Value {
    match answer {
        Reply::Simple(text) => json!(text),
        Reply::Error(text) => json!({"error": text}),
        Reply::Int(number) => json!(number),
        Reply::Bulk(bytes) | Reply::BigNumber(bytes) | Reply::Verbatim(_, bytes) => {
            json!(text(bytes))
        }
        Reply::Null | Reply::NullArray | Reply::Silence => Value::Null,
        Reply::Array(items) | Reply::Set(items) | Reply::Push(items) => {
            items.iter().map(reply).collect()
        }
        Reply::Map(pairs) => pairs
            .iter()
            .map(|(k, v)| json!([reply(k), reply(v)]))
            .collect(),
        Reply::Double(number) if number.is_finite() => json!(number),
        Reply::Double(number) => json!(number.to_string()),
        Reply::Bool(yes) => json!(yes),
    }
}

/// A key before and after, and the parts that differ.
pub fn change(change: &Change) -> Object {
    let mut object = Object::new();
    object.insert("db".to_owned(), json!(change.db));
    object.insert("key".to_owned(), json!(text(&change.key)));
    object.insert("before".to_owned(), slot(change.before.as_ref()));
    object.insert("after".to_owned(), slot(change.after.as_ref()));
    let parts = change.parts();
    object.insert("parts".to_owned(), parts.iter().map(part_change).collect());
    object
}

/// What stands at a key: its type, its size, when it expires, and a string's bytes.
pub fn slot(slot: Option<&Slot>) -> Value {
    let Some(slot) = slot else {
        return Value::Null;
    };
    let contents = Contents::of(slot);
    let mut object = Object::new();
    object.insert("type".to_owned(), json!(slot.value().type_name()));
    object.insert("size".to_owned(), json!(contents.len()));
    object.insert("expires".to_owned(), expiry(slot.expires_at()));
    if let Contents::Whole(part) = &contents {
        let bytes = part.value.first().map_or(&[][..], |bytes| bytes);
        object.insert("value".to_owned(), json!(text(bytes)));
    }
    object.into()
}

fn part_change(change: &PartChange) -> Value {
    let place = match &change.place {
        Place::Whole => Value::Null,
        Place::Name(name) => json!(text(name)),
        Place::Index(index) => json!(index),
    };
    json!({
        "part": place,
        "before": change.before.as_ref().map(part),
        "after": change.after.as_ref().map(part),
    })
}

fn part(part: &Part) -> Value {
    let value: Vec<String> = part.value.iter().map(|bytes| text(bytes)).collect();
    match part.expires_at {
        None => json!({"value": value}),
        at => json!({"value": value, "expires": expiry(at)}),
    }
}

fn expiry(at_ms: Option<i64>) -> Value {
    at_ms.map_or(Value::Null, |at_ms| {
        json!(rfc3339(at_ms.saturating_mul(1000)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rule of the module's documentation, backwards.
    fn bytes(text: &str) -> Vec<u8> {
        let (mut out, mut rest) = (Vec::new(), text);
        while let Some(at) = rest.find('\\') {
            out.extend(&rest.as_bytes()[..at]);
            match rest[at + 1..].strip_prefix('x') {
                Some(hex) => out.push(u8::from_str_radix(&hex[..2], 16).unwrap()),
                None => out.push(b'\\'),
            }
            rest = &rest[at
                + if rest[at + 1..].starts_with('x') {
                    4
                } else {
                    2
                }..];
        }
        out.extend(rest.as_bytes());
        out
    }

    #[test]
    fn byte_strings_lose_nothing() {
        let cases: [&[u8]; 6] = [
            b"",
            b"plain",
            "gr\u{fc}n".as_bytes(),
            b"\xff\x00\\x41",
            b"\\\\",
            b"a\xc3",
        ];
        for case in cases {
            assert_eq!(bytes(&text(case)), case, "{}", text(case));
        }
        assert_eq!(text(b"\xff\\"), "\\xff\\\\");
    }
}
