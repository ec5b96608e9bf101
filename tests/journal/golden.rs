//! A journal of format version 1, kept for ever: read by today's reader, written by today's writer,
//! and decoded by hand from `docs/journal-format.md`, without any code of the crate.

use super::directory;
use fakeredis::commit::Aborted;
use fakeredis::commit::Blob;
use fakeredis::commit::Client;
use fakeredis::commit::ClientEvent;
use fakeredis::commit::Close;
use fakeredis::commit::CommandList;
use fakeredis::commit::Commit;
use fakeredis::commit::Effect;
use fakeredis::commit::How;
use fakeredis::commit::Mark;
use fakeredis::commit::Observed;
use fakeredis::commit::Open;
use fakeredis::commit::Origin;
use fakeredis::commit::Record;
use fakeredis::commit::Rewind;
use fakeredis::commit::Setting;
use fakeredis::commit::Waiting;
use fakeredis::commit::Watched;
use fakeredis::journal::Fsync;
use fakeredis::journal::Health;
use fakeredis::journal::Journal;
use fakeredis::journal::Options;
use fakeredis::journal::Reader;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

const FILES: [&str; 4] = [
    "FORMAT",
    "seg-00000000000000000001.frj",
    "seg-00000000000000000009.frj",
    "snap-00000000000000000008.frs",
];

fn golden() -> PathBuf {
    kept("v1")
}

fn kept(name: &str) -> PathBuf {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    all.join(name)
}

/// The journals that are kept, and what is in them.
fn journals() -> [(&'static str, Vec<Record>); 2] {
    [("v1", records()), ("v1-session", later_records())]
}

fn list(commands: &[&[&str]]) -> CommandList {
    let mut list = CommandList::new();
    commands.iter().for_each(|argv| list.push(*argv));
    list
}

fn client() -> Client {
    Client {
        id: 3,
        name: Blob(b"worker-1".to_vec()),
    }
}

fn blob(text: &str) -> Blob {
    Blob(text.as_bytes().to_vec())
}

/// One commit of each origin and each effect.
fn commits() -> Vec<Commit> {
    let long = "x".repeat(300);
    let commit = |origin, db, argv: &[&str], effect| Commit {
        client: client(),
        origin,
        db,
        commands: list(&[argv]),
        effects: vec![effect],
        ..Commit::default()
    };
    let rewritten = |argv: &[&str]| Effect::Rewritten(Box::new(list(&[argv])));
    vec![
        Commit {
            reply_crc: 0x1234_5678,
            ..commit(
                Origin::Direct,
                0,
                &["SET", "stock:1", "9"],
                Effect::Verbatim,
            )
        },
        Commit {
            commands: list(&[&["SPOP", "s"], &["GET", "stock:1"]]),
            effects: vec![rewritten(&["SREM", "s", "a"]), Effect::None],
            seed: Some(u64::MAX),
            replies: Some(blob("$1\r\na\r\n$1\r\n9\r\n")),
            ..commit(Origin::Exec, 1, &[], Effect::None)
        },
        commit(
            Origin::Script,
            0,
            &["EVAL", "return 1", "0"],
            rewritten(&["SET", "k", &long]),
        ),
        commit(
            Origin::Blocked { cause: 3 },
            0,
            &["BLPOP", "l", "0"],
            rewritten(&["LPOP", "l"]),
        ),
        commit(Origin::Expired, 0, &["DEL", "k"], Effect::Verbatim),
        commit(Origin::Evicted, 70_000, &["DEL", "k"], Effect::Verbatim),
        commit(Origin::Fixture, 0, &[], Effect::Verbatim),
    ]
}

/// One record of each kind.
fn records() -> Vec<Record> {
    let open = Open {
        version: String::from("0.1.0"),
        seed: 42,
        record: String::from("aborts"),
        databases: 16,
        settings: vec![],
    };
    let aborted = Aborted {
        client: client(),
        db: 0,
        commands: list(&[&["INCR", "k"]]),
        watched: vec![Watched {
            db: 0,
            key: blob("k"),
            since: 7,
        }],
        key: blob("k"),
        key_db: 0,
        culprit: 6,
    };
    let observed = Observed {
        client: client(),
        origin: Origin::Direct,
        db: 0,
        commands: list(&[&["GET", "k"]]),
        seed: None,
        replies: blob("_\r\n"),
    };
    let event = ClientEvent {
        client: client(),
        open: true,
        addr: String::from("127.0.0.1:50000"),
    };
    let mut records = vec![Record::Open(open)];
    records.extend(commits().into_iter().map(Record::Commit));
    records.extend([
        Record::Mark(Mark {
            name: String::from("before the sale"),
            at: None,
        }),
        Record::Rewind(Rewind {
            to: 2,
            how: How::Named,
        }),
        Record::Aborted(aborted),
        Record::Observed(observed),
        Record::Client(event),
        Record::Close(Close {
            digest: "0123456789abcdef".repeat(2),
        }),
    ]);
    records
}

/// One record of each kind, and of each form, that later programs write in version 1.
fn later_records() -> Vec<Record> {
    let observed = |origin, seed, commands: &[&[&str]], replies| {
        Record::Observed(Observed {
            client: client(),
            origin,
            db: 1,
            commands: list(commands),
            seed,
            replies: blob(replies),
        })
    };
    let setting = |origin, commands: &[&[&str]], replies: Option<&str>| {
        Record::Setting(Setting {
            client: client(),
            origin,
            db: 0,
            commands: list(commands),
            replies: replies.map(blob),
        })
    };
    let waiting = |keys: &[&str], until_us| {
        Record::Waiting(Waiting {
            client: client(),
            db: 2,
            commands: list(&[&["BLPOP", "l", "0"]]),
            keys: keys.iter().map(|key| blob(key)).collect(),
            until_us,
        })
    };
    vec![
        setting(Origin::Direct, &[&["SCRIPT", "FLUSH"]], None),
        setting(
            Origin::Exec,
            &[&["CONFIG", "SET", "maxmemory", "0"]],
            Some("*1\r\n+OK\r\n"),
        ),
        waiting(&["l", "m"], Some(1_700_000_009_000_000)),
        observed(
            Origin::Blocked { cause: 0 },
            None,
            &[&["BLPOP", "l", "0"]],
            "_\r\n",
        ),
        waiting(&[], None),
        observed(
            Origin::Blocked { cause: 4 },
            None,
            &[&["BLPOP", "l", "0"]],
            "_\r\n",
        ),
        observed(Origin::Exec, None, &[&["GET", "k"]], "*1\r\n_\r\n"),
        observed(Origin::Direct, Some(7), &[&["RANDOMKEY"]], "_\r\n"),
        observed(Origin::Direct, None, &[], "-ERR Protocol error\r\n"),
    ]
}

/// The clock goes on by a second with each record.
fn clock_us(seq: u64) -> i64 {
    1_700_000_000_000_000 + seq as i64 * 1_000_000
}

fn write(dir: &Path, records: Vec<Record>) {
    let options = Options {
        fsync: Fsync::Always,
        now_us: clock_us(0),
        uuid: Some(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff),
        ..Options::default()
    };
    let (journal, _) = Journal::open(dir, &options).unwrap();
    for record in records {
        let seq = journal
            .append(clock_us(journal.last_seq() + 1), &record)
            .unwrap();
        journal.settle(seq).unwrap();
        if seq == 8 {
            let mut chunks = vec![b"state, ".to_vec(), b"opaque".to_vec()].into_iter();
            journal.checkpoint(8, &mut chunks).unwrap();
            journal.rotate(clock_us(8)).unwrap();
        }
    }
    journal.close().unwrap();
}

#[test]
fn todays_writer_writes_the_same_bytes() {
    for (journal, records) in journals() {
        let dir = directory();
        write(dir.path(), records);
        for name in FILES {
            let [written, kept] = [dir.path(), &kept(journal)].map(|dir| without_digest(dir, name));
            assert!(written == kept, "{journal}/{name} differs");
        }
    }
}

#[test]
fn todays_reader_reads_every_record() {
    for (journal, records) in journals() {
        let reader = Reader::open(&kept(journal)).unwrap();
        let entries: Vec<_> = reader.entries(..).map(Result::unwrap).collect();
        assert_eq!(entries.len(), records.len());
        for (entry, (seq, record)) in entries.iter().zip((1..).zip(&records)) {
            assert_eq!(
                (entry.seq, entry.clock_us, &entry.record),
                (seq, clock_us(seq), record)
            );
        }
    }
}

/// A file, but for the last frame of a checkpoint: there was a digest in it, which is written no more.
fn without_digest(dir: &Path, name: &str) -> Vec<u8> {
    const END_FRAME: usize = 64;
    let mut bytes = fs::read(dir.join(name)).unwrap();
    if name.ends_with(".frs") {
        bytes.truncate(bytes.len() - END_FRAME);
    }
    bytes
}

#[test]
fn todays_reader_tells_what_the_journal_is() {
    let reader = Reader::open(&golden()).unwrap();
    let info = reader.info().unwrap();
    assert_eq!(info.uuid, "00112233-4455-6677-8899-aabbccddeeff");
    assert_eq!((info.created_us, info.health), (clock_us(0), Health::Clean));
    let checkpoint = reader.checkpoint_before(8).unwrap().unwrap();
    assert_eq!((checkpoint.seq(), checkpoint.size()), (8, 13));
    let state: Vec<Vec<u8>> = super::chunks(checkpoint);
    assert_eq!(state, [b"state, ".to_vec(), b"opaque".to_vec()]);
}

#[test]
fn a_decoder_written_from_the_specification_reads_it() {
    for (journal, _) in journals() {
        let mut listing = String::new();
        for name in &FILES[1..] {
            writeln!(listing, "{name}").unwrap();
            File::new(fs::read(kept(journal).join(name)).unwrap()).list(&mut listing);
        }
        let expected = fs::read_to_string(kept(journal).join("listing.txt")).unwrap();
        assert_eq!(listing, expected);
    }
}

#[test]
fn the_hex_dump_in_the_specification_is_the_files_beginning() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/journal-format.md");
    let text = fs::read_to_string(path).unwrap();
    let segment = fs::read(golden().join(FILES[1])).unwrap();
    let mut at = 0;
    for line in text.lines() {
        let Some((offset, rest)) = line.split_once(": ") else {
            continue;
        };
        let Ok(offset) = usize::from_str_radix(offset, 16) else {
            continue;
        };
        assert_eq!(offset, at, "{line}");
        let hex = rest.split("  ").next().unwrap();
        for byte in hex.split(' ') {
            assert_eq!(u8::from_str_radix(byte, 16).unwrap(), segment[at], "{line}");
            at += 1;
        }
    }
    let second_frame_end = 96 + 72 + 96;
    assert_eq!(at, second_frame_end);
}

/// CRC-32 as the specification defines it, bit by bit.
fn crc(seed: u32, bytes: &[u8]) -> u32 {
    let mut crc = !seed;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}

/// A segment or a checkpoint, decoded by hand.
struct File(Vec<u8>);

impl File {
    fn new(bytes: Vec<u8>) -> File {
        File(bytes)
    }

    fn number(&self, at: usize, len: usize) -> u64 {
        let bytes = self.0[at..at + len].iter().rev();
        bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    fn list(&self, out: &mut String) {
        let salt = self.header(out);
        let mut link = self.number(92, 4);
        let mut at = 96;
        while at < self.0.len() {
            assert_eq!(self.0[at..at + 4], *b"frj\xf1");
            assert_eq!(
                self.number(at + 4, 4),
                u64::from(crc(salt, &self.0[at + 8..at + 56]))
            );
            assert_eq!(self.number(at + 16, 4), link);
            link = self.number(at + 4, 4);
            at = self.frame(at, salt, out);
        }
    }

    fn header(&self, out: &mut String) -> u32 {
        assert_eq!(self.number(92, 4), u64::from(crc(0, &self.0[..92])));
        let salt = crc(
            0,
            &[&self.0[0..8], &self.0[24..40], &self.0[40..48]].concat(),
        );
        assert_eq!(self.number(88, 4), u64::from(salt));
        let [seq, created, len, last] = [40, 48, 56, 64].map(|at| self.number(at, 8));
        let link = self.number(72, 4);
        writeln!(
            out,
            "  seq {seq} created {created} prev {len} {last} {link:08x}"
        )
        .unwrap();
        salt
    }

    /// Lists one frame; returns where the next starts.
    fn frame(&self, at: usize, salt: u32, out: &mut String) -> usize {
        let len = self.number(at + 8, 4) as usize;
        let payload = &self.0[at + 56..at + 56 + len];
        assert_eq!(self.number(at + 12, 4), u64::from(crc(salt, payload)));
        let (kind, flags, codec) = (self.0[at + 20], self.0[at + 21], self.0[at + 22]);
        assert_eq!((flags, self.0[at + 23]), (0, 0));
        let [seq, clock, durable, aux] = [24, 32, 40, 48].map(|field| self.number(at + field, 8));
        write!(out, "  {seq} clock {clock} durable {durable} aux {aux} ").unwrap();
        let text = match codec {
            0 => payload.escape_ascii().to_string(),
            _ => Payload(payload).record(kind),
        };
        writeln!(out, "kind {kind:#04x}: {text}").unwrap();
        let end = (at + 56 + len).next_multiple_of(8);
        assert!(self.0[at + 56 + len..end].iter().all(|byte| *byte == 0));
        end
    }
}

/// A payload of codec 1, decoded by hand.
struct Payload<'a>(&'a [u8]);

impl Payload<'_> {
    fn record(mut self, kind: u8) -> String {
        let text = match kind {
            0x01 => self.commit(),
            0x02 => format!(
                "open version {} seed {} record {} databases {}",
                self.text(),
                self.number(),
                self.text(),
                self.number()
            ),
            0x03 => format!("close {}", self.text()),
            0x05 => format!("mark {}", self.text()),
            0x06 => format!("rewind {}", self.number()),
            0x81 => self.aborted(),
            0x82 => format!(
                "observed {} db {} {} -> {}",
                self.client(),
                self.number(),
                self.commands(),
                self.text()
            ),
            0x83 => format!("client {} {} {}", self.client(), self.flag(), self.text()),
            0x84 => format!(
                "setting {} {} db {} {} replies {}",
                self.client(),
                self.origin(),
                self.number(),
                self.commands(),
                self.option(Payload::text)
            ),
            0x85 => format!(
                "observed {} {} db {} {} seed {} -> {}",
                self.client(),
                self.origin(),
                self.number(),
                self.commands(),
                self.option(|payload| payload.number().to_string()),
                self.text()
            ),
            0x86 => format!(
                "waiting {} db {} {} keys {} until {}",
                self.client(),
                self.number(),
                self.commands(),
                self.list(Payload::text),
                self.option(|payload| payload.signed().to_string())
            ),
            _ => panic!("kind {kind}"),
        };
        assert!(self.0.is_empty(), "{text}: {} bytes too many", self.0.len());
        text
    }

    fn commit(&mut self) -> String {
        let (client, origin, db) = (self.client(), self.origin(), self.number());
        let (commands, effects) = (self.commands(), self.list(Payload::effect));
        let seed = self.option(|payload| payload.number().to_string());
        let crc = self.number();
        let replies = self.option(Payload::text);
        format!(
            "commit {client} {origin} db {db} {commands} => {effects} seed {seed} crc {crc:x} replies {replies}"
        )
    }

    fn aborted(&mut self) -> String {
        let (client, db, commands) = (self.client(), self.number(), self.commands());
        let watched = self.list(|payload| {
            format!(
                "{}/{} since {}",
                payload.number(),
                payload.text(),
                payload.number()
            )
        });
        let (key, key_db, culprit) = (self.text(), self.number(), self.number());
        format!(
            "aborted {client} db {db} {commands} watched {watched} key {key_db}/{key} culprit {culprit}"
        )
    }

    fn client(&mut self) -> String {
        format!("#{}({})", self.number(), self.text())
    }

    fn origin(&mut self) -> String {
        match self.number() {
            3 => format!("blocked({})", self.number()),
            origin => [
                "direct", "exec", "script", "", "expired", "evicted", "fixture",
            ][origin as usize]
                .to_owned(),
        }
    }

    fn effect(&mut self) -> String {
        match self.number() {
            0 => String::from("none"),
            1 => String::from("verbatim"),
            2 => self.commands(),
            effect => panic!("effect {effect}"),
        }
    }

    fn commands(&mut self) -> String {
        self.list(|payload| payload.list(Payload::text))
    }

    fn list(&mut self, item: impl Fn(&mut Self) -> String) -> String {
        let items: Vec<String> = (0..self.number()).map(|_| item(self)).collect();
        format!("[{}]", items.join(" "))
    }

    fn option(&mut self, item: impl Fn(&mut Self) -> String) -> String {
        if self.flag() {
            item(self)
        } else {
            String::from("-")
        }
    }

    fn flag(&mut self) -> bool {
        match self.take(1) {
            [0] => false,
            [1] => true,
            other => panic!("flag {other:?}"),
        }
    }

    fn text(&mut self) -> String {
        let len = self.number() as usize;
        self.take(len).escape_ascii().to_string()
    }

    fn number(&mut self) -> u64 {
        let len = match self.take(1)[0] {
            small @ 0..=250 => return u64::from(small),
            251 => 2,
            252 => 4,
            253 => 8,
            other => panic!("number {other}"),
        };
        let bytes = self.take(len).iter().rev();
        bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    fn signed(&mut self) -> i64 {
        let number = self.number();
        (number >> 1) as i64 ^ -((number & 1) as i64)
    }

    fn take(&mut self, len: usize) -> &[u8] {
        let (taken, rest) = self.0.split_at(len);
        self.0 = rest;
        taken
    }
}
