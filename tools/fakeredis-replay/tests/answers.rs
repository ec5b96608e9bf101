//! What people read.

use super::session::replay;
use super::session::shop;

#[test]
fn log_tells_one_line_a_record() {
    let dir = shop(false);
    let answer = replay(dir.path(), "log", &[]);
    let expected = [
        " 1  2026-08-01T12:00:00.000000Z  -             opened by fakeredis 0.1.0, seed 0, recording aborts",
        " 2  2026-08-01T12:00:01.000000Z  #1 checkout   HSET product:1 name mug stock 10  → product:1",
        " 3  2026-08-01T12:00:03.000000Z  #2 restock    HINCRBY product:1 stock -4  → product:1",
        " 4  2026-08-01T12:00:03.250000Z  #1 checkout   EXEC aborted { HSET product:1 stock 9; SET order:1 mug }: \
         product:1 was changed by 3",
        " 5  2026-08-01T12:00:04.250000Z  -             mark retry",
        " 6  2026-08-01T12:00:04.250000Z  #1 checkout   EXEC { HINCRBY product:1 stock -1; SET order:1 mug; \
         EXPIRE order:1 60 }  → product:1 order:1",
        " 7  2026-08-01T12:00:05.250000Z  #1 checkout   SET bin \"\\xff\\\\ \\\"x\\\"\\n\"  → bin",
        " 8  2026-08-01T12:00:05.250000Z  #1 checkout   SET other 1  → other[3]",
        " 9  2026-08-01T12:01:05.250000Z  -             expired: DEL order:1  → order:1",
        "10  2026-08-01T12:01:05.250000Z  #2 restock    HDEL product:1 name  → product:1",
        "11  2026-08-01T12:01:05.250000Z  -             rewound to 5  → every key",
        "12  2026-08-01T12:01:05.250000Z  -             closed",
    ];
    assert_eq!(answer.lines(), expected);
}

#[test]
fn log_takes_ranges_and_filters() {
    let dir = shop(false);
    let seqs = |rest: &[&str]| -> Vec<u64> {
        let answer = replay(dir.path(), "log", &[rest, &["--json"]].concat());
        answer
            .objects()
            .iter()
            .map(|object| object["seq"].as_u64().unwrap())
            .collect()
    };
    assert_eq!(seqs(&["-n", "2"]), [11, 12]);
    assert_eq!(seqs(&["mark:retry..8"]), [6, 7, 8]);
    assert_eq!(seqs(&["@-2.."]), [11, 12]);
    assert_eq!(seqs(&["-1m..@-3"]), [9]);
    assert_eq!(seqs(&["2"]), [1, 2]);
    assert_eq!(seqs(&["--client", "restock"]), [3, 10]);
    assert_eq!(seqs(&["--client", "#", "--cmd", "set"]), [0; 0]);
    assert_eq!(seqs(&["--cmd", "set"]), [4, 6, 7, 8]);
    assert_eq!(seqs(&["--key", "order:*"]), [4, 6, 9, 11]);
    assert_eq!(
        seqs(&["--key", "order:*", "-n", "1", "--cmd", "expire"]),
        [6]
    );
    assert_eq!(seqs(&["--grep", "mug"]), [2, 4, 6]);
    assert_eq!(seqs(&["--aborted"]), [4]);
    assert_eq!(seqs(&["--changes"]), [2, 3, 6, 7, 8, 9, 10, 11]);
    assert_eq!(seqs(&["--changes", "--client", "restock"]), [3, 10]);
}

#[test]
fn why_names_the_culprit_of_the_last_abort() {
    let dir = shop(false);
    let expected = "\
The EXEC of #1 checkout in record 4 was aborted: product:1 changed after it was watched.

  changed by  #2 restock, in record 3
  with        HINCRBY product:1 stock -4
  at          2026-08-01T12:00:03.000000Z, 250 ms before the EXEC
  WATCH ran   at most 2 s before the change, after record 2
  product:1  hash of 2 fields
    ~ stock \"10\" → \"6\"

would have run
  HSET product:1 stock 9
  SET order:1 mug

watched
  product:1 since record 2
";
    assert_eq!(replay(dir.path(), "why", &[]).out, expected);
    assert_eq!(replay(dir.path(), "why", &["4"]).out, expected);
}

#[test]
fn why_is_exact_about_watch_in_a_recorded_session() {
    let dir = shop(true);
    let answer = replay(dir.path(), "why", &[]);
    let watch = answer
        .lines()
        .into_iter()
        .find(|line| line.contains("WATCH ran"))
        .unwrap();
    assert!(
        watch.starts_with("  WATCH ran   1 s before the change, in record "),
        "{watch}"
    );
}

#[test]
fn why_explains_keys() {
    let dir = shop(false);
    let order = replay(dir.path(), "why", &["order:1", "--at", "9"]);
    let expected = [
        "order:1 is not there: its time to live was over.",
        "  record 9, 2026-08-01T12:01:05.250000Z: expired: DEL order:1",
        "  order:1  - \"mug\"",
        "  its time to live came from record 6, 2026-08-01T12:00:04.250000Z, by #1 checkout: \
         EXEC { HINCRBY product:1 stock -1; SET order:1 mug; EXPIRE order:1 60 }",
    ];
    assert_eq!(order.lines(), expected);
    let lines = |key: &str| {
        replay(dir.path(), "why", &[key])
            .out
            .lines()
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        lines("product:1"),
        "product:1 is there: history was rewound."
    );
    assert_eq!(
        lines("nothing"),
        "nothing is not there: there never was such a key."
    );
}

#[test]
fn why_tells_what_a_commit_replaced() {
    let dir = shop(false);
    let answer = replay(dir.path(), "why", &["3"]);
    let expected = [
        "record 3, 2026-08-01T12:00:03.000000Z, by #2 restock: HINCRBY product:1 stock -4",
        "  product:1  hash of 2 fields",
        "    ~ stock \"10\" → \"6\"",
        "    replaced the work of record 2, 2026-08-01T12:00:01.000000Z, by #1 checkout: \
         HSET product:1 name mug stock 10",
    ];
    assert_eq!(answer.lines(), expected);
}

#[test]
fn show_tells_commands_effects_and_changes() {
    let dir = shop(false);
    let expected = "\
record   6  commit
time     2026-08-01T12:00:04.250000Z
client   #1 checkout
db       0
origin   exec

commands
  HINCRBY product:1 stock -1
  SET order:1 mug
  EXPIRE order:1 60

recorded as
  PEXPIREAT order:1 1785585664250

changes
  product:1  hash of 2 fields
    ~ stock \"6\" → \"5\"
  order:1  + \"mug\"
    expires  never → 2026-08-01T12:01:04.250000Z
";
    assert_eq!(replay(dir.path(), "show", &["6"]).out, expected);
}

#[test]
fn show_tells_replies_where_they_were_recorded() {
    let dir = shop(true);
    let exec = replay(dir.path(), "log", &["--cmd", "expire", "-n", "1", "--json"]);
    let seq = exec.objects()[0]["seq"].to_string();
    let shown = replay(dir.path(), "show", &[&seq]).out;
    let commands = "\
commands
  HINCRBY product:1 stock -1
    (integer) 5
  SET order:1 mug
    OK
  EXPIRE order:1 60
    (integer) 1
";
    assert!(shown.contains(commands), "{shown}");
}

#[test]
fn at_reads_the_past() {
    let dir = shop(false);
    let at = |rest: &[&str]| replay(dir.path(), "at", rest).out;
    assert_eq!(at(&["2", "--", "HGET", "product:1", "stock"]), "\"10\"\n");
    assert_eq!(at(&["6", "HGET", "product:1", "stock"]), "\"5\"\n");
    assert_eq!(at(&["8", "TTL", "order:1"]), "(integer) 59\n");
    assert_eq!(at(&["8", "-d", "3", "KEYS", "*"]), "1) \"other\"\n");
    assert_eq!(
        at(&["8"]),
        "after record 8, 2026-08-01T12:00:05.250000Z\ndb0: 3 keys\ndb3: 1 key\n"
    );
    assert_eq!(
        at(&["@0"]),
        "after record 0, 2026-08-01T12:00:00.000000Z\nno keys\n"
    );
    let refused = replay(dir.path(), "at", &["6", "FLUSHALL"]);
    assert!(refused.out.starts_with("(error) "), "{refused:?}");
    assert_eq!(refused.code, 1);
}

#[test]
fn diff_goes_down_to_fields() {
    let dir = shop(false);
    let expected = "\
product:1  hash of 2 fields → hash of 1 field
  - name \"mug\"
  ~ stock \"6\" → \"5\"
bin  + \"\\xff\\\\ \\\"x\\\"\\n\"
other[3]  + \"1\"
";
    assert_eq!(replay(dir.path(), "diff", &["3", "10"]).out, expected);
    assert_eq!(
        replay(dir.path(), "diff", &["3", "10", "b*"])
            .out
            .lines()
            .count(),
        1
    );
    let stat = replay(dir.path(), "diff", &["10", "3", "--stat"]);
    let expected = [
        "~  product:1  1 added, 0 removed, 1 changed",
        "-  bin  0 added, 1 removed, 0 changed",
        "-  other[3]  0 added, 1 removed, 0 changed",
        "keys: 0 added, 2 removed, 1 changed",
    ];
    assert_eq!(stat.lines(), expected);
    assert_eq!(
        replay(dir.path(), "diff", &["5"]).out,
        "",
        "the rewind took everything back"
    );
}

#[test]
fn history_tells_every_version() {
    let dir = shop(false);
    let answer = replay(dir.path(), "history", &["order:1"]);
    let expected = [
        "6  2026-08-01T12:00:04.250000Z  #1 checkout   EXEC { HINCRBY product:1 stock -1; SET order:1 mug; \
         EXPIRE order:1 60 }  → product:1 order:1",
        "   + \"mug\"",
        "     expires  never → 2026-08-01T12:01:04.250000Z",
        "9  2026-08-01T12:01:05.250000Z  -             expired: DEL order:1  → order:1",
        "   - \"mug\"",
    ];
    assert_eq!(answer.lines(), expected);
    let newest = replay(dir.path(), "history", &["product:1", "-n", "1"]);
    let expected = [
        "11  2026-08-01T12:01:05.250000Z  -             rewound to 5  → every key",
        "    hash of 1 field → hash of 2 fields",
        "      ~ stock \"5\" → \"6\"",
        "      + name \"mug\"",
    ];
    assert_eq!(newest.lines(), expected);
}

#[test]
fn info_and_check_tell_what_there_is() {
    let dir = shop(false);
    let info = replay(dir.path(), "info", &[]).out;
    for line in [
        "records      1 to 12, 2026-08-01T12:00:00.000000Z to 2026-08-01T12:01:05.250000Z (1 m 5 s)",
        "health       clean: nothing is torn or damaged",
        "  1..12  2026-08-01T12:00:00.000000Z to 2026-08-01T12:01:05.250000Z",
        "  5  retry",
    ] {
        assert!(info.lines().any(|other| other == line), "{line}\n{info}");
    }
    let check = replay(dir.path(), "check", &[]);
    assert_eq!(
        check.lines(),
        ["whole: 12 records", "clean: nothing is torn or damaged"]
    );
    assert_eq!(check.code, 0);
}

#[test]
fn colour_comes_only_when_it_is_wanted() {
    let dir = shop(false);
    let plain = replay(dir.path(), "log", &["-n", "1"]).out;
    let coloured = replay(dir.path(), "log", &["-n", "1", "--color", "always"]).out;
    assert!(!plain.contains('\x1b') && coloured.contains('\x1b'));
}

#[test]
fn every_verb_has_examples() {
    for verb in [
        "info", "log", "show", "at", "diff", "history", "why", "step", "serve", "check",
    ] {
        let help = replay(std::path::Path::new("--help"), verb, &[]);
        assert!(
            help.out.contains(&format!("fakeredis-replay {verb} ")),
            "{}",
            help.out
        );
        assert_eq!(help.code, 0);
    }
}
