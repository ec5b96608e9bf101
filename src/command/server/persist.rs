//! SAVE, BGSAVE, BGREWRITEAOF, LASTSAVE, SHUTDOWN: checkpoints and the end.

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::resp::Reply;
use crate::session::Closing;

/// A journal needs no rewriting: a checkpoint is what makes opening it fast.
pub(super) fn bgrewriteaof(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    checkpoint(cx, true)?;
    Ok(Reply::simple(
        "Background append only file rewriting started",
    ))
}

/// `BGSAVE [SCHEDULE]`
pub(super) fn bgsave(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    args.keyword("SCHEDULE");
    args.finish()?;
    checkpoint(cx, true)?;
    Ok(Reply::simple("Background saving started"))
}

pub(super) fn lastsave(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(Reply::Int(last_save_s(cx)))
}

/// When the data was last saved: without a checkpoint, when there was none yet.
pub(super) fn last_save_s(cx: &Context<'_>) -> i64 {
    match cx.host.persistence().last_save_s {
        0 => cx.world.started_us.div_euclid(1_000_000),
        at_s => at_s,
    }
}

pub(super) fn save(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    checkpoint(cx, false)?;
    Ok(Reply::OK)
}

fn checkpoint(cx: &mut Context<'_>, background: bool) -> Result<()> {
    let written = cx.host.checkpoint(&cx.world.keyspace, background);
    written.map_err(|reason| ReplyError::new(format!("ERR {reason}")))
}

/// `SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]`: nothing is answered but an error.
pub(super) fn shutdown(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let wishes = wishes(&mut args)?;
    if wishes.abort {
        return Err(fixed("ERR No shutdown in progress."));
    }
    let done = cx.host.shutdown(&cx.world.keyspace, !wishes.no_save);
    done.map_err(|reason| ReplyError::new(format!("ERR Errors trying to SHUTDOWN: {reason}")))?;
    cx.session.closing = Some(Closing::AfterReply);
    Ok(Reply::Silence)
}

#[derive(Default)]
struct Wishes {
    save: bool,
    no_save: bool,
    now_or_force: bool,
    abort: bool,
}

fn wishes(args: &mut Args<'_>) -> Result<Wishes> {
    let mut wishes = Wishes::default();
    while !args.is_empty() {
        if args.keyword("NOSAVE") {
            wishes.no_save = true;
        } else if args.keyword("SAVE") {
            wishes.save = true;
        } else if args.keyword("NOW") || args.keyword("FORCE") {
            wishes.now_or_force = true;
        } else if args.keyword("ABORT") {
            wishes.abort = true;
        } else {
            return Err(ReplyError::SYNTAX);
        }
    }
    let others = wishes.save || wishes.no_save || wishes.now_or_force;
    if (wishes.abort && others) || (wishes.save && wishes.no_save) {
        return Err(ReplyError::SYNTAX);
    }
    Ok(wishes)
}
