//! Going back in history, and forth again: the state is found first, without the engine's lock, and then put in place in
//! one turn. What others changed meanwhile is history like everything else.

use super::Asked;
use crate::command::ReplyError;
use crate::command::Result;
use crate::commit::How;
use crate::commit::Rewind;
use crate::commit::Seq;
use crate::engine::Engine;
use crate::resp::Reply;
use crate::timeline::Error;
use crate::timeline::Rev;
use crate::timeline::Timeline;

/// Makes the data what it was at the place that `rewind` names; the rewind's record.
///
/// # Errors
///
/// The place is none of the past, or the journal can't be read or written.
pub fn go_back(
    engine: &Engine,
    timeline: &Timeline,
    rewind: Rewind,
) -> std::result::Result<Seq, Error> {
    let then = timeline.at(&Rev::seq(rewind.to))?.into_world();
    Ok(engine.batch(|core| core.rewind_to(rewind, then.keyspace))??)
}

/// `REWIND rev`
pub(super) fn rewind(mut asked: Asked<'_>) -> Result {
    let rev = asked.rev()?;
    asked.args.finish()?;
    to(&asked, &rev).map(number)
}

/// `RESTORE name`, of a snapshot that was made before the journal was opened
pub(super) fn restore(mut asked: Asked<'_>) -> Result {
    let name = String::from_utf8_lossy(asked.args.next()?);
    to(&asked, &Rev::mark(name)).map(|_| Reply::OK)
}

fn to(asked: &Asked<'_>, rev: &Rev) -> Result<Seq> {
    let timeline = asked.timeline()?;
    let to = timeline.resolve(rev)?;
    let how = How::Named;
    Ok(go_back(asked.engine, &timeline, Rewind { to, how })?)
}

/// `UNDO [changes]`
pub(super) fn undo(asked: Asked<'_>) -> Result {
    step(asked, Timeline::undo)
}

/// `REDO [changes]`
pub(super) fn redo(asked: Asked<'_>) -> Result {
    step(asked, Timeline::redo)
}

fn step(
    mut asked: Asked<'_>,
    find: fn(&Timeline, u64) -> std::result::Result<Rewind, Error>,
) -> Result {
    let changes = match asked.args.is_empty() {
        true => 1,
        false => asked.args.positive_or(ReplyError::NOT_POSITIVE)?,
    };
    asked.args.finish()?;
    let timeline = asked.present()?;
    let rewind = find(&timeline, changes as u64)?;
    Ok(number(go_back(asked.engine, &timeline, rewind)?))
}

fn number(seq: Seq) -> Reply {
    Reply::Int(seq as i64)
}
