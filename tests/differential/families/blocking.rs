//! Commands that wait for an element. A client that waits sends nothing more until it has its reply.

use super::Family;

#[rustfmt::skip] // Rows of similar values.
pub const BLOCKING: Family = Family {
    forms: &[
        "BLMOVE key key { LEFT | RIGHT } { LEFT | RIGHT } timeout",
        "BLMPOP timeout { 1 key | 2 key key | int key } { LEFT | RIGHT } [ COUNT count ]",
        "BLPOP < key > timeout",
        "BRPOP < key > timeout",
        "BRPOPLPUSH key key timeout",
        "BZMPOP timeout { 1 key | 2 key key | int key } { MIN | MAX } [ COUNT count ]",
        "BZPOPMAX < key > timeout",
        "BZPOPMIN < key > timeout",
    ],
    kinds: &[("timeout", &[b"0", b"0", b"0", b"0", b"1000", b"1000.5", b"-1", b"x", b"", b"1e400", b"nan", b"9223372036854775807"])],
};
