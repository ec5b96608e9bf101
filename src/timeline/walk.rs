//! [`Walk`]: a place in history that moves, forward and back.

use std::collections::BTreeMap;
use std::fmt;

use crate::commit::Entry;
use crate::commit::Seq;
use crate::journal::Frames;
use crate::keyspace::Keyspace;
use crate::resp::Reply;

use super::Timeline;
use super::change::Change;
use super::change::changes;
use super::error::Error;
use super::log::decode;
use super::replay::FAR;
use super::replay::Replay;
use super::replay::checkpoint;
use super::rev::Rev;
use super::touched::Touched;
use super::view::View;

/// So many records ahead, states are kept.
const AHEAD: u64 = 64;

/// A place in history that moves: by one record forward or back, or anywhere at once. At each place there is the record
/// that led there, what it changed, and the state.
///
/// On its way it keeps states at places that lie closer together the nearer they are, so that a step back replays
/// a few records as a rule, however far the next checkpoint is. There are some sixty of them in a history of millions of
/// records. They share what they have in common: together they take the memory of one state, and of what changed between
/// them. Only where everything changes all the time is that sixty times as much.
///
/// ```no_run
/// use fakeredis::{Rev, Timeline};
/// use redis::Commands;
///
/// // When did the stock go below zero?
/// let mut walk = Timeline::open("data")?.walk(&Rev::LAST)?;
/// while walk.view().get::<_, i64>("stock")? < 0 && walk.back()? {}
/// println!("it did with record {}", walk.seq() + 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Walk {
    timeline: Timeline,
    /// The state at the place.
    view: View,
    /// The record that led there, if it is known yet.
    entry: Option<Entry>,
    /// States that were passed.
    kept: BTreeMap<Seq, Keyspace>,
    /// The records behind the place, if they are being read.
    ahead: Option<Frames>,
}

impl Walk {
    pub(super) fn new(timeline: Timeline, seq: Seq) -> Result<Walk, Error> {
        let mut walk = Walk {
            view: timeline.at(&Rev::FIRST)?,
            timeline,
            entry: None,
            kept: BTreeMap::new(),
            ahead: None,
        };
        walk.seek(seq)?;
        Ok(walk)
    }

    /// The history.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// The record that led to this place, the last one whose effect is part of the state; before the first record of a
    /// history that is 0, or what was dropped before it.
    pub fn seq(&self) -> Seq {
        self.view.seq()
    }

    /// The record that led to this place; `None` before the first.
    ///
    /// # Errors
    ///
    /// The journal can't be read.
    pub fn entry(&mut self) -> Result<Option<&Entry>, Error> {
        if self.entry.is_none() && self.seq() >= self.timeline.reader.first_seq() {
            self.entry = super::replay::entry(&self.timeline.reader, self.seq())?;
        }
        Ok(self.entry.as_ref())
    }

    /// What that record changed.
    ///
    /// # Errors
    ///
    /// The journal can't be read.
    pub fn changes(&mut self) -> Result<Vec<Change>, Error> {
        let touched = self.entry()?.map(|entry| Touched::of(&entry.record));
        let Some(touched) = touched.filter(|touched| !touched.is_empty()) else {
            return Ok(vec![]);
        };
        let before = self.state(self.seq() - 1)?;
        Ok(changes(&before, &self.view.world().keyspace, &touched))
    }

    /// The state, for commands that only read.
    pub fn view(&mut self) -> &mut View {
        &mut self.view
    }

    /// Runs a command that only reads on the state: see [`View::run`].
    pub fn run<A: AsRef<[u8]>>(&mut self, argv: &[A]) -> Reply {
        self.view.run(argv)
    }

    /// Goes on by one record; false at the end of history.
    ///
    /// # Errors
    ///
    /// The journal can't be read. Then the place is what it was.
    pub fn forward(&mut self) -> Result<bool, Error> {
        let reader = &self.timeline.reader;
        let (seq, last) = (self.view.seq() + 1, self.timeline.last_seq());
        if seq > last {
            return Ok(false);
        }
        let mut frames = self.ahead.take();
        let ahead = frames.get_or_insert_with(|| reader.frames(seq..=last));
        let Some(frame) = ahead.next().transpose()? else {
            return Ok(false);
        };
        let (entry, clock_us) = (decode(&frame)?, frame.clock_us);
        let before = self.keyspace();
        let after = match (self.kept.get(&seq), &entry) {
            (Some(after), _) => after.clone(),
            (None, Some(entry)) => {
                self.view.step(reader, entry)?;
                self.keyspace()
            }
            (None, None) => before.clone(),
        };
        self.kept.insert(seq - 1, before);
        self.view.show(after, seq, clock_us);
        (self.entry, self.ahead) = (entry, frames);
        self.forget();
        Ok(true)
    }

    /// Goes back by one record; false at the beginning of history.
    ///
    /// # Errors
    ///
    /// The journal can't be read. Then the place is what it was.
    pub fn back(&mut self) -> Result<bool, Error> {
        let seq = self.seq();
        if seq < self.timeline.reader.first_seq() {
            return Ok(false);
        }
        self.seek(seq - 1)?;
        Ok(true)
    }

    /// Goes to the place after record `seq`.
    ///
    /// # Errors
    ///
    /// There is no such record, or the journal can't be read. Then the place is what it was.
    pub fn seek(&mut self, seq: Seq) -> Result<(), Error> {
        let seq = self.timeline.resolve(&Rev::seq(seq))?;
        let (state, clock_us) = (self.state(seq)?, self.timeline.clock_at(seq)?);
        self.kept.insert(self.seq(), self.keyspace());
        self.view.show(state, seq, clock_us);
        (self.entry, self.ahead) = (None, None);
        self.forget();
        Ok(())
    }

    /// Sees what was written since the timeline was opened; whether that is anything. The place stays what it is, unless its
    /// record was lost with a disk that failed.
    ///
    /// # Errors
    ///
    /// The journal can't be read.
    pub fn refresh(&mut self) -> Result<bool, Error> {
        self.ahead = None;
        let is_news = self.timeline.refresh()?;
        let reader = &self.timeline.reader;
        if !reader.goes_on() {
            let seq = self
                .seq()
                .clamp(reader.first_seq() - 1, self.timeline.last_seq());
            *self = Walk::new(self.timeline.clone(), seq)?;
        }
        Ok(is_news)
    }

    fn keyspace(&self) -> Keyspace {
        self.view.world().keyspace.clone()
    }

    /// The state after record `seq`, wherever the place is. Keeps states on the way.
    fn state(&mut self, seq: Seq) -> Result<Keyspace, Error> {
        if seq == self.seq() {
            return Ok(self.keyspace());
        }
        let mut replay = self.start(seq)?;
        let from = replay.seq();
        for stop in (from..=seq).filter(|stop| is_kept(*stop, seq)) {
            replay.run_to(stop)?;
            self.kept.insert(stop, replay.keyspace());
        }
        Ok(replay.keyspace())
    }

    /// The state from which record `seq` is reached soonest: one that was kept, or a checkpoint.
    fn start(&self, seq: Seq) -> Result<Replay, Error> {
        let reader = &self.timeline.reader;
        let checkpoint = checkpoint(reader, seq);
        match self.kept.range(..=seq).next_back() {
            Some((at, state)) if at + FAR >= checkpoint => {
                Ok(Replay::with(reader, *at, state.clone()))
            }
            _ => Ok(Replay::at(reader, checkpoint)?),
        }
    }

    /// Drops the states that are too close together by now for the distance that they have.
    fn forget(&mut self) {
        let seq = self.seq();
        let is_near = |at: Seq| at <= seq + AHEAD && is_kept(at, seq);
        self.kept.retain(|at, _| is_near(*at));
    }
}

/// Whether the state at `at` is kept when the place is at `seq`: every one up to three records away, every fourth up to
/// fifteen, every sixteenth up to sixty-three, and so on.
fn is_kept(at: Seq, seq: Seq) -> bool {
    match at.abs_diff(seq) {
        0 => true,
        distance => at.is_multiple_of(1 << (distance.ilog2() & !1)),
    }
}

impl fmt::Debug for Walk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Walk").field("seq", &self.seq()).finish()
    }
}
