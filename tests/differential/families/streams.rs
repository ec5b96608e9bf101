//! Streams and their consumer groups. Ids are given, for the clocks differ.

use super::Family;

#[rustfmt::skip] // Rows of similar values.
pub const STREAMS: Family = Family {
    forms: &[
        "XACK key group < id >",
        "XACKDEL key group [ policy ] IDS { 1 id | 2 id id | int id }",
        "XADD key [ NOMKSTREAM ] [ policy ] [ MAXLEN [ = | ~ ] int | MINID [ = | ~ ] id ] [ LIMIT count ] { next | id } < field value >",
        "XADD key next < field value >",
        "XADD key next field value",
        "XADD key next field value",
        "XAUTOCLAIM key group consumer idle bound [ COUNT count ] [ JUSTID ]",
        "XCLAIM key group consumer idle < id > [ IDLE idle | TIME at ] [ RETRYCOUNT count ] [ FORCE ] [ JUSTID ] [ LASTID id ]",
        "XDEL key < id >",
        "XDELEX key [ policy ] IDS { 1 id | 2 id id | int id }",
        "XGROUP CREATE key group { id | $ } [ MKSTREAM ] [ ENTRIESREAD int ]",
        "XGROUP CREATE key group 0",
        "XGROUP CREATECONSUMER key group consumer",
        "XGROUP DELCONSUMER key group consumer",
        "XGROUP DESTROY key group",
        "XGROUP HELP",
        "XGROUP SETID key group { id | $ } [ ENTRIESREAD int ]",
        "XINFO CONSUMERS key group => times",
        "XINFO GROUPS key",
        "XINFO HELP",
        "XINFO STREAM key",
        "XINFO STREAM key FULL [ COUNT count ] => clock",
        "XLEN key",
        "XPENDING key group",
        "XPENDING key group [ IDLE idle ] bound bound count [ consumer ] => times",
        "XRANGE key bound bound [ COUNT count ]",
        "XREAD [ COUNT count ] STREAMS { key id | key { $ | + } | key key id id | key key id }",
        "XREADGROUP GROUP group consumer [ COUNT count ] [ NOACK ] STREAMS key { > | id }",
        "XREADGROUP GROUP group consumer STREAMS key >",
        "XREADGROUP GROUP group consumer COUNT 2 STREAMS key >",
        "XREVRANGE key bound bound [ COUNT count ]",
        "XSETID key id [ ENTRIESADDED int ] [ MAXDELETEDID id ]",
        "XTRIM key { MAXLEN [ = | ~ ] int | MINID [ = | ~ ] id } [ LIMIT count ] [ policy ]",
    ],
    kinds: &[
        ("group", &[b"g", b"g", b"h", b""]),
        ("consumer", &[b"alice", b"bob", b"\xff"]),
        ("policy", &[b"KEEPREF", b"DELREF", b"ACKED"]),
        ("idle", &[b"0", b"0", b"0", b"90000000", b"-1", b"x"]),
        ("next", &[b"1-*", b"2-*", b"3-*", b"9-*", b"9-*"]),
        ("id", &[
            b"0", b"1", b"1-0", b"1-1", b"2-0", b"2-1", b"3-0", b"3", b"9-0", b"9-1", b"9-2", b"9-3", b"9-4",
            b"18446744073709551615-0", b"0-0", b"-", b"x", b"1-x", b"+1",
        ]),
        ("bound", &[b"-", b"-", b"+", b"+", b"0", b"2", b"(2-0", b"9-1", b"(9-2", b"(", b"x"]),
    ],
};
