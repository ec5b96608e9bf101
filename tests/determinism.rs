//! Sessions that two processes play leave the same bytes on disk.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use fakeredis::Clock;
use fakeredis::FakeRedis;
use fakeredis::Fsync;
use fakeredis::Recording;
use fakeredis::Rev;
use fakeredis::resp::Reply;
use fakeredis::rng::Rng;

use crate::differential::families;
use crate::differential::session;
use crate::support::ours;
use crate::support::ours::InProcess;
use crate::support::player;
use crate::support::player::Answer;
use crate::support::player::Target;
use crate::support::transcript::Exchange;
use crate::support::transcript::Order;
use crate::support::transcript::Step;
use crate::support::transcript::Transcript;
use crate::support::verified::Recorded;

/// Tells a process where to play the sessions.
const DIR: &str = "FAKEREDIS_TEST_SESSIONS";

/// Commands whose replies tell of real time, and one that writes beside the clients; they are left out.
const LEFT_OUT: [&str; 4] = ["BGSAVE", "INFO", "LATENCY", "SLOWLOG"];

/// How many random sessions of all families there are.
const RANDOM: u64 = 30;

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
    let second = second.unverified("it is the same as the first");
    let (ours, theirs) = (files(first.path()), files(second.path()));
    assert!(ours.keys().eq(theirs.keys()), "other files");
    assert!(ours.keys().any(|path| path.contains("snap-")));
    for (path, bytes) in &ours {
        let same = std::iter::zip(bytes, &theirs[path]).position(|(ours, theirs)| ours != theirs);
        assert_eq!(same, None, "{path}: the first byte that differs");
        assert_eq!(bytes.len(), theirs[path].len(), "{path}: the length");
    }
    for name in sessions().into_keys() {
        let digest = std::fs::read_to_string(first.path().join(&name).with_extension("digest"));
        let reopened = open(first.path(), &name, ours::started());
        assert_eq!(reopened.digest(), digest.unwrap(), "{name} reopened");
    }
}

/// The state behind a record is the same while it is the newest, and when it is long past.
#[test]
fn the_past_is_what_was() {
    for seed in 100..110 {
        let dir = Recorded::new();
        let builder = FakeRedis::builder()
            .journal(dir.path())
            .checkpoint_every(20);
        let builder = builder.config(ours::config()).clock(ours::started());
        let fake = builder.fsync(Fsync::No).build().unwrap();
        let mut target = InProcess::on(fake.clone());
        let mut then = BTreeMap::new();
        for section in Transcript::parse(&random(seed)).sections {
            for step in &section.steps {
                play_step(&mut target, step, 0);
                then.insert(newest(&mut target), fake.digest());
            }
        }
        let past = fake.timeline().unwrap();
        for (seq, digest) in then.iter().step_by(3) {
            let view = past.at(&Rev::seq(*seq)).unwrap();
            assert_eq!(view.world().keyspace.digest(), *digest, "{seed} at {seq}");
        }
    }
}

/// The sequence number of the newest record.
fn newest(target: &mut InProcess) -> u64 {
    target.send(99, &[b"FAKEREDIS".to_vec(), b"SEQ".to_vec()]);
    match target.receive(99, Duration::ZERO) {
        Answer::Reply(Reply::Int(seq)) => seq as u64,
        _ => panic!("no number"),
    }
}

#[test]
#[ignore = "the other test runs it in processes of their own"]
fn plays_all_sessions() {
    let Some(dir) = std::env::var_os(DIR) else {
        return;
    };
    for (name, session) in sessions() {
        play(Path::new(&dir), &name, &session);
    }
}

/// A directory with the journals, the replies and the digests of all sessions, played by another process.
fn played_elsewhere() -> Recorded {
    let dir = Recorded::new();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "determinism::plays_all_sessions"])
        .env(DIR, dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    dir
}

/// All transcripts, and random sessions.
pub fn sessions() -> BTreeMap<String, Transcript> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let files = folder
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let transcripts = files.filter(|path| path.extension().is_some_and(|end| end == "txt"));
    let recorded = transcripts.map(|path| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, std::fs::read_to_string(&path).unwrap())
    });
    let random = (0..RANDOM).map(|seed| (format!("random{seed}"), random(seed)));
    let own = [("session".to_owned(), SESSION.to_owned())];
    let all = recorded.chain(random).chain(own);
    all.map(|(name, text)| (name, Transcript::parse(&text)))
        .collect()
}

/// Commands of all families, half of them from one, and time that passes.
fn random(seed: u64) -> String {
    let mut rng = Rng::new(seed);
    let mut families = families::ALL.to_vec();
    families.rotate_left(seed as usize % families::ALL.len());
    let mut text = String::from("## Random\n\n");
    for step in session::random(&families, &mut rng) {
        writeln!(text, "{step}").unwrap();
        if rng.below(5) == 0 {
            writeln!(text, "sleep {}ms", rng.below(100_000)).unwrap();
        }
    }
    text
}

/// Plays all sections on one journal, each with clients of its own.
fn play(dir: &Path, name: &str, session: &Transcript) {
    let fake = open(dir, name, ours::started());
    let mut target = InProcess::on(fake.clone());
    let mut replies = String::new();
    for (index, section) in session.sections.iter().enumerate() {
        for step in &section.steps {
            replies += &play_step(&mut target, step, 100 * index);
        }
    }
    let file = dir.join(name);
    std::fs::write(file.with_extension("replies"), replies).unwrap();
    std::fs::write(file.with_extension("digest"), fake.digest()).unwrap();
    fake.close().unwrap();
}

/// The reply, if the step has one; clients are numbered from `first` on.
pub fn play_step(target: &mut InProcess, step: &Step, first: usize) -> String {
    match step {
        Step::Note(_) => {}
        Step::Sleep(time) => target.sleep(*time),
        Step::Exchange(exchange) if is_left_out(exchange) => {}
        Step::Exchange(exchange) => {
            let client = exchange.client + first;
            if !exchange.only_receives() {
                target.send(client, &exchange.argv);
            }
            let answer = target.receive(client, Duration::ZERO);
            return player::show(answer, Order::Fixed, false) + "\n";
        }
    }
    String::new()
}

fn is_left_out(exchange: &Exchange) -> bool {
    let name = exchange.argv.first().map_or(&b""[..], |name| name);
    LEFT_OUT
        .iter()
        .any(|other| name.eq_ignore_ascii_case(other.as_bytes()))
}

fn open(dir: &Path, name: &str, clock: Clock) -> FakeRedis {
    // A sync in the background (on a timer, or for a BGSAVE) would show in the records how fast the machine was.
    let fsync = match name {
        "session" | "random0" | "server" => Fsync::Always,
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
