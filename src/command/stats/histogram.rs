//! [`Histogram`]: how often something took how long.

use std::time::Duration;

/// Counts of durations, in classes that double and whose bounds are those that Redis shows: 1 µs, 2 µs, 4 µs,
/// 8 µs, 16 µs, 33 µs, 66 µs, ….
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    counts: [u32; CLASSES],
}

/// The last class takes everything from half a second on.
const CLASSES: usize = 21;
/// The first duration, in nanoseconds, that the first class does not take.
const FIRST: u64 = 1032;

impl Histogram {
    /// Counts a duration.
    #[inline]
    pub fn record(&mut self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        // Only whole microseconds are told apart.
        let class = u64::BITS - (nanos / 1000 * 1000 / FIRST).leading_zeros();
        let count = &mut self.counts[(class as usize).min(CLASSES - 1)];
        *count = count.saturating_add(1);
    }

    /// The bounds of the classes that are not empty, in nanoseconds, with how many durations are within.
    pub fn cumulative(&self) -> impl Iterator<Item = (u64, u64)> {
        let mut sum = 0;
        let classes = self.counts.iter().enumerate();
        classes
            .filter(|(_, count)| **count > 0)
            .map(move |(class, count)| {
                sum += u64::from(*count);
                ((FIRST << class) - 1, sum)
            })
    }

    /// The number of durations.
    pub fn len(&self) -> u64 {
        self.counts.iter().copied().map(u64::from).sum()
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bound, in nanoseconds, that this percentage of the durations is within.
    pub fn percentile(&self, percent: f64) -> u64 {
        let wanted = (percent / 100.0 * self.len() as f64).max(1.0);
        let within = self.cumulative().find(|(_, sum)| *sum as f64 >= wanted);
        within.map_or(0, |(bound, _)| bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_counted_up_to_their_bound() {
        let mut histogram = Histogram::default();
        for micros in [0, 1, 2, 3, 4, 17, 1_000_000_000_000] {
            histogram.record(Duration::from_micros(micros));
        }
        let classes: Vec<_> = histogram.cumulative().collect();
        let expected = [(1031, 2), (2063, 3), (4127, 5), (33023, 6), (1082130431, 7)];
        assert_eq!(classes, expected);
        assert_eq!(histogram.percentile(50.0), 4127);
        assert_eq!(histogram.percentile(0.0), 1031);
        assert_eq!(histogram.percentile(100.0), 1082130431);
        assert_eq!(Histogram::default().percentile(99.0), 0);
    }
}
