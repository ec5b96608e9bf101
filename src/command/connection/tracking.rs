//! CLIENT TRACKING and friends: which connection is told when what it read changes
//! (<https://redis.io/docs/latest/develop/reference/client-side-caching/>).

use crate::bytes::Bytes;
use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::reply::printed;
use crate::resp::Reply;
use crate::session::Mode;
use crate::session::SessionKey;
use crate::session::Tracker;

/// `CLIENT CACHING <YES | NO>`
pub(super) fn client_caching(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let Some(tracker) = tracker_mut(cx) else {
        return Err(fixed(
            "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode \
             enabled",
        ));
    };
    if args.keyword("YES") {
        if tracker.mode != Mode::OptIn {
            return Err(fixed(
                "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.",
            ));
        }
    } else if args.keyword("NO") {
        if tracker.mode != Mode::OptOut {
            return Err(fixed(
                "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.",
            ));
        }
    } else {
        return Err(ReplyError::SYNTAX);
    }
    tracker.caching = true;
    Ok(Reply::OK)
}

pub(super) fn client_getredir(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(Reply::Int(redirection(cx, cx.session.id)))
}

/// The connection that is told in place of this one: 0 for itself, -1 where none is told.
pub(super) fn redirection(cx: &Context<'_>, id: u64) -> i64 {
    tracker(cx, id).map_or(-1, |tracker| {
        tracker.redirect.map_or(0, |to| to.id() as i64)
    })
}

/// What a connection asked for, if it tracks.
pub(super) fn tracker<'a>(cx: &'a Context<'_>, id: u64) -> Option<&'a Tracker> {
    cx.world.tracking.as_ref()?.get(id)
}

fn tracker_mut<'a>(cx: &'a mut Context<'_>) -> Option<&'a mut Tracker> {
    cx.world.tracking.as_mut()?.get_mut(cx.session.id)
}

/// What CLIENT TRACKING was given, in any order.
#[derive(Default)]
struct Options<'a> {
    redirect: Option<SessionKey>,
    prefixes: Vec<&'a [u8]>,
    broadcast: bool,
    opt_in: bool,
    opt_out: bool,
    no_loop: bool,
}

/// `CLIENT TRACKING <ON | OFF> [REDIRECT client-id] [PREFIX prefix]… [BCAST] [OPTIN] [OPTOUT] [NOLOOP]`
pub(super) fn client_tracking(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let switch = args.next()?;
    let options = options(cx, &mut args)?;
    if switch.eq_ignore_ascii_case(b"OFF") {
        untrack(cx);
        return Ok(Reply::OK);
    }
    if !switch.eq_ignore_ascii_case(b"ON") {
        return Err(ReplyError::SYNTAX);
    }
    let before = tracker(cx, cx.session.id);
    let mode = mode(&options, before.map(|tracker| tracker.mode))?;
    check_prefixes(cx, &options.prefixes)?;
    let tracker = Tracker {
        session: cx.session.key(),
        mode,
        no_loop: options.no_loop,
        redirect: options.redirect,
        is_broken: false,
        caching: before.is_some_and(|tracker| tracker.caching),
    };
    let tracking = cx.world.tracking.get_or_insert_default();
    tracking.track(tracker, &options.prefixes);
    Ok(Reply::OK)
}

/// The connection tracks no more.
pub(super) fn untrack(cx: &mut Context<'_>) {
    if let Some(tracking) = &mut cx.world.tracking {
        tracking.untrack(cx.session.id);
    }
}

fn options<'a>(cx: &Context<'_>, args: &mut Args<'a>) -> Result<Options<'a>> {
    let mut options = Options::default();
    while !args.is_empty() {
        if args.keyword_with("REDIRECT", 1) {
            if options.redirect.is_some() {
                return Err(fixed(
                    "ERR A client can only redirect to a single other client",
                ));
            }
            options.redirect = Some(listener(cx, args.i64()?)?);
        } else if args.keyword_with("PREFIX", 1) {
            options.prefixes.push(args.next()?);
        } else if args.keyword("BCAST") {
            options.broadcast = true;
        } else if args.keyword("OPTIN") {
            options.opt_in = true;
        } else if args.keyword("OPTOUT") {
            options.opt_out = true;
        } else if args.keyword("NOLOOP") {
            options.no_loop = true;
        } else {
            return Err(ReplyError::SYNTAX);
        }
    }
    Ok(options)
}

fn listener(cx: &Context<'_>, id: i64) -> Result<SessionKey> {
    let own = std::iter::once(&*cx.session);
    let mut all = own.chain(cx.world.sessions.iter());
    let session = all.find(|session| u64::try_from(id).is_ok_and(|id| id == session.id));
    session.map(|session| session.key()).ok_or(fixed(
        "ERR The client ID you want redirect to does not exist",
    ))
}

/// Of which keys the connection is told, if its options agree with each other and with the mode that it is in.
fn mode(options: &Options<'_>, before: Option<Mode>) -> Result<Mode> {
    let is_switch = before.is_some_and(|mode| (mode == Mode::Broadcast) != options.broadcast);
    let other = match options {
        Options { opt_in: true, .. } => Some(Mode::OptOut),
        Options { opt_out: true, .. } => Some(Mode::OptIn),
        _ => None,
    };
    Err(fixed(match options {
        Options {
            broadcast: false,
            prefixes,
            ..
        } if !prefixes.is_empty() => "ERR PREFIX option requires BCAST mode to be enabled",
        _ if is_switch => {
            "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling \
             it with a different mode."
        }
        Options {
            broadcast: true, ..
        } if other.is_some() => "ERR OPTIN and OPTOUT are not compatible with BCAST",
        Options {
            opt_in: true,
            opt_out: true,
            ..
        } => "ERR You can't specify both OPTIN mode and OPTOUT mode",
        _ if other.is_some() && other == before => {
            "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling \
             it with a different mode."
        }
        Options {
            broadcast: true, ..
        } => return Ok(Mode::Broadcast),
        Options { opt_in: true, .. } => return Ok(Mode::OptIn),
        Options { opt_out: true, .. } => return Ok(Mode::OptOut),
        _ => return Ok(Mode::All),
    }))
}

/// No key may have two prefixes of one connection.
fn check_prefixes(cx: &Context<'_>, prefixes: &[&[u8]]) -> Result<()> {
    let tracking = cx.world.tracking.as_ref();
    let existing: Vec<&Bytes> = tracking
        .into_iter()
        .flat_map(|tracking| tracking.prefixes_of(cx.session.id))
        .collect();
    for (index, prefix) in prefixes.iter().enumerate() {
        let overlaps = |other: &[u8]| prefix.starts_with(other) || other.starts_with(prefix);
        if let Some(other) = existing.iter().find(|other| overlaps(other)) {
            return Err(overlap(prefix, "an existing prefix", other));
        }
        if let Some(other) = prefixes[index + 1..].iter().find(|other| overlaps(other)) {
            return Err(overlap(prefix, "another provided prefix", other));
        }
    }
    Ok(())
}

fn overlap(prefix: &[u8], what: &str, other: &[u8]) -> ReplyError {
    let [prefix, other] = [prefix, other].map(|text| printed(text, usize::MAX));
    ReplyError::new(format!(
        "ERR Prefix '{prefix}' overlaps with {what} '{other}'. Prefixes for a single client must not overlap."
    ))
}

pub(super) fn client_trackinginfo(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    let id = cx.session.id;
    let tracking = cx.world.tracking.as_ref();
    let prefixes = tracking.into_iter().flat_map(|all| all.prefixes_of(id));
    let prefixes = prefixes.cloned().map(Reply::Bulk).collect();
    let flags = tracker(cx, id).map_or(vec!["off"], flags);
    Ok(Reply::map([
        (
            "flags",
            Reply::Set(flags.into_iter().map(Reply::bulk).collect()),
        ),
        ("redirect", Reply::Int(redirection(cx, id))),
        ("prefixes", Reply::Array(prefixes)),
    ]))
}

fn flags(tracker: &Tracker) -> Vec<&'static str> {
    let mode = tracker.mode;
    let flags = [
        (true, "on"),
        (mode == Mode::Broadcast, "bcast"),
        (mode == Mode::OptIn, "optin"),
        (mode == Mode::OptIn && tracker.caching, "caching-yes"),
        (mode == Mode::OptOut, "optout"),
        (mode == Mode::OptOut && tracker.caching, "caching-no"),
        (tracker.no_loop, "noloop"),
        (tracker.is_broken, "broken_redirect"),
    ];
    let set = flags.iter().filter(|(on, _)| *on);
    set.map(|(_, flag)| *flag).collect()
}
