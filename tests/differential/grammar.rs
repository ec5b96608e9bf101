//! Random commands, after templates that read like Redis's own documentation.
//!
//! In a template, words in lower case are kinds of arguments and others stand for themselves. `[ A | B ]` may be
//! missing, and several of them come in any order; `{ A | B }` is there; `< A >` is there once or more often.
//! This file knows no server.

use fakeredis::rng::Rng;

/// An argument vector that follows `template`, now and then with an argument too few or too many.
pub fn command(template: &str, rng: &mut Rng) -> Vec<Vec<u8>> {
    let [parts] = &alternatives(&mut template.split(' '))[..] else {
        panic!("one command: {template}");
    };
    let mut argv = Vec::new();
    expand(parts, rng, &mut argv);
    // A random reply is asked for in full: every server has its own random numbers.
    let whole = template.contains("1000");
    match rng.below(60) {
        _ if whole => {}
        0 if argv.len() > 1 => drop(argv.pop()),
        1 => argv.push(argv[rng.below(argv.len())].clone()),
        2 => argv.push(word("value", rng)),
        _ => {}
    }
    argv
}

/// A part of a template, each choice of which is a sequence of parts.
enum Part<'a> {
    Word(&'a str),
    Choice(Vec<Vec<Part<'a>>>),
    Optional(Vec<Vec<Part<'a>>>),
    Repeat(Vec<Vec<Part<'a>>>),
}

/// Reads up to the bracket that closes the alternatives, or to the end.
fn alternatives<'a>(words: &mut impl Iterator<Item = &'a str>) -> Vec<Vec<Part<'a>>> {
    let mut all = vec![Vec::new()];
    while let Some(word) = words.next() {
        let part = match word {
            "]" | "}" | ">" => break,
            "|" => {
                all.push(Vec::new());
                continue;
            }
            "[" => Part::Optional(alternatives(words)),
            "{" => Part::Choice(alternatives(words)),
            "<" => Part::Repeat(alternatives(words)),
            word => Part::Word(word),
        };
        all.last_mut().expect("never empty").push(part);
    }
    all
}

fn expand(parts: &[Part<'_>], rng: &mut Rng, argv: &mut Vec<Vec<u8>>) {
    let same_kind =
        |a: &Part<'_>, b: &Part<'_>| matches!((a, b), (Part::Optional(_), Part::Optional(_)));
    for run in parts.chunk_by(same_kind) {
        for index in shuffled(run.len(), rng) {
            match &run[index] {
                Part::Word(kind) => argv.push(word(kind, rng)),
                Part::Choice(all) => expand_one(all, rng, argv),
                Part::Optional(all) if rng.below(3) == 0 => expand_one(all, rng, argv),
                Part::Optional(_) => {}
                Part::Repeat(all) => {
                    (0..=rng.below(4)).for_each(|_| expand_one(all, rng, argv));
                }
            }
        }
    }
}

fn expand_one(all: &[Vec<Part<'_>>], rng: &mut Rng, argv: &mut Vec<Vec<u8>>) {
    let chosen = pick(all, rng);
    expand(chosen, rng, argv);
}

fn shuffled(len: usize, rng: &mut Rng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    (1..len).for_each(|last| order.swap(last, rng.below(last + 1)));
    order
}

fn pick<'a, T>(all: &'a [T], rng: &mut Rng) -> &'a T {
    &all[rng.below(all.len())]
}

/// A word that stands for itself, in any case, or an argument of a kind.
fn word(kind: &str, rng: &mut Rng) -> Vec<u8> {
    match kind {
        // Times that are drawn twice must not be nearly the same: which is later would depend on speed.
        "ttl" => time(rng, 100_000, 1_000_000),
        "at" => time(rng, 40_000_000_000, 50_000_000_000),
        "atms" => time(rng, 40_000_000_000_000, 50_000_000_000_000),
        _ => match examples(kind) {
            Some(all) => pick(all, rng).to_vec(),
            None if rng.below(4) == 0 => kind.to_lowercase().into(),
            None => kind.into(),
        },
    }
}

fn time(rng: &mut Rng, from: usize, to: usize) -> Vec<u8> {
    match rng.below(20) {
        0 => pick(&["0", "-1", "9223372036854775807", "x", ""], rng).to_string(),
        _ => (from + rng.below(to - from)).to_string(),
    }
    .into()
}

/// Arguments of a kind: few, so that they collide, and with those where something changes.
#[rustfmt::skip] // One kind per row.
fn examples(kind: &str) -> Option<&'static [&'static [u8]]> {
    Some(match kind {
        "key" => &[b"a", b"b", b"c", b"d", b"", b"k\xff\r\n"],
        "field" => &[b"f", b"g", b"h", b"i", b"", b"1", b"\0\xfe"],
        "value" => VALUES,
        "int" => &[
            b"0", b"1", b"2", b"-1", b"-3", b"7", b"100", b"9223372036854775807",
            b"-9223372036854775808", b"9223372036854775808", b"01", b"1.5", b"x", b"",
        ],
        "index" => &[
            b"0", b"0", b"1", b"2", b"3", b"-1", b"-1", b"-2", b"-3", b"100", b"-100",
            b"9223372036854775807", b"-9223372036854775808", b"x",
        ],
        "count" => &[b"0", b"1", b"1", b"2", b"3", b"50", b"-1", b"-2", b"x"],
        "float" => &[
            b"0", b"1.5", b"-1.5", b"0.1", b"3.0", b"1e2", b"1e17", b"-0", b"1e400", b"inf",
            b"nan", b"0x10", b"x", b"", b"1.7976931348623157e308",
        ],
        "offset" => &[b"0", b"1", b"2", b"7", b"100", b"-1", b"536870912", b"x"],
        "bit" => &[b"0", b"1", b"7", b"8", b"100", b"1000", b"-1", b"4294967296", b"x"],
        "onoff" => &[b"0", b"1", b"1", b"2", b"x"],
        "type" => &[b"u8", b"i8", b"u1", b"i5", b"u63", b"i64", b"u64", b"i65", b"U8", b"x"],
        "place" => &[b"0", b"1", b"5", b"100", b"#0", b"#2", b"-1", b"#x"],
        "pattern" => &[b"*", b"a*", b"[a-c]", b"?", b"k*", b"\\a", b"", b"[^a]", b"*\xff*"],
        "by" => &[b"x*", b"*", b"*->f", b"nope_*"],
        "get" => &[b"#", b"*", b"a", b"*->f", b"*->", b"nope_*"],
        "db" => &[b"0", b"0", b"0", b"1", b"16", b"-1", b"x"],
        "script" => SCRIPTS,
        "sha" => &[
            b"4a2267357833227dd98abdedb8cf24b15a986445",
            b"4A2267357833227DD98ABDEDB8CF24B15A986445",
            b"0000000000000000000000000000000000000000",
            b"x",
        ],
        _ => return None,
    })
}

/// Around the lengths where encodings change, and numbers that are and aren't written as Redis writes them.
#[rustfmt::skip] // Rows of similar values.
const VALUES: &[&[u8]] = &[
    b"", b"0", b"1", b"2", b"3", b"-1", b"10", b"3.5", b"abc", b"hello world",
    b"9223372036854775807", b"-9223372036854775808", b"9223372036854775808", b"1e3", b" 1", b"01",
    b"-0", b"\xff\0\x80", &[b'y'; 44], &[b'z'; 45], &[b'v'; 64], &[b'w'; 65],
];

const SCRIPTS: &[&[u8]] = &[
    b"return KEYS[1]",
    b"return {KEYS, ARGV}",
    b"return redis.call('GET', KEYS[1])",
    b"return redis.pcall('LPUSH', KEYS[1], ARGV[1])",
    b"return {1, 2.7, -2.7, 'x', true, false, {4, {}}, nil, 5}",
    b"return {ok = 'fine'}",
    b"return {err = 'MY own'}",
    b"return redis.error_reply('no code')",
    b"return redis.status_reply(ARGV[1])",
    b"redis.call('SET', KEYS[1], ARGV[1]) return redis.call('INCR', KEYS[1])",
    b"for i = 1, 200 do redis.call('RPUSH', KEYS[1], i) end return redis.call('LLEN', KEYS[1])",
    b"for i = 1, 200 do redis.call('HSET', KEYS[1], i, ARGV[1]) end return redis.call('HLEN', KEYS[1])",
    b"for i = 1, 200 do redis.call('SADD', KEYS[1], i) end return redis.call('SCARD', KEYS[1])",
    b"for i = 1, 600 do redis.call('SADD', KEYS[1], i) end return redis.call('SCARD', KEYS[1])",
    b"for i = 1, 100 do redis.call('SADD', KEYS[1], 'm' .. i) end return redis.call('SCARD', KEYS[1])",
    b"for i = 1, 150 do redis.call('RPUSH', KEYS[1], ARGV[1] .. i) end redis.call('LTRIM', KEYS[1], 0, 9)",
    b"redis.call('SADD', KEYS[1], 'x', 'b', ARGV[1]) return redis.call('SORT', KEYS[1], 'ALPHA')",
    b"return redis.call('TYPE', KEYS[1])",
    b"return redis.sha1hex(ARGV[1])",
    b"return tonumber(ARGV[1])",
    b"return #ARGV[1] + #KEYS[1]",
    b"return tostring(1e15) .. tostring(0.1) .. tostring(-0/1)",
    b"math.randomseed(7) return math.random(1, 100)",
    b"return cjson.encode({1, 'a', {x = 1.5}, cjson.null})",
    b"return cjson.decode('[1, \"a\", [true, null]]')",
    b"error('boom')",
    b"return nosuch()",
    b"return nosuch",
    b"x = 1",
    b"return redis.call('NOSUCH')",
    b"return redis.call('GET')",
    b"return redis.pcall('SELECT', '1')",
    b"return redis.call('WATCH', KEYS[1])",
    b"return (",
    b"redis.call('SET', KEYS[1], 1) redis.call('EXPIRE', KEYS[1], 100000) return redis.call('TTL', KEYS[1]) > 9",
    b"redis.setresp(3) return redis.call('SISMEMBER', KEYS[1], ARGV[1])",
    b"local got = redis.pcall('HGET', KEYS[1], ARGV[1]) return got.err or got",
];
