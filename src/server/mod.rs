//! The front door for every other language: a fake behind TCP ports and a Unix socket.
//!
//! One thread serves all connections. A connection runs what it has read as one batch under the engine's
//! lock; replies leave once the journal has settled. It must not know what any command means.

mod connection;
mod listen;

pub use listen::Listen;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::runtime::Handle;
use tokio::runtime::RuntimeFlavor;
use tokio::sync::watch;

use crate::engine::Core;
use crate::engine::Engine;
use listen::Bound;

/// How often keys are expired while no command comes.
const EXPIRE_EVERY: Duration = Duration::from_millis(100);
/// How long the thread of a slow script waits for another to take over the connections.
const HAND_OVER: Duration = Duration::from_secs(1);
/// How long open connections may still send what they have when the server stops.
const FAREWELL: Duration = Duration::from_millis(500);

/// A running server; it stops when this is dropped.
pub struct Server {
    addresses: Vec<SocketAddr>,
    unix: Option<PathBuf>,
    stopper: Stopper,
    thread: Option<JoinHandle<()>>,
}

/// Stops a server from elsewhere.
#[derive(Clone, Debug)]
pub struct Stopper(Arc<watch::Sender<bool>>);

impl Stopper {
    /// Tells the server to stop; it takes no more requests from now on.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Runs a task that ends when the server stops; the server's end waits for it, and for what it holds.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let running = self.0.subscribe();
        tokio::spawn(async move {
            task.await;
            drop(running);
        });
    }
}

impl Server {
    /// Serves `engine` at all addresses of `listen`.
    ///
    /// # Errors
    ///
    /// An address can't be listened on.
    pub fn start(engine: &Engine, listen: &Listen) -> io::Result<Server> {
        // One worker; a second thread takes over only while a slow script keeps the first.
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("fakeredis-server")
            .enable_io()
            .enable_time()
            .build()?;
        engine.busy().on_slow(hand_over);
        let guard = runtime.enter();
        let bound = listen.bind()?;
        drop(guard);
        if let Some(address) = bound.addresses.first() {
            engine.lock().set_port(address.port());
        }
        let stopper = Stopper(Arc::new(watch::Sender::new(false)));
        let (addresses, unix) = (bound.addresses.clone(), listen.unix.clone());
        let (engine, stop) = (engine.clone(), stopper.clone());
        let serve = move || {
            runtime.block_on(serve(engine, bound, stop));
            runtime.shutdown_timeout(Duration::ZERO);
        };
        let thread = std::thread::Builder::new()
            .name("fakeredis-server".into())
            .spawn(serve)?;
        Ok(Server {
            addresses,
            unix,
            stopper,
            thread: Some(thread),
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
        if let Some(thread) = self.thread.take() {
            // A panic was printed by the thread; there is nothing to add here.
            let _ = thread.join();
        }
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

async fn serve(engine: Engine, bound: Bound, stop: Stopper) {
    let mut stopped = stop.0.subscribe();
    for listener in bound.listeners {
        stop.spawn(listen::accept(listener, engine.clone(), stop.clone()));
    }
    stop.spawn(expire(engine, stop.0.subscribe()));
    // The sender lives in `stop`, so that waiting can't fail.
    let _ = stopped.wait_for(|stopped| *stopped).await;
    drop(stopped);
    let _ = tokio::time::timeout(FAREWELL, stop.0.closed()).await;
}

/// A slow script keeps this thread: if it is a worker's, another takes over the connections.
fn hand_over() {
    let flavor = Handle::try_current().map(|runtime| runtime.runtime_flavor());
    if matches!(flavor, Ok(RuntimeFlavor::MultiThread)) {
        // This thread would take the connections back if it did not wait until the other has them.
        let (sender, taken_over) = mpsc::channel();
        tokio::spawn(async move { sender.send(()) });
        let _ = tokio::task::block_in_place(|| taken_over.recv_timeout(HAND_OVER));
    }
}

/// Expires keys while no command comes.
async fn expire(engine: Engine, mut stopped: watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(EXPIRE_EVERY);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
        // A journal that fails here fails the next command, which tells its client.
        // While a slow script has the engine, nothing expires.
        let _ = engine.requests(|turn| turn.core().map(Core::expire_now));
    }
}
