//! Sessions that two processes play leave the same bytes on disk.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use fakeredis::Clock;
use fakeredis::FakeRedis;
use fakeredis::Fsync;
use fakeredis::Recording;
use fakeredis::rng::Rng;
use tempfile::TempDir;

use crate::support::ours;
use crate::support::ours::InProcess;
use crate::support::player;
use crate::support::player::Target;
use crate::support::transcript::Order;
use crate::support::transcript::Step;
use crate::support::transcript::Transcript;

/// Tells a process where to play the sessions.
const DIR: &str = "FAKEREDIS_TEST_SESSIONS";

/// Transcripts that are sessions too: those whose replies don't tell real time or memory addresses.
const FAMILIES: [&str; 7] = [
    "expire",
    "hashes",
    "keys",
    "lists",
    "sets",
    "strings",
    "transactions",
];

/// Whatever could follow from a clock, a random number or a hash.
const SESSION: &str = r#"## Session

> HELLO 3
> SADD members a b c d e f g h i j k l m n o p q r s t u v w x y z
> HSET fields a 1 b 2 c 3 d 4 e 5 f 6 g 7 h 8
[2] > WATCH fields
[3] > HINCRBYFLOAT fields a 0.1
[2] > MULTI
[2] > HSET fields a 2
[2] > EXEC
[2] > MULTI
[2] > SET a 1 EX 10
[2] > RANDOMKEY
[2] > SPOP members 3
[2] > TIME
[2] > EXEC
> EVAL "return {math.random(1000), redis.call('SPOP', KEYS[1]), redis.call('TIME')}" 1 members
> EVAL "for i = 1, 300 do redis.call('SADD', KEYS[1], math.random(1000)) end" 1 numbers
> SRANDMEMBER numbers -20
> HRANDFIELD fields 3 WITHVALUES
> SAVE
[4] > SCAN 0
[4] > GET members
[4] > NOSUCHCOMMAND
> HPEXPIRE fields 500 FIELDS 2 a b
> PEXPIRE numbers 700
sleep 600ms
> HGETALL fields
sleep 20000ms
> DBSIZE
> DEBUG RELOAD
> SPOP members 5
[3] > SELECT 5
[3] > SETEX elsewhere 100 x
[3] > SWAPDB 0 5
[3] > RANDOMKEY
> SAVE
> KEYS *
"#;

#[test]
fn two_processes_write_the_same_bytes() {
    let [first, second] = [(); 2].map(|()| played_elsewhere());
    let (ours, theirs) = (files(first.path()), files(second.path()));
    assert!(ours.keys().eq(theirs.keys()), "other files");
    assert!(ours.keys().any(|path| path.contains("snap-")));
    for (path, bytes) in &ours {
        let same = std::iter::zip(bytes, &theirs[path]).position(|(ours, theirs)| ours != theirs);
        assert_eq!(same, None, "{path}: the first byte that differs");
        assert_eq!(bytes.len(), theirs[path].len(), "{path}: the length");
    }
    for name in sessions().keys() {
        let digest = std::fs::read_to_string(first.path().join(name).with_extension("digest"));
        let reopened = open(first.path(), name, ours::started());
        assert_eq!(reopened.digest(), digest.unwrap(), "{name} reopened");
    }
}

#[test]
#[ignore = "the other test runs it in processes of their own"]
fn plays_all_sessions() {
    let Some(dir) = std::env::var_os(DIR) else {
        return;
    };
    for (name, session) in sessions() {
        play(Path::new(&dir), name, &session);
    }
}

/// A directory with the journals, the replies and the digests of all sessions, played by another process.
fn played_elsewhere() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "determinism::plays_all_sessions"])
        .env(DIR, dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    dir
}

fn sessions() -> BTreeMap<&'static str, Transcript> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let read = |family| std::fs::read_to_string(folder.join(family).with_extension("txt")).unwrap();
    let families = FAMILIES.map(|family| (family, Transcript::parse(&read(family))));
    let mut sessions = BTreeMap::from(families);
    sessions.insert("session", Transcript::parse(SESSION));
    sessions.insert("random", Transcript::parse(&random()));
    sessions
}

/// Commands of several clients that follow from a seed.
fn random() -> String {
    let mut rng = Rng::new(8);
    let mut session = String::from("## Random\n\n");
    for _ in 0..2000 {
        let client = 1 + rng.below(4);
        let (key, n) = (rng.below(8), rng.below(1000));
        let command = match rng.below(12) {
            0 => format!("SET s{key} {n} PX {}", 1 + n),
            1 => format!("SADD m{key} {n} {} {key}", n / 2),
            2 => format!("SPOP m{key} 2"),
            3 => "RANDOMKEY".to_owned(),
            4 => format!("HSET h{key} f{} {n}", n % 10),
            5 => format!("HPEXPIRE h{key} {n} FIELDS 1 f{}", n % 10),
            6 => format!("WATCH s{key} m{key}"),
            7 => "MULTI".to_owned(),
            8 => "EXEC".to_owned(),
            9 => format!("EVAL \"return redis.call('INCRBY', KEYS[1], math.random(9))\" 1 s{key}"),
            10 => format!("SINTERSTORE m{key} m{} m{}", n % 8, n % 7),
            _ => {
                session += &format!("sleep {}ms\n", n / 4);
                continue;
            }
        };
        session += &format!("[{client}] > {command}\n");
    }
    session
}

/// Plays all sections on one journal, each with clients of its own.
fn play(dir: &Path, name: &str, session: &Transcript) {
    let fake = open(dir, name, ours::started());
    let mut target = InProcess::on(fake.clone());
    let mut replies = String::new();
    for (index, section) in session.sections.iter().enumerate() {
        for step in &section.steps {
            match step {
                Step::Note(_) => {}
                Step::Sleep(time) => target.sleep(*time),
                Step::Exchange(exchange) => {
                    let client = exchange.client + 100 * index;
                    if !exchange.only_receives() {
                        target.send(client, &exchange.argv);
                    }
                    let answer = target.receive(client, Duration::ZERO);
                    replies += &format!("{}\n", player::show(answer, Order::Fixed, false));
                }
            }
        }
    }
    let file = dir.join(name);
    std::fs::write(file.with_extension("replies"), replies).unwrap();
    std::fs::write(file.with_extension("digest"), fake.digest()).unwrap();
    fake.close().unwrap();
}

fn open(dir: &Path, name: &str, clock: Clock) -> FakeRedis {
    // A sync on a timer would show in the records how fast the machine was.
    let fsync = match name {
        "session" | "random" => Fsync::Always,
        _ => Fsync::No,
    };
    let builder = FakeRedis::builder().journal(dir.join(name)).seed(42);
    let builder = builder.record(Recording::Session).fsync(fsync);
    builder.config(ours::config()).clock(clock).build().unwrap()
}

/// What is in the files under `dir`, but for the locks.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in dir.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            let inner = files(&path).into_iter();
            found.extend(inner.map(|(file, bytes)| (format!("{name}/{file}"), bytes)));
        } else if name != "LOCK" {
            found.insert(name.to_owned(), std::fs::read(&path).unwrap());
        }
    }
    found
}
