//! String commands: a byte string or a number stored at one key.

pub(super) mod change;
pub(super) mod lcs;
mod options;
pub(super) mod read;
pub(super) mod set;

use super::reply::ReplyError;
use super::reply::Result;

/// The longest string, as `proto-max-bulk-len` has it by default.
pub(super) const MAX_LEN: usize = 512 << 20;

/// The end of `len` bytes written at `offset`, unless the string would be too long.
pub(super) fn end_within_limit(offset: usize, len: usize) -> Result<usize> {
    offset
        .checked_add(len)
        .filter(|&end| end <= MAX_LEN)
        .ok_or(ReplyError::STRING_TOO_LONG)
}
