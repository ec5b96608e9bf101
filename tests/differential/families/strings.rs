//! Strings.

use super::Family;

pub const STRINGS: Family = Family {
    forms: &[
        "APPEND key value",
        "DECR key",
        "DECRBY key int",
        "GET key",
        "GETDEL key",
        "GETEX key [ EX ttl | PX ttl | EXAT at | PXAT atms | PERSIST ]",
        "GETRANGE key index index",
        "GETSET key value",
        "INCR key",
        "INCRBY key int",
        "INCRBYFLOAT key float",
        "LCS key key [ LEN ] [ IDX ] [ MINMATCHLEN int ] [ WITHMATCHLEN ]",
        "MGET < key >",
        "MSET < key value >",
        "MSETNX < key value >",
        "PSETEX key ttl value",
        "SET key value",
        "SET key value [ NX | XX ] [ GET ] [ EX ttl | PX ttl | EXAT at | PXAT atms | KEEPTTL ]",
        "SETEX key ttl value",
        "SETNX key value",
        "SETRANGE key offset value",
        "STRLEN key",
        "SUBSTR key index index",
    ],
    kinds: &[],
};
