//! MODULE: what is bundled, and that nothing else can be loaded.

use crate::command::Command;
use crate::command::args::Args;
use crate::command::connection::modules;
use crate::command::container;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::reply::help;
use crate::command::spec::*;
use crate::command::sub;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    container("MODULE", -2)
        .doc("4.0.0", "Depends on subcommand.", "", "A container for module commands."),
    sub("MODULE|HELP", 2, LOADING | STALE, &[], module_help)
        .doc("5.0.0", "O(1)", "", "Returns helpful text about the different subcommands."),
    sub("MODULE|LIST", 2, ADMIN | NOSCRIPT, &[], module_list)
        .doc("4.0.0", "O(N) where N is the number of loaded modules.", "", "Returns all loaded modules.")
        .tips(&["nondeterministic_output_order"]),
    sub("MODULE|LOAD", -3, ADMIN | NOSCRIPT | NO_ASYNC_LOADING, &[], module_load)
        .doc("4.0.0", "O(1)", "path [arg [arg ...]]", "Loads a module."),
    sub("MODULE|LOADEX", -3, ADMIN | NOSCRIPT | NO_ASYNC_LOADING, &[], module_loadex)
        .doc("7.0.0", "O(1)", "path [CONFIG name value [CONFIG name value ...]] [ARGS args [args ...]]", "Loads a module using extended parameters."),
    sub("MODULE|UNLOAD", 3, ADMIN | NOSCRIPT | NO_ASYNC_LOADING, &[], module_unload)
        .doc("4.0.0", "O(1)", "name", "Unloads a module."),
];

const NOT_ALLOWED: ReplyError = fixed(
    "ERR MODULE command not allowed. If the enable-module-command option is set to \"local\", you can run it from a \
     local connection, otherwise you need to set this option in the configuration file, and then restart the server.",
);

fn module_help(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(help("MODULE", HELP))
}

fn module_list(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(modules())
}

fn module_load(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Err(NOT_ALLOWED)
}

fn module_loadex(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Err(NOT_ALLOWED)
}

fn module_unload(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Err(NOT_ALLOWED)
}

const HELP: &[&str] = &[
    "LIST",
    "    Return a list of loaded modules.",
    "LOAD <path> [<arg> ...]",
    "    Load a module library from <path>, passing to it any optional arguments.",
    "LOADEX <path> [[CONFIG NAME VALUE] [CONFIG NAME VALUE]] [ARGS ...]",
    "    Load a module library from <path>, while passing it module configurations and optional arguments.",
    "UNLOAD <name>",
    "    Unload a module.",
];
