//! What became of a key, and by which record.

use fakeredis::Rev;
use fakeredis::timeline::Fate;

use super::Lab;

/// The fate of the key `k` after some commands, the first of which is record 2, and the record behind it.
fn fate(lines: &str) -> (Fate, Option<u64>) {
    let mut lab = Lab::new();
    lab.run(lines);
    let story = lab.past().why_key(0, b"k", &Rev::LAST).unwrap();
    (story.fate, story.last.map(|last| last.entry.seq))
}

#[test]
fn each_end_of_a_key_is_told_by_its_effect() {
    for (lines, expected) in [
        ("SET other 1", (Fate::NeverThere, None)),
        ("SET k 1", (Fate::Created, Some(2))),
        ("SET k 1\nSET k 2", (Fate::Changed, Some(3))),
        ("RPUSH k a\nSET k 2", (Fate::Replaced, Some(3))),
        ("SET k 1\nGETDEL k", (Fate::Deleted, Some(3))),
        ("RPUSH k a\nLPOP k", (Fate::Deleted, Some(3))),
        ("SET k 1\nEXPIRE k -1", (Fate::Deleted, Some(3))),
        ("SET k 1\nRENAME k j", (Fate::MovedAway, Some(3))),
        ("SET k 1\nMOVE k 3", (Fate::MovedAway, Some(3))),
        ("SET k 1\nSWAPDB 0 3", (Fate::Swapped, Some(3))),
        ("SET k 1\nFLUSHALL", (Fate::Flushed, Some(3))),
        ("SET k 1\nFAKEREDIS RESET", (Fate::Flushed, Some(3))),
        ("SET k 1\nFAKEREDIS REWIND 1", (Fate::Rewound, Some(3))),
        ("SET k 1\nPEXPIRE k 9\nSET j 1", (Fate::Expired, Some(4))),
        (
            "SET k 1\nMULTI\nRENAME k j\nSET k 2\nDEL k\nEXEC",
            (Fate::Deleted, Some(3)),
        ),
        (
            "SET k 1\nEVAL redis.call('FLUSHALL') 0",
            (Fate::Flushed, Some(3)),
        ),
        (
            "SET k 1\nEVAL redis.call('RENAME','k','j') 0",
            (Fate::MovedAway, Some(3)),
        ),
    ] {
        assert_eq!(fate(lines), expected, "{lines}");
    }
}

#[test]
fn a_field_that_expired_names_who_gave_it_its_time() {
    let mut lab = Lab::new();
    lab.run("HSET k f 1 g 2 h 3\nHPEXPIRE k 1500 FIELDS 1 g\nHPEXPIRE k 90000 FIELDS 1 f\nSET j 1");
    let why = |lab: &Lab| lab.past().why_key(0, b"k", &Rev::LAST).unwrap();
    let story = why(&lab);
    assert_eq!(story.fate, Fate::FieldExpired);
    assert_eq!(story.last.unwrap().entry.seq, 5);
    assert_eq!(story.timed_by.unwrap().entry.seq, 3);
    lab.run("HDEL k h\nHPEXPIRE k 9 FIELDS 1 f\nSET j 2");
    let story = why(&lab);
    assert_eq!((story.fate, story.now), (Fate::FieldExpired, None));
    assert_eq!(story.timed_by.unwrap().entry.seq, 8);
}
