//! Replication, as a server without replicas and without a primary answers.

use crate::command::args::Args;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::reply::printed;
use crate::number::parse_i64;
use crate::resp::Reply;

const NO_REPLICAS: ReplyError =
    fixed("ERR a fake has no replicas: export its journal to a real server instead");

/// `FAILOVER [TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]`
pub(super) fn failover(_: &mut Context<'_>, mut args: Args<'_>) -> Result {
    if args.len() == 1 && args.keyword("ABORT") {
        return Err(fixed("ERR No failover in progress."));
    }
    while !args.is_empty() {
        if args.keyword_with("TO", 2) {
            args.next()?;
            args.i64()?;
        } else if args.keyword_with("TIMEOUT", 1) {
            if args.i64()? <= 0 {
                return Err(fixed("ERR FAILOVER timeout must be greater than 0"));
            }
        } else if !args.keyword("FORCE") {
            return Err(ReplyError::SYNTAX);
        }
    }
    Err(fixed("ERR FAILOVER requires connected replicas."))
}

pub(super) fn psync(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Err(NO_REPLICAS)
}

pub(super) fn sync(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Err(NO_REPLICAS)
}

/// `REPLCONF option value…`: what a replica says about itself is heard and forgotten.
pub(super) fn replconf(_: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (pairs, rest) = args.rest().as_chunks::<2>();
    if !rest.is_empty() {
        return Err(ReplyError::SYNTAX);
    }
    for [option, value] in pairs {
        match option.to_ascii_lowercase().as_slice() {
            b"listening-port" if parse_i64(value).is_none() => {
                return Err(ReplyError::NOT_AN_INTEGER);
            }
            b"listening-port" | b"ip-address" | b"capa" => {}
            _ => {
                let option = printed(option, usize::MAX);
                return Err(ReplyError::new(format!(
                    "ERR Unrecognized REPLCONF option: {option}"
                )));
            }
        }
    }
    Ok(Reply::OK)
}

/// `REPLICAOF <host port | NO ONE>`: a fake is a primary and stays one.
pub(super) fn replicaof(_: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (host, port) = (args.next()?, args.next()?);
    if host.eq_ignore_ascii_case(b"no") && port.eq_ignore_ascii_case(b"one") {
        return Ok(Reply::OK);
    }
    if !parse_i64(port).is_some_and(|port| (0..=65535).contains(&port)) {
        return Err(fixed("ERR Invalid master port"));
    }
    Err(fixed("ERR a fake can't be a replica"))
}

pub(super) fn role(_: &mut Context<'_>, _: Args<'_>) -> Result {
    let replicas = Reply::Array(Vec::new());
    Ok(Reply::Array(vec![
        Reply::bulk("master"),
        Reply::Int(0),
        replicas,
    ]))
}
