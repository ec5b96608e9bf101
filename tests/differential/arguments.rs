//! Kinds of arguments: few of each, so that they collide, and with those where something changes.

use fakeredis::rng::Rng;

/// Names with what may stand for them.
pub type Kinds = &'static [(&'static str, &'static [&'static [u8]])];

/// An argument of a kind of the family's or of those that all families have.
pub fn argument(kind: &str, own: Kinds, rng: &mut Rng) -> Option<Vec<u8>> {
    match kind {
        // Times that are drawn twice must not be nearly the same: which is later would depend on speed.
        "ttl" => Some(time(rng, 100_000, 1_000_000)),
        "at" => Some(time(rng, 40_000_000_000, 50_000_000_000)),
        "atms" => Some(time(rng, 40_000_000_000_000, 50_000_000_000_000)),
        _ => {
            let (_, all) = own.iter().chain(COMMON).find(|(name, _)| *name == kind)?;
            Some(all[rng.below(all.len())].to_vec())
        }
    }
}

fn time(rng: &mut Rng, from: usize, to: usize) -> Vec<u8> {
    const EDGES: &[&str] = &["0", "-1", "9223372036854775807", "x", ""];
    match rng.below(20) {
        0 => EDGES[rng.below(EDGES.len())].to_owned(),
        _ => (from + rng.below(to - from)).to_string(),
    }
    .into()
}

#[rustfmt::skip] // Rows of similar values.
const COMMON: Kinds = &[
    ("key", &[b"a", b"b", b"c", b"d", b"", b"k\xff\r\n"]),
    ("field", &[b"f", b"g", b"h", b"i", b"", b"1", b"\0\xfe"]),
    // Around the lengths where encodings change, and numbers that are and aren't written as Redis writes them.
    ("value", &[
        b"", b"0", b"1", b"2", b"3", b"-1", b"10", b"3.5", b"abc", b"hello world",
        b"9223372036854775807", b"-9223372036854775808", b"9223372036854775808", b"1e3", b" 1", b"01",
        b"-0", b"\xff\0\x80", &[b'y'; 44], &[b'z'; 45], &[b'v'; 64], &[b'w'; 65],
    ]),
    ("int", &[
        b"0", b"1", b"2", b"-1", b"-3", b"7", b"100", b"9223372036854775807",
        b"-9223372036854775808", b"9223372036854775808", b"01", b"1.5", b"x", b"",
    ]),
    ("index", &[
        b"0", b"0", b"1", b"2", b"3", b"-1", b"-1", b"-2", b"-3", b"100", b"-100",
        b"9223372036854775807", b"-9223372036854775808", b"x",
    ]),
    ("count", &[b"0", b"1", b"1", b"2", b"3", b"50", b"-1", b"-2", b"x"]),
    ("float", &[
        b"0", b"1.5", b"-1.5", b"0.1", b"3.0", b"1e2", b"1e17", b"-0", b"1e400", b"inf",
        b"nan", b"0x10", b"x", b"", b"1.7976931348623157e308",
    ]),
    ("offset", &[b"0", b"1", b"2", b"7", b"100", b"-1", b"536870912", b"x"]),
    ("pattern", &[b"*", b"a*", b"[a-c]", b"?", b"k*", b"\\a", b"", b"[^a]", b"*\xff*"]),
    ("db", &[b"0", b"0", b"0", b"1", b"16", b"-1", b"x"]),
];
