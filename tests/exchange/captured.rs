//! What a real server left behind, as `tests/data/aof-8.2.3/README.md` tells, becomes a journal: without that server.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use crate::support::verified::Recorded;
use fakeredis::Rev;
use fakeredis::Timeline;
use fakeredis::commit::Commit;
use fakeredis::commit::Origin;
use fakeredis::commit::Record;
use fakeredis::exchange::Error;
use fakeredis::exchange::ImportOptions;
use fakeredis::exchange::ImportedAof;
use fakeredis::exchange::Place;
use fakeredis::exchange::import_aof;
use fakeredis::resp::pretty;
use fakeredis::resp::split_quoted;
use fakeredis::timeline::rfc3339;

pub fn captured() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/aof-8.2.3")
}

/// A copy of the server's directory.
pub fn copy(to: &Path) {
    let parts = to.join("appendonlydir");
    fs::create_dir(&parts).unwrap();
    for part in captured().join("appendonlydir").read_dir().unwrap() {
        let part = part.unwrap();
        fs::copy(part.path(), parts.join(part.file_name())).unwrap();
    }
}

fn imported() -> (Recorded, ImportedAof, Timeline) {
    let dir = Recorded::new();
    let into = dir.path().join("data");
    let imported = import_aof(&captured(), &into, &Default::default()).unwrap();
    let past = Timeline::open(&into).unwrap();
    (dir, imported, past)
}

fn commits(past: &Timeline) -> Vec<(String, Commit)> {
    let entries = past.reader().entries(..).map(Result::unwrap);
    let commits = entries.filter_map(|entry| match entry.record {
        Record::Commit(commit) => Some((rfc3339(entry.clock_us), commit)),
        _ => None,
    });
    commits.collect()
}

#[test]
fn all_of_its_data_are_there() {
    let (_dir, imported, past) = imported();
    assert_eq!((imported.files, imported.rdb_keys), (2, 13));
    assert_eq!((imported.units, imported.commands), (10, 17));
    let mut view = past.at(&Rev::LAST).unwrap();
    for (command, reply) in [
        ("DBSIZE", "(integer) 12"),
        ("EXISTS text brief", "(integer) 0"),
        (r#"GET "binary\x00\xff\r\n""#, r#""\x00\x01\r\n\"\xfe""#),
        ("GET number", "\"50\""),
        ("PEXPIRETIME lasting", "(integer) 4102444800000"),
        (
            "LRANGE list 2 -1",
            "1) \"c\\r\\nd\"\n2) \"4\"\n3) \"e\\x00\"",
        ),
        ("SMEMBERS numbers", "1) \"1\"\n2) \"3\""),
        ("SMEMBERS words", "1) \"one\"\n2) \"two\"\n3) \"\\xff\""),
        (
            "ZRANGE scores 0 -1",
            "1) \"b\"\n2) \"d\"\n3) \"a\"\n4) \"c\"",
        ),
        (
            "HPEXPIRETIME hash FIELDS 2 f g",
            "1) (integer) 5795416903078\n2) (integer) 4102444800000",
        ),
        ("HGET hash g", r#""\x00""#),
        (
            "XRANGE stream - +",
            "1) 1) \"3-1\"\n   2) 1) \"last\"\n      2) \"\\x80\"",
        ),
        (
            "XPENDING stream group",
            "1) (integer) 2\n2) \"1-1\"\n3) \"2-1\"\n4) 1) 1) \"consumer\"\n      2) \"2\"",
        ),
        ("PFCOUNT hll", "(integer) 3"),
        ("VDIM vectors", "(integer) 3"),
        ("VCARD vectors", "(integer) 1"),
        ("VGETATTR vectors one", r#""{\"n\":1}""#),
        ("GET scripted", r#""\xf0\x9f\r\n""#),
        ("SELECT 2", "OK"),
        (r#"MGET two "in\xffside""#, "1) \"2\"\n2) \"1\""),
        ("SELECT 7", "OK"),
        ("GET elsewhere", "\"yes\""),
    ] {
        let mut argv: Vec<Vec<u8>> = Vec::new();
        split_quoted(command.as_bytes(), |word| argv.push(word.to_vec())).unwrap();
        assert_eq!(pretty(&view.run(&argv).lowered()), reply, "{command}");
    }
}

#[test]
fn its_transactions_are_units_at_their_times() {
    let (_dir, _, past) = imported();
    let began = past.entry(1).unwrap();
    assert_eq!(rfc3339(began.clock_us), "2026-11-23T06:55:00.000000Z");
    let commits = commits(&past);
    let (base, then): (Vec<_>, Vec<_>) = commits
        .iter()
        .partition(|(_, commit)| commit.origin == Origin::Fixture);
    assert!(
        base.iter()
            .all(|(time, _)| time == "2026-11-23T06:55:00.000000Z")
    );
    let units = then.iter().map(|(time, commit)| {
        let first = String::from_utf8_lossy(commit.commands.arg(0, 0).unwrap()).into_owned();
        (&time[11..19], commit.origin, commit.commands.len(), first)
    });
    let (early, late) = ("06:55:01", "06:55:03");
    let unit = |time, origin, len, name: &str| (time, origin, len, name.to_owned());
    assert_eq!(
        units.collect::<Vec<_>>(),
        [
            unit(early, Origin::Exec, 5, "SELECT"),
            unit(early, Origin::Direct, 1, "SET"),
            unit(early, Origin::Exec, 3, "SELECT"),
            unit(early, Origin::Direct, 1, "SREM"),
            unit(early, Origin::Direct, 1, "SET"),
            unit(early, Origin::Direct, 1, "DEL"),
            unit(late, Origin::Exec, 2, "XCLAIM"),
            unit(late, Origin::Direct, 1, "XADD"),
            unit(late, Origin::Direct, 1, "HPEXPIREAT"),
            unit(late, Origin::Direct, 1, "VREM"),
        ]
    );
}

/// Wherever the newest file is cut, what is whole before that is read, if that is wanted.
#[test]
fn a_server_that_was_killed_leaves_a_whole_beginning() {
    let dir = Recorded::new();
    copy(dir.path());
    let newest = dir.path().join("appendonlydir/appendonly.aof.2.incr.aof");
    let whole = fs::read(&newest).unwrap();
    let import = |truncated_ok| {
        let into = Recorded::new();
        let options = ImportOptions {
            truncated_ok,
            ..Default::default()
        };
        import_aof(dir.path(), &into.path().join("data"), &options)
    };
    let mut units = 0;
    for len in (0..=whole.len()).step_by(131).chain([whole.len()]) {
        fs::write(&newest, &whole[..len]).unwrap();
        let read = import(true).unwrap();
        assert!(read.units >= units && read.rdb_keys == 13, "{len}");
        units = read.units;
        match import(false) {
            Ok(read) => assert_eq!(read.left_out, 0, "{len}"),
            Err(Error::Truncated(flaw)) => {
                assert_eq!(flaw.path, newest);
                assert_eq!(flaw.place, Place::Byte(len as u64 - read.left_out));
            }
            Err(error) => panic!("{len}: {error}"),
        }
    }
    assert_eq!(units, 10);
}

/// No bit of the base can change unnoticed: it has a checksum.
#[test]
fn a_damaged_base_is_refused() {
    let dir = Recorded::new();
    copy(dir.path());
    let base = dir.path().join("appendonlydir/appendonly.aof.2.base.rdb");
    let whole = fs::read(&base).unwrap();
    for at in (9..whole.len() - 8).step_by(37) {
        let mut bytes = whole.clone();
        bytes[at] ^= 4;
        fs::write(&base, bytes).unwrap();
        let into = dir.path().join("data");
        let refused = import_aof(dir.path(), &into, &Default::default());
        assert!(
            matches!(refused, Err(Error::Damaged(_) | Error::Unsupported(_))),
            "byte {at}: {refused:?}"
        );
        assert!(!into.exists());
    }
}
