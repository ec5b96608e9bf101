//! History that is run again: `verify` and `whatif`.

use std::path::Path;

use fakeredis::Timeline;
use fakeredis::commit::CommandList;
use fakeredis::commit::Effect;
use fakeredis::commit::Record;
use fakeredis::journal::Journal;
use fakeredis::journal::Options;
use serde_json::json;

use super::session::replay;
use super::session::shop;
use super::support::verified::Recorded;

/// The shop's journal as an engine would have written it whose HINCRBY took three in record 3 where it was told to take four.
fn miscounted(dir: &Path) -> Recorded {
    let copy = Recorded::new().unverified("it is to diverge");
    let (journal, _) = Journal::open(copy.path(), &Options::default()).unwrap();
    for entry in Timeline::open(dir).unwrap().reader().entries(..) {
        let mut entry = entry.unwrap();
        if let Record::Commit(commit) = &mut entry.record
            && entry.seq == 3
        {
            let set = CommandList::from_iter([vec!["HSET", "product:1", "stock", "7"]]);
            commit.effects = vec![Effect::Rewritten(Box::new(set))];
            commit.reply_crc ^= 1;
        }
        journal.append(entry.clock_us, &entry.record).unwrap();
    }
    journal.close().unwrap();
    copy
}

#[test]
fn what_was_recorded_is_verified() {
    let answer = replay(shop(false).path(), "verify", &[]);
    assert_eq!(
        answer.lines(),
        ["verified: 12 records, 8 run again: all came to the same"]
    );
    assert_eq!(answer.code, 0);
    let everything = shop(true);
    let answer = replay(everything.path(), "verify", &["--json"]);
    let verified = &answer.objects()[0];
    assert_eq!(
        (&verified["divergences"], &verified["unknown"]),
        (&json!(0), &json!([]))
    );
    let answer = replay(everything.path(), "verify", &["5..8"]);
    assert_eq!(
        answer.lines(),
        ["verified: 3 records, 3 run again: all came to the same"]
    );
}

#[test]
fn the_first_record_that_came_out_otherwise_is_explained() {
    let dir = shop(false);
    let copy = miscounted(dir.path());
    let answer = replay(copy.path(), "verify", &[]);
    let expected = [
        "3  2026-08-01T12:00:03.000000Z  #2 restock    HINCRBY product:1 stock -4  → product:1",
        "  differs in  replies, effects",
        "  recorded  answers something else; what, is recorded at level session",
        "  recorded  does HSET product:1 stock 7",
        "  now       answers (integer) 6",
        "  now       does HINCRBY product:1 stock -4",
        "  product:1  hash of 2 fields",
        "    ~ stock \"7\" → \"6\"",
        "",
        "verified: 3 records, 2 run again: 1 came out otherwise",
    ];
    assert_eq!(answer.lines(), expected);
    assert_eq!(answer.code, 1);
    // From there on the data is as recorded, so that what follows is judged on its own: a reply and the digest differ.
    let objects = replay(copy.path(), "verify", &["--all", "--json"]).objects();
    let found: Vec<_> = objects
        .iter()
        .map(|object| (&object["seq"], &object["differs"]))
        .collect();
    assert_eq!(found[0], (&json!(3), &json!(["replies", "effects"])));
    assert_eq!(found[1], (&json!(6), &json!(["replies"])));
    assert_eq!(objects[0]["again"]["replies"], json!([6]));
    assert_eq!(
        objects[0]["effects"],
        json!([["HSET", "product:1", "stock", "7"]])
    );
    let summary = objects.last().unwrap();
    assert_eq!(summary["records"], 12);
    assert_eq!(summary["divergences"], objects.len() - 1);
    // Before it, all is well.
    assert_eq!(replay(copy.path(), "verify", &["..2"]).code, 0);
}

#[test]
fn without_its_culprit_the_exec_runs() {
    let dir = shop(false);
    let answer = replay(dir.path(), "whatif", &["--skip", "3"]);
    let expected = [
        "otherwise",
        "4  2026-08-01T12:00:03.250000Z  #1 checkout   EXEC aborted { HSET product:1 stock 9; SET order:1 mug }: \
         product:1 was changed by 3",
        "  recorded  EXEC is aborted: product:1 was changed by 3",
        "  now       answers (integer) 0",
        "  now       answers OK",
        "  now       does HSET product:1 stock 9; SET order:1 mug",
        "6  2026-08-01T12:00:04.250000Z  #1 checkout   EXEC { HINCRBY product:1 stock -1; SET order:1 mug; \
         EXPIRE order:1 60 }  → product:1 order:1",
        "  now       answers (integer) 8",
        "  now       answers OK",
        "  now       answers (integer) 1",
        "at the end",
        "  product:1  hash of 2 fields",
        "    ~ stock \"6\" → \"9\"",
        "  order:1  + \"mug\"",
    ];
    assert_eq!(answer.lines(), expected);
    assert_eq!(answer.code, 0);
}

#[test]
fn records_are_replaced_and_inserted() {
    let dir = shop(false);
    let whatif =
        |rest: &[&str]| replay(dir.path(), "whatif", &[rest, &["--json"]].concat()).objects();
    let replaced = whatif(&["--replace", "3", "HSET product:1 \"in stock\" 3"]);
    let seqs: Vec<_> = replaced.iter().map(|object| &object["seq"]).collect();
    assert_eq!(seqs[..3], [&json!(3), &json!(6), &json!(null)]);
    let field = json!([["HSET", "product:1", "in stock", "3"]]);
    assert_eq!(replaced[0]["again"]["effects"], field);
    let inserted = whatif(&["--insert", "10", "SET a 1", "--insert", "10", "SET b 1"]);
    assert_eq!(inserted[0]["kind"], json!(null));
    assert_eq!(
        inserted[0]["again"]["effects"],
        json!([["SET", "a", "1"], ["SET", "b", "1"]])
    );
    // History goes back behind it.
    assert_eq!(inserted[1]["changes"], json!([]));
    let skipped = whatif(&["--skip", "7,7..8", "--skip", "@-2"]);
    assert_eq!(skipped.len(), 1, "{skipped:?}");
}

#[test]
fn wrong_edits_are_refused() {
    let dir = shop(false);
    let refused = |rest: &[&str]| {
        let answer = replay(dir.path(), "whatif", rest);
        assert_eq!((answer.code, &*answer.out), (1, ""));
        answer.err
    };
    assert!(refused(&[]).contains("--skip"));
    assert!(refused(&["--skip", "1"]).contains("record 1 holds no command of a client"));
    assert!(refused(&["--skip", "99"]).contains("there is no record 99"));
    assert!(refused(&["--replace", "3", "SET \"a"]).contains("is no command"));
}
