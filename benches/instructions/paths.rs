//! The paths: from the bytes of a request to the bytes of its reply, in memory and with a journal, and from a call of
//! redis-rs to its value.

use std::path::Path as Dir;

use fakeredis::FakeRedis;
use fakeredis::Fsync;
use fakeredis::engine::LookAhead;
use fakeredis::engine::Outcome;
use fakeredis::resp::RequestDecoder;
use fakeredis::resp::encode;
use fakeredis::resp::encode_command;
use fakeredis::session::Address;
use fakeredis::session::SessionKey;
use redis::Commands;

/// How often each path is walked while instructions are counted.
pub const STEPS: usize = 1_000;
/// How many walks of a path have their own request.
pub const PREPARED: usize = 2 * STEPS;
/// The strings and the numbers that there are.
const KEYS: usize = 10_000;
/// The keys of lists, sets, hashes and sorted sets.
const COLLECTIONS: usize = 100;

/// A path: its name, and a walk of it, told how many walks there were before.
pub type Path = (String, Box<dyn FnMut(usize)>);

/// One of the paths; `dir` is for a journal.
#[allow(
    dead_code,
    reason = "the bench that counts instructions takes them all"
)]
pub fn one(dir: &Dir, name: &str) -> Path {
    all(dir).into_iter().find(|path| path.0 == name).unwrap()
}

/// All paths; `dir` is for a journal.
pub fn all(dir: &Dir) -> Vec<Path> {
    let memory = filled(FakeRedis::new());
    let journal = FakeRedis::builder()
        .journal(dir)
        .fsync(Fsync::No)
        .checkpoint_every(0);
    let journal = filled(journal.build().unwrap());
    let mut paths = Vec::new();
    for (name, request) in REQUESTS {
        for (place, fake) in [("memory", &memory), ("journal", &journal)] {
            paths.push((format!("{name}, {place}"), wire(fake, *request)));
        }
    }
    paths.extend(in_process(&memory));
    paths
}

fn filled(fake: FakeRedis) -> FakeRedis {
    let mut con = fake.connection();
    for number in 0..KEYS {
        let _: () = con.set(key(number), value()).unwrap();
        let _: () = con.set(format!("number:{number}"), number).unwrap();
    }
    fake
}

/// What the request of a step is made of: commands as one would type them.
type Request = fn(usize) -> Vec<String>;

const REQUESTS: &[(&str, Request)] = &[
    ("PING", |_| vec!["PING".into()]),
    ("GET", |step| vec![get(step)]),
    ("SET", |step| vec![set(step)]),
    ("INCR", |step| vec![format!("INCR number:{}", spread(step))]),
    ("LPUSH RPOP", |step| {
        let list = step % COLLECTIONS;
        vec![
            format!("LPUSH list:{list} {}", value()),
            format!("RPOP list:{list}"),
        ]
    }),
    ("SADD", |step| {
        vec![format!("SADD set:{} member:{step}", step % COLLECTIONS)]
    }),
    ("HSET", |step| {
        vec![format!(
            "HSET hash:{} field:{step} {}",
            step % COLLECTIONS,
            value()
        )]
    }),
    ("ZADD", |step| {
        vec![format!(
            "ZADD zset:{} {step} member:{step}",
            step % COLLECTIONS
        )]
    }),
    ("MSET of 10", |step| {
        let pairs = (0..10).map(|pair| format!(" {} {}", key(10 * step + pair), value()));
        vec![format!("MSET{}", pairs.collect::<String>())]
    }),
    ("EXEC of 3", |step| {
        let incr = format!("INCR number:{}", spread(step));
        vec!["MULTI".into(), set(step), incr, get(step), "EXEC".into()]
    }),
    ("16 GET", |step| {
        (0..16).map(|at| get(16 * step + at)).collect()
    }),
    ("16 SET", |step| {
        (0..16).map(|at| set(16 * step + at)).collect()
    }),
];

fn get(step: usize) -> String {
    format!("GET {}", key(step))
}

fn set(step: usize) -> String {
    format!("SET {} {}", key(step), value())
}

fn key(step: usize) -> String {
    format!("key:{:012}", spread(step))
}

/// Neighbouring steps go to keys that are far from each other.
fn spread(step: usize) -> usize {
    step * 7_919 % KEYS
}

fn value() -> String {
    "x".repeat(64)
}

/// A walk from bytes to bytes, as a server's connection goes it.
fn wire(fake: &FakeRedis, request: Request) -> Box<dyn FnMut(usize)> {
    let requests: Vec<Vec<u8>> = (0..PREPARED).map(|step| packed(&request(step))).collect();
    let fake = fake.clone();
    let session = fake.engine().lock().connect(Address::default());
    let mut decoder = RequestDecoder::default();
    let mut output = Vec::new();
    Box::new(move |step| {
        output.clear();
        play(&fake, session, &mut decoder, &requests[step], &mut output);
        assert!(!output.starts_with(b"-"), "{}", output.escape_ascii());
    })
}

fn packed(commands: &[String]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for command in commands {
        encode_command(&command.split(' ').collect::<Vec<_>>(), &mut bytes);
    }
    bytes
}

fn play(
    fake: &FakeRedis,
    session: SessionKey,
    decoder: &mut RequestDecoder,
    mut input: &[u8],
    output: &mut Vec<u8>,
) {
    let batch = fake.engine().requests(|turn| {
        let mut ahead = LookAhead::default();
        while let Some(len) = decoder.decode(input).unwrap() {
            ahead.pass(turn, Some(session), input, len);
            match decoder.with_argv(input, |argv| turn.run(Some(session), argv)) {
                Outcome::Reply(reply, protocol) => encode(&reply, protocol, output),
                Outcome::Blocked | Outcome::Closed | Outcome::Cut(_) => {
                    unreachable!("nothing blocks here, nobody closes")
                }
            }
            input = &input[len..];
        }
    });
    batch.unwrap();
}

/// Walks from a call of redis-rs to its value.
fn in_process(fake: &FakeRedis) -> [Path; 3] {
    let keys: Vec<String> = (0..PREPARED).map(key).collect();
    let (mut getting, mut setting) = (fake.connection(), fake.connection());
    let (to_get, to_set, value) = (keys.clone(), keys, value());
    let path = |name: &str, step: Box<dyn FnMut(usize)>| (name.to_owned(), step);
    [
        path(
            "get, redis-rs",
            Box::new(move |step| {
                let value: Vec<u8> = getting.get(&to_get[step]).unwrap();
                assert_eq!(value.len(), 64);
            }),
        ),
        path(
            "set, redis-rs",
            Box::new(move |step| {
                let _: () = setting.set(&to_set[step], &value).unwrap();
            }),
        ),
        path(
            "a fake of its own",
            Box::new(|_| {
                let _: () = FakeRedis::new().connection().set("key", "value").unwrap();
            }),
        ),
    ]
}
