//! [`View`]: the data as it was, and read-only commands on it.

use std::borrow::Cow;
use std::time::SystemTime;

use crate::clock::from_micros;
use crate::command;
use crate::command::Context;
use crate::command::NoHost;
use crate::command::Unit;
use crate::command::World;
use crate::command::spec;
use crate::commit::Entry;
use crate::commit::Seq;
use crate::engine;
use crate::journal::JournalError;
use crate::journal::Reader;
use crate::keyspace::Keyspace;
use crate::keyspace::Slot;
use crate::resp::Protocol;
use crate::resp::Reply;
use crate::session::Address;
use crate::session::Session;

/// The state after a record. Its clock stands at that record's time, and nothing in it ever changes.
#[derive(Debug)]
pub struct View {
    world: World,
    session: Session,
    seq: Seq,
    clock_us: i64,
}

impl View {
    pub(super) fn new(world: World, seq: Seq, clock_us: i64) -> View {
        let mut session = Session::new(0, Address::default(), clock_us);
        session.protocol = Protocol::Resp3;
        session.no_touch = true;
        View {
            world,
            session,
            seq,
            clock_us,
        }
    }

    /// Becomes the state after another record.
    pub(super) fn show(&mut self, keyspace: Keyspace, seq: Seq, clock_us: i64) {
        self.world.keyspace = keyspace;
        (self.seq, self.clock_us) = (seq, clock_us);
    }

    /// Takes the state over the next record.
    pub(super) fn step(&mut self, reader: &Reader, entry: &Entry) -> Result<(), JournalError> {
        engine::step(&mut self.world, entry, |to| engine::state_at(reader, to))
    }

    /// The record after which this was the state; 0 for the beginning.
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// That record's time.
    pub fn time(&self) -> SystemTime {
        from_micros(self.clock_us)
    }

    /// That record's time, in microseconds since the epoch.
    pub fn clock_us(&self) -> i64 {
        self.clock_us
    }

    /// Everything that there was.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Everything that there was, to take along.
    pub fn into_world(self) -> World {
        self.world
    }

    /// The digest of all data: the same data gives the same forty digits, whatever the history.
    pub fn data_digest(&self) -> String {
        self.world.keyspace.digest()
    }

    /// The digest of what stands at a key, and when it expires; `None` where there is no such key.
    pub fn key_digest(&self, db: usize, key: &[u8]) -> Option<String> {
        let keyspace = &self.world.keyspace;
        let slot = (db < keyspace.databases()).then(|| keyspace.db(db).get(key))?;
        slot.map(Slot::digest)
    }

    /// The database that commands look at.
    pub fn db(&self) -> usize {
        self.session.db
    }

    /// Answers in the shapes of this protocol from now on; RESP3 unless it is called.
    pub fn set_protocol(&mut self, protocol: Protocol) {
        self.session.protocol = protocol;
    }

    /// Runs a command that only reads, or SELECT, at the record's time. Any other is answered with an error.
    ///
    /// ```no_run
    /// use fakeredis::{Rev, Timeline};
    ///
    /// let mut then = Timeline::open("data")?.at(&Rev::seq(42))?;
    /// println!("{:?}", then.run(&["HGETALL", "product:product_1"]));
    /// # Ok::<(), fakeredis::timeline::Error>(())
    /// ```
    pub fn run<A: AsRef<[u8]>>(&mut self, argv: &[A]) -> Reply {
        let argv: Vec<&[u8]> = argv.iter().map(AsRef::as_ref).collect();
        match command::resolve(&argv) {
            Ok(command) if is_harmless(command) => self.apply(&argv),
            Ok(command) => Reply::Error(
                format!(
                    "READONLY {} can't run on the past: only commands that read can",
                    command.name.replace('|', " ")
                )
                .into(),
            ),
            Err(error) => error.into(),
        }
    }

    /// Whether a Lua script that only reads answers something that Lua takes for true: anything but `false` and `nil`.
    ///
    /// ```no_run
    /// use fakeredis::{Rev, Timeline};
    ///
    /// let mut then = Timeline::open("data")?.at(&Rev::seq(42))?;
    /// let is_sold_out = then.holds("return redis.call('get', 'stock') == '0'").expect("it runs");
    /// # Ok::<(), fakeredis::timeline::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What went wrong in the script, as EVAL_RO says it.
    pub fn holds(&mut self, script: &str) -> Result<bool, Cow<'static, str>> {
        match self.run(&["EVAL_RO", script, "0"]) {
            Reply::Error(error) => Err(error),
            reply => Ok(!matches!(reply, Reply::Null | Reply::Bool(false))),
        }
    }

    fn apply(&mut self, argv: &[&[u8]]) -> Reply {
        let mut unit = Unit::for_applying();
        unit.begin(self.clock_us, self.seq + 1, self.session.db);
        let mut context = Context {
            world: &mut self.world,
            session: &mut self.session,
            unit: &mut unit,
            host: &mut NoHost,
        };
        command::apply(&mut context, argv)
    }
}

fn is_harmless(command: &command::Command) -> bool {
    command.flags & spec::READONLY != 0 || matches!(command.name, "SELECT" | "PING" | "ECHO")
}
