//! One connection's plain state, the table of all connections, who listens to what, who keeps copies of what, and who
//! waits for what. It knows no command and no socket.

mod subscriptions;
mod tracking;
mod waits;

pub use subscriptions::Subscriptions;
pub use subscriptions::Topic;
pub use tracking::Author;
pub use tracking::Invalidation;
pub use tracking::Mode;
pub use tracking::Tracker;
pub use tracking::Tracking;
pub use waits::Ready;
pub use waits::Wait;
pub use waits::Waits;
pub use waits::Wakes;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::bytes::Bytes;
use crate::commit;
use crate::commit::CommandList;
use crate::commit::Seq;
use crate::resp::Protocol;
use crate::resp::Reply;

/// What a fake knows about one connection.
#[derive(Debug)]
pub struct Session {
    /// The connection's id, as `CLIENT ID` answers it.
    pub id: u64,
    /// Its place in [`Sessions`].
    index: usize,
    /// The selected database.
    pub db: usize,
    /// The protocol version of replies.
    pub protocol: Protocol,
    /// Whether AUTH succeeded or was not needed when the connection opened.
    pub authenticated: bool,
    /// The name given by `CLIENT SETNAME`, or empty.
    pub name: Bytes,
    /// The client library's name and version, given by `CLIENT SETINFO`.
    pub library: (Bytes, Bytes),
    /// The peer's address and our own, as `CLIENT LIST` shows them.
    pub address: Address,
    /// The commands queued since MULTI.
    pub queue: Option<Queue>,
    /// How many queued commands an EXEC is running.
    pub executing: Option<usize>,
    /// Which replies are sent (`CLIENT REPLY`).
    pub replies: Replies,
    /// How many channels, patterns and shard channels it is subscribed to.
    pub subscriptions: [usize; 3],
    /// Whether it is told every command that runs (`MONITOR`).
    pub monitor: bool,
    /// `CLIENT NO-EVICT on`.
    pub no_evict: bool,
    /// `CLIENT NO-TOUCH on`.
    pub no_touch: bool,
    /// Set when the connection is to be closed.
    pub closing: Option<Closing>,
    /// Whether nobody takes replies that belong to no request.
    pub is_deaf: bool,
    /// Replies that belong to no request, waiting to be sent.
    pub pushes: Vec<Reply>,
    /// The reply to a command that was blocked, waiting to be sent, and the last record that it depends on.
    pub answer: Option<(Reply, Seq)>,
    /// What came behind that, and is to be sent behind it.
    behind: Vec<Reply>,
    /// How a fault ends the connection when its present command is answered.
    pub cut: Option<Cut>,
    /// The last fault that its present command has met, where that delayed it.
    pub faults_met: u64,
    /// When the connection opened, in microseconds since the epoch.
    pub opened_us: i64,
    /// When the last command ran, in microseconds since the epoch.
    pub active_us: i64,
    /// The last command's name.
    pub last_command: &'static str,
    /// How many commands ran.
    pub commands: u64,
    /// Called when something happened to this connection outside its own calls.
    pub wake: Option<Wake>,
}

/// The two ends of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// The peer's, `127.0.0.1:50000` say; empty for a connection in process.
    pub peer: String,
    /// Our own.
    pub local: String,
    /// Whether it is a Unix socket.
    pub unix: bool,
}

impl Address {
    /// Whether the peer is on this machine: in this process, on a Unix socket, or on the loopback.
    pub fn is_local(&self) -> bool {
        let ip = |address: SocketAddr| address.ip().to_canonical().is_loopback();
        self.unix || self.peer.is_empty() || self.peer.parse().is_ok_and(ip)
    }
}

/// The commands queued since MULTI.
#[derive(Debug, Default)]
pub struct Queue {
    /// The commands, in order.
    pub commands: CommandList,
    /// Whether one of them was refused, so that EXEC must be.
    pub refused: bool,
}

/// Which replies are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Replies {
    /// All.
    #[default]
    On,
    /// None.
    Off,
    /// Not the running command's.
    Skip,
    /// Not the next command's.
    SkipNext,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// After the reply of the running command.
    AfterReply,
    /// At once.
    Now,
}

/// How much of its last reply a connection loses that a fault ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The second half of its bytes.
    Half,
    /// All of it.
    Whole,
}

/// Tells a front door that it must look at its connection again.
#[derive(Clone)]
pub struct Wake(pub Arc<dyn Fn() + Send + Sync>);

impl fmt::Debug for Wake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wake")
    }
}

impl Session {
    /// A connection that opens now.
    pub fn new(id: u64, address: Address, now_us: i64) -> Session {
        Session {
            id,
            index: usize::MAX,
            db: 0,
            protocol: Protocol::default(),
            authenticated: true,
            name: Bytes::EMPTY,
            library: (Bytes::EMPTY, Bytes::EMPTY),
            address,
            queue: None,
            executing: None,
            replies: Replies::default(),
            subscriptions: [0; 3],
            monitor: false,
            no_evict: false,
            no_touch: false,
            closing: None,
            is_deaf: false,
            pushes: Vec::new(),
            answer: None,
            behind: Vec::new(),
            cut: None,
            faults_met: 0,
            opened_us: now_us,
            active_us: now_us,
            last_command: "NULL",
            commands: 0,
            wake: None,
        }
    }

    /// Where [`Sessions`] has it.
    pub fn key(&self) -> SessionKey {
        SessionKey {
            index: self.index,
            id: self.id,
        }
    }

    /// Whether somebody is there to be sent what comes later: not for a session that only lends its state to
    /// the commands of a dataset, of a record, or of the past.
    pub fn is_connected(&self) -> bool {
        self.index != usize::MAX
    }

    /// Whether it is subscribed to anything.
    pub fn is_subscribed(&self) -> bool {
        self.subscriptions != [0; 3]
    }

    /// Ends the connection from outside.
    pub fn close(&mut self) {
        self.closing = Some(Closing::Now);
        self.wake();
    }

    /// Sends a reply that belongs to no request.
    pub fn push(&mut self, reply: Reply) {
        match self.answer {
            _ if self.is_deaf => return,
            None => self.pushes.push(reply),
            Some(_) => self.behind.push(reply),
        }
        self.wake();
    }

    /// Gives the reply to a command that was blocked; `seq` is the last record that it depends on.
    pub fn answer(&mut self, reply: Reply, seq: Seq) {
        self.answer = Some((reply, seq));
        self.wake();
    }

    /// Sends what was pushed behind the first `first` behind the answer.
    pub fn put_behind(&mut self, first: usize) {
        self.behind.extend(self.pushes.drain(first..));
    }

    /// Takes the reply to a command that was blocked. What is to be sent behind it may be sent now.
    pub fn take_answer(&mut self) -> Option<(Reply, Seq)> {
        let answer = self.answer.take();
        if !self.behind.is_empty() {
            self.pushes.append(&mut self.behind);
            self.wake();
        }
        answer
    }

    /// Tells the front door that something happened.
    pub fn wake(&self) {
        if let Some(Wake(wake)) = &self.wake {
            wake();
        }
    }

    /// Who this is, for a record.
    pub fn client(&self) -> commit::Client {
        commit::Client {
            id: self.id,
            name: commit::Blob::from(&*self.name),
        }
    }
}

/// A connection's place in [`Sessions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionKey {
    index: usize,
    id: u64,
}

impl SessionKey {
    /// The connection's id.
    pub fn id(self) -> u64 {
        self.id
    }
}

/// All connections.
#[derive(Debug, Default)]
pub struct Sessions {
    /// Boxed, so that taking one out for the time of a command moves a pointer.
    slots: Vec<Option<Box<Session>>>,
    free: Vec<usize>,
    last_id: u64,
}

impl Sessions {
    /// Opens a connection. Ids are never used again.
    pub fn open(&mut self, address: Address, now_us: i64) -> SessionKey {
        self.last_id += 1;
        let index = self.free.pop().unwrap_or(self.slots.len());
        let mut session = Session::new(self.last_id, address, now_us);
        session.index = index;
        let key = session.key();
        let session = Some(Box::new(session));
        match self.slots.get_mut(index) {
            Some(slot) => *slot = session,
            None => self.slots.push(session),
        }
        key
    }

    /// The connection that opens next gets this id.
    pub fn next_id(&mut self, id: u64) {
        self.last_id = id.saturating_sub(1);
    }

    /// Forgets a connection; its state, unless it was forgotten before.
    pub fn close(&mut self, key: SessionKey) -> Option<Box<Session>> {
        let session = self.take(key)?;
        self.free.push(key.index);
        Some(session)
    }

    /// Takes a connection out while a command of its own runs; [`put_back`](Sessions::put_back) ends that.
    #[inline]
    pub fn take(&mut self, key: SessionKey) -> Option<Box<Session>> {
        self.slots
            .get_mut(key.index)?
            .take_if(|session| session.id == key.id)
    }

    /// Returns a connection that was taken out.
    #[inline]
    pub fn put_back(&mut self, key: SessionKey, session: Box<Session>) {
        self.slots[key.index] = Some(session);
    }

    /// A connection, unless it is closed or taken out.
    #[inline]
    pub fn get_mut(&mut self, key: SessionKey) -> Option<&mut Session> {
        self.slots
            .get_mut(key.index)?
            .as_deref_mut()
            .filter(|session| session.id == key.id)
    }

    /// All connections but the one that is taken out, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Session> {
        self.slots.iter().filter_map(Option::as_deref)
    }

    /// All connections but the one that is taken out, to change.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Session> {
        self.slots.iter_mut().filter_map(Option::as_deref_mut)
    }

    /// The number of connections, the one that is taken out included.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Whether there is no connection.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_never_reaches_a_later_connection_in_its_place() {
        let mut sessions = Sessions::default();
        let first = sessions.open(Address::default(), 0);
        assert!(sessions.close(first).is_some());
        let second = sessions.open(Address::default(), 0);
        assert_eq!(first.index, second.index);
        assert!(sessions.take(first).is_none() && sessions.get_mut(first).is_none());
        let taken = sessions.take(second).unwrap();
        assert_eq!((sessions.iter().count(), sessions.len()), (0, 1));
        sessions.put_back(second, taken);
        assert_eq!(
            sessions
                .iter()
                .map(|session| session.id)
                .collect::<Vec<_>>(),
            [2]
        );
    }
}
