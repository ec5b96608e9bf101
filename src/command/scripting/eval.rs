//! Running a script on behalf of EVAL and its kin.

use std::time::Duration;

use super::Given;
use super::Host;
use super::Interpreter;
use super::ScriptFlags;
use crate::command::busy::Busy;
use crate::command::busy::Watch;
use crate::command::context::Context;
use crate::command::dispatch::OUT_OF_MEMORY;
use crate::command::dispatch::call_nested;
use crate::command::find;
use crate::command::reply::Result;
use crate::command::reply::fixed;
use crate::command::spec;
use crate::commit::Origin;
use crate::resp::Protocol;
use crate::resp::Reply;
use std::sync::Arc;

/// Runs the loaded script `sha`; `read_only` refuses its writes.
pub(super) fn eval(
    cx: &mut Context<'_>,
    interpreter: &mut Interpreter,
    sha: &str,
    flags: ScriptFlags,
    read_only: bool,
    given: Given<'_>,
) -> Result {
    let is_exhausted = cx.world.memory.is_exhausted() && !flags.allow_oom;
    if is_exhausted && flags.declared && !flags.no_writes {
        return Err(OUT_OF_MEMORY);
    }
    if read_only && flags.declared && !flags.no_writes {
        return Err(fixed(
            "ERR Can not execute a script with write flag using *_ro command.",
        ));
    }
    if cx.unit.origin == Origin::Direct {
        cx.unit.origin = Origin::Script;
    }
    let (db, protocol) = (cx.session.db, cx.session.protocol);
    let busy: Arc<Busy> = Arc::clone(&cx.world.busy);
    let threshold = cx.world.config.busy_reply_threshold();
    let mut host = Caller {
        cx,
        read_only: read_only || flags.no_writes,
        is_exhausted,
        watch: busy.watch(),
        threshold: Duration::from_millis(threshold),
    };
    let reply = interpreter.run(sha, given.keys, given.args, &mut host);
    drop(host);
    cx.session.protocol = protocol;
    if cx.session.db != db {
        // A script's SELECT ends with the script; the unit's later commands must not see it.
        cx.session.db = db;
        cx.unit
            .rewrite(&[b"SELECT".as_slice(), db.to_string().as_bytes()]);
    }
    Ok(reply)
}

/// What the script reaches: the commands, on the connection that called it.
struct Caller<'a, 'c> {
    cx: &'a mut Context<'c>,
    read_only: bool,
    /// Whether what needs memory is refused.
    is_exhausted: bool,
    watch: Watch<'a>,
    threshold: Duration,
}

impl Caller<'_, '_> {
    fn admit(&self, argv: &[&[u8]]) -> Result<&'static crate::command::Command> {
        let command =
            find(argv).map_err(|_| fixed("ERR Unknown Redis command called from script"))?;
        if !command.accepts(argv.len()) {
            return Err(fixed(
                "ERR Wrong number of args calling Redis command from script",
            ));
        }
        if command.flags & spec::NOSCRIPT != 0 {
            return Err(fixed("ERR This Redis command is not allowed from script"));
        }
        if self.read_only && command.flags & (spec::WRITE | spec::MAY_REPLICATE) != 0 {
            return Err(fixed(
                "ERR Write commands are not allowed from read-only scripts.",
            ));
        }
        if self.is_exhausted && command.flags & spec::DENYOOM != 0 {
            return Err(OUT_OF_MEMORY);
        }
        Ok(command)
    }
}

impl Host for Caller<'_, '_> {
    fn call(&mut self, protocol: Protocol, argv: &[&[u8]]) -> Reply {
        let command = match self.admit(argv) {
            Ok(command) => command,
            Err(error) => return error.into(),
        };
        self.cx.session.protocol = protocol;
        let changes = self.cx.unit.changes();
        let reply = call_nested(self.cx, command, argv);
        if self.cx.unit.changes() > changes {
            self.watch.wrote();
        }
        reply
    }

    fn log(&mut self, level: i64, message: &[u8]) {
        self.cx.host.log(level, message);
    }

    fn random(&mut self) -> u64 {
        self.cx.rng().next_u64()
    }

    /// Every effect is recorded: history is not for a script to choose.
    fn set_replication(&mut self, _flags: i64) {}

    fn may_run(&mut self, argv: &[&[u8]]) -> Option<bool> {
        find(argv).ok().map(|_| true)
    }

    fn interrupted(&mut self) -> Option<String> {
        self.watch.stop(self.threshold)
    }
}
