//! Random sessions on ours and on a real server: every reply and all data are alike.
//!
//! A family of commands is a table of forms in [`families`]. `FAKEREDIS_CASES` says how many sessions each test plays,
//! `FAKEREDIS_SEED` which is the first. A session that fails is made as small as it gets and shown as a transcript.

mod arguments;
mod contents;
mod coverage;
pub mod families;
mod grammar;
mod likeness;
mod pair;
pub mod session;

use fakeredis::rng::Rng;

use crate::support::cases;
use crate::support::oracle;
use crate::support::oracle::RealServer;
use families::*;
use pair::Pair;

#[test]
fn strings() {
    compare(&[&STRINGS, &KEYS]);
}

#[test]
fn bits() {
    compare(&[&BITS, &STRINGS]);
}

#[test]
fn hashes() {
    compare(&[&HASHES]);
}

#[test]
fn lists() {
    compare(&[&LISTS]);
}

#[test]
fn sets() {
    compare(&[&SETS, &SETS, &SETS, &SETS, &LARGE_SETS]);
}

#[test]
fn zsets() {
    compare(&[&ZSETS]);
}

#[test]
fn geo() {
    compare(&[&GEO]);
}

#[test]
fn hyperloglog() {
    compare(&[&HYPERLOGLOG]);
}

#[test]
fn streams() {
    compare(&[&STREAMS]);
}

#[test]
fn vectors() {
    compare(&[&VECTORS]);
}

#[test]
fn keys() {
    compare(&[&KEYS, &HASHES, &LISTS, &SETS, &STREAMS, &STRINGS, &ZSETS]);
}

#[test]
fn transactions() {
    compare(&[&TRANSACTIONS, &STRINGS, &KEYS, &LISTS, &ZSETS]);
}

#[test]
fn scripts() {
    compare(&[&SCRIPTS, &TRANSACTIONS, &HASHES, &LISTS, &SETS]);
}

#[test]
fn blocking() {
    compare(&[&LISTS, &BLOCKING, &ZSETS, &TRANSACTIONS, &KEYS]);
}

#[test]
fn pubsub() {
    compare(&[&PUBSUB]);
}

#[test]
fn tracking() {
    compare(&[&TRACKING]);
}

#[test]
fn connections() {
    compare(&[&CONNECTION, &TRANSACTIONS, &CLUSTER]);
}

#[test]
fn authentication() {
    compare(&[&AUTHENTICATION, &CONNECTION]);
}

#[test]
fn server() {
    compare(&[&SERVER]);
}

/// Plays random sessions of these families, half of their commands from the first.
fn compare(families: &[&Family]) {
    let Some(program) = oracle::find() else {
        println!("skipped: no real redis-server; .ci/oracles.sh installs one");
        return;
    };
    let mut pair = Pair::new(RealServer::new(program));
    for seed in cases(300) {
        let session = session::random(families, &mut Rng::new(seed));
        if let Err(mut difference) = pair.play(&session) {
            session::smallest(session, |session| match pair.play(session) {
                Ok(()) => false,
                Err(smaller) => {
                    difference = smaller;
                    true
                }
            });
            panic!("FAKEREDIS_SEED={seed} FAKEREDIS_CASES=1 plays this again\n\n{difference}");
        }
    }
}
