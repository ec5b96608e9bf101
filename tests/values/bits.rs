//! Random BITFIELD and BITOP commands, judged by Redis.

use fakeredis::resp::Reply;
use fakeredis::rng::Rng;
use fakeredis::value::BitOp;
use fakeredis::value::BitType;
use fakeredis::value::Overflow;
use fakeredis::value::bit_op;

use super::Real;
use super::argv;
use super::bulk;
use super::pick;

const OVERFLOWS: &[(&str, Overflow)] = &[
    ("WRAP", Overflow::Wrap),
    ("SAT", Overflow::Sat),
    ("FAIL", Overflow::Fail),
];

const OPS: &[(&str, BitOp)] = &[
    ("AND", BitOp::And),
    ("OR", BitOp::Or),
    ("XOR", BitOp::Xor),
    ("DIFF", BitOp::Diff),
    ("DIFF1", BitOp::Diff1),
    ("ANDOR", BitOp::AndOr),
    ("ONE", BitOp::One),
];

#[test]
fn integers_are_written_as_redis_writes_them() {
    let Some(mut real) = Real::start() else {
        return;
    };
    let mut rng = Rng::new(5);
    let mut bytes = vec![0; 40];
    real.ask(&[argv([b"SET", b"k", &bytes])]);
    for _ in 0..2000 {
        let name = format!("{}{}", pick(&mut rng, &["i", "u"]), 1 + rng.below(63));
        let kind = BitType::parse(name.as_bytes()).unwrap();
        let offset = rng.below(250);
        let number = match rng.below(8) {
            0 => i64::MIN,
            1 => i64::MAX,
            _ => rng.next_u64() as i64 >> rng.below(64),
        };
        let (overflow_name, overflow) = pick(&mut rng, OVERFLOWS);
        let (verb, result) = match rng.below(2) {
            0 => ("SET", kind.convert(number, overflow)),
            _ => (
                "INCRBY",
                kind.add(kind.get(&bytes, offset), number, overflow),
            ),
        };
        let command =
            format!("BITFIELD k OVERFLOW {overflow_name} {verb} {name} {offset} {number}");
        let before = kind.get(&bytes, offset);
        if let Some(result) = result {
            kind.set(&mut bytes, offset, result);
        }
        let answer = if verb == "SET" {
            result.map(|_| before)
        } else {
            result
        };
        let answer = answer.map_or(Reply::Null, Reply::Int);
        let words = command.split(' ').map(|word| word.as_bytes().to_vec());
        let replies = real.ask(&[words.collect(), argv([b"GET", b"k"])]);
        assert_eq!(
            replies,
            [Reply::Array(vec![answer]), bulk(&bytes)],
            "{command}"
        );
    }
}

#[test]
fn strings_are_combined_as_redis_combines_them() {
    let Some(mut real) = Real::start() else {
        return;
    };
    let mut rng = Rng::new(6);
    for _ in 0..500 {
        let sources: Vec<_> = (0..3).map(|_| random(&mut rng)).collect();
        let sources: Vec<&[u8]> = sources.iter().map(Vec::as_slice).collect();
        let (name, op) = pick(&mut rng, OPS);
        let replies = real.ask(&[
            argv([
                b"MSET", b"a", sources[0], b"b", sources[1], b"c", sources[2],
            ]),
            argv([b"BITOP", name.as_bytes(), b"d", b"a", b"b", b"c"]),
            argv([b"GET", b"d"]),
        ]);
        assert_eq!(
            replies[2],
            bulk(&bit_op(op, &sources)),
            "{name} {sources:?}"
        );
    }
}

fn random(rng: &mut Rng) -> Vec<u8> {
    let len = 1 + rng.below(80);
    (0..len).map(|_| rng.next_u64() as u8).collect()
}
