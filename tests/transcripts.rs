//! Plays `tests/transcripts/*.txt` on every route that leads to an answer.
//!
//! With `FAKEREDIS_RECORD=1`, the `real` route writes the real server's replies into the files instead.

use std::collections::BTreeSet;
use std::path::PathBuf;

use fakeredis::resp::Protocol;
use fakeredis::resp::Reply;
use fakeredis::resp::pretty;
use fakeredis::resp::quote;

use crate::support::oracle;
use crate::support::oracle::RealServer;
use crate::support::ours::InProcess;
use crate::support::ours::Reopened;
use crate::support::ours::Served;
use crate::support::player;
use crate::support::player::Answer;
use crate::support::player::Target;
use crate::support::transcript::Transcript;

/// One test for each family and route.
///
/// Those under `planned` are of types that we do not have yet, and played on the real server only.
macro_rules! families {
    (played: [$($family:ident,)*], planned: [$($planned:ident,)*]) => {
        const FAMILIES: &[&str] = &[$(stringify!($family)),*];
        const PLANNED: &[&str] = &[$(stringify!($planned)),*];

        /// The engine itself.
        mod in_process {
            $(#[test] fn $family() { super::in_process(stringify!($family)); })*
        }

        /// Our server, through a port.
        mod served {
            $(#[test] fn $family() { super::served(stringify!($family)); })*
        }

        /// The data that a section leaves, after its journal was reopened.
        mod reopened {
            $(#[test] fn $family() { super::reopened(stringify!($family)); })*
        }

        /// A real redis-server, where one is installed.
        mod real {
            $(#[test] fn $family() { super::real(stringify!($family)); })*
            $(#[test] fn $planned() { super::real(concat!("planned/", stringify!($planned))); })*
        }
    };
}

families! {
    played: [
        strings,
        transactions,
        expire,
        eviction,
        hashes,
        keys,
        scripting,
        lua,
        lua_libraries,
        connection,
        server,
        lists,
        sets,
        zsets,
        encodings,
        vectors,
        sort,
        streams,
        pubsub,
        blocking,
        blocking_streams,
        geo,
        hyperloglog,
        cluster,
        tracking,
    ],
    planned: [
        functions,
        notifications,
    ]
}

#[test]
fn no_transcript_is_forgotten() {
    assert_eq!(files(folder()), sorted(FAMILIES));
    assert_eq!(files(folder().join("planned")), sorted(PLANNED));
}

#[test]
fn every_command_is_in_a_transcript() {
    let mut fake = InProcess::new();
    fake.send(1, &[b"COMMAND".to_vec(), b"LIST".to_vec()]);
    let Answer::Reply(Reply::Array(names)) = fake.receive(1, player::PATIENCE) else {
        panic!("COMMAND LIST answers an array");
    };
    let listed = names.iter().map(|name| pretty(name).to_lowercase());
    let mut missing: BTreeSet<_> = listed.collect();
    assert!(missing.len() > 100, "{missing:?}");
    let planned = PLANNED.iter().map(|name| format!("planned/{name}"));
    for family in FAMILIES.iter().map(ToString::to_string).chain(planned) {
        for exchange in read(&family).exchanges() {
            for len in 1..=exchange.argv.len().min(2) {
                let name = exchange.argv[..len].join(&b'|').to_ascii_lowercase();
                missing.remove(&quote(&name));
            }
        }
    }
    assert_eq!(missing, BTreeSet::new());
}

/// The names of the transcripts in a folder.
fn files(folder: PathBuf) -> Vec<String> {
    let entries = folder.read_dir().unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let transcripts = names.filter_map(|name| Some(name.strip_suffix(".txt")?.to_owned()));
    let mut names: Vec<_> = transcripts.collect();
    names.sort();
    names
}

fn sorted(names: &[&str]) -> Vec<String> {
    let mut names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    names.sort();
    names
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts")
}

fn path(family: &str) -> PathBuf {
    folder().join(family).with_extension("txt")
}

fn read(family: &str) -> Transcript {
    Transcript::parse(&std::fs::read_to_string(path(family)).unwrap())
}

fn in_process(family: &str) {
    play(family, &mut InProcess::new(), 1);
}

fn served(family: &str) {
    play(family, &mut Served::new(), 1);
}

fn reopened(family: &str) {
    let mut target = Reopened::new();
    play(family, &mut target, 1);
    target.check();
}

fn real(family: &str) {
    let Some(program) = oracle::find() else {
        println!("skipped: no real redis-server; .ci/oracles.sh installs one");
        return;
    };
    let mut server = RealServer::new(program);
    match std::env::var_os("FAKEREDIS_RECORD") {
        Some(_) => record(family, &mut server),
        // A real server's clock can't be stopped, and on a busy machine a timeout of some milliseconds is over early or late.
        None => play(family, &mut server, 3),
    }
}

/// What is the same in one of so many tries is the same.
fn play(family: &str, target: &mut dyn Target, tries: usize) {
    let transcript = read(family);
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        let mut differences = player::play(&transcript, protocol, target);
        for _ in 1..tries {
            if !differences.is_empty() {
                differences = player::play(&transcript, protocol, target);
            }
        }
        let (count, report) = (differences.len(), differences.join("\n"));
        assert!(
            count == 0,
            "{family}, {protocol:?}: {count} differ\n{report}"
        );
    }
}

fn record(family: &str, server: &mut RealServer) {
    let mut transcript = read(family);
    player::record(&mut transcript, server);
    let text = transcript.render();
    assert_eq!(Transcript::parse(&text).render(), text, "ambiguous replies");
    std::fs::write(path(family), text).unwrap();
}
