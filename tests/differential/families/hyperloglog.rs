//! HyperLogLogs, whole and broken.

use super::Family;

#[rustfmt::skip] // Rows of similar values.
pub const HYPERLOGLOG: Family = Family {
    forms: &[
        "EVAL fill 1 key",
        "PFADD key < element >",
        "PFADD key < element >",
        "PFADD key",
        "PFCOUNT key",
        "PFCOUNT key",
        "PFCOUNT < key >",
        "PFDEBUG { ENCODING | DECODE | TODENSE | x } key",
        "PFDEBUG SIMD { ON | OFF }",
        "PFMERGE key < key >",
        "PFMERGE key",
        "GET key",
        "OBJECT ENCODING key",
        "SET key text",
        "SETRANGE key place part",
        "SETRANGE key 0 HYLL",
        "LPUSH key element",
        "DEL key",
    ],
    kinds: &[
        ("element", &[
            b"a", b"b", b"c", b"d", b"e", b"f", b"", b"1", b"12345678", b"123456789", b"\xff\0", &[b'm'; 65],
        ]),
        // Runs of all kinds: they make up the registers, or too few or too many.
        ("text", &[
            b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\0\x7f\xff",
            b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80\x83\x83\x83\x83\x7f\xef",
            b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80\x3f\0\x7f\xbe",
            b"HYLL\x01\0\0\0\x05\0\0\0\0\0\0\0\xff\xfc\x7f\xfa",
            b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80\x7f\xfe",
            b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80\x7f\xff\x01",
            b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80",
            b"HYLL\0\0\0\0\0\0\0\0\0\0\0\0\x7f\xff",
            b"HYLL", b"", b"12345678901234567", b"x",
        ]),
        ("place", &[b"0", b"4", b"5", b"8", b"15", b"16", b"17", b"18", b"1000", b"12303"]),
        // None that announces another byte: Redis would look behind the last one.
        ("part", &[b"\0", b"\x01", b"\x3f", b"\x80", b"\x87", b"\xff"]),
        ("fill", &[
            b"for i = 1, 50 do redis.call('PFADD', KEYS[1], i) end",
            b"for i = 1, 300 do redis.call('PFADD', KEYS[1], 'e' .. i) end",
        ]),
    ],
};
