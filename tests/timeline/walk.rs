//! A place in history that moves: wherever it goes, and from wherever it comes, the state is what it was there.

use fakeredis::timeline::Walk;
use proptest::prelude::*;
use redis::Commands;

use super::*;

/// What a walk says of its place, against what the timeline says of the record.
fn check(walk: &mut Walk) {
    let seq = walk.seq();
    let past = walk.timeline().clone();
    let digest = past.digest(&Rev::seq(seq)).unwrap();
    assert_eq!(walk.view().data_digest(), digest, "after {seq}");
    let time = past.at(&Rev::seq(seq)).unwrap().clock_us();
    assert_eq!(walk.view().clock_us(), time, "after {seq}");
    match seq {
        0 => assert!(walk.entry().unwrap().is_none()),
        _ => assert_eq!(walk.entry().unwrap(), Some(&past.entry(seq).unwrap())),
    }
    let changes = match seq {
        0 => vec![],
        _ => past.show(seq).unwrap().changes,
    };
    assert_eq!(walk.changes().unwrap(), changes, "by {seq}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_walk_agrees_with_the_states(
        lines in prop::collection::vec(any_line(), 1..80),
        moves in prop::collection::vec((0u8..6, any::<prop::sample::Index>()), 1..60),
    ) {
        let mut lab = Lab::new();
        lab.run_any(&lines);
        let past = lab.past();
        let last = past.reader().last_seq();
        let mut walk = past.walk(&Rev::LAST).unwrap();
        for (kind, to) in moves {
            let seq = walk.seq();
            match kind {
                0 => walk.seek(to.index(last as usize + 1) as u64).unwrap(),
                1 | 2 => assert_eq!(walk.forward().unwrap(), seq < last),
                _ => assert_eq!(walk.back().unwrap(), seq > 0),
            }
            check(&mut walk);
        }
    }
}

#[test]
fn a_long_walk_back_passes_every_state() {
    let mut lab = Lab::new();
    let count = 700;
    (0..count).for_each(|_| drop(run(&mut lab.con, "INCR n")));
    let mut walk = lab.past().walk(&Rev::LAST).unwrap();
    for expected in (1..=count).rev() {
        assert_eq!(walk.view().get::<_, i64>("n").unwrap(), expected);
        assert!(walk.back().unwrap());
    }
    assert!(!walk.view().exists::<_, bool>("n").unwrap());
    assert!(walk.back().unwrap());
    assert!(!walk.back().unwrap(), "nothing is before the first record");
    assert_eq!(walk.seq(), 0);
}

#[test]
fn a_walk_goes_on_as_the_writer_does() {
    let mut lab = Lab::new();
    lab.run("SET a 1\nSET a 2");
    let mut walk = lab.past().walk(&Rev::LAST).unwrap();
    assert!(!walk.forward().unwrap());
    assert!(!walk.refresh().unwrap());
    lab.run("SET a 3\nDEL a");
    assert!(
        !walk.forward().unwrap(),
        "it sees what there was when it was opened"
    );
    lab.past();
    assert!(walk.refresh().unwrap());
    assert_eq!(walk.seq(), 3);
    check(&mut walk);
    while walk.forward().unwrap() {
        check(&mut walk);
    }
    assert_eq!(walk.seq(), 5);
}

/// Also where its files were replaced meanwhile, and history begins later.
#[test]
fn a_timeline_is_refreshed_after_history_was_compacted() {
    let mut lab = Lab::new();
    lab.run("SET a 1\nSET a 2\nSET a 3");
    let mut past = lab.past();
    past.at(&Rev::LAST).unwrap();
    lab.fake.compact(Rev::seq(3)).unwrap();
    lab.run("SET a 4");
    lab.past();
    assert!(past.refresh().unwrap());
    assert_eq!(past.reader().first_seq(), 3);
    assert_eq!(past.digest(&Rev::LAST).unwrap(), lab.fake.digest());
    assert!(matches!(
        past.walk(&Rev::seq(1)),
        Err(timeline::Error::Forgotten { first: 3 })
    ));
}

#[test]
fn a_place_that_is_not_there_is_refused_and_nothing_moves() {
    let mut lab = Lab::new();
    lab.run("SET a 1");
    let mut walk = lab.past().walk(&Rev::seq(1)).unwrap();
    assert!(matches!(
        walk.seek(9),
        Err(timeline::Error::NoRecord { seq: 9, .. })
    ));
    assert_eq!(walk.seq(), 1);
    check(&mut walk);
}

#[test]
fn scripts_that_only_read_run_on_the_past() {
    let mut lab = Lab::new();
    lab.run("SET stock 2\nDECR stock\nDECR stock");
    let mut walk = lab.past().walk(&Rev::LAST).unwrap();
    let script = "return redis.call('get', 'stock') + 0 > 0";
    let is_left = |walk: &mut Walk| walk.run(&["EVAL_RO", script, "0"]);
    assert_eq!(is_left(&mut walk), fakeredis::resp::Reply::Null);
    assert!(walk.back().unwrap());
    assert_eq!(is_left(&mut walk), fakeredis::resp::Reply::Int(1));
    let writes = walk.run(&["EVAL_RO", "return redis.call('set', 'stock', 9)", "0"]);
    assert!(
        matches!(writes, fakeredis::resp::Reply::Error(_)),
        "{writes:?}"
    );
    assert_eq!(walk.view().get::<_, i64>("stock").unwrap(), 1);
}
