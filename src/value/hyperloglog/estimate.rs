//! From registers to a count: the improved raw estimator of Otmar Ertl, "New cardinality estimation algorithms for
//! HyperLogLog sketches" (2017), algorithm 6. The order of the operations decides the last digit.

use super::COUNTED_BITS;
use super::REGISTERS;

/// 1 / (2 ln 2), to the digits that Redis has.
#[expect(clippy::excessive_precision, reason = "as it is published")]
const ALPHA: f64 = 0.721_347_520_444_481_703_680;

/// How many registers have each value.
pub(super) struct Histogram([usize; 64]);

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram([0; 64])
    }
}

impl Histogram {
    /// Counts so many registers of a value.
    pub fn add(&mut self, value: u8, registers: usize) {
        self.0[usize::from(value)] += registers;
    }

    /// About how many elements have led to these registers.
    pub fn estimate(&self) -> u64 {
        let full = COUNTED_BITS as usize + 1;
        let all = REGISTERS as f64;
        let mut sum = all * tau((all - self.0[full] as f64) / all);
        for registers in self.0[1..full].iter().rev() {
            sum = (sum + *registers as f64) * 0.5;
        }
        sum += all * sigma(self.0[0] as f64 / all);
        (ALPHA * all * all / sum).round() as u64
    }
}

/// Corrects for registers that are still zero.
fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut sum, mut factor) = (x, 1.0);
    loop {
        x *= x;
        let before = sum;
        sum += x * factor;
        factor += factor;
        if sum == before {
            return sum;
        }
    }
}

/// Corrects for registers that can't grow.
fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut sum, mut factor) = (1.0 - x, 1.0);
    loop {
        x = x.sqrt();
        let before = sum;
        factor *= 0.5;
        sum -= (1.0 - x) * (1.0 - x) * factor;
        if sum == before {
            return sum / 3.0;
        }
    }
}
