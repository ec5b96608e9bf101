//! CLIENT: what a connection is called, what it wants, and what it may do to others.

use super::clients::client_info;
use super::clients::client_kill;
use super::clients::client_list;
use super::tracking::client_caching;
use super::tracking::client_getredir;
use super::tracking::client_tracking;
use super::tracking::client_trackinginfo;
use crate::bytes::Bytes;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::container;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::reply::help;
use crate::command::reply::printed;
use crate::command::spec::*;
use crate::command::sub;
use crate::command::waiting::Unblock;
use crate::command::world::Pause;
use crate::number::parse_i64;
use crate::resp::Reply;
use crate::session::Replies;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    container("CLIENT", -2)
        .doc("2.4.0", "Depends on subcommand.", "", "A container for client connection commands."),
    sub("CLIENT|CACHING", 3, NOSCRIPT | LOADING | STALE, &[], client_caching)
        .doc("6.0.0", "O(1)", "<YES | NO>", "Instructs the server whether to track the keys in the next request."),
    sub("CLIENT|GETNAME", 2, NOSCRIPT | LOADING | STALE, &[], client_getname)
        .doc("2.6.9", "O(1)", "", "Returns the name of the connection."),
    sub("CLIENT|GETREDIR", 2, NOSCRIPT | LOADING | STALE, &[], client_getredir)
        .doc("6.0.0", "O(1)", "", "Returns the client ID to which the connection's tracking notifications are redirected."),
    sub("CLIENT|HELP", 2, LOADING | STALE, &[], client_help)
        .doc("5.0.0", "O(1)", "", "Returns helpful text about the different subcommands."),
    sub("CLIENT|ID", 2, NOSCRIPT | LOADING | STALE, &[], client_id)
        .doc("5.0.0", "O(1)", "", "Returns the unique client ID of the connection."),
    sub("CLIENT|INFO", 2, NOSCRIPT | LOADING | STALE, &[], client_info)
        .doc("6.2.0", "O(1)", "", "Returns information about the connection.")
        .tips(&["nondeterministic_output"]),
    sub("CLIENT|KILL", -3, ADMIN | NOSCRIPT | LOADING | STALE, &[], client_kill)
        .doc("2.4.0", "O(N) where N is the number of client connections", "<ip:port | <[ID client-id] | [TYPE <NORMAL | MASTER | SLAVE | REPLICA | PUBSUB>] | [USER username] | [ADDR ip:port] | [LADDR ip:port] | [SKIPME <YES | NO>] | [MAXAGE maxage]> [<[ID client-id] | [TYPE <NORMAL | MASTER | SLAVE | REPLICA | PUBSUB>] | [USER username] | [ADDR ip:port] | [LADDR ip:port] | [SKIPME <YES | NO>] | [MAXAGE maxage]> ...]>", "Terminates open connections."),
    sub("CLIENT|LIST", -2, ADMIN | NOSCRIPT | LOADING | STALE, &[], client_list)
        .doc("2.4.0", "O(N) where N is the number of client connections", "[TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [ID client-id [client-id ...]]", "Lists open connections.")
        .tips(&["nondeterministic_output"]),
    sub("CLIENT|NO-EVICT", 3, ADMIN | NOSCRIPT | LOADING | STALE, &[], client_no_evict)
        .doc("7.0.0", "O(1)", "<ON | OFF>", "Sets the client eviction mode of the connection."),
    sub("CLIENT|NO-TOUCH", 3, NOSCRIPT | LOADING | STALE, &[], client_no_touch)
        .doc("7.2.0", "O(1)", "<ON | OFF>", "Controls whether commands sent by the client affect the LRU/LFU of accessed keys."),
    sub("CLIENT|PAUSE", -3, ADMIN | NOSCRIPT | LOADING | STALE, &[], client_pause)
        .doc("3.0.0", "O(1)", "timeout:integer [WRITE | ALL]", "Suspends commands processing."),
    sub("CLIENT|REPLY", 3, NOSCRIPT | LOADING | STALE, &[], client_reply)
        .doc("3.2.0", "O(1)", "<ON | OFF | SKIP>", "Instructs the server whether to reply to commands."),
    sub("CLIENT|SETINFO", 4, NOSCRIPT | LOADING | STALE, &[], client_setinfo)
        .doc("7.2.0", "O(1)", "<LIB-NAME libname | LIB-VER libver>", "Sets information specific to the client or connection.")
        .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"]),
    sub("CLIENT|SETNAME", 3, NOSCRIPT | LOADING | STALE, &[], client_setname)
        .doc("2.6.9", "O(1)", "connection-name", "Sets the connection name.")
        .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"]),
    sub("CLIENT|TRACKING", -3, NOSCRIPT | LOADING | STALE, &[], client_tracking)
        .doc("6.0.0", "O(1). Some options may introduce additional complexity.", "<ON | OFF> [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]", "Controls server-assisted client-side caching for the connection."),
    sub("CLIENT|TRACKINGINFO", 2, NOSCRIPT | LOADING | STALE, &[], client_trackinginfo)
        .doc("6.2.0", "O(1)", "", "Returns information about server-assisted client-side caching for the connection."),
    sub("CLIENT|UNBLOCK", -3, ADMIN | NOSCRIPT | LOADING | STALE, &[], client_unblock)
        .doc("5.0.0", "O(log N) where N is the number of client connections", "client-id [TIMEOUT | ERROR]", "Unblocks a client blocked by a blocking command from a different connection."),
    sub("CLIENT|UNPAUSE", 2, ADMIN | NOSCRIPT | LOADING | STALE, &[], client_unpause)
        .doc("6.2.0", "O(N) Where N is the number of paused clients", "", "Resumes processing commands from paused clients."),
];

fn client_getname(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    let name = cx.session.name.clone();
    Ok(Some(name).filter(|name| !name.is_empty()).into())
}

fn client_help(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(help("CLIENT", HELP))
}

fn client_id(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(Reply::Int(cx.session.id as i64))
}

/// There is no eviction of clients: the wish is remembered and shown.
fn client_no_evict(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    cx.session.no_evict = on_or_off(&mut args)?;
    Ok(Reply::OK)
}

fn client_no_touch(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    cx.session.no_touch = on_or_off(&mut args)?;
    Ok(Reply::OK)
}

/// `CLIENT PAUSE timeout [WRITE | ALL]`; a pause that is already longer stays.
fn client_pause(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    if args.len() > 2 {
        return Err(ReplyError::subcommand("CLIENT", args.argv()[1]));
    }
    let (timeout, mode) = (args.next()?, args.peek());
    let writes_only = match mode {
        None => false,
        Some(mode) if mode.eq_ignore_ascii_case(b"ALL") => false,
        Some(mode) if mode.eq_ignore_ascii_case(b"WRITE") => true,
        Some(_) => return Err(fixed("ERR CLIENT PAUSE mode must be WRITE or ALL")),
    };
    let timeout_ms =
        parse_i64(timeout).ok_or(fixed("ERR timeout is not an integer or out of range"))?;
    if timeout_ms < 0 {
        return Err(ReplyError::NEGATIVE_TIMEOUT);
    }
    let until_us = cx
        .unit
        .now_us
        .saturating_add(timeout_ms.saturating_mul(1000));
    let before = cx.world.pause_at(cx.unit.now_us);
    cx.world.pause = Some(Pause {
        until_us: before.map_or(until_us, |pause| pause.until_us.max(until_us)),
        writes_only: writes_only && before.is_none_or(|pause| pause.writes_only),
    });
    Ok(Reply::OK)
}

fn client_reply(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    cx.session.replies = if args.keyword("ON") {
        Replies::On
    } else if args.keyword("OFF") {
        Replies::Off
    } else if args.keyword("SKIP") {
        match cx.session.replies {
            Replies::Off => Replies::Off,
            _ => Replies::SkipNext,
        }
    } else {
        return Err(ReplyError::SYNTAX);
    };
    Ok(Reply::OK)
}

fn client_setinfo(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (option, value) = (args.next()?, args.next()?);
    let label = printed(option, usize::MAX);
    let place = if option.eq_ignore_ascii_case(b"lib-name") {
        &mut cx.session.library.0
    } else if option.eq_ignore_ascii_case(b"lib-ver") {
        &mut cx.session.library.1
    } else {
        return Err(ReplyError::new(format!(
            "ERR Unrecognized option '{label}'"
        )));
    };
    if !is_plain(value) {
        return Err(ReplyError::new(format!(
            "ERR {label} cannot contain spaces, newlines or special characters."
        )));
    }
    *place = Bytes::from(value);
    Ok(Reply::OK)
}

fn client_setname(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let name = args.next()?;
    check_name(name)?;
    cx.session.name = Bytes::from(name);
    Ok(Reply::OK)
}

/// `CLIENT UNBLOCK client-id [TIMEOUT | ERROR]`
fn client_unblock(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    if args.len() > 2 {
        return Err(ReplyError::subcommand("CLIENT", args.argv()[1]));
    }
    let id = args.next()?;
    let how = if args.is_empty() || args.keyword("TIMEOUT") {
        Unblock::Timeout
    } else if args.keyword("ERROR") {
        Unblock::Error
    } else {
        return Err(fixed(
            "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR",
        ));
    };
    let id = parse_i64(id).ok_or(ReplyError::NOT_AN_INTEGER)?;
    let unblocked = u64::try_from(id).is_ok_and(|id| cx.world.unblock(id, how));
    Ok(Reply::flag(unblocked))
}

fn client_unpause(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    cx.world.pause = None;
    Ok(Reply::OK)
}

fn on_or_off(args: &mut Args<'_>) -> Result<bool> {
    let on = args.keyword("ON");
    if on || args.keyword("OFF") {
        Ok(on)
    } else {
        Err(ReplyError::SYNTAX)
    }
}

/// A name fits on one line of CLIENT LIST.
pub(super) fn check_name(name: &[u8]) -> Result<()> {
    if is_plain(name) {
        Ok(())
    } else {
        Err(fixed(
            "ERR Client names cannot contain spaces, newlines or special characters.",
        ))
    }
}

/// Redis looks no further than a zero byte.
fn is_plain(text: &[u8]) -> bool {
    let mut bytes = text.iter().take_while(|&&byte| byte != 0);
    bytes.all(u8::is_ascii_graphic)
}

const HELP: &[&str] = &[
    "CACHING (YES|NO)",
    "    Enable/disable tracking of the keys for next command in OPTIN/OPTOUT modes.",
    "GETREDIR",
    "    Return the client ID we are redirecting to when tracking is enabled.",
    "GETNAME",
    "    Return the name of the current connection.",
    "ID",
    "    Return the ID of the current connection.",
    "INFO",
    "    Return information about the current client connection.",
    "KILL <ip:port>",
    "    Kill connection made from <ip:port>.",
    "KILL <option> <value> [<option> <value> [...]]",
    "    Kill connections. Options are:",
    "    * ADDR (<ip:port>|<unixsocket>:0)",
    "      Kill connections made from the specified address",
    "    * LADDR (<ip:port>|<unixsocket>:0)",
    "      Kill connections made to specified local address",
    "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
    "      Kill connections by type.",
    "    * USER <username>",
    "      Kill connections authenticated by <username>.",
    "    * SKIPME (YES|NO)",
    "      Skip killing current connection (default: yes).",
    "    * ID <client-id>",
    "      Kill connections by client id.",
    "    * MAXAGE <maxage>",
    "      Kill connections older than the specified age.",
    "LIST [options ...]",
    "    Return information about client connections. Options:",
    "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
    "      Return clients of specified type.",
    "UNPAUSE",
    "    Stop the current client pause, resuming traffic.",
    "PAUSE <timeout> [WRITE|ALL]",
    "    Suspend all, or just write, clients for <timeout> milliseconds.",
    "REPLY (ON|OFF|SKIP)",
    "    Control the replies sent to the current connection.",
    "SETNAME <name>",
    "    Assign the name <name> to the current connection.",
    "SETINFO <option> <value>",
    "    Set client meta attr. Options are:",
    "    * LIB-NAME: the client lib name.",
    "    * LIB-VER: the client lib version.",
    "UNBLOCK <clientid> [TIMEOUT|ERROR]",
    "    Unblock the specified blocked client.",
    "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]",
    "         [OPTIN] [OPTOUT] [NOLOOP]",
    "    Control server assisted client side caching.",
    "TRACKINGINFO",
    "    Report tracking status for the current connection.",
    "NO-EVICT (ON|OFF)",
    "    Protect current client connection from eviction.",
    "NO-TOUCH (ON|OFF)",
    "    Will not touch LRU/LFU stats when this mode is on.",
];
