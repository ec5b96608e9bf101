//! The lineage of a state: the records that led to it, without those that a rewind took back.

use std::ops::RangeInclusive;

use crate::commit::Seq;

use super::Error;
use super::Timeline;

impl Timeline {
    /// The records of `range` that led from the state before it to the state at its end, in stretches, oldest first:
    /// what a rewind took back is left out.
    ///
    /// # Errors
    ///
    /// A rewind goes back to before the range, or the journal can't be read.
    pub fn lineage(&self, range: RangeInclusive<Seq>) -> Result<Vec<RangeInclusive<Seq>>, Error> {
        let (first, mut end) = range.into_inner();
        let mut stretches = Vec::new();
        for (at, to) in self.reader.rewinds(first..=end)?.into_iter().rev() {
            if at > end {
                continue;
            }
            if to + 1 < first {
                return Err(Error::Elsewhere { at, to });
            }
            stretches.push(at + 1..=end);
            end = to;
        }
        stretches.push(first..=end);
        stretches.retain(|stretch| !stretch.is_empty());
        stretches.reverse();
        Ok(stretches)
    }
}
