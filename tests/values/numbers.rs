//! Random numbers, judged by ZADD, ZSCORE and INCRBYFLOAT.

use fakeredis::number::LongDouble;
use fakeredis::number::format_double;
use fakeredis::number::parse_f64;
use fakeredis::resp::Reply;
use fakeredis::rng::Rng;

use super::Real;
use super::argv;
use super::pick;

/// How many random cases each test asks for.
const CASES: usize = 10_000;

#[test]
fn doubles_are_read_and_printed_as_redis_does() {
    let Some(mut real) = Real::start() else {
        return;
    };
    // A listpack would keep the score as text and lose the sign of -0.
    real.ask(&[argv([
        b"CONFIG",
        b"SET",
        b"zset-max-listpack-entries",
        b"0",
    ])]);
    let mut rng = Rng::new(2);
    let texts: Vec<_> = (0..CASES).map(|_| random_text(&mut rng)).collect();
    let asked: Vec<_> = texts
        .iter()
        .flat_map(|text| {
            [
                argv([b"DEL", b"z"]),
                argv([b"ZADD", b"z", b"INCR", text, b"m"]),
            ]
        })
        .collect();
    let replies = real.ask(&asked);
    for (text, reply) in texts.iter().zip(replies.iter().skip(1).step_by(2)) {
        let ours = parse_f64(text).map(format_double);
        assert_eq!(ours, accepted(reply), "{}", text.escape_ascii());
    }
}

#[test]
fn long_doubles_are_added_as_redis_does() {
    let Some(mut real) = Real::start() else {
        return;
    };
    let mut rng = Rng::new(3);
    let pairs: Vec<_> = (0..CASES)
        .map(|_| (random_text(&mut rng), random_text(&mut rng)))
        .collect();
    let asked: Vec<_> = pairs
        .iter()
        .flat_map(|(a, b)| [argv([b"SET", b"n", a]), argv([b"INCRBYFLOAT", b"n", b])])
        .collect();
    let replies = real.ask(&asked);
    for ((a, b), reply) in pairs.iter().zip(replies.iter().skip(1).step_by(2)) {
        let (shown_a, shown_b) = (a.escape_ascii(), b.escape_ascii());
        assert_eq!(sum(a, b), accepted(reply), "{shown_a} + {shown_b}");
    }
}

fn sum(a: &[u8], b: &[u8]) -> Option<String> {
    let sum = LongDouble::parse(a)? + LongDouble::parse(b)?;
    sum.is_finite().then(|| sum.to_string())
}

/// The number in a reply; `None` where Redis refused.
fn accepted(reply: &Reply) -> Option<String> {
    match reply {
        Reply::Bulk(text) => Some(String::from_utf8(text.to_vec()).unwrap()),
        Reply::Error(_) => None,
        other => panic!("neither a number nor an error: {other:?}"),
    }
}

/// A text that is a number, nearly always.
fn random_text(rng: &mut Rng) -> Vec<u8> {
    let sign = pick(rng, &["", "", "-", "+"]);
    let body = match rng.below(8) {
        0 => rng.next_u64().to_string(),
        1 => f64::from_bits(rng.next_u64() >> 1).to_string(),
        2 => decimal(rng),
        3 => format!("{}e{}", decimal(rng), exponent(rng, 330)),
        4 => format!("{}e{}", decimal(rng), exponent(rng, 5000)),
        5 => format!("{}e{}", decimal(rng), exponent(rng, 20)),
        6 => hexadecimal(rng),
        _ => soup(rng),
    };
    format!("{sign}{body}").into_bytes()
}

fn decimal(rng: &mut Rng) -> String {
    let digits = rng.next_u64().to_string();
    let at = rng.below(digits.len() + 1);
    format!("{}.{}", &digits[..at], &digits[at..])
}

fn exponent(rng: &mut Rng, bound: usize) -> i64 {
    rng.below(2 * bound) as i64 - bound as i64
}

fn hexadecimal(rng: &mut Rng) -> String {
    let bits = rng.below(64);
    let (whole, fraction) = (rng.next_u64() >> bits, rng.next_u64());
    match rng.below(3) {
        0 => format!("0x{whole:x}"),
        1 => format!("0X{whole:X}.{fraction:x}p{}", exponent(rng, 1200)),
        _ => format!("0x{whole:x}.{fraction:X}P{:+}", exponent(rng, 17_000)),
    }
}

/// Any bytes that may stand in a number.
fn soup(rng: &mut Rng) -> String {
    let len = rng.below(7);
    let pieces = [
        "0", "1", "5", ".", "e", "E", "-", "+", "x", "p", "inf", "nan", "f", " ", "_",
    ];
    (0..len).map(|_| pick(rng, &pieces)).collect()
}
