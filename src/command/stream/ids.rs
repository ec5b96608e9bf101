//! Ids and ranges of ids as commands write them.

use std::ops::RangeInclusive;

use crate::command::args::Args;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::number::parse_i64;
use crate::value::StreamId;

/// An id is no longer than this.
const LONGEST: usize = 127;

const INVALID: ReplyError = fixed("ERR Invalid stream ID specified as stream command argument");

/// Reads an id, `5-1` or `5`, which is `5-0`.
pub(super) fn id(word: &[u8]) -> Result<StreamId> {
    parse(word, 0)
}

/// Reads an id; `-` is the least and `+` the greatest.
pub(super) fn any_id(word: &[u8]) -> Result<StreamId> {
    match word {
        b"-" => Ok(StreamId::MIN),
        b"+" => Ok(StreamId::MAX),
        _ => id(word),
    }
}

/// Reads ids.
pub(super) fn ids(words: &[&[u8]]) -> Result<Vec<StreamId>> {
    words.iter().map(|word| id(word)).collect()
}

/// The id that XADD is to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NewId {
    /// `*`: the time.
    Auto,
    /// `5-*`: the next of a millisecond.
    AutoSeq(u64),
    /// `5-1`
    Given(StreamId),
}

impl NewId {
    pub(super) fn parse(word: &[u8]) -> Result<NewId> {
        if word == b"*" {
            return Ok(NewId::Auto);
        }
        match word.strip_suffix(b"-*").filter(|ms| !ms.contains(&b'-')) {
            Some(ms) if word.len() <= LONGEST => number(ms).map(NewId::AutoSeq).ok_or(INVALID),
            _ => id(word).map(NewId::Given),
        }
    }

    /// The id to give after `last`, at a time; `None` when it would not be greater.
    pub(super) fn after(self, last: StreamId, now_ms: i64) -> Option<StreamId> {
        let id = match self {
            NewId::Auto => StreamId::new(now_ms.max(0) as u64, 0).max(last.next()?),
            NewId::AutoSeq(ms) if ms == last.ms => StreamId::new(ms, last.seq.checked_add(1)?),
            NewId::AutoSeq(ms) => StreamId::new(ms, 0),
            NewId::Given(id) => id,
        };
        (id > last).then_some(id)
    }
}

/// Reads a range of ids: `-` is the least and `+` the greatest, `(` excludes the id that follows.
pub(super) fn range(start: &[u8], end: &[u8]) -> Result<RangeInclusive<StreamId>> {
    let start = range_start(start)?;
    let (end, excluded) = bound(end, u64::MAX)?;
    let end = match excluded {
        true => end
            .previous()
            .ok_or(fixed("ERR invalid end ID for the interval"))?,
        false => end,
    };
    Ok(start..=end)
}

/// Reads where a range of ids starts.
pub(super) fn range_start(word: &[u8]) -> Result<StreamId> {
    let (start, excluded) = bound(word, 0)?;
    match excluded {
        true => start
            .next()
            .ok_or(fixed("ERR invalid start ID for the interval")),
        false => Ok(start),
    }
}

/// One end of a range, and whether it is excluded.
fn bound(word: &[u8], missing_seq: u64) -> Result<(StreamId, bool)> {
    match word {
        b"-" => Ok((StreamId::MIN, false)),
        b"+" => Ok((StreamId::MAX, false)),
        [b'(', rest @ ..] if !rest.is_empty() => Ok((parse(rest, missing_seq)?, true)),
        _ => Ok((parse(word, missing_seq)?, false)),
    }
}

/// Reads `IDS numids id…`, behind or before what `option` reads; the words of the ids.
pub(super) fn counted<'a>(
    args: &mut Args<'a>,
    mut option: impl FnMut(&mut Args<'a>) -> bool,
) -> Result<&'a [&'a [u8]]> {
    const NO_COUNT: ReplyError = fixed("ERR Number of IDs must be a positive integer");
    const TOO_FEW: ReplyError =
        fixed("ERR The `numids` parameter must match the number of arguments");
    let mut ids = None;
    while !args.is_empty() {
        if args.keyword_with("IDS", 1) {
            let count = args.positive_or(NO_COUNT)?;
            ids = Some(args.take(count).map_err(|_| TOO_FEW)?);
        } else if !option(args) {
            return Err(ReplyError::SYNTAX);
        }
    }
    ids.ok_or(ReplyError::SYNTAX)
}

fn parse(word: &[u8], missing_seq: u64) -> Result<StreamId> {
    if word.len() > LONGEST {
        return Err(INVALID);
    }
    // Redis reads a C string.
    let word = word.split(|&byte| byte == 0).next().unwrap_or_default();
    let mut parts = word.splitn(2, |&byte| byte == b'-');
    let ms = parts.next().and_then(number).ok_or(INVALID)?;
    let seq = match parts.next() {
        None => missing_seq,
        Some(seq) => number(seq).ok_or(INVALID)?,
    };
    Ok(StreamId { ms, seq })
}

/// Reads 64 bits without a sign as C's `strtoull` does, where it is not the canonical form of an integer.
fn number(text: &[u8]) -> Option<u64> {
    if let Some(number) = parse_i64(text) {
        return u64::try_from(number).ok();
    }
    let text = std::str::from_utf8(text.trim_ascii_start()).ok()?;
    let (negative, digits) = match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    // A second sign is none for Rust either, but a plus would be.
    let number: u64 = digits.parse().ok().filter(|_| !digits.starts_with('+'))?;
    Some(if negative {
        number.wrapping_neg()
    } else {
        number
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_redis_reads_them() {
        let read = |text: &str| id(text.as_bytes()).ok().map(|id| id.to_string());
        for (text, expected) in [
            ("5-1", "5-1"),
            ("5", "5-0"),
            ("+5-007", "5-7"),
            (" 5", "5-0"),
            ("5\0-", "5-0"),
            ("18446744073709551615-0", "18446744073709551615-0"),
            ("1--02", "1-18446744073709551614"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text:?}");
        }
        for text in [
            "",
            "-",
            "+",
            "*",
            "5-",
            "-5",
            "1--2",
            "1-*",
            "5-1-1",
            "18446744073709551616",
            "++5",
            "5 ",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_new_id_is_greater_than_the_last() {
        let last = StreamId::new(7, u64::MAX);
        let after = |word: &str, now_ms| NewId::parse(word.as_bytes()).unwrap().after(last, now_ms);
        assert_eq!(after("*", 9), Some(StreamId::new(9, 0)));
        assert_eq!(
            after("*", 3),
            Some(StreamId::new(8, 0)),
            "the clock went back"
        );
        assert_eq!(
            (after("7-*", 9), after("8-*", 9)),
            (None, Some(StreamId::new(8, 0)))
        );
        assert_eq!(
            (after("7-5", 9), after("8-5", 9)),
            (None, Some(StreamId::new(8, 5)))
        );
        assert_eq!(NewId::Auto.after(StreamId::MAX, 9), None);
    }
}
