//! COMMAND: the rows, for clients.

use crate::bytes::Bytes;
use crate::command::Command;
use crate::command::FAMILIES;
use crate::command::args::Args;
use crate::command::cmd;
use crate::command::context::Context;
use crate::command::find;
use crate::command::lookup;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::reply::help;
use crate::command::spec::*;
use crate::command::sub;
use crate::resp::Reply;
use crate::value::glob_match;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    cmd("COMMAND", -1, LOADING | STALE | CAT_CONNECTION, &[], command)
        .doc("2.8.13", "O(N) where N is the total number of commands", "", "Returns detailed information about all commands.")
        .tips(&["nondeterministic_output_order"]),
    sub("COMMAND|COUNT", 2, LOADING | STALE | CAT_CONNECTION, &[], command_count)
        .doc("2.8.13", "O(1)", "", "Returns a count of commands."),
    sub("COMMAND|DOCS", -2, LOADING | STALE | CAT_CONNECTION, &[], command_docs)
        .doc("7.0.0", "O(N) where N is the number of commands to look up", "[command-name [command-name ...]]", "Returns documentary information about one, multiple or all commands.")
        .tips(&["nondeterministic_output_order"]),
    sub("COMMAND|GETKEYS", -3, LOADING | STALE | CAT_CONNECTION, &[], command_getkeys)
        .doc("2.8.13", "O(N) where N is the number of arguments to the command", "command [arg [arg ...]]", "Extracts the key names from an arbitrary command."),
    sub("COMMAND|GETKEYSANDFLAGS", -3, LOADING | STALE | CAT_CONNECTION, &[], command_getkeysandflags)
        .doc("7.0.0", "O(N) where N is the number of arguments to the command", "command [arg [arg ...]]", "Extracts the key names and access flags for an arbitrary command."),
    sub("COMMAND|HELP", 2, LOADING | STALE | CAT_CONNECTION, &[], command_help)
        .doc("5.0.0", "O(1)", "", "Returns helpful text about the different subcommands."),
    sub("COMMAND|INFO", -2, LOADING | STALE | CAT_CONNECTION, &[], command_info)
        .doc("2.8.13", "O(N) where N is the number of commands to look up", "[command-name [command-name ...]]", "Returns information about one, multiple or all commands.")
        .tips(&["nondeterministic_output_order"]),
    sub("COMMAND|LIST", -2, LOADING | STALE | CAT_CONNECTION, &[], command_list)
        .doc("7.0.0", "O(N) where N is the total number of commands", "[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]", "Returns a list of command names.")
        .tips(&["nondeterministic_output_order"]),
];

fn command(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(Reply::Array(
        top_level()
            .map(|(group, command)| info(group, command))
            .collect(),
    ))
}

fn command_count(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(Reply::len(top_level().count()))
}

fn command_info(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    if args.is_empty() {
        return command(cx, args);
    }
    let entry = |name: &&[u8]| named(name).map_or(Reply::Null, |(group, row)| info(group, row));
    Ok(Reply::Array(args.rest().iter().map(entry).collect()))
}

fn command_docs(_: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let entry = |(group, row): (Group, &'static Command)| docs(group, row);
    Ok(Reply::Map(match args.rest() {
        [] => top_level().map(entry).collect(),
        names => names
            .iter()
            .filter_map(|name| named(name))
            .map(entry)
            .collect(),
    }))
}

fn command_getkeys(_: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let argv = args.rest();
    let keys = keys_in(argv)?;
    Ok(Reply::bulks(keys.iter().map(|key| argv[key.index])))
}

fn command_getkeysandflags(_: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let argv = args.rest();
    let keys = keys_in(argv)?;
    Ok(Reply::Array(
        keys.iter()
            .map(|key| key.reply(Bytes::from(argv[key.index])))
            .collect(),
    ))
}

fn command_help(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(help("COMMAND", HELP))
}

/// `COMMAND LIST [FILTERBY <MODULE name | ACLCAT category | PATTERN pattern>]`
fn command_list(_: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let shown = |rows: &mut dyn Iterator<Item = (Group, &'static Command)>| {
        Reply::bulks(rows.map(|(_, row)| row.shown_name()))
    };
    if args.is_empty() {
        return Ok(shown(&mut all()));
    }
    if args.len() != 3 || !args.keyword("FILTERBY") {
        return Err(ReplyError::SYNTAX);
    }
    let (filter, text) = (args.next()?, args.next()?);
    match filter.to_ascii_lowercase().as_slice() {
        b"module" => {
            let is_bundled = text == b"vectorset";
            Ok(shown(&mut all().filter(|(group, _)| {
                is_bundled && *group == Group::VectorSet
            })))
        }
        b"aclcat" => {
            let category = str::from_utf8(text).ok().and_then(category).unwrap_or(0);
            Ok(shown(&mut all().filter(|(group, row)| {
                categories(row.flags, *group) & category != 0
            })))
        }
        b"pattern" => {
            let matches = |name: &str| glob_match(text, name.as_bytes(), true);
            Ok(shown(&mut all().filter(|(_, row)| matches(row.name))))
        }
        _ => Err(ReplyError::SYNTAX),
    }
}

/// All rows with their groups, subcommands too.
pub(super) fn all() -> impl Iterator<Item = (Group, &'static Command)> {
    FAMILIES
        .iter()
        .flat_map(|family| family.commands.iter().map(|row| (family.group, row)))
}

/// The rows that are no subcommand's.
fn top_level() -> impl Iterator<Item = (Group, &'static Command)> {
    all().filter(|(_, row)| !row.name.contains('|'))
}

fn subcommands(container: &Command) -> impl Iterator<Item = (Group, &'static Command)> {
    all().filter(|(_, row)| {
        row.name
            .split_once('|')
            .is_some_and(|(name, _)| name == container.name)
    })
}

/// The row called `name`, whatever the case.
fn named(name: &[u8]) -> Option<(Group, &'static Command)> {
    let row = lookup(name)?;
    all().find(|(_, other)| other.name == row.name)
}

fn info(group: Group, row: &'static Command) -> Reply {
    let subcommands = subcommands(row).map(|(group, row)| row.info(group, Vec::new()));
    row.info(group, subcommands.collect())
}

fn docs(group: Group, row: &'static Command) -> (Reply, Reply) {
    let name = |row: &Command| Reply::bulk(row.shown_name());
    let subcommands = subcommands(row).map(|(group, row)| (name(row), row.docs(group, Vec::new())));
    (name(row), row.docs(group, subcommands.collect()))
}

/// The keys of a command line.
fn keys_in(argv: &[&[u8]]) -> Result<KeyRefs> {
    let row = find(argv).map_err(|_| fixed("ERR Invalid command specified"))?;
    if !has_keys(row.keys) {
        return Err(fixed("ERR The command has no key arguments"));
    }
    if !row.accepts(argv.len()) {
        return Err(fixed(
            "ERR Invalid number of arguments specified for command",
        ));
    }
    let keys = keys_of(row.keys, argv);
    if keys.is_empty() && row.flags & NO_MANDATORY_KEYS == 0 {
        return Err(fixed("ERR Invalid arguments specified for command"));
    }
    Ok(keys)
}

const HELP: &[&str] = &[
    "(no subcommand)",
    "    Return details about all Redis commands.",
    "COUNT",
    "    Return the total number of commands in this Redis server.",
    "LIST",
    "    Return a list of all commands in this Redis server.",
    "INFO [<command-name> ...]",
    "    Return details about multiple Redis commands.",
    "    If no command names are given, documentation details for all",
    "    commands are returned.",
    "DOCS [<command-name> ...]",
    "    Return documentation details about multiple Redis commands.",
    "    If no command names are given, documentation details for all",
    "    commands are returned.",
    "GETKEYS <full-command>",
    "    Return the keys from a full Redis command.",
    "GETKEYSANDFLAGS <full-command>",
    "    Return the keys and the access flags from a full Redis command.",
];
