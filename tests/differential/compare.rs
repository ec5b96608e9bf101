//! Ours and a real server side by side: sends the same to both, and tells what differs.

use std::collections::BTreeMap;

use fakeredis::FakeRedis;
use fakeredis::resp::Protocol;
use fakeredis::resp::Reply;
use fakeredis::resp::quote;

use super::Step;
use super::templates::Likeness;
use super::templates::likeness;
use crate::support::oracle::RealServer;
use crate::support::ours;
use crate::support::ours::InProcess;
use crate::support::player::Answer;
use crate::support::player::PATIENCE;
use crate::support::player::Target;
use crate::support::player::show;
use crate::support::transcript::Order;

/// Looks at the data, and does nothing else.
const INSPECTOR: usize = 9;

pub struct Pair {
    ours: InProcess,
    real: RealServer,
    /// What each client has queued since its MULTI.
    queued: BTreeMap<usize, Vec<Likeness>>,
}

impl Pair {
    pub fn new(mut real: RealServer) -> Pair {
        real.reset(Protocol::Resp2);
        Pair {
            ours: ours(),
            real,
            queued: BTreeMap::new(),
        }
    }

    /// Plays a session on empty servers. The error shows the first thing that differs.
    pub fn play(&mut self, session: &[Step]) -> Result<(), String> {
        let played = self.play_on(session);
        if played.is_err() {
            // A reply may still be on its way.
            self.real.reset(Protocol::Resp2);
            self.ours = ours();
        }
        played
    }

    fn play_on(&mut self, session: &[Step]) -> Result<(), String> {
        self.queued.clear();
        for client in [1, 2, 3, INSPECTOR] {
            self.same(client, &["RESET"])?;
        }
        self.ask(&Step::of(2, &["HELLO", "3"]));
        self.same(INSPECTOR, &["FLUSHALL"])?;
        self.same(INSPECTOR, &["SCRIPT", "FLUSH"])?;
        for step in session {
            self.step(step)?;
        }
        for db in ["1", "0"] {
            self.same(INSPECTOR, &["SELECT", db])?;
            self.same_data()?;
        }
        self.exchange_dumps()
    }

    /// One command on both; the replies, ours first, if they are alike.
    fn step(&mut self, step: &Step) -> Result<[Reply; 2], String> {
        let [ours, real] = self.ask(step);
        let queue = self.queued.entry(step.client).or_default();
        let is_alike = match (&ours, &real) {
            (Reply::Array(ours), Reply::Array(real)) if is(step, "EXEC") => {
                let parts = std::iter::zip(ours, real).zip(&*queue);
                ours.len() == real.len() && parts.into_iter().all(|((o, r), l)| alike(o, r, *l))
            }
            _ => alike(&ours, &real, likeness(&step.argv)),
        };
        if real == Reply::simple("QUEUED") {
            queue.push(likeness(&step.argv));
        } else if ["EXEC", "DISCARD", "RESET"]
            .iter()
            .any(|name| is(step, name))
        {
            queue.clear();
        }
        let shown = |reply| text(reply, Order::Fixed);
        match is_alike {
            false => Err(format!(
                "{step}\n--- real\n{}\n--- ours\n{}\n",
                shown(&real),
                shown(&ours)
            )),
            true => Ok([ours, real]),
        }
    }

    fn ask(&mut self, step: &Step) -> [Reply; 2] {
        [ask(&mut self.ours, step), ask(&mut self.real, step)]
    }

    /// A command whose words are given as they are.
    fn same<A: AsRef<[u8]>>(&mut self, client: usize, words: &[A]) -> Result<[Reply; 2], String> {
        self.step(&Step::of(client, words))
    }

    fn same_data(&mut self) -> Result<(), String> {
        for key in self.keys()? {
            self.same_value(&key)?;
            self.same(INSPECTOR, &[b"PTTL", &*key])?;
            self.same(INSPECTOR, &[b"OBJECT".as_slice(), b"ENCODING", &key])?;
        }
        Ok(())
    }

    fn keys(&mut self) -> Result<Vec<Vec<u8>>, String> {
        let [ours, _] = self.same(INSPECTOR, &["KEYS", "*"])?;
        Ok(bulks(&ours))
    }

    fn same_value(&mut self, key: &[u8]) -> Result<(), String> {
        let [kind, _] = self.same(INSPECTOR, &[b"TYPE", key])?;
        let argv: Vec<&[u8]> = match &*text(&kind, Order::Fixed) {
            "string" => vec![b"GET", key],
            "list" => vec![b"LRANGE", key, b"0", b"-1"],
            "set" => vec![b"SMEMBERS", key],
            "hash" => return self.same_hash(key),
            other => return Err(format!("a key of type {other}")),
        };
        self.same(INSPECTOR, &argv).map(drop)
    }

    fn same_hash(&mut self, key: &[u8]) -> Result<(), String> {
        self.same(INSPECTOR, &[b"HGETALL", key])?;
        let [fields, _] = self.same(INSPECTOR, &[b"HKEYS", key])?;
        for field in bulks(&fields) {
            self.same(INSPECTOR, &[b"HPTTL", key, b"FIELDS", b"1", &field])?;
        }
        Ok(())
    }

    /// What one dumps, the other restores.
    fn exchange_dumps(&mut self) -> Result<(), String> {
        for key in self.keys()? {
            let dumps = self.ask(&Step::of(INSPECTOR, &[b"DUMP", &*key]));
            let [Reply::Bulk(ours), Reply::Bulk(real)] = dumps else {
                return Err(format!("{} gives no dump", quote(&key)));
            };
            restore(&mut self.ours, &real)?;
            restore(&mut self.real, &ours)?;
            self.same_value(b"copy")?;
        }
        Ok(())
    }
}

/// Ours on the system's clock, as the real server is.
fn ours() -> InProcess {
    let fake = FakeRedis::builder().config(ours::config()).build();
    InProcess::on(fake.unwrap())
}

fn restore(target: &mut dyn Target, dump: &[u8]) -> Result<(), String> {
    let step = Step::of(
        INSPECTOR,
        &[b"RESTORE".as_slice(), b"copy", b"0", dump, b"REPLACE"],
    );
    match ask(target, &step) {
        Reply::Simple(_) => Ok(()),
        other => Err(format!("{step}\n{}", text(&other, Order::Fixed))),
    }
}

fn ask(target: &mut dyn Target, step: &Step) -> Reply {
    target.send(step.client, &step.argv);
    match target.receive(step.client, PATIENCE) {
        Answer::Reply(reply) => reply,
        Answer::Nothing => Reply::simple("(no reply)"),
        Answer::Closed => Reply::simple("(closed)"),
    }
}

fn is(step: &Step, name: &str) -> bool {
    step.argv[0].eq_ignore_ascii_case(name.as_bytes())
}

fn bulks(reply: &Reply) -> Vec<Vec<u8>> {
    let (Reply::Array(items) | Reply::Set(items)) = reply else {
        return Vec::new();
    };
    let bulk = |item: &Reply| match item {
        Reply::Bulk(bytes) => Some(bytes.to_vec()),
        _ => None,
    };
    items.iter().filter_map(bulk).collect()
}

fn text(reply: &Reply, order: Order) -> String {
    show(Answer::Reply(reply.clone()), order, false)
}

fn alike(ours: &Reply, real: &Reply, likeness: Likeness) -> bool {
    match likeness {
        Likeness::Same(order) => text(ours, order) == text(real, order),
        Likeness::Times => near(ours, real),
        Likeness::Encoding => {
            let encoding = |reply| text(reply, Order::Fixed).replace("listpackex", "listpack");
            encoding(ours) == encoding(real)
        }
        Likeness::Kind => std::mem::discriminant(ours) == std::mem::discriminant(real),
    }
}

/// Integers within ten seconds, counted in milliseconds; a time that is off by its unit is off by more.
fn near(ours: &Reply, real: &Reply) -> bool {
    match (ours, real) {
        (Reply::Int(ours), Reply::Int(real)) if *real >= 0 => ours.abs_diff(*real) <= 10_000,
        (Reply::Array(ours), Reply::Array(real)) => {
            ours.len() == real.len() && std::iter::zip(ours, real).all(|(o, r)| near(o, r))
        }
        _ => ours == real,
    }
}
