//! [`Expiries`]: which keys of a database have a time to live, in the order in which it ends.

use crate::bytes::Bytes;
use crate::value::Sequence;

/// Keys by the time when they expire, in milliseconds since the epoch.
#[derive(Clone, Debug)]
pub(super) struct Expiries {
    order: Sequence<Vec<(i64, Bytes)>>,
    /// When the first expires; the end of time where none does. Asked before every command.
    first_ms: i64,
}

impl Default for Expiries {
    fn default() -> Self {
        Expiries {
            order: Sequence::new(),
            first_ms: i64::MAX,
        }
    }
}

impl Expiries {
    /// The number of keys.
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// When the keys expire.
    pub(super) fn times(&self) -> impl Iterator<Item = i64> {
        self.order.iter().map(|(at_ms, _)| *at_ms)
    }

    /// The `index`th key to expire.
    pub(super) fn nth(&self, index: usize) -> Option<&Bytes> {
        self.order.get(index).map(|(_, key)| key)
    }

    /// Whether any key is due at `now_ms`.
    pub(super) fn is_due(&self, now_ms: i64) -> bool {
        self.first_ms <= now_ms
    }

    /// The first key, if it is due at `now_ms`, and when it expired.
    pub(super) fn next_due(&self, now_ms: i64) -> Option<(i64, Bytes)> {
        let first = self.order.get(0);
        first.filter(|(at_ms, _)| *at_ms <= now_ms).cloned()
    }

    /// The key that expired at `from` (`None`: never) now expires at `to`.
    #[inline]
    pub(super) fn change(&mut self, key: &[u8], from: Option<i64>, to: Option<i64>) {
        if from != to {
            self.replace(key, from, to);
        }
    }

    fn replace(&mut self, key: &[u8], from: Option<i64>, to: Option<i64>) {
        if let Some(at_ms) = from {
            self.order.remove(self.rank(key, at_ms));
        }
        if let Some(at_ms) = to {
            let rank = self.rank(key, at_ms);
            self.order.insert(rank, (at_ms, Bytes::from(key)));
        }
        self.first_ms = self.order.get(0).map_or(i64::MAX, |(at_ms, _)| *at_ms);
    }

    /// How many keys expire before one that does so at `at_ms`.
    fn rank(&self, key: &[u8], at_ms: i64) -> usize {
        let is_before = |(at, other): &(i64, Bytes)| (*at, &**other) < (at_ms, key);
        self.order.partition_point(is_before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    proptest! {
        #[test]
        fn behaves_like_a_sorted_set(changes in prop::collection::vec((0u8..200, prop::option::of(0i64..50)), 0..600)) {
            let mut expiries = Expiries::default();
            let mut times = vec![None; 200];
            for (key, to) in changes {
                let before = expiries.clone();
                expiries.change(&[key], times[usize::from(key)], to);
                prop_assert_eq!(before.len(), times.iter().flatten().count());
                times[usize::from(key)] = to;
            }
            let at = |(key, at_ms): (usize, &Option<i64>)| Some(((*at_ms)?, Bytes::from(&[key as u8])));
            let model: BTreeSet<_> = times.iter().enumerate().filter_map(at).collect();
            prop_assert!(expiries.order.iter().eq(&model));
            prop_assert_eq!(expiries.next_due(49), model.first().cloned());
            prop_assert_eq!(expiries.is_due(20), model.first().is_some_and(|first| first.0 <= 20));
        }
    }
}
