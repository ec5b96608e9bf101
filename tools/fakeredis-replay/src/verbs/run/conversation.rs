//! [`Conversation`]: a session's clients on a server, one record after another.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use fakeredis::commit::Aborted;
use fakeredis::commit::CommandList;
use fakeredis::commit::Commit;
use fakeredis::commit::Observed;
use fakeredis::commit::Origin;
use fakeredis::commit::Record;
use fakeredis::commit::Waiting;
use fakeredis::fixtures;
use fakeredis::keyspace::Keyspace;
use fakeredis::resp::Reply;
use fakeredis::resp::pretty;

use super::likeness::Expected;
use super::peer::PATIENCE;
use super::peer::Peer;
use super::report::Verdict;
use super::request;
use super::request::Unit;

/// How many commands are sent at once where nobody looks in between.
const BATCH: usize = 500;
/// How often it is asked whether a client waits.
const PAUSE: Duration = Duration::from_millis(1);
/// On whose connection all speak of whose connections nothing is recorded.
const ANYBODY: u64 = 0;

/// The connections to the server.
pub struct Conversation {
    address: String,
    /// For what no client says.
    control: Peer,
    peers: BTreeMap<u64, Peer>,
}

impl Conversation {
    pub fn begin(address: &str) -> io::Result<Conversation> {
        Ok(Conversation {
            address: address.to_owned(),
            control: Peer::connect(address)?,
            peers: BTreeMap::new(),
        })
    }

    /// Whether the server has no data; what it answers if it does not say.
    pub fn is_empty(&mut self) -> io::Result<Result<bool, Reply>> {
        Ok(match self.control.ask(&[b"INFO", b"keyspace"])? {
            Reply::Bulk(text) | Reply::Verbatim(_, text) => {
                Ok(!text.windows(3).any(|part| part == b"\ndb"))
            }
            other => Err(other),
        })
    }

    /// Removes all data and scripts; what is answered if that is refused.
    pub fn flush(&mut self) -> io::Result<Option<Reply>> {
        let commands = [vec!["FLUSHALL"], vec!["SCRIPT", "FLUSH"]];
        self.control.ask_all(&commands.into_iter().collect())
    }

    /// Makes these data where there are none; what is answered if that is refused.
    pub fn make(&mut self, data: &Keyspace) -> io::Result<Option<Reply>> {
        let mut commands = fixtures::dump(data).peekable();
        let mut maker = Peer::connect(&self.address)?;
        let mut refused = None;
        while refused.is_none() && commands.peek().is_some() {
            refused = maker.ask_all(&commands.by_ref().take(BATCH).collect())?;
        }
        maker.leave();
        Ok(refused)
    }

    /// Makes these data in place of all others, as a rewind does.
    pub fn rewind(&mut self, data: &Keyspace) -> io::Result<Option<Verdict>> {
        let refused = self
            .control
            .ask_all(&CommandList::from_iter([vec!["FLUSHALL"]]))?;
        let refused = match refused {
            None => self.make(data)?,
            refused => refused,
        };
        Ok(refused.map(Verdict::refused))
    }

    /// Sends what a record tells; what came of that, if there was anything to send.
    pub fn send(&mut self, record: &Record) -> io::Result<Option<Verdict>> {
        match record {
            Record::Commit(commit) if request::is_sent_by_effect(commit) => self.effects(commit),
            Record::Commit(commit) if request::is_silent(commit) => self.silent(commit),
            Record::Commit(commit) => self.unit(&commit.into()).map(Some),
            Record::Setting(setting) => self.unit(&setting.into()).map(Some),
            Record::Observed(observed) => self.observed(observed),
            Record::Aborted(aborted) => self.aborted(aborted).map(Some),
            Record::Waiting(waiting) => self.waiting(waiting).map(|()| None),
            Record::Client(event) if event.open => self.own(event.client.id).map(|_| None),
            Record::Client(event) => {
                if let Some(peer) = self.peers.remove(&event.client.id) {
                    peer.leave();
                }
                Ok(None)
            }
            Record::Open(_) => self.restart().map(|()| None),
            Record::Close(_) | Record::Mark(_) | Record::Rewind(_) => Ok(None),
        }
    }

    /// A process began: its clients are new, and it knows no scripts.
    fn restart(&mut self) -> io::Result<()> {
        let peers = std::mem::take(&mut self.peers);
        peers.into_values().for_each(Peer::leave);
        self.control.ask(&[b"SCRIPT", b"FLUSH"]).map(drop)
    }

    /// A client's own connection.
    fn own(&mut self, id: u64) -> io::Result<&mut Peer> {
        if !self.peers.contains_key(&id) {
            let peer = Peer::connect(&self.address)?;
            self.peers.insert(id, peer);
        }
        Ok(self.peers.get_mut(&id).expect("it was just put there"))
    }

    /// The connection on which a client speaks. Below level `session` nothing tells when connections end, and nothing
    /// hangs on whose they are: one is enough.
    fn peer(&mut self, id: u64) -> io::Result<&mut Peer> {
        let own = Some(id).filter(|id| self.peers.contains_key(id));
        self.own(own.unwrap_or(ANYBODY))
    }

    fn unit(&mut self, unit: &Unit<'_>) -> io::Result<Verdict> {
        let peer = in_db(self.peer(unit.client)?, unit.db)?;
        if request::is_left_out(unit.commands) || unit.expected.is_locked_out() {
            return discard(peer).map(|()| Verdict::Incomparable);
        }
        if unit.expected.is_of_transaction() && !peer.in_multi {
            // It began before the range, or was given up; what it did is sent whole.
            return Ok(Verdict::Incomparable);
        }
        if unit.origin == Origin::Exec {
            return exec(peer, unit.commands, &unit.expected);
        }
        let mut argv = Vec::new();
        unit.commands.get(0, &mut argv);
        let answered = self.ask(unit.client, &argv)?;
        let protocol = self.peer(unit.client)?.protocol;
        let is_met = unit.expected.is_met(&argv, &answered, protocol);
        Ok(Verdict::new(is_met, &unit.expected, answered))
    }

    /// What a client's command is answered, which was sent already if it waited.
    fn ask(&mut self, id: u64, argv: &[&[u8]]) -> io::Result<Reply> {
        let words = request::translated(argv, |id| Some(self.peers.get(&id)?.id));
        let words: Vec<&[u8]> = words.iter().map(AsRef::as_ref).collect();
        let peer = self.peer(id)?;
        if !std::mem::take(&mut peer.waits) {
            peer.send(&words)?;
        }
        let reply = peer.reply(&words)?;
        if is_kill(argv) {
            self.control = Peer::connect(&self.address)?;
        }
        Ok(reply)
    }

    fn observed(&mut self, observed: &Observed) -> io::Result<Option<Verdict>> {
        let unit = Unit::from(observed);
        let is_readable = !unit.commands.is_empty() || unit.origin == Origin::Exec;
        if !is_readable {
            return Ok(None);
        }
        self.own(unit.client)?;
        if unit.origin == (Origin::Blocked { cause: 0 }) {
            self.end_wait(unit.client)?;
        }
        self.unit(&unit).map(Some)
    }

    /// Has an EXEC that a WATCH aborted aborted again. Where the WATCH was not sent it would run.
    fn aborted(&mut self, aborted: &Aborted) -> io::Result<Verdict> {
        let peer = in_db(self.peer(aborted.client.id)?, aborted.db)?;
        if peer.watches {
            return exec(peer, &aborted.commands, &Expected::Reply(Reply::Null));
        }
        discard(peer).map(|()| Verdict::Incomparable)
    }

    /// Sends what a unit came to.
    fn effects(&mut self, commit: &Commit) -> io::Result<Option<Verdict>> {
        let mut effects = CommandList::new();
        commit.each_effect(|argv| effects.push(argv));
        let peer = in_db(self.peer(commit.client.id)?, commit.db)?;
        discard(peer)?;
        let refused = peer.ask_all(&at_once(effects))?;
        let was_sent = commit.client.id != 0;
        Ok(match refused {
            Some(refused) => Some(Verdict::refused(refused)),
            None => was_sent.then_some(Verdict::Incomparable),
        })
    }

    /// Sends a command that changed something, and has no reply.
    fn silent(&mut self, commit: &Commit) -> io::Result<Option<Verdict>> {
        let id = commit.client.id;
        if !self.peers.contains_key(&id) {
            return self.effects(commit);
        }
        let mut argv = Vec::new();
        commit.commands.get(0, &mut argv);
        in_db(self.own(id)?, commit.db)?.send(&argv)?;
        let waits = self.until_it_waits(id)?;
        let peer = self.own(id)?;
        peer.waits = waits;
        if !waits {
            peer.reply(&argv)?;
        }
        Ok(Some(Verdict::Incomparable))
    }

    /// Sends a command that waits, and returns once it does.
    fn waiting(&mut self, waiting: &Waiting) -> io::Result<()> {
        let id = waiting.client.id;
        let peer = in_db(self.own(id)?, waiting.db)?;
        if std::mem::replace(&mut peer.waits, true) {
            return Ok(());
        }
        let mut argv = Vec::new();
        waiting.commands.get(0, &mut argv);
        peer.send(&argv)?;
        match waiting.keys.is_empty() {
            // While clients are paused nobody can be asked.
            true => Ok(()),
            false => self.until_it_waits(id).map(drop),
        }
    }

    /// Whether a client waits now; if it does not, it was answered.
    fn until_it_waits(&mut self, id: u64) -> io::Result<bool> {
        let mut left = PATIENCE;
        while !self.is_blocked(id)? {
            if left.is_zero() || self.own(id)?.is_answered()? {
                return Ok(false);
            }
            fakeredis::clock::pause(PAUSE);
            left = left.saturating_sub(PAUSE);
        }
        Ok(true)
    }

    fn is_blocked(&mut self, id: u64) -> io::Result<bool> {
        let id = self.own(id)?.id.to_string();
        let list = self
            .control
            .ask(&[b"CLIENT", b"LIST", b"ID", id.as_bytes()])?;
        let list = pretty(&list);
        let flags = list
            .split(" flags=")
            .nth(1)
            .and_then(|rest| rest.split(' ').next());
        Ok(flags.is_some_and(|flags| flags.contains('b')))
    }

    /// Ends a wait whose time was over when it was recorded.
    fn end_wait(&mut self, id: u64) -> io::Result<()> {
        if let Some(peer) = self.peers.get(&id).filter(|peer| peer.waits) {
            let id = peer.id.to_string();
            self.control.ask(&[b"CLIENT", b"UNBLOCK", id.as_bytes()])?;
        }
        Ok(())
    }
}

/// The connection, in the database of its next unit. One that is in the middle of something is there already.
fn in_db(peer: &mut Peer, db: u32) -> io::Result<&mut Peer> {
    if peer.db != db && !peer.in_multi && !peer.waits {
        peer.ask(&[b"SELECT", db.to_string().as_bytes()])?;
    }
    Ok(peer)
}

/// Gives up a transaction, if one was begun.
fn discard(peer: &mut Peer) -> io::Result<()> {
    match peer.in_multi {
        true => peer.ask(&[b"DISCARD"]).map(drop),
        false => Ok(()),
    }
}

fn is_kill(argv: &[&[u8]]) -> bool {
    let is = |at: usize, word: &[u8]| {
        argv.get(at)
            .is_some_and(|arg| arg.eq_ignore_ascii_case(word))
    };
    is(0, b"CLIENT") && is(1, b"KILL")
}

/// Runs a transaction, of which the beginning may have been sent already.
fn exec(peer: &mut Peer, commands: &CommandList, expected: &Expected) -> io::Result<Verdict> {
    if !peer.in_multi {
        peer.ask(&[b"MULTI"])?;
        peer.ask_all(commands)?;
    }
    let answered = peer.ask(&[b"EXEC"])?;
    peer.follow_all(commands);
    let is_met = expected.is_met_by_exec(commands, &answered, peer.protocol);
    Ok(Verdict::new(is_met, expected, answered))
}

/// Commands that belong together.
fn at_once(commands: CommandList) -> CommandList {
    if commands.len() < 2 {
        return commands;
    }
    let mut all = CommandList::new();
    all.push(["MULTI"]);
    all.append(&commands);
    all.push(["EXEC"]);
    all
}
