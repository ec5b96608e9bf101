//! What becomes of a command that a fault hits.
//!
//! A command is asked for once where it is sent, also where MULTI queues it, and once more, by faults that are INSIDE,
//! where an EXEC or a script runs it.

use std::time::Duration;

use super::Candidate;
use super::Kind;
use super::Moment;
use crate::bytes::Bytes;
use crate::command::Command;
use crate::command::context::Context;
use crate::command::dispatch::refuse;
use crate::command::reply::ReplyError;
use crate::command::resolve;
use crate::command::spec::keys_of;
use crate::command::unit::Delivery;
use crate::commit::Origin;
use crate::resp::Reply;
use crate::session::Cut;

impl Context<'_> {
    /// Asks the faults about a command that was sent: its reply, unless it is to run.
    #[cold]
    #[inline(never)]
    pub(in crate::command) fn meet_faults(
        &mut self,
        command: &'static Command,
        argv: &[&[u8]],
    ) -> Option<Reply> {
        let mut asked = std::mem::take(&mut self.session.faults_met);
        let is_resumed = matches!(self.unit.origin, Origin::Blocked { .. });
        if is_resumed || !self.session.is_connected() {
            return None;
        }
        while let Some((id, kind)) = self.strike(asked, command, argv, false) {
            asked = id;
            match kind {
                Kind::Error(text) => return Some(refuse(self, argv, ReplyError::new(text))),
                Kind::Delay(time) => return Some(self.delay(id, argv, time)),
                Kind::Disconnect(moment) => return self.disconnect(moment),
                Kind::Disk(disk) => self.host.fail_disk(disk.failure.error(), disk.at_sync),
            }
        }
        None
    }

    /// Asks the faults about a command that an EXEC or a script is about to run: the error in its place, if any.
    #[cold]
    #[inline(never)]
    pub(in crate::command) fn meet_faults_inside(
        &mut self,
        command: &'static Command,
        argv: &[&[u8]],
    ) -> Option<Reply> {
        match self.strike(0, command, argv, true)?.1 {
            Kind::Error(text) => {
                self.world.stats.error(&text);
                Some(Reply::Error(text.into()))
            }
            _ => None,
        }
    }

    fn strike(
        &mut self,
        behind: u64,
        command: &'static Command,
        argv: &[&[u8]],
        inside: bool,
    ) -> Option<(u64, Kind)> {
        if command.name.starts_with("FAKEREDIS") {
            return None;
        }
        let candidate = Candidate {
            command,
            keys: self.all_keys(command, argv),
            writes: self.may_write(command, argv),
            client: self.session.id,
            name: &self.session.name,
            inside,
        };
        self.world.faults.strike(behind, &candidate)
    }

    /// The keys of a command; those of an EXEC are those of what is queued.
    fn all_keys(&self, command: &Command, argv: &[&[u8]]) -> Vec<Bytes> {
        let own = |command: &Command, argv: &[&[u8]]| -> Vec<Bytes> {
            let keys = keys_of(command.keys, argv).into_iter();
            keys.map(|key| Bytes::from(argv[key.index])).collect()
        };
        match &self.session.queue {
            Some(queue) if command.is_unit() => {
                let queued = queue.commands.iter();
                let keys = queued.flat_map(|argv| resolve(&argv).map(|row| own(row, &argv)));
                keys.flatten().collect()
            }
            _ => own(command, argv),
        }
    }

    /// Runs the command later; the faults up to `id` are not asked again.
    fn delay(&mut self, id: u64, argv: &[&[u8]], time: Duration) -> Reply {
        let time_us = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        let until_us = self.unit.now_us.saturating_add(time_us);
        self.session.faults_met = id;
        self.unit.delivery = Delivery::Later;
        self.world.waits.delay(self.session.key(), argv, until_us);
        Reply::Silence
    }

    /// Ends the connection, instead of the command or of its reply.
    fn disconnect(&mut self, moment: Moment) -> Option<Reply> {
        self.unit.delivery = Delivery::Cut;
        self.session.cut = Some(match moment {
            Moment::Before | Moment::After => Cut::Whole,
            Moment::Mid => Cut::Half,
        });
        matches!(moment, Moment::Before).then_some(Reply::Silence)
    }
}
