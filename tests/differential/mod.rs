//! Random sessions on ours and on a real server: every reply and all data are alike.
//!
//! What Redis leaves open, such as the order of a set, is in [`templates::likeness`]. `FAKEREDIS_CASES` says how many sessions each family plays, `FAKEREDIS_SEED` which ones.

mod compare;
mod grammar;
mod templates;

use std::cell::RefCell;
use std::fmt;

use fakeredis::resp::quote;
use fakeredis::rng::Rng;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::Config;
use proptest::test_runner::RngSeed;
use proptest::test_runner::TestRunner;

use crate::support::oracle;
use crate::support::oracle::RealServer;
use compare::Pair;
use templates::*;

/// A command of one of the clients: 1 and 3 speak RESP2, 2 speaks RESP3.
#[derive(Clone)]
struct Step {
    client: usize,
    argv: Vec<Vec<u8>>,
}

impl Step {
    fn of<A: AsRef<[u8]>>(client: usize, words: &[A]) -> Step {
        let argv = words.iter().map(|word| word.as_ref().to_vec()).collect();
        Step { client, argv }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let argv: Vec<_> = self.argv.iter().map(|arg| quote(arg)).collect();
        write!(f, "[{}] > {}", self.client, argv.join(" "))
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[test]
fn strings() {
    compare(&[STRINGS, KEYS]);
}

#[test]
fn bits() {
    compare(&[BITS, STRINGS]);
}

#[test]
fn hashes() {
    compare(&[HASHES]);
}

#[test]
fn lists() {
    compare(&[LISTS]);
}

#[test]
fn sets() {
    compare(&[SETS]);
}

#[test]
fn keys() {
    compare(&[KEYS, HASHES, LISTS, SETS, STRINGS]);
}

#[test]
fn transactions() {
    compare(&[TRANSACTIONS, STRINGS, KEYS, LISTS]);
}

#[test]
fn scripts() {
    compare(&[SCRIPTS, TRANSACTIONS, HASHES, LISTS, SETS]);
}

/// Plays random sessions of these families, half of their commands from the first.
fn compare(families: &'static [&'static [&'static str]]) {
    let Some(program) = oracle::find() else {
        println!("skipped: no real redis-server; .ci/oracles.sh installs one");
        return;
    };
    let pair = RefCell::new(Pair::new(RealServer::new(program)));
    let config = Config {
        cases: number("FAKEREDIS_CASES").unwrap_or(1000) as u32,
        rng_seed: RngSeed::Fixed(number("FAKEREDIS_SEED").unwrap_or(1)),
        failure_persistence: None,
        ..Config::default()
    };
    let sessions = vec(step(families), 1..80);
    let played = TestRunner::new(config).run(&sessions, |session| {
        let played = pair.borrow_mut().play(&session);
        played.map_err(TestCaseError::fail)
    });
    if let Err(error) = played {
        panic!("{error}");
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// A session is made smaller by leaving out commands, not by changing them.
fn step(families: &'static [&'static [&'static str]]) -> impl Strategy<Value = Step> {
    let step = any::<u64>().prop_map(|seed| {
        let mut rng = Rng::new(seed);
        let family = match rng.below(2) {
            0 => families[0],
            _ => families[rng.below(families.len())],
        };
        let client = [1, 1, 1, 2, 3][rng.below(5)];
        let argv = grammar::command(family[rng.below(family.len())], &mut rng);
        Step { client, argv }
    });
    step.no_shrink()
}
