//! [`Timer`]: a thread that ends waits on time, whatever door the connections came through. It knows when to
//! call the engine, and nothing of why.

use std::sync::Arc;
use std::sync::Weak;
use std::time::Duration;

use parking_lot::Condvar;
use parking_lot::Mutex;

use super::Core;
use crate::clock::Clock;
use crate::clock::Follower;

/// Calls [`Core::end_waits`] once the fake's clock shows a certain time, however it comes to show it. The thread
/// starts with the first deadline and ends with the engine.
pub(super) struct Timer {
    bell: Arc<Bell>,
    clock: Clock,
    core: Weak<Mutex<Core>>,
}

#[derive(Default)]
struct Bell {
    state: Mutex<State>,
    rung: Condvar,
}

#[derive(Default)]
struct State {
    /// When to call the engine, in microseconds since the epoch.
    deadline_us: Option<i64>,
    running: bool,
    stop: bool,
}

impl Timer {
    pub(super) fn new(core: Weak<Mutex<Core>>, clock: Clock) -> Timer {
        let bell = Arc::new(Bell::default());
        let follower: Arc<dyn Follower> = Arc::<Bell>::clone(&bell);
        clock.follow(Arc::downgrade(&follower));
        Timer { bell, clock, core }
    }

    /// Sees to it that the engine is called by then.
    pub(super) fn call_at(&self, deadline_us: i64) {
        let mut state = self.bell.state.lock();
        if state.deadline_us.is_some_and(|at| at <= deadline_us) {
            return;
        }
        state.deadline_us = Some(deadline_us);
        if state.running {
            self.bell.rung.notify_one();
            return;
        }
        let (bell, clock, core) = (
            Arc::clone(&self.bell),
            self.clock.clone(),
            self.core.clone(),
        );
        let thread = std::thread::Builder::new().name("fakeredis-timer".into());
        // Without a thread, waits end with the next command.
        let started = thread.spawn(move || bell.keep_time(&clock, &core));
        state.running = started.is_ok();
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.bell.state.lock().stop = true;
        self.bell.rung.notify_one();
    }
}

impl Bell {
    /// What the thread does.
    fn keep_time(&self, clock: &Clock, core: &Weak<Mutex<Core>>) {
        while self.wait(clock)
            && let Some(core) = core.upgrade()
        {
            core.lock().end_waits();
        }
    }

    /// Returns at the deadline, which is over then; false when the engine is gone.
    fn wait(&self, clock: &Clock) -> bool {
        let mut state = self.state.lock();
        while !state.stop {
            let left_us = state
                .deadline_us
                .map(|at| at.saturating_sub(clock.now_us()));
            match left_us {
                Some(..=0) => {
                    state.deadline_us = None;
                    return true;
                }
                Some(left_us) if !clock.is_frozen() => {
                    let left = Duration::from_micros(left_us.unsigned_abs());
                    self.rung.wait_for(&mut state, left);
                }
                _ => self.rung.wait(&mut state),
            }
        }
        false
    }
}

/// A clock that was moved may show the deadline now.
impl Follower for Bell {
    fn moved(&self) {
        // The thread looks at the clock under this lock: it either saw the new time, or waits already.
        drop(self.state.lock());
        self.rung.notify_one();
    }
}
