//! [`Past`]: the journal as the debugger reads it. No more than a window of records and one state are in memory.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::path::Path;
use std::path::PathBuf;

use fakeredis::Rev;
use fakeredis::Timeline;
use fakeredis::commit::Entry;
use fakeredis::commit::Seq;
use fakeredis::resp::Reply;
use fakeredis::timeline::Filter;
use fakeredis::timeline::Shown;
use fakeredis::timeline::Walk;

use crate::failure::Failure;

/// A journal, and a place in it that moves to wherever a question is about.
pub struct Past {
    dir: PathBuf,
    walk: Walk,
}

impl Past {
    /// The journal in `dir`, at a revision.
    pub fn open(dir: &Path, timeline: &Timeline, rev: &Rev) -> Result<Past, Failure> {
        let (dir, walk) = (dir.to_owned(), timeline.walk(rev)?);
        Ok(Past { dir, walk })
    }

    /// The journal's directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub fn timeline(&self) -> &Timeline {
        self.walk.timeline()
    }

    /// The record before the place.
    pub fn seq(&self) -> Seq {
        self.walk.seq()
    }

    /// The first record that there is.
    pub fn first(&self) -> Seq {
        self.timeline().reader().first_seq()
    }

    /// The last record that there is.
    pub fn last(&self) -> Seq {
        self.timeline().reader().last_seq()
    }

    /// Looks for records that were written since; whether there are any.
    pub fn refresh(&mut self) -> Result<bool, Failure> {
        Ok(self.walk.refresh()?)
    }

    /// The record that a revision names.
    pub fn resolve(&self, rev: &str) -> Result<Seq, Failure> {
        Ok(self.timeline().resolve(&rev.parse::<Rev>()?)?)
    }

    /// The records of a range.
    pub fn entries(&self, range: RangeInclusive<Seq>) -> Result<Vec<Entry>, Failure> {
        let log = self.timeline().log(range, &Filter::default());
        Ok(log.collect::<Result<_, _>>()?)
    }

    /// A record with what it changed.
    pub fn show(&mut self, seq: Seq) -> Result<Shown, Failure> {
        let entry = self.timeline().entry(seq)?;
        self.go(seq)?;
        let changes = self.walk.changes()?;
        Ok(Shown { entry, changes })
    }

    /// The answer of a reading command after record `seq`.
    pub fn run<A: AsRef<[u8]>>(
        &mut self,
        seq: Seq,
        db: usize,
        argv: &[A],
    ) -> Result<Reply, Failure> {
        self.go(seq)?;
        let selected = self.select(db);
        Ok(match selected {
            Reply::Error(_) => selected,
            _ => self.walk.run(argv),
        })
    }

    /// Whether a Lua script is true of database 0 after record `seq`, or why it can't say.
    pub fn holds(
        &mut self,
        seq: Seq,
        script: &str,
    ) -> Result<Result<bool, Cow<'static, str>>, Failure> {
        self.go(seq)?;
        self.select(0);
        Ok(self.walk.view().holds(script))
    }

    fn select(&mut self, db: usize) -> Reply {
        self.walk.run(&["SELECT", &db.to_string()])
    }

    fn go(&mut self, seq: Seq) -> Result<(), Failure> {
        let here = self.walk.seq();
        if seq == here + 1 {
            self.walk.forward()?;
        } else if seq != here {
            self.walk.seek(seq)?;
        }
        Ok(())
    }
}
