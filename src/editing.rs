//! Editing a history that nobody has open: marks, rewinds, forks. Nothing in it is changed: it grows, or is shortened.

use std::path::Path;

use crate::clock::Clock;
use crate::commit::Seq;
use crate::engine;
use crate::error::Error;
use crate::fakeredis::FakeRedis;
use crate::journal::Compacted;
use crate::journal::Disk;
use crate::journal::Fsync;
use crate::timeline::Rev;
use crate::timeline::Timeline;

/// Gives a place in the history of the journal in `dir` a name, for [`Rev::mark`]; the mark's record. Nobody may have the
/// journal open for writing.
///
/// # Errors
///
/// There is no journal, `rev` is none of its past, or it can't be written.
pub fn mark_journal(dir: &Path, name: &str, rev: &Rev) -> Result<Seq, Error> {
    let seq = Timeline::open(dir)?.resolve(rev)?;
    edit(dir, |fake| fake.mark_at(name, Rev::seq(seq)))
}

/// Makes the data of the journal in `dir` what it was at `rev`; the rewind's record. Nobody may have the journal open
/// for writing.
///
/// # Errors
///
/// As [`mark_journal`].
pub fn rewind_journal(dir: &Path, rev: &Rev) -> Result<Seq, Error> {
    let seq = Timeline::open(dir)?.resolve(rev)?;
    edit(dir, |fake| fake.rewind(Rev::seq(seq)))
}

/// Drops all history before `rev` of the journal in `dir`, which nobody may have open for writing; a checkpoint takes
/// its place.
///
/// # Errors
///
/// As [`FakeRedis::compact`], and when the journal is open elsewhere.
pub fn compact_journal(dir: &Path, rev: &Rev) -> Result<Compacted, Error> {
    let keep = Timeline::open(dir)?.resolve(rev)?;
    Ok(engine::compact(dir, keep, Clock::system().now_us())?)
}

/// Copies the history of the journal in `dir` up to `rev` to `new_dir`, where nothing may be yet; the last record of
/// the copy. What is copied may be in use.
///
/// ```
/// use fakeredis::{FakeRedis, Rev, fork_journal};
/// use redis::Commands;
///
/// let dir = tempfile::tempdir()?;
/// let (old, new) = (dir.path().join("old"), dir.path().join("new"));
/// let fake = FakeRedis::open(&old)?;
/// let _: () = fake.connection().set("stock", 10)?;
/// let _: () = fake.connection().del("stock")?;
/// fork_journal(&old, &Rev::before(1), &new)?;
/// let fork = FakeRedis::open(&new)?;
/// assert_eq!(fork.connection().get::<_, i64>("stock")?, 10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// There is no journal, `rev` is none of its past, something is in `new_dir`, or it can't be written.
pub fn fork_journal(dir: &Path, rev: &Rev, new_dir: &Path) -> Result<Seq, Error> {
    let timeline = Timeline::open(dir)?;
    let seq = timeline.resolve(rev)?;
    timeline.reader().copy_to(&Disk::new(new_dir), seq)?;
    Ok(seq)
}

/// Makes a journal in `new_dir`, where there may be none yet, that begins with the state at `rev` of the journal in
/// `dir`; the record at which that was the state.
///
/// # Errors
///
/// As [`fork_journal`].
pub fn fork_state(dir: &Path, rev: &Rev, new_dir: &Path) -> Result<Seq, Error> {
    let then = Timeline::open(dir)?.at(rev)?;
    if Timeline::open(new_dir).is_ok() {
        let what = format!("there is a journal in {} already", new_dir.display());
        return Err(Error::Config(what));
    }
    // Times to live are points in time: nothing may expire on the way.
    let clock = Clock::frozen_at(then.time());
    let builder = FakeRedis::builder().journal(new_dir).fsync(Fsync::Always);
    let fork = builder.clock(clock).build()?;
    let seq = then.seq();
    fork.restore(&FakeRedis::from_view(then).snapshot())?;
    fork.close()?;
    Ok(seq)
}

/// Opens the journal for one change, and closes it in good order.
fn edit(dir: &Path, change: impl FnOnce(&FakeRedis) -> Result<Seq, Error>) -> Result<Seq, Error> {
    let builder = FakeRedis::builder().journal(dir).fsync(Fsync::Always);
    let fake = builder.build()?;
    let seq = change(&fake)?;
    fake.close()?;
    Ok(seq)
}
