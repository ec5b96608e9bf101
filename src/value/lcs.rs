//! The longest common subsequence of two byte strings, and among equals the one that Redis takes.

/// A run of bytes that is in both strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// Where the run begins in the first string.
    pub a: usize,
    /// Where the run begins in the second string.
    pub b: usize,
    /// The length of the run, never 0.
    pub len: usize,
}

/// How many bytes [`lcs`] needs while it works.
pub fn lcs_memory(a: &[u8], b: &[u8]) -> u64 {
    let cells = (a.len() as u64 + 1).saturating_mul(b.len() as u64 + 1);
    cells.saturating_mul(size_of::<u32>() as u64)
}

/// The runs that make up the longest common subsequence, the last one first.
pub fn lcs(a: &[u8], b: &[u8]) -> Vec<Match> {
    let lengths = Lengths::new(a, b);
    let mut runs: Vec<Match> = Vec::new();
    let (mut i, mut j) = (a.len(), b.len());
    while i > 0 && j > 0 {
        if a[i - 1] == b[j - 1] {
            (i, j) = (i - 1, j - 1);
            grow(&mut runs, i, j);
        } else if lengths.of(i - 1, j) > lengths.of(i, j - 1) {
            i -= 1;
        } else {
            j -= 1;
        }
    }
    runs
}

/// Adds the common byte at `a` and `b`: to the last run, where it stands just before that.
fn grow(runs: &mut Vec<Match>, a: usize, b: usize) {
    match runs.last_mut() {
        Some(run) if (run.a, run.b) == (a + 1, b + 1) => {
            let len = run.len + 1;
            *run = Match { a, b, len };
        }
        _ => runs.push(Match { a, b, len: 1 }),
    }
}

/// The subsequence itself, of the runs that [`lcs`] found in `a` and another string.
pub fn lcs_text(a: &[u8], runs: &[Match]) -> Vec<u8> {
    let runs = runs.iter().rev();
    runs.flat_map(|run| &a[run.a..run.a + run.len])
        .copied()
        .collect()
}

/// For every beginning of the one and of the other string, the length of their subsequence.
struct Lengths {
    cells: Vec<u32>,
    width: usize,
}

impl Lengths {
    fn new(a: &[u8], b: &[u8]) -> Lengths {
        let width = b.len() + 1;
        let mut cells = vec![0; (a.len() + 1) * width];
        for (i, byte) in a.iter().enumerate() {
            let (above, below) = cells.split_at_mut((i + 1) * width);
            fill_row(&above[i * width..], &mut below[..width], *byte, b);
        }
        Lengths { cells, width }
    }

    fn of(&self, a: usize, b: usize) -> u32 {
        self.cells[a * self.width + b]
    }
}

/// Fills the row of the beginning that ends with `byte` from the row before.
fn fill_row(above: &[u32], row: &mut [u32], byte: u8, b: &[u8]) {
    for (j, &other) in b.iter().enumerate() {
        row[j + 1] = if byte == other {
            above[j] + 1
        } else {
            above[j + 1].max(row[j])
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_documented_example() {
        let (a, b) = (b"ohmytext", b"mynewtext");
        let runs = lcs(a, b);
        let run = |a, b, len| Match { a, b, len };
        assert_eq!(runs, [run(4, 5, 4), run(2, 0, 2)]);
        assert_eq!(lcs_text(a, &runs), b"mytext");
        assert_eq!(lcs(b"", b"abc"), []);
        assert_eq!(lcs_memory(a, b), 9 * 10 * 4);
    }

    fn few_letters() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(b'a'..b'd', 0..30)
    }

    fn is_subsequence(short: &[u8], long: &[u8]) -> bool {
        let mut rest = long.iter();
        short.iter().all(|byte| rest.any(|other| other == byte))
    }

    proptest! {
        #[test]
        fn runs_are_common_ordered_and_as_long_from_either_side(a in few_letters(), b in few_letters()) {
            let runs = lcs(&a, &b);
            for run in &runs {
                prop_assert_eq!(&a[run.a..run.a + run.len], &b[run.b..run.b + run.len]);
            }
            for pair in runs.windows(2) {
                prop_assert!(pair[1].a + pair[1].len <= pair[0].a && pair[1].b + pair[1].len <= pair[0].b);
            }
            let text = lcs_text(&a, &runs);
            prop_assert!(is_subsequence(&text, &a) && is_subsequence(&text, &b));
            prop_assert_eq!(text.len(), lcs_text(&b, &lcs(&b, &a)).len());
        }
    }
}
