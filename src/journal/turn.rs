//! One sync at a time, and one for all who wait for it.

use super::writer::lock;
use std::sync::Condvar;
use std::sync::Mutex;

/// Hands out a turn to one thread at a time.
#[derive(Default)]
pub(super) struct Turns {
    taken: Mutex<bool>,
    given_back: Condvar,
}

/// A turn, until it is dropped.
pub(super) struct Turn<'a>(&'a Turns);

impl Turns {
    /// Waits for a turn.
    pub(super) fn take(&self) -> Turn<'_> {
        self.take_unless(|| false)
            .expect("there is no reason not to")
    }

    /// Waits for a turn, or until someone else's has made it needless: then `None`.
    ///
    /// All who wait look when a turn ends. Of a mutex they would get it one after another, just to find
    /// that they do not need it, while new ones pass them by.
    pub(super) fn take_unless(&self, mut is_done: impl FnMut() -> bool) -> Option<Turn<'_>> {
        let mut taken = lock(&self.taken);
        while !is_done() {
            if !*taken {
                *taken = true;
                return Some(Turn(self));
            }
            let woken = self.given_back.wait(taken);
            taken = woken.expect("no thread panics inside the journal");
        }
        None
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *lock(&self.0.taken) = false;
        self.0.given_back.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU64;
    use std::sync::atomic::Ordering::SeqCst;
    use std::sync::mpsc;

    #[test]
    fn those_who_wait_share_the_next_turn() {
        let (turns, done) = (Turns::default(), AtomicU64::new(0));
        let (waiting, begun) = mpsc::channel();
        std::thread::scope(|scope| {
            let first = turns.take();
            let waiters = [0; 8].map(|_| {
                let (turns, done, waiting) = (&turns, &done, waiting.clone());
                scope.spawn(move || {
                    let mut asked = false;
                    let turn = turns.take_unless(|| {
                        if !std::mem::replace(&mut asked, true) {
                            waiting.send(()).unwrap();
                        }
                        done.load(SeqCst) > 0
                    });
                    let had_one = turn.is_some();
                    done.store(1, SeqCst);
                    drop(turn);
                    u64::from(had_one)
                })
            });
            for _ in 0..8 {
                begun.recv().unwrap();
            }
            drop(first);
            let turns: u64 = waiters.map(|waiter| waiter.join().unwrap()).iter().sum();
            assert_eq!(turns, 1);
        });
    }
}
