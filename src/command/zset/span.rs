//! [`Span`]: a part of a sorted set, by rank, by score or by the bytes of the members. It knows nothing of keys.

use std::ops::Range;

use crate::command::position::positions;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::number::parse_f64_lax;
use crate::number::parse_i64;
use crate::value::ZSet;

const NOT_SCORES: ReplyError = fixed("ERR min or max is not a float");
const NOT_TEXTS: ReplyError = fixed("ERR min or max not valid string range item");

/// A part of a sorted set.
pub(super) enum Span<'a> {
    /// From a rank to another, counted from either end.
    Ranks(i64, i64),
    /// From a score to another.
    Scores(Limit<f64>, Limit<f64>),
    /// From a member to another, where all have the same score.
    Texts(Limit<Text<'a>>, Limit<Text<'a>>),
}

/// Where a span begins or ends.
pub(super) struct Limit<T> {
    at: T,
    /// Whether what stands exactly there is left out.
    open: bool,
}

/// A place in the order of the members.
#[derive(PartialEq, PartialOrd)]
pub(super) enum Text<'a> {
    BeforeAll,
    Member(&'a [u8]),
    BehindAll,
}

impl<'a> Span<'a> {
    pub fn by_rank(start: &[u8], stop: &[u8]) -> Result<Span<'a>> {
        let rank = |text| parse_i64(text).ok_or(ReplyError::NOT_AN_INTEGER);
        Ok(Span::Ranks(rank(start)?, rank(stop)?))
    }

    pub fn scores(min: &[u8], max: &[u8]) -> Result<Span<'a>> {
        Ok(Span::Scores(Limit::score(min)?, Limit::score(max)?))
    }

    pub fn texts(min: &'a [u8], max: &'a [u8]) -> Result<Span<'a>> {
        Ok(Span::Texts(Limit::text(min)?, Limit::text(max)?))
    }

    /// The ranks of the members inside.
    pub fn ranks(&self, zset: &ZSet) -> Range<usize> {
        let (start, end) = match self {
            Span::Ranks(start, stop) => return positions(*start, *stop, zset.len()),
            Span::Scores(min, max) => (
                zset.first_rank(|score, _| min.is_behind(&score)),
                zset.first_rank(|score, _| max.reaches(&score)),
            ),
            Span::Texts(min, max) => (
                zset.first_rank(|_, member| min.is_behind(&Text::Member(member))),
                zset.first_rank(|_, member| max.reaches(&Text::Member(member))),
            ),
        };
        start..end.max(start)
    }
}

impl<T: PartialOrd> Limit<T> {
    /// Whether a span that begins here leaves out `value`.
    fn is_behind(&self, value: &T) -> bool {
        *value < self.at || (self.open && *value == self.at)
    }

    /// Whether a span that ends here may have `value`.
    fn reaches(&self, value: &T) -> bool {
        *value < self.at || (!self.open && *value == self.at)
    }
}

impl Limit<f64> {
    fn score(text: &[u8]) -> Result<Limit<f64>> {
        let (number, open) = match text.strip_prefix(b"(") {
            Some(number) => (number, true),
            None => (text, false),
        };
        let at = parse_f64_lax(number).ok_or(NOT_SCORES)?;
        Ok(Limit { at, open })
    }
}

impl<'a> Limit<Text<'a>> {
    fn text(text: &'a [u8]) -> Result<Limit<Text<'a>>> {
        let (at, open) = match text {
            // Redis looks at these two as C does: a zero byte ends them.
            b"-" | [b'-', 0, ..] => (Text::BeforeAll, false),
            b"+" | [b'+', 0, ..] => (Text::BehindAll, false),
            [b'(', member @ ..] => (Text::Member(member), true),
            [b'[', member @ ..] => (Text::Member(member), false),
            _ => return Err(NOT_TEXTS),
        };
        Ok(Limit { at, open })
    }
}
