//! Vectors as commands give them.

use super::INVALID_VECTOR;
use crate::command::args::Args;
use crate::command::reply::Result;
use crate::number::parse_f64;

/// Reads `FP32 blob` or `VALUES count number…`.
pub(super) fn vector(args: &mut Args<'_>) -> Result<Vec<f32>> {
    let vector = if args.keyword_with("FP32", 1) {
        blob(args.next()?)
    } else if args.keyword_with("VALUES", 1) {
        values(args)
    } else {
        None
    };
    vector
        .filter(|vector| !vector.is_empty())
        .ok_or(INVALID_VECTOR)
}

fn blob(bytes: &[u8]) -> Option<Vec<f32>> {
    let (numbers, []) = bytes.as_chunks() else {
        return None;
    };
    Some(numbers.iter().copied().map(f32::from_le_bytes).collect())
}

fn values(args: &mut Args<'_>) -> Option<Vec<f32>> {
    let count = args.non_negative().ok()?;
    let words = args.take(count).ok()?.iter();
    words.map(|word| Some(parse_f64(word)? as f32)).collect()
}
