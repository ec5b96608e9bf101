//! What programs read.

use super::session::replay;
use super::session::shop;
use super::support::verified::Recorded;
use serde_json::Value;
use serde_json::json;

fn one(dir: &Recorded, verb: &str, rest: &[&str]) -> Value {
    let mut objects = replay(dir.path(), verb, &[&["--json"], rest].concat()).objects();
    assert_eq!(objects.len(), 1);
    objects.remove(0)
}

#[test]
fn a_record_has_its_place_time_kind_client_and_commands() {
    let dir = shop(false);
    let expected = json!({
        "seq": 7,
        "time": "2026-08-01T12:00:05.250000Z",
        "kind": "commit",
        "db": 0,
        "client": {"id": 1, "name": "checkout"},
        "origin": "direct",
        "commands": [["SET", "bin", "\\xff\\\\ \"x\"\n"]],
        "keys": [{"db": 0, "key": "bin"}],
    });
    assert_eq!(one(&dir, "log", &["6..7"]), expected);
    let kinds = replay(dir.path(), "log", &["--json"]).objects();
    let kinds: Vec<&str> = kinds
        .iter()
        .map(|object| object["kind"].as_str().unwrap())
        .collect();
    let expected = [
        "open", "commit", "commit", "aborted", "mark", "commit", "commit", "commit", "commit",
        "commit", "rewind", "close",
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn changes_have_both_sides_and_their_parts() {
    let dir = shop(false);
    let shown = one(&dir, "show", &["3"]);
    let side = json!({"type": "hash", "size": 2, "expires": null});
    let part = json!({"part": "stock", "before": {"value": ["10"]}, "after": {"value": ["6"]}});
    let change =
        json!({"db": 0, "key": "product:1", "before": side, "after": side, "parts": [part]});
    assert_eq!(shown["changes"], json!([change]));
    assert_eq!(
        shown["effects"],
        json!([["HINCRBY", "product:1", "stock", "-4"]])
    );
    let diff = one(&dir, "diff", &["2", "3"]);
    assert_eq!(diff, change);
    let version = one(&dir, "history", &["bin", "--to", "8"]);
    assert_eq!(version["after"]["value"], "\\xff\\\\ \"x\"\n");
    assert_eq!(version["before"], Value::Null);
}

#[test]
fn an_abort_names_its_culprit() {
    let dir = shop(false);
    let story = one(&dir, "why", &[]);
    assert_eq!(story["culprit"], 3);
    assert_eq!(story["key"], json!({"db": 0, "key": "product:1"}));
    assert_eq!(
        story["watched"],
        json!([{"db": 0, "key": "product:1", "since": 2}])
    );
    assert_eq!(
        story["watch"],
        json!({"after": 2, "since": "2026-08-01T12:00:01.000000Z"})
    );
    assert_eq!(
        story["changed_by"]["client"],
        json!({"id": 2, "name": "restock"})
    );
    assert_eq!(
        story["changed_with"],
        json!([["HINCRBY", "product:1", "stock", "-4"]])
    );
    assert_eq!(story["change"]["parts"][0]["after"]["value"], json!(["6"]));
}

#[test]
fn replies_are_there_where_they_were_recorded() {
    let dir = shop(true);
    let read = one(&dir, "log", &["--cmd", "HGET"]);
    assert_eq!(
        (&read["kind"], &read["replies"]),
        (&json!("observed"), &json!(["10"]))
    );
    let exec = one(&dir, "log", &["--cmd", "EXPIRE", "-n", "1"]);
    assert_eq!(exec["replies"], json!([5, "OK", 1]));
    assert_eq!(exec["origin"], "exec");
}

#[test]
fn the_other_verbs_answer_objects_too() {
    let dir = shop(false);
    let at = one(&dir, "at", &["2", "HGETALL", "product:1"]);
    assert_eq!(at["reply"], json!([["name", "mug"], ["stock", "10"]]));
    assert_eq!(
        one(&dir, "at", &["8"])["databases"],
        json!({"0": 3, "3": 1})
    );
    let stat = replay(dir.path(), "diff", &["10", "3", "--stat", "--json"]).objects();
    assert_eq!(
        stat.last(),
        Some(&json!({"added": 0, "removed": 2, "changed": 1}))
    );
    assert_eq!(one(&dir, "why", &["order:1"])["fate"], "expired");
    assert_eq!(one(&dir, "check", &[])["health"], json!({"state": "clean"}));
    let info = one(&dir, "info", &[]);
    assert_eq!(
        (&info["last_seq"], &info["marks"][0]["name"]),
        (&json!(12), &json!("retry"))
    );
    assert_eq!(info["sessions"][0]["closed"], true);
}
