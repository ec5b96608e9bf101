//! What was: records, states, versions, reasons. Nothing here changes anything.

use super::Asked;
use crate::command::ReplyError;
use crate::command::Result;
use crate::resp::Reply;
use crate::timeline::Describe;
use crate::timeline::Filter;
use crate::timeline::Rev;
use crate::timeline::RevRange;
use crate::timeline::Timeline;
use crate::timeline::Touched;
use crate::timeline::Version;
use crate::timeline::describe_all;

/// How many records LOG tells unless COUNT says otherwise.
const LOG_COUNT: usize = 10;

/// `LOG [COUNT n] [KEY pattern] [CLIENT id|name] [COMMAND name] [FROM rev] [TO rev]`
pub(super) fn log(mut asked: Asked<'_>) -> Result {
    let (mut range, mut filter) = (RevRange::default(), Filter::default());
    let mut count = LOG_COUNT;
    while !asked.args.is_empty() {
        if asked.args.keyword_with("COUNT", 1) {
            count = asked.args.non_negative()?;
        } else if asked.args.keyword_with("KEY", 1) {
            filter.key = Some(asked.args.next()?.to_vec());
        } else if asked.args.keyword_with("CLIENT", 1) {
            filter.client = Some(text(asked.args.next()?));
        } else if asked.args.keyword_with("COMMAND", 1) {
            filter.command = Some(text(asked.args.next()?));
        } else if asked.args.keyword_with("FROM", 1) {
            range.from = asked.rev()?;
        } else if asked.args.keyword_with("TO", 1) {
            range.to = asked.rev()?;
        } else {
            return Err(ReplyError::SYNTAX);
        }
    }
    let timeline = asked.timeline()?;
    let mut described = Vec::new();
    for entry in timeline.newest(timeline.range(&range)?, &filter, count)? {
        let entry = entry.map_err(crate::timeline::Error::from)?;
        let touched = Touched::of(&entry.record).describe();
        described.push(entry.describe().and(touched).into());
    }
    Ok(Reply::Array(described))
}

fn text(word: &[u8]) -> String {
    String::from_utf8_lossy(word).into_owned()
}

/// `SHOW rev`
pub(super) fn show(mut asked: Asked<'_>) -> Result {
    let rev = asked.rev()?;
    asked.args.finish()?;
    let timeline = asked.timeline()?;
    let shown = timeline.show(timeline.resolve(&rev)?)?;
    Ok(shown.describe().into())
}

/// `AT rev command [argument …]`
pub(super) fn at(mut asked: Asked<'_>) -> Result {
    let rev = asked.rev()?;
    let command = asked.args.rest();
    let mut view = asked.timeline()?.at(&rev)?;
    view.set_protocol(asked.question.protocol);
    let selected = view.run(&["SELECT".to_owned(), asked.question.db.to_string()]);
    match selected.is_error() {
        true => Ok(selected),
        false => Ok(view.run(command)),
    }
}

/// `DIFF rev rev [pattern]`
pub(super) fn diff(mut asked: Asked<'_>) -> Result {
    let (a, b) = (asked.rev()?, asked.rev()?);
    let pattern = asked.args.peek();
    asked.args.take(usize::from(pattern.is_some()))?;
    asked.args.finish()?;
    let changes = asked.timeline()?.diff(&a, &b, pattern)?;
    Ok(describe_all(&changes))
}

/// `BLAME key`
pub(super) fn blame(mut asked: Asked<'_>) -> Result {
    let key = asked.args.next()?;
    asked.args.finish()?;
    let blame = asked.timeline()?;
    let blame = blame.blame(asked.question.db, key, &Rev::LAST)?;
    Ok(blame.map_or(Reply::Null, |blame| blame.describe().into()))
}

/// `HISTORY key [COUNT n]`
pub(super) fn history(mut asked: Asked<'_>) -> Result {
    let key = asked.args.next()?;
    let count = match asked.args.keyword_with("COUNT", 1) {
        true => asked.args.non_negative()?,
        false => usize::MAX,
    };
    asked.args.finish()?;
    let timeline = asked.timeline()?;
    let versions = timeline.history(asked.question.db, key, &Rev::LAST)?;
    let versions: Vec<Version> = versions.collect::<std::result::Result<_, _>>()?;
    let skipped = versions.len().saturating_sub(count);
    Ok(describe_all(&versions[skipped..]))
}

/// `WHY [rev | key | KEY key]`
pub(super) fn why(mut asked: Asked<'_>) -> Result {
    let is_key = asked.args.keyword_with("KEY", 1);
    let what = asked.args.peek();
    asked.args.take(usize::from(what.is_some()))?;
    asked.args.finish()?;
    let timeline = asked.timeline()?;
    let Some(what) = what else {
        return why_aborted(&timeline);
    };
    match text(what).parse() {
        Ok(rev) if !is_key => Ok(timeline.why(timeline.resolve(&rev)?)?.describe().into()),
        _ => {
            let story = timeline.why_key(asked.question.db, what, &Rev::LAST)?;
            Ok(story.describe().into())
        }
    }
}

/// Why the newest EXEC was aborted that was.
fn why_aborted(timeline: &Timeline) -> Result {
    let aborted = timeline.last_abort()?.ok_or_else(|| {
        ReplyError::new("ERR no EXEC was aborted by a WATCH; name a record or a key")
    })?;
    Ok(timeline.why(aborted)?.describe().into())
}

/// `DIGEST rev`
pub(super) fn digest(mut asked: Asked<'_>) -> Result {
    let rev = asked.rev()?;
    asked.args.finish()?;
    Ok(Reply::bulk(asked.timeline()?.digest(&rev)?))
}
