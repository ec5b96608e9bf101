//! String commands: a byte string or a number stored at one key.

pub(super) mod change;
pub(super) mod lcs;
mod options;
pub(super) mod read;
pub(super) mod set;

use super::context::Context;
use super::reply::ReplyError;
use super::reply::Result;

/// The end of `len` bytes written at `offset`, unless the string would be too long.
fn end_within_limit(cx: &Context<'_>, offset: usize, len: usize) -> Result<usize> {
    offset
        .checked_add(len)
        .filter(|&end| end <= cx.world.config.proto_max_bulk_len())
        .ok_or(ReplyError::STRING_TOO_LONG)
}
