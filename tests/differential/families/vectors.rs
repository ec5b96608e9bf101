//! Vector sets. All are small, so that Redis's graph finds everything; of elements that are equally far away, either may
//! come first.

use super::Family;

#[rustfmt::skip] // Rows of similar values.
pub const VECTORS: Family = Family {
    forms: &[
        "VADD key VALUES 2 number number element [ SETATTR json ]",
        "VADD key VALUES 2 number number element [ SETATTR json ]",
        "VADD key VALUES 2 number number element [ EF { 1 | 200 | int } ] [ M { 4 | 16 | int } ]",
        "VADD key VALUES 2 number number element { NOQUANT | Q8 | BIN } [ CAS ]",
        "VADD key VALUES 3 number number number element [ NOQUANT | Q8 | BIN ]",
        "VADD key VALUES { 0 | -1 | 3 | x } number number element",
        "VADD key FP32 blob element [ NOQUANT | Q8 | BIN ]",
        "VADD key REDUCE { 2 | 3 | 0 | x } { VALUES 2 number number | FP32 blob } element",
        "VCARD key",
        "VDIM key",
        "VEMB key element [ RAW | x ]",
        "VGETATTR key element",
        "VINFO key => kind",
        "VISMEMBER key element",
        "VLINKS key element [ WITHSCORES | x ] => kind",
        "VRANDMEMBER key [ 0 | 100 | -3 | x | 1.5 ] => kind",
        "VRANDMEMBER key 100 => items",
        "VREM key element",
        "VSETATTR key element json",
        "VSETATTR key element json",
        "VSIM key ELE element COUNT 100 WITHSCORES [ TRUTH ] => pairs",
        "VSIM key VALUES 2 number number COUNT 100 WITHSCORES [ NOTHREAD ] => pairs",
        "VSIM key VALUES 2 number number COUNT 100 WITHSCORES [ EPSILON { 0.1 | 0.5 | 1 | float } ] => pairs",
        "VSIM key FP32 blob COUNT 100 WITHATTRIBS => pairs",
        "VSIM key ELE element COUNT 100 FILTER filter => items",
        "VSIM key ELE element COUNT 100 FILTER operand => items",
        "VSIM key ELE element COUNT 100 [ EF { 100 | 0 | x } ] [ FILTER-EF { 1000 | 0 | x } ] => items",
        "VSIM key ELE element [ COUNT { 0 | x } ] [ FILTER filter ] [ EPSILON 0 ] [ x ] => kind",
    ],
    kinds: &[
        ("element", &[b"a", b"b", b"c", b"d", b"", b"1", b"\xff\0", &[b'e'; 65]]),
        ("number", &[b"0", b"1", b"-1", b"2", b"-3", b"0.5", b"1e3", b"0x10", b"-0", b"0.1", b"7.25", b"x", b"nan"]),
        ("blob", &[b"\0\0\x80?\0\0\0@", b"\0\0\x80\xbf\0\0\0?", b"\0\0\x80?\0\0\0@\0\0\x40\x40", b"abc"]),
        ("json", &[
            b"{\"x\":1,\"y\":\"a\",\"z\":[1,\"b\"]}", b"{\"x\":2,\"y\":\"ab\"}", b"{\"x\":null,\"y\":true}", b"{}", b"no json",
            b"{\"y\":{\"x\":1},\"x\":-1.5e1}", b"{\"x\":\"1\"",
        ]),
        ("operand", &[b".x", b".y", b".z", b".missing", b"1", b"0", b"''", b"[]", b"null", b"true", b"(", b"1 1", b""]),
        ("filter", &[
            b".x == 1", b".x > 1", b"not .x", b".y == 'a'", b"'a' in .y", b"1 in .z", b".x in [1, 2, '1']", b".x == null",
            b".x + 1 == 2 or .y", b".x * 2 ** 2 >= 8 and .y", b"!(.x < 2)", b"-15 == .x", b".x == true", b".x = 1",
            b".x ==", b"not not .x", b".x % 2 == 1 && .y != \"ab\"", b".x .y", b"\"open", b"[1",
        ]),
    ],
};
