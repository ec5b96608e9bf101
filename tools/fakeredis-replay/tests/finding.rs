//! Who wrote it, which record made the difference, and what there is most of.

use super::session::replay;
use super::session::shop;

#[test]
fn blame_names_the_record_behind_each_part() {
    let dir = shop(false);
    let answer = replay(dir.path(), "blame", &["product:1", "9"]);
    let expected = [
        "2  2026-08-01T12:00:01.000000Z  #1 checkout   name \"mug\"  HSET product:1 name mug stock 10",
        "6  2026-08-01T12:00:04.250000Z  #1 checkout   stock \"5\"  HINCRBY product:1 stock -1",
    ];
    assert_eq!(answer.lines(), expected);
    let answer = replay(dir.path(), "blame", &["product:1", "9", "--field", "stock"]);
    assert_eq!(answer.lines(), expected[1..]);
    let answer = replay(dir.path(), "blame", &["order:1", "8"]);
    let expected = [
        "6  2026-08-01T12:00:04.250000Z  #1 checkout   \"mug\"  SET order:1 mug; EXPIRE order:1 60",
        "6  2026-08-01T12:00:04.250000Z  #1 checkout   expires 2026-08-01T12:01:04.250000Z  \
         SET order:1 mug; EXPIRE order:1 60",
    ];
    assert_eq!(answer.lines(), expected);
    let answer = replay(dir.path(), "blame", &["product:1"]);
    assert!(
        answer.lines()[1].ends_with("stock \"6\"  rewound to 5"),
        "{answer:?}"
    );
}

#[test]
fn blame_says_what_is_not_there() {
    let dir = shop(false);
    let refused = |rest: &[&str], text: &str| {
        let answer = replay(dir.path(), "blame", rest);
        assert_eq!((answer.code, answer.out.as_str()), (1, ""));
        assert!(answer.err.contains(text), "{}", answer.err);
    };
    refused(
        &["order:1"],
        "there is no key order:1 in database 0 after record 12; `why`",
    );
    refused(
        &["product:1", "9", "--field", "price"],
        "product:1 is a hash of 2 fields, and has no price",
    );
    refused(&["other", "9", "-d", "1"], "no key other in database 1");
}

#[test]
fn blame_is_one_object() {
    let dir = shop(false);
    let answer = replay(dir.path(), "blame", &["product:1", "9", "--json"]);
    let [blame] = &answer.objects()[..] else {
        panic!("{answer:?}");
    };
    let part = &blame["parts"][1];
    assert_eq!(
        (&part["part"], &part["value"][0]),
        (&"stock".into(), &"5".into())
    );
    assert_eq!(part["by"]["seq"], 6);
    assert_eq!(
        part["with"],
        serde_json::json!([["HINCRBY", "product:1", "stock", "-1"]])
    );
    assert_eq!(
        (&blame["seq"], &blame["value"]["size"]),
        (&9.into(), &2.into())
    );
}

#[test]
fn bisect_shows_the_record_and_both_answers() {
    let dir = shop(false);
    let answer = replay(
        dir.path(),
        "bisect",
        &["--good", "2", "--bad", "9", "--", "EXISTS", "order:1"],
    );
    assert_eq!(answer.code, 1, "nothing differs: {answer:?}");
    assert!(
        answer
            .err
            .contains("between record 2 (good) and 9 (bad): the answer is the same: (integer) 0")
    );
    let answer = replay(
        dir.path(),
        "bisect",
        &["--good", "2", "--bad", "8", "--", "EXISTS", "order:1"],
    );
    let lines = answer.lines();
    assert_eq!(lines[0], "record   6  commit");
    assert!(lines.contains(&"  SET order:1 mug"));
    let expected = [
        "",
        "EXISTS order:1",
        "  after record 5",
        "    (integer) 0",
        "  after record 6",
        "    (integer) 1",
        "",
        "found by asking 7 states; none of them shows that the answer goes to and fro",
    ];
    assert_eq!(lines[lines.len() - expected.len()..], expected);
}

#[test]
fn bisect_names_a_state_that_shows_that_the_answer_goes_to_and_fro() {
    let dir = shop(false);
    let ask = |format: &[&str]| {
        let rest = ["--good", "1", "--", "HGET", "product:1", "name"];
        replay(dir.path(), "bisect", &[format, &rest].concat())
    };
    let told = ask(&[]).out;
    let last = told.lines().last().unwrap();
    let expected = "; after record 10 the answer is that of the other side: it goes to and fro, \
                    and other records change it too";
    assert!(last.ends_with(expected), "{last}");
    assert_eq!(ask(&["--json"]).objects()[0]["stray"], 10);
}

#[test]
fn bisect_takes_a_script_or_an_expected_answer() {
    let dir = shop(false);
    let seq = |rest: &[&str]| {
        let rest = [&["--json"], rest].concat();
        let objects = replay(dir.path(), "bisect", &rest).objects();
        let reply = |side: &str| objects[0][side]["reply"].clone();
        (
            objects[0]["seq"].as_u64().unwrap(),
            reply("before"),
            reply("after"),
        )
    };
    let script = "return (redis.call('hget', 'product:1', 'stock') or 10) + 0 >= 10";
    let found = seq(&["--bad", "9", "--lua", script]);
    assert_eq!(found, (3, true.into(), false.into()));
    let found = seq(&[
        "--bad",
        "10",
        "--expect",
        "\"mug\"",
        "--good",
        "2",
        "HGET",
        "product:1",
        "name",
    ]);
    assert_eq!(found, (10, "mug".into(), serde_json::Value::Null));
    let found = seq(&[
        "--good",
        "11",
        "--bad",
        "10",
        "--expect",
        "\"mug\"",
        "--",
        "HGET",
        "product:1",
        "name",
    ]);
    assert_eq!(found.0, 11, "what mended it");
}

#[test]
fn bisect_refuses_what_it_cannot_ask() {
    let dir = shop(false);
    let refused = |rest: &[&str], code: i32, text: &str| {
        let answer = replay(dir.path(), "bisect", rest);
        assert_eq!((answer.code, answer.out.as_str()), (code, ""), "{rest:?}");
        assert!(answer.err.contains(text), "{}", answer.err);
    };
    refused(
        &["--", "DEL", "product:1"],
        1,
        "after record 0: READONLY DEL can't run on the past",
    );
    refused(
        &["--lua", "return redis.call('get', 'none') + 0"],
        1,
        "arithmetic on a boolean value",
    );
    refused(
        &["--lua", "return redis.call('set', 'a', 1)"],
        1,
        "Write commands are not allowed",
    );
    refused(
        &["--lua", "return true", "--", "GET", "a"],
        64,
        "cannot be used with",
    );
    refused(&[], 64, "required");
    refused(
        &["--good", "99", "--", "GET", "a"],
        1,
        "there is no record 99",
    );
}

#[test]
fn a_difference_is_counted_by_key_and_in_all() {
    let dir = shop(false);
    let answer = replay(dir.path(), "diff", &["2", "8", "--stat"]);
    let expected = [
        "~  product:1  0 added, 0 removed, 1 changed",
        "+  order:1  1 added, 0 removed, 0 changed",
        "+  bin  1 added, 0 removed, 0 changed",
        "+  other[3]  1 added, 0 removed, 0 changed",
        "keys: 3 added, 0 removed, 1 changed",
    ];
    assert_eq!(answer.lines(), expected);
    let objects = replay(dir.path(), "diff", &["2", "8", "--stat", "--json"]).objects();
    assert_eq!(
        objects[0]["parts"],
        serde_json::json!({"added": 0, "removed": 0, "changed": 1})
    );
    assert_eq!(
        objects[4],
        serde_json::json!({"added": 3, "removed": 0, "changed": 1})
    );
}

#[test]
fn statistics_rank_commands_clients_and_keys() {
    let dir = shop(false);
    let answer = replay(dir.path(), "info", &["--stats", "-n", "2"]);
    let lines = answer.lines();
    let start = lines
        .iter()
        .position(|line| line.starts_with("commands"))
        .unwrap();
    let words = |at: usize| lines[start + at].split_whitespace().collect::<Vec<_>>();
    assert_eq!(words(1)[..2], ["SET", "4"]);
    assert_eq!(words(2)[..2], ["HINCRBY", "2"]);
    assert_eq!(lines[start + 3], "  … and 4 more; -n shows them");
    let objects = replay(dir.path(), "info", &["--stats", "--json"]).objects();
    let stats = &objects[0]["stats"];
    assert_eq!(
        (&stats["records"], &stats["clients"]["top"][0]["name"]),
        (&12.into(), &"checkout".into())
    );
    assert_eq!(stats["keys"]["top"][0]["name"], "product:1");
    assert_eq!(stats["keys"]["top"][0]["records"], 4);
    assert!(stats["keys"]["top"].to_string().contains("\"other[3]\""));
}
