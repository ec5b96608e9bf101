//! Which elements HRANDFIELD, SRANDMEMBER and ZRANDMEMBER pick.

use super::args::Args;
use super::context::Context;
use super::reply::ReplyError;
use super::reply::Result;
use super::reply::fixed;

const OUT_OF_RANGE: ReplyError = fixed("ERR value is out of range");

/// The most elements that are picked with repetition. Redis would try more until its memory ends.
const MOST: usize = 100_000_000;

/// Reads how many elements to pick: negative for as many with repetition.
pub(super) fn count(args: &mut Args<'_>) -> Result<i64> {
    match args.i64()? {
        i64::MIN => Err(fixed(
            "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
        )),
        count => Ok(count),
    }
}

/// Pairs are two replies each, and Redis counts replies.
pub(super) fn check_pairs(count: i64, pairs: bool) -> Result<()> {
    if pairs && count.unsigned_abs() > i64::MAX as u64 / 2 {
        return Err(OUT_OF_RANGE);
    }
    Ok(())
}

/// The positions of the elements to pick among `len`: different ones in their order, or with repetition where
/// `count` is negative.
pub(super) fn positions(cx: &mut Context<'_>, count: i64, len: usize) -> Result<Vec<usize>> {
    let number = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if len == 0 {
        return Ok(Vec::new());
    }
    if count >= 0 {
        return Ok(match number {
            all if all >= len => (0..len).collect(),
            some => cx.rng().distinct(some, len).into_iter().collect(),
        });
    }
    if number > MOST {
        return Err(OUT_OF_RANGE);
    }
    let rng = cx.rng();
    Ok((0..number).map(|_| rng.below(len)).collect())
}
