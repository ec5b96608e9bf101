//! Bitmap commands: strings as arrays of bits and of small integers.

pub(super) mod bits;
pub(super) mod field;

use super::context::Context;
use super::reply::Result;
use super::reply::fixed;

/// The offset of a bit, where `number` is one that a string can have.
fn offset(cx: &Context<'_>, number: Option<i64>) -> Result<usize> {
    let limit = cx.world.config.proto_max_bulk_len();
    number
        .and_then(|number| usize::try_from(number).ok())
        .filter(|offset| offset / 8 < limit)
        .ok_or(fixed("ERR bit offset is not an integer or out of range"))
}
