//! How much is recorded: FAKEREDIS RECORD.

use crate::command::Command;
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::printed;
use crate::command::spec::*;
use crate::command::sub;
use crate::commit::Recording;
use crate::resp::Reply;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    sub("FAKEREDIS|RECORD", -2, NOSCRIPT | LOADING | STALE, &[], record)
        .doc("8.2.3", "O(1), O(N) with N being the number of connections for LEVEL session", "[LEVEL <commits | aborts | session>]", "Returns how much is recorded, or changes it."),
];

fn record(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let level = match args.keyword_with("LEVEL", 1) {
        true => Some(level(args.next()?)?),
        false => None,
    };
    args.finish()?;
    let Some(level) = level else {
        let level = cx.host.recording();
        let none = || ReplyError::new("ERR there is no journal".to_owned());
        return level
            .map(|level| Reply::bulk(level.to_string()))
            .ok_or_else(none);
    };
    let changed = cx.host.set_recording(level);
    changed.map_err(|error| ReplyError::new(format!("ERR {error}")))?;
    cx.unit.setting();
    Ok(Reply::OK)
}

fn level(word: &[u8]) -> Result<Recording> {
    let name = printed(word, 64).to_ascii_lowercase();
    name.parse()
        .map_err(|error| ReplyError::new(format!("ERR {error}")))
}
