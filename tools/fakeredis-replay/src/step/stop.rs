//! [`Stop`]: a breakpoint, which is a condition on a record or on the state after it.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use fakeredis::commit::Record;
use fakeredis::commit::Seq;
use fakeredis::timeline::Filter;

use super::past::Past;
use crate::failure::Failure;

/// Where going on ends.
#[derive(Clone, Debug)]
pub struct Stop {
    /// As it was typed.
    text: String,
    condition: Condition,
}

#[derive(Clone, Debug)]
enum Condition {
    /// The record passes the filter.
    Record(Box<Filter>),
    /// The script is true of the state after the record, and was not of the state before it.
    State(String),
}

/// How breakpoints are written.
pub const FORMS: &str =
    "key GLOB, cmd COMMAND, client ID|NAME, text TEXT, aborted, or lua return EXPRESSION";

impl FromStr for Stop {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Stop, Failure> {
        let text = text.trim();
        let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
        let rest = rest.trim();
        let filter = Filter::default();
        let filter = match (kind, rest.is_empty()) {
            ("lua", false) => return Ok(Stop::on_state(text, rest)),
            ("aborted", true) => Filter {
                aborted: true,
                ..filter
            },
            ("key", false) => Filter {
                key: Some(rest.into()),
                ..filter
            },
            ("cmd", false) => Filter {
                command: Some(rest.into()),
                ..filter
            },
            ("client", false) => Filter {
                client: Some(rest.into()),
                ..filter
            },
            ("text", false) => return Ok(Stop::on_text(rest)),
            _ => {
                return Err(Failure::Nothing(format!(
                    "'{text}' is no breakpoint; write {FORMS}"
                )));
            }
        };
        Ok(Stop::on_record(text, filter))
    }
}

impl Stop {
    /// Stops where an argument contains `text`.
    pub fn on_text(text: &str) -> Stop {
        let filter = Filter {
            grep: Some(text.into()),
            ..Filter::default()
        };
        Stop::on_record(&format!("text {text}"), filter)
    }

    fn on_record(text: &str, filter: Filter) -> Stop {
        Stop {
            text: text.to_owned(),
            condition: Condition::Record(Box::new(filter)),
        }
    }

    fn on_state(text: &str, script: &str) -> Stop {
        Stop {
            text: text.to_owned(),
            condition: Condition::State(script.to_owned()),
        }
    }

    /// Whether it stops at a record for what that says; the list shows no more of conditions on the state.
    pub fn matches(&self, record: &Record) -> bool {
        match &self.condition {
            Condition::Record(filter) => filter.matches(record),
            Condition::State(_) => false,
        }
    }

    /// The script, of a condition on the state.
    pub fn script(&self) -> Option<&str> {
        match &self.condition {
            Condition::State(script) => Some(script),
            Condition::Record(_) => None,
        }
    }

    /// The first record of a range that it stops at.
    pub fn first(
        &self,
        past: &mut Past,
        range: RangeInclusive<Seq>,
    ) -> Result<Option<Seq>, Failure> {
        match &self.condition {
            Condition::Record(filter) => {
                let first = past.timeline().log(range, filter).next().transpose()?;
                Ok(first.map(|entry| entry.seq))
            }
            Condition::State(script) => Edges::new(past, script, range)?.next().transpose(),
        }
    }

    /// The last record of a range that it stops at.
    pub fn last(
        &self,
        past: &mut Past,
        range: RangeInclusive<Seq>,
    ) -> Result<Option<Seq>, Failure> {
        match &self.condition {
            Condition::Record(filter) => {
                let newest = past.timeline().newest(range, filter, 1)?.next();
                Ok(newest.transpose()?.map(|entry| entry.seq))
            }
            Condition::State(script) => Edges::new(past, script, range)?.last().transpose(),
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Whether a script is true of the state after record `seq`. One that fails there is not: the keys that it reads may
/// not be there yet.
fn holds(past: &mut Past, seq: Seq, script: &str) -> Result<bool, Failure> {
    Ok(past.holds(seq, script)?.unwrap_or(false))
}

/// The records that made a script true.
struct Edges<'a> {
    past: &'a mut Past,
    script: &'a str,
    rest: RangeInclusive<Seq>,
    /// Whether it was true before the rest.
    was: bool,
}

impl<'a> Edges<'a> {
    fn new(
        past: &'a mut Past,
        script: &'a str,
        range: RangeInclusive<Seq>,
    ) -> Result<Edges<'a>, Failure> {
        let was = holds(past, range.start() - 1, script)?;
        Ok(Edges {
            past,
            script,
            rest: range,
            was,
        })
    }
}

impl Iterator for Edges<'_> {
    type Item = Result<Seq, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        for seq in self.rest.by_ref() {
            let is = match holds(self.past, seq, self.script) {
                Ok(is) => is,
                Err(error) => return Some(Err(error)),
            };
            if is && !std::mem::replace(&mut self.was, is) {
                return Some(Ok(seq));
            }
            self.was = is;
        }
        None
    }
}
