//! [`TimeFormat`]: the four ways in which commands write when something expires.

use super::args::Args;

/// What a number that says when something expires counts, and from when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimeFormat {
    /// `EX`: seconds from now.
    Seconds,
    /// `PX`: milliseconds from now.
    Millis,
    /// `EXAT`: seconds since the epoch.
    UnixSeconds,
    /// `PXAT`: milliseconds since the epoch.
    UnixMillis,
}

impl TimeFormat {
    /// The format that `word` names: `EX`, `PX`, `EXAT` or `PXAT`.
    pub fn named(word: &[u8]) -> Option<TimeFormat> {
        let names = [
            ("EX", TimeFormat::Seconds),
            ("PX", TimeFormat::Millis),
            ("EXAT", TimeFormat::UnixSeconds),
            ("PXAT", TimeFormat::UnixMillis),
        ];
        let found = names
            .into_iter()
            .find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes()));
        found.map(|(_, format)| format)
    }

    /// Reads `EX`, `PX`, `EXAT` or `PXAT`, if a value follows it.
    pub fn keyword(args: &mut Args<'_>) -> Option<TimeFormat> {
        let format = args
            .peek()
            .filter(|_| args.len() > 1)
            .and_then(Self::named)?;
        args.take(1).ok().map(|_| format)
    }

    /// The time that `number` stands for, in milliseconds since the epoch, unless it leaves the 64 bits.
    pub fn at_ms(self, number: i64, now_ms: i64) -> Option<i64> {
        match self {
            TimeFormat::Seconds => number.checked_mul(1000)?.checked_add(now_ms),
            TimeFormat::Millis => number.checked_add(now_ms),
            TimeFormat::UnixSeconds => number.checked_mul(1000),
            TimeFormat::UnixMillis => Some(number),
        }
    }
}
