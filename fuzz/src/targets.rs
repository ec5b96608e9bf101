//! The functions that take any bytes: none may panic, hang, or contradict itself.

use std::path::Path;
use std::time::Duration;
use std::time::UNIX_EPOCH;

use fakeredis::Clock;
use fakeredis::Config;
use fakeredis::engine;
use fakeredis::engine::Engine;
use fakeredis::engine::JournalOptions;
use fakeredis::engine::Outcome;
use fakeredis::fixtures::Dataset;
use fakeredis::fixtures::Size;
use fakeredis::journal::Fsync;
use fakeredis::journal::Journal;
use fakeredis::journal::Options;
use fakeredis::journal::Reader;
use fakeredis::journal::Tolerance;
use fakeredis::resp::Limits;
use fakeredis::resp::Protocol;
use fakeredis::resp::RequestDecoder;
use fakeredis::resp::decode_reply;
use fakeredis::resp::encode;
use fakeredis::resp::split_quoted;
use fakeredis::session::Address;

use super::disk::Image;
use super::disk::Plan;
use super::disk::SimDisk;
use super::forge::HEADER;
use super::forge::file_header;
use super::forge::frame;
use super::forge::reseal;

const UUID: u128 = 0xfeed;
const SEGMENT: &str = "seg-00000000000000000001.frj";
const CHECKPOINT: &str = "snap-00000000000000000001.frs";
const SEGMENT_MAGIC: &[u8; 8] = b"\x89FRJ\r\n\x1a\n";
const CHECKPOINT_MAGIC: &[u8; 8] = b"\x89FRS\r\n\x1a\n";

/// Requests, whole or in pieces, are the same; a reply that is read can be written and read again.
pub fn resp(data: &[u8]) {
    let whole = requests(data, data.len().max(1));
    assert_eq!(whole, requests(data, 1));
    assert_eq!(whole, requests(data, 7));
    if let Ok(Some((reply, len))) = decode_reply(data) {
        assert!(len <= data.len());
        let mut bytes = Vec::new();
        encode(&reply, Protocol::Resp3, &mut bytes);
        let again = decode_reply(&bytes).expect("what was encoded decodes");
        assert_eq!(again.map(|(_, len)| len), Some(bytes.len()));
    }
}

/// The requests in `data`, which arrives in pieces of so many bytes, up to the first error.
fn requests(data: &[u8], piece: usize) -> (Vec<Vec<Vec<u8>>>, bool) {
    let mut decoder = RequestDecoder::new(Limits::default());
    let (mut start, mut end, mut requests) = (0, 0, Vec::new());
    while end < data.len() {
        end = data.len().min(end + piece);
        loop {
            match decoder.decode(&data[start..end]) {
                Err(_) => return (requests, true),
                Ok(None) => break,
                Ok(Some(len)) => {
                    let argv = decoder.argv(&data[start..end]);
                    requests.push(argv.map(<[u8]>::to_vec).collect());
                    start += len;
                }
            }
            if start == end {
                break;
            }
        }
    }
    (requests, false)
}

/// Any bytes as a segment, as they are or with every checksum made right: reading says what it is, and
/// what can be opened can be opened again.
pub fn journal(data: &[u8]) {
    let Some((how, file)) = data.split_first() else {
        return;
    };
    let mut file = file.to_vec();
    if how & 1 != 0 {
        let mut header = file_header(SEGMENT_MAGIC, UUID, 1);
        header.append(&mut file);
        file = header;
    }
    if how & 2 != 0 && file.len() >= HEADER {
        reseal(&mut file);
    }
    let image = Image::from([(SEGMENT.to_owned(), file)]);
    read(&image);
    let tolerance = [Tolerance::Strict, Tolerance::Torn, Tolerance::Prefix][*how as usize / 4 % 3];
    open_twice(&image, tolerance);
}

fn read(image: &Image) {
    let disk = SimDisk::new(image, Plan::PowerOff(1), 0);
    let Ok(reader) = Reader::open_with(disk.storage()) else {
        return;
    };
    let _ = (reader.check(), reader.info(), reader.rewinds(..));
    assert!(reader.entries(..).count() <= image[SEGMENT].len());
    let mut frames = reader.frames(..);
    while let Some(Ok(frame)) = frames.next() {
        // Both ways to read a commit accept the same.
        let is_commit = frame.kind() == fakeredis::journal::kind::COMMIT;
        let (decoded, packed) = (frame.decode(), frame.commit());
        assert!(!is_commit || decoded.is_ok() == packed.is_ok());
        if let Ok(Some(commit)) = packed {
            let len = frame.payload.len();
            commit.each_effect(|words| assert!(words.all(|word| word.len() <= len)));
        }
    }
}

fn open_twice(image: &Image, tolerance: Tolerance) {
    let disk = SimDisk::new(image, Plan::Never, 0);
    let options = Options {
        fsync: Fsync::Always,
        tolerance,
        ..Options::default()
    };
    let Ok((journal, recovered)) = Journal::open_with(disk.storage(), &options) else {
        assert_eq!(disk.visible(), *image, "a refusal changes nothing");
        return;
    };
    let last = recovered.report.last_seq;
    drop(recovered);
    drop(journal);
    let strict = Options {
        tolerance: Tolerance::Strict,
        ..options
    };
    let (_journal, recovered) =
        Journal::open_with(disk.storage(), &strict).expect("it is whole now");
    assert_eq!(recovered.report.last_seq, last);
}

/// Any bytes as a checkpoint's file, or as the state in it.
pub fn checkpoint(data: &[u8]) {
    let Some((how, state)) = data.split_first() else {
        return;
    };
    let mut segment = file_header(SEGMENT_MAGIC, UUID, 1);
    segment.extend(frame(0x05, 1, 1, 0, b"\x01x"));
    reseal(&mut segment);
    let mut file = state.to_vec();
    if how & 1 != 0 {
        file = file_header(CHECKPOINT_MAGIC, UUID, 1);
        let len = state.len() as u64;
        if len > 0 {
            file.extend(frame(0x04, 0, 1, len, state));
        }
        file.extend(frame(0x07, 0, 1 + u64::from(len > 0), len, b"\n"));
        reseal(&mut file);
    }
    let image = Image::from([(SEGMENT.to_owned(), segment), (CHECKPOINT.to_owned(), file)]);
    let disk = SimDisk::new(&image, Plan::Never, 0);
    let reader = Reader::open_with(disk.storage()).expect("the segment is whole");
    let Ok(Some(found)) = reader.checkpoint_before(1) else {
        return;
    };
    if let Ok((world, _)) = engine::start(Some(found)) {
        world.keyspace.digest();
    }
}

/// Any text as a dataset.
pub fn fixtures(data: &[u8]) {
    let Ok(dataset) = Dataset::parse("fuzz.toml", data) else {
        return;
    };
    for command in dataset.commands(Size::default()).take(500) {
        assert!(!command.is_empty());
    }
}

/// Any lines as commands of three clients: what is read back from the journal is what was in memory.
pub fn replay(data: &[u8]) {
    let disk = SimDisk::empty();
    let engine = open(&disk);
    let clients = [(); 3].map(|()| engine.lock().connect(Address::default()));
    let mut waiting = [false; 3];
    for line in data.split(|byte| *byte == b'\n').take(60) {
        let client = line.len() % 3;
        let mut argv: Vec<Vec<u8>> = Vec::new();
        if split_quoted(line, |word| argv.push(word.to_vec())).is_none() || !is_fit(&argv) {
            continue;
        }
        let argv: Vec<&[u8]> = argv.iter().map(Vec::as_slice).collect();
        let done = engine.batch(|core| {
            waiting[client] &= matches!(core.answer(clients[client]), Outcome::Blocked);
            if !waiting[client] {
                let outcome = core.run(clients[client], &argv);
                waiting[client] = matches!(outcome, Outcome::Blocked);
            }
        });
        done.expect("the disk does not fail");
    }
    let live = engine.lock().world().keyspace.digest();
    drop(engine);
    let replayed = open(&disk).lock().world().keyspace.digest();
    assert_eq!(live, replayed);
}

/// Whether a command neither ends the process, nor takes time or memory without bounds.
fn is_fit(argv: &[Vec<u8>]) -> bool {
    let Some(name) = argv.first().map(|name| name.to_ascii_uppercase()) else {
        return false;
    };
    let unfit: [&[u8]; 9] = [
        b"SHUTDOWN",
        b"DEBUG",
        b"EVAL",
        b"EVAL_RO",
        b"CONFIG",
        b"FUNCTION",
        b"SCRIPT",
        b"FAKEREDIS",
        b"CLIENT",
    ];
    let large = |arg: &Vec<u8>| arg.len() > 5 && arg.iter().any(u8::is_ascii_digit);
    let sizes: [&[u8]; 8] = [
        b"SETRANGE",
        b"SETBIT",
        b"BITFIELD",
        b"SRANDMEMBER",
        b"HRANDFIELD",
        b"ZRANDMEMBER",
        b"VEMB",
        b"LOLWUT",
    ];
    let is_unfit = unfit.contains(&&*name);
    let is_large = sizes.contains(&&*name) && argv.iter().any(large);
    !is_unfit && !is_large
}

fn open(disk: &SimDisk) -> Engine {
    let clock = Clock::frozen_at(UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    let mut options = JournalOptions::new(Path::new("simulated"));
    options.journal.fsync = Fsync::Always;
    options.checkpoint_every = 0;
    let opened = Engine::open_on(disk.storage(), &options, Config::default(), clock, 1);
    opened.expect("the journal is whole").0
}
