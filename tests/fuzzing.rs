//! The fuzz targets, for a moment: changed seeds instead of a fuzzer's search, the same on every run.
//!
//! `FAKEREDIS_CASES` says how many inputs each target gets, `FAKEREDIS_SEED` which is the first.

#[path = "../fuzz/src/targets.rs"]
mod targets;

use std::fs;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::path::Path;

use fakeredis::rng::Rng;

use crate::journal::disk;
use crate::journal::forge;
use crate::support::cases;

/// What a target starts from: its corpus.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut paths: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// One or two of the corpus, put together and damaged.
fn mutant(corpus: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = corpus[rng.below(corpus.len())].clone();
    if rng.below(4) == 0 {
        let other = &corpus[rng.below(corpus.len())];
        bytes.truncate(rng.below(bytes.len() + 1));
        bytes.extend(&other[rng.below(other.len() + 1)..]);
    }
    for _ in 0..rng.below(5) {
        if bytes.is_empty() {
            break;
        }
        let at = rng.below(bytes.len());
        match rng.below(6) {
            0 => bytes[at] ^= 1 << rng.below(8),
            1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xfa, 0xfb, 0xfd, 0xff][rng.below(8)],
            2 => drop(bytes.remove(at)),
            3 => bytes.insert(at, rng.next_u64() as u8),
            4 => bytes.truncate(at),
            _ => {
                let end = bytes.len().min(at + 1 + rng.below(20));
                bytes.extend_from_within(at..end);
            }
        }
    }
    bytes
}

fn fuzz(name: &str, usual: u64, target: fn(&[u8])) {
    let corpus = corpus(name);
    corpus.iter().for_each(|seed| target(seed));
    for seed in cases(usual) {
        let input = mutant(&corpus, &mut Rng::new(seed));
        if catch_unwind(AssertUnwindSafe(|| target(&input))).is_err() {
            panic!(
                "FAKEREDIS_SEED={seed} FAKEREDIS_CASES=1 finds this again: {}",
                input.escape_ascii()
            );
        }
    }
}

#[test]
fn resp() {
    fuzz("resp", 20_000, targets::resp);
}

#[test]
fn journal() {
    fuzz("journal", 1500, targets::journal);
}

#[test]
fn checkpoint() {
    fuzz("checkpoint", 3000, targets::checkpoint);
}

#[test]
fn fixtures() {
    fuzz("fixtures", 1500, targets::fixtures);
}

#[test]
fn replay() {
    fuzz("replay", 200, targets::replay);
}
