//! Long damaged journals on a real disk, and programs that judge them in an address space that is limited from outside.
//! Who asks for more is aborted, and has no exit code.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use fakeredis::Fsync;
use fakeredis::commit::Client;
use fakeredis::commit::CommandList;
use fakeredis::commit::Commit;
use fakeredis::commit::Effect;
use fakeredis::commit::Record;
use fakeredis::journal::Journal;
use fakeredis::journal::Options;

/// What a program may have, its own code and stacks among it: some twice what a small clean journal takes.
pub const SPACE_MIB: u64 = 64;

const SEGMENT_MIB: u64 = 4;

/// As much, where segments are read: they are mapped one at a time.
pub const LONG_SPACE_MIB: u64 = SPACE_MIB + 3 * SEGMENT_MIB;

/// How a program ended with so much space: its exit code, and what it said.
pub fn within(mib: u64, program: &str, arguments: &[&str]) -> (i32, String) {
    let limit = format!("ulimit -v {} && exec \"$0\" \"$@\"", mib << 10);
    let mut command = Command::new("sh");
    command.args(["-c", &limit, program]).args(arguments);
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let said = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
    let code = status.code();
    let code = code.unwrap_or_else(|| panic!("{arguments:?}: {status}: {said}"));
    (code, said)
}

/// A journal of many records and several segments, without a checkpoint; its segments. `FAKEREDIS_RECORDS` makes it longer.
pub fn live(dir: &Path) -> Vec<PathBuf> {
    let records = std::env::var("FAKEREDIS_RECORDS");
    let records = records.map_or(200_000, |count| count.parse().unwrap());
    let options = Options {
        fsync: Fsync::No,
        segment_bytes: SEGMENT_MIB << 20,
        ..Options::default()
    };
    let (journal, _) = Journal::open(dir, &options).unwrap();
    for number in 0..records {
        journal.append(0, &record(number)).unwrap();
        if number % 1000 == 0 {
            // What was synced is not taken for a write that was cut short.
            journal.sync().unwrap();
        }
    }
    journal.close().unwrap();
    let files = fs::read_dir(dir).unwrap().map(|file| file.unwrap().path());
    let is_segment = |path: &PathBuf| path.extension().is_some_and(|end| end == "frj");
    let mut segments: Vec<_> = files.filter(is_segment).collect();
    segments.sort();
    assert!(segments.len() > 2);
    segments
}

fn record(number: u64) -> Record {
    let key = format!("key:{}", number % 1000);
    let mut commands = CommandList::new();
    commands.push([b"SET", key.as_bytes(), b"some value"]);
    Record::Commit(Commit {
        client: Client::default(),
        commands,
        effects: vec![Effect::Verbatim],
        ..Commit::default()
    })
}

/// Damages a file in its middle.
pub fn flip(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(file, bytes).unwrap();
}
