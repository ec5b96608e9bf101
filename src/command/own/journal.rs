//! The journal: its condition, its healing, its size. FAKEREDIS JOURNAL and SEQ.

use crate::command::Command;
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::spec::*;
use crate::command::sub;
use crate::commit::Seq;
use crate::resp::Reply;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    sub("FAKEREDIS|JOURNAL", -3, NOSCRIPT | NO_MULTI | LOADING | STALE, &[], journal)
        .doc("8.2.3", "O(1) for STATUS, O(N) with N being the size of the data for HEAL and COMPACT", "<STATUS | HEAL | COMPACT first-record>", "Shows the journal's condition, has it take records again after its disk failed, or drops old history."),
    sub("FAKEREDIS|SEQ", 2, NOSCRIPT | LOADING | STALE | FAST, &[], seq)
        .doc("8.2.3", "O(1)", "", "Returns the number of the last record."),
];

fn journal(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    if args.keyword("STATUS") {
        args.finish()?;
        Ok(journal_status(cx))
    } else if args.keyword("HEAL") {
        args.finish()?;
        heal(cx)
    } else if args.keyword_with("COMPACT", 1) {
        let keep = Seq::try_from(args.i64()?).map_err(|_| ReplyError::NOT_AN_INTEGER)?;
        args.finish()?;
        let dropped = cx.host.compact(keep);
        let dropped = dropped.map_err(|error| ReplyError::new(format!("ERR {error}")))?;
        cx.world.forget_before(keep);
        Ok(Reply::Int(dropped as i64))
    } else {
        Err(ReplyError::SYNTAX)
    }
}

fn journal_status(cx: &Context<'_>) -> Reply {
    let journal = cx.host.persistence();
    let text = |error: Option<String>| Reply::bulk(error.unwrap_or_default());
    let number = |seq: Seq| Reply::Int(seq as i64);
    let fields = [
        ("enabled", Reply::Int(journal.enabled.into())),
        ("last_record", number(cx.unit.seq - 1)),
        ("durable_record", number(journal.durable_seq)),
        ("write_error", text(journal.write_error)),
        ("checkpoint_error", text(journal.save_error)),
    ];
    let pairs = fields.into_iter();
    Reply::Map(
        pairs
            .map(|(name, value)| (Reply::bulk(name), value))
            .collect(),
    )
}

fn heal(cx: &mut Context<'_>) -> Result {
    let healed = cx.host.heal(cx.world);
    healed.map_err(|error| ReplyError::new(format!("MISCONF {error}")))?;
    Ok(Reply::OK)
}

fn seq(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(Reply::Int((cx.unit.seq - 1) as i64))
}
