//! Registers as runs of equal ones, each written in one byte or two:
//!
//! | bits | run |
//! |---|---|
//! | `00llllll` | 1 to 64 zeros |
//! | `01llllll llllllll` | 1 to 16384 zeros |
//! | `1vvvvvll` | 1 to 4 registers of a value from 1 to 32 |
//!
//! Where runs are split and merged decides the bytes, so it happens exactly as in Redis.

use std::ops::Range;

use smallvec::SmallVec;

use super::Corrupt;
use super::HEADER;
use super::REGISTERS;
use super::Result;

/// All registers zero.
pub(super) const EMPTY: [u8; 2] = [0x7f, 0xff];

const MAX_VALUE: u8 = 32;
const MAX_VALUES: usize = 4;
const MAX_SHORT_ZEROS: usize = 64;

/// Equal registers, one behind the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// How many.
    pub len: usize,
    /// What each of them is.
    pub value: u8,
    /// The bytes that say so.
    pub size: usize,
}

impl Run {
    /// Reads the run that starts with a byte; `next` is the byte behind it.
    fn read(byte: u8, next: u8) -> Run {
        let (bits, low) = (usize::from(byte), usize::from(next));
        match byte >> 6 {
            0 => Run {
                len: bits + 1,
                value: 0,
                size: 1,
            },
            1 => Run {
                len: ((bits & 63) << 8 | low) + 1,
                value: 0,
                size: 2,
            },
            _ => Run {
                len: (bits & 3) + 1,
                value: (byte >> 2 & 31) + 1,
                size: 1,
            },
        }
    }

    /// Reads the run at an offset. A byte that is missing counts as 0.
    fn at(bytes: &[u8], offset: usize) -> Option<Run> {
        let next = bytes.get(offset + 1).copied().unwrap_or(0);
        bytes.get(offset).map(|byte| Run::read(*byte, next))
    }
}

/// All runs.
pub(super) fn runs(bytes: &[u8]) -> impl Iterator<Item = Run> {
    let mut offset = HEADER;
    std::iter::from_fn(move || {
        let run = Run::at(bytes, offset)?;
        offset += run.size;
        Some(run)
    })
}

/// Visits all runs: the registers, and their value.
pub(super) fn each(bytes: &[u8], mut visit: impl FnMut(Range<usize>, u8)) -> Result<()> {
    let mut first = 0;
    for run in runs(bytes) {
        let end = first + run.len;
        if end > REGISTERS {
            return Err(Corrupt);
        }
        visit(first..end, run.value);
        first = end;
    }
    match first {
        REGISTERS => Ok(()),
        _ => Err(Corrupt),
    }
}

/// What came of raising a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Raised {
    /// It had the value or a greater one.
    Already,
    /// It has the value now.
    Now,
    /// It can't be written this way: the value is too great, or `limit` bytes are too few.
    NoRoom,
}

/// Sets a register that is smaller.
pub(super) fn raise(bytes: &mut Vec<u8>, index: usize, value: u8, limit: usize) -> Result<Raised> {
    if value > MAX_VALUE {
        return Ok(Raised::NoRoom);
    }
    let place = find(bytes, index).filter(|place| place.end() <= bytes.len());
    let place = place.ok_or(Corrupt)?;
    if place.run.value >= value {
        return Ok(Raised::Already);
    }
    let split = place.split(index, value);
    let len = bytes.len() + split.len() - place.run.size;
    if split.len() > place.run.size && len > limit {
        return Ok(Raised::NoRoom);
    }
    bytes.splice(place.offset..place.end(), split);
    merge(bytes, place.before.unwrap_or(HEADER));
    super::forget_count(bytes);
    Ok(Raised::Now)
}

/// At most three runs.
type Runs = SmallVec<[u8; 8]>;

/// Where a register is.
struct Place {
    /// Of the run that it is in.
    offset: usize,
    run: Run,
    /// The first register of that run.
    first: usize,
    /// The offset of the run before.
    before: Option<usize>,
}

fn find(bytes: &[u8], index: usize) -> Option<Place> {
    let (mut offset, mut first, mut before) = (HEADER, 0, None);
    loop {
        let run = Run::at(bytes, offset)?;
        if index < first + run.len {
            return Some(Place {
                offset,
                run,
                first,
                before,
            });
        }
        before = Some(offset);
        offset += run.size;
        first += run.len;
    }
}

impl Place {
    /// The offset behind the run.
    fn end(&self) -> usize {
        self.offset + self.run.size
    }

    /// The runs that take the place of this one once a register in it has this value.
    fn split(&self, index: usize, value: u8) -> Runs {
        let mut runs = Runs::new();
        write(&mut runs, index - self.first, self.run.value);
        write(&mut runs, 1, value);
        write(
            &mut runs,
            self.first + self.run.len - 1 - index,
            self.run.value,
        );
        runs
    }
}

/// Writes a run, if there is anything in it.
fn write(runs: &mut Runs, len: usize, value: u8) {
    match (len, value) {
        (0, _) => {}
        (..=MAX_SHORT_ZEROS, 0) => runs.push(len as u8 - 1),
        (_, 0) => runs.extend((0x4000 | (len - 1) as u16).to_be_bytes()),
        _ => runs.push(0x80 | (value - 1) << 2 | (len - 1) as u8),
    }
}

/// Makes one run of neighbours with the same value, among the five from `offset` on.
fn merge(bytes: &mut Vec<u8>, mut offset: usize) {
    for _ in 0..5 {
        let Some(run) = Run::at(bytes, offset) else {
            return;
        };
        let next = Run::at(bytes, offset + 1).filter(|_| run.value > 0);
        match next.filter(|next| next.value == run.value && run.len + next.len <= MAX_VALUES) {
            Some(next) => {
                let mut merged = Runs::new();
                write(&mut merged, run.len + next.len, run.value);
                bytes.splice(offset..offset + 2, merged);
            }
            None => offset += run.size,
        }
    }
}
