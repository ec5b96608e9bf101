//! ACL: one user, `default`, who may do everything, with `requirepass` for a password.

use std::borrow::Cow;
use std::fmt::Write;

use sha2::Digest;
use sha2::Sha256;

use super::command::all;
use crate::command::Command;
use crate::command::args::Args;
use crate::command::container;
use crate::command::context::Context;
use crate::command::reply::ReplyError;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::reply::help;
use crate::command::reply::printed;
use crate::command::resolve;
use crate::command::spec::*;
use crate::command::sub;
use crate::resp::Reply;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(in crate::command) const COMMANDS: &[Command] = &[
    container("ACL", -2)
        .doc("6.0.0", "Depends on subcommand.", "", "A container for Access List Control commands."),
    sub("ACL|CAT", -2, NOSCRIPT | LOADING | STALE, &[], acl_cat)
        .doc("6.0.0", "O(1) since the categories and commands are a fixed set.", "[category]", "Lists the ACL categories, or the commands inside a category."),
    sub("ACL|DELUSER", -3, ADMIN | NOSCRIPT | LOADING | STALE, &[], acl_deluser)
        .doc("6.0.0", "O(1) amortized time considering the typical user.", "username [username ...]", "Deletes ACL users, and terminates their connections.")
        .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"]),
    sub("ACL|DRYRUN", -4, ADMIN | NOSCRIPT | LOADING | STALE, &[], acl_dryrun)
        .doc("7.0.0", "O(1).", "username command [arg [arg ...]]", "Simulates the execution of a command by a user, without executing the command."),
    sub("ACL|GENPASS", -2, NOSCRIPT | LOADING | STALE, &[], acl_genpass)
        .doc("6.0.0", "O(1)", "[bits]", "Generates a pseudorandom, secure password that can be used to identify ACL users."),
    sub("ACL|GETUSER", 3, ADMIN | NOSCRIPT | LOADING | STALE, &[], acl_getuser)
        .doc("6.0.0", "O(N). Where N is the number of password, command and pattern rules that the user has.", "username", "Lists the ACL rules of a user."),
    sub("ACL|HELP", 2, LOADING | STALE, &[], acl_help)
        .doc("6.0.0", "O(1)", "", "Returns helpful text about the different subcommands."),
    sub("ACL|LIST", 2, ADMIN | NOSCRIPT | LOADING | STALE, &[], acl_list)
        .doc("6.0.0", "O(N). Where N is the number of configured users.", "", "Dumps the effective rules in ACL file format."),
    sub("ACL|LOAD", 2, ADMIN | NOSCRIPT | LOADING | STALE, &[], acl_load)
        .doc("6.0.0", "O(N). Where N is the number of configured users.", "", "Reloads the rules from the configured ACL file."),
    sub("ACL|LOG", -2, ADMIN | NOSCRIPT | LOADING | STALE, &[], acl_log)
        .doc("6.0.0", "O(N) with N being the number of entries shown.", "[count | RESET]", "Lists recent security events generated due to ACL rules."),
    sub("ACL|SAVE", 2, ADMIN | NOSCRIPT | LOADING | STALE, &[], acl_save)
        .doc("6.0.0", "O(N). Where N is the number of configured users.", "", "Saves the effective ACL rules in the configured ACL file.")
        .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"]),
    sub("ACL|SETUSER", -3, ADMIN | NOSCRIPT | LOADING | STALE, &[], acl_setuser)
        .doc("6.0.0", "O(N). Where N is the number of rules provided.", "username [rule [rule ...]]", "Creates and modifies an ACL user and its rules.")
        .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"]),
    sub("ACL|USERS", 2, ADMIN | NOSCRIPT | LOADING | STALE, &[], acl_users)
        .doc("6.0.0", "O(N). Where N is the number of configured users.", "", "Lists all ACL users."),
    sub("ACL|WHOAMI", 2, NOSCRIPT | LOADING | STALE, &[], acl_whoami)
        .doc("6.0.0", "O(1)", "", "Returns the authenticated username of the current connection."),
];

const NO_ACL_FILE: ReplyError = fixed(
    "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER \
     command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store \
     users in the Redis configuration.",
);

/// `ACL CAT [category]`
fn acl_cat(_: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let name = match args.rest() {
        [] => return Ok(Reply::bulks(all_category_names())),
        [name] => *name,
        _ => return Err(ReplyError::subcommand("ACL", args.argv()[1])),
    };
    let name = printed(name, usize::MAX).to_ascii_lowercase();
    let wanted =
        category(&name).ok_or_else(|| ReplyError::new(format!("ERR Unknown category '{name}'")))?;
    let within = all().filter(|(group, row)| categories(row.flags, *group) & wanted != 0);
    let real = within.filter(|(_, row)| row.flags & CONTAINER == 0);
    Ok(Reply::bulks(real.map(|(_, row)| row.shown_name())))
}

fn acl_deluser(_: &mut Context<'_>, mut args: Args<'_>) -> Result {
    if args.rest().contains(&b"default".as_slice()) {
        return Err(fixed("ERR The 'default' user cannot be removed"));
    }
    Ok(Reply::Int(0))
}

/// `ACL DRYRUN username command [arg…]`
fn acl_dryrun(_: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let user = args.next()?;
    if user != b"default" {
        let user = printed(user, usize::MAX);
        return Err(ReplyError::new(format!("ERR User '{user}' not found")));
    }
    let argv = args.rest();
    if crate::command::find(argv).is_err() {
        let name = printed(argv[0], usize::MAX);
        return Err(ReplyError::new(format!("ERR Command '{name}' not found")));
    }
    resolve(argv).map(|_| Reply::OK)
}

/// `ACL GENPASS [bits]`: random digits, four bits each.
fn acl_genpass(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let bits = match args.len() {
        0 => 256,
        1 => args.i64()?,
        _ => return Err(ReplyError::subcommand("ACL", args.argv()[1])),
    };
    if !(1..=4096).contains(&bits) {
        return Err(fixed(
            "ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to \
             4096",
        ));
    }
    let digits = (bits as usize).div_ceil(4);
    let rng = cx.rng();
    let digit = |_| char::from(b"0123456789abcdef"[rng.below(16)]);
    Ok(Reply::bulk((0..digits).map(digit).collect::<String>()))
}

fn acl_getuser(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    if args.next()? != b"default" {
        return Ok(Reply::Null);
    }
    let password = password(cx);
    let mut flags = vec![Reply::bulk("on")];
    flags.extend(password.is_none().then(|| Reply::bulk("nopass")));
    flags.push(Reply::bulk("sanitize-payload"));
    let fields = [
        ("flags", Reply::Set(flags)),
        ("passwords", Reply::bulks(password)),
        ("commands", Reply::bulk("+@all")),
        ("keys", Reply::bulk("~*")),
        ("channels", Reply::bulk("&*")),
        ("selectors", Reply::Array(Vec::new())),
    ];
    Ok(Reply::map(fields))
}

fn acl_help(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(help("ACL", HELP))
}

fn acl_list(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    let pass = password(cx).map_or(Cow::from("nopass sanitize-payload"), |hash| {
        format!("sanitize-payload #{hash}").into()
    });
    Ok(Reply::bulks([format!(
        "user default on {pass} ~* &* +@all"
    )]))
}

fn acl_load(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Err(NO_ACL_FILE)
}

/// `ACL LOG [count | RESET]`: nothing is kept.
fn acl_log(_: &mut Context<'_>, mut args: Args<'_>) -> Result {
    if args.len() > 1 {
        return Err(ReplyError::subcommand("ACL", args.argv()[1]));
    }
    if args.keyword("RESET") {
        return Ok(Reply::OK);
    }
    if !args.is_empty() {
        args.i64()?;
    }
    Ok(Reply::Array(Vec::new()))
}

fn acl_save(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Err(NO_ACL_FILE)
}

/// `ACL SETUSER username [rule…]`: the one user keeps all rights; a rule may set the password.
fn acl_setuser(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let user = args.next()?;
    if user != b"default" {
        return Err(fixed("ERR a fake has no user but 'default'"));
    }
    let mut password = None;
    for rule in args.rest() {
        match *rule {
            b"on" | b"~*" | b"allkeys" | b"&*" | b"allchannels" | b"+@all" | b"allcommands"
            | b"sanitize-payload" => {}
            b"nopass" | b"resetpass" => password = Some(&b""[..]),
            [b'>', text @ ..] => password = Some(text),
            _ => {
                let rule = printed(rule, usize::MAX);
                return Err(ReplyError::new(format!(
                    "ERR Error in ACL SETUSER modifier '{rule}': a fake's user may do everything"
                )));
            }
        }
    }
    if let Some(password) = password {
        cx.world.config.set(&[[b"requirepass", password]], true)?;
        cx.unit.setting();
    }
    Ok(Reply::OK)
}

fn acl_users(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(Reply::bulks(["default"]))
}

fn acl_whoami(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(Reply::bulk("default"))
}

/// The SHA-256 of the password, where there is one.
fn password(cx: &Context<'_>) -> Option<String> {
    let password = cx.world.config.requirepass();
    let hash = |password: &[u8]| {
        Sha256::digest(password)
            .iter()
            .fold(String::new(), |mut hex, byte| {
                write!(hex, "{byte:02x}").expect("a String takes every write");
                hex
            })
    };
    (!password.is_empty()).then(|| hash(password.as_bytes()))
}

const HELP: &[&str] = &[
    "CAT [<category>]",
    "    List all commands that belong to <category>, or all command categories",
    "    when no category is specified.",
    "DELUSER <username> [<username> ...]",
    "    Delete a list of users.",
    "DRYRUN <username> <command> [<arg> ...]",
    "    Returns whether the user can execute the given command without executing the command.",
    "GETUSER <username>",
    "    Get the user's details.",
    "GENPASS [<bits>]",
    "    Generate a secure 256-bit user password. The optional `bits` argument can",
    "    be used to specify a different size.",
    "LIST",
    "    Show users details in config file format.",
    "LOAD",
    "    Reload users from the ACL file.",
    "LOG [<count> | RESET]",
    "    Show the ACL log entries.",
    "SAVE",
    "    Save the current config to the ACL file.",
    "SETUSER <username> <attribute> [<attribute> ...]",
    "    Create or modify a user with the specified attributes.",
    "USERS",
    "    List all the registered usernames.",
    "WHOAMI",
    "    Return the current connection username.",
];
