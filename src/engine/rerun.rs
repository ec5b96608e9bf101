//! [`Rerun`]: recorded units, run again as they were sent.
//!
//! The live engine runs them, on its own paths: a [`Rerun`] is a [`Core`] without a journal, which is given each
//! record's time, client, database and seed, and keeps what it would have recorded. It judges nothing.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Weak;

use super::Core;
use super::checkpoint::make_db;
use super::foreign::ForeignUnit;
use super::host::EngineHost;
use super::record::Recorder;
use super::timer::Timer;
use crate::bytes::Bytes;
use crate::clock::Clock;
use crate::clock::from_micros;
use crate::command::Config;
use crate::command::Delivery;
use crate::command::Faults;
use crate::command::HIDDEN;
use crate::command::Unblock;
use crate::command::Unit;
use crate::command::World;
use crate::commit::Aborted;
use crate::commit::Blob;
use crate::commit::Client;
use crate::commit::ClientEvent;
use crate::commit::CommandList;
use crate::commit::Commit;
use crate::commit::Entry;
use crate::commit::FOREIGN;
use crate::commit::Observed;
use crate::commit::Open;
use crate::commit::Origin;
use crate::commit::Record;
use crate::commit::Recording;
use crate::commit::Rewind;
use crate::commit::Seq;
use crate::commit::Waiting;
use crate::journal::JournalError;
use crate::keyspace::Keyspace;
use crate::resp::Protocol;
use crate::rng::Rng;
use crate::session::Address;
use crate::session::Queue;
use crate::session::Replies;
use crate::session::Session;
use crate::session::SessionKey;
use crate::session::Waits;

/// What is sent to connections meanwhile is forgotten after so many records.
const FORGET_EVERY: Seq = 1024;

/// An engine that runs recorded units again.
pub struct Rerun {
    core: Core,
    /// The connections that were seen to open, by their ids.
    clients: BTreeMap<u64, SessionKey>,
    /// Those of them that agreed on a protocol.
    agreed: BTreeSet<u64>,
    /// Those whose request did not wait or was not held back this time: what came of it is past when it is recorded.
    answered: BTreeSet<u64>,
    is_complete: bool,
    /// Whether another server ran the commands, and their effects are all that there is.
    is_foreign: bool,
    has_faults: bool,
    /// The protocol of the other connections.
    protocol: Protocol,
    /// Where random numbers came from before the last record.
    rng: Rng,
    /// The faults on demand before the last record.
    faults: Faults,
}

impl Rerun {
    /// An engine with this data, of whose process nothing is known until it is [run](Rerun::run) from its beginning.
    pub fn on(keyspace: Keyspace) -> Rerun {
        let clock = Clock::frozen_at(from_micros(0));
        let mut world = World::new(config(), 0);
        world.keyspace = keyspace;
        let mut host = EngineHost::new(None, clock.clone());
        host.recording = Recording::Session;
        host.is_journaled = true;
        Rerun {
            core: Core {
                world,
                unit: Unit::default(),
                timer: Timer::new(Weak::new(), clock.clone()),
                recorder: Recorder::keeping(),
                host,
                clock,
                closed_at: None,
            },
            clients: BTreeMap::new(),
            agreed: BTreeSet::new(),
            answered: BTreeSet::new(),
            is_complete: false,
            is_foreign: false,
            has_faults: false,
            protocol: Protocol::default(),
            rng: Rng::new(0),
            faults: Faults::new(0),
        }
    }

    /// Everything that commands work on.
    pub fn world(&self) -> &World {
        &self.core.world
    }

    /// Goes on with other data.
    pub fn set_keyspace(&mut self, keyspace: Keyspace) {
        self.answered.clear();
        self.core.world.keyspace = keyspace;
    }

    /// Whether all that happened since the process began is known: connections, their state, and random numbers.
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Whether the process had faults on demand that can't be run again: which command one hits hangs on all that were
    /// sent before, and not all of that was recorded.
    pub fn has_faults(&self) -> bool {
        self.has_faults
    }

    /// Whether the last unit drew random numbers.
    pub fn drew(&self) -> bool {
        self.core.unit.seed().is_some()
    }

    /// Runs a record again: what the engine records now, `None` where that is nothing. A rewind, a mark, the end
    /// of a process and what asks about the journal are not run; nor are faults and what was held back by something
    /// unknown, unless all is known.
    ///
    /// # Errors
    ///
    /// There can't be such a database.
    pub fn run(&mut self, entry: &Entry) -> Result<Option<Record>, JournalError> {
        make_db(&mut self.core.world.keyspace, last_db(&entry.record))?;
        self.move_to(entry.seq, entry.clock_us);
        if sender_of(&entry.record).is_some_and(|id| self.answered.remove(&id)) {
            return Ok(None);
        }
        match &entry.record {
            Record::Open(open) => self.open(open),
            Record::Client(event) if event.open => self.connect(event),
            Record::Client(event) => self.disconnect(event.client.id),
            Record::Commit(commit) => self.commit(commit, entry.clock_us),
            Record::Aborted(aborted) => self.abort(aborted),
            Record::Waiting(waiting) => self.wait(waiting),
            // It was no request.
            Record::Observed(observed) if is_unreadable(observed) => {
                return Ok(Some(entry.record.clone()));
            }
            Record::Observed(observed) if asks_journal(&observed.commands) => {
                self.is_complete &= !is_own(&observed.commands, b"JOURNAL");
            }
            Record::Observed(observed) => {
                let (commands, replies) = (&observed.commands, Some(&observed.replies));
                let way = (observed.origin, observed.seed);
                self.observe(&observed.client, observed.db, way, commands, replies);
                self.end_wait(observed);
            }
            Record::Setting(setting)
                if is_own(&setting.commands, b"FAULT") && !self.is_complete =>
            {
                self.has_faults = true;
            }
            // Here everything is recorded; there, something may be left out from now on.
            Record::Setting(setting) if is_own(&setting.commands, b"RECORD") => {
                self.is_complete = false;
                return Ok(Some(entry.record.clone()));
            }
            Record::Setting(setting) => {
                let (commands, replies) = (&setting.commands, setting.replies.as_ref());
                let way = (setting.origin, None);
                self.observe(&setting.client, setting.db, way, commands, replies);
                self.has_faults |= self.core.world.faults.may_fail_disk();
            }
            Record::Close(_) | Record::Mark(_) | Record::Rewind(_) => {}
        }
        // Who waits is served when it is recorded.
        self.core.world.waits = Waits::default();
        let mut kept = self.core.recorder.take_kept();
        // A wait has a record of its own, behind that of what its command changed before.
        if let [.., Record::Commit(_), Record::Waiting(_)] = &kept[..] {
            kept.pop();
        }
        Ok(kept.pop())
    }

    /// Runs the last record once more, whose client may have spoken another protocol; `before` is the data before it. If
    /// what comes of that is not right, or the client's protocol is known, nothing was done.
    ///
    /// # Errors
    ///
    /// As [`run`](Rerun::run).
    pub fn run_in_other_protocol(
        &mut self,
        entry: &Entry,
        client: u64,
        before: Keyspace,
        is_right: impl FnOnce(Option<&Record>) -> bool,
    ) -> Result<Option<Record>, JournalError> {
        if client == 0 || self.agreed.contains(&client) {
            return Ok(None);
        }
        let world = &mut self.core.world;
        let keyspace = std::mem::replace(&mut world.keyspace, before);
        let rng = std::mem::replace(&mut world.rng, self.rng.clone());
        let faults = std::mem::replace(&mut world.faults, self.faults.clone());
        self.switch_protocol();
        let again = self.run(entry)?;
        if is_right(again.as_ref()) {
            return Ok(again);
        }
        self.switch_protocol();
        self.set_keyspace(keyspace);
        self.core.world.rng = rng;
        self.core.world.faults = faults;
        Ok(None)
    }

    fn switch_protocol(&mut self) {
        self.protocol = match self.protocol {
            Protocol::Resp2 => Protocol::Resp3,
            Protocol::Resp3 => Protocol::Resp2,
        };
    }

    /// A client's EXEC is left out: what it queued and watched is gone, as after DISCARD.
    pub fn discard(&mut self, client: u64) {
        self.core.world.watches.unwatch(client);
        let key = self.clients.get(&client).copied();
        if let Some(session) = key.and_then(|key| self.core.session(key)) {
            session.queue = None;
        }
    }

    /// Goes back to earlier data, in a record that says so.
    pub fn rewind(&mut self, entry: &Entry, rewind: Rewind, keyspace: Keyspace) {
        self.move_to(entry.seq, entry.clock_us);
        // There is no journal to fail.
        let _ = self.core.rewind_to(rewind, keyspace);
        self.core.recorder.take_kept();
    }

    /// Expires everything that is due at a time; the records of that.
    pub fn expire(&mut self, seq: Seq, now_us: i64) -> Vec<Record> {
        self.move_to(seq, now_us);
        // There is no journal to fail.
        let _ = self.core.expire_due(now_us);
        self.core.recorder.take_kept()
    }

    fn move_to(&mut self, seq: Seq, now_us: i64) {
        self.rng = self.core.world.rng.clone();
        self.faults = self.core.world.faults.clone();
        self.core.clock.freeze_at(from_micros(now_us));
        self.core.recorder.last_seq = seq - 1;
        if seq.is_multiple_of(FORGET_EVERY) {
            self.core.begin_turn();
            let sessions = self.core.world.sessions.iter_mut();
            sessions.for_each(|session| session.pushes.clear());
        }
    }

    /// Another process begins, on the data that the one before left.
    fn open(&mut self, open: &Open) {
        let mut config = Config::default();
        let databases = (
            "databases".to_owned(),
            Blob(open.databases.to_string().into()),
        );
        for (name, value) in open.settings.iter().chain([&databases]) {
            // What this version does not know or take is left as usual.
            let _ = config.set_flag(name, &[value]);
        }
        let mut world = World::new(config, open.seed);
        let databases = world.keyspace.databases();
        world.keyspace = self.core.world.keyspace.clone();
        world.keyspace.grow(databases);
        self.core.world = world;
        self.clients.clear();
        self.agreed.clear();
        self.answered.clear();
        self.has_faults = false;
        self.is_complete = open.record == Recording::Session.to_string();
        self.is_foreign = open.record == FOREIGN;
    }

    fn connect(&mut self, event: &ClientEvent) {
        let address = Address {
            peer: event.addr.clone(),
            ..Address::default()
        };
        self.core.world.sessions.next_id(event.client.id);
        let key = self.core.connect(address);
        self.clients.insert(event.client.id, key);
    }

    fn disconnect(&mut self, id: u64) {
        self.agreed.remove(&id);
        if let Some(key) = self.clients.remove(&id) {
            self.core.disconnect(key);
        }
    }

    /// Runs what waited or was held back, and is to do so again.
    fn wait(&mut self, waiting: &Waiting) {
        if !self.is_complete && waiting.keys.is_empty() {
            return;
        }
        self.with_session(&waiting.client, waiting.db, |core, session| {
            request(core, session, Origin::Direct, &waiting.commands);
        });
        self.answered.remove(&waiting.client.id);
        if self.is_complete && self.core.unit.delivery != Delivery::Later {
            self.answered.insert(waiting.client.id);
        }
    }

    /// A command that was woken waits again: that it came to nothing is the doing of time, or of CLIENT UNBLOCK.
    fn end_wait(&mut self, observed: &Observed) {
        if let Origin::Blocked { cause } = observed.origin
            && self.core.unit.delivery == Delivery::Later
        {
            let how = match observed.replies.as_ref().starts_with(b"-UNBLOCKED") {
                true => Unblock::Error,
                false => Unblock::Timeout,
            };
            self.core.world.unblock(observed.client.id, how);
            self.core.note_ended_waits(cause);
        }
    }

    fn commit(&mut self, commit: &Commit, now_us: i64) {
        if self.is_foreign {
            return self.take_over(commit);
        }
        self.core.unit.set_seed(commit.seed);
        match commit.origin {
            Origin::Expired => drop(self.core.expire_next(now_us)),
            Origin::Fixture => drop(self.core.load(commit.db as usize, &commit.commands)),
            Origin::Exec => self.as_client(commit, |core, session| {
                exec(core, session, commit.commands.clone());
            }),
            Origin::Direct | Origin::Script => self.as_client(commit, |core, session| {
                request(core, session, Origin::Direct, &commit.commands);
            }),
            origin @ Origin::Blocked { .. } => self.as_client(commit, |core, session| {
                request(core, session, origin, &commit.commands);
            }),
            Origin::Evicted => self.evict(commit),
        }
        self.core.unit.set_seed(None);
        if commit.seed.is_some() {
            // The unit was given its seed, and would have drawn it.
            self.core.world.rng.next_u64();
        }
    }

    /// Evicts what was evicted: which key that was, chance may have decided.
    fn evict(&mut self, commit: &Commit) {
        for argv in commit.commands.iter() {
            if let [_, key] = argv[..] {
                // There is no journal to fail.
                let _ = self
                    .core
                    .evict_key(commit.db as usize, key, self.core.clock.now_us());
            }
        }
    }

    /// Applies what another server did. What is refused leaves no record.
    fn take_over(&mut self, commit: &Commit) {
        let unit = ForeignUnit {
            client: commit.client.clone(),
            origin: commit.origin,
            db: commit.db,
            commands: commit.commands.clone(),
        };
        let _ = self.core.take_over(unit);
    }

    /// Runs the client of a commit, which may want no replies.
    fn as_client(&mut self, commit: &Commit, run: impl FnOnce(&mut Core, &mut Session)) {
        let is_silent = commit.reply_crc == 0;
        self.with_session(&commit.client, commit.db, |core, session| {
            if is_silent && !session.is_connected() {
                session.replies = Replies::Off;
            }
            run(core, session);
        });
    }

    /// What is evicted is recorded; whether there is memory for the next unit is not.
    fn measure(&mut self) {
        if self.core.world.config.maxmemory() > 0 {
            let _ = self.core.world.victim();
        }
    }

    /// Runs an EXEC whose watched keys were changed.
    fn abort(&mut self, aborted: &Aborted) {
        let id = aborted.client.id;
        let watches = &mut self.core.world.watches;
        if !self.is_complete {
            for watched in &aborted.watched {
                watches.watch(id, watched.db as usize, watched.key.as_ref(), watched.since);
            }
            watches.touch(
                aborted.key_db as usize,
                aborted.key.as_ref(),
                aborted.culprit,
            );
        }
        self.with_session(&aborted.client, aborted.db, |core, session| {
            exec(core, session, aborted.commands.clone());
        });
    }

    /// Runs what changed no data: a request, or the queue of an EXEC, which is answered with an array.
    fn observe(
        &mut self,
        client: &Client,
        db: u32,
        (origin, seed): (Origin, Option<u64>),
        commands: &CommandList,
        replies: Option<&Blob>,
    ) {
        let name = first_word(commands);
        let is_hidden = holds_password(commands);
        if is_hidden && (name.eq_ignore_ascii_case(b"AUTH") || is_error(replies)) {
            return;
        }
        if [&b"HELLO"[..], b"RESET"]
            .iter()
            .any(|agrees| name.eq_ignore_ascii_case(agrees))
        {
            self.agreed.insert(client.id);
        }
        let is_array = replies.is_some_and(|replies| replies.as_ref().starts_with(b"*"));
        let is_stranger = replies.is_some_and(|replies| replies.as_ref().starts_with(b"-NOAUTH"));
        let open: CommandList;
        let commands = match is_hidden {
            true => {
                open = without_passwords(commands);
                &open
            }
            false => commands,
        };
        // A script says itself that it is one.
        let as_sent = match origin {
            Origin::Blocked { .. } => origin,
            _ => Origin::Direct,
        };
        // A pause ends no wait, and keeps none.
        let pause = self.core.world.pause;
        if as_sent != Origin::Direct {
            self.core.world.pause = None;
        }
        self.core.unit.set_seed(seed);
        self.with_session(client, db, |core, session| {
            session.authenticated = !is_stranger;
            let queued = session.queue.as_ref().map(|queue| &queue.commands);
            if origin == Origin::Exec || is_array && queued == Some(commands) {
                exec(core, session, commands.clone());
            } else {
                request(core, session, as_sent, commands);
            }
        });
        if as_sent != Origin::Direct {
            self.core.world.pause = pause;
        }
        self.core.unit.set_seed(None);
        if seed.is_some() {
            self.core.world.rng.next_u64();
        }
    }

    /// Does something as a client: on its connection where that was seen to open, else on one for this time.
    fn with_session(
        &mut self,
        client: &Client,
        db: u32,
        run: impl FnOnce(&mut Core, &mut Session),
    ) {
        let known = self.clients.get(&client.id).copied();
        let known = known.and_then(|key| self.core.world.sessions.take(key));
        let mut session = known.unwrap_or_else(|| Box::new(self.guest(client)));
        session.db = db as usize;
        // Passwords are not recorded: who ran a command was allowed to.
        session.authenticated = true;
        if !self.agreed.contains(&client.id) {
            session.protocol = self.protocol;
        }
        self.core.world.keyspace.grow(session.db + 1);
        self.measure();
        run(&mut self.core, &mut session);
        if session.is_connected() {
            self.core.world.sessions.put_back(session.key(), session);
        }
    }

    fn guest(&self, client: &Client) -> Session {
        let mut session = Session::new(client.id, Address::default(), self.core.clock.now_us());
        session.name = Bytes::from(client.name.as_ref());
        session
    }
}

/// The usual settings. Whether DEBUG may run is not known: where it did, it might.
fn config() -> Config {
    let mut config = Config::default();
    // The table knows the parameter.
    let _ = config.set_flag("enable-debug-command", &["yes"]);
    config
}

/// The last database that a record's unit needs to be there.
fn last_db(record: &Record) -> u32 {
    let db = record.db().unwrap_or_default();
    match record {
        Record::Aborted(aborted) => db.max(aborted.key_db),
        _ => db,
    }
}

/// Whether a command among them is one of FAKEREDIS, with words of its own.
fn is_own(commands: &CommandList, subcommand: &[u8]) -> bool {
    let mut all = commands.iter();
    all.any(|argv| {
        argv.len() > 2
            && argv[0].eq_ignore_ascii_case(b"FAKEREDIS")
            && argv[1].eq_ignore_ascii_case(subcommand)
    })
}

/// Whose request a record is about, if it says what came of one.
fn sender_of(record: &Record) -> Option<u64> {
    match record {
        Record::Waiting(_) | Record::Client(_) => None,
        record => record.client().map(|client| client.id),
    }
}

/// Commands of the fake's own that need no journal.
const OWN: &[&[u8]] = &[
    b"CLOCK", b"DIGEST", b"FAULT", b"HELP", b"RESET", b"SEED", b"SEQ",
];

/// Whether it is a command of the fake's own that asks the journal, which is not here.
fn asks_journal(commands: &CommandList) -> bool {
    let is_own = first_word(commands).eq_ignore_ascii_case(b"FAKEREDIS");
    let name = (!commands.is_empty()).then(|| commands.arg(0, 1)).flatten();
    let is_known = |name: &[u8]| OWN.iter().any(|own| name.eq_ignore_ascii_case(own));
    is_own && !name.is_some_and(is_known)
}

/// Whether there was no request. An EXEC may have no commands either.
fn is_unreadable(observed: &Observed) -> bool {
    observed.origin == Origin::Direct && observed.commands.is_empty()
}

fn first_word(commands: &CommandList) -> &[u8] {
    match commands.is_empty() {
        true => b"",
        false => commands.arg(0, 0).unwrap_or_default(),
    }
}

fn is_error(replies: Option<&Blob>) -> bool {
    replies.is_some_and(|replies| replies.as_ref().starts_with(b"-"))
}

fn holds_password(commands: &CommandList) -> bool {
    (0..commands.len()).any(|index| commands.args(index).any(|word| word == HIDDEN))
}

/// The commands without `AUTH user password` of HELLO, which passed.
fn without_passwords(commands: &CommandList) -> CommandList {
    let mut open = CommandList::new();
    for mut argv in commands.iter() {
        let hidden = argv.iter().position(|word| *word == HIDDEN);
        if let Some(at) = hidden.filter(|at| *at > 0 && argv[at - 1].eq_ignore_ascii_case(b"AUTH"))
            && argv[0].eq_ignore_ascii_case(b"HELLO")
        {
            argv.drain(at - 1..(at + 2).min(argv.len()));
        }
        open.push(argv);
    }
    open
}

fn exec(core: &mut Core, session: &mut Session, commands: CommandList) {
    session.queue = Some(Queue {
        commands,
        refused: false,
    });
    core.run_unit(session, core.clock.now_us(), Origin::Direct, &[b"EXEC"]);
}

/// Runs the first of `commands` as a request.
fn request(core: &mut Core, session: &mut Session, origin: Origin, commands: &CommandList) {
    let mut argv = Vec::new();
    if !commands.is_empty() {
        commands.get(0, &mut argv);
    }
    core.unit.delivery = Delivery::AtOnce;
    core.run_unit(session, core.clock.now_us(), origin, &argv);
}
