//! What the pieces of a command take, in time and in allocations: `cargo bench --bench pieces`, or a part of a name behind
//! `--`. The paths are those whose instructions `cargo bench --bench instructions` counts.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

#[path = "instructions/paths.rs"]
mod paths;

use std::hint::black_box;

use divan::AllocProfiler;
use divan::Bencher;
use fakeredis::Bytes;
use fakeredis::FakeRedis;
use fakeredis::resp::Protocol;
use fakeredis::resp::Reply;
use fakeredis::resp::RequestDecoder;
use fakeredis::resp::encode;
use fakeredis::resp::encode_command;
use fakeredis::session::Address;
use fakeredis::value::Map;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// From the bytes of a request to those of its reply, and from a call of redis-rs to its value.
#[divan::bench(args = names())]
fn path(bencher: Bencher<'_, '_>, name: &str) {
    let dir = tempfile::tempdir().unwrap();
    let (_, mut walk) = paths::one(dir.path(), name);
    let mut step = 0;
    bencher.bench_local(|| {
        walk(step);
        step = (step + 1) % paths::PREPARED;
    });
}

fn names() -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    paths::all(dir.path())
        .into_iter()
        .map(|(name, _)| name)
        .collect()
}

/// One request of so many words is read.
#[divan::bench(args = [2, 3, 21])]
fn decode(bencher: Bencher<'_, '_>, words: usize) {
    let mut request = Vec::new();
    encode_command(&vec!["key:000000012345"; words], &mut request);
    let mut decoder = RequestDecoder::default();
    bencher.bench_local(|| {
        let len = decoder.decode(black_box(&request)).unwrap();
        decoder.with_argv(&request, |argv| black_box(argv.len() + len.unwrap()))
    });
}

/// One reply is written.
#[divan::bench(args = ["OK", "integer", "64 bytes"])]
fn encode_reply(bencher: Bencher<'_, '_>, kind: &str) {
    let reply = match kind {
        "OK" => Reply::OK,
        "integer" => Reply::Int(12345),
        _ => Reply::bulk([b'x'; 64].as_slice()),
    };
    let mut out = Vec::new();
    bencher.bench_local(|| {
        out.clear();
        encode(black_box(&reply), Protocol::Resp2, &mut out);
    });
}

/// One of so many keys, far from the one before, is found in a map.
#[divan::bench(args = [1_000, 100_000, 1_000_000])]
fn find(bencher: Bencher<'_, '_>, len: usize) {
    let keys: Vec<Bytes> = (0..len)
        .map(|key| Bytes::from(format!("key:{key:06}").as_bytes()))
        .collect();
    let map: Map<i64> = std::iter::zip(keys.iter().cloned(), 0..).collect();
    let mut at = 0;
    bencher.bench_local(|| {
        at = (at + 7_919) % len;
        *map.get(&keys[at]).unwrap()
    });
}

/// What travels in time, on a hundred thousand keys.
#[divan::bench(args = ["snapshot", "restore", "fork"])]
fn travel(bencher: Bencher<'_, '_>, what: &str) {
    let fake = FakeRedis::new();
    let session = fake.engine().lock().connect(Address::default());
    for key in 0..100_000 {
        let key = format!("key:{key}");
        let argv: [&[u8]; 3] = [b"SET", key.as_bytes(), &[b'x'; 64]];
        fake.engine().lock().run(session, &argv);
    }
    let start = fake.snapshot();
    match what {
        "snapshot" => bencher.bench_local(|| fake.snapshot()),
        "restore" => bencher.bench_local(|| fake.restore(&start).unwrap()),
        _ => bencher.bench_local(|| fake.fork()),
    }
}
