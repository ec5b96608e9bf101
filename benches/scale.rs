//! What a large key costs, and many small ones: `cargo bench --bench scale [time|memory|keys]`.
//!
//! `time`: the median of each command against the number of elements of its key, from a hundred to a million, and of the
//! first write after a snapshot. `memory`: what the allocator gave for each element or key. The same data in a
//! real server, by `used_memory`, stands beside it; the numbers were taken from Redis 8.2.3. `keys`: what a random
//! key costs among few and many, on the database alone and with a whole command around it.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::alloc::System;
use std::hint::black_box;

use cap::Cap;
use fakeredis::Bytes;
use fakeredis::FakeRedis;
use fakeredis::clock::Stopwatch;
use fakeredis::keyspace::Db;
use fakeredis::rng::Rng;
use fakeredis::session::Address;
use fakeredis::session::SessionKey;
use fakeredis::value::Value;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

const SIZES: [usize; 5] = [100, 1_000, 10_000, 100_000, 1_000_000];
/// How often a command runs for one median, unless that would change the key too much.
const SAMPLES: usize = 301;

fn main() {
    let modes: Vec<String> = std::env::args().skip(1).collect();
    let wants = |mode: &str| {
        modes.iter().all(|arg| arg.starts_with("--")) || modes.iter().any(|arg| arg == mode)
    };
    if wants("memory") {
        memory();
    }
    if wants("keys") {
        keys();
    }
    if wants("time") {
        time();
    }
}

/// A fake and one connection.
struct Client {
    fake: FakeRedis,
    session: SessionKey,
}

impl Client {
    fn new() -> Client {
        let fake = FakeRedis::new();
        let session = fake.engine().lock().connect(Address::default());
        Client { fake, session }
    }

    fn run(&self, line: &str) {
        let argv: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let session = self.session;
        self.fake
            .engine()
            .batch(|core| core.run(session, &argv))
            .unwrap();
    }

    /// `command` with `count` elements at `key`, a hundred at a time.
    fn fill(&self, command: &str, count: usize, element: impl Fn(usize) -> String) {
        for start in (0..count).step_by(100) {
            let elements: Vec<_> = (start..count.min(start + 100)).map(&element).collect();
            self.run(&format!("{command} {}", elements.join(" ")));
        }
    }
}

// --- time ---

/// A kind of key: how it is filled, and the commands that are timed on it.
struct Kind {
    command: &'static str,
    element: fn(usize) -> String,
    /// `@` stands for a random element that is there, `#` for a random position, `!` for a new element.
    timed: &'static [&'static str],
}

const KINDS: &[Kind] = &[
    Kind {
        command: "RPUSH k",
        element: |index| format!("{index:07}"),
        timed: &[
            "LINDEX k #",
            "LSET k # 7654321",
            "LRANGE k # #",
            "LPUSH k 1234567",
            "LPOP k",
            "RPUSH k 1234567",
            "RPOP k",
            "LPOS k @",
            "LINSERT k BEFORE @ new",
            "LREM k 1 @",
            "LMOVE k k LEFT RIGHT",
        ],
    },
    Kind {
        command: "SADD k",
        element: |index| format!("member:{index:07}"),
        timed: &[
            "SISMEMBER k member:@",
            "SMISMEMBER k member:@ member:@ none",
            "SADD k !",
            "SREM k member:@",
            "SRANDMEMBER k",
            "SRANDMEMBER k 10",
            "SRANDMEMBER k -10",
            "SPOP k",
            "SSCAN k # COUNT 10",
        ],
    },
    Kind {
        command: "HSET k",
        element: |index| format!("field:{index:07} value:{index}"),
        timed: &[
            "HGET k field:@",
            "HSET k field:@ new",
            "HSET k ! new",
            "HDEL k field:@",
            "HINCRBY k count 1",
            "HRANDFIELD k",
            "HRANDFIELD k 10",
            "HSCAN k # COUNT 10",
            "HPEXPIRE k 100000 FIELDS 1 field:@",
        ],
    },
    Kind {
        command: "ZADD k",
        element: |index| {
            format!(
                "{} member:{index:07}",
                index.wrapping_mul(7_919) % 1_000_003
            )
        },
        timed: &[
            "ZSCORE k member:@",
            "ZADD k 5 member:@",
            "ZADD k # !",
            "ZINCRBY k 1 member:@",
            "ZRANK k member:@",
            "ZREVRANK k member:@",
            "ZRANGE k # #",
            "ZRANGE k # +inf BYSCORE LIMIT 0 10",
            "ZRANGE k - + BYLEX LIMIT # 10",
            "ZRANGE k -inf +inf BYSCORE LIMIT # 10",
            "ZCOUNT k # +inf",
            "ZLEXCOUNT k [m +",
            "ZPOPMIN k",
            "ZPOPMAX k",
            "ZREM k member:@",
            "ZRANDMEMBER k",
            "ZRANDMEMBER k 10",
            "ZSCAN k # COUNT 10",
            "ZREMRANGEBYRANK k # #",
        ],
    },
];

fn time() {
    print!("{:<42}", "ns, median; elements:");
    SIZES.iter().for_each(|size| print!("{size:>10}"));
    println!("  after a snapshot");
    KINDS.iter().for_each(time_kind);
}

/// A row for each command of the kind; the last number is that of the largest key, a snapshot taken before each call.
fn time_kind(kind: &Kind) {
    let mut rows = vec![Vec::new(); kind.timed.len()];
    for size in SIZES {
        let client = Client::new();
        client.fill(kind.command, size, kind.element);
        for (row, template) in rows.iter_mut().zip(kind.timed) {
            row.push(sample(&client, template, size, false));
            if size == SIZES[SIZES.len() - 1] {
                row.push(sample(&client, template, size, true));
            }
        }
    }
    for (row, template) in rows.iter().zip(kind.timed) {
        let numbers: String = row.iter().map(|number| format!("{number:>10}")).collect();
        println!("{template:<42}{numbers}");
    }
}

/// The median time of a command.
fn sample(client: &Client, template: &str, size: usize, snapshot: bool) -> u128 {
    let mut rng = Rng::new(1);
    let samples = if snapshot { 31 } else { SAMPLES.min(size / 4) };
    let mut times: Vec<u128> = (0..samples)
        .map(|turn| {
            let line = instance(template, size, turn, &mut rng);
            let _snapshot = snapshot.then(|| client.fake.snapshot());
            let watch = Stopwatch::start();
            client.run(&line);
            watch.elapsed().as_nanos()
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// The template with its signs replaced. Two positions are a range of ten.
fn instance(template: &str, size: usize, turn: usize, rng: &mut Rng) -> String {
    let start = rng.below(size - 20);
    let range = template.replacen("# #", &format!("{start} {}", start + 9), 1);
    let line = range
        .replace('#', &start.to_string())
        .replace('!', &format!("new:{turn}"));
    line.split('@')
        .map(str::to_owned)
        .reduce(|line, rest| format!("{line}{:07}{rest}", rng.below(size)))
        .unwrap()
}

// --- memory ---

const MILLION: usize = 1_000_000;
const SMALL: usize = 100_000;

fn memory() {
    println!(
        "{:<42}{:>10}{:>10}{:>8}",
        "bytes for each element or key", "ours", "Redis", "ratio"
    );
    let key = |command: &'static str, element: fn(usize) -> String| {
        move |client: &Client| client.fill(command, MILLION, element)
    };
    let five = |line: fn(usize) -> String| {
        move |client: &Client| (0..SMALL).for_each(|index| client.run(&line(index)))
    };
    each("strings of 64", MILLION, 126.1, |client| {
        (0..MILLION)
            .for_each(|index| client.run(&format!("SET key:{index:06} {}", "x".repeat(64))));
    });
    each(
        "fields of a hash",
        MILLION,
        64.4,
        key("HSET h", |at| format!("field:{at:07} value:{at:07}")),
    );
    each(
        "members of a set, integers",
        MILLION,
        22.1,
        key("SADD s", |at| at.to_string()),
    );
    each(
        "members of a set",
        MILLION,
        30.1,
        key("SADD s", |at| format!("member:{at:07}")),
    );
    each(
        "members of a sorted set",
        MILLION,
        94.3,
        key("ZADD z", |at| {
            format!("{} member:{at:07}", at * 7_919 % MILLION)
        }),
    );
    each(
        "items of a list",
        MILLION,
        14.1,
        key("RPUSH l", |at| format!("item:{at:07}")),
    );
    each(
        "items of a list, integers",
        MILLION,
        5.0,
        key("RPUSH l", |at| at.to_string()),
    );
    each(
        "hashes of 5 fields",
        SMALL,
        159.4,
        five(|at| {
            format!(
                "HSET hash:{at:06}{}",
                five_times(|j| format!("field{j} value:{}", at + j))
            )
        }),
    );
    each(
        "lists of 5",
        SMALL,
        125.7,
        five(|at| {
            format!(
                "RPUSH list:{at:06}{}",
                five_times(|j| format!("item:{}", at + j))
            )
        }),
    );
    each(
        "sets of 5",
        SMALL,
        127.3,
        five(|at| {
            format!(
                "SADD set:{at:06}{}",
                five_times(|j| format!("member:{}", at + j))
            )
        }),
    );
    each(
        "sets of 5 integers",
        SMALL,
        76.7,
        five(|at| format!("SADD set:{at:06}{}", five_times(|j| (at + j).to_string()))),
    );
    each(
        "sorted sets of 5",
        SMALL,
        138.1,
        five(|at| {
            format!(
                "ZADD zset:{at:06}{}",
                five_times(|j| format!("{} member:{j}", at + j))
            )
        }),
    );
}

fn five_times(element: impl Fn(usize) -> String) -> String {
    (0..5).map(|at| format!(" {}", element(at))).collect()
}

/// What `fill` makes of an empty fake's memory, for each of `count`.
fn each(what: &str, count: usize, redis: f64, fill: impl Fn(&Client)) {
    let client = Client::new();
    let before = ALLOCATOR.allocated();
    fill(&client);
    let ours = (ALLOCATOR.allocated() - before) as f64 / count as f64;
    println!("{what:<42}{ours:>10.1}{redis:>10.1}{:>8.2}", ours / redis);
}

// --- keys ---

/// How often each piece of work is measured; the least counts.
const TURNS: usize = 7;
/// Keys that are visited in one turn.
const VISITS: usize = 200_000;
const VALUE: [u8; 64] = [b'x'; 64];

fn keys() {
    let counts = [1_000, 100_000, 1_000_000];
    let columns: Vec<_> = counts.iter().map(|&count| key_times(count)).collect();
    println!(
        "{:<42}{:>10}{:>10}{:>10}",
        "ns; keys:", counts[0], counts[1], counts[2]
    );
    for row in 0..columns[0].len() {
        let numbers = columns
            .iter()
            .map(|column| format!("{:>10.0}", column[row].1));
        println!("{:<42}{}", columns[0][row].0, numbers.collect::<String>());
    }
}

/// What visiting one of `count` keys takes, one after the other in a random order.
fn key_times(count: usize) -> Vec<(&'static str, f64)> {
    let client = Client::new();
    let name = |at: usize| format!("key:{at:06}").into_bytes();
    let run = |argv: &[&[u8]]| {
        let session = client.session;
        let reply = client.fake.engine().batch(|core| core.run(session, argv));
        drop(reply.unwrap());
    };
    let filled = Stopwatch::start();
    (0..count).for_each(|at| run(&[b"SET", &name(at), &VALUE]));
    let filled = filled.elapsed().as_nanos() as f64 / count as f64;
    let mut rng = Rng::new(1);
    let visited: Vec<Vec<u8>> = (0..VISITS).map(|_| name(rng.below(count))).collect();
    let each = |work: &mut dyn FnMut(&[u8])| least(|| visited.iter().for_each(|key| work(key)));
    let mut db = client.fake.engine().lock().world().keyspace.db(0).clone();
    let mut rows = vec![("filled by SET", filled)];
    rows.push(("look up", each(&mut |key| _ = black_box(db.get(key)))));
    rows.push(("read", each(&mut |key| drop(black_box(string(&db, key))))));
    let batches = |warm: &dyn Fn(&[Vec<u8>])| {
        least(|| {
            for keys in visited.chunks(16) {
                warm(keys);
                keys.iter()
                    .for_each(|key| drop(black_box(string(&db, key))));
            }
        })
    };
    rows.push(("read, 16 at a time", batches(&|_| {})));
    rows.push((
        "read, 16 warmed at a time",
        batches(&|keys| db.warm(keys.iter().map(Vec::as_slice))),
    ));
    (0..count).for_each(|at| db.insert_string(&name(at), &VALUE, 0));
    rows.push(("write", each(&mut |key| db.insert_string(key, &VALUE, 0))));
    drop(db);
    rows.push(("GET", each(&mut |key| run(&[b"GET", key]))));
    rows.push(("SET", each(&mut |key| run(&[b"SET", key, &VALUE]))));
    rows.extend(snapshot_times(&client.fake, &visited, run));
    rows
}

/// Snapshots, each taken when all visited keys were just written while another was held: the median of what one takes,
/// what the first write after it takes, and the mean of the writes after that.
fn snapshot_times(
    fake: &FakeRedis,
    visited: &[Vec<u8>],
    run: impl Fn(&[&[u8]]),
) -> [(&'static str, f64); 3] {
    let time = |work: &mut dyn FnMut()| {
        let watch = Stopwatch::start();
        work();
        watch.elapsed().as_nanos() as f64
    };
    let write = |key: &Vec<u8>| run(&[b"SET", key, &VALUE]);
    let mut held = None;
    let turns = (0..TURNS).map(|_| {
        drop(held.take());
        [
            time(&mut || held = Some(fake.snapshot())),
            time(&mut || write(&visited[0])),
            time(&mut || visited.iter().for_each(write)) / VISITS as f64,
        ]
    });
    let turns: Vec<_> = turns.collect();
    let median = |step: usize| {
        let mut times: Vec<f64> = turns.iter().map(|turn| turn[step]).collect();
        times.sort_unstable_by(f64::total_cmp);
        times[times.len() / 2]
    };
    [
        ("snapshot right after writes", median(0)),
        ("the first SET after a snapshot", median(1)),
        ("SET while a snapshot is held", median(2)),
    ]
}

/// The string at `key`, as GET takes it.
fn string(db: &Db, key: &[u8]) -> Option<Bytes> {
    match db.get(key)?.value() {
        Value::String(string) => Some(string.to_bytes()),
        _ => None,
    }
}

/// The nanoseconds of each visit in the turn that took least.
fn least(mut turn: impl FnMut()) -> f64 {
    let times = (0..TURNS).map(|_| {
        let watch = Stopwatch::start();
        turn();
        watch.elapsed().as_nanos() as f64 / VISITS as f64
    });
    times.fold(f64::INFINITY, f64::min)
}
