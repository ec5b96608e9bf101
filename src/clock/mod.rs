//! [`Clock`]: the only place that reads time.
//!
//! A fake has one clock, and everything follows it: times to live, `TIME`, stream ids, blocking timeouts.
//! It is the system's until a test freezes, sets or advances it.

mod calendar;

pub use calendar::parse_rfc3339;
pub use calendar::rfc3339;

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::Weak;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

/// A handle on a fake's clock; clones are the same clock.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use fakeredis::Clock;
///
/// let clock = Clock::frozen_at(UNIX_EPOCH + Duration::from_secs(1_000));
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now(), UNIX_EPOCH + Duration::from_secs(1_060));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Clock(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// A [`Mode`] as one word, so that reading the time needs no lock; changed under the followers' lock.
    mode: AtomicI64,
    followers: Mutex<Vec<Weak<dyn Follower>>>,
}

/// Who is told that a clock was moved, stopped or started.
pub(crate) trait Follower: Send + Sync {
    /// The clock was moved. It may have been from within the engine, whose lock is then held.
    fn moved(&self);
}

impl fmt::Debug for dyn Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Follower")
    }
}

#[derive(Clone, Copy, Debug)]
enum Mode {
    /// The system's time plus this many microseconds.
    Running { ahead_us: i64 },
    /// This time, in microseconds since the epoch.
    Frozen { now_us: i64 },
}

/// The latest time that a clock can show, in microseconds since the epoch; the earliest is as far before it.
const MAX_US: i64 = i64::MAX >> 1;

/// As a word: the lowest bit says whether the clock stands still, the others are the microseconds.
impl Mode {
    fn from_word(word: i64) -> Mode {
        let us = word >> 1;
        match word & 1 {
            0 => Mode::Running { ahead_us: us },
            _ => Mode::Frozen { now_us: us },
        }
    }

    fn to_word(self) -> i64 {
        let (us, frozen) = match self {
            Mode::Running { ahead_us } => (ahead_us, 0),
            Mode::Frozen { now_us } => (now_us, 1),
        };
        us.clamp(-MAX_US, MAX_US) << 1 | frozen
    }
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Clock {
        Clock::default()
    }

    /// A clock that stands still at `time` until it is advanced, set or resumed.
    pub fn frozen_at(time: impl Into<SystemTime>) -> Clock {
        let clock = Clock::default();
        clock.freeze_at(time);
        clock
    }

    /// Another clock that shows the same time, and from now on goes its own way.
    #[must_use]
    pub fn fork(&self) -> Clock {
        let mode = AtomicI64::new(self.mode().to_word());
        Clock(Arc::new(Shared {
            mode,
            followers: Mutex::default(),
        }))
    }

    /// The time.
    pub fn now(&self) -> SystemTime {
        from_micros(self.now_us())
    }

    /// The time, in microseconds since 1970-01-01T00:00:00Z.
    pub fn now_us(&self) -> i64 {
        match self.mode() {
            Mode::Running { ahead_us } => system_us().saturating_add(ahead_us),
            Mode::Frozen { now_us } => now_us,
        }
    }

    /// The time when the system's was read, in microseconds since 1970-01-01T00:00:00Z.
    pub fn at_us(&self, reading: Reading) -> i64 {
        match self.mode() {
            Mode::Running { ahead_us } => reading.us().saturating_add(ahead_us),
            Mode::Frozen { now_us } => now_us,
        }
    }

    /// Whether the clock stands still.
    pub fn is_frozen(&self) -> bool {
        matches!(self.mode(), Mode::Frozen { .. })
    }

    /// Stops the clock at the time it shows.
    pub fn freeze(&self) {
        let now_us = self.now_us();
        self.turn(|mode| *mode = Mode::Frozen { now_us });
    }

    /// Stops the clock at `time`.
    pub fn freeze_at(&self, time: impl Into<SystemTime>) {
        let now_us = to_micros(time.into());
        self.turn(|mode| *mode = Mode::Frozen { now_us });
    }

    /// Moves the clock forward, whether it runs or stands.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.turn(|mode| match mode {
            Mode::Running { ahead_us: us } | Mode::Frozen { now_us: us } => {
                *us = us.saturating_add(by);
            }
        });
    }

    /// Sets the clock to `time`; it goes on running or standing as before.
    pub fn set(&self, time: impl Into<SystemTime>) {
        let time_us = to_micros(time.into());
        self.turn(|mode| match mode {
            Mode::Running { ahead_us } => *ahead_us = time_us.saturating_sub(system_us()),
            Mode::Frozen { now_us } => *now_us = time_us,
        });
    }

    /// Back to the system's time.
    pub fn resume(&self) {
        self.turn(|mode| *mode = Mode::Running { ahead_us: 0 });
    }

    /// Tells `follower` from now on when the clock is moved.
    pub(crate) fn follow(&self, follower: Weak<dyn Follower>) {
        let mut followers = self.followers();
        followers.retain(|follower| follower.strong_count() > 0);
        followers.push(follower);
    }

    /// Changes what the clock shows, then tells its followers.
    fn turn(&self, change: impl FnOnce(&mut Mode)) {
        let followers = self.followers();
        let mut mode = self.mode();
        change(&mut mode);
        self.0.mode.store(mode.to_word(), Ordering::Release);
        for follower in followers.iter().filter_map(Weak::upgrade) {
            follower.moved();
        }
    }

    fn mode(&self) -> Mode {
        Mode::from_word(self.0.mode.load(Ordering::Acquire))
    }

    fn followers(&self) -> MutexGuard<'_, Vec<Weak<dyn Follower>>> {
        let followers = self.0.followers.lock();
        followers.unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// A reading of the system's time. It takes as long as a small command, so that one serves the clock and the
/// statistics, and ends one command as it begins the next.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Since the epoch, in nanoseconds: enough until the year 2554.
    ns: u64,
}

impl Reading {
    /// Reads the system's time.
    #[expect(clippy::disallowed_methods, reason = "this file is where time is read")]
    #[inline]
    pub fn now() -> Reading {
        // No system's clock shows a time before the epoch but by mistake.
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
        Reading {
            ns: since_epoch.unwrap_or_default().as_nanos() as u64,
        }
    }

    /// The nanoseconds since an earlier reading; none at all if the system's clock was set back between the two.
    #[inline]
    pub fn ns_since(self, earlier: Reading) -> u64 {
        self.ns.saturating_sub(earlier.ns)
    }

    #[inline]
    fn us(self) -> i64 {
        (self.ns / 1000) as i64
    }
}

/// Measures how long work took in real time, for SLOWLOG and statistics, never for a decision about data.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring.
    #[expect(clippy::disallowed_methods, reason = "this file is where time is read")]
    pub fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Waits in real time, whatever a fake's clock says.
#[expect(
    clippy::disallowed_methods,
    reason = "this file is where time is spent"
)]
pub fn pause(duration: Duration) {
    if !duration.is_zero() {
        std::thread::sleep(duration);
    }
}

#[expect(clippy::disallowed_methods, reason = "this file is where time is read")]
fn system_us() -> i64 {
    to_micros(SystemTime::now())
}

/// Microseconds since 1970-01-01T00:00:00Z.
pub(crate) fn to_micros(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_micros()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |us| -us),
    }
}

/// The time so many microseconds after 1970-01-01T00:00:00Z.
pub(crate) fn from_micros(us: i64) -> SystemTime {
    let distance = Duration::from_micros(us.unsigned_abs());
    if us >= 0 {
        UNIX_EPOCH + distance
    } else {
        UNIX_EPOCH - distance
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_clock_moves_only_when_told() {
        let clock = Clock::frozen_at(UNIX_EPOCH + Duration::from_secs(5));
        assert_eq!(clock.now_us(), 5_000_000);
        clock.clone().advance(Duration::from_millis(1));
        assert_eq!(clock.now_us(), 5_001_000);
        clock.set(UNIX_EPOCH - Duration::from_secs(1));
        assert_eq!((clock.now_us(), clock.is_frozen()), (-1_000_000, true));
    }

    #[test]
    fn a_running_clock_can_be_moved_and_put_back() {
        let clock = Clock::system();
        let before = system_us();
        clock.advance(Duration::from_secs(3600));
        assert!(clock.now_us() >= before + 3_600_000_000);
        clock.resume();
        assert!(clock.now_us() < before + 3_600_000_000);
    }
}
