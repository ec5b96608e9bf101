//! What Redis calls the parts of a syntax text: names of groups, types of words.
//!
//! A syntax text shows neither, but `COMMAND DOCS` does. Both follow from the words in almost all
//! commands; what does not is written into the text as `word:type`.

use std::borrow::Cow;

use super::syntax::Kind;

/// A value's word without its `:type`, and its type.
pub(super) fn of_value(word: &str) -> (&str, Kind) {
    match word.rsplit_once(':') {
        Some((word, kind)) if kind_called(kind).is_some() => {
            (word, kind_called(kind).unwrap_or(Kind::String))
        }
        _ => (word, kind_of(word)),
    }
}

/// The type that `:name` after a word stands for.
pub(super) fn kind_called(name: &str) -> Option<Kind> {
    let kinds = [Kind::String, Kind::Integer, Kind::Double];
    kinds.into_iter().find(|kind| kind.name() == name)
}

#[rustfmt::skip]
fn kind_of(word: &str) -> Kind {
    match word {
        "bit" | "bits" | "client-id" | "cluster-bus-port" | "config-epoch" | "count" | "cursor" | "db" | "decrement"
        | "destination-db" | "end" | "end-slot" | "entries-added" | "entries-read" | "frequency" | "increment" | "index"
        | "index1" | "index2" | "len" | "limit" | "maxage" | "milliseconds" | "min-match-len" | "ms" | "num-matches"
        | "numfields" | "numids" | "numkeys" | "numlocal" | "numreplicas" | "offset" | "port" | "protover" | "rank"
        | "seconds" | "slot" | "start" | "start-slot" | "stop" | "ttl" | "version" | "weight" => Kind::Integer,
        "height" | "latitude" | "longitude" | "radius" | "score" | "timeout" | "width" => Kind::Double,
        "destination" | "destkey" | "dst" | "key" | "key1" | "key2" | "newkey" | "source" | "sourcekey" | "src" => Kind::Key,
        "pattern" => Kind::Pattern,
        "unix-time-milliseconds" | "unix-time-seconds" => Kind::UnixTime,
        _ => Kind::String,
    }
}

/// The name of a word that is typed as it is.
pub(super) fn of_token(token: &str) -> Cow<'static, str> {
    match token {
        "=" => "equal".into(),
        "~" => "approximately".into(),
        "*" => "auto-id".into(),
        "$" => "new-id".into(),
        "\"\"" => "empty-string".into(),
        "CH" => "change".into(),
        "INCR" => "increment".into(),
        "ALPHA" => "sorting".into(),
        _ => token.to_ascii_lowercase().into(),
    }
}

/// The name of a value after a token, where it is not the word's own.
pub(super) fn of_value_after(token: &str, word: &str) -> Option<Cow<'static, str>> {
    match (token, word) {
        ("STORE" | "STOREDIST", "key") => Some((token.to_ascii_lowercase() + "key").into()),
        ("BY" | "GET", "pattern") => Some((token.to_ascii_lowercase() + "-pattern").into()),
        ("KEYS", "key")
        | ("AUTH", "password")
        | ("ENTRIESREAD", _)
        | (_, "ip:port" | "node-id") => Some(token.to_ascii_lowercase().into()),
        _ => None,
    }
}

/// The name of a choice after a token.
pub(super) fn of_choice_after(token: &str) -> Cow<'static, str> {
    match token {
        "TYPE" => "client-type".into(),
        "OVERFLOW" => "overflow-block".into(),
        _ => token.to_ascii_lowercase().into(),
    }
}

/// The word that names a repeated block which starts with `first`.
pub(super) fn repeated(first: &str) -> &str {
    match first {
        "start-slot" | "CONFIG" => first,
        _ => "data",
    }
}

/// The name of a group whose first word is `first`.
pub(super) fn of_group(kind: Kind, first: &str) -> Cow<'static, str> {
    let names = match kind {
        Kind::OneOf => CHOICES,
        _ => BLOCKS,
    };
    let known = names.iter().find(|(_, words)| words.contains(&first));
    known.map_or_else(
        || first.to_ascii_lowercase().into(),
        |(name, _)| (*name).into(),
    )
}

#[rustfmt::skip] // A group's name, and the words that such groups begin with.
const CHOICES: &[(&str, &[&str])] = &[
    ("args",            &["host"]),
    ("attr",            &["LIB-NAME"]),
    ("authentication",  &["AUTH"]),
    ("by",              &["BYRADIUS"]),
    ("comparison",      &["GT"]),
    ("condition",       &["NX", "FNX", "KEEPREF"]),
    ("enabled",         &["ON"]),
    ("expiration",      &["EX"]),
    ("filter",          &["ip:port", "SLOTSRANGE"]),
    ("flush-type",      &["ASYNC"]),
    ("from",            &["FROMMEMBER"]),
    ("id-selector",     &["*", "id"]),
    ("key-selector",    &["key"]),
    ("mode",            &["YES", "WRITE"]),
    ("new-format",      &["ID"]),
    ("operation",       &["AND", "GET", "count"]),
    ("operator",        &["="]),
    ("options",         &["FORCE"]),
    ("order",           &["ASC"]),
    ("policy",          &["FLUSH"]),
    ("reset-type",      &["HARD"]),
    ("save-selector",   &["NOSAVE"]),
    ("sortby",          &["BYSCORE"]),
    ("store",           &["STORE"]),
    ("strategy",        &["MAXLEN"]),
    ("subcommand",      &["IMPORTING"]),
    ("unblock-type",    &["TIMEOUT"]),
    ("unit",            &["M", "BYTE"]),
    ("where",           &["LEFT", "MIN", "BEFORE"]),
    ("write-operation", &["SET"]),
];

#[rustfmt::skip] // A block's name, and the words that such blocks begin with.
const BLOCKS: &[(&str, &[&str])] = &[
    ("arguments",       &["protover"]),
    ("box",             &["BYBOX"]),
    ("circle",          &["BYRADIUS"]),
    ("configs",         &["CONFIG"]),
    ("count-block",     &["COUNT"]),
    ("end-unit-block",  &["end"]),
    ("filters",         &["IDLE"]),
    ("full-block",      &["FULL"]),
    ("get-block",       &["GET"]),
    ("group-block",     &["GROUP"]),
    ("host-port",       &["host"]),
    ("incrby-block",    &["INCRBY"]),
    ("no-one",          &["NO"]),
    ("options",         &["count"]),
    ("range",           &["start", "start-slot"]),
    ("set-block",       &["SET"]),
    ("target",          &["TO"]),
    ("trim",            &["MAXLEN"]),
    ("write",           &["OVERFLOW"]),
];
