//! [`List`]: the records on the screen, which are all that is read of a long journal.

use std::ops::RangeInclusive;

use fakeredis::commit::Entry;
use fakeredis::commit::Seq;

use super::past::Past;
use crate::failure::Failure;

/// A window onto history that keeps the cursor within.
#[derive(Debug, Default)]
pub struct List {
    rows: u64,
    /// The records that the window shows; empty until it was filled.
    shown: Option<RangeInclusive<Seq>>,
    entries: Vec<Entry>,
}

impl List {
    /// How many records the window shows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Gives the window another height.
    pub fn fit(&mut self, rows: u64) {
        self.rows = rows.max(1);
    }

    /// The records, as far as they are of a kind that is known.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Moves the window no further than it must to show the cursor, and reads what it shows.
    pub fn follow(&mut self, cursor: Seq, past: &Past) -> Result<(), Failure> {
        let top = self.top(cursor, past);
        let shown = top..=past.last().min(top + self.rows - 1);
        if self.shown.as_ref() != Some(&shown) {
            self.entries = past.entries(shown.clone())?;
            self.shown = Some(shown);
        }
        Ok(())
    }

    /// The first record to show: a jump away puts the cursor into the middle.
    fn top(&self, cursor: Seq, past: &Past) -> Seq {
        let old = self.shown.as_ref().map(|shown| *shown.start());
        let is_near = |old: &Seq| cursor + self.rows > *old && cursor < old + 2 * self.rows;
        let top = match old.filter(is_near) {
            Some(old) => old.clamp((cursor + 1).saturating_sub(self.rows), cursor),
            None => cursor.saturating_sub(self.rows / 2),
        };
        let full = (past.last() + 1).saturating_sub(self.rows);
        top.min(full).max(past.first())
    }
}
