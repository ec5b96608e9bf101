//! Strings as arrays of bits.

use super::Family;

#[rustfmt::skip] // Rows of similar values.
pub const BITS: Family = Family {
    forms: &[
        "BITCOUNT key [ index index | index index BYTE | index index BIT ]",
        "BITFIELD key < GET type place | SET type place int | INCRBY type place int | OVERFLOW { WRAP | SAT | FAIL } >",
        "BITFIELD_RO key < GET type place >",
        "BITOP { AND | OR | XOR | DIFF | DIFF1 | ANDOR | ONE } key key < key >",
        "BITOP NOT key key",
        "BITPOS key onoff [ index | index index | index index BYTE | index index BIT ]",
        "GETBIT key bit",
        "SETBIT key bit onoff",
    ],
    kinds: &[
        ("bit", &[b"0", b"1", b"7", b"8", b"100", b"1000", b"-1", b"4294967296", b"x"]),
        ("onoff", &[b"0", b"1", b"1", b"2", b"x"]),
        ("type", &[b"u8", b"i8", b"u1", b"i5", b"u63", b"i64", b"u64", b"i65", b"U8", b"x", b"i", b"u0"]),
        ("place", &[
            b"0", b"1", b"5", b"100", b"#0", b"#2", b"-1", b"#x", b"#-1",
        ]),
    ],
};
