//! The loop: one thread that waits for whatever happens to any connection, and sees to it.
//!
//! Each round visits all connections that have something to do, settles the journal once for all of them, and then
//! writes their replies: those who come at the same time share one write of the journal and one sync.
//!
//! A script that runs too long keeps its thread. The loop then moves on to another, and the connection follows once
//! the script is over: see [`lend`].

use std::cell::Cell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use mio::Events;
use mio::Interest;
use mio::Poll;
use mio::Token;
use mio::event::Event;
use slab::Slab;

use super::bell::Bell;
use super::bell::Note;
use super::connection::Connection;
use super::connection::Next;
use super::connection::Stream;
use super::listen::Listener;
use crate::clock::Stopwatch;
use crate::engine::Core;
use crate::engine::Engine;
use crate::session::Address;
use crate::session::Wake;

/// What is read at once.
const READ: usize = 64 * 1024;
/// How many events are taken at once.
const EVENTS: usize = 1024;
/// How often keys are expired while nothing happens.
const EXPIRE_EVERY: Duration = Duration::from_millis(100);
/// How long to wait after a connection could not be accepted: too many open files, say.
const ACCEPT_AGAIN: Duration = Duration::from_millis(10);
/// How long open connections may still take what is left for them when the server stops.
const FAREWELL: Duration = Duration::from_millis(500);
/// The bell's token; those before it are the listeners', the first ones the connections'.
const BELL: Token = Token(usize::MAX);

/// The loop, and all that it serves.
pub(super) struct Reactor {
    engine: Engine,
    poll: Poll,
    listeners: Vec<Listener>,
    /// The listeners are to be asked again, without an event.
    accept_again: bool,
    /// By token; nothing in the place of one that is being visited.
    connections: Slab<Option<Box<Connection>>>,
    /// Who is to be visited in this round.
    ready: VecDeque<usize>,
    /// Who was, and whose replies wait for the journal.
    visited: Vec<(usize, Box<Connection>)>,
    bell: Arc<Bell>,
    notes: Receiver<Note>,
    /// Runs since the server was told to stop.
    stopping: Option<Stopwatch>,
    /// Last of all: whoever waits for the loop's end then finds that nothing is left of it.
    _ended: Sender<Infallible>,
}

/// What [`Reactor::wait`] has waited for.
enum Waited {
    /// Something to do.
    Work,
    /// Nothing at all.
    Idle,
    /// The end.
    Ended,
}

thread_local! {
    /// The loop, while its thread runs something that may take long. It can be on no stack then: a slow script must
    /// find it from within the engine, which knows no loop.
    static LENT: Cell<Option<Box<Reactor>>> = const { Cell::new(None) };
}

/// Runs `work` while [`hand_over`] may take the loop away; the loop, unless it did. A panic is a bug in one command:
/// it must not end the other connections, so that `work` only tells that it failed.
fn lend(reactor: Box<Reactor>, work: impl FnOnce()) -> (Option<Box<Reactor>>, thread::Result<()>) {
    LENT.set(Some(reactor));
    let outcome = catch_unwind(AssertUnwindSafe(work));
    (LENT.take(), outcome)
}

/// A slow script keeps this thread: if it is a loop's, another goes on with that.
pub(super) fn hand_over() {
    let Some(reactor) = LENT.take() else {
        return;
    };
    match spawn() {
        Ok(heir) => drop(heir.send(reactor)),
        Err(_) => LENT.set(Some(reactor)),
    }
}

/// Starts a thread that serves the loop it is sent.
pub(super) fn spawn() -> io::Result<Sender<Box<Reactor>>> {
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new()
        .name("fakeredis-server".into())
        .spawn(move || receiver.recv().map(serve))?;
    Ok(sender)
}

/// Serves until the server has stopped, or another thread has the loop.
fn serve(mut reactor: Box<Reactor>) {
    let bell = Arc::clone(&reactor.bell);
    let mut buffer = vec![0; READ];
    let mut events = Events::with_capacity(EVENTS);
    loop {
        while let Some((token, mut connection)) = reactor.next() {
            let (lent, outcome) = lend(reactor, || connection.visit(&mut buffer));
            if outcome.is_err() {
                connection.set_broken();
            }
            let Some(lent) = lent else {
                return bell.tell(Note::Visited(token, connection));
            };
            reactor = lent;
            reactor.visited.push((token, connection));
        }
        reactor.settle();
        match reactor.wait(&mut events) {
            Waited::Work => {}
            Waited::Idle => {
                let engine = reactor.engine.clone();
                let (lent, _) = lend(reactor, move || expire(&engine));
                let Some(lent) = lent else { return };
                reactor = lent;
            }
            Waited::Ended => return,
        }
    }
}

/// Expires keys. A journal that fails here fails the next command, which tells its client; while a slow script has
/// the engine, nothing expires.
fn expire(engine: &Engine) {
    let _ = engine.requests(|turn| turn.core().map(Core::expire_now));
}

impl Reactor {
    pub(super) fn new(
        engine: Engine,
        mut listeners: Vec<Listener>,
        ended: Sender<Infallible>,
    ) -> io::Result<Reactor> {
        let poll = Poll::new()?;
        for (at, listener) in listeners.iter_mut().enumerate() {
            let token = Token(BELL.0 - 1 - at);
            let source = listener.source();
            poll.registry()
                .register(source, token, Interest::READABLE)?;
        }
        let (bell, notes) = Bell::new(poll.registry(), BELL)?;
        Ok(Reactor {
            engine,
            poll,
            listeners,
            accept_again: false,
            connections: Slab::new(),
            ready: VecDeque::new(),
            visited: Vec::new(),
            bell: Arc::new(bell),
            notes,
            stopping: None,
            _ended: ended,
        })
    }

    /// What gets the loop's attention.
    pub(super) fn bell(&self) -> &Arc<Bell> {
        &self.bell
    }

    /// Takes out the next connection that is to be visited.
    fn next(&mut self) -> Option<(usize, Box<Connection>)> {
        loop {
            let token = self.ready.pop_front()?;
            // It may have been visited, or be gone already.
            if let Some(connection) = self.connections.get_mut(token).and_then(Option::take) {
                return Some((token, connection));
            }
        }
    }

    /// Ends the round: settles the journal for all that was visited, and writes their replies.
    fn settle(&mut self) {
        let mut visited = std::mem::take(&mut self.visited);
        let records = visited
            .iter()
            .map(|(_, connection)| connection.last_record());
        // What becomes of it each is told below.
        let _ = self.engine.settle(records.max().unwrap_or_default());
        let mut stop = false;
        for (token, mut connection) in visited.drain(..) {
            stop |= connection.stops_server();
            if let Err(error) = self.engine.settle(connection.last_record()) {
                connection.refuse(format!("MISCONF {error}"));
            }
            self.conclude(token, connection);
        }
        self.visited = visited;
        if stop {
            self.stop();
        }
    }

    /// Writes a connection's replies, and puts it back in its place if it goes on.
    fn conclude(&mut self, token: usize, mut connection: Box<Connection>) {
        connection.write();
        let next = connection.next();
        let ends = next == Next::Close || (next == Next::Wait && self.stopping.is_some());
        if ends || self.await_events(token, &mut connection, next).is_err() {
            self.connections.remove(token);
            return;
        }
        if next == Next::Run {
            self.ready.push_back(token);
        }
        self.connections[token] = Some(connection);
    }

    /// Has events come when the peer takes more while there is something left to write, otherwise when it sends.
    fn await_events(
        &self,
        token: usize,
        connection: &mut Connection,
        next: Next,
    ) -> io::Result<()> {
        let interest = match next {
            Next::Write => Interest::WRITABLE,
            _ if connection.awaits_write => Interest::READABLE,
            _ => return Ok(()),
        };
        connection.awaits_write = interest.is_writable();
        // This also makes an event of what is so already.
        let registry = self.poll.registry();
        registry.reregister(&mut connection.stream, Token(token), interest)
    }

    /// Waits for something to do, and makes those ready who have.
    fn wait(&mut self, events: &mut Events) -> Waited {
        self.bell.set_asleep(true);
        self.read_notes();
        if self.has_ended() {
            return Waited::Ended;
        }
        let polled = self.poll.poll(events, Some(self.patience()));
        self.bell.set_asleep(false);
        if polled.is_err_and(|error| error.kind() != io::ErrorKind::Interrupted) {
            return Waited::Ended;
        }
        for event in &*events {
            self.take(event);
        }
        if self.accept_again {
            self.accept();
        }
        self.read_notes();
        match events.is_empty() && self.ready.is_empty() {
            true => Waited::Idle,
            false => Waited::Work,
        }
    }

    fn has_ended(&self) -> bool {
        self.stopping
            .is_some_and(|since| self.connections.is_empty() || since.elapsed() > FAREWELL)
    }

    /// How long to wait for an event.
    fn patience(&self) -> Duration {
        if !self.ready.is_empty() {
            Duration::ZERO
        } else if self.accept_again {
            ACCEPT_AGAIN
        } else {
            EXPIRE_EVERY
        }
    }

    fn take(&mut self, event: &Event) {
        let token = event.token().0;
        if let Some(Some(connection)) = self.connections.get_mut(token) {
            let ended = event.is_read_closed() || event.is_error();
            if event.is_readable() || ended {
                connection.set_readable(ended);
            }
            self.ready.push_back(token);
        } else {
            // A listener, the bell, whose notes are read anyway, or a connection that is away.
            self.accept_again |= event.token() != BELL;
        }
    }

    fn read_notes(&mut self) {
        while let Ok(note) = self.notes.try_recv() {
            match note {
                Note::Woken(token) => self.ready.push_back(token),
                Note::Visited(token, mut connection) => {
                    // Its events were lost while it was away.
                    connection.set_readable(false);
                    self.visited.push((token, connection));
                }
                Note::Stop => self.stop(),
            }
        }
    }

    /// Takes no more connections; those that there are may end what they have begun.
    fn stop(&mut self) {
        if self.stopping.is_some() {
            return;
        }
        self.stopping = Some(Stopwatch::start());
        self.listeners.clear();
        for (token, connection) in &mut self.connections {
            if let Some(connection) = connection {
                connection.set_readable(false);
                self.ready.push_back(token);
            }
        }
    }

    /// Takes all connections that wait at the listeners.
    fn accept(&mut self) {
        self.accept_again = false;
        for at in 0..self.listeners.len() {
            loop {
                match self.listeners[at].accept() {
                    Ok((stream, address)) => self.admit(stream, address),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    // Too many open files, or a peer that is gone: there is a next one.
                    Err(_) => {
                        self.accept_again = true;
                        break;
                    }
                }
            }
        }
    }

    fn admit(&mut self, mut stream: Box<dyn Stream>, address: Address) {
        let place = self.connections.vacant_entry();
        let token = place.key();
        let registry = self.poll.registry();
        let registered = registry.register(&mut stream, Token(token), Interest::READABLE);
        if registered.is_ok() {
            let bell = Arc::clone(&self.bell);
            let wake = Wake(Arc::new(move || bell.tell(Note::Woken(token))));
            let connection = Connection::new(stream, address, self.engine.clone(), wake);
            place.insert(Some(Box::new(connection)));
            // The first visit opens its session.
            self.ready.push_back(token);
        }
    }
}
