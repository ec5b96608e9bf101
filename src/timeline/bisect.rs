//! [`Timeline::bisect`]: the record that made the difference.

use std::ops::Range;

use crate::commit::Seq;

use super::Timeline;
use super::error::Error;
use super::rev::Rev;
use super::view::View;

/// Where an answer changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flip {
    /// The record that changed it: before it the answer is that of the earlier side, after it that of the later one.
    pub seq: Seq,
    /// How many states were asked.
    pub asked: u32,
    /// A record after which the answer is that of the other side, if one was met: then it goes to and fro.
    pub stray: Option<Seq>,
}

impl Timeline {
    /// The record that made the difference between two places in history, of which `is_good` says that one is good and
    /// the other is not: found by halves, so that few states are asked. Where the answer goes to and fro in between, it
    /// is one of several such records; some more states around it are asked to notice that. `None` where both sides are the same. `bad` may come before `good`: then it is
    /// the record that mended it.
    ///
    /// ```no_run
    /// use fakeredis::{Rev, Timeline, View};
    /// use redis::Commands;
    ///
    /// let past = Timeline::open("data")?;
    /// let is_good = |then: &mut View| -> Result<bool, Box<dyn std::error::Error>> {
    ///     Ok(then.get::<_, i64>("stock")? >= 0)
    /// };
    /// let flip = past.bisect(&Rev::FIRST, &Rev::LAST, is_good)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`resolve`](Timeline::resolve), and whatever `is_good` fails with.
    pub fn bisect<E: From<Error>>(
        &self,
        good: &Rev,
        bad: &Rev,
        mut is_good: impl FnMut(&mut View) -> Result<bool, E>,
    ) -> Result<Option<Flip>, E> {
        let (good, bad) = (self.resolve(good)?, self.resolve(bad)?);
        let (mut early, mut late) = (good.min(bad), good.max(bad));
        let between = early + 1..late;
        let mut walk = self.walk(&Rev::seq(early))?;
        let mut asked = 0;
        let mut ask = |seq| {
            asked += 1;
            walk.seek(seq)?;
            is_good(walk.view())
        };
        let at_start = ask(early)?;
        if ask(late)? == at_start {
            return Ok(None);
        }
        while late - early > 1 {
            let middle = early + (late - early) / 2;
            match ask(middle)? == at_start {
                true => early = middle,
                false => late = middle,
            }
        }
        let mut stray = None;
        for seq in around(late, between) {
            if (ask(seq)? == at_start) != (seq < late) {
                stray = Some(seq);
                break;
            }
        }
        let seq = late;
        Ok(Some(Flip { seq, asked, stray }))
    }
}

/// Places on both sides of record `seq`, each twice as far away as the one before it.
fn around(seq: Seq, within: Range<Seq>) -> impl Iterator<Item = Seq> {
    let distances = (0..Seq::BITS).map(|power| 1 << power);
    let places = distances.flat_map(move |far| [(seq - 1).checked_sub(far), seq.checked_add(far)]);
    places.flatten().filter(move |place| within.contains(place))
}
