//! [`Describe`]: answers about the past as plain words and numbers, for programs.
//!
//! The same names stand in the replies of `FAKEREDIS` and in the JSON of `fakeredis-replay`: a description is a map,
//! and both print it.

mod blame;
mod change;
mod record;
mod rerun;
mod why;

pub use change::describe_slot;
pub use record::kind_of;
pub use record::origin_word;
pub use rerun::describe_unknown;

use crate::commit::CommandList;
use crate::commit::Entry;
use crate::resp::Reply;

/// What can be told in plain words and numbers.
pub trait Describe {
    /// Its names and what they stand for.
    fn describe(&self) -> Fields;
}

/// Names and what they stand for, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields(Vec<(&'static str, Reply)>);

impl Fields {
    /// Adds a name; of two that are the same, the later one counts.
    pub fn add(&mut self, name: &'static str, value: impl Into<Reply>) {
        let value = value.into();
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }

    /// The same with another name.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Reply>) -> Fields {
        self.add(name, value);
        self
    }

    /// The same with all names of `other`.
    #[must_use]
    pub fn and(mut self, other: Fields) -> Fields {
        for (name, value) in other.0 {
            self.add(name, value);
        }
        self
    }

    /// The same without a name.
    #[must_use]
    pub fn without(mut self, name: &str) -> Fields {
        self.0.retain(|(known, _)| *known != name);
        self
    }
}

impl From<Fields> for Reply {
    fn from(fields: Fields) -> Reply {
        Reply::map(fields.0)
    }
}

/// The descriptions of several things.
pub fn describe_all<'a, T: Describe + 'a>(all: impl IntoIterator<Item = &'a T>) -> Reply {
    let all = all.into_iter();
    Reply::Array(all.map(|one| one.describe().into()).collect())
}

/// Commands as arrays of words.
pub fn describe_commands(commands: &CommandList) -> Reply {
    let words = |argv: Vec<&[u8]>| Reply::bulks(argv);
    Reply::Array(commands.iter().map(words).collect())
}

/// A reply inside a description: maps are arrays of pairs, for their keys are not names, and an error is a map
/// from `error` to its text, for no client takes one there.
pub fn plain(reply: Reply) -> Reply {
    let all = |items: Vec<Reply>| Reply::Array(items.into_iter().map(plain).collect());
    match reply {
        Reply::Array(items) | Reply::Set(items) | Reply::Push(items) => all(items),
        Reply::Map(pairs) => {
            let pairs = pairs.into_iter();
            Reply::Array(pairs.map(|(key, value)| all(vec![key, value])).collect())
        }
        Reply::Error(text) => Reply::map([("error", Reply::bulk(text.as_bytes()))]),
        Reply::NullArray | Reply::Silence => Reply::Null,
        other => other,
    }
}

fn number(number: u64) -> Reply {
    match i64::try_from(number) {
        Ok(number) => Reply::Int(number),
        Err(_) => Reply::BigNumber(number.to_string().into()),
    }
}

fn optional<T: Describe>(thing: Option<&T>) -> Reply {
    thing.map_or(Reply::Null, |thing| thing.describe().into())
}

fn entry(entry: Option<&Entry>) -> Reply {
    optional(entry)
}
