//! The fuzz targets, for a moment: changed seeds instead of a fuzzer's search, the same on every run.
//!
//! `FAKEREDIS_CASES` says how many inputs each target gets, `FAKEREDIS_SEED` which is the first.

#[path = "../fuzz/src/targets.rs"]
mod targets;

use std::fs;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::path::Path;

use fakeredis::resp::split_quoted;
use fakeredis::rng::Rng;

use crate::journal::disk;
use crate::journal::forge;
use crate::support::cases;

fn read(path: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The commands of each section of the transcripts, a line each.
fn scripts() -> Vec<Vec<u8>> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut paths: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    paths.sort();
    let texts = paths.iter().map(|path| fs::read_to_string(path).unwrap());
    let scripts = texts.flat_map(|text| text.split("\n## ").map(commands).collect::<Vec<_>>());
    scripts.filter(|script| !script.is_empty()).collect()
}

fn commands(section: &str) -> Vec<u8> {
    let commands = section.lines().filter_map(|line| line.strip_prefix("> "));
    commands.collect::<Vec<_>>().join("\n").into_bytes()
}

/// A script as a client would send it.
fn requests(script: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in script.split(|byte| *byte == b'\n') {
        let mut argv = Vec::new();
        if split_quoted(line, |word| argv.push(word.to_vec())).is_some() {
            encode_request(&argv, &mut bytes);
        }
    }
    bytes
}

fn encode_request(argv: &[Vec<u8>], bytes: &mut Vec<u8>) {
    bytes.extend(format!("*{}\r\n", argv.len()).as_bytes());
    for word in argv {
        bytes.extend(format!("${}\r\n", word.len()).as_bytes());
        bytes.extend([word, &b"\r\n"[..]].concat());
    }
}

/// One reply of each shape.
const REPLIES: &[u8] = b"*9\r\n+OK\r\n-ERR no\r\n:-7\r\n$3\r\nabc\r\n$-1\r\n%1\r\n_\r\n#t\r\n\
    ~1\r\n,1.5\r\n=7\r\ntxt:abc\r\n(12345678901234567890\r\n";

/// The golden journal's files, whole and without their headers.
fn golden(name: &str, whole: &[u8], frames: &[u8]) -> Vec<Vec<u8>> {
    let file = read(&format!("tests/golden/v1/{name}"));
    let wholes = whole.iter().map(|how| [&[*how], &file[..]].concat());
    let frames = frames.iter();
    let frames = frames.map(|how| [&[*how], &file[forge::HEADER..]].concat());
    wholes.chain(frames).collect()
}

/// The golden checkpoint's state, for a file that the target makes.
fn state() -> Vec<u8> {
    let file = read("tests/golden/v1/snap-00000000000000000008.frs");
    let len = u32::from_le_bytes(*file[forge::HEADER + 8..].first_chunk().unwrap());
    let payload = &file[forge::HEADER + 56..][..len as usize];
    [&[1], payload].concat()
}

/// One or two of the corpus, put together and damaged.
fn mutant(corpus: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = corpus[rng.below(corpus.len())].clone();
    if rng.below(4) == 0 {
        let other = &corpus[rng.below(corpus.len())];
        bytes.truncate(rng.below(bytes.len() + 1));
        bytes.extend(&other[rng.below(other.len() + 1)..]);
    }
    for _ in 0..rng.below(5) {
        if bytes.is_empty() {
            break;
        }
        let at = rng.below(bytes.len());
        match rng.below(6) {
            0 => bytes[at] ^= 1 << rng.below(8),
            1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xfa, 0xfb, 0xfd, 0xff][rng.below(8)],
            2 => drop(bytes.remove(at)),
            3 => bytes.insert(at, rng.next_u64() as u8),
            4 => bytes.truncate(at),
            _ => {
                let end = bytes.len().min(at + 1 + rng.below(20));
                bytes.extend_from_within(at..end);
            }
        }
    }
    bytes
}

fn fuzz(corpus: &[Vec<u8>], usual: u64, target: fn(&[u8])) {
    corpus.iter().for_each(|seed| target(seed));
    for seed in cases(usual) {
        let input = mutant(corpus, &mut Rng::new(seed));
        if catch_unwind(AssertUnwindSafe(|| target(&input))).is_err() {
            panic!(
                "FAKEREDIS_SEED={seed} FAKEREDIS_CASES=1 finds this again: {}",
                input.escape_ascii()
            );
        }
    }
}

#[test]
fn resp() {
    let mut corpus: Vec<_> = scripts().iter().map(|script| requests(script)).collect();
    corpus.push(REPLIES.to_vec());
    fuzz(&corpus, 20_000, targets::resp);
}

#[test]
fn journal() {
    let mut corpus = golden("seg-00000000000000000001.frj", &[0, 2, 6, 10], &[3, 7, 11]);
    corpus.extend(golden("seg-00000000000000000009.frj", &[2], &[3]));
    fuzz(&corpus, 1500, targets::journal);
}

#[test]
fn checkpoint() {
    let mut corpus = golden("snap-00000000000000000008.frs", &[0], &[]);
    corpus.push(state());
    fuzz(&corpus, 3000, targets::checkpoint);
}

#[test]
fn fixtures() {
    let corpus = ["fixtures/balances.toml", "fixtures/inventory.toml"].map(read);
    fuzz(&corpus, 1500, targets::fixtures);
}

#[test]
fn replay() {
    fuzz(&scripts(), 200, targets::replay);
}
