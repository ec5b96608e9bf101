//! The only randomness: a seeded generator that is the same on every machine.

use std::collections::BTreeSet;

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// A generator whose numbers follow from `seed` alone.
    pub const fn new(seed: u64) -> Rng {
        Rng { state: seed }
    }

    /// The next 64 random bits.
    pub const fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`, each equally likely (to within 2⁻⁶⁴ of `bound`).
    ///
    /// # Panics
    ///
    /// When `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        assert!(bound > 0, "no number is below 0");
        ((u128::from(self.next_u64()) * bound as u128) >> 64) as usize
    }

    /// `count` different numbers below `bound`, every choice equally likely (Floyd's algorithm).
    ///
    /// # Panics
    ///
    /// When there are fewer numbers than that.
    pub fn distinct(&mut self, count: usize, bound: usize) -> BTreeSet<usize> {
        assert!(count <= bound, "no {count} numbers are below {bound}");
        let mut chosen = BTreeSet::new();
        for last in bound - count..bound {
            let number = self.below(last + 1);
            if !chosen.insert(number) {
                chosen.insert(last);
            }
        }
        chosen
    }

    /// A number from 0 up to, not including, 1.
    pub fn unit_f64(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_published_algorithm() {
        let mut rng = Rng::new(1234567);
        assert_eq!(rng.next_u64(), 6457827717110365317);
        assert_eq!(rng.next_u64(), 3203168211198807973);
        assert!((0..1000).all(|_| rng.below(7) < 7));
        assert!((0..1000).all(|_| (0.0..1.0).contains(&rng.unit_f64())));
    }

    #[test]
    fn distinct_numbers_are_distinct_and_of_all_kinds() {
        let mut rng = Rng::new(1);
        let mut seen = BTreeSet::new();
        for _ in 0..200 {
            let chosen = rng.distinct(2, 4);
            assert_eq!(chosen.len(), 2);
            seen.insert(chosen);
        }
        assert_eq!(seen.len(), 6, "two of four can be chosen in six ways");
        assert!(rng.distinct(3, 3).into_iter().eq(0..3));
    }
}
