//! Histories of thousands of records: every point of them is what it was, from whatever checkpoints there are, and
//! damage is found where it lies.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use fakeredis::FakeRedis;
use fakeredis::Rev;
use fakeredis::Timeline;
use fakeredis::rng::Rng;
use redis::Commands;

use crate::support::verified::Recorded;
use crate::support::verified::verify;

/// Records between two checkpoints.
const EVERY: u64 = 700;
/// Commands between two states that are remembered.
const STRIDE: u64 = 240;

/// A journal, and the digests of its states after some records.
struct Lived {
    dir: Recorded,
    digests: BTreeMap<u64, String>,
}

/// Some thousand changes, and a rewind in their midst.
fn live() -> Lived {
    let dir = Recorded::new().unverified("it is verified before it is damaged");
    let builder = FakeRedis::builder().journal(dir.path());
    let fake = builder.checkpoint_every(EVERY).build().unwrap();
    let mut con = fake.connection();
    let mut rng = Rng::new(7);
    let mut digests = BTreeMap::new();
    for command in 0..20 * STRIDE {
        change(&mut con, &mut rng, command);
        if command == 11 * STRIDE {
            fake.rewind(Rev::seq(5 * STRIDE)).unwrap();
        }
        if command % STRIDE == 0 {
            let last = fake.timeline().unwrap().reader().last_seq();
            digests.insert(last, fake.digest());
        }
    }
    drop(con);
    fake.close().unwrap();
    verify(dir.path()).unwrap();
    Lived { dir, digests }
}

fn change(con: &mut fakeredis::Connection, rng: &mut Rng, command: u64) {
    let key = format!("key:{}", rng.below(60));
    let _: () = match command % 5 {
        0 => con.append(key, "abc").unwrap(),
        1 => con.del(key).unwrap(),
        2 => redis::pipe()
            .atomic()
            .incr("count", 1)
            .set_ex(key, "for long", 1_000_000)
            .exec(con)
            .unwrap(),
        _ => con.set(key, command).unwrap(),
    };
}

fn checkpoints(dir: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(dir).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "frs"))
        .collect();
    files.sort();
    files
}

fn flip_a_bit(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

impl Lived {
    fn check(&self) {
        let past = Timeline::open(self.dir.path()).unwrap();
        for (seq, digest) in &self.digests {
            let then = past.at(&Rev::seq(*seq)).unwrap();
            assert_eq!(then.world().keyspace.digest(), *digest, "at {seq}");
        }
        let last = self.digests.last_key_value().unwrap();
        let fork = past.at(&Rev::seq(*last.0)).unwrap();
        assert_eq!(fork.world().keyspace.digest(), *last.1);
    }
}

#[test]
fn every_point_is_what_it_was_from_whatever_checkpoint() {
    let lived = live();
    let all = checkpoints(lived.dir.path());
    assert!(
        all.len() >= 5,
        "those that pay are kept: there are {}",
        all.len()
    );
    lived.check();
    for path in all.iter().step_by(2) {
        flip_a_bit(path, fs::metadata(path).unwrap().len() as usize / 2);
    }
    lived.check();
    all.iter().for_each(|path| fs::remove_file(path).unwrap());
    lived.check();
}

#[test]
fn opening_gives_the_last_state_with_and_without_checkpoints() {
    let lived = live();
    let open = || {
        let fake = FakeRedis::open(lived.dir.path()).unwrap();
        let digest = fake.digest();
        fake.close().unwrap();
        digest
    };
    let digest = open();
    let newest = checkpoints(lived.dir.path()).pop().unwrap();
    flip_a_bit(&newest, 500);
    assert_eq!(open(), digest);
    for path in checkpoints(lived.dir.path()) {
        fs::remove_file(path).unwrap();
    }
    assert_eq!(open(), digest);
}

#[test]
fn damage_far_behind_is_found_where_it_lies() {
    let lived = live();
    for path in checkpoints(lived.dir.path()) {
        fs::remove_file(path).unwrap();
    }
    let past = Timeline::open(lived.dir.path()).unwrap();
    let place = past.reader().with_frame(3000, |frame| {
        let (file, offset) = frame.location();
        (file.to_owned(), offset as usize)
    });
    let (file, offset) = place.unwrap().unwrap();
    flip_a_bit(&lived.dir.path().join(file), offset + 60);
    let past = Timeline::open(lived.dir.path()).unwrap();
    past.at(&Rev::seq(2999)).unwrap();
    let error = past.at(&Rev::seq(3000)).unwrap_err().to_string();
    assert!(error.contains("record 3000"), "{error}");
    let error = FakeRedis::open(lived.dir.path()).unwrap_err().to_string();
    assert!(error.contains("record 3000"), "{error}");
}
