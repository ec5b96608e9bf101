//! CONFIG: the parameters at run time.

use crate::command::Command;
use crate::command::args::Args;
use crate::command::container;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::help;
use crate::command::spec::*;
use crate::command::stats::Stats;
use crate::command::sub;
use crate::resp::Reply;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    container("CONFIG", -2)
        .doc("2.0.0", "Depends on subcommand.", "", "A container for server configuration commands."),
    sub("CONFIG|GET", -3, ADMIN | NOSCRIPT | LOADING | STALE, &[], config_get)
        .doc("2.0.0", "O(N) when N is the number of configuration parameters provided", "parameter [parameter ...]", "Returns the effective values of configuration parameters."),
    sub("CONFIG|HELP", 2, LOADING | STALE, &[], config_help)
        .doc("5.0.0", "O(1)", "", "Returns helpful text about the different subcommands."),
    sub("CONFIG|RESETSTAT", 2, ADMIN | NOSCRIPT | LOADING | STALE, &[], config_resetstat)
        .doc("2.0.0", "O(1)", "", "Resets the server's statistics.")
        .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"]),
    sub("CONFIG|REWRITE", 2, ADMIN | NOSCRIPT | LOADING | STALE, &[], config_rewrite)
        .doc("2.8.0", "O(1)", "", "Persists the effective configuration to file.")
        .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"]),
    sub("CONFIG|SET", -4, ADMIN | NOSCRIPT | LOADING | STALE, &[], config_set)
        .doc("2.0.0", "O(N) when N is the number of configuration parameters provided", "parameter value [parameter value ...]", "Sets configuration parameters in-flight.")
        .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"]),
];

fn config_get(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let found = cx.world.config.get(args.rest()).into_iter();
    Ok(Reply::Map(
        found
            .map(|(name, value)| (Reply::Bulk(name), Reply::Bulk(value)))
            .collect(),
    ))
}

fn config_help(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(help("CONFIG", HELP))
}

fn config_resetstat(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    cx.world.stats = Stats::default();
    Ok(Reply::OK)
}

fn config_rewrite(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    let conf = cx.world.config.to_conf();
    match cx.host.rewrite_config(&conf) {
        Ok(()) => Ok(Reply::OK),
        Err(reason) => Err(ReplyError::new(format!("ERR {reason}"))),
    }
}

/// `CONFIG SET parameter value [parameter value …]`: all or nothing, the engine's part included.
fn config_set(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let (pairs, rest) = args.rest().as_chunks::<2>();
    if !rest.is_empty() {
        return Err(ReplyError::SYNTAX);
    }
    let mut after = cx.world.config.clone();
    after.set(pairs, cx.session.address.is_local())?;
    if let Err((name, reason)) = cx.host.reconfigure(&cx.world.config, &after) {
        return Err(ReplyError::new(format!(
            "ERR CONFIG SET failed (possibly related to argument '{name}') - {reason}"
        )));
    }
    cx.world.reconfigure(after);
    cx.unit.setting();
    Ok(Reply::OK)
}

const HELP: &[&str] = &[
    "GET <pattern>",
    "    Return parameters matching the glob-like <pattern> and their values.",
    "SET <directive> <value>",
    "    Set the configuration <directive> to <value>.",
    "RESETSTAT",
    "    Reset statistics reported by the INFO command.",
    "REWRITE",
    "    Rewrite the configuration file.",
];
