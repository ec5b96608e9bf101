//! Positions as commands count them: from the front starting at 0, or from the back starting at -1.

use std::ops::Range;

/// The position among `len` that `index` counts to.
pub(super) fn position(index: i64, len: usize) -> Option<usize> {
    let index = if index < 0 {
        index.checked_add_unsigned(len as u64)?
    } else {
        index
    };
    usize::try_from(index).ok().filter(|index| *index < len)
}

/// The positions among `len` from `start` to `stop`, both of them included.
pub(super) fn positions(start: i64, stop: i64, len: usize) -> Range<usize> {
    let from_front = |index: i64| match index {
        ..0 => index.saturating_add_unsigned(len as u64),
        _ => index,
    };
    let start = usize::try_from(from_front(start)).unwrap_or(0);
    let end = usize::try_from(from_front(stop).saturating_add(1))
        .unwrap_or(0)
        .min(len);
    if start < end { start..end } else { 0..0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_count_from_both_ends_and_ranges_are_cut_to_what_there_is() {
        let one = [0, 2, 3, -1, -3, -4, i64::MIN, i64::MAX].map(|index| position(index, 3));
        let (first, last) = (Some(0), Some(2));
        assert_eq!(one, [first, last, None, last, first, None, None, None]);
        for (start, stop, range) in [
            (0, -1, 0..3),
            (1, 1, 1..2),
            (-2, 100, 1..3),
            (i64::MIN, i64::MAX, 0..3),
            (2, 1, 0..0),
            (3, 5, 0..0),
            (0, -4, 0..0),
            (i64::MAX, i64::MIN, 0..0),
        ] {
            assert_eq!(positions(start, stop, 3), range, "{start} {stop}");
        }
        assert_eq!(positions(0, -1, 0), 0..0);
    }
}
