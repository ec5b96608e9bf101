//! [`Bell`]: how others get the loop's attention: other threads, and the loop itself in the middle of a round.

use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::Sender;

use mio::Registry;
use mio::Token;
use mio::Waker;

use super::connection::Connection;

/// What the loop is told.
pub(super) enum Note {
    /// Something happened to this connection.
    Woken(usize),
    /// A slow script of this connection is over, on the thread that was the loop's when it began.
    Visited(usize, Box<Connection>),
    /// The server stops.
    Stop,
}

/// Takes notes, and wakes the loop if it sleeps.
pub(super) struct Bell {
    notes: Sender<Note>,
    waker: Waker,
    /// Whether the loop sleeps, or is about to without another look at its notes.
    asleep: AtomicBool,
}

impl Bell {
    /// A bell that makes an event of its own, and the notes that it takes.
    pub(super) fn new(registry: &Registry, token: Token) -> io::Result<(Bell, Receiver<Note>)> {
        let (notes, taken) = mpsc::channel();
        let bell = Bell {
            notes,
            waker: Waker::new(registry, token)?,
            asleep: AtomicBool::new(false),
        };
        Ok((bell, taken))
    }

    /// Leaves a note; if the loop has ended it is dropped, with what it holds.
    pub(super) fn tell(&self, note: Note) {
        let told = self.notes.send(note);
        if told.is_ok() && self.asleep.swap(false, Ordering::SeqCst) {
            // Nothing can go wrong with a counter in the kernel but that it is full, which wakes as well.
            let _ = self.waker.wake();
        }
    }

    /// The loop looks at its notes once more and then sleeps, or does not any longer.
    pub(super) fn set_asleep(&self, asleep: bool) {
        self.asleep.store(asleep, Ordering::SeqCst);
    }
}
