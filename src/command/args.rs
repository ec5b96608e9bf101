//! [`Args`]: a cursor over a command's arguments and option keywords.

use std::ops::RangeInclusive;

use super::reply::ReplyError;
use super::reply::Result;
use super::reply::fixed;
use crate::number::parse_f64;
use crate::number::parse_i64;

/// The arguments of a command, read from left to right. It starts behind the command's name (and
/// subcommand's name).
#[derive(Clone, Copy, Debug)]
pub struct Args<'a> {
    argv: &'a [&'a [u8]],
    at: usize,
}

impl<'a> Args<'a> {
    /// The arguments behind the first `names` words of `argv`.
    pub fn new(argv: &'a [&'a [u8]], names: usize) -> Args<'a> {
        Args { argv, at: names }
    }

    /// The whole command as sent, its name first.
    pub fn argv(&self) -> &'a [&'a [u8]] {
        self.argv
    }

    /// How many arguments are still to be read.
    pub fn len(&self) -> usize {
        self.argv.len() - self.at
    }

    /// Whether all arguments are read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads all that is left.
    pub fn rest(&mut self) -> &'a [&'a [u8]] {
        let rest = &self.argv[self.at..];
        self.at = self.argv.len();
        rest
    }

    /// Reads the next `count` arguments; a syntax error when there are fewer.
    pub fn take(&mut self, count: usize) -> Result<&'a [&'a [u8]]> {
        let end = self.at.checked_add(count).ok_or(ReplyError::SYNTAX)?;
        let taken = self.argv.get(self.at..end).ok_or(ReplyError::SYNTAX)?;
        self.at = end;
        Ok(taken)
    }

    /// Reads the next argument; a syntax error when there is none.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator would not give the error"
    )]
    pub fn next(&mut self) -> Result<&'a [u8]> {
        let arg = self.peek().ok_or(ReplyError::SYNTAX)?;
        self.at += 1;
        Ok(arg)
    }

    /// Reads an integer.
    pub fn i64(&mut self) -> Result<i64> {
        self.i64_or(ReplyError::NOT_AN_INTEGER)
    }

    /// Reads an integer, or answers `error`.
    pub fn i64_or(&mut self, error: ReplyError) -> Result<i64> {
        parse_i64(self.next()?).ok_or(error)
    }

    /// Reads an integer from a range.
    pub fn i64_in(&mut self, range: RangeInclusive<i64>) -> Result<i64> {
        let number = self.i64()?;
        if range.contains(&number) {
            return Ok(number);
        }
        let (low, high) = range.into_inner();
        Err(ReplyError::new(format!(
            "ERR value is out of range, value must between {low} and {high}"
        )))
    }

    /// Reads a count.
    pub fn non_negative(&mut self) -> Result<usize> {
        self.non_negative_or(ReplyError::NOT_POSITIVE)
    }

    /// Reads a count, or answers `error`.
    pub fn non_negative_or(&mut self, error: ReplyError) -> Result<usize> {
        let number = parse_i64(self.next()?).and_then(|number| usize::try_from(number).ok());
        number.ok_or(error)
    }

    /// Reads a count of at least 1, or answers `error`.
    pub fn positive_or(&mut self, error: ReplyError) -> Result<usize> {
        match self.non_negative_or(error.clone())? {
            0 => Err(error),
            number => Ok(number),
        }
    }

    /// Reads `numkeys` and so many keys.
    pub fn numbered_keys(&mut self) -> Result<&'a [&'a [u8]]> {
        let count = self.positive_or(fixed("ERR numkeys should be greater than 0"))?;
        self.take(count)
    }

    /// Reads `COUNT` and a number, where they are: the last arguments of commands that pop. 1 where they are not.
    pub fn pop_count(&mut self) -> Result<usize> {
        let count = match self.keyword_with("COUNT", 1) {
            true => self.positive_or(fixed("ERR count should be greater than 0"))?,
            false => 1,
        };
        self.finish()?;
        Ok(count)
    }

    /// Reads a double.
    pub fn f64(&mut self) -> Result<f64> {
        parse_f64(self.next()?).ok_or(ReplyError::NOT_A_FLOAT)
    }

    /// The next argument, without reading it.
    pub fn peek(&self) -> Option<&'a [u8]> {
        self.argv.get(self.at).copied()
    }

    /// Reads the next argument if it is this keyword, whatever its case.
    pub fn keyword(&mut self, keyword: &str) -> bool {
        let found = self
            .peek()
            .is_some_and(|arg| arg.eq_ignore_ascii_case(keyword.as_bytes()));
        self.at += usize::from(found);
        found
    }

    /// Whether the next argument is this keyword and is followed by at least `values` more.
    pub fn keyword_with(&mut self, keyword: &str, values: usize) -> bool {
        self.len() > values && self.keyword(keyword)
    }

    /// All arguments must be read by now; a syntax error otherwise.
    pub fn finish(&self) -> Result<()> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(ReplyError::SYNTAX)
        }
    }
}
