//! The thread behind [`Fsync::EverySec`](super::Fsync): syncs once a second while there is work.

use super::writer::Writer;
use super::writer::lock;
use std::io;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;

const PERIOD: Duration = Duration::from_secs(1);

/// The thread, which stops when this is dropped.
pub(super) struct Syncer {
    signal: Arc<Signal>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Signal {
    stop: Mutex<bool>,
    changed: Condvar,
}

impl Syncer {
    pub(super) fn start(writer: Arc<Writer>) -> io::Result<Syncer> {
        let signal = Arc::new(Signal::default());
        let theirs = Arc::clone(&signal);
        let thread = thread::Builder::new()
            .name("journal-sync".to_owned())
            .spawn(move || theirs.run(&writer))?;
        Ok(Syncer {
            signal,
            thread: Some(thread),
        })
    }
}

impl Signal {
    fn run(&self, writer: &Writer) {
        while !self.wait() {
            if writer.durable() < writer.written() {
                // A failure poisons the journal: the next append reports it.
                let _ = writer.sync();
            }
        }
    }

    /// Waits for a period; true means stop.
    fn wait(&self) -> bool {
        let stop = lock(&self.stop);
        let waited = self.changed.wait_timeout_while(stop, PERIOD, |stop| !*stop);
        *waited.expect("no thread panics inside the journal").0
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        *lock(&self.signal.stop) = true;
        self.signal.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // The thread has nothing to report: a failed sync has poisoned the journal.
            let _ = thread.join();
        }
    }
}
