//! From a request to its reply: what happens for every command, so that no handler has to.

use super::Command;
use super::args::Args;
use super::context::Context;
use super::reply::ReplyError;
use super::reply::fixed;
use super::spec;
use crate::commit::Effect;
use crate::resp::Reply;
use crate::session::Queue;

const NOAUTH: ReplyError = fixed("NOAUTH Authentication required.");

/// Runs one request of a connection: looks the command up, refuses, queues or runs it.
pub fn execute(cx: &mut Context<'_>, argv: &[&[u8]]) -> Reply {
    let command = match admit(cx, argv) {
        Ok(command) => command,
        Err(error) => {
            if let Some(queue) = &mut cx.session.queue {
                queue.refused = true;
            }
            return error.into();
        }
    };
    if let Some(queue) = &mut cx.session.queue
        && !command.runs_inside_multi()
    {
        return enqueue(queue, command, argv);
    }
    if command.is_unit() {
        // EXEC records the commands of its queue, not itself.
        return call(cx, command, argv).0;
    }
    call_recorded(cx, command, argv)
}

/// Runs a command as one of the unit's own: it is recorded with its effect.
pub(super) fn call_recorded(cx: &mut Context<'_>, command: &Command, argv: &[&[u8]]) -> Reply {
    let (reply, effect) = call(cx, command, argv);
    cx.unit.record(argv, effect);
    reply
}

/// Runs a command inside a script: its effect is part of the script's.
pub(super) fn call_nested(cx: &mut Context<'_>, command: &Command, argv: &[&[u8]]) -> Reply {
    let (reply, effect) = call(cx, command, argv);
    cx.unit.nest(argv, effect);
    reply
}

/// Runs recorded effects again, as recovery and time travel do. Whatever a command answers, its effect is
/// what it was when it was recorded.
pub fn apply(cx: &mut Context<'_>, argv: &[&[u8]]) -> Reply {
    match super::resolve(argv) {
        Ok(command) => call(cx, command, argv).0,
        Err(error) => error.into(),
    }
}

/// The command, if the connection may run it now.
fn admit(cx: &mut Context<'_>, argv: &[&[u8]]) -> Result<&'static Command, ReplyError> {
    let command = super::resolve(argv)?;
    if !cx.session.authenticated && command.flags & spec::NO_AUTH == 0 {
        return Err(NOAUTH);
    }
    if let Some(reason) = &cx.world.broken
        && command.flags & spec::WRITE != 0
    {
        return Err(ReplyError::new(format!(
            "MISCONF The journal can't be written, so writes are refused: {reason}"
        )));
    }
    if cx.session.queue.is_some() && command.flags & spec::NO_MULTI != 0 {
        return Err(fixed("ERR Command not allowed inside a transaction"));
    }
    Ok(command)
}

fn enqueue(queue: &mut Queue, _command: &Command, argv: &[&[u8]]) -> Reply {
    queue.commands.push(argv);
    Reply::simple("QUEUED")
}

fn call(cx: &mut Context<'_>, command: &Command, argv: &[&[u8]]) -> (Reply, Effect) {
    cx.world.stats.commands += 1;
    cx.session.last_command = command.name;
    let frame = cx.unit.begin_call();
    let args = Args::new(argv, command.words());
    let reply = (command.run)(cx, args).unwrap_or_else(Reply::from);
    let effect = cx.unit.end_call(frame, argv);
    (reply, effect)
}
