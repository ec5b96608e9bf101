//! `run`: sends a recorded session to a server, and tells which replies are others.

mod likeness;
mod peer;

use std::collections::BTreeMap;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use clap::ValueEnum;
use fakeredis::commit::CommandList;
use fakeredis::commit::Commit;
use fakeredis::commit::Effect;
use fakeredis::commit::Entry;
use fakeredis::commit::Origin;
use fakeredis::commit::Record;
use fakeredis::resp::Protocol;
use fakeredis::resp::Reply;
use fakeredis::resp::decode_reply;
use fakeredis::resp::pretty;
use fakeredis::timeline::Filter;
use fakeredis::timeline::RevRange;
use serde_json::json;

use super::Journal;
use crate::Outcome;
use crate::failure::Failure;
use crate::json;
use crate::output::Output;
use crate::text;
use crate::text::Room;
use likeness::Likeness;
use peer::Peer;

#[derive(Args)]
#[command(after_help = "Examples:
  redis-server --port 7000 --save '' &
  fakeredis-replay run ./data --against 127.0.0.1:7000
  fakeredis-replay run ./data mark:start.. --against 127.0.0.1:7000 --flush --speed 1

Each recorded client is a connection, and commands go out in the order in which they were recorded. At level session
all replies are compared, at other levels those whose checksum tells.

Exit codes: 0 all replies are the same; 1 some differ.")]
pub struct Run {
    #[command(flatten)]
    journal: Journal,
    /// A stretch of history, A..B; a single revision means everything up to it.
    #[arg(default_value = "..", allow_hyphen_values = true)]
    range: RevRange,
    /// The server; it must be empty.
    #[arg(long, value_name = "HOST:PORT")]
    against: String,
    /// Empties the server first: ALL its data is lost.
    #[arg(long)]
    flush: bool,
    /// How fast: as recorded, or as fast as it goes.
    #[arg(long, value_enum, default_value_t = Speed::Max)]
    speed: Speed,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Speed {
    /// As recorded.
    #[value(name = "1")]
    Recorded,
    Max,
}

impl Run {
    pub fn run(self, out: &mut Output) -> Outcome {
        let timeline = self.journal.open()?;
        let range = timeline.range(&self.range)?;
        let unreached = |error| self.unreached(&error);
        let mut sender = Sender::new(&self.against).map_err(unreached)?;
        sender.prepare(self.flush).map_err(unreached)??;
        let mut last_us = None;
        for entry in timeline.log(range, &Filter::default()) {
            let entry = entry.map_err(fakeredis::timeline::Error::from)?;
            if self.speed == Speed::Recorded {
                let us = last_us.map_or(0, |last| entry.clock_us - last);
                fakeredis::clock::pause(Duration::from_micros(us.try_into().unwrap_or(0)));
                last_us = Some(entry.clock_us);
            }
            if let Record::Rewind(_) = entry.record {
                let what = format!(
                    "record {} goes back, which a server can't: end before it",
                    entry.seq
                );
                return Err(Failure::Nothing(what));
            }
            let sent = sender.send(&entry.record);
            if let Some(difference) = sent.map_err(unreached)? {
                print(&entry, &difference, out)?;
            }
        }
        sender.summary(out)?;
        Ok(ExitCode::from(u8::from(sender.differ > 0)))
    }

    fn unreached(&self, error: &io::Error) -> Failure {
        Failure::Nothing(format!("the server at {}: {error}", self.against))
    }
}

/// What was recorded, where it is known, and what the server answered.
struct Difference {
    recorded: Option<Reply>,
    answered: Reply,
}

fn print(entry: &Entry, difference: &Difference, out: &mut Output) -> Result<(), Failure> {
    let Difference { recorded, answered } = difference;
    if out.json {
        let mut object = json::describe(entry);
        let shown = |reply: &Reply| json::reply(reply.clone());
        object.insert("recorded".to_owned(), json!(recorded.as_ref().map(shown)));
        object.insert("answered".to_owned(), shown(answered));
        return out.object(object);
    }
    let paint = out.paint;
    let recorded = recorded.as_ref().map_or("another reply".to_owned(), pretty);
    out.line(text::line(entry, 1, Room::LINE, paint))?;
    out.line(paint.removed(format!("  recorded  {}", indented(&recorded))))?;
    out.line(paint.added(format!("  answered  {}", indented(&pretty(answered)))))
}

fn indented(reply: &str) -> String {
    reply.replace('\n', "\n            ")
}

/// The connections to the server, and what came of sending.
struct Sender {
    address: String,
    control: Peer,
    peers: BTreeMap<u64, Peer>,
    compared: u64,
    incomparable: u64,
    differ: u64,
}

impl Sender {
    fn new(address: &str) -> io::Result<Sender> {
        Ok(Sender {
            address: address.to_owned(),
            control: Peer::connect(address)?,
            peers: BTreeMap::new(),
            compared: 0,
            incomparable: 0,
            differ: 0,
        })
    }

    /// Makes sure that the server is empty.
    fn prepare(&mut self, flush: bool) -> io::Result<Result<(), Failure>> {
        if flush {
            self.control.ask(&[b"FLUSHALL"])?;
            self.control.ask(&[b"SCRIPT", b"FLUSH"])?;
        }
        let info = self.control.ask(&[b"INFO", b"keyspace"])?;
        let is_empty = match info {
            Reply::Bulk(text) | Reply::Verbatim(_, text) => !text.windows(3).any(|w| w == b"\ndb"),
            _ => false,
        };
        Ok(match is_empty {
            true => Ok(()),
            false => Err(Failure::Nothing(format!(
                "the server at {} holds data, or does not tell: --flush empties it",
                self.address
            ))),
        })
    }

    /// Sends what a record says, and compares the reply.
    fn send(&mut self, record: &Record) -> io::Result<Option<Difference>> {
        match record {
            Record::Commit(commit) => match commit.origin {
                Origin::Expired | Origin::Evicted | Origin::Fixture => {
                    self.effects(0, commit)?;
                    Ok(None)
                }
                _ if hangs_on_chance(commit) => self.chance(commit),
                origin => {
                    let expected = match &commit.replies {
                        Some(replies) => Expected::reply(replies.as_ref()),
                        None => Expected::Checksum(commit.reply_crc),
                    };
                    self.unit(
                        commit.client.id,
                        commit.db,
                        origin,
                        &commit.commands,
                        &expected,
                    )
                }
            },
            Record::Observed(observed)
                if !observed.commands.is_empty() || observed.origin == Origin::Exec =>
            {
                let mut expected = Expected::reply(observed.replies.as_ref());
                if observed.seed.is_some() {
                    expected = Expected::Anything;
                }
                let id = observed.client.id;
                if observed.origin == (Origin::Blocked { cause: 0 }) {
                    self.end_wait(id)?;
                }
                self.unit(
                    id,
                    observed.db,
                    observed.origin,
                    &observed.commands,
                    &expected,
                )
            }
            Record::Setting(setting) => {
                let replies = setting.replies.as_ref();
                let expected = replies.map_or(Expected::Anything, |replies| {
                    Expected::reply(replies.as_ref())
                });
                self.unit(
                    setting.client.id,
                    setting.db,
                    setting.origin,
                    &setting.commands,
                    &expected,
                )
            }
            Record::Waiting(waiting) => {
                let mut argv = Vec::new();
                waiting.commands.get(0, &mut argv);
                self.wait(
                    waiting.client.id,
                    waiting.db,
                    &argv,
                    !waiting.keys.is_empty(),
                )?;
                Ok(None)
            }
            Record::Aborted(aborted) => match self.peer(aborted.client.id, aborted.db)?.in_multi {
                true => {
                    let expected = Expected::Reply(Reply::Null);
                    let (id, db) = (aborted.client.id, aborted.db);
                    self.unit(id, db, Origin::Exec, &aborted.commands, &expected)
                }
                // Without its WATCH it would run.
                false => Ok(None),
            },
            Record::Client(event) if !event.open => {
                self.peers.remove(&event.client.id);
                Ok(None)
            }
            Record::Open(_) => {
                self.peers.clear();
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    /// The connection of a client, in the database of its record.
    fn peer(&mut self, id: u64, db: u32) -> io::Result<&mut Peer> {
        if !self.peers.contains_key(&id) {
            let peer = Peer::connect(&self.address)?;
            self.peers.insert(id, peer);
        }
        let peer = self.peers.get_mut(&id).expect("it was just put there");
        if peer.db != db && !peer.in_multi && !peer.waits {
            peer.ask(&[b"SELECT", db.to_string().as_bytes()])?;
            peer.db = db;
        }
        Ok(peer)
    }

    fn unit(
        &mut self,
        id: u64,
        db: u32,
        origin: Origin,
        commands: &CommandList,
        expected: &Expected,
    ) -> io::Result<Option<Difference>> {
        if commands.iter().any(|argv| is_left_out(&argv)) {
            self.incomparable += 1;
            return Ok(None);
        }
        let ids: BTreeMap<u64, i64> = self.peers.iter().map(|(id, peer)| (*id, peer.id)).collect();
        let peer = self.peer(id, db)?;
        let how = commands
            .iter()
            .map(|argv| likeness::of(&argv))
            .max_by_key(|how| *how as u8);
        let how = how.unwrap_or(Likeness::Exact);
        let reply = if origin == Origin::Exec {
            exec(peer, commands)?
        } else {
            let mut argv = Vec::new();
            commands.get(0, &mut argv);
            let own = translated(&argv, &ids);
            let argv: Vec<&[u8]> = own.iter().map(Vec::as_slice).collect();
            if !std::mem::take(&mut peer.waits) {
                peer.send(&argv)?;
            }
            if *expected == Expected::Silence {
                return Ok(None);
            }
            let reply = peer.reply(&argv)?;
            follow(peer, &argv, &reply);
            reply
        };
        let protocol = peer.protocol;
        Ok(self.judge(reply, expected, protocol, how))
    }

    fn judge(
        &mut self,
        answered: Reply,
        expected: &Expected,
        protocol: Protocol,
        how: Likeness,
    ) -> Option<Difference> {
        let verdict = match expected {
            _ if how == Likeness::Incomparable => None,
            Expected::Reply(reply) => Some(likeness::is_same(reply, &answered, protocol, how)),
            Expected::Checksum(crc) => match likeness::crc(&answered) == *crc {
                true => Some(true),
                // A bulk string or an array may have been another type, which RESP2 does not tell.
                false => matches!(answered, Reply::Int(_) | Reply::Simple(_) | Reply::Error(_))
                    .then_some(false),
            },
            Expected::Silence | Expected::Anything => None,
        };
        match verdict {
            None => self.incomparable += 1,
            Some(same) => {
                self.compared += 1;
                self.differ += u64::from(!same);
            }
        }
        let recorded = match expected {
            Expected::Reply(reply) => Some(reply.clone()),
            _ => None,
        };
        (verdict == Some(false)).then_some(Difference { recorded, answered })
    }

    /// Sends what a unit came to instead of its commands, so that chance does the same there.
    fn chance(&mut self, commit: &Commit) -> io::Result<Option<Difference>> {
        self.incomparable += 1;
        let peer = self.peer(commit.client.id, commit.db)?;
        if std::mem::take(&mut peer.in_multi) {
            peer.ask(&[b"DISCARD"])?;
        }
        self.effects(commit.client.id, commit)?;
        Ok(None)
    }

    fn effects(&mut self, id: u64, commit: &Commit) -> io::Result<()> {
        let peer = self.peer(id, commit.db)?;
        let mut sent = Ok(());
        commit.each_effect(|argv| {
            if sent.is_ok() {
                sent = peer.ask(argv).map(|reply| follow(peer, argv, &reply));
            }
        });
        sent
    }

    /// Sends a command that waits, and returns once it does.
    fn wait(&mut self, id: u64, db: u32, argv: &[&[u8]], for_keys: bool) -> io::Result<()> {
        let peer = self.peer(id, db)?;
        if std::mem::replace(&mut peer.waits, true) {
            return Ok(());
        }
        peer.send(argv)?;
        let id = peer.id.to_string();
        // While clients are paused nobody can be asked.
        for _ in 0..if for_keys { 1000 } else { 0 } {
            let list = self
                .control
                .ask(&[b"CLIENT", b"LIST", b"ID", id.as_bytes()])?;
            if pretty(&list).contains(" flags=b") {
                return Ok(());
            }
            fakeredis::clock::pause(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Ends a wait whose time was over when it was recorded.
    fn end_wait(&mut self, id: u64) -> io::Result<()> {
        if let Some(peer) = self.peers.get(&id).filter(|peer| peer.waits) {
            let id = peer.id.to_string();
            self.control.ask(&[b"CLIENT", b"UNBLOCK", id.as_bytes()])?;
        }
        Ok(())
    }

    fn summary(&self, out: &mut Output) -> Result<(), Failure> {
        let Sender {
            compared,
            differ,
            incomparable,
            ..
        } = self;
        if out.json {
            return out.object(json!({
                "compared": compared, "differ": differ, "incomparable": incomparable
            }));
        }
        out.line(format!(
            "replies: {compared} compared, {differ} differ, {incomparable} can't be compared"
        ))
    }
}

/// What is known of a recorded reply.
#[derive(PartialEq)]
enum Expected {
    Reply(Reply),
    Checksum(u32),
    /// None was sent.
    Silence,
    Anything,
}

impl Expected {
    fn reply(bytes: &[u8]) -> Expected {
        match decode_reply(bytes) {
            Ok(Some((reply, _))) => Expected::Reply(reply),
            _ => Expected::Silence,
        }
    }
}

/// Runs a transaction, of which the beginning may have been sent already.
fn exec(peer: &mut Peer, commands: &CommandList) -> io::Result<Reply> {
    if !std::mem::take(&mut peer.in_multi) {
        peer.ask(&[b"MULTI"])?;
        for argv in commands.iter() {
            peer.ask(&argv)?;
        }
    }
    let reply = peer.ask(&[b"EXEC"])?;
    for argv in commands.iter() {
        follow(peer, &argv, &Reply::OK);
    }
    Ok(reply)
}

/// Follows what a command that was answered does to its connection.
fn follow(peer: &mut Peer, argv: &[&[u8]], reply: &Reply) {
    if reply.is_error() || *reply == Reply::simple("QUEUED") {
        return;
    }
    let word = |at: usize| argv.get(at).map(|word| word.to_ascii_uppercase());
    match word(0).as_deref() {
        Some(b"MULTI") => peer.in_multi = true,
        Some(b"EXEC" | b"DISCARD") => peer.in_multi = false,
        Some(b"HELLO") => match word(1).as_deref() {
            Some(b"3") => peer.protocol = Protocol::Resp3,
            Some(b"2") => peer.protocol = Protocol::Resp2,
            _ => {}
        },
        Some(b"RESET") => (peer.in_multi, peer.db, peer.protocol) = (false, 0, Protocol::Resp2),
        Some(b"SELECT") => {
            let db = word(1).and_then(|db| String::from_utf8(db).ok()?.parse().ok());
            peer.db = db.unwrap_or(peer.db);
        }
        _ => {}
    }
}

/// `CLIENT KILL` and `CLIENT UNBLOCK` name clients as the server knows them.
fn translated(argv: &[&[u8]], ids: &BTreeMap<u64, i64>) -> Vec<Vec<u8>> {
    let is_client = argv
        .first()
        .is_some_and(|name| name.eq_ignore_ascii_case(b"CLIENT"));
    let own = |word: &&[u8]| {
        let id = str::from_utf8(word).ok().and_then(|text| text.parse().ok());
        match id.and_then(|id: u64| ids.get(&id)).filter(|_| is_client) {
            Some(id) => id.to_string().into_bytes(),
            None => word.to_vec(),
        }
    };
    argv.iter().map(own).collect()
}

/// Commands that only a fake has, that end or flood the server, or whose password is not known.
fn is_left_out(argv: &[&[u8]]) -> bool {
    let names: [&[u8]; 4] = [b"FAKEREDIS", b"MONITOR", b"SHUTDOWN", b"AUTH"];
    names.iter().any(|name| {
        argv.first()
            .is_some_and(|first| first.eq_ignore_ascii_case(name))
    }) || argv.contains(&&b"(redacted)"[..])
}

/// Whether the unit drew random numbers, or an id of the moment.
fn hangs_on_chance(commit: &Commit) -> bool {
    let is_timed =
        |argv: Vec<&[u8]>| argv[0].eq_ignore_ascii_case(b"XADD") && argv.contains(&&b"*"[..]);
    commit.seed.is_some()
        || commit.commands.iter().any(is_timed)
            && commit
                .effects
                .iter()
                .any(|effect| matches!(effect, Effect::Rewritten(_)))
}
