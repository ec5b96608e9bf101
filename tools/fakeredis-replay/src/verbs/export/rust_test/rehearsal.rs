//! [`Rehearsal`]: what the test will do, done while it is written: so it is known what its commands are answered.

use std::collections::BTreeMap;

use fakeredis::Clock;
use fakeredis::Dataset;
use fakeredis::FakeRedis;
use fakeredis::Size;
use fakeredis::Snapshot;
use fakeredis::commit::Seq;
use fakeredis::engine::Outcome;
use fakeredis::resp::Protocol;
use fakeredis::resp::Reply;
use fakeredis::resp::encode;
use fakeredis::session::Address;
use fakeredis::session::SessionKey;

use crate::failure::Failure;

/// A fake on which the test's steps are tried.
pub struct Rehearsal {
    fake: FakeRedis,
    clients: Vec<SessionKey>,
    kept: BTreeMap<Seq, Snapshot>,
}

/// What a command came to.
pub enum Answer {
    /// A reply, and whether a client reads it in RESP2.
    Reply(Reply, bool),
    /// The client would wait, and in a test nobody would wake it.
    Waits,
    /// The connection is closed.
    Closed,
}

impl Rehearsal {
    pub fn new(clock: Clock, seed: u64) -> Result<Rehearsal, Failure> {
        Ok(Rehearsal {
            fake: FakeRedis::builder().clock(clock).seed(seed).build()?,
            clients: Vec::new(),
            kept: BTreeMap::new(),
        })
    }

    pub fn load(&self, dataset: &Dataset) -> Result<(), Failure> {
        self.fake.load_dataset(dataset, Size::default(), |_| {})?;
        Ok(())
    }

    /// Another client; they are numbered as they come.
    pub fn connect(&mut self) -> usize {
        let client = self.fake.engine().lock().connect(Address::default());
        self.clients.push(client);
        self.clients.len() - 1
    }

    pub fn disconnect(&self, client: usize) {
        let client = self.clients[client];
        self.fake.engine().lock().disconnect(client);
    }

    pub fn run(&self, client: usize, argv: &[&[u8]]) -> Answer {
        let client = self.clients[client];
        let mut core = self.fake.engine().lock();
        match core.run(client, argv) {
            Outcome::Reply(reply, protocol) => Answer::Reply(reply, protocol == Protocol::Resp2),
            Outcome::Closed | Outcome::Cut(_) => Answer::Closed,
            Outcome::Blocked => {
                core.give_up(client);
                Answer::Waits
            }
        }
    }

    /// As [`run`](Rehearsal::run), but for a command that changes no data: `None`, and as if nothing was run, if it does.
    pub fn ask(&self, client: usize, argv: &[&[u8]]) -> Option<Answer> {
        // What is due expires before any command, and is no change of this one.
        self.fake.engine().lock().expire_now();
        let before = (self.fake.snapshot(), self.changes());
        let answer = self.run(client, argv);
        if self.changes() == before.1 {
            return Some(answer);
        }
        // Without a journal nothing can fail here.
        let _ = self.fake.restore(&before.0);
        None
    }

    /// How many changes there were: in memory, nothing else is counted.
    fn changes(&self) -> Seq {
        self.fake.engine().lock().last_seq()
    }

    pub fn keep(&mut self, seq: Seq) {
        self.kept.insert(seq, self.fake.snapshot());
    }

    pub fn restore(&self, seq: Seq) -> Result<(), Failure> {
        match self.kept.get(&seq) {
            Some(snapshot) => Ok(self.fake.restore(snapshot)?),
            None => Ok(()),
        }
    }

    pub fn digest(&self) -> String {
        self.fake.digest()
    }
}

/// The checksum of a reply, as records have it.
pub fn crc(reply: &Reply) -> u32 {
    let mut bytes = Vec::new();
    encode(reply, Protocol::Resp3, &mut bytes);
    crc32fast::hash(&bytes)
}
