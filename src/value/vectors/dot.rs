//! Sums over the components of vectors: what a search spends its time with.
//!
//! A sum of floating-point numbers depends on its order. Those here are Redis's.

/// The scalar product: two sums over every second group of four, then the rest onto the first.
pub(super) fn f32s(a: &[f32], b: &[f32]) -> f32 {
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    let (mut first, mut second) = (0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        first += a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3];
        second += a[4] * b[4] + a[5] * b[5] + a[6] * b[6] + a[7] * b[7];
    }
    for (a, b) in a_rest.iter().zip(b_rest) {
        first += a * b;
    }
    first + second
}

/// The square of a vector's length: groups of four, then the rest.
pub(super) fn square(a: &[f32]) -> f32 {
    let (groups, rest) = a.as_chunks::<4>();
    let groups = groups.iter().fold(0.0, |sum, a| {
        sum + (a[0] * a[0] + a[1] * a[1] + a[2] * a[2] + a[3] * a[3])
    });
    rest.iter().fold(groups, |sum, a| sum + a * a)
}

/// The scalar product of small integers, which is exact.
pub(super) fn i8s(a: &[i8], b: &[i8]) -> i32 {
    let product = |(a, b): (&i8, &i8)| i32::from(*a) * i32::from(*b);
    a.iter().zip(b).map(product).sum()
}

/// How many bits are set in one of the two only.
pub(super) fn differing_bits(a: &[u64], b: &[u64]) -> u32 {
    a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum()
}
