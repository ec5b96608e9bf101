//! [`Latency`]: samples of events that took long (LATENCY).

use std::collections::BTreeMap;
use std::collections::VecDeque;

/// How many samples of an event are kept.
const SAMPLES: usize = 160;

/// One kind of event.
#[derive(Clone, Debug, Default)]
pub struct Event {
    /// Seconds since the epoch and milliseconds taken, oldest first; one for each second.
    pub samples: VecDeque<(i64, u64)>,
    /// The longest ever, in milliseconds.
    pub max_ms: u64,
}

/// The events that took at least `latency-monitor-threshold`.
#[derive(Clone, Debug, Default)]
pub struct Latency {
    events: BTreeMap<&'static str, Event>,
}

impl Latency {
    /// Adds a sample; within one second only the longest stays.
    pub fn record(&mut self, event: &'static str, at_s: i64, took_ms: u64) {
        let event = self.events.entry(event).or_default();
        event.max_ms = event.max_ms.max(took_ms);
        match event.samples.back_mut() {
            Some((last_s, last_ms)) if *last_s == at_s => *last_ms = took_ms.max(*last_ms),
            _ => {
                if event.samples.len() == SAMPLES {
                    event.samples.pop_front();
                }
                event.samples.push_back((at_s, took_ms));
            }
        }
    }

    /// An event by its name, whatever the case.
    pub fn event(&self, name: &[u8]) -> Option<(&'static str, &Event)> {
        self.iter()
            .find(|(other, _)| name.eq_ignore_ascii_case(other.as_bytes()))
    }

    /// All events, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Event)> {
        self.events.iter().map(|(name, event)| (*name, event))
    }

    /// Forgets the events that `which` tells; how many.
    pub fn forget(&mut self, which: impl Fn(&str) -> bool) -> usize {
        let before = self.events.len();
        self.events.retain(|name, _| !which(name));
        before - self.events.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_keeps_its_longest_sample() {
        let mut latency = Latency::default();
        for (at_s, ms) in [(1, 5), (1, 9), (1, 2), (2, 3)] {
            latency.record("command", at_s, ms);
        }
        let (_, event) = latency.event(b"COMMAND").unwrap();
        assert_eq!(
            (Vec::from(event.samples.clone()), event.max_ms),
            (vec![(1, 9), (2, 3)], 9)
        );
        assert_eq!(latency.forget(|name| name == "fork"), 0);
        assert_eq!(latency.forget(|_| true), 1);
    }
}
