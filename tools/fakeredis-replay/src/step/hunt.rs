//! [`Hunt`]: going on or back to the next breakpoint, a stretch of history at a time, so that it can be stopped.

use std::ops::RangeInclusive;

use fakeredis::commit::Seq;

use super::past::Past;
use super::stop::Stop;
use crate::failure::Failure;

/// How many records are looked at in one go.
const STRETCH: u64 = 8192;
/// The same where a script is asked about each.
const SCRIPT_STRETCH: u64 = 256;

/// Which way to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    On,
    Back,
}

impl Way {
    /// Which side of a record it leads to.
    pub fn side(self) -> &'static str {
        match self {
            Way::On => "after",
            Way::Back => "before",
        }
    }
}

/// A search under way.
#[derive(Debug)]
pub struct Hunt {
    way: Way,
    /// The next record to look at.
    next: Seq,
}

/// What a piece of a search came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// A record, and what stops there.
    Stop(Seq, String),
    /// Nothing yet.
    NotYet,
    /// Nothing up to the end of history.
    Nothing,
}

impl Hunt {
    /// A search that starts beside record `seq`.
    pub fn from(seq: Seq, way: Way) -> Hunt {
        let next = match way {
            Way::On => seq + 1,
            Way::Back => seq - 1,
        };
        Hunt { way, next }
    }

    pub fn way(&self) -> Way {
        self.way
    }

    /// The record that is looked at next.
    pub fn place(&self) -> Seq {
        self.next
    }

    /// Looks at one more stretch.
    pub fn look(&mut self, past: &mut Past, stops: &[&Stop]) -> Result<Found, Failure> {
        let Some(range) = self.stretch(past, stops) else {
            return Ok(Found::Nothing);
        };
        self.next = match self.way {
            Way::On => range.end() + 1,
            Way::Back => range.start() - 1,
        };
        let mut best = None;
        for stop in stops {
            // What lies behind the best one so far doesn't matter.
            let range = match (self.way, &best) {
                (_, None) => range.clone(),
                (Way::On, Some((seq, _))) => *range.start()..=seq - 1,
                (Way::Back, Some((seq, _))) => seq + 1..=*range.end(),
            };
            let seq = match self.way {
                Way::On => stop.first(past, range)?,
                Way::Back => stop.last(past, range)?,
            };
            best = seq.map(|seq| (seq, stop.to_string())).or(best);
        }
        Ok(best.map_or(Found::NotYet, |(seq, text)| Found::Stop(seq, text)))
    }

    fn stretch(&self, past: &Past, stops: &[&Stop]) -> Option<RangeInclusive<Seq>> {
        let is_script = stops.iter().any(|stop| stop.script().is_some());
        let len = if is_script { SCRIPT_STRETCH } else { STRETCH };
        let (first, last) = (past.first(), past.last());
        let range = match self.way {
            Way::On => self.next..=last.min(self.next + len - 1),
            Way::Back => first.max(self.next.saturating_sub(len - 1))..=self.next,
        };
        (!range.is_empty()).then_some(range)
    }
}
