//! Why a command waited, and what came of that.

use std::path::Path;
use std::time::Duration;
use std::time::UNIX_EPOCH;

use fakeredis::Clock;
use fakeredis::FakeRedis;
use fakeredis::Recording;
use fakeredis::session::Address;
use fakeredis::session::SessionKey;

use super::session::replay;
use super::support::verified::Recorded;

/// A queue at recording level `session`: a worker that waits, a shop that pushes, an admin who meddles.
pub fn queue(dir: &Path) {
    let clock = Clock::frozen_at(UNIX_EPOCH + Duration::from_secs(1_785_585_600));
    let builder = FakeRedis::builder().journal(dir).clock(clock.clone());
    let fake = builder.record(Recording::Session).build().unwrap();
    let run = |client: SessionKey, line: &str| {
        let argv: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        drop(fake.engine().batch(|core| core.run(client, &argv)).unwrap());
    };
    let connect = |name: &str| {
        let client = fake.engine().lock().connect(Address::default());
        run(client, &format!("CLIENT SETNAME {name}"));
        client
    };
    let wait = |ms| {
        clock.advance(Duration::from_millis(ms));
        fake.engine().lock().expire_now();
    };
    let [worker, shop, admin] = ["worker", "shop", "admin"].map(connect);
    run(worker, "BLPOP jobs 5");
    wait(2000);
    run(shop, "RPUSH jobs mail");
    run(worker, "BLPOP jobs 5");
    wait(3000);
    run(shop, "RPUSH job invoice");
    wait(2000);
    run(worker, "XREAD BLOCK 0 STREAMS news $");
    wait(10);
    run(admin, &format!("CLIENT UNBLOCK {} ERROR", worker.id()));
    run(worker, "BLPOP jobs job:urgent 60");
    wait(30_000);
    fake.engine().lock().disconnect(worker);
    run(admin, "CLIENT PAUSE 1000 WRITE");
    run(shop, "RPUSH jobs parcel");
    wait(1000);
    run(admin, "FAKEREDIS FAULT ADD CMD LLEN TIMES 1 DELAY 250");
    run(shop, "LLEN jobs");
    wait(250);
    run(shop, "BLPOP jobs:none 0");
    fake.close().unwrap();
}

/// What the tool says of some records, each of which is told the same.
fn why(seqs: &[&str]) -> String {
    let dir = Recorded::new();
    queue(dir.path());
    let mut told = seqs
        .iter()
        .map(|seq| replay(dir.path(), "why", &[seq]).lines().join("\n"));
    let first = told.next().unwrap();
    told.for_each(|other| assert_eq!(other, first));
    first
}

#[test]
fn who_waited_in_vain_learns_who_was_at_the_key_before() {
    let expected = "\
BLPOP jobs 5 of #1 worker waited 5 s, and nothing came in time.

  began      record 11, 2026-08-01T12:00:02.000000Z, by #1 worker: BLPOP jobs 5 waits until 2026-08-01T12:00:07.000000Z
  ended      record 13, 2026-08-01T12:00:07.000000Z, by #1 worker: BLPOP jobs 5 = nothing came in time

waited for
  jobs  not changed meanwhile; before that last in record 10, 2026-08-01T12:00:02.000000Z, by #1 worker: \
       BLPOP jobs 5 (served by 9)";
    assert_eq!(why(&["11", "13"]), expected);
}

#[test]
fn who_was_served_learns_by_whom_and_how_long_it_took() {
    let expected = "\
BLPOP jobs 5 of #1 worker waited 2 s and was served.

  began      record 8, 2026-08-01T12:00:00.000000Z, by #1 worker: BLPOP jobs 5 waits until 2026-08-01T12:00:05.000000Z
  served by  record 9, 2026-08-01T12:00:02.000000Z, by #2 shop: RPUSH jobs mail
  ended      record 10, 2026-08-01T12:00:02.000000Z, by #1 worker: BLPOP jobs 5 (served by 9)";
    assert_eq!(why(&["8"]), expected);
    let served = why(&["10"]);
    let lines: Vec<&str> = served.lines().skip(1).take(2).collect();
    let expected = [
        "  it waited 2 s, since record 8, 2026-08-01T12:00:00.000000Z, by #1 worker: \
         BLPOP jobs 5 waits until 2026-08-01T12:00:05.000000Z",
        "  it was blocked, and served because of record 9, 2026-08-01T12:00:02.000000Z, by #2 shop: \
         RPUSH jobs mail",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_wait_can_be_ended_by_others() {
    let unblocked = why(&["14", "16"]);
    let line = "XREAD BLOCK 0 STREAMS news $ of #1 worker waited 10 ms until that was ended.\n";
    assert!(unblocked.starts_with(line), "{unblocked}");
    let by = "  ended by   record 15, 2026-08-01T12:00:07.010000Z, by #3 admin: CLIENT UNBLOCK 1 ERROR\n";
    assert!(unblocked.contains(by), "{unblocked}");
    let closed = why(&["17", "18"]);
    let line = "BLPOP jobs job:urgent 60 of #1 worker waited 30 s, and its connection closed.\n";
    assert!(closed.starts_with(line), "{closed}");
    assert!(closed.ends_with("\n  job:urgent  never there"), "{closed}");
    let lasts = why(&["25"]);
    assert!(lasts.starts_with("BLPOP jobs:none 0 of #2 shop waits, and nothing ended that.\n"));
}

#[test]
fn what_was_held_back_names_the_pause_or_the_fault() {
    let paused = "\
RPUSH jobs parcel of #2 shop was held back for 1 s.

  held by    record 19, 2026-08-01T12:00:37.010000Z, by #3 admin: CLIENT PAUSE 1000 WRITE
  began      record 20, 2026-08-01T12:00:37.010000Z, by #2 shop: RPUSH jobs parcel is held back until 2026-08-01T12:00:38.010000Z
  ran        record 21, 2026-08-01T12:00:38.010000Z, by #2 shop: RPUSH jobs parcel";
    assert_eq!(why(&["20"]), paused);
    assert!(why(&["21"]).contains("\n  it waited 1 s, since record 20, "));
    let delayed = why(&["23", "24"]);
    assert!(delayed.starts_with("LLEN jobs of #2 shop was held back for 250 ms.\n"));
    let by = "FAKEREDIS FAULT ADD CMD LLEN TIMES 1 DELAY 250\n";
    assert!(delayed.contains(by), "{delayed}");
}

#[test]
fn programs_are_told_the_same() {
    let dir = Recorded::new();
    queue(dir.path());
    let why = |seq| {
        replay(dir.path(), "why", &[seq, "--json"])
            .objects()
            .remove(0)
    };
    let told = why("13");
    assert_eq!(told["wait"], "timed_out");
    assert_eq!(told["waited_us"], 5_000_000);
    assert_eq!(
        (&told["began"]["seq"], &told["ended"]["seq"]),
        (&11.into(), &13.into())
    );
    assert_eq!(told["because_of"], serde_json::Value::Null);
    assert_eq!(told["awaited"][0]["key"], "jobs");
    assert_eq!(told["awaited"][0]["last_changed_by"]["seq"], 10);
    assert_eq!(why("15").get("wait"), None);
    let ends = ["8", "14", "17", "20", "25"].map(|seq| why(seq)["wait"].clone());
    assert_eq!(
        ends,
        ["served", "broken_off", "disconnected", "ran", "lasts"]
    );
    assert_eq!(why("10")["began"]["seq"], 8);
}
