//! Values that are made on one server, dumped, and restored on the other, both ways.
//!
//! A type of values joins with a row of [`KINDS`].

use fakeredis::resp::Protocol;
use fakeredis::resp::Reply;
use fakeredis::rng::Rng;

use super::Argv;
use super::Real;
use super::argv;
use super::pick;
use super::rdb::random_text;
use crate::support::ours::InProcess;
use crate::support::player::Answer;
use crate::support::player::PATIENCE;
use crate::support::player::Target;

/// How many values of each kind are made.
const CASES: u64 = 200;
/// Long after any test.
const LATER: i64 = 4_000_000_000_000;

/// A kind of values.
struct Kind {
    name: &'static str,
    /// The commands that make a random value at `k`.
    make: fn(&mut Rng) -> Vec<Argv>,
    /// Whether DUMP answers the same bytes wherever the value was made.
    canonical: bool,
}

const fn kind(name: &'static str, make: fn(&mut Rng) -> Vec<Argv>, canonical: bool) -> Kind {
    Kind {
        name,
        make,
        canonical,
    }
}

const KINDS: &[Kind] = &[
    kind("string", string, true),
    kind("list", |rng| added(rng, "RPUSH", 60, 40), true),
    kind("list of many", |rng| added(rng, "RPUSH", 700, 300), true),
    kind("set of integers", integers, true),
    kind("set", |rng| added(rng, "SADD", 60, 40), true),
    kind("set of many", |rng| added(rng, "SADD", 600, 80), false),
    kind("hash", |rng| hash(rng, 60, 40), true),
    kind("hash of many", |rng| hash(rng, 700, 80), false),
    kind("hash with times", expiring_hash, true),
    kind("sorted set", |rng| scored(rng, 60, 40), true),
    kind("sorted set of many", |rng| scored(rng, 300, 80), true),
    kind("vector set", |rng| vectors(rng, 12), false),
    kind("vector set of many", |rng| vectors(rng, 120), false),
];

#[test]
fn what_one_side_dumps_the_other_restores() {
    let Some(mut real) = Real::start() else {
        return;
    };
    let mut ours = InProcess::new();
    ours.reset(Protocol::Resp2);
    for kind in KINDS {
        for seed in 0..CASES {
            let commands = (kind.make)(&mut Rng::new(seed));
            exchange(&mut ours, &mut real, kind, &commands, seed);
        }
    }
}

fn exchange(ours: &mut InProcess, real: &mut Real, kind: &Kind, commands: &[Argv], seed: u64) {
    let case = format!("{} {seed}", kind.name);
    let start = [argv([b"DEL", b"k", b"copy"])];
    ask(ours, &start);
    real.ask(&start);
    ask(ours, commands);
    real.ask(commands);
    let dump = [argv([b"DUMP", b"k"])];
    let (our_dump, their_dump) = (bulk(ask(ours, &dump)), bulk(real.ask(&dump)));
    if kind.canonical {
        let shown = |dump: &[u8]| dump.escape_ascii().to_string();
        assert_eq!(shown(&our_dump), shown(&their_dump), "{case}");
    }
    let until = (LATER + seed as i64).to_string();
    let restore = |dump| {
        [argv([
            b"RESTORE",
            b"copy",
            until.as_bytes(),
            dump,
            b"ABSTTL",
        ])]
    };
    assert_eq!(ask(ours, &restore(&their_dump)), [Reply::OK], "{case}");
    assert_eq!(real.ask(&restore(&our_dump)), [Reply::OK], "{case}");
    let look = ["TYPE", "OBJECT ENCODING", "PEXPIRETIME"].map(|words| {
        let mut argv: Argv = words.split(' ').map(|word| word.into()).collect();
        argv.push(b"copy".to_vec());
        argv
    });
    assert_eq!(ask(ours, &look), real.ask(&look), "{case}");
    let digests = [argv([b"DEBUG", b"DIGEST-VALUE", b"k", b"copy"])];
    // Each side's digest is its own; what was restored has that of what was made.
    persist(ours, real);
    for digests in [ask(ours, &digests), real.ask(&digests)] {
        match digests.as_slice() {
            [Reply::Array(both)] => assert_eq!(both[0], both[1], "{case}"),
            other => panic!("{case}: {other:?}"),
        }
    }
}

fn persist(ours: &mut InProcess, real: &mut Real) {
    let persist = [argv([b"PERSIST", b"copy"])];
    assert_eq!(ask(ours, &persist), real.ask(&persist));
}

fn ask(ours: &mut InProcess, commands: &[Argv]) -> Vec<Reply> {
    let ask = |argv: &Argv| {
        ours.send(0, argv);
        match ours.receive(0, PATIENCE) {
            Answer::Reply(reply) => reply,
            Answer::Nothing | Answer::Closed => panic!("no answer"),
        }
    };
    commands.iter().map(ask).collect()
}

fn bulk(replies: Vec<Reply>) -> Vec<u8> {
    match replies.as_slice() {
        [Reply::Bulk(bytes)] => bytes.to_vec(),
        other => panic!("not a payload: {other:?}"),
    }
}

fn string(rng: &mut Rng) -> Vec<Argv> {
    let text = random_text(rng, 3000);
    vec![argv([b"SET", b"k", &text])]
}

/// So many random texts at most, and then one that makes sure that there is something.
fn added(rng: &mut Rng, command: &str, count: usize, bytes: usize) -> Vec<Argv> {
    let count = rng.below(count);
    let mut texts: Vec<_> = (0..count).map(|_| random_text(rng, bytes)).collect();
    texts.push(b"last".to_vec());
    let add = |text| argv([command.as_bytes(), b"k", text]);
    texts.iter().map(|text| add(text)).collect()
}

fn integers(rng: &mut Rng) -> Vec<Argv> {
    let (count, bits) = (rng.below(500) + 1, pick(rng, &[0, 20, 40, 50, 56]));
    let int = |_| (rng.next_u64() as i64 >> bits).to_string();
    let ints: Vec<_> = (0..count).map(int).collect();
    ints.iter()
        .map(|int| argv([b"SADD", b"k", int.as_bytes()]))
        .collect()
}

fn hash(rng: &mut Rng, count: usize, bytes: usize) -> Vec<Argv> {
    let set = |at| {
        let field = [format!("{at} ").as_bytes(), &random_text(rng, bytes / 2)].concat();
        argv([b"HSET", b"k", &field, &random_text(rng, bytes)])
    };
    let count = pick(&mut Rng::new(count as u64), &[count / 2, count]);
    (0..=count).map(set).collect()
}

fn expiring_hash(rng: &mut Rng) -> Vec<Argv> {
    let mut commands = hash(rng, 40, 20);
    for at in 0..commands.len() {
        let field = commands[at][2].clone();
        // Redis does not note that the first time becomes a few seconds earlier.
        let time = (LATER + rng.below(30) as i64 * 10_000).to_string();
        if at == 0 || rng.below(2) == 0 {
            let expire: [&[u8]; 6] = [
                b"HPEXPIREAT",
                b"k",
                time.as_bytes(),
                b"FIELDS",
                b"1",
                &field,
            ];
            commands.push(argv(expire));
        }
    }
    commands
}

fn scored(rng: &mut Rng, count: usize, bytes: usize) -> Vec<Argv> {
    let count = rng.below(count) + 1;
    let add = |_| {
        let score = match rng.below(2) {
            0 => rng.below(9).to_string(),
            _ => rng.unit_f64().to_string(),
        };
        argv([b"ZADD", b"k", score.as_bytes(), &random_text(rng, bytes)])
    };
    (0..count).map(add).collect()
}

fn vectors(rng: &mut Rng, count: usize) -> Vec<Argv> {
    let quantization = pick(rng, &["NOQUANT", "Q8", "BIN"]);
    let head = pick(rng, &["VADD k", "VADD k REDUCE 2", "VADD k REDUCE 70"]);
    let (dim, count) = (pick(rng, &[3, 9]), rng.below(count) + 1);
    let add = |_| {
        let mut argv: Argv = head.split(' ').map(|word| word.into()).collect();
        argv.extend(["VALUES".into(), dim.to_string().into()]);
        argv.extend((0..dim).map(|_| (rng.unit_f64() - 0.5).to_string().into()));
        argv.extend([random_text(rng, 40), quantization.into()]);
        if rng.below(2) == 0 {
            argv.extend(["SETATTR".into(), b"x".repeat(rng.below(60) + 1)]);
        }
        argv
    };
    (0..count).map(add).collect()
}
