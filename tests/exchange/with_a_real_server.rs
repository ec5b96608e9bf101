//! Files that a real redis-server reads, and files that it wrote.

use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use fakeredis::Rev;
use fakeredis::Timeline;
use fakeredis::exchange::AofWriter;
use fakeredis::exchange::MANIFEST;
use fakeredis::exchange::import_aof;
use fakeredis::exchange::import_monitor;
use fakeredis::exchange::manifest;
use fakeredis::keyspace::Keyspace;
use fakeredis::keyspace::Slot;
use fakeredis::resp::Protocol;
use fakeredis::resp::Reply;
use fakeredis::resp::encode_command;
use fakeredis::rng::Rng;
use fakeredis::value::Limits;
use fakeredis::value::Value;
use fakeredis::value::rdb;

use super::FUTURE;
use super::PAST;
use super::captured;
use super::digest_at;
use super::exported;
use super::recorded;
use crate::determinism::sessions;
use crate::differential::families::*;
use crate::differential::session;
use crate::differential::session::Step;
use crate::support::cases;
use crate::support::oracle;
use crate::support::oracle::Running;
use crate::support::player::Answer;
use crate::support::verified::Recorded;
use crate::support::wire::Wire;

/// What random sessions on the real server are made of.
const FAMILIES: &[&Family] = &[
    &BITS,
    &GEO,
    &HASHES,
    &HYPERLOGLOG,
    &KEYS,
    &LISTS,
    &SCRIPTS,
    &SETS,
    &STREAMS,
    &STRINGS,
    &TRANSACTIONS,
    &ZSETS,
];
/// Longer than any reply that comes takes; some commands block.
const PATIENCE: Duration = Duration::from_millis(150);
const INSPECTOR: usize = 9;
const AOF: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

fn real() -> Option<PathBuf> {
    let found = oracle::find();
    if found.is_none() {
        println!("skipped: no real redis-server; .ci/oracles.sh installs one");
    }
    found
}

/// A client that looks at the data of a server.
fn ask(wire: &mut Wire, argv: &[&[u8]]) -> Reply {
    let argv: Vec<Vec<u8>> = argv.iter().map(|word| word.to_vec()).collect();
    wire.send(INSPECTOR, &argv);
    match wire.receive(INSPECTOR, Duration::from_secs(20)) {
        Answer::Reply(reply) => reply,
        _ => panic!("no reply to {argv:?}"),
    }
}

/// All data of a server, read key by key.
fn data(port: u16) -> Keyspace {
    let mut wire = Wire::new(port, Protocol::Resp2);
    let mut data = Keyspace::new(16);
    for db in 0..16 {
        ask(&mut wire, &[b"SELECT", db.to_string().as_bytes()]);
        let Reply::Array(keys) = ask(&mut wire, &[b"KEYS", b"*"]) else {
            panic!("no keys");
        };
        for key in keys {
            let Reply::Bulk(key) = key else {
                panic!("no key")
            };
            let Reply::Bulk(dump) = ask(&mut wire, &[b"DUMP", &key]) else {
                continue;
            };
            let value = rdb::restore(&dump, &Limits::default()).unwrap();
            let Reply::Int(at) = ask(&mut wire, &[b"PEXPIRETIME", &key]) else {
                panic!("no time");
            };
            let expires_at = (at > 0).then_some(at);
            data.db_mut(db).insert(&key, value, expires_at, 0);
        }
    }
    data
}

/// The same without times to live.
fn lasting(data: &Keyspace) -> String {
    let mut lasting = Keyspace::new(16);
    for (db, keys) in data.used() {
        for (key, slot) in keys.keys().iter() {
            lasting
                .db_mut(db)
                .insert(key, slot.value().clone(), None, 0);
        }
    }
    lasting.digest()
}

/// Runs the checker of the release's own append-only files.
fn check(program: &Path, file: &Path) {
    let dir = Recorded::new();
    // A server of this name is the checker.
    let checker = dir.path().join("redis-check-aof");
    #[cfg(unix)]
    std::os::unix::fs::symlink(program, &checker).unwrap();
    let output = Command::new(checker).arg(file).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("is valid"), "{said}");
}

/// The digest of those keys of which this is true.
fn digest_of(data: &Keyspace, is_wanted: impl Fn(&Slot) -> bool) -> String {
    let mut wanted = Keyspace::new(16);
    for (db, keys) in data.used() {
        for (key, slot) in keys.keys().iter().filter(|(_, slot)| is_wanted(slot)) {
            let (value, expires_at) = slot.clone().into_value();
            wanted.db_mut(db).insert(key, value, expires_at, 0);
        }
    }
    wanted.digest()
}

/// A server takes no delivery of a stream's entry for one that is still to come.
fn is_no_stream(slot: &Slot) -> bool {
    !matches!(slot.value(), Value::Stream(_))
}

/// What expires has expired there.
fn is_lasting_stream(slot: &Slot) -> bool {
    matches!(slot.value(), Value::Stream(_)) && slot.expires_at().is_none()
}

/// Has the server load the history of sessions that began at a time, and compares those keys of which this is true.
fn loads(start: Duration, is_wanted: fn(&Slot) -> bool) {
    let Some(program) = real() else { return };
    for (seed, (name, session)) in sessions().into_iter().enumerate() {
        let dir = Recorded::new();
        let past = recorded(&dir.path().join("data"), &session, seed as u64, start);
        let file = dir.path().join("appendonly.aof");
        let aof = exported(&past, "..");
        std::fs::write(&file, &aof).unwrap();
        // The checker takes nothing at all for a mistake.
        if !aof.is_empty() {
            check(&program, &file);
        }
        let server = Running::start(&program, dir.path(), &AOF);
        let ours = past.at(&Rev::LAST).unwrap().into_world().keyspace;
        let theirs = data(server.port);
        assert_eq!(
            digest_of(&theirs, is_wanted),
            digest_of(&ours, is_wanted),
            "{name}"
        );
    }
}

#[test]
fn it_loads_an_export_to_the_same_data() {
    loads(FUTURE, is_no_stream);
}

#[test]
fn it_loads_an_export_to_the_same_streams() {
    loads(PAST, is_lasting_stream);
}

#[test]
fn it_loads_an_export_in_two_parts() {
    let Some(program) = real() else { return };
    let (_, session) = sessions().pop_last().unwrap();
    let dir = Recorded::new();
    let past = recorded(&dir.path().join("data"), &session, 0, FUTURE);
    let parts = dir.path().join("appendonlydir");
    std::fs::create_dir(&parts).unwrap();
    let all = past.range(&"..".parse().unwrap()).unwrap();
    let newest = past.lineage(all).unwrap().pop().unwrap();
    let middle = (newest.start() + newest.end()) / 2;
    let mut state = Vec::new();
    let before = past.at(&Rev::seq(middle)).unwrap().into_world().keyspace;
    AofWriter::new(&mut state).state(&before).unwrap();
    let history = exported(&past, &format!("{middle}.."));
    assert!(history.starts_with(&state));
    std::fs::write(parts.join("base"), &state).unwrap();
    std::fs::write(parts.join("incr"), &history[state.len()..]).unwrap();
    std::fs::write(parts.join(MANIFEST), manifest(Some("base"), "incr")).unwrap();
    check(&program, &parts.join(MANIFEST));
    let server = Running::start(&program, dir.path(), &AOF);
    let ours = past.at(&Rev::LAST).unwrap().into_world().keyspace;
    let theirs = data(server.port);
    assert_eq!(
        digest_of(&theirs, is_no_stream),
        digest_of(&ours, is_no_stream)
    );
}

/// Sends random commands, and waits for the replies that come.
fn play(wire: &mut Wire, families: &[&Family], seed: u64, left_out: &[&str]) {
    for step in session::random(families, &mut Rng::new(seed)) {
        if is_one_of(&step, left_out) {
            continue;
        }
        wire.send(step.client, &step.argv);
        wire.receive(step.client, PATIENCE);
    }
}

fn is_one_of(step: &Step, names: &[&str]) -> bool {
    names.iter().any(|name| step.is(name))
}

/// A copy of a server's append-only file, and its data then.
fn copied(server: &Running, from: &Path, to: &Path) -> String {
    loop {
        let before = data(server.port).digest();
        let _ = std::fs::remove_dir_all(to);
        std::fs::create_dir(to).unwrap();
        for entry in from.join("appendonlydir").read_dir().unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
        // Something may have expired meanwhile.
        if data(server.port).digest() == before {
            return before;
        }
    }
}

fn rewrite(wire: &mut Wire) {
    ask(wire, &[b"BGREWRITEAOF"]);
    loop {
        let Reply::Bulk(info) = ask(wire, &[b"INFO", b"persistence"]) else {
            panic!("no INFO");
        };
        let info = String::from_utf8_lossy(&info).into_owned();
        let is_over = |line: &str| info.contains(&format!("{line}:0\r\n"));
        if is_over("aof_rewrite_in_progress") && is_over("aof_rewrite_scheduled") {
            return assert!(info.contains("aof_last_bgrewrite_status:ok"), "{info}");
        }
    }
}

/// What the tests without a server expect of its files is what it loads itself.
#[test]
fn it_loads_what_was_captured_to_the_same_data() {
    let Some(program) = real() else { return };
    let dir = Recorded::new();
    captured::copy(dir.path());
    let imported = import_aof(dir.path(), &dir.path().join("journal"), &Default::default());
    let server = Running::start(&program, dir.path(), &AOF);
    assert_eq!(imported.unwrap().journal.digest, data(server.port).digest());
}

#[test]
fn its_append_only_file_becomes_a_journal() {
    let Some(program) = real() else { return };
    for seed in cases(20) {
        let dir = Recorded::new();
        let preamble = ["yes", "no"][seed as usize % 2];
        let stamps = ["no", "yes"][seed as usize / 2 % 2];
        let arguments = [
            &AOF[..],
            &[
                "--aof-use-rdb-preamble",
                preamble,
                "--aof-timestamp-enabled",
                stamps,
            ],
        ];
        let server = Running::start(&program, dir.path(), &arguments.concat());
        let mut wire = Wire::new(server.port, Protocol::Resp2);
        let mut families = FAMILIES.to_vec();
        families.rotate_left(seed as usize % FAMILIES.len());
        // It can't rewrite vector sets as commands, and says so in its log only.
        families.extend((preamble == "yes").then_some(&VECTORS));
        for part in 0..6 {
            families.rotate_left(1);
            // A flushed database has little to tell.
            play(
                &mut wire,
                &families,
                100 * seed + part as u64,
                &["FLUSHALL", "FLUSHDB"],
            );
            if part == 2 {
                rewrite(&mut wire);
            }
        }
        let copy = dir.path().join("copy");
        let digest = copied(&server, dir.path(), &copy);
        let journal = dir.path().join("journal");
        let imported = import_aof(&copy, &journal, &Default::default()).unwrap();
        assert_eq!(imported.journal.digest, digest, "seed {seed}");
        assert!(imported.units > 0 && imported.files == 2, "{imported:?}");
        assert_eq!(imported.rdb_keys > 0, preamble == "yes", "{imported:?}");
        let last = imported.journal.last_seq;
        let again = Timeline::open(&journal).unwrap();
        assert_eq!(digest_at(&again, last), digest, "seed {seed}, reopened");
    }
}

/// A client in MONITOR, which collects lines.
struct Capture(BufReader<TcpStream>);

impl Capture {
    fn start(port: u16) -> Capture {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let mut request = Vec::new();
        encode_command(&["MONITOR"], &mut request);
        stream.write_all(&request).unwrap();
        let mut capture = Capture(BufReader::new(stream));
        assert_eq!(capture.line(), "+OK\r\n");
        capture
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line
    }

    /// All lines up to one with this text.
    fn until(mut self, end: &str) -> String {
        let mut lines = String::new();
        loop {
            let line = self.line();
            if line.contains(end) {
                return lines;
            }
            lines += &line;
        }
    }
}

/// What draws at random, or depends on the millisecond.
const BY_CHANCE: &[&str] = &[
    "SPOP",
    "XADD",
    "EVAL",
    "EVALSHA",
    "EVAL_RO",
    "EVALSHA_RO",
    "XREADGROUP",
    "XCLAIM",
    "XAUTOCLAIM",
    "RESTORE",
];

#[test]
fn its_monitor_capture_becomes_a_journal() {
    let Some(program) = real() else { return };
    let families: &[&Family] = &[
        &TRANSACTIONS,
        &STRINGS,
        &LISTS,
        &ZSETS,
        &SETS,
        &KEYS,
        &GEO,
        &BITS,
    ];
    for seed in cases(20) {
        let dir = Recorded::new();
        let server = Running::start(&program, dir.path(), &[]);
        let capture = Capture::start(server.port);
        let mut wire = Wire::new(server.port, Protocol::Resp2);
        for part in 0..5 {
            play(&mut wire, families, 100 * seed + part, BY_CHANCE);
        }
        ask(&mut wire, &[b"ECHO", b"the end"]);
        let file = dir.path().join("monitor.txt");
        std::fs::write(&file, capture.until("the end")).unwrap();
        let journal = dir.path().join("journal");
        let imported = import_monitor(&file, &journal, &Default::default()).unwrap();
        assert!(
            imported.commands > 10 && imported.clients >= 3,
            "{imported:?}"
        );
        let past = Timeline::open(&journal).unwrap();
        let view = past.at(&Rev::LAST).unwrap();
        let theirs = lasting(&data(server.port));
        assert_eq!(lasting(&view.world().keyspace), theirs, "seed {seed}");
    }
}
