//! [`partial_sort`]: puts only a part of a slice in order, as Redis does where only that part is answered.
//!
//! Which of several equal elements come first follows from the exact course of Bentley's and McIlroy's quicksort
//! ("Engineering a Sort Function", 1993), so that course is what this file keeps.

use std::cmp::Ordering;

/// Sorts `items` as far as their first `wanted` need.
pub fn partial_sort<T>(items: &mut [T], wanted: usize, compare: impl Fn(&T, &T) -> Ordering) {
    sort(items, wanted, &compare);
}

fn sort<T>(mut items: &mut [T], mut wanted: usize, compare: &impl Fn(&T, &T) -> Ordering) {
    while items.len() >= 7 {
        let pivot = pivot(items, compare);
        items.swap(0, pivot);
        let (smaller, greater) = partition(items, compare);
        let (first, last) = items.split_at_mut(greater);
        if smaller > 1 {
            sort(&mut first[..smaller], wanted, compare);
        }
        if last.len() < 2 || wanted <= greater {
            return;
        }
        items = last;
        wanted -= greater;
    }
    insertion_sort(items, compare);
}

fn insertion_sort<T>(items: &mut [T], compare: &impl Fn(&T, &T) -> Ordering) {
    for end in 1..items.len() {
        let mut at = end;
        while at > 0 && compare(&items[at - 1], &items[at]).is_gt() {
            items.swap(at - 1, at);
            at -= 1;
        }
    }
}

/// The index of an element of about the middle rank.
fn pivot<T>(items: &[T], compare: &impl Fn(&T, &T) -> Ordering) -> usize {
    let (len, last) = (items.len(), items.len() - 1);
    let median = |a: usize, b: usize, c: usize| median(items, [a, b, c], compare);
    match len {
        ..=7 => len / 2,
        8..=40 => median(0, len / 2, last),
        _ => {
            let eighth = len / 8;
            median(
                median(0, eighth, 2 * eighth),
                median(len / 2 - eighth, len / 2, len / 2 + eighth),
                median(last - 2 * eighth, last - eighth, last),
            )
        }
    }
}

fn median<T>(items: &[T], [a, b, c]: [usize; 3], compare: &impl Fn(&T, &T) -> Ordering) -> usize {
    let compare = |x: usize, y: usize| compare(&items[x], &items[y]);
    if compare(a, b).is_lt() {
        match (compare(b, c).is_lt(), compare(a, c).is_lt()) {
            (true, _) => b,
            (false, true) => c,
            (false, false) => a,
        }
    } else {
        match (compare(b, c).is_gt(), compare(a, c).is_lt()) {
            (true, _) => b,
            (false, true) => a,
            (false, false) => c,
        }
    }
}

/// Splits `items` around the first of them: where what is smaller ends, and where what is greater starts.
fn partition<T>(items: &mut [T], compare: &impl Fn(&T, &T) -> Ordering) -> (usize, usize) {
    let len = items.len();
    // What equals the pivot gathers at both ends: before `left` and from `right` on.
    let (mut left, mut right) = (1, len);
    let (mut low, mut high) = (1, len);
    loop {
        while low < high {
            match compare(&items[low], &items[0]) {
                Ordering::Greater => break,
                Ordering::Equal => {
                    items.swap(left, low);
                    left += 1;
                }
                Ordering::Less => {}
            }
            low += 1;
        }
        while low < high {
            match compare(&items[high - 1], &items[0]) {
                Ordering::Less => break,
                Ordering::Equal => {
                    right -= 1;
                    items.swap(high - 1, right);
                }
                Ordering::Greater => {}
            }
            high -= 1;
        }
        if low >= high {
            break;
        }
        items.swap(low, high - 1);
        low += 1;
        high -= 1;
    }
    let (smaller, greater) = (low - left, right - high);
    let equal = left.min(smaller);
    swap_ranges(items, 0, low - equal, equal);
    let equal = (len - right).min(greater);
    swap_ranges(items, low, len - equal, equal);
    (smaller, len - greater)
}

fn swap_ranges<T>(items: &mut [T], a: usize, b: usize, len: usize) {
    (0..len).for_each(|at| items.swap(a + at, b + at));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_wanted_is_in_order(items in prop::collection::vec(0u8..50, 0..200), wanted in 0usize..220) {
            let mut sorted = items.clone();
            sorted.sort_unstable();
            let mut partly = items;
            partial_sort(&mut partly, wanted, u8::cmp);
            let wanted = wanted.min(sorted.len());
            prop_assert_eq!(&partly[..wanted], &sorted[..wanted]);
            partly.sort_unstable();
            prop_assert_eq!(partly, sorted);
        }
    }
}
