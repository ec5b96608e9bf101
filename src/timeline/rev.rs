//! [`Rev`]: how people name a place in history, and [`RevRange`]: a stretch of it.
//!
//! Names only; the [`Timeline`](super::Timeline) knows which record a name stands for.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;
use std::time::SystemTime;

use crate::clock::parse_rfc3339;
use crate::clock::rfc3339;
use crate::clock::to_micros;
use crate::commit::Seq;

use super::error::Error;

/// A place in history, as people name it.
///
/// | written | means |
/// |---|---|
/// | `42` | after record 42 |
/// | `@` | after the last record |
/// | `@-3` | three records before the last |
/// | `@0` | before the first record |
/// | `mark:before-migration` | the newest mark of that name |
/// | `ts:2026-08-01T12:00:00Z` | what had happened by then |
/// | `-5m` | five minutes before the last record; also `ms`, `s`, `h`, `d` |
///
/// ```
/// use fakeredis::Rev;
///
/// assert_eq!("@-3".parse::<Rev>()?, Rev::before(3));
/// assert_eq!(Rev::mark("before-migration").to_string(), "mark:before-migration");
/// # Ok::<(), fakeredis::timeline::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rev(pub(super) Place);

/// What a [`Rev`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Seq(Seq),
    First,
    Before(u64),
    Mark(String),
    Time(i64),
    Ago(Duration),
}

impl Rev {
    /// After the last record.
    pub const LAST: Rev = Rev(Place::Before(0));
    /// Before the first record.
    pub const FIRST: Rev = Rev(Place::First);

    /// After record `seq`.
    pub const fn seq(seq: Seq) -> Rev {
        Rev(Place::Seq(seq))
    }

    /// So many records before the last.
    pub const fn before(records: u64) -> Rev {
        Rev(Place::Before(records))
    }

    /// The newest mark of this name.
    pub fn mark(name: impl Into<String>) -> Rev {
        Rev(Place::Mark(name.into()))
    }

    /// What had happened by `time`.
    pub fn time(time: impl Into<SystemTime>) -> Rev {
        Rev(Place::Time(to_micros(time.into())))
    }

    /// So long before the last record.
    pub const fn ago(duration: Duration) -> Rev {
        Rev(Place::Ago(duration))
    }
}

/// The units of `-5m`, longest first.
const UNITS: [(&str, Duration); 6] = [
    ("d", Duration::from_secs(86_400)),
    ("h", Duration::from_secs(3_600)),
    ("m", Duration::from_secs(60)),
    ("s", Duration::from_secs(1)),
    ("ms", Duration::from_millis(1)),
    ("us", Duration::from_micros(1)),
];

impl FromStr for Rev {
    type Err = Error;

    fn from_str(text: &str) -> Result<Rev, Error> {
        let place = if let Some(name) = text.strip_prefix("mark:") {
            (!name.is_empty()).then(|| Place::Mark(name.to_owned()))
        } else if let Some(time) = text.strip_prefix("ts:") {
            parse_rfc3339(time).map(Place::Time)
        } else if let Some(rest) = text.strip_prefix('@') {
            from_the_end(rest)
        } else if let Some(duration) = text.strip_prefix('-') {
            parse_duration(duration).map(Place::Ago)
        } else {
            digits(text).map(Place::Seq)
        };
        place.map(Rev).ok_or_else(|| Error::BadRev(text.to_owned()))
    }
}

/// What follows an `@`.
fn from_the_end(rest: &str) -> Option<Place> {
    match rest {
        "" => Some(Place::Before(0)),
        "0" => Some(Place::First),
        _ => digits(rest.strip_prefix('-')?).map(Place::Before),
    }
}

fn digits(text: &str) -> Option<u64> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

fn parse_duration(text: &str) -> Option<Duration> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, name) = text.split_at(split);
    let (_, unit) = UNITS.iter().find(|(unit, _)| *unit == name)?;
    unit.checked_mul(number.parse().ok()?)
}

impl fmt::Display for Rev {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Seq(seq) => write!(f, "{seq}"),
            Place::First => f.write_str("@0"),
            Place::Before(0) => f.write_str("@"),
            Place::Before(records) => write!(f, "@-{records}"),
            Place::Mark(name) => write!(f, "mark:{name}"),
            Place::Time(us) => write!(f, "ts:{}", rfc3339(*us)),
            Place::Ago(duration) => {
                let us = duration.as_micros();
                let whole = |unit: &Duration| us.is_multiple_of(unit.as_micros());
                let (name, unit) = UNITS
                    .iter()
                    .find(|(_, unit)| whole(unit))
                    .unwrap_or(&UNITS[5]);
                write!(f, "-{}{name}", us / unit.as_micros())
            }
        }
    }
}

/// A stretch of history: what happened after `from`, up to and including `to`.
///
/// Written `A..B`, `A..`, `..B` or `..`; a single revision `B` is `..B`, and so the last three records are
/// `@-3..`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevRange {
    /// The place before the first record.
    pub from: Rev,
    /// The last record.
    pub to: Rev,
}

impl Default for RevRange {
    /// Everything.
    fn default() -> Self {
        RevRange {
            from: Rev::FIRST,
            to: Rev::LAST,
        }
    }
}

impl FromStr for RevRange {
    type Err = Error;

    fn from_str(text: &str) -> Result<RevRange, Error> {
        let parse = |text: &str, default: Rev| match text {
            "" => Ok(default),
            text => text.parse(),
        };
        let (from, to) = text.split_once("..").unwrap_or(("", text));
        Ok(RevRange {
            from: parse(from, Rev::FIRST)?,
            to: parse(to, Rev::LAST)?,
        })
    }
}

impl fmt::Display for RevRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    #[test]
    fn what_is_printed_is_read_back() {
        for rev in [
            Rev::seq(0),
            Rev::seq(42),
            Rev::LAST,
            Rev::FIRST,
            Rev::before(3),
            Rev::mark("a..b c"),
            Rev::time(UNIX_EPOCH + Duration::from_micros(1_785_585_600_000_001)),
            Rev::ago(Duration::from_secs(300)),
            Rev::ago(Duration::from_millis(1500)),
            Rev::ago(Duration::ZERO),
        ] {
            assert_eq!(rev.to_string().parse::<Rev>().unwrap(), rev, "{rev}");
        }
    }

    #[test]
    fn each_notation_has_its_meaning() {
        let parse = |text: &str| text.parse::<Rev>().unwrap();
        assert_eq!(parse("@-0"), Rev::LAST);
        assert_eq!(parse("-5m"), Rev::ago(Duration::from_secs(300)));
        let noon = Rev::time(UNIX_EPOCH + Duration::from_secs(1_785_585_600));
        for text in [
            "ts:2026-08-01T12:00:00Z",
            "ts:2026-08-01T14:00:00+02:00",
            "ts:2026-08-01T12:00",
            "ts:2026-08-01 12:00:00",
        ] {
            assert_eq!(parse(text), noon, "{text}");
        }
        assert_eq!(parse("ts:2026-08-01"), parse("ts:2026-08-01T00:00:00Z"));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in [
            "", "x", "+1", "@1", "@-", "@--1", "mark:", "ts:", "ts:noon", "-5", "-5x", "-m", "1.5",
        ] {
            assert!(text.parse::<Rev>().is_err(), "{text}");
        }
    }

    #[test]
    fn ranges_have_defaults_on_both_sides() {
        let parse = |text: &str| text.parse::<RevRange>().unwrap();
        assert_eq!(parse("..").to_string(), "@0..@");
        assert_eq!(parse("@-3..").to_string(), "@-3..@");
        assert_eq!(parse("42").to_string(), "@0..42");
        assert_eq!(parse("1..mark:x").to_string(), "1..mark:x");
        assert!("1..2..3".parse::<RevRange>().is_err());
    }
}
