//! [`Busy`]: what other threads see of a script that keeps the engine, and how they stop it.
//!
//! The engine's lock is held for as long as a script runs, so that this is reached without it.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
#[cfg(feature = "lua")]
use std::time::Duration;

use super::reply::ReplyError;
use super::reply::fixed;
#[cfg(feature = "lua")]
use crate::clock::Stopwatch;

/// What a connection is told while a script runs too long.
const BUSY: ReplyError =
    fixed("BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.");
const UNKILLABLE: ReplyError = fixed(
    "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the \
     script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.",
);
const NOT_BUSY: ReplyError = fixed("NOTBUSY No scripts in execution right now.");

#[cfg(feature = "lua")]
/// How long a script may run in all before it is stopped whatever it did.
const LIMIT: Duration = Duration::from_secs(60);

/// The state of the running script.
#[derive(Default)]
pub struct Busy {
    /// The script has run longer than `busy-reply-threshold`.
    slow: AtomicBool,
    /// The script has changed data.
    wrote: AtomicBool,
    /// Somebody wants it stopped.
    kill: AtomicBool,
    /// SHUTDOWN NOSAVE: the script stops whatever it did, and the process with it.
    shutdown: AtomicBool,
    /// Called once when a script becomes slow, on the thread that runs it.
    on_slow: Mutex<Option<OnSlow>>,
}

type OnSlow = Box<dyn Fn() + Send>;

impl Busy {
    /// Whether a script has run too long and still runs.
    pub fn is_slow(&self) -> bool {
        self.slow.load(Ordering::Acquire)
    }

    /// Has `call` called when a script becomes slow, on the thread that runs it, so that a front door can hand
    /// its other connections to another thread.
    pub fn on_slow(&self, call: impl Fn() + Send + 'static) {
        *lock(&self.on_slow) = Some(Box::new(call));
    }

    /// `SCRIPT KILL`: asks the running script to stop.
    ///
    /// # Errors
    ///
    /// None runs too long, or it has changed data already.
    pub fn kill(&self) -> Result<(), ReplyError> {
        if !self.is_slow() {
            return Err(NOT_BUSY);
        }
        if self.wrote.load(Ordering::Acquire) {
            return Err(UNKILLABLE);
        }
        self.kill.store(true, Ordering::Release);
        Ok(())
    }

    /// Whether `SHUTDOWN NOSAVE` came while a script kept the engine.
    pub fn stop_requested(&self) -> bool {
        self.shutdown.load(Ordering::Acquire)
    }

    /// Answers a command while a script keeps the engine.
    ///
    /// # Errors
    ///
    /// It is neither `SCRIPT KILL` nor `SHUTDOWN NOSAVE`, or the script can't be killed.
    pub fn answer(&self, argv: &[&[u8]]) -> Result<(), ReplyError> {
        match argv {
            [script, kill]
                if script.eq_ignore_ascii_case(b"SCRIPT") && kill.eq_ignore_ascii_case(b"KILL") =>
            {
                self.kill()
            }
            [shutdown, nosave]
                if shutdown.eq_ignore_ascii_case(b"SHUTDOWN")
                    && nosave.eq_ignore_ascii_case(b"NOSAVE") =>
            {
                self.shutdown.store(true, Ordering::Release);
                Ok(())
            }
            _ => Err(BUSY),
        }
    }

    /// Watches over a script that starts now.
    #[cfg(feature = "lua")]
    pub(super) fn watch(&self) -> Watch<'_> {
        Watch {
            busy: self,
            since: Stopwatch::start(),
        }
    }
}

impl fmt::Debug for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Busy")
            .field("slow", &self.is_slow())
            .finish()
    }
}

/// Watches over one run of a script.
#[cfg(feature = "lua")]
pub(super) struct Watch<'a> {
    busy: &'a Busy,
    since: Stopwatch,
}

#[cfg(feature = "lua")]
impl Watch<'_> {
    /// Why the script has to stop now, if it has; asked from time to time.
    pub(super) fn stop(&self, threshold: Duration) -> Option<String> {
        let elapsed = self.since.elapsed();
        // A threshold of 0 or less means that nobody is ever told.
        if elapsed < threshold || threshold.is_zero() {
            return None;
        }
        if !self.busy.slow.swap(true, Ordering::AcqRel)
            && let Some(call) = &*lock(&self.busy.on_slow)
        {
            call();
        }
        if self.busy.kill.load(Ordering::Acquire) || self.busy.stop_requested() {
            return Some(
                "ERR Error running script: Script killed by user with SCRIPT KILL.".to_owned(),
            );
        }
        (elapsed > LIMIT).then(|| {
            format!(
                "ERR the script ran longer than {} s and was stopped",
                LIMIT.as_secs()
            )
        })
    }

    /// The script changed data: from now on it can't be killed.
    pub(super) fn wrote(&self) {
        self.busy.wrote.store(true, Ordering::Release);
    }
}

#[cfg(feature = "lua")]
impl Drop for Watch<'_> {
    fn drop(&mut self) {
        for flag in [&self.busy.slow, &self.busy.wrote, &self.busy.kill] {
            flag.store(false, Ordering::Release);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}
