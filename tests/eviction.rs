//! `maxmemory`: what goes, in which order, and what history tells of it. What is refused is in the transcripts.

use std::time::Duration;
use std::time::UNIX_EPOCH;

use fakeredis::Clock;
use fakeredis::Connection;
use fakeredis::FakeRedis;
use fakeredis::Recording;
use fakeredis::Rev;
use fakeredis::timeline::Fate;
use redis::Commands;

use crate::support::verified::Recorded;

/// So much room is left for data, for about five keys with their values.
const ROOM: usize = 1000;

struct Bench {
    fake: FakeRedis,
    con: Connection,
    _dir: Recorded,
}

impl Bench {
    fn new(policy: &str) -> Bench {
        let dir = Recorded::new();
        let start = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let fake = FakeRedis::builder()
            .journal(dir.path())
            .record(Recording::Session)
            .clock(Clock::frozen_at(start))
            .build()
            .unwrap();
        let con = fake.connection();
        let mut bench = Bench {
            fake,
            con,
            _dir: dir,
        };
        let limit = bench.used() + ROOM;
        bench.configure("maxmemory-policy", policy);
        bench.configure("maxmemory", &limit.to_string());
        bench
    }

    fn used(&mut self) -> usize {
        let info: redis::InfoDict = redis::cmd("INFO")
            .arg("memory")
            .query(&mut self.con)
            .unwrap();
        info.get("used_memory").unwrap()
    }

    fn configure(&mut self, name: &str, value: &str) {
        let mut set = redis::cmd("CONFIG");
        set.arg("SET")
            .arg(name)
            .arg(value)
            .exec(&mut self.con)
            .unwrap();
    }

    /// Sets a key that takes a fifth of the room, a second after whatever came before.
    fn fill(&mut self, key: &str) {
        self.fake.clock().advance(Duration::from_secs(1));
        self.con.set(key, "x".repeat(130)).unwrap()
    }

    fn sum_of(&mut self, db: usize) -> usize {
        redis::cmd("SELECT").arg(db).exec(&mut self.con).unwrap();
        let keys = self.keys();
        let usage = |key: &String| {
            redis::cmd("MEMORY")
                .arg("USAGE")
                .arg(key)
                .query::<usize>(&mut self.con)
        };
        let sum = keys.iter().map(usage).sum::<Result<usize, _>>();
        redis::cmd("SELECT").arg(0).exec(&mut self.con).unwrap();
        sum.unwrap()
    }

    fn keys(&mut self) -> Vec<String> {
        let mut keys: Vec<String> = self.con.keys("*").unwrap();
        keys.sort();
        keys
    }
}

#[test]
fn the_least_recently_used_key_goes_first() {
    let mut bench = Bench::new("allkeys-lru");
    for key in ["a", "b", "c", "d", "e"] {
        bench.fill(key);
    }
    bench.fake.clock().advance(Duration::from_secs(1));
    let _: String = bench.con.get("a").unwrap();
    assert_eq!(bench.keys(), ["a", "b", "c", "d", "e"]);
    bench.fill("f");
    assert_eq!(bench.keys(), ["a", "c", "d", "e", "f"]);
    let _: usize = bench.con.append("c", "x".repeat(300)).unwrap();
    assert_eq!(bench.keys(), ["a", "c", "f"]);
}

#[test]
fn what_expires_first_goes_first_and_what_does_not_expire_never() {
    let mut bench = Bench::new("volatile-ttl");
    for (key, seconds) in [
        ("a", None),
        ("b", Some(300)),
        ("c", Some(100)),
        ("d", Some(200)),
    ] {
        bench.fill(key);
        if let Some(seconds) = seconds {
            let _: bool = bench.con.expire(key, seconds).unwrap();
        }
    }
    bench.fill("e");
    assert_eq!(bench.keys(), ["a", "b", "c", "d", "e"]);
    bench.fill("f");
    assert_eq!(bench.keys(), ["a", "b", "d", "e", "f"]);
    bench.fill("g");
    bench.fill("h");
    assert_eq!(bench.keys(), ["a", "e", "f", "g", "h"]);
    bench.fill("i");
    let refused: redis::RedisResult<()> = bench.con.set("j", 1);
    assert_eq!(refused.unwrap_err().code(), Some("OOM"));
    let _: () = bench.con.del("i").unwrap();
    let _: () = bench.con.set("j", 1).unwrap();
}

#[test]
fn chance_takes_the_same_keys_each_time() {
    let left = || {
        let mut bench = Bench::new("allkeys-random");
        (0..50).for_each(|key| bench.fill(&format!("key:{key:02}")));
        bench.keys()
    };
    let once = left();
    assert_eq!(once.len(), 5);
    assert_ne!(once[0], "key:45");
    assert_eq!(once, left());
}

#[test]
fn history_tells_that_a_key_was_evicted_and_gives_it_back() {
    let mut bench = Bench::new("allkeys-lru");
    for key in ["a", "b", "c", "d", "e", "f"] {
        bench.fill(key);
    }
    assert!(!bench.con.exists::<_, bool>("a").unwrap());
    let past = bench.fake.timeline().unwrap();
    let story = past.why_key(0, b"a", &Rev::LAST).unwrap();
    assert_eq!(story.fate, Fate::Evicted);
    let before = Rev::seq(story.last.unwrap().entry.seq - 1);
    bench.configure("maxmemory", "0");
    bench.fake.rewind(before).unwrap();
    assert_eq!(bench.keys(), ["a", "b", "c", "d", "e", "f"]);
}

#[test]
fn what_all_keys_take_is_what_each_of_them_takes() {
    let mut bench = Bench::new("noeviction");
    let empty = bench.used();
    let mut sums = Vec::new();
    let steps = [
        "SET a abc",
        "RPUSH l a b c",
        "RPUSH l d",
        "HSET h f v",
        "DEL a",
        "MOVE h 1",
        "SWAPDB 0 1",
        "CONFIG SET maxmemory 0",
        "SADD s 1 2 3",
        "CONFIG SET maxmemory 10mb",
        "RENAME s t",
        "FLUSHDB",
        "FLUSHALL",
    ];
    for step in steps {
        let mut words = step.split(' ');
        let mut cmd = redis::cmd(words.next().unwrap());
        cmd.arg(words.collect::<Vec<_>>())
            .exec(&mut bench.con)
            .unwrap();
        let sum = (0..2).map(|db| bench.sum_of(db)).sum::<usize>();
        assert_eq!(bench.used() - empty, sum, "after {step}");
        sums.push(sum);
    }
    sums.dedup();
    assert_eq!(sums.len(), 8, "{sums:?}");
}
