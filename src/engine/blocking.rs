//! Blocked connections: serving them when what they wait for has come, and ending waits whose time is over.
//!
//! Rules that hold here and nowhere else:
//!
//! - whoever a unit made ready is served right after that unit as a whole, at its time, before any other request;
//! - keys are served in the order in which they became ready, connections in the order in which they came;
//! - each connection that is served is a unit of its own, whose cause is the unit that changed the key.

use super::Core;
use super::Outcome;
use crate::bytes::Bytes;
use crate::command::Delivery;
use crate::commit::Origin;
use crate::commit::Seq;
use crate::resp::Reply;
use crate::session::Cut;
use crate::session::Ready;
use crate::session::SessionKey;

impl Core {
    /// What became of a request that was [`Outcome::Blocked`].
    pub fn answer(&mut self, connection: SessionKey) -> Outcome {
        let Some(session) = self.world.sessions.get_mut(connection) else {
            return Outcome::Closed;
        };
        match (session.take_answer(), session.cut) {
            (Some((reply, _)), None) => Outcome::Reply(reply, session.protocol),
            (Some((reply, _)), Some(cut)) => {
                let protocol = session.protocol;
                self.disconnect(connection);
                Outcome::Cut((cut == Cut::Half).then_some((reply, protocol)))
            }
            (None, _) if session.closing.is_some() => Outcome::Closed,
            (None, _) => Outcome::Blocked,
        }
    }

    /// Forgets what a connection waits for: nobody is left to be answered.
    pub fn give_up(&mut self, connection: SessionKey) {
        self.world.waits.forget(connection.id());
        if let Some(session) = self.world.sessions.get_mut(connection) {
            session.take_answer();
            session.cut = None;
        }
    }

    /// Ends the waits whose time is over; nothing else if nobody waits.
    pub(super) fn end_waits(&mut self) {
        self.begin_turn();
        if !self.world.waits.is_empty() {
            self.expire_now();
        }
    }

    /// Whoever was served by a record behind `settled`, which is lost, and was not told yet is told that instead.
    pub(super) fn take_back_answers(&mut self, settled: Seq, error: &str) {
        self.world.saved.retain(|_, saved| saved.seq <= settled);
        for session in self.world.sessions.iter_mut() {
            if let Some((reply, _)) = session.answer.as_mut().filter(|(_, seq)| *seq > settled) {
                *reply = Reply::Error(error.to_owned().into());
            }
        }
    }

    /// Serves whoever waits for what changed, and ends the waits that are over: called after every unit.
    #[inline]
    pub(super) fn attend_waits(&mut self, now_us: i64) {
        if !self.world.waits.is_empty() {
            self.attend_waiting(now_us);
        }
    }

    #[cold]
    fn attend_waiting(&mut self, now_us: i64) {
        // What CLIENT UNBLOCK ended.
        self.note_ended_waits(self.recorder.last_seq);
        self.serve_ready(now_us);
        // The unit may have moved the clock.
        self.world.time_out(self.clock.now_us());
        self.note_ended_waits(0);
        while self.run_postponed() || self.run_delayed() {}
        let deadline_us = self.world.waits.next_deadline();
        let pause = self
            .world
            .pause
            .filter(|_| self.world.waits.is_any_postponed());
        let next = deadline_us
            .into_iter()
            .chain(pause.map(|pause| pause.until_us));
        if let Some(next_us) = next.min() {
            self.timer.call_at(next_us);
        }
    }

    /// Runs the first request that a pause held back, if it does no longer; whether there was one.
    fn run_postponed(&mut self) -> bool {
        let now_us = self.clock.now_us();
        if self.world.pause_at(now_us).is_some() {
            return false;
        }
        let Some((connection, argv)) = self.world.waits.next_postponed() else {
            return false;
        };
        self.run_held(connection, &argv, now_us);
        true
    }

    /// Runs the first request whose delay is over; whether there was one.
    fn run_delayed(&mut self) -> bool {
        let now_us = self.clock.now_us();
        let Some((connection, argv)) = self.world.waits.next_delayed(now_us) else {
            return false;
        };
        self.run_held(connection, &argv, now_us);
        true
    }

    /// Runs a request that was held back, and has its connection fetch the reply.
    fn run_held(&mut self, connection: SessionKey, argv: &[Bytes], now_us: i64) {
        let argv: Vec<&[u8]> = argv.iter().map(|word| &**word).collect();
        let expired = self.expire_due(now_us).map_err(|error| self.undo(&error));
        let outcome = self.run_request(connection, now_us, expired, &argv);
        if let Outcome::Reply(reply, _) = outcome
            && let Some(session) = self.world.sessions.get_mut(connection)
        {
            session.answer(reply, self.recorder.last_seq);
        }
        self.serve_ready(now_us);
    }

    fn serve_ready(&mut self, now_us: i64) {
        while let Some((ready, line)) = self.world.waits.next_ready() {
            for connection in line {
                self.serve(connection, &ready, now_us);
            }
        }
    }

    /// Runs the command of a blocked connection again, if what stands at the key now may serve it.
    fn serve(&mut self, connection: SessionKey, ready: &Ready, now_us: i64) {
        let slot = self.world.keyspace.db(ready.db).get(&ready.key);
        let value = slot.map(|slot| slot.value());
        let wait = self.world.waits.get(connection.id());
        let Some(wait) = wait.filter(|wait| (wait.wakes)(value)) else {
            return;
        };
        let argv = wait.argv.clone();
        let argv: Vec<&[u8]> = argv.iter().map(|word| &**word).collect();
        let Some(mut session) = self.world.sessions.take(connection) else {
            return;
        };
        let origin = Origin::Blocked { cause: ready.seq };
        let pushed = session.pushes.len();
        let reply = self.run_unit(&mut session, now_us, origin, &argv);
        let blocks_again = self.unit.delivery == Delivery::Later;
        if !blocks_again {
            self.world.waits.remove(connection.id());
            session.active_us = now_us;
            session.commands += 1;
            session.answer(reply, self.recorder.last_seq);
            // What its own command brings comes behind the reply.
            session.put_behind(pushed);
        }
        self.world.sessions.put_back(connection, session);
    }
}
