//! Two states side by side: whatever differs is told, of every type, and nothing else.

use fakeredis::timeline::PartChange;
use fakeredis::timeline::Tally;

use super::*;

/// `- name words`, `+ name words` or `~ name words → words` for each part.
fn lines(parts: &[PartChange]) -> Vec<String> {
    let side = |part: &Option<timeline::Part>| {
        part.as_ref().map(|part| {
            let words = part.value.iter().map(|word| String::from_utf8_lossy(word));
            let expires = part.expires_at.map(|at| format!("expires {at}"));
            let words: Vec<_> = words.map(String::from).chain(expires).collect();
            words.join(" ")
        })
    };
    let line = |part: &PartChange| {
        let place = match &part.place {
            Place::Whole => "all".to_owned(),
            Place::Name(name) => String::from_utf8_lossy(name).into_owned(),
            Place::Index(index) => index.to_string(),
        };
        match (side(&part.before), side(&part.after)) {
            (Some(before), Some(after)) => format!("~ {place} {before} → {after}"),
            (Some(before), None) => format!("- {place} {before}"),
            (None, after) => format!("+ {place} {}", after.unwrap_or_default()),
        }
    };
    parts.iter().map(line).collect()
}

/// What the last command did to the parts of the key `k`, after `before`, one command a line.
fn told(before: &str, last: &str) -> Vec<String> {
    let mut lab = Lab::new();
    lab.run(before).run(last);
    let changes = lab.past().diff(&Rev::before(1), &Rev::LAST, None).unwrap();
    assert_eq!(changes.len(), 1, "{last}");
    lines(&changes[0].parts())
}

/// `count` arguments made of numbers.
fn many(count: usize, argument: impl Fn(usize) -> String) -> String {
    (0..count).map(|at| format!(" {}", argument(at))).collect()
}

#[test]
fn small_collections_are_told_part_by_part() {
    let cases: [(&str, &str, &[&str]); 9] = [
        ("SET k a", "APPEND k b", &["~ all a → ab"]),
        ("HSET k f 1 g 2", "HDEL k f", &["- f 1"]),
        (
            "HSET k f 1 g 2",
            "HPEXPIREAT k 1985585600000 FIELDS 1 g",
            &["~ g 2 → 2 expires 1985585600000"],
        ),
        (
            "HSET k f 1\nHPEXPIREAT k 1985585600000 FIELDS 1 f",
            "HPERSIST k FIELDS 1 f",
            &["~ f 1 expires 1985585600000 → 1"],
        ),
        ("SADD k 1 2", "SADD k x", &["+ x "]),
        (
            "ZADD k 1 a 2 b",
            "ZADD k 1.5 b 3 c",
            &["~ b 2 → 1.5", "+ c 3"],
        ),
        ("RPUSH k a b c d", "LREM k 1 b", &["- 1 b"]),
        ("RPUSH k a b c d", "LSET k 2 x", &["- 2 c", "+ 2 x"]),
        ("RPUSH k a b c d", "RPUSH k e", &["+ 4 e"]),
    ];
    for (before, last, expected) in cases {
        assert_eq!(told(before, last), expected, "{last}");
    }
}

#[test]
fn large_collections_are_told_by_what_their_versions_do_not_share() {
    let hash = format!("HSET k{}", many(2000, |at| format!("f{at} {at}")));
    let set = format!("SADD k{}", many(2000, |at| format!("m{at}")));
    let zset = format!("ZADD k{}", many(2000, |at| format!("{at} m{at}")));
    let list = format!("RPUSH k{}", many(5000, |at| format!("item:{at}")));
    let timed = format!("{hash}\nHPEXPIREAT k 1985585600000 FIELDS 2 f3 f700");
    let cases: [(&str, &str, &[&str]); 12] = [
        (&hash, "HSET k f700 x new y", &["~ f700 700 → x", "+ new y"]),
        (&hash, "HDEL k f700", &["- f700 700"]),
        (
            &hash,
            "HPEXPIREAT k 1985585600000 FIELDS 1 f9",
            &["~ f9 9 → 9 expires 1985585600000"],
        ),
        (
            &timed,
            "HPERSIST k FIELDS 1 f700",
            &["~ f700 700 expires 1985585600000 → 700"],
        ),
        (
            &timed,
            "HSET k f700 x",
            &["~ f700 700 expires 1985585600000 → x"],
        ),
        (&set, "SREM k m1 m1999", &["- m1 ", "- m1999 "]),
        (&set, "SADD k m1 new", &["+ new "]),
        (&zset, "ZINCRBY k 0.5 m1000", &["~ m1000 1000 → 1000.5"]),
        (&zset, "ZPOPMIN k", &["- m0 0"]),
        (&list, "LPUSH k new", &["+ 0 new"]),
        (&list, "LREM k 1 item:2500", &["- 2500 item:2500"]),
        (&list, "LTRIM k 1 -2", &["- 0 item:0", "- 4999 item:4999"]),
    ];
    for (before, last, expected) in cases {
        assert_eq!(told(before, last), expected, "{last}");
    }
}

#[test]
fn streams_are_told_down_to_what_is_pending() {
    let group = "XADD k 1-1 f v\nXADD k 2-1 f v\nXGROUP CREATE k g 0\nXREADGROUP GROUP g c COUNT 1 STREAMS k >";
    let pending = "group g pending 1-1 consumer c delivered-ms 1785585604000 deliveries 1";
    let cases: [(&str, &str, &[&str]); 6] = [
        (group, "XACK k g 1-1", &[&format!("- {pending}")]),
        (
            group,
            "XGROUP CREATECONSUMER k g d",
            &["+ group g consumer d "],
        ),
        (
            group,
            "XGROUP DELCONSUMER k g c",
            &["- group g consumer c ", &format!("- {pending}")],
        ),
        (
            group,
            "XGROUP SETID k g 2-1",
            &["~ group g last-delivered-id 1-1 entries-read 1 → last-delivered-id 2-1"],
        ),
        (
            group,
            "XCLAIM k g d 0 1-1 TIME 5",
            &[
                &format!("~ {pending} → consumer d delivered-ms 5 deliveries 2"),
                "+ group g consumer d ",
            ],
        ),
        (
            group,
            "XADD k MAXLEN 2 3-1 f w",
            &["- 1-1 f v", "+ 3-1 f w"],
        ),
    ];
    for (before, last, expected) in cases {
        assert_eq!(told(before, last), expected, "{last}");
    }
}

#[test]
fn a_tally_counts_keys_and_parts() {
    let mut lab = Lab::new();
    lab.run("MSET a 1 b 2 c 3\nHSET h f 1 g 2");
    lab.run("DEL a\nSET b 3\nSET d 4\nHSET h f 2 x 3\nHDEL h g");
    let past = lab.past();
    let diff = past.compare(&Rev::seq(3), &Rev::LAST, None).unwrap();
    let expected = |added, removed, changed| Tally {
        added,
        removed,
        changed,
    };
    assert_eq!(diff.tally(), expected(1, 1, 2));
    assert_eq!(diff.sides, (3, 8));
    let hash = diff.changes().find(|change| *change.key == *b"h").unwrap();
    assert_eq!(hash.tally(), expected(1, 1, 1));
    let back = past
        .compare(&Rev::LAST, &Rev::seq(3), Some(b"[ad]"))
        .unwrap();
    assert_eq!(back.tally(), expected(1, 1, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// What two states share is passed over, and nothing that differs is.
    #[test]
    fn a_difference_is_that_of_all_keys(lines in prop::collection::vec(any_line(), 1..60), at in any::<prop::sample::Index>()) {
        let mut lab = Lab::new();
        lab.run_any(&lines);
        let past = lab.past();
        let at = Rev::seq(at.index(past.reader().last_seq() as usize + 1) as u64);
        let told = past.diff(&at, &Rev::LAST, None).unwrap();
        let (before, after) = (past.at(&at).unwrap(), past.at(&Rev::LAST).unwrap());
        for db in 0..3 {
            for key in ["a", "b", "c"] {
                let slot = |view: &fakeredis::View| view.world().keyspace.db(db).get(key.as_bytes()).cloned();
                let change = told.iter().find(|change| change.db == db && *change.key == *key.as_bytes());
                let sides = (slot(&before), slot(&after));
                match change {
                    Some(change) => prop_assert_eq!((change.before.clone(), change.after.clone()), sides),
                    None => prop_assert_eq!(&sides.0, &sides.1),
                }
            }
        }
    }
}
