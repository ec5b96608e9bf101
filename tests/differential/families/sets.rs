//! Sets.

use super::Family;

pub const SETS: Family = Family {
    forms: &[
        "SADD key < value >",
        "SADD key < value >",
        "SADD key < int >",
        "SCARD key",
        "SDIFF < key > => items",
        "SDIFFSTORE key < key >",
        "SINTER < key > => items",
        "SINTERCARD { 1 key | 2 key key | int key } [ LIMIT count ]",
        "SINTERSTORE key < key >",
        "SISMEMBER key value",
        "SMEMBERS key => items",
        "SMISMEMBER key < value >",
        "SMOVE key key value",
        "SPOP key 100000 => items",
        "SPOP key { 0 | -1 | x | 1 1 } => kind",
        "SRANDMEMBER key 100000 => items",
        "SRANDMEMBER key { 0 | x | 1 1 | -9223372036854775808 } => kind",
        "SRANDMEMBER key [ -3 ] => kind",
        "SREM key < value >",
        "SSCAN key 0 COUNT 100000 [ MATCH pattern ] => items",
        "SSCAN key int [ COUNT int ] [ MATCH pattern ] => kind",
        "SUNION < key > => items",
        "SUNIONSTORE key < key >",
    ],
    kinds: &[],
};

#[rustfmt::skip] // Rows of similar values.
/// Sets that are neither numbers nor small: in what order their members are read is left open.
pub const LARGE_SETS: Family = Family {
    forms: &["EVAL fill 1 key"],
    kinds: &[
        ("fill", &[
            b"for i = 1, 129 do redis.call('SADD', KEYS[1], 'm' .. i) end",
            b"for i = 1, 200 do redis.call('SADD', KEYS[1], i) end",
            b"for i = 1, 513 do redis.call('SADD', KEYS[1], i) end",
            b"for i = 4, 600 do redis.call('SREM', KEYS[1], i, 'm' .. i) end",
        ]),
    ],
};
