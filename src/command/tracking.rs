//! Client-side caching: what commands read, and what they change, for the connections that keep copies of it.

use super::Command;
use super::Context;
use super::find;
use super::spec::READONLY;
use super::spec::SKIP_MONITOR;
use super::spec::keys_of;
use super::unit::Delivery;
use crate::commit::Origin;
use crate::session::Author;

/// Whether what `CLIENT CACHING` said holds behind this request too: it does behind the other subcommands of CLIENT.
pub fn keeps_caching(argv: &[&[u8]]) -> bool {
    find(argv).is_ok_and(|command| command.name.starts_with("CLIENT|"))
}

impl Context<'_> {
    /// The connection may have a copy of what this command reads. A script's reads are those of its commands.
    #[cold]
    pub(super) fn note_reads(&mut self, command: &Command, argv: &[&[u8]]) {
        if command.flags & (READONLY | SKIP_MONITOR) != READONLY {
            return;
        }
        if let Some(tracking) = &mut self.world.tracking {
            let keys = keys_of(command.keys, argv);
            tracking.read(self.session.id, keys.iter().map(|key| argv[key.index]));
        }
    }

    /// Whoever has a copy of what stands at `key` drops it.
    #[cold]
    pub fn invalidate(&mut self, key: &[u8]) {
        let author = match self.unit.origin {
            Origin::Script => Author::Script(self.session.id),
            _ => Author::Client(self.session.id),
        };
        if let Some(tracking) = &mut self.world.tracking {
            tracking.changed(key, author);
        }
    }

    /// Whoever has a copy of anything drops it. Unless `reply_first`, the connection itself is told so before it gets its
    /// reply: in Redis it is blocked until another thread has let go of the data.
    pub(super) fn invalidate_flushed(&mut self, reply_first: bool) {
        let is_waited_for = !reply_first && self.may_block();
        if self.world.tracking.is_some() {
            self.world.invalidate_all();
            if is_waited_for && self.unit.delivery == Delivery::AtOnce {
                self.unit.delivery = Delivery::AfterPushes;
            }
        }
    }
}
