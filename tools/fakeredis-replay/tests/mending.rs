//! The verbs that change a journal.

use fakeredis::FakeRedis;

use super::session::replay;
use super::session::shop;

#[test]
fn compact_drops_what_came_before() {
    let dir = shop(false);
    let digest = FakeRedis::open(dir.path()).unwrap().digest();
    let compacted = replay(dir.path(), "compact", &["--keep", "mark:retry"]);
    assert_eq!(
        compacted.lines(),
        ["history begins with record 5; 4 records before it were dropped"]
    );
    let check = replay(dir.path(), "check", &[]);
    assert_eq!(
        (check.code, check.lines()[1]),
        (0, "clean: nothing is torn or damaged")
    );
    assert_eq!(
        replay(dir.path(), "log", &["-n", "99"]).lines()[0]
            .split("  ")
            .next(),
        Some(" 5")
    );
    assert_eq!(
        replay(
            dir.path(),
            "at",
            &["@0", "--", "HGET", "product:1", "stock"]
        )
        .lines(),
        ["\"6\""]
    );
    for rev in ["3", "@-99", "ts:2026-08-01"] {
        let before = replay(dir.path(), "at", &[rev, "--", "DBSIZE"]);
        assert_eq!(before.code, 1);
        assert!(
            before
                .err
                .contains("history begins with record 5: what came before was compacted"),
            "{before:?}"
        );
    }
    let again = replay(dir.path(), "compact", &["--keep", "5", "--json"]);
    assert_eq!(again.objects()[0]["records"], 0);
    let reopened = FakeRedis::open(dir.path()).unwrap();
    assert_eq!(reopened.digest(), digest);
    let held = replay(dir.path(), "compact", &["--keep", "7"]);
    assert_eq!(held.code, 4);
    assert!(held.err.contains("open for writing elsewhere"), "{held:?}");
}
