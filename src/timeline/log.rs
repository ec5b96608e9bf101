//! [`Log`]: the records of a stretch of history that pass a filter.

use std::ops::RangeInclusive;

use crate::commit::Entry;
use crate::commit::Seq;
use crate::journal::Frame;
use crate::journal::Frames;
use crate::journal::JournalError;
use crate::journal::Reader;

use super::filter::Filter;
use super::filter::Sieve;

/// How many records are looked at in one go when the newest are wanted.
const STRETCH: u64 = 4096;

/// Records in order, one at a time: an iterator that never holds more than one.
pub struct Log {
    frames: Frames,
    filter: Filter,
    sieve: Sieve,
}

impl Log {
    pub(super) fn new(reader: &Reader, range: RangeInclusive<Seq>, filter: &Filter) -> Log {
        Log {
            frames: reader.frames(range),
            filter: filter.clone(),
            sieve: filter.sieve(),
        }
    }
}

impl Iterator for Log {
    type Item = Result<Entry, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        next_match(&mut self.frames, Some(&self.sieve), |entry| {
            self.filter.matches(&entry.record)
        })
    }
}

/// The next record that passes the sieve, if there is one, undecoded and then `matches`.
pub(super) fn next_match(
    frames: &mut Frames,
    sieve: Option<&Sieve>,
    matches: impl Fn(&Entry) -> bool,
) -> Option<Result<Entry, JournalError>> {
    loop {
        let frame = match frames.next()? {
            Ok(frame) => frame,
            Err(error) => return Some(Err(error)),
        };
        if !sieve.is_none_or(|sieve| sieve.passes(&frame)) {
            continue;
        }
        match decode(&frame) {
            Ok(Some(entry)) if matches(&entry) => return Some(Ok(entry)),
            Ok(_) => {}
            Err(error) => return Some(Err(error)),
        }
    }
}

pub(super) fn decode(frame: &Frame<'_>) -> Result<Option<Entry>, JournalError> {
    let record = frame.decode()?;
    Ok(record.map(|record| Entry {
        seq: frame.seq,
        clock_us: frame.clock_us,
        record,
    }))
}

/// A range in pieces, the last one first.
pub(super) fn stretches(range: RangeInclusive<Seq>) -> impl Iterator<Item = RangeInclusive<Seq>> {
    let (first, mut left) = range.into_inner();
    std::iter::from_fn(move || {
        let end = (left >= first.max(1)).then_some(left)?;
        let start = end.saturating_sub(STRETCH - 1).max(first).max(1);
        left = start - 1;
        Some(start..=end)
    })
}

/// The end of `range` that holds the newest `count` records that `log` lets pass: looked for from the end.
pub(super) fn newest(
    range: RangeInclusive<Seq>,
    count: usize,
    log: impl Fn(RangeInclusive<Seq>) -> Log,
) -> Result<RangeInclusive<Seq>, JournalError> {
    let end = *range.end();
    let (mut first, mut missing) = (end + 1, count);
    for stretch in stretches(range) {
        if missing == 0 {
            break;
        }
        let matches = log(stretch).map(|entry| Ok(entry?.seq));
        let matches = matches.collect::<Result<Vec<Seq>, JournalError>>()?;
        let taken = missing.min(matches.len());
        first = matches[matches.len() - taken..]
            .first()
            .copied()
            .unwrap_or(first);
        missing -= taken;
    }
    Ok(first..=end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_cover_a_range_once_from_its_end() {
        let all = |range| stretches(range).collect::<Vec<_>>();
        assert_eq!(all(1..=10), [1..=10]);
        assert_eq!(all(3..=9000), [4905..=9000, 809..=4904, 3..=808]);
        assert!(all(RangeInclusive::new(5, 4)).is_empty());
        assert_eq!(all(0..=2), [1..=2]);
    }
}
