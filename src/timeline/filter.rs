//! [`Filter`]: which records somebody wants to see.
//!
//! A record is first searched undecoded for the bytes that it must hold, which passes over most of a long journal
//! without decoding it; what is left is decoded and looked at closely.

use aho_corasick::AhoCorasick;

use crate::commit::Client;
use crate::commit::Record;
use crate::journal::Frame;
use crate::journal::kind;
use crate::value::glob_match;

use super::replay::is_change;
use super::touched::SWEEPING;
use super::touched::Touched;
use super::touched::commands_of;
use super::touched::mentions;

/// Conditions on records; all that are given must hold.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// A command of the record names a key that matches this glob pattern, or may have changed every key.
    pub key: Option<Vec<u8>>,
    /// The record holds this command, `SET` or `CLIENT SETNAME`, whatever the case.
    pub command: Option<String>,
    /// The client has this id, or a name that matches this glob pattern.
    pub client: Option<String>,
    /// An argument of a command, or a mark's name, contains these bytes.
    pub grep: Option<Vec<u8>>,
    /// Only EXECs that a WATCH aborted.
    pub aborted: bool,
    /// Only what changed data: commits and rewinds.
    pub changes: bool,
}

impl Filter {
    /// Whether every record passes.
    pub fn is_empty(&self) -> bool {
        !self.aborted
            && !self.changes
            && self.key.is_none()
            && self.command.is_none()
            && self.client.is_none()
            && self.grep.is_none()
    }

    /// Whether `record` passes.
    pub fn matches(&self, record: &Record) -> bool {
        (!self.aborted || matches!(record, Record::Aborted(_)))
            && (!self.changes || is_change(record))
            && self
                .client
                .as_deref()
                .is_none_or(|client| is_from(record, client))
            && self
                .command
                .as_deref()
                .is_none_or(|command| holds(record, command))
            && self
                .grep
                .as_deref()
                .is_none_or(|bytes| contains(record, bytes))
            && self
                .key
                .as_deref()
                .is_none_or(|pattern| names(record, pattern))
    }

    /// The search that comes before decoding.
    pub(super) fn sieve(&self) -> Sieve {
        let mut searches = Vec::new();
        if let Some(pattern) = &self.key {
            searches.extend(Sieve::key_search(literal(pattern)));
        }
        if let Some(command) = &self.command {
            let word = command.split(' ').next().unwrap_or_default();
            searches.extend(search(&[word.as_bytes()]));
        }
        if let Some(bytes) = &self.grep {
            searches.extend(search(&[bytes]));
        }
        Sieve {
            aborted: self.aborted,
            changes: self.changes,
            searches,
        }
    }
}

/// Finds most records that don't matter by their undecoded bytes.
#[derive(Debug, Default)]
pub(super) struct Sieve {
    aborted: bool,
    changes: bool,
    /// Each must find something. Letter case is ignored: a coarse answer is enough here.
    searches: Vec<AhoCorasick>,
}

impl Sieve {
    /// Lets pass what may have changed `key`.
    pub(super) fn for_key(key: &[u8]) -> Sieve {
        Sieve {
            searches: Sieve::key_search(key).into_iter().collect(),
            ..Sieve::default()
        }
    }

    /// Whether the frame may hold a record that matters.
    pub(super) fn passes(&self, frame: &Frame<'_>) -> bool {
        let is_change = matches!(frame.kind(), kind::COMMIT | kind::REWIND);
        if self.aborted && frame.kind() != kind::ABORTED || self.changes && !is_change {
            return false;
        }
        let found = |search: &AhoCorasick| search.is_match(frame.payload);
        frame.kind() == kind::REWIND || self.searches.iter().all(found)
    }

    fn key_search(key: &[u8]) -> Option<AhoCorasick> {
        let mut words: Vec<&[u8]> = SWEEPING.iter().map(|word| word.as_bytes()).collect();
        words.push(key);
        search(&words)
    }
}

/// A search for any of `words`; none where it would find everything.
fn search(words: &[&[u8]]) -> Option<AhoCorasick> {
    if words.iter().any(|word| word.is_empty()) {
        return None;
    }
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(words)
        .ok()
}

/// The longest run of a glob pattern that stands for itself.
fn literal(pattern: &[u8]) -> &[u8] {
    let special = |byte: &u8| matches!(byte, b'*' | b'?' | b'[' | b']' | b'\\');
    // What stands between brackets, or behind a backslash, may look like a run and is none.
    if pattern.iter().any(|byte| matches!(byte, b'[' | b'\\')) {
        let end = pattern.iter().position(special).unwrap_or(pattern.len());
        return &pattern[..end];
    }
    let runs = pattern.split(special);
    runs.max_by_key(|run| run.len()).unwrap_or_default()
}

fn is_from(record: &Record, client: &str) -> bool {
    let Some(Client { id, name }) = record.client() else {
        return false;
    };
    client.parse() == Ok(*id)
        || (!name.0.is_empty() && glob_match(client.as_bytes(), &name.0, false))
}

fn holds(record: &Record, command: &str) -> bool {
    let words: Vec<&[u8]> = command.split(' ').map(str::as_bytes).collect();
    let is_it = |argv: &[&[u8]]| {
        let same = |(a, b): (&&[u8], &&[u8])| a.eq_ignore_ascii_case(b);
        argv.len() >= words.len() && std::iter::zip(argv, &words).all(same)
    };
    commands_of(record).is_some_and(|commands| commands.iter().any(|argv| is_it(&argv)))
}

fn contains(record: &Record, bytes: &[u8]) -> bool {
    let within =
        |arg: &[u8]| bytes.is_empty() || arg.windows(bytes.len()).any(|part| part == bytes);
    match record {
        Record::Mark(mark) => within(mark.name.as_bytes()),
        _ => commands_of(record).is_some_and(|commands| commands.iter().flatten().any(within)),
    }
}

fn names(record: &Record, pattern: &[u8]) -> bool {
    let mut found = Touched::of(record).is_sweeping();
    mentions(record, |key| found |= glob_match(pattern, key, false));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_literal_part_of_a_pattern_is_one_that_every_match_holds() {
        for (pattern, expected) in [
            ("product:*", "product:"),
            ("*:stock", ":stock"),
            ("a*bcd?ef", "bcd"),
            ("user:[abc]long", "user:"),
            ("ab\\*cdef", "ab"),
            ("*", ""),
            ("plain", "plain"),
        ] {
            assert_eq!(
                literal(pattern.as_bytes()),
                expected.as_bytes(),
                "{pattern}"
            );
        }
    }
}
