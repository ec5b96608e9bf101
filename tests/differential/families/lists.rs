//! Lists.

use super::Family;

#[rustfmt::skip] // Rows of similar values.
pub const LISTS: Family = Family {
    forms: &[
        "EVAL fill 1 key value",
        "LINDEX key index",
        "LINSERT key { BEFORE | AFTER } value value",
        "LLEN key",
        "LMOVE key key { LEFT | RIGHT } { LEFT | RIGHT }",
        "LMPOP { 1 key | 2 key key | int key } { LEFT | RIGHT } [ COUNT count ]",
        "LPOP key [ count ]",
        "LPOS key value [ RANK index ] [ COUNT count ] [ MAXLEN count ]",
        "LPUSH key < value >",
        "LPUSHX key < value >",
        "LRANGE key index index",
        "LREM key count value",
        "LSET key index value",
        "LTRIM key index index",
        "RPOP key [ count ]",
        "RPOPLPUSH key key",
        "RPUSH key < value >",
        "RPUSH key < value >",
        "RPUSHX key < value >",
    ],
    kinds: &[
        ("fill", &[
            b"for i = 1, 150 do redis.call('RPUSH', KEYS[1], ARGV[1] .. i) end",
            b"for i = 1, 900 do redis.call('LPUSH', KEYS[1], i) end",
        ]),
    ],
};
