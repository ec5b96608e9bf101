//! The options of SET and GETEX: what they say, and which of them exclude each other.

use crate::command::args::Args;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::time_format::TimeFormat;
use crate::number::parse_i64;

/// What the options say about the key's time to live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Lifetime<'a> {
    /// Nothing.
    #[default]
    Unsaid,
    /// The command's own word: `KEEPTTL` for SET, `PERSIST` for GETEX.
    Word,
    /// `EX`, `PX`, `EXAT` or `PXAT`, with a number that is not looked at yet.
    Until(TimeFormat, &'a [u8]),
}

impl<'a> Lifetime<'a> {
    /// Reads one option about time. It may come again, and the last one counts, but no other may follow it.
    pub fn read(&mut self, args: &mut Args<'a>, word: &str) -> Result<()> {
        let option = if args.keyword(word) {
            Lifetime::Word
        } else {
            let format = TimeFormat::keyword(args).ok_or(ReplyError::SYNTAX)?;
            Lifetime::Until(format, args.next()?)
        };
        if *self != Lifetime::Unsaid && self.format() != option.format() {
            return Err(ReplyError::SYNTAX);
        }
        *self = option;
        Ok(())
    }

    /// When the key is to expire, in milliseconds since the epoch, where the options say it.
    pub fn at_ms(self, now_ms: i64, command: &str) -> Result<Option<i64>> {
        match self {
            Lifetime::Unsaid | Lifetime::Word => Ok(None),
            Lifetime::Until(format, text) => expiry(format, text, now_ms, command).map(Some),
        }
    }

    fn format(self) -> Option<TimeFormat> {
        match self {
            Lifetime::Unsaid | Lifetime::Word => None,
            Lifetime::Until(format, _) => Some(format),
        }
    }
}

/// The time that `text` stands for, in milliseconds since the epoch; it must be a positive number.
pub(super) fn expiry(format: TimeFormat, text: &[u8], now_ms: i64, command: &str) -> Result<i64> {
    let number = parse_i64(text).ok_or(ReplyError::NOT_AN_INTEGER)?;
    Some(number)
        .filter(|&number| number > 0)
        .and_then(|number| format.at_ms(number, now_ms))
        .ok_or_else(|| ReplyError::expire_time(command))
}

/// What must be there for SET to do anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Condition {
    /// No matter what.
    #[default]
    Always,
    /// `NX`: no key.
    Missing,
    /// `XX`: a key.
    Existing,
}

/// The options of SET.
#[derive(Debug, Default)]
pub(super) struct SetOptions<'a> {
    pub condition: Condition,
    /// Whether the value before is the reply.
    pub get: bool,
    pub lifetime: Lifetime<'a>,
}

impl<'a> SetOptions<'a> {
    /// Reads all that is left of the arguments.
    pub fn parse(mut args: Args<'a>) -> Result<SetOptions<'a>> {
        let mut options = SetOptions::default();
        while !args.is_empty() {
            if options.condition != Condition::Existing && args.keyword("NX") {
                options.condition = Condition::Missing;
            } else if options.condition != Condition::Missing && args.keyword("XX") {
                options.condition = Condition::Existing;
            } else if args.keyword("GET") {
                options.get = true;
            } else {
                options.lifetime.read(&mut args, "KEEPTTL")?;
            }
        }
        Ok(options)
    }
}
