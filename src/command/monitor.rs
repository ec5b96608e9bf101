//! MONITOR: connections that are told every command.

use super::Command;
use super::context::Context;
use super::secrets::redacted;
use super::spec;
use crate::resp::Reply;
use crate::resp::quote;

/// Tells all monitors of a command that `caller` runs, or else the connection itself.
pub(super) fn feed(cx: &mut Context<'_>, command: &Command, argv: &[&[u8]], caller: Option<&str>) {
    if command.flags & spec::ADMIN != 0 {
        return;
    }
    let line = line(cx, argv, caller.unwrap_or(&cx.session.address.peer));
    let mut monitored = cx.session.monitor;
    if monitored {
        cx.session.push(Reply::Simple(line.clone().into()));
    }
    for session in cx
        .world
        .sessions
        .iter_mut()
        .filter(|session| session.monitor)
    {
        session.push(Reply::Simple(line.clone().into()));
        monitored = true;
    }
    cx.world.monitored = monitored;
}

/// `1700000000.123456 [0 127.0.0.1:50000] "get" "key"`
fn line(cx: &Context<'_>, argv: &[&[u8]], peer: &str) -> String {
    let now_us = cx.unit.now_us;
    let (seconds, micros) = (now_us.div_euclid(1_000_000), now_us.rem_euclid(1_000_000));
    let mut line = format!("{seconds}.{micros:06} [{} {peer}]", cx.session.db);
    for arg in &*redacted(argv) {
        line.push(' ');
        line.push_str(&quote(arg));
    }
    line
}
