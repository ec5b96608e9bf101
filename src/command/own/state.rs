//! The state as a whole: FAKEREDIS DIGEST.

use crate::command::Command;
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::reply::Result;
use crate::command::spec::*;
use crate::command::sub;
use crate::resp::Reply;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    sub("FAKEREDIS|DIGEST", 2, NOSCRIPT | LOADING | STALE, &[], digest)
        .doc("8.2.3", "O(N) with N being the size of the data", "", "Returns a digest of all keys, values and times to live."),
];

fn digest(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(Reply::bulk(cx.world.keyspace.digest()))
}
