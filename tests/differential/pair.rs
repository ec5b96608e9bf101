//! Ours and a real server side by side: sends the same to both, and tells what differs.
//!
//! Ours answers at once and says what it sends to whom, so that the real server is waited for only where something
//! comes.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::time::Duration;

use fakeredis::FakeRedis;
use fakeredis::Fsync;
use fakeredis::resp::Protocol;
use fakeredis::resp::Reply;

use super::contents;
use super::likeness::Likeness;
use super::likeness::text;
use super::session::Step;
use crate::support::oracle::RealServer;
use crate::support::ours;
use crate::support::ours::InProcess;
use crate::support::player::Answer;
use crate::support::player::Ids;
use crate::support::player::Target;
use crate::support::player::note_id;
use crate::support::player::show;
use crate::support::player::with_ids;
use crate::support::transcript::Order;
use crate::support::verified::Recorded;
use crate::support::verified::verify;

/// Looks at the data, and does nothing else.
pub const INSPECTOR: usize = 9;

/// How long the real server may take for a reply.
const PATIENCE: Duration = Duration::from_secs(20);

/// What brings a real server back to where it began.
const CLEAN: &[&str] = &[
    "FLUSHALL",
    "SCRIPT FLUSH",
    "CONFIG RESETSTAT",
    "CONFIG SET hash-max-listpack-entries 512",
    "CONFIG SET set-max-intset-entries 512",
    "CONFIG SET zset-max-listpack-value 64",
    "CONFIG SET list-max-listpack-size -2",
    "CONFIG SET slowlog-max-len 128",
    "CONFIG SET timeout 0",
    "CONFIG SET lua-time-limit 5000",
];

pub struct Pair {
    fake: FakeRedis,
    ours: InProcess,
    dir: Recorded,
    real: RealServer,
    /// Who has sent something and is not gone.
    connected: BTreeSet<usize>,
    /// Whose last command has no reply yet: a client that blocks.
    waiting: BTreeSet<usize>,
    /// What each client has queued since its MULTI.
    queued: BTreeMap<usize, Vec<Likeness>>,
    /// The ids of the clients, ours first.
    ids: [Ids; 2],
    /// Whether anything was sorted. Redis makes a sorted set a skiplist for that; ours follows from the journal, which
    /// has no record of what changed nothing.
    sorted: bool,
    /// The session as a transcript, with the real server's replies.
    transcript: String,
}

impl Pair {
    pub fn new(mut real: RealServer) -> Pair {
        real.reset(Protocol::Resp2);
        let dir = directory();
        let fake = journaled(&dir);
        Pair {
            ours: InProcess::on(fake.clone()),
            fake,
            dir,
            real,
            connected: BTreeSet::new(),
            waiting: BTreeSet::new(),
            queued: BTreeMap::new(),
            ids: Default::default(),
            sorted: false,
            transcript: String::new(),
        }
    }

    /// Plays a session on empty servers. The error is a transcript that ends with what differs.
    pub fn play(&mut self, session: &[Step]) -> Result<(), String> {
        self.begin();
        match catch_unwind(AssertUnwindSafe(|| self.play_on(session))) {
            Ok(played) => played.map_err(|error| format!("{}{error}", self.transcript)),
            Err(_) => Err(format!("{}--- a panic\n", self.transcript)),
        }
    }

    fn begin(&mut self) {
        self.dir = directory();
        self.fake = journaled(&self.dir);
        self.ours = InProcess::on(self.fake.clone());
        self.real.reconnect();
        for command in CLEAN {
            let words: Vec<&str> = command.split(' ').collect();
            ask(&mut self.real, &Step::of(INSPECTOR, &words));
        }
        self.connected.clear();
        self.waiting.clear();
        self.queued.clear();
        self.ids = Default::default();
        self.sorted = false;
        self.transcript.clear();
    }

    fn play_on(&mut self, session: &[Step]) -> Result<(), String> {
        for step in session {
            if !self.waiting.contains(&step.client) {
                self.step(step)?;
            }
        }
        self.nothing_is_left()?;
        contents::compare(self)?;
        self.reopen()
    }

    /// One command on both; the replies, ours first, if they are alike.
    pub fn step(&mut self, step: &Step) -> Result<[Reply; 2], String> {
        self.connected.insert(step.client);
        self.sorted |= step.is("SORT") || step.is("SORT_RO");
        let [ours, real] = &self.ids;
        self.ours.send(step.client, &with_ids(&step.argv, ours));
        self.real.send(step.client, &with_ids(&step.argv, real));
        let [ours, real] = self.receive(step.client);
        note_id(step.client, &step.argv, &ours, &mut self.ids[0]);
        note_id(step.client, &step.argv, &real, &mut self.ids[1]);
        writeln!(self.transcript, "{step}\n{}", shown(&real)).unwrap();
        if !self.alike(step, &ours, &real) {
            return Err(format!("--- ours\n{}\n", shown(&ours)));
        }
        self.note(step, &real);
        for client in self.connected.clone() {
            self.same_messages(client, step)?;
        }
        Ok([ours, real].map(|answer| match answer {
            Answer::Reply(reply) => reply,
            Answer::Nothing | Answer::Closed => Reply::Silence,
        }))
    }

    /// A command on both that leaves no trace in the transcript; the replies, ours first, as they are.
    pub fn ask(&mut self, step: &Step) -> [Reply; 2] {
        [self.ask_ours(step), self.ask_real(step)]
    }

    pub fn ask_ours(&mut self, step: &Step) -> Reply {
        ask(&mut self.ours, step)
    }

    pub fn ask_real(&mut self, step: &Step) -> Reply {
        ask(&mut self.real, step)
    }

    /// The next thing that each sends to the client.
    fn receive(&mut self, client: usize) -> [Answer; 2] {
        let ours = self.ours.receive(client, Duration::ZERO);
        let patience = match ours {
            Answer::Nothing => self.settled(),
            _ => PATIENCE,
        };
        [ours, self.real.receive(client, patience)]
    }

    /// Waits until the real server has sent whatever it will send; how long that takes to read.
    fn settled(&mut self) -> Duration {
        ask(&mut self.real, &Step::of(INSPECTOR, &["PING"]));
        Duration::from_millis(1)
    }

    fn alike(&self, step: &Step, ours: &Answer, real: &Answer) -> bool {
        match (ours, real) {
            (Answer::Reply(Reply::Array(ours)), Answer::Reply(Reply::Array(real)))
                if step.is("EXEC") && ours.len() == real.len() =>
            {
                let queue = self.queued.get(&step.client).into_iter().flatten();
                let mut parts = std::iter::zip(ours, real).zip(queue);
                parts.all(|((ours, real), likeness)| likeness.holds(ours, real))
            }
            (Answer::Reply(_), Answer::Reply(real))
                if self.sorted && *real == Reply::bulk("skiplist") =>
            {
                true
            }
            (Answer::Reply(ours), Answer::Reply(real)) => step.likeness.holds(ours, real),
            (Answer::Nothing, Answer::Nothing) | (Answer::Closed, Answer::Closed) => true,
            _ => false,
        }
    }

    /// What the reply says of the client.
    fn note(&mut self, step: &Step, reply: &Answer) {
        let queue = self.queued.entry(step.client).or_default();
        match reply {
            Answer::Reply(reply) if *reply == Reply::simple("QUEUED") => queue.push(step.likeness),
            Answer::Reply(_)
                if ["EXEC", "DISCARD", "RESET"]
                    .iter()
                    .any(|name| step.is(name)) =>
            {
                queue.clear();
            }
            Answer::Reply(_) => {}
            Answer::Nothing => drop(self.waiting.insert(step.client)),
            Answer::Closed => {
                queue.clear();
                self.connected.remove(&step.client);
            }
        }
    }

    /// Whatever else the step brought to the client.
    fn same_messages(&mut self, client: usize, step: &Step) -> Result<(), String> {
        let mut messages = [Vec::new(), Vec::new()];
        loop {
            let ours = self.ours.receive(client, Duration::ZERO);
            if matches!(ours, Answer::Nothing) {
                break;
            }
            self.waiting.remove(&client);
            if matches!(ours, Answer::Closed) {
                self.connected.remove(&client);
            }
            let real = self.real.receive(client, PATIENCE);
            messages[0].push(shown(&ours));
            messages[1].push(shown(&real));
            if matches!(ours, Answer::Closed) {
                break;
            }
        }
        for message in &messages[1] {
            writeln!(self.transcript, "{}\n{message}", prompt(client)).unwrap();
        }
        if step.is("PUBLISH") {
            // Which of several patterns comes first is left open.
            messages.iter_mut().for_each(|all| all.sort());
        }
        match messages[0] == messages[1] {
            true => Ok(()),
            false => Err(format!("--- ours\n{}\n", messages[0].join("\n"))),
        }
    }

    /// Nobody is sent anything that ours does not send.
    fn nothing_is_left(&mut self) -> Result<(), String> {
        self.settled();
        for client in self.connected.clone() {
            let left = self.real.receive(client, Duration::from_millis(1));
            if !matches!(left, Answer::Nothing) {
                let (prompt, left) = (prompt(client), shown(&left));
                return Err(format!("{prompt}\n{left}\n--- ours\n(no reply)\n"));
            }
        }
        Ok(())
    }

    /// The journal gives the same data again.
    fn reopen(&mut self) -> Result<(), String> {
        let digest = self.fake.digest();
        self.fake.close().unwrap();
        // The lock on the journal is given back.
        self.fake = FakeRedis::new();
        self.ours = InProcess::on(self.fake.clone());
        verify(&self.dir.path().join("journal"))?;
        let reopened = journaled(&self.dir);
        match reopened.digest() == digest {
            true => Ok(()),
            false => Err(String::from("--- the journal gives other data\n")),
        }
    }
}

/// A session's end verifies the journal, so that a session that fails there can be made small.
fn directory() -> Recorded {
    Recorded::new().unverified("it is verified at the session's end")
}

/// Ours on the system's clock, as the real server is.
fn journaled(dir: &Recorded) -> FakeRedis {
    let builder = FakeRedis::builder().journal(dir.path().join("journal"));
    let builder = builder.fsync(Fsync::No).config(ours::config());
    builder.build().unwrap()
}

fn ask(target: &mut dyn Target, step: &Step) -> Reply {
    target.send(step.client, &step.argv);
    match target.receive(step.client, PATIENCE) {
        Answer::Reply(reply) => reply,
        Answer::Nothing | Answer::Closed => Reply::Silence,
    }
}

fn shown(answer: &Answer) -> String {
    match answer {
        Answer::Reply(reply) => text(reply, Order::Fixed),
        Answer::Nothing => show(Answer::Nothing, Order::Fixed, false),
        Answer::Closed => show(Answer::Closed, Order::Fixed, false),
    }
}

fn prompt(client: usize) -> String {
    match client {
        1 => String::from("<"),
        client => format!("[{client}] <"),
    }
}
