//! The engine: the single writer. It applies one unit at a time, decides what is committed, and hands that to
//! the journal.
//!
//! Rules that hold here and nowhere else:
//!
//! - a unit's time is read once, and what is due is expired before it, each key as a unit of its own;
//! - a unit that changed something is one record; a unit that changed nothing leaves no commit;
//! - a reply is released only after [`Engine::settle`] for the last record that it may depend on.

mod ahead;
mod blocking;
mod checkpoint;
mod compaction;
mod eviction;
mod foreign;
mod host;
mod look_ahead;
mod open;
mod questions;
mod record;
mod recording;
mod replay;
mod rerun;
mod rewind;
mod timer;
mod tracking;
mod turn;

pub use crate::commit::Recording;
pub use compaction::compact;
pub use compaction::compact_on;
pub use foreign::ForeignUnit;
pub use look_ahead::LookAhead;
pub use open::CHECKPOINT_EVERY;
pub use open::JournalOptions;
pub use replay::advance;
pub use replay::start;
pub use replay::state_at;
pub use replay::step;
pub use rerun::Rerun;
pub use turn::Turn;

use std::fmt;
use std::sync::Arc;
use std::sync::Weak;

use parking_lot::Mutex;
use parking_lot::MutexGuard;

use crate::clock::Clock;
use crate::clock::Reading;
use crate::command::Busy;
use crate::command::Config;
use crate::command::Context;
use crate::command::Delivery;
use crate::command::Unit;
use crate::command::World;
use crate::command::execute;
use crate::commit::CommandList;
use crate::commit::Origin;
use crate::commit::Seq;
use crate::journal::Appended;
use crate::journal::Journal;
use crate::journal::JournalError;
use crate::keyspace::Due;
use crate::resp::Limits;
use crate::resp::Protocol;
use crate::resp::Reply;
use crate::resp::quote;
use crate::session::Address;
use crate::session::Session;
use crate::session::SessionKey;
use host::EngineHost;
use record::Recorder;
use timer::Timer;

/// A handle on an engine; clones are the same engine.
#[derive(Clone)]
pub struct Engine(Arc<Shared>);

/// What distinguishes an engine from all others.
#[derive(Clone)]
pub struct EngineId(Weak<Shared>);

impl PartialEq for EngineId {
    fn eq(&self, other: &Self) -> bool {
        Weak::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for EngineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EngineId({:p})", self.0.as_ptr())
    }
}

struct Shared {
    /// Apart, so that the timer's thread, which holds on to it, doesn't keep the journal open.
    core: Arc<Mutex<Core>>,
    /// The journal, reached without the engine's lock while others run commands.
    journal: Option<Arc<Journal>>,
    /// The running script, reached without the engine's lock.
    busy: Arc<Busy>,
}

/// The engine itself, behind its lock.
pub struct Core {
    world: World,
    unit: Unit,
    clock: Clock,
    recorder: Recorder,
    host: EngineHost,
    timer: Timer,
    /// The last `Close` record.
    closed_at: Option<Seq>,
}

/// What became of a request.
#[derive(Debug)]
pub enum Outcome {
    /// The reply, to be sent once its record is settled, in the connection's protocol.
    Reply(Reply, Protocol),
    /// The connection waits; [`Core::answer`] tells what came of that once its
    /// [`wake`](Session::wake) was called, and no other request of it may run before.
    Blocked,
    /// The connection was closed (by `CLIENT KILL`, say); nothing ran.
    Closed,
    /// A fault ends the connection. The first half of this reply's bytes is sent before, if there is one.
    Cut(Option<(Reply, Protocol)>),
}

impl Engine {
    /// An engine without a journal.
    pub fn in_memory(config: Config, clock: Clock, seed: u64) -> Engine {
        let recorder = Recorder::new(None, 0);
        Engine::new(World::new(config, seed), clock, recorder)
    }

    fn new(mut world: World, clock: Clock, recorder: Recorder) -> Engine {
        world.started_us = clock.now_us();
        let journal = recorder.journal.clone();
        if let Some(journal) = &journal {
            world.max_unit = journal.max_payload();
        }
        let busy = Arc::clone(&world.busy);
        let host = EngineHost::new(journal.clone(), clock.clone());
        let core = |core: &Weak<_>| {
            Mutex::new(Core {
                world,
                unit: Unit::default(),
                timer: Timer::new(core.clone(), clock.clone()),
                clock,
                recorder,
                host,
                closed_at: None,
            })
        };
        Engine(Arc::new(Shared {
            core: Arc::new_cyclic(core),
            journal,
            busy,
        }))
    }

    /// The engine, for as long as the guard lives.
    pub fn lock(&self) -> MutexGuard<'_, Core> {
        let mut core = self.0.core.lock();
        core.begin_turn();
        core
    }

    /// The running script, as seen without the engine's lock.
    pub fn busy(&self) -> &Busy {
        &self.0.busy
    }

    /// What distinguishes this engine from all others, even after its end.
    pub fn id(&self) -> EngineId {
        EngineId(Arc::downgrade(&self.0))
    }

    /// The journal, where there is one.
    pub fn journal(&self) -> Option<&Arc<Journal>> {
        self.0.journal.as_ref()
    }

    /// Runs `work` on the engine, then waits until all that it may have seen is settled.
    ///
    /// # Errors
    ///
    /// The journal can't be written; nothing of what `work` returned may be released.
    pub fn batch<T>(&self, work: impl FnOnce(&mut Core) -> T) -> Result<T, JournalError> {
        let mut core = self.lock();
        let result = work(&mut core);
        let last = core.last_record();
        drop(core);
        self.settle(last)?;
        Ok(result)
    }

    /// Returns once a record is written, and synced where the policy says so.
    ///
    /// # Errors
    ///
    /// The journal can't be written; the engine is back at the last record that was. Or the record was lost that way
    /// before.
    pub fn settle(&self, record: Appended) -> Result<(), JournalError> {
        let Some(journal) = &self.0.journal else {
            return Ok(());
        };
        journal.settle_appended(record).inspect_err(|error| {
            // What was lost is undone already.
            if !matches!(error, JournalError::Lost) {
                let mut core = self.lock();
                core.fall_back(error);
                core.send_invalidations(None);
            }
        })
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("journal", &self.0.journal.as_ref().map(|j| j.uuid()))
            .finish()
    }
}

impl Core {
    /// Opens a connection.
    pub fn connect(&mut self, address: Address) -> SessionKey {
        let now_us = self.clock.now_us();
        let key = self.world.sessions.open(address, now_us);
        let needs_password = !self.world.config.requirepass().is_empty();
        if let Some(session) = self.world.sessions.get_mut(key) {
            session.authenticated = !needs_password;
            // A journal that fails here fails the connection's first command too.
            let level = self.host.recording;
            let _ = self.recorder.client(level, session, now_us, true);
        }
        self.world.stats.connections += 1;
        key
    }

    /// Forgets a connection, with its queue, its watches and what it waits for.
    pub fn disconnect(&mut self, connection: SessionKey) {
        self.world.waits.forget(connection.id());
        self.world.watches.unwatch(connection.id());
        self.world.subscriptions.forget(connection);
        if let Some(tracking) = &mut self.world.tracking {
            tracking.untrack(connection.id());
        }
        if let Some(session) = self.world.sessions.close(connection) {
            let (level, now_us) = (self.host.recording, self.clock.now_us());
            let _ = self.recorder.client(level, &session, now_us, false);
        }
    }

    /// A connection's state.
    pub fn session(&mut self, connection: SessionKey) -> Option<&mut Session> {
        self.world.sessions.get_mut(connection)
    }

    /// Everything that commands work on.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The number of the last record.
    pub fn last_seq(&self) -> Seq {
        self.recorder.last_seq
    }

    /// The last record, which all that was seen until now may depend on.
    pub fn last_record(&self) -> Appended {
        let journal = self.recorder.journal.as_ref();
        journal.map_or_else(Appended::default, |journal| {
            journal.appended(self.recorder.last_seq)
        })
    }

    /// What a connection may make a decoder hold.
    pub fn limits(&self) -> Limits {
        Limits {
            bulk: self.world.config.proto_max_bulk_len(),
            ..Limits::default()
        }
    }

    /// Why a connection from `address` is not taken, as an error to send before it is closed.
    pub fn refuses(&mut self, address: &Address) -> Option<Reply> {
        let config = &self.world.config;
        let refusal = if self.world.sessions.len() >= config.maxclients() {
            "ERR max number of clients reached"
        } else if config.protected_mode() && config.requirepass().is_empty() && !address.is_local()
        {
            "DENIED fakeredis is in protected mode: there is no password, and this is a connection from \
             another machine. Set one with --requirepass, or start with --protected-mode no."
        } else {
            return None;
        };
        self.world.stats.rejected_connections += 1;
        Some(Reply::Error(refusal.into()))
    }

    /// The TCP port that a front door listens on, for INFO and CONFIG GET to show.
    pub fn set_port(&mut self, port: u16) {
        // The table knows the parameter and takes every port.
        let _ = self.world.config.set_flag("port", &[port.to_string()]);
    }

    /// Whether a command asked for the end of the process.
    pub fn stop_requested(&self) -> bool {
        self.host.stop_requested
    }

    /// Expires everything that is due now, and ends the waits whose time is over.
    pub fn expire_now(&mut self) {
        let now_us = self.clock.now_us();
        if let Err(error) = self.expire_due(now_us) {
            self.fall_back(&error);
            self.send_invalidations(None);
        }
        self.attend_waits(now_us);
    }

    /// Somebody has taken the lock: what was the time when it was given back is the time no longer.
    #[inline]
    pub(super) fn begin_turn(&mut self) {
        self.world.lap = None;
        if self.world.tracking.is_some() {
            self.send_broadcasts();
        }
    }

    /// Runs one request of a connection.
    pub fn run(&mut self, connection: SessionKey, argv: &[&[u8]]) -> Outcome {
        let now = *self.world.lap.get_or_insert_with(Reading::now);
        let now_us = self.clock.at_us(now);
        let ready = self.prepare(now_us);
        self.attend_waits(now_us);
        let outcome = self.run_request(connection, now_us, ready, argv);
        self.attend_waits(now_us);
        outcome
    }

    /// Makes the data what the next unit may see: what is due has expired, and there is memory. What the unit's sender is told
    /// if the journal takes no record of that.
    #[inline]
    fn prepare(&mut self, now_us: i64) -> Result<(), String> {
        let is_due = self.world.keyspace.is_due(now_us.div_euclid(1000));
        match is_due || self.world.config.maxmemory() > 0 {
            true => self.expire_and_evict(now_us),
            false => Ok(()),
        }
    }

    #[cold]
    fn expire_and_evict(&mut self, now_us: i64) -> Result<(), String> {
        let ready = self
            .expire_due(now_us)
            .and_then(|()| self.make_room(now_us));
        ready.map_err(|error| self.undo(&error))
    }

    /// Runs one request, unless the engine is not `ready`; whom it serves is still to be served.
    #[inline(always)]
    fn run_request(
        &mut self,
        connection: SessionKey,
        now_us: i64,
        ready: Result<(), String>,
        argv: &[&[u8]],
    ) -> Outcome {
        let Some(mut session) = self.world.sessions.take(connection) else {
            return Outcome::Closed;
        };
        debug_assert!(!self.world.waits.is_blocked(session.id));
        if session.closing.is_some() {
            self.world.sessions.put_back(connection, session);
            return Outcome::Closed;
        }
        self.unit.delivery = Delivery::AtOnce;
        session.active_us = now_us;
        let reply = match ready {
            Ok(()) => self.run_unit(&mut session, now_us, Origin::Direct, argv),
            Err(error) => {
                self.send_invalidations(Some(&mut session));
                Reply::Error(error.into())
            }
        };
        let outcome = match self.unit.delivery {
            Delivery::AtOnce => {
                session.commands += 1;
                Outcome::Reply(reply, session.protocol)
            }
            Delivery::Later => Outcome::Blocked,
            Delivery::AfterPushes | Delivery::Cut => {
                session.answer(reply, self.recorder.last_seq);
                Outcome::Blocked
            }
        };
        self.world.sessions.put_back(connection, session);
        outcome
    }

    /// Runs a command of the fake itself, which no connection has sent.
    pub fn run_own(&mut self, argv: &[&[u8]]) -> Reply {
        let now_us = self.clock.now_us();
        let mut session = Session::new(0, Address::default(), now_us);
        let reply = match self.prepare(now_us) {
            Ok(()) => self.run_unit(&mut session, now_us, Origin::Direct, argv),
            Err(error) => Reply::Error(error.into()),
        };
        self.attend_waits(now_us);
        reply
    }

    /// Runs commands of a dataset as one unit, on a connection of their own that has selected database `db`; the one
    /// that is selected at the end.
    ///
    /// # Errors
    ///
    /// What the first refused command was answered, with the command. Those before it stay. Or the dataset is larger
    /// than one record can be; then nothing runs.
    pub fn load(&mut self, db: usize, commands: &CommandList) -> Result<usize, String> {
        let limit = self.world.max_unit;
        if commands.size() > limit {
            return Err(format!(
                "the dataset is larger than one record can be: {limit} bytes"
            ));
        }
        let now_us = self.clock.now_us();
        let mut session = Session::new(0, Address::default(), now_us);
        session.db = db;
        self.prepare(now_us)?;
        self.begin(now_us, session.db);
        self.unit.origin = Origin::Fixture;
        let mut context = Context {
            world: &mut self.world,
            session: &mut session,
            unit: &mut self.unit,
            host: &mut self.host,
        };
        let refused = commands.iter().find_map(|argv| {
            let reply = execute(&mut context, &argv);
            context.unit.record_own(&argv);
            match reply {
                Reply::Error(error) => Some(format!("{} answers: {error}", quoted(&argv))),
                _ => None,
            }
        });
        if self.unit.changes() > 0 {
            let recorded = self.recorder.finish_own(&mut self.unit);
            recorded.map_err(|error| self.undo(&error))?;
        }
        self.host
            .checkpoint_if_due(&self.world.keyspace, self.recorder.last_seq);
        self.send_invalidations(None);
        self.attend_waits(now_us);
        refused.map_or(Ok(session.db), Err)
    }

    /// Expires everything that is due: each key, or the fields of one hash, as a unit of its own.
    ///
    /// # Errors
    ///
    /// The journal takes no records.
    #[inline]
    pub fn expire_due(&mut self, now_us: i64) -> Result<(), JournalError> {
        match self.world.keyspace.is_due(now_us.div_euclid(1000)) {
            true => self.expire(now_us),
            false => Ok(()),
        }
    }

    #[cold]
    fn expire(&mut self, now_us: i64) -> Result<(), JournalError> {
        if !self.world.active_expire || self.world.broken.is_some() {
            return Ok(());
        }
        while self.expire_next(now_us)? {}
        self.send_invalidations(None);
        Ok(())
    }

    /// Expires what is due first, if anything is; whether there was something.
    fn expire_next(&mut self, now_us: i64) -> Result<bool, JournalError> {
        let now_ms = now_us.div_euclid(1000);
        let Some((db, due)) = self.world.keyspace.next_due(now_ms) else {
            return Ok(false);
        };
        match &due {
            Due::Key(key) => {
                self.world.stats.expired_keys += 1;
                self.remove_key(Origin::Expired, db, key, now_us)?;
            }
            Due::Fields(key) => {
                self.begin(now_us, db);
                let fields = self.world.expire_fields(db, key, now_ms);
                let mut argv: Vec<&[u8]> = vec![b"HDEL", key];
                argv.extend(fields.iter().map(|field| &**field));
                self.finish_removal(Origin::Expired, db, key, &argv)?;
            }
        }
        Ok(true)
    }

    /// Removes a key, as a unit of its own.
    fn remove_key(
        &mut self,
        origin: Origin,
        db: usize,
        key: &[u8],
        now_us: i64,
    ) -> Result<(), JournalError> {
        self.begin(now_us, db);
        self.world.keyspace.db_mut(db).remove(key);
        self.finish_removal(origin, db, key, &[b"DEL".as_slice(), key])
    }

    /// Records the unit in which the fake itself removed a key or some of it, as `argv` would.
    fn finish_removal(
        &mut self,
        origin: Origin,
        db: usize,
        key: &[u8],
        argv: &[&[u8]],
    ) -> Result<(), JournalError> {
        self.unit.record_removal(origin, argv);
        self.world.touch(db, key, self.unit.seq);
        self.recorder.finish_own(&mut self.unit)
    }

    /// Runs one request as a unit, records it, and has connections drop their copies of what it changed.
    #[inline]
    fn run_unit(
        &mut self,
        session: &mut Session,
        now_us: i64,
        origin: Origin,
        argv: &[&[u8]],
    ) -> Reply {
        let reply = self.run_recorded(session, now_us, origin, argv);
        if self.world.tracking.is_some() {
            self.end_request(session, argv);
        }
        reply
    }

    #[inline(always)]
    fn run_recorded(
        &mut self,
        session: &mut Session,
        now_us: i64,
        origin: Origin,
        argv: &[&[u8]],
    ) -> Reply {
        self.begin(now_us, session.db);
        self.unit.origin = origin;
        self.host.last_seq = self.recorder.last_seq;
        let mut context = Context {
            world: &mut self.world,
            session,
            unit: &mut self.unit,
            host: &mut self.host,
        };
        let reply = execute(&mut context, argv);
        if self.host.after.is_some()
            && let Err(error) = self.follow_up(Some(session))
        {
            return Reply::Error(self.undo(&error).into());
        }
        let level = self.host.recording;
        let recorded = match self.unit.delivery {
            Delivery::Later => self.record_wait(level, session, argv),
            _ => self
                .recorder
                .finish(level, &mut self.unit, session, argv, &reply),
        };
        if let Err(error) = recorded {
            return Reply::Error(self.undo(&error).into());
        }
        self.host
            .checkpoint_if_due(&self.world.keyspace, self.recorder.last_seq);
        reply
    }

    #[inline]
    fn begin(&mut self, now_us: i64, db: usize) {
        self.unit.begin(now_us, self.recorder.last_seq + 1, db);
        self.unit.recording = self.recorder.is_recording();
    }

    /// A unit could not be recorded: its effect must not stay. What its sender is told.
    fn undo(&mut self, error: &JournalError) -> String {
        self.fall_back(error);
        format!("MISCONF {error}")
    }
}

/// A command as a person would type it.
fn quoted(argv: &[&[u8]]) -> String {
    argv.iter()
        .map(|arg| quote(arg))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::pretty;
    use std::time::Duration;
    use std::time::UNIX_EPOCH;

    struct Bench {
        engine: Engine,
        clock: Clock,
        clients: Vec<SessionKey>,
    }

    impl Bench {
        fn new() -> Bench {
            let clock = Clock::frozen_at(UNIX_EPOCH + Duration::from_secs(1_000_000));
            let engine = Engine::in_memory(Config::default(), clock.clone(), 0);
            let clients = (0..3)
                .map(|_| engine.lock().connect(Address::default()))
                .collect();
            Bench {
                engine,
                clock,
                clients,
            }
        }

        fn run(&self, client: usize, line: &str) -> String {
            let argv: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            match self
                .engine
                .batch(|core| core.run(self.clients[client], &argv))
                .unwrap()
            {
                Outcome::Reply(reply, _) => pretty(&reply),
                Outcome::Blocked => "(blocked)".into(),
                Outcome::Closed | Outcome::Cut(_) => "(closed)".into(),
            }
        }
    }

    #[test]
    fn the_time_between_two_turns_is_no_commands() {
        let bench = Bench::new();
        bench.run(0, "CONFIG SET slowlog-log-slower-than 20000");
        bench.run(0, "PING");
        crate::clock::pause(Duration::from_millis(25));
        bench.run(0, "PING");
        assert_eq!(bench.run(0, "SLOWLOG LEN"), "(integer) 0");
        bench.run(0, "CONFIG SET slowlog-log-slower-than 0");
        bench.run(0, "PING");
        assert_eq!(bench.run(0, "SLOWLOG LEN"), "(integer) 2");
    }

    #[test]
    fn a_watched_key_that_another_client_changes_aborts_the_exec() {
        let bench = Bench::new();
        assert_eq!(bench.run(0, "SET a 1"), "OK");
        assert_eq!(bench.run(0, "WATCH a"), "OK");
        assert_eq!(bench.run(1, "INCR a"), "(integer) 2");
        assert_eq!(bench.run(0, "MULTI"), "OK");
        assert_eq!(bench.run(0, "SET a 9"), "QUEUED");
        assert_eq!(bench.run(0, "EXEC"), "(nil)");
        assert_eq!(bench.run(0, "GET a"), "\"2\"");
        assert_eq!(bench.run(0, "MULTI"), "OK");
        assert_eq!(bench.run(0, "INCR a"), "QUEUED");
        assert_eq!(
            bench.run(0, "GET"),
            "(error) ERR wrong number of arguments for 'get' command"
        );
        assert_eq!(
            bench.run(0, "EXEC"),
            "(error) EXECABORT Transaction discarded because of previous errors."
        );
    }

    #[test]
    fn what_is_due_is_gone_before_the_next_unit() {
        let bench = Bench::new();
        bench.run(0, "SET a 1");
        let now_ms = bench.clock.now_us() / 1000;
        bench
            .engine
            .lock()
            .world
            .keyspace
            .db_mut(0)
            .set_expiry(b"a", Some(now_ms + 10));
        bench.run(0, "WATCH a");
        bench.clock.advance(Duration::from_millis(10));
        assert_eq!(bench.run(1, "GET a"), "(nil)");
        bench.run(0, "MULTI");
        assert_eq!(bench.run(0, "EXEC"), "(nil)");
    }
}
