//! From a request to its reply: what happens for every command, so that no handler has to.

use std::time::Duration;

use super::Command;
use super::args::Args;
use super::config::Config;
use super::context::Context;
use super::monitor;
use super::reply::ReplyError;
use super::reply::fixed;
use super::secrets::redacted;
use super::spec;
use super::unit::Delivery;
use super::world::World;
use crate::clock::Reading;
use crate::commit::Effect;
use crate::commit::Origin;
use crate::resp::Protocol;
use crate::resp::Reply;
use crate::session::Queue;
use crate::session::Replies;

/// There is more data than `maxmemory`, and nothing can be evicted.
pub(super) const OUT_OF_MEMORY: ReplyError =
    fixed("OOM command not allowed when used memory > 'maxmemory'.");
const NOAUTH: ReplyError = fixed("NOAUTH Authentication required.");

/// Runs one request of a connection: looks the command up, refuses, queues or runs it.
#[inline]
pub fn execute(cx: &mut Context<'_>, argv: &[&[u8]]) -> Reply {
    if cx.session.replies == Replies::On {
        let reply = run(cx, argv);
        return match cx.session.replies {
            Replies::On => reply,
            _ => Reply::Silence,
        };
    }
    execute_silently(cx, argv)
}

/// Runs a request of a connection that does not want its reply, or not the next one.
fn execute_silently(cx: &mut Context<'_>, argv: &[&[u8]]) -> Reply {
    if cx.session.replies == Replies::SkipNext {
        cx.session.replies = Replies::Skip;
    }
    let reply = run(cx, argv);
    match cx.session.replies {
        Replies::On => return reply,
        // The reply that is not wanted is still to come.
        Replies::Skip if cx.unit.delivery == Delivery::Later => {}
        Replies::Skip => cx.session.replies = Replies::On,
        Replies::Off | Replies::SkipNext => {}
    }
    Reply::Silence
}

#[inline]
fn run(cx: &mut Context<'_>, argv: &[&[u8]]) -> Reply {
    let command = match admit(cx, argv) {
        Ok(command) => command,
        Err(error) => return refuse(cx, argv, error),
    };
    cx.session.last_command = command.name;
    if cx.world.pause.is_some() && cx.is_paused(command, argv) {
        return cx.postpone(argv);
    }
    if cx.world.faults.is_armed()
        && let Some(reply) = cx.meet_faults(command, argv)
    {
        return reply;
    }
    if let Some(queue) = &mut cx.session.queue
        && !command.runs_inside_multi()
    {
        return enqueue(queue, argv);
    }
    let (reply, effect) = call_counted(cx, command, argv, None);
    // EXEC records the commands of its queue; itself only where it ran none, and found watched keys expired.
    let is_own = !command.is_unit() || cx.unit.commands.is_empty();
    cx.unit.own = is_own.then_some(effect);
    reply
}

#[cfg(feature = "lua")]
/// Runs a command inside a script: its effect is part of the script's.
pub(super) fn call_nested(
    cx: &mut Context<'_>,
    command: &'static Command,
    argv: &[&[u8]],
) -> Reply {
    let (reply, effect) = call_inside(cx, command, argv, Some("lua"));
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
#[inline]
fn admit(cx: &mut Context<'_>, argv: &[&[u8]]) -> Result<&'static Command, ReplyError> {
    let command = resolve(cx.world, argv)?;
    if !cx.is_authenticated() && command.flags & spec::NO_AUTH == 0 {
        return Err(NOAUTH);
    }
    if let Some(reason) = &cx.world.broken
        && command.flags & spec::WRITE != 0
    {
        return Err(ReplyError::new(format!(
            "MISCONF The journal can't be written, so writes are refused: {reason}"
        )));
    }
    if cx.world.memory.is_exhausted() && needs_memory(cx, command) {
        return Err(OUT_OF_MEMORY);
    }
    if !fits(cx, command, argv) {
        return Err(too_large(cx.world.max_unit));
    }
    if cx.session.queue.is_some() && command.flags & spec::NO_MULTI != 0 {
        return Err(fixed("ERR Command not allowed inside a transaction"));
    }
    if cx.session.protocol == Protocol::Resp2
        && cx.session.is_subscribed()
        && !command.runs_while_subscribed()
    {
        return Err(ReplyError::new(format!(
            "ERR Can't execute '{}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are \
             allowed in this context",
            command.shown_name()
        )));
    }
    Ok(command)
}

/// Whether a command may make the data take more memory; EXEC may if a queued one may.
#[cold]
fn needs_memory(cx: &Context<'_>, command: &Command) -> bool {
    let queued = cx.session.queue.iter().filter(|_| command.is_unit());
    let mut queued = queued.flat_map(|queue| queue.commands.iter());
    let needs = |command: &Command| command.flags & spec::DENYOOM != 0;
    needs(command) || queued.any(|argv| super::resolve(&argv).is_ok_and(needs))
}

/// Whether a request, with those that are queued before it, is small enough for one record. What it does may still
/// not be: that is known, and undone, when it has run.
#[inline]
fn fits(cx: &Context<'_>, command: &Command, argv: &[&[u8]]) -> bool {
    let queued = match &cx.session.queue {
        Some(queue) if !command.runs_inside_multi() => queue.commands.size(),
        None if cx.unit.recording && command.may_be_recorded() => 0,
        _ => return true,
    };
    let size: usize = argv.iter().map(|word| word.len()).sum();
    queued + size <= cx.world.max_unit
}

#[cold]
fn too_large(limit: usize) -> ReplyError {
    ReplyError::new(format!(
        "ERR The request, or the transaction that it is in, is larger than one record can be: {limit} bytes"
    ))
}

/// The row that a request is for, found at once if it is the same as that of the request before.
#[inline]
fn resolve(world: &mut World, argv: &[&[u8]]) -> Result<&'static Command, ReplyError> {
    if let Some(recent) = world.recent
        && argv.first() == Some(&recent.name.as_bytes())
        && recent.accepts(argv.len())
    {
        return Ok(recent);
    }
    let command = super::resolve(argv)?;
    if command.words == 1 && !super::has_subcommands(command) {
        world.recent = Some(command);
    }
    Ok(command)
}

/// Answers a request that does not run.
#[cold]
pub(super) fn refuse(cx: &mut Context<'_>, argv: &[&[u8]], error: ReplyError) -> Reply {
    let mut error = error;
    if let Some(queue) = &mut cx.session.queue {
        queue.refused = true;
    }
    if let Ok(command) = super::find(argv) {
        cx.world.stats.command(command).rejected += 1;
        if command.is_unit() {
            error = ReplyError::new(format!(
                "EXECABORT Transaction discarded because of: {}",
                error.text().trim_start_matches("ERR ")
            ));
            cx.session.queue = None;
            cx.world.watches.unwatch(cx.session.id);
        }
    }
    cx.world.stats.error(error.text());
    error.into()
}

fn enqueue(queue: &mut Queue, argv: &[&[u8]]) -> Reply {
    queue.commands.push(argv);
    Reply::simple("QUEUED")
}

#[inline]
fn call(cx: &mut Context<'_>, command: &Command, argv: &[&[u8]]) -> (Reply, Effect) {
    let frame = cx.unit.begin_call();
    let args = Args::new(argv, command.words);
    let reply = (command.run)(cx, args).unwrap_or_else(Reply::from);
    let effect = cx.unit.end_call(frame, argv);
    (reply, effect)
}

/// Runs a command of a connection: monitors see it, statistics count it. `caller` is who runs it, if that is
/// not the connection itself. What the command did is still to be recorded.
#[inline]
fn call_counted(
    cx: &mut Context<'_>,
    command: &'static Command,
    argv: &[&[u8]],
    caller: Option<&str>,
) -> (Reply, Effect) {
    let is_script = command.flags & spec::SKIP_MONITOR != 0;
    if cx.world.monitored && is_script {
        // Monitors see a script before the commands that it calls.
        monitor::feed(cx, command, argv, caller);
    }
    let began = cx.world.lap;
    let (reply, effect) = call(cx, command, argv);
    if cx.world.tracking.is_some() {
        cx.note_reads(command, argv);
    }
    let took = lap(cx.world, began);
    // A command that blocks counts once it is answered; monitors see it when it was sent.
    if cx.unit.delivery != Delivery::Later {
        count(cx.world, command, &reply, took);
        if let Some(took) = took
            && (is_spike(&cx.world.config, took) || is_slow(&cx.world.config, took))
        {
            log(cx, command, argv, took);
        }
    }
    let is_resumed = matches!(cx.unit.origin, Origin::Blocked { .. });
    if cx.world.monitored && !is_script && !is_resumed {
        monitor::feed(cx, command, argv, caller);
    }
    (reply, effect)
}

/// Runs a command of an EXEC or a script as [`call_counted`] does, unless a fault is meant for it there.
#[inline]
pub(super) fn call_inside(
    cx: &mut Context<'_>,
    command: &'static Command,
    argv: &[&[u8]],
    caller: Option<&str>,
) -> (Reply, Effect) {
    if cx.world.faults.is_armed()
        && let Some(error) = cx.meet_faults_inside(command, argv)
    {
        return (error, Effect::None);
    }
    call_counted(cx, command, argv, caller)
}

/// The time since `began`, if anybody wants to know how long commands take. What follows begins now.
#[inline]
fn lap(world: &mut World, began: Option<Reading>) -> Option<Duration> {
    let config = &world.config;
    let is_timed = config.latency_tracking()
        || config.slowlog_log_slower_than() >= 0
        || config.latency_monitor_threshold() > 0;
    world.lap = began.filter(|_| is_timed).map(|_| Reading::now());
    Some(Duration::from_nanos(world.lap?.ns_since(began?)))
}

/// Counts a command that is answered.
#[inline]
pub(super) fn count(
    world: &mut World,
    command: &'static Command,
    reply: &Reply,
    took: Option<Duration>,
) {
    let tracking = world.config.latency_tracking();
    let stats = &mut world.stats;
    stats.commands += 1;
    let own = stats.command(command);
    own.calls += 1;
    if let Some(took) = took {
        own.time += took;
        if tracking {
            own.histogram.record(took);
        }
    }
    if let Reply::Error(text) = reply {
        own.failed += 1;
        stats.error(text);
    }
}

/// Whether LATENCY samples a command that took so long.
#[inline]
fn is_spike(config: &Config, took: Duration) -> bool {
    let least_ms = config.latency_monitor_threshold();
    least_ms > 0 && took >= Duration::from_millis(least_ms)
}

/// Whether SLOWLOG wants to know of it.
#[inline]
fn is_slow(config: &Config, took: Duration) -> bool {
    let least_us = u64::try_from(config.slowlog_log_slower_than());
    least_us.is_ok_and(|least| took >= Duration::from_micros(least))
}

#[cold]
fn log(cx: &mut Context<'_>, command: &Command, argv: &[&[u8]], took: Duration) {
    let now_s = i64::from(cx.now_s());
    let config = &cx.world.config;
    if is_spike(config, took) {
        let is_fast = command.flags & spec::FAST != 0;
        let event = if is_fast { "fast-command" } else { "command" };
        let took_ms = took.as_millis() as u64;
        cx.world.latency.record(event, now_s, took_ms);
    }
    if is_slow(config, took) && command.flags & spec::SKIP_SLOWLOG == 0 {
        let max = config.slowlog_max_len();
        let argv = redacted(argv);
        cx.world.slowlog.push(&argv, took, now_s, cx.session, max);
    }
}
