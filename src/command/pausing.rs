//! CLIENT PAUSE: which commands it holds back.

use super::Command;
use super::Context;
use super::spec::MAY_REPLICATE;
use super::spec::WRITE;
use super::unit::Delivery;
use crate::resp::Reply;

impl Context<'_> {
    /// Whether a pause holds this command back. Datasets are loaded all the same.
    pub(super) fn is_paused(&self, command: &Command, argv: &[&[u8]]) -> bool {
        let pause = self.world.pause_at(self.unit.now_us);
        pause.is_some_and(|pause| !pause.writes_only || self.may_write(command, argv))
            && self.session.is_connected()
    }

    /// Holds the command back until the pause is over.
    pub(super) fn postpone(&mut self, argv: &[&[u8]]) -> Reply {
        self.unit.delivery = Delivery::Later;
        self.world.waits.postpone(self.session.key(), argv);
        Reply::Silence
    }

    #[cfg_attr(
        not(feature = "lua"),
        expect(unused_variables, reason = "scripts alone have words to look at")
    )]
    pub(super) fn may_write(&self, command: &Command, argv: &[&[u8]]) -> bool {
        match command.name {
            "EXEC" => {
                let queue = self.session.queue.as_ref();
                let queued = queue.iter().flat_map(|queue| queue.commands.iter());
                queued
                    .filter_map(|argv| super::resolve(&argv).ok().map(|command| (command, argv)))
                    .any(|(command, argv)| self.may_write(command, &argv))
            }
            #[cfg(feature = "lua")]
            "EVAL" | "EVALSHA" => self.world.scripts.may_write(command.name, argv[1]),
            "FCALL" => true,
            _ => command.flags & (WRITE | MAY_REPLICATE) != 0,
        }
    }
}
