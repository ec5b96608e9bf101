//! What a forged journal and a long damaged one cost: the tool runs in an address space that is limited from outside.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use fakeredis::FakeRedis;

use long::LONG_SPACE_MIB;
use long::SPACE_MIB;

use super::session::run;
use super::support::verified::Recorded;

#[allow(dead_code, reason = "the tests of the journal use all of it")]
#[path = "../../../tests/journal/forge.rs"]
mod forge;

#[path = "../../../tests/journal/long.rs"]
mod long;

/// How the tool ended with so much space.
fn code_within(mib: u64, dir: &Path, verb: &[&str]) -> i32 {
    let arguments = [&verb[..1], &[dir.to_str().unwrap()], &verb[1..]].concat();
    long::within(mib, env!("CARGO_BIN_EXE_fakeredis-replay"), &arguments).0
}

/// A file's frames begin behind its header.
const FIRST: usize = forge::HEADER;

/// A journal of one segment and a checkpoint.
fn small(dir: &Path) -> [PathBuf; 2] {
    let fake = FakeRedis::open(dir).unwrap();
    let mut con = fake.connection();
    run(&mut con, "SET a 1\nSAVE\nSET b 2");
    drop(con);
    fake.close().unwrap();
    let files = || fs::read_dir(dir).unwrap().map(|file| file.unwrap().path());
    ["frj", "frs"].map(|end| {
        let mut named = files().filter(|file| file.extension().is_some_and(|own| own == end));
        named.next().unwrap()
    })
}

/// Gives the first frame another length, with a header that is right all the same.
fn forge_length(file: &mut [u8], len: u32) {
    let salt = forge::salt(file);
    file[FIRST + 8..FIRST + 12].copy_from_slice(&len.to_le_bytes());
    let link = forge::crc(salt, &file[FIRST + 8..FIRST + 56]);
    file[FIRST + 4..FIRST + 8].copy_from_slice(&link.to_le_bytes());
}

#[test]
fn lengths_that_are_forged_take_no_memory() {
    for len in [u32::MAX, 1 << 31, 1 << 30, (1 << 30) - 1, 1 << 24] {
        for which in 0..2 {
            let dir = Recorded::new().unverified("it is forged or damaged");
            let file = &small(dir.path())[which];
            assert_eq!(code_within(SPACE_MIB, dir.path(), &["check"]), 0);
            let mut bytes = fs::read(file).unwrap();
            forge_length(&mut bytes, len);
            fs::write(file, bytes).unwrap();
            for verb in [
                &["check"][..],
                &["repair"],
                &["log"],
                &["repair", "--apply"],
            ] {
                let code = code_within(SPACE_MIB, dir.path(), verb);
                assert!(
                    (0..=4).contains(&code),
                    "{len} in {file:?}: {verb:?}: {code}"
                );
            }
            assert_eq!(code_within(SPACE_MIB, dir.path(), &["check"]), 0);
        }
    }
}

/// A commit says how many commands it has, each how many words, each word how many bytes.
#[test]
fn counts_that_are_forged_take_no_memory() {
    let count = [&[253][..], &(1u64 << 60).to_le_bytes()].concat();
    for before in [&[1, 0, 0, 0][..], &[1, 0, 0, 0, 1], &[1, 0, 0, 0, 1, 1]] {
        let dir = Recorded::new().unverified("it is forged or damaged");
        let [segment, checkpoint] = small(dir.path());
        fs::remove_file(checkpoint).unwrap();
        let mut bytes = fs::read(&segment).unwrap();
        let starts = forge::frame_starts(&bytes);
        bytes.truncate(starts[1]);
        let payload = [before, &count, &[0; 64]].concat();
        // A commit, in the journal's codec.
        bytes.extend(forge::frame(1, 1, 2, 0, &payload));
        forge::reseal(&mut bytes);
        fs::write(&segment, bytes).unwrap();
        for verb in [&["check"][..], &["repair"], &["log"], &["at", "@"]] {
            let code = code_within(SPACE_MIB, dir.path(), verb);
            assert!((0..=4).contains(&code), "{before:?}: {verb:?}: {code}");
        }
        assert!(FakeRedis::open(dir.path()).is_err());
    }
}

#[test]
fn a_long_damaged_journal_is_judged_in_little_memory() {
    let dir = Recorded::new().unverified("it is forged or damaged");
    let segments = long::live(dir.path());
    assert_eq!(code_within(LONG_SPACE_MIB, dir.path(), &["check"]), 0);
    for segment in [segments.last().unwrap(), &segments[segments.len() / 2]] {
        long::flip(segment);
        for verb in ["check", "repair"] {
            let code = code_within(LONG_SPACE_MIB, dir.path(), &[verb]);
            assert_eq!(code, 2, "{verb} {segment:?}");
        }
    }
}
