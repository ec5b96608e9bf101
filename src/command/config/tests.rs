//! Parameters, flags and files, as redis-server takes them.

use super::*;

fn get(config: &Config, name: &str) -> String {
    let found = config.get(&[name.as_bytes()]);
    let [(_, value)] = found.as_slice() else {
        panic!("{name}: {found:?}");
    };
    String::from_utf8(value.to_vec()).unwrap()
}

fn set(config: &mut Config, pairs: &[[&str; 2]]) -> Result<()> {
    let pairs: Vec<_> = pairs.iter().map(|pair| pair.map(str::as_bytes)).collect();
    config.set(&pairs, true)
}

fn refused(pairs: &[[&str; 2]]) -> String {
    set(&mut Config::default(), pairs)
        .unwrap_err()
        .text()
        .to_owned()
}

#[test]
fn rows_are_sorted_and_no_name_is_taken_twice() {
    assert!(PARAMETERS.is_sorted_by_key(|row| row.name));
    let names = PARAMETERS.iter().flat_map(|row| [row.name, row.alias]);
    let mut names: Vec<_> = names.filter(|name| !name.is_empty()).collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
    assert_eq!(
        Config::default().get(&[b"*"]).len(),
        205,
        "as many as Redis 8.2.3 shows"
    );
}

#[test]
fn defaults_are_shown_as_they_are_written() {
    for row in PARAMETERS {
        assert_eq!(
            get(&Config::default(), row.name),
            row.default,
            "{}",
            row.name
        );
    }
}

#[test]
fn either_all_or_none_is_set() {
    let mut config = Config::default();
    let error = set(&mut config, &[["maxmemory", "1mb"], ["port", "abc"]]).unwrap_err();
    assert_eq!(
        error.text(),
        "ERR CONFIG SET failed (possibly related to argument 'port') - argument couldn't be parsed into an integer"
    );
    assert_eq!(config.maxmemory(), 0);
    set(
        &mut config,
        &[["MAXMEMORY", "1MB"], ["hash-max-ziplist-entries", "3"]],
    )
    .unwrap();
    assert_eq!(
        (config.maxmemory(), config.hash_max_listpack_entries()),
        (1 << 20, 3)
    );
}

#[test]
fn the_first_name_that_can_not_be_set_decides() {
    let failed = |name: &str, reason: &str| {
        format!("ERR CONFIG SET failed (possibly related to argument '{name}') - {reason}")
    };
    assert_eq!(
        refused(&[["maxmemory", "abc"], ["databases", "3"]]),
        failed("databases", "can't set immutable config")
    );
    assert_eq!(
        refused(&[["dir", "/tmp"]]),
        failed("dir", "can't set protected config")
    );
    assert_eq!(
        refused(&[["hz", "1"], ["HZ", "2"]]),
        failed("HZ", "duplicate parameter")
    );
    assert_eq!(
        refused(&[["foo", "5"], ["databases", "3"]]),
        "ERR Unknown option or number of arguments for CONFIG SET - 'foo'"
    );
}

#[test]
fn values_are_read_and_shown_as_redis_does() {
    #[rustfmt::skip]
    let cases = [
        ("maxmemory", "1m", "1000000"), ("maxmemory", "", "0"), ("maxmemory", "2G", "2000000000"),
        ("appendonly", "YES", "yes"), ("maxmemory-policy", "ALLKEYS-LRU", "allkeys-lru"),
        ("save", "60 1 30 2", "60 1 30 2"), ("save", "", ""),
        ("client-output-buffer-limit", "replica 1 2kb 3", "normal 0 0 0 slave 1 2048 3 pubsub 33554432 8388608 60"),
        ("notify-keyspace-events", "KEA", "AKE"), ("notify-keyspace-events", "Kg$lshzxetmdn", "AKm"),
        ("notify-keyspace-events", "Kn", "nK"), ("notify-keyspace-events", "Kgxoc", "gxocK"), ("save", "1 ", "1 0"), ("notify-keyspace-events", "gx$E", "g$xE"),
        ("latency-tracking-info-percentiles", "50 99.99 100.0", "50 99.99 100"),
        ("shutdown-on-sigint", "now save", "save now"), ("shutdown-on-sigint", "save default", "save"),
        ("maxmemory-clients", "50%", "50%"), ("maxmemory-clients", "1mb", "1048576"),
        ("oom-score-adj-values", "3 2 1", "3 2 1"),
    ];
    for (name, text, shown) in cases {
        let mut config = Config::default();
        set(&mut config, &[[name, text]]).unwrap();
        assert_eq!(get(&config, name), shown, "{name} {text}");
    }
}

#[test]
fn wrong_values_get_redis_s_reason() {
    #[rustfmt::skip]
    let cases = [
        ("maxmemory", "1 kb", "argument must be a memory value"),
        ("maxmemory", "99999999999999999999", "argument must be greater or equal to 0"),
        ("repl-backlog-size", "99999999999999999999", "argument must be between 1 and 9223372036854775807 inclusive"),
        ("timeout", "-1", "argument must be between 0 and 2147483647 inclusive"),
        ("maxclients", "-1", "argument must be greater or equal to 0"),
        ("maxclients", "0", "argument must be between 1 and 4294967295 inclusive"),
        ("tcp-keepalive", "007", "argument couldn't be parsed into an integer"),
        ("appendonly", "1", "argument must be 'yes' or 'no'"),
        ("appendfsync", "x", "argument(s) must be one of the following: everysec, always, no"),
        ("save", "60  1", "Invalid save parameters"), ("save", "0 1", "Invalid save parameters"),
        ("save", "60", "Invalid save parameters"),
        ("client-output-buffer-limit", "normal 1 2", "Wrong number of arguments in buffer limit configuration."),
        ("client-output-buffer-limit", "master 1 2 3", "Invalid client class specified in buffer limit configuration."),
        ("notify-keyspace-events", "q", "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."),
        ("maxmemory-clients", "150%", "percentage argument must be less or equal to 100"),
        ("latency-tracking-info-percentiles", "-1", "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]"),
        ("oom-score-adj-values", "1 2", "wrong number of arguments"),
        ("shutdown-on-sigterm", "nosave save", "shutdown options SAVE and NOSAVE can't be used simultaneously"),
    ];
    for (name, text, reason) in cases {
        assert!(refused(&[[name, text]]).ends_with(reason), "{name} {text}");
    }
}

#[test]
fn a_pattern_matches_both_names_but_nothing_hidden() {
    let config = Config::default();
    let names = |pattern: &str| -> Vec<_> {
        let found = config.get(&[pattern.as_bytes()]);
        found
            .into_iter()
            .map(|(name, _)| String::from_utf8(name.to_vec()).unwrap())
            .collect()
    };
    assert_eq!(names("*priority"), ["replica-priority", "slave-priority"]);
    assert_eq!(names("MAXMEMORY"), ["MAXMEMORY"]);
    assert_eq!(names("rdb-key*"), [""; 0]);
    assert_eq!(names("rdb-key-save-delay"), ["rdb-key-save-delay"]);
    assert_eq!(config.get(&[b"hz", b"h?", b"HZ"]).len(), 1);
}

#[test]
fn a_conf_is_read_as_redis_reads_it() {
    let mut config = Config::default();
    let conf = "# a comment\n\nport 7000\nsave 60 1\nsave 30 2\nrequirepass \"a b\"\n  MaxMemory   2mb  \ndatabases 5\nhz 20\nuser alice on\n";
    assert_eq!(config.load_conf(conf).unwrap(), ["hz", "user"]);
    assert_eq!(
        (config.port(), config.databases(), config.maxmemory()),
        (7000, 5, 2 << 20)
    );
    assert_eq!(
        (&*config.save(), &*config.requirepass()),
        ("60 1 30 2", "a b")
    );
    assert_eq!(
        config.set_flag("bind", &["127.0.0.1", "::1"]),
        Ok(Taken::Used)
    );
    assert_eq!(config.bind(), "127.0.0.1 ::1");
    assert_eq!(config.set_flag("save", &[""]), Ok(Taken::Used));
    assert_eq!(config.save(), "");
    assert_eq!(
        config.set_flag("nosuch", &["1"]),
        Err("no such option".into())
    );
    assert_eq!(
        config.set_flag("maxmemory", &["1", "2"]),
        Err("wrong number of arguments".into())
    );
    let error = config.load_conf("\nmaxmemory abc\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2: 'maxmemory abc': argument must be a memory value"
    );
}

#[test]
fn what_is_written_reads_back() {
    let mut config = Config::default();
    let pairs = [
        ["requirepass", "a \"b"],
        ["save", ""],
        ["maxmemory", "5gb"],
        ["bind", "::1 *"],
    ];
    set(&mut config, &pairs).unwrap();
    let mut again = Config::default();
    again.load_conf(&config.to_conf()).unwrap();
    assert_eq!(again.get(&[b"*"]), config.get(&[b"*"]));
    assert_eq!(config.to_conf().lines().count(), pairs.len());
}
