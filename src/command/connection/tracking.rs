//! Client-side caching (CLIENT TRACKING and friends), which a fake does not offer.
//!
//! A fake that promised invalidations and sent none would leave its clients with stale data: TRACKING is checked
//! as Redis checks it and then refused, and everything else answers as it does while tracking is off.

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::resp::Reply;

pub(super) fn client_caching(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Err(fixed(
        "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode \
         enabled",
    ))
}

pub(super) fn client_getredir(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(Reply::Int(-1))
}

#[derive(Default)]
struct Options {
    bcast: bool,
    opt_in: bool,
    opt_out: bool,
    prefixes: bool,
}

/// `CLIENT TRACKING <ON | OFF> [REDIRECT client-id] [PREFIX prefix]… [BCAST] [OPTIN] [OPTOUT] [NOLOOP]`
pub(super) fn client_tracking(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let switch = args.next()?;
    let options = options(cx, &mut args)?;
    if switch.eq_ignore_ascii_case(b"OFF") {
        return Ok(Reply::OK);
    }
    if !switch.eq_ignore_ascii_case(b"ON") {
        return Err(ReplyError::SYNTAX);
    }
    Err(fixed(match options {
        Options {
            bcast: false,
            prefixes: true,
            ..
        } => "ERR PREFIX option requires BCAST mode to be enabled",
        Options {
            bcast: true,
            opt_in,
            opt_out,
            ..
        } if opt_in || opt_out => "ERR OPTIN and OPTOUT are not compatible with BCAST",
        Options {
            opt_in: true,
            opt_out: true,
            ..
        } => "ERR You can't specify both OPTIN mode and OPTOUT mode",
        _ => "ERR a fake does not track keys: client-side caching is not available",
    }))
}

fn options(cx: &Context<'_>, args: &mut Args<'_>) -> Result<Options> {
    let mut options = Options::default();
    while !args.is_empty() {
        if args.keyword_with("REDIRECT", 1) {
            check_redirect(cx, args.i64()?)?;
        } else if args.keyword_with("PREFIX", 1) {
            args.next()?;
            options.prefixes = true;
        } else if args.keyword("BCAST") {
            options.bcast = true;
        } else if args.keyword("OPTIN") {
            options.opt_in = true;
        } else if args.keyword("OPTOUT") {
            options.opt_out = true;
        } else if !args.keyword("NOLOOP") {
            return Err(ReplyError::SYNTAX);
        }
    }
    Ok(options)
}

fn check_redirect(cx: &Context<'_>, id: i64) -> Result<()> {
    let is = |other: u64| u64::try_from(id).is_ok_and(|id| id == other);
    if is(cx.session.id) || cx.world.sessions.iter().any(|session| is(session.id)) {
        Ok(())
    } else {
        Err(fixed(
            "ERR The client ID you want redirect to does not exist",
        ))
    }
}

pub(super) fn client_trackinginfo(_: &mut Context<'_>, _: Args<'_>) -> Result {
    let fields = [
        ("flags", Reply::Set(vec![Reply::bulk("off")])),
        ("redirect", Reply::Int(-1)),
        ("prefixes", Reply::Array(Vec::new())),
    ];
    Ok(Reply::map(fields))
}
