//! Client-side caching: telling connections what they are to drop.
//!
//! Rules that hold here and nowhere else:
//!
//! - what a unit changed is told when the unit is over, to the connection that ran it behind its reply;
//! - what has a prefix that somebody named is gathered, and told when the next turn begins. Whoever is to be told is
//!   woken, and so takes one.

use super::Core;
use crate::bytes::Bytes;
use crate::command::Delivery;
use crate::command::keeps_caching;
use crate::keyspace::Keyspace;
use crate::resp::Protocol;
use crate::resp::Reply;
use crate::session::Author;
use crate::session::Invalidation;
use crate::session::Session;
use crate::session::SessionKey;
use crate::session::Sessions;
use crate::session::Tracking;

/// Where connections listen that are told in place of others, and speak RESP2.
const CHANNEL: &str = "__redis__:invalidate";

impl Core {
    /// The request `argv` of `session` is over, or blocked.
    #[cold]
    pub(super) fn end_request(&mut self, session: &mut Session, argv: &[&[u8]]) {
        let limit = self.world.config.tracking_table_max_keys();
        let is_over = self.unit.delivery != Delivery::Later && session.queue.is_none();
        if let Some(tracking) = &mut self.world.tracking {
            if is_over && !keeps_caching(argv) {
                tracking.end_caching(session.id);
            }
            tracking.limit(limit);
        }
        self.send_invalidations(Some(session));
    }

    /// A turn begins: what was gathered is told.
    #[cold]
    pub(super) fn send_broadcasts(&mut self) {
        if let Some(tracking) = &mut self.world.tracking {
            tracking.broadcast();
        }
        self.send_invalidations(None);
    }

    /// Sends what is to be sent; `own` is the session that is taken out.
    pub(super) fn send_invalidations(&mut self, own: Option<&mut Session>) {
        let Some(tracking) = &mut self.world.tracking else {
            return;
        };
        let mut listeners = Listeners {
            sessions: &mut self.world.sessions,
            own,
        };
        for invalidation in tracking.take() {
            listeners.send(tracking, invalidation);
        }
        for listener in tracking.stirred() {
            if let Some(session) = listeners.get(listener) {
                session.wake();
            }
        }
    }

    /// Whoever has a copy of what is not the same in `before` and now drops it.
    pub(super) fn invalidate_differences(&mut self, before: &Keyspace) {
        let world = &mut self.world;
        let Some(tracking) = &mut world.tracking else {
            return;
        };
        for db in 0..before.databases() {
            for (key, ..) in before.differences(&world.keyspace, db) {
                tracking.changed(key, Author::Nobody);
            }
        }
    }
}

/// All sessions, the one that is taken out among them.
struct Listeners<'a> {
    sessions: &'a mut Sessions,
    own: Option<&'a mut Session>,
}

impl Listeners<'_> {
    fn get(&mut self, key: SessionKey) -> Option<&mut Session> {
        match &mut self.own {
            Some(own) if own.key() == key => Some(own),
            _ => self.sessions.get_mut(key),
        }
    }

    /// Tells whoever listens for a connection that tracks.
    fn send(&mut self, tracking: &mut Tracking, invalidation: Invalidation) {
        let Invalidation {
            tracker,
            redirect,
            keys,
        } = invalidation;
        if let Some(listener) = self.get(redirect.unwrap_or(tracker)) {
            let keys = dropped(keys);
            if listener.protocol == Protocol::Resp3 {
                listener.push(Reply::Push(vec![Reply::bulk("invalidate"), keys]));
            } else if redirect.is_some() && listener.is_subscribed() {
                let [kind, channel] = ["message", CHANNEL].map(Reply::bulk);
                listener.push(Reply::Push(vec![kind, channel, keys]));
            }
        } else if let Some(gone) = redirect {
            tracking.set_broken(tracker.id());
            if let Some(own) = self
                .get(tracker)
                .filter(|own| own.protocol == Protocol::Resp3)
            {
                let kind = Reply::bulk("tracking-redir-broken");
                own.push(Reply::Push(vec![kind, Reply::Int(gone.id() as i64)]));
            }
        }
    }
}

/// The keys that are to be dropped, as messages tell them.
fn dropped(keys: Option<Vec<Bytes>>) -> Reply {
    keys.map_or(Reply::Null, |keys| {
        Reply::Array(keys.into_iter().map(Reply::Bulk).collect())
    })
}
