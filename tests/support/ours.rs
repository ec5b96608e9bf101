//! Our own fake as a target of transcripts: in process, through a port, and on a journal that is reopened.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;
use std::time::UNIX_EPOCH;

use fakeredis::Clock;
use fakeredis::FakeRedis;
use fakeredis::Recording;
use fakeredis::Server;
use fakeredis::command::Config;
use fakeredis::engine::Core;
use fakeredis::engine::Outcome;
use fakeredis::resp::Protocol;
use fakeredis::resp::Reply;
use fakeredis::resp::decode_reply;
use fakeredis::resp::encode;
use fakeredis::resp::pretty;
use fakeredis::session::Address;
use fakeredis::session::SessionKey;

use super::player::Answer;
use super::player::FLAGS;
use super::player::Target;
use super::verified::Recorded;
use super::verified::Remembering;
use super::verified::verify;
use super::wire::Wire;

/// When every section begins: 2026-08-01T12:00:00Z.
const START: Duration = Duration::from_secs(1_785_585_600);

/// The engine itself, without a connection between.
pub struct InProcess {
    fake: FakeRedis,
    protocol: Protocol,
    clients: BTreeMap<usize, Client>,
}

struct Client {
    session: SessionKey,
    received: VecDeque<Reply>,
    /// What it sent while it was blocked.
    ahead: VecDeque<Vec<Vec<u8>>>,
    blocked: bool,
    closed: bool,
}

impl InProcess {
    pub fn new() -> InProcess {
        InProcess::on(in_memory())
    }

    /// The engine of `fake`.
    pub fn on(fake: FakeRedis) -> InProcess {
        InProcess {
            fake,
            protocol: Protocol::Resp2,
            clients: BTreeMap::new(),
        }
    }

    fn connect(&mut self, client: usize) {
        let mut core = self.fake.engine().lock();
        let session = core.connect(Address::default());
        core.session(session).expect("just connected").protocol = self.protocol;
        let client_state = Client {
            session,
            received: VecDeque::new(),
            ahead: VecDeque::new(),
            blocked: false,
            closed: false,
        };
        self.clients.insert(client, client_state);
    }

    /// What the command did to the other clients too: pushes, replies to what was blocked, connections that must
    /// end. A client that is not blocked any more goes on with what it sent meanwhile.
    fn collect(&mut self) {
        let mut core = self.fake.engine().lock();
        while self
            .clients
            .values_mut()
            .any(|client| client.collect(&mut core))
        {}
    }
}

impl Client {
    /// Takes what the engine has for it; whether it ran another command.
    fn collect(&mut self, core: &mut Core) -> bool {
        let Some(session) = core.session(self.session) else {
            self.closed = true;
            return false;
        };
        self.closed |= session.closing.is_some();
        let protocol = session.protocol;
        let pushes = session.pushes.drain(..);
        self.received
            .extend(pushes.map(|push| sent(&push, protocol)));
        if self.blocked {
            let outcome = core.answer(self.session);
            self.conclude(outcome);
        }
        if self.blocked || self.closed {
            return false;
        }
        let next = self.ahead.pop_front();
        next.is_some_and(|argv| self.run(core, &argv))
    }

    fn run(&mut self, core: &mut Core, argv: &[Vec<u8>]) -> bool {
        let argv: Vec<&[u8]> = argv.iter().map(Vec::as_slice).collect();
        let outcome = core.run(self.session, &argv);
        self.conclude(outcome);
        true
    }

    fn conclude(&mut self, outcome: Outcome) {
        self.blocked = matches!(outcome, Outcome::Blocked);
        match outcome {
            Outcome::Reply(Reply::Silence, _) | Outcome::Blocked => {}
            Outcome::Reply(reply, protocol) => self.received.push_back(sent(&reply, protocol)),
            Outcome::Closed | Outcome::Cut(_) => self.closed = true,
        }
    }
}

impl Target for InProcess {
    fn reset(&mut self, protocol: Protocol) {
        self.fake = in_memory();
        self.protocol = protocol;
        self.clients.clear();
    }

    fn send(&mut self, client: usize, argv: &[Vec<u8>]) {
        if !self.clients.contains_key(&client) {
            self.connect(client);
        }
        let state = self.clients.get_mut(&client).expect("connected");
        state.ahead.push_back(argv.to_vec());
        self.collect();
        self.fake.engine().batch(|_| ()).unwrap();
        // The next turn tells of keys with a prefix.
        self.collect();
    }

    fn receive(&mut self, client: usize, _patience: Duration) -> Answer {
        let state = self.clients.get_mut(&client).expect("a client that sent");
        match state.received.pop_front() {
            Some(reply) => Answer::Reply(reply),
            None if state.closed => {
                let gone = self.clients.remove(&client).expect("just seen");
                self.fake.engine().lock().disconnect(gone.session);
                Answer::Closed
            }
            None => Answer::Nothing,
        }
    }

    fn sleep(&mut self, time: Duration) {
        pass(&self.fake, time);
        self.collect();
    }
}

/// A server of ours, through a port. A section in RESP3 is recorded, and run again when it is over.
pub struct Served {
    wire: Wire,
    fake: FakeRedis,
    _server: Server,
    recorded: Option<Remembering>,
}

impl Served {
    pub fn new() -> Served {
        Served::start(Protocol::Resp2)
    }

    fn start(protocol: Protocol) -> Served {
        let is_recorded = protocol == Protocol::Resp3;
        let builder = FakeRedis::builder().config(config()).clock(started());
        let fake = match is_recorded {
            true => builder.journal_in_memory().record(Recording::Session),
            false => builder,
        };
        let fake = fake.build().unwrap();
        let server = fake.serve("127.0.0.1:0").unwrap();
        let port = server.address().expect("a TCP address").port();
        Served {
            wire: Wire::new(port, protocol),
            recorded: is_recorded.then(|| Remembering(fake.clone())),
            fake,
            _server: server,
        }
    }
}

impl Target for Served {
    fn reset(&mut self, protocol: Protocol) {
        *self = Served::start(protocol);
    }

    fn send(&mut self, client: usize, argv: &[Vec<u8>]) {
        self.wire.send(client, argv);
    }

    fn receive(&mut self, client: usize, patience: Duration) -> Answer {
        self.wire.receive(client, patience)
    }

    fn sleep(&mut self, time: Duration) {
        pass(&self.fake, time);
    }

    fn has_journal(&self) -> bool {
        self.recorded.is_some()
    }
}

/// A fake with a journal; when a section is over, the journal must give the same data again, and its commands must come
/// to the same once more. A section in RESP3 is recorded in full.
pub struct Reopened {
    inner: InProcess,
    dir: Recorded,
}

impl Reopened {
    pub fn new() -> Reopened {
        let dir = Recorded::new().unverified("check() verifies it");
        Reopened {
            inner: InProcess::on(journaled(dir.path(), started(), Recording::default())),
            dir,
        }
    }

    /// Closes the journal, opens it again and compares.
    ///
    /// # Panics
    ///
    /// When the data differ, or a record comes out otherwise.
    pub fn check(&mut self) {
        let before = data(&self.inner.fake);
        let clock = self.inner.fake.clock().clone();
        self.inner.fake.close().unwrap();
        self.inner = InProcess::new();
        let after = data(&journaled(self.dir.path(), clock, Recording::default()));
        assert_eq!(before, after, "the journal gives other data");
        if let Err(report) = verify(&self.dir.path().join("journal")) {
            panic!("records come out otherwise\n{report}");
        }
    }
}

impl Target for Reopened {
    fn reset(&mut self, protocol: Protocol) {
        self.check();
        self.dir = Recorded::new().unverified("check() verifies it");
        let recording = match protocol {
            Protocol::Resp2 => Recording::default(),
            Protocol::Resp3 => Recording::Session,
        };
        self.inner = InProcess::on(journaled(self.dir.path(), started(), recording));
        self.inner.protocol = protocol;
    }

    fn send(&mut self, client: usize, argv: &[Vec<u8>]) {
        self.inner.send(client, argv);
    }

    fn receive(&mut self, client: usize, patience: Duration) -> Answer {
        self.inner.receive(client, patience)
    }

    fn sleep(&mut self, time: Duration) {
        self.inner.sleep(time);
    }

    fn has_journal(&self) -> bool {
        true
    }
}

/// A clock that stands where every section begins.
pub fn started() -> Clock {
    Clock::frozen_at(UNIX_EPOCH + START)
}

fn in_memory() -> FakeRedis {
    let builder = FakeRedis::builder().config(config());
    builder.clock(started()).build().unwrap()
}

fn journaled(dir: &Path, clock: Clock, recording: Recording) -> FakeRedis {
    let builder = FakeRedis::builder()
        .journal(dir.join("journal"))
        .record(recording);
    builder.config(config()).clock(clock).build().unwrap()
}

/// The flags that the real server is started with too.
pub fn config() -> Config {
    let mut config = Config::default();
    for (name, value) in FLAGS {
        config.set_flag(name, &[value]).unwrap();
    }
    config
}

fn pass(fake: &FakeRedis, time: Duration) {
    fake.clock().advance(time);
    fake.engine().lock().expire_now();
}

/// The reply as a client reads it.
fn sent(reply: &Reply, protocol: Protocol) -> Reply {
    let mut bytes = Vec::new();
    encode(reply, protocol, &mut bytes);
    let decoded = decode_reply(&bytes).expect("an encoded reply is RESP");
    decoded.expect("an encoded reply is complete").0
}

/// A digest of the data, and the keys of every database in their order.
fn data(fake: &FakeRedis) -> Vec<String> {
    let mut core = fake.engine().lock();
    let mut data = vec![core.world().keyspace.digest()];
    let session = core.connect(Address::default());
    for db in 0..16 {
        core.session(session).expect("just connected").db = db;
        if let Outcome::Reply(keys, _) = core.run(session, &[b"KEYS", b"*"]) {
            data.push(format!("{db}: {}", pretty(&keys)));
        }
    }
    data
}
