//! [`StreamId`]: where an entry stands in its stream.

use std::fmt;

/// An entry's id: a time in milliseconds, and a number among those of the same millisecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    /// Milliseconds since the epoch, as far as the ids follow the clock.
    pub ms: u64,
    /// The number within the millisecond.
    pub seq: u64,
}

impl StreamId {
    /// The least id, which no entry has.
    pub const MIN: StreamId = StreamId::new(0, 0);
    /// The greatest id.
    pub const MAX: StreamId = StreamId::new(u64::MAX, u64::MAX);

    /// The id `ms-seq`.
    pub const fn new(ms: u64, seq: u64) -> StreamId {
        StreamId { ms, seq }
    }

    /// The id that comes next; `None` after the last.
    pub fn next(self) -> Option<StreamId> {
        self.to_number().checked_add(1).map(StreamId::from_number)
    }

    /// The id before; `None` before the first.
    pub fn previous(self) -> Option<StreamId> {
        self.to_number().checked_sub(1).map(StreamId::from_number)
    }

    /// The 16 bytes that sort as the ids do.
    pub fn to_bytes(self) -> [u8; 16] {
        self.to_number().to_be_bytes()
    }

    /// The id of [`to_bytes`](StreamId::to_bytes).
    pub fn from_bytes(bytes: [u8; 16]) -> StreamId {
        StreamId::from_number(u128::from_be_bytes(bytes))
    }

    fn to_number(self) -> u128 {
        u128::from(self.ms) << 64 | u128::from(self.seq)
    }

    fn from_number(number: u128) -> StreamId {
        StreamId::new((number >> 64) as u64, number as u64)
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.ms, self.seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_cross_the_millisecond() {
        let (end, start) = (StreamId::new(7, u64::MAX), StreamId::new(8, 0));
        assert_eq!((end.next(), start.previous()), (Some(start), Some(end)));
        assert_eq!(
            (StreamId::MAX.next(), StreamId::MIN.previous()),
            (None, None)
        );
    }

    #[test]
    fn bytes_sort_as_ids_do() {
        let ids = [(0, 1), (1, 0), (1, 256), (256, 0), (u64::MAX, 2)];
        let bytes = ids.map(|(ms, seq)| StreamId::new(ms, seq).to_bytes());
        assert!(bytes.is_sorted());
        assert_eq!(
            StreamId::from_bytes(bytes[4]).to_string(),
            format!("{}-2", u64::MAX)
        );
    }
}
