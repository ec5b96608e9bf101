//! `run` sends transcripts, recorded by a fake, to a real server, which must answer all the same.

use std::path::Path;
use std::time::Duration;

use fakeredis::FakeRedis;
use fakeredis::Recording;

use super::session::Answer;
use super::session::replay;
use super::support::oracle;
use super::support::oracle::Running;
use super::support::ours;
use super::support::ours::InProcess;
use super::support::player::Target;
use super::support::transcript::Section;
use super::support::transcript::Step;
use super::support::transcript::Transcript;
use super::support::verified::Recorded;

/// Sections with these words come to something else on a server: its time is another, its random numbers and the order of
/// its keys are, and what `run` does not send can't fail there. And a pause takes its time.
const LEFT_OUT: [&str; 6] = [
    "'KEYS'",
    "CLIENT PAUSE",
    "SET-ACTIVE-EXPIRE",
    "SHUTDOWN",
    "WAITAOF",
    "math.random",
];

const TRIES: usize = 3;

/// A test for each of the transcripts in which most hangs on several clients.
macro_rules! transcripts {
    ($($family:ident,)*) => {
        $(#[test] fn $family() { run(stringify!($family)); })*
    };
}

transcripts! {
    blocking,
    blocking_streams,
    connection,
    expire,
    pubsub,
    scripting,
    streams,
    tracking,
    transactions,
}

fn run(family: &str) {
    let Some(program) = oracle::find() else {
        println!("skipped: no real redis-server; .ci/oracles.sh installs one");
        return;
    };
    let dir = Recorded::new();
    let journal = dir.path().join("journal");
    record(&journal, family);
    // A real server's clock can't be stopped: on a busy machine, a time to live of some milliseconds is over too early. What
    // is the same in one of so many tries is the same.
    let mut answer = sent(&program, &journal);
    for _ in 1..TRIES {
        if answer.code != 0 {
            answer = sent(&program, &journal);
        }
    }
    assert_eq!(
        (answer.code, &*answer.err),
        (0, ""),
        "{family}\n{}",
        answer.out
    );
    assert!(
        !answer.out.contains("replies: 0 compared"),
        "{}",
        answer.out
    );
}

/// What `run` says of a journal and a server that was just started.
fn sent(program: &Path, journal: &Path) -> Answer {
    let dir = Recorded::new();
    let server = Running::start(program, dir.path(), &[]);
    let against = format!("127.0.0.1:{}", server.port);
    replay(journal, "run", &["--against", &against])
}

/// Plays the sections on one journal, each with clients of its own.
fn record(journal: &Path, family: &str) {
    let builder = FakeRedis::builder().journal(journal);
    let builder = builder.record(Recording::Session).config(ours::config());
    let fake = builder.clock(ours::started()).build().unwrap();
    let mut target = InProcess::on(fake.clone());
    let sections = transcript(family).sections.into_iter().filter(is_stable);
    for (index, section) in sections.enumerate() {
        for step in &section.steps {
            match step {
                Step::Note(_) => {}
                Step::Sleep(time) => target.sleep(*time),
                Step::Exchange(exchange) => {
                    let client = 100 * index + exchange.client;
                    if !exchange.only_receives() {
                        target.send(client, &exchange.argv);
                    }
                    target.receive(client, Duration::ZERO);
                }
            }
        }
    }
    fake.close().unwrap();
}

fn transcript(family: &str) -> Transcript {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/transcripts");
    let text = std::fs::read_to_string(folder.join(family).with_extension("txt"));
    Transcript::parse(&text.unwrap())
}

fn is_stable(section: &Section) -> bool {
    !section.steps.iter().any(|step| match step {
        Step::Exchange(exchange) => LEFT_OUT.iter().any(|word| exchange.command.contains(word)),
        _ => false,
    })
}
