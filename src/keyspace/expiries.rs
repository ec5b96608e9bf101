//! [`Expiries`]: which keys of a database have a time to live, in the order in which it ends.

use std::collections::BTreeSet;

use triomphe::Arc;

use crate::bytes::Bytes;

/// Keys by the time when they expire, in milliseconds since the epoch. A clone shares them until one side changes.
#[derive(Clone, Debug)]
pub(super) struct Expiries {
    order: Arc<BTreeSet<(i64, Bytes)>>,
    /// When the first expires; the end of time where none does. Asked before every command.
    first_ms: i64,
}

impl Default for Expiries {
    fn default() -> Self {
        Expiries {
            order: Arc::default(),
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

    /// Whether any key is due at `now_ms`.
    pub(super) fn is_due(&self, now_ms: i64) -> bool {
        self.first_ms <= now_ms
    }

    /// The first key, if it is due at `now_ms`, and when it expired.
    pub(super) fn next_due(&self, now_ms: i64) -> Option<(i64, Bytes)> {
        self.order
            .first()
            .filter(|(at_ms, _)| *at_ms <= now_ms)
            .cloned()
    }

    /// The key that expired at `from` (`None`: never) now expires at `to`.
    #[inline]
    pub(super) fn change(&mut self, key: &[u8], from: Option<i64>, to: Option<i64>) {
        if from != to {
            self.replace(key, from, to);
        }
    }

    fn replace(&mut self, key: &[u8], from: Option<i64>, to: Option<i64>) {
        let order = Arc::make_mut(&mut self.order);
        if let Some(at_ms) = from {
            order.remove(&(at_ms, Bytes::from(key)));
        }
        if let Some(at_ms) = to {
            order.insert((at_ms, Bytes::from(key)));
        }
        self.first_ms = order.first().map_or(i64::MAX, |(at_ms, _)| *at_ms);
    }
}
