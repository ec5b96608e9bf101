//! The front door for every other language: a fake behind TCP ports and a Unix socket.
//!
//! One thread serves all connections. A connection runs what it has read as one batch under the engine's
//! lock; replies leave once the journal has settled. It must not know what any command means.

mod bell;
mod connection;
mod listen;
mod reactor;

pub use listen::Listen;

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;

use parking_lot::Mutex;

use crate::engine::Engine;
use bell::Bell;
use bell::Note;
use reactor::Reactor;

/// A running server; it stops when this is dropped.
pub struct Server {
    addresses: Vec<SocketAddr>,
    unix: Option<PathBuf>,
    stopper: Stopper,
    /// Closed when nothing is left of the loop, on whatever thread it ended. Locked so that threads may share a server.
    ended: Mutex<Receiver<Infallible>>,
}

/// Stops a server from elsewhere.
#[derive(Clone)]
pub struct Stopper(Arc<Bell>);

impl Stopper {
    /// Tells the server to stop; it takes no more requests from now on.
    pub fn stop(&self) {
        self.0.tell(Note::Stop);
    }
}

impl fmt::Debug for Stopper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stopper")
    }
}

impl Server {
    /// Serves `engine` at all addresses of `listen`.
    ///
    /// # Errors
    ///
    /// An address can't be listened on.
    pub fn start(engine: &Engine, listen: &Listen) -> io::Result<Server> {
        // A thread takes a while to start; meanwhile there is enough to do.
        let thread = reactor::spawn()?;
        engine.busy().on_slow(reactor::hand_over);
        let bound = listen.bind()?;
        if let Some(address) = bound.addresses.first() {
            engine.lock().set_port(address.port());
        }
        let (sender, ended) = mpsc::channel();
        let reactor = Reactor::new(engine.clone(), bound.listeners, sender)?;
        let stopper = Stopper(Arc::clone(reactor.bell()));
        // A thread that could not take the loop is gone, and the loop with it: waiting for its end tells.
        let _ = thread.send(Box::new(reactor));
        Ok(Server {
            addresses: bound.addresses,
            unix: listen.unix.clone(),
            stopper,
            ended: Mutex::new(ended),
        })
    }

    /// The TCP addresses that the server listens on, with the ports that it got.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The first TCP address.
    pub fn address(&self) -> Option<SocketAddr> {
        self.addresses.first().copied()
    }

    /// The Unix socket's path.
    pub fn unix(&self) -> Option<&Path> {
        self.unix.as_deref()
    }

    /// What to connect to: `redis://127.0.0.1:50000`, or `redis+unix:///path` without a TCP address.
    pub fn url(&self) -> String {
        match (self.address(), &self.unix) {
            (Some(address), _) => format!("redis://{address}"),
            (None, Some(path)) => format!("redis+unix://{}", path.display()),
            (None, None) => String::new(),
        }
    }

    /// A handle that stops the server from elsewhere.
    pub fn stopper(&self) -> Stopper {
        self.stopper.clone()
    }

    /// Waits until the server was stopped, by a [`Stopper`] or by SHUTDOWN.
    pub fn wait(mut self) {
        self.join();
    }

    /// Stops the server and waits until it has.
    pub fn stop(self) {}

    fn join(&mut self) {
        // Nothing is ever sent: this returns when the loop has dropped its end.
        let _ = self.ended.get_mut().recv();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopper.stop();
        self.join();
        if let Some(path) = &self.unix {
            // A socket file that is gone already is what we want.
            let _ = std::fs::remove_file(path);
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("addresses", &self.addresses)
            .field("unix", &self.unix)
            .finish()
    }
}
