//! Scripting commands: EVAL and its kin, and SCRIPT. Lua itself is in `lua`; it reaches commands only through
//! [`Host`].

mod api;
mod convert;
mod eval;
mod lib;
mod lua;
mod raised;
mod sandbox;
mod shebang;

#[cfg(test)]
mod differential;
#[cfg(test)]
mod tests;

pub use lua::Host;
pub use lua::Interpreter;
pub use lua::sha1_hex;
pub use shebang::ScriptFlags;

use std::collections::BTreeMap;
use std::fmt;

use super::Command;
use super::args::Args;
use super::cmd;
use super::container;
use super::context::Context;
use super::reply::ReplyError;
use super::reply::Result;
use super::reply::fixed;
use super::reply::help;
use super::spec::*;
use super::sub;
use crate::resp::Reply;

const NO_SCRIPT: ReplyError = fixed("NOSCRIPT No matching script. Please use EVAL.");
/// The length of a SHA1 in hexadecimal; what is not one is refused before anything else is read.
const SHA_LEN: usize = 40;

#[rustfmt::skip] // One command per row: this table is the family's index.
pub(super) const COMMANDS: &[Command] = &[
    cmd("EVAL", -3, NOSCRIPT | STALE | SKIP_MONITOR | NO_MANDATORY_KEYS, &[numkeys(2, RW | ACCESS | UPDATE).note("We cannot tell how the keys will be used so we assume the worst, RW and UPDATE")], eval)
        .doc("2.6.0", "Depends on the script that is executed.", "script numkeys [key [key ...]] [arg [arg ...]]", "Executes a server-side Lua script."),
    cmd("EVAL_RO", -3, READONLY | NOSCRIPT | STALE | SKIP_MONITOR | NO_MANDATORY_KEYS, &[numkeys(2, RO | ACCESS).note("We cannot tell how the keys will be used so we assume the worst, RO and ACCESS")], eval_ro)
        .doc("7.0.0", "Depends on the script that is executed.", "script numkeys [key [key ...]] [arg [arg ...]]", "Executes a read-only server-side Lua script."),
    cmd("EVALSHA", -3, NOSCRIPT | STALE | SKIP_MONITOR | NO_MANDATORY_KEYS, &[numkeys(2, RW | ACCESS | UPDATE)], evalsha)
        .doc("2.6.0", "Depends on the script that is executed.", "sha1 numkeys [key [key ...]] [arg [arg ...]]", "Executes a server-side Lua script by SHA1 digest."),
    cmd("EVALSHA_RO", -3, READONLY | NOSCRIPT | STALE | SKIP_MONITOR | NO_MANDATORY_KEYS, &[numkeys(2, RO | ACCESS)], evalsha_ro)
        .doc("7.0.0", "Depends on the script that is executed.", "sha1 numkeys [key [key ...]] [arg [arg ...]]", "Executes a read-only server-side Lua script by SHA1 digest."),
    container("SCRIPT", -2)
        .doc("2.6.0", "Depends on subcommand.", "", "A container for Lua scripts management commands."),
    sub("SCRIPT|DEBUG", 3, NOSCRIPT, &[], script_debug)
        .doc("3.2.0", "O(1)", "<YES | SYNC | NO>", "Sets the debug mode of server-side Lua scripts."),
    sub("SCRIPT|EXISTS", -3, NOSCRIPT, &[], script_exists)
        .doc("2.6.0", "O(N) with N being the number of scripts to check (so checking a single script is an O(1) operation).", "sha1 [sha1 ...]", "Determines whether server-side Lua scripts exist in the script cache.")
        .tips(&["request_policy:all_shards", "response_policy:agg_logical_and"]),
    sub("SCRIPT|FLUSH", -2, NOSCRIPT, &[], script_flush)
        .doc("2.6.0", "O(N) with N being the number of scripts in cache", "[ASYNC | SYNC]", "Removes all server-side Lua scripts from the script cache.")
        .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"]),
    sub("SCRIPT|HELP", 2, LOADING | STALE, &[], script_help)
        .doc("5.0.0", "O(1)", "", "Returns helpful text about the different subcommands."),
    sub("SCRIPT|KILL", 2, NOSCRIPT | ALLOW_BUSY, &[], script_kill)
        .doc("2.6.0", "O(1)", "", "Terminates a server-side Lua script during execution.")
        .tips(&["request_policy:all_shards", "response_policy:one_succeeded"]),
    sub("SCRIPT|LOAD", 3, NOSCRIPT | STALE, &[], script_load)
        .doc("2.6.0", "O(N) with N being the length in bytes of the script body.", "script", "Loads a server-side Lua script to the script cache.")
        .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"]),
];

/// The scripts of a world, and the Lua that runs them. Lua starts with the first script.
#[derive(Default)]
pub struct Scripts {
    interpreter: Option<Interpreter>,
    flags: BTreeMap<String, ScriptFlags>,
}

impl Scripts {
    /// The number of scripts.
    pub fn len(&self) -> usize {
        self.flags.len()
    }

    /// Whether there is no script.
    pub fn is_empty(&self) -> bool {
        self.flags.is_empty()
    }

    /// Whether the script that EVAL or EVALSHA names may write, as far as it says.
    pub fn may_write(&self, command: &str, script: &[u8]) -> bool {
        let flags = match command {
            "EVAL" => shebang::parse(script).ok().map(|(flags, _)| flags),
            _ => {
                let sha = String::from_utf8_lossy(script).to_ascii_lowercase();
                self.flags.get(&sha).copied()
            }
        };
        flags.is_none_or(|flags| !flags.no_writes)
    }

    fn load(&mut self, script: &[u8]) -> Result<String> {
        let sha = sha1_hex(script);
        if !self.flags.contains_key(&sha) {
            let interpreter = self.interpreter.get_or_insert_default();
            let flags = interpreter.load(&sha, script).map_err(ReplyError::new)?;
            self.flags.insert(sha.clone(), flags);
        }
        Ok(sha)
    }

    fn clear(&mut self) {
        self.flags.clear();
        if let Some(interpreter) = &mut self.interpreter {
            interpreter.clear();
        }
    }
}

impl fmt::Debug for Scripts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.flags.keys()).finish()
    }
}

fn eval(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    eval_text(cx, args, false)
}

fn eval_ro(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    eval_text(cx, args, true)
}

fn evalsha(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    eval_sha(cx, args, false)
}

fn evalsha_ro(cx: &mut Context<'_>, args: Args<'_>) -> Result {
    eval_sha(cx, args, true)
}

fn eval_text(cx: &mut Context<'_>, mut args: Args<'_>, read_only: bool) -> Result {
    let script = args.next()?;
    let given = keys_and_args(&mut args)?;
    let sha = load(cx, script)?;
    run(cx, &sha, read_only, given)
}

fn eval_sha(cx: &mut Context<'_>, mut args: Args<'_>, read_only: bool) -> Result {
    let sha = String::from_utf8_lossy(args.next()?).to_ascii_lowercase();
    if sha.len() != SHA_LEN {
        return Err(NO_SCRIPT);
    }
    let given = keys_and_args(&mut args)?;
    run(cx, &sha, read_only, given)
}

/// What a script is given: `KEYS` and `ARGV`.
#[derive(Clone, Copy)]
struct Given<'a> {
    keys: &'a [&'a [u8]],
    args: &'a [&'a [u8]],
}

/// `numkeys key … arg …`
fn keys_and_args<'a>(args: &mut Args<'a>) -> Result<Given<'a>> {
    let count = args.i64()?;
    let count =
        usize::try_from(count).map_err(|_| fixed("ERR Number of keys can't be negative"))?;
    if count > args.len() {
        return Err(fixed(
            "ERR Number of keys can't be greater than number of args",
        ));
    }
    Ok(Given {
        keys: args.take(count)?,
        args: args.rest(),
    })
}

fn run(cx: &mut Context<'_>, sha: &str, read_only: bool, given: Given<'_>) -> Result {
    let flags = *cx.world.scripts.flags.get(sha).ok_or(NO_SCRIPT)?;
    // Out of the world while it runs: the script works on the world. Scripts can't call scripts.
    let mut interpreter = cx.world.scripts.interpreter.take().ok_or(NO_SCRIPT)?;
    let reply = eval::eval(cx, &mut interpreter, sha, flags, read_only, given);
    cx.world.scripts.interpreter = Some(interpreter);
    reply
}

fn script_load(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    load(cx, args.next()?).map(Reply::bulk)
}

/// Loads a script, which EVALSHA finds from then on.
fn load(cx: &mut Context<'_>, script: &[u8]) -> Result<String> {
    let before = cx.world.scripts.len();
    let sha = cx.world.scripts.load(script)?;
    if cx.world.scripts.len() > before {
        cx.unit.setting();
    }
    Ok(sha)
}

fn script_exists(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    let exists = |sha: &&[u8]| {
        let sha = String::from_utf8_lossy(sha).to_ascii_lowercase();
        Reply::flag(cx.world.scripts.flags.contains_key(&sha))
    };
    Ok(Reply::Array(args.rest().iter().map(exists).collect()))
}

fn script_flush(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    // How it is done makes no difference here.
    let _ = args.keyword("SYNC") || args.keyword("ASYNC");
    if !args.is_empty() {
        return Err(fixed("ERR SCRIPT FLUSH only support SYNC|ASYNC option"));
    }
    cx.world.scripts.clear();
    cx.unit.setting();
    Ok(Reply::OK)
}

/// A script that runs has the engine for itself, so that whoever gets here finds none to kill; those who can't
/// get here are answered by [`Busy`](super::busy::Busy).
fn script_kill(cx: &mut Context<'_>, _: Args<'_>) -> Result {
    cx.world.busy.kill().map(|()| Reply::OK)
}

fn script_debug(cx: &mut Context<'_>, mut args: Args<'_>) -> Result {
    if cx.session.executing.is_some() {
        return Err(fixed("ERR SCRIPT DEBUG must be called outside a pipeline"));
    }
    if args.keyword("NO") {
        return Ok(Reply::OK);
    }
    if args.keyword("YES") || args.keyword("SYNC") {
        return Err(fixed("ERR the Lua debugger is not supported by fakeredis"));
    }
    Err(fixed("ERR Use SCRIPT DEBUG YES/SYNC/NO"))
}

fn script_help(_: &mut Context<'_>, _: Args<'_>) -> Result {
    Ok(help(
        "SCRIPT",
        &[
            "DEBUG (YES|SYNC|NO)",
            "    Set the debug mode for subsequent scripts executed.",
            "EXISTS <sha1> [<sha1> ...]",
            "    Return information about the existence of the scripts in the script cache.",
            "FLUSH [ASYNC|SYNC]",
            "    Flush the Lua scripts cache. Very dangerous on replicas.",
            "    When called without the optional mode argument, the behavior is determined by the",
            "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
            "    * ASYNC: Asynchronously flush the scripts cache.",
            "    * SYNC: Synchronously flush the scripts cache.",
            "KILL",
            "    Kill the currently executing Lua script.",
            "LOAD <script>",
            "    Load a script into the scripts cache without executing it.",
        ],
    ))
}
