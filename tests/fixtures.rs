//! Datasets: the same ground for every test.

use fakeredis::BUILT_IN;
use fakeredis::Dataset;
use fakeredis::FakeRedis;
use fakeredis::Size;
use fakeredis::dump_journal;
use redis::Commands;

use crate::support::verified::Recorded;

fn commands(dataset: &Dataset, size: Size) -> Vec<Vec<Vec<u8>>> {
    dataset.commands(size).collect()
}

#[test]
fn every_built_in_dataset_is_what_its_file_says() {
    for (name, _) in BUILT_IN {
        let fake = FakeRedis::new();
        let loaded = fake.load(name).unwrap();
        assert!(loaded.verified, "{name} has a digest");
        assert_eq!(
            loaded.commands,
            Dataset::open(name)
                .unwrap()
                .commands(Size::default())
                .total()
        );
    }
}

#[test]
fn a_changed_dataset_is_refused_before_anything_is_loaded() {
    let text = "name = \"x\"\ndigest = \"0000\"\n[[key]]\nkey = \"a\"\nstring = \"1\"\n";
    let dataset = Dataset::parse("x.toml", text.as_bytes()).unwrap();
    let fake = FakeRedis::new();
    let error = fake
        .load_dataset(&dataset, Size::default(), |_| {})
        .unwrap_err()
        .to_string();
    assert!(error.contains("but the file says 0000"), "{error}");
    assert!(!fake.has_keys());
    let other_seed = Size {
        seed: Some(1),
        ..Size::default()
    };
    assert!(
        !fake
            .load_dataset(&dataset, other_seed, |_| {})
            .unwrap()
            .verified
    );
}

#[test]
fn a_larger_scale_adds_keys_and_changes_none() {
    let dataset = Dataset::open("balances").unwrap();
    let users = |scale| {
        let size = Size {
            scale: Some(scale),
            ..Size::default()
        };
        let all = commands(&dataset, size);
        all.into_iter()
            .filter(|argv| argv[1].starts_with(b"user:") && argv[0] == b"HSET")
            .collect::<Vec<_>>()
    };
    let (small, large) = (users(1.0), users(3.0));
    assert_eq!((small.len(), large.len()), (50, 150));
    assert_eq!(small, large[..50]);
    let other = Size {
        seed: Some(8),
        ..Size::default()
    };
    assert_ne!(
        commands(&dataset, other),
        commands(&dataset, Size::default())
    );
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_place() {
    for (text, what) in [
        ("name = 1", "invalid type"),
        ("name = \"x\"\nsurprise = 1", "unknown field"),
        (
            "name = \"x\"\n[[key]]\nkey = \"a\"",
            "exactly one of string, hash",
        ),
        (
            "name = \"x\"\n[[key]]\nkey = \"a\"\nstring = \"1\"\nlist = [\"b\"]",
            "exactly one of",
        ),
        (
            "name = \"x\"\n[[generate]]\ncount = 1\nkey = \"{n\"\nstring = \"\"",
            "unmatched '{'",
        ),
    ] {
        let error = Dataset::parse("x.toml", text.as_bytes())
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("fixture x.toml") && error.contains(what),
            "{error}"
        );
    }
    let error = Dataset::parse("x.redis", b"SET a 1\nSET b \"\n")
        .unwrap_err()
        .to_string();
    assert!(error.contains("x.redis:2"), "{error}");
    let error = Dataset::open("no-such-dataset").unwrap_err().to_string();
    assert!(error.contains("inventory, balances"), "{error}");
}

#[test]
fn a_refused_command_is_named() {
    let dataset = Dataset::parse("x.redis", b"SET a 1\nINCR a b\n").unwrap();
    let error = FakeRedis::new()
        .load_dataset(&dataset, Size::default(), |_| {})
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("\"INCR\" \"a\" \"b\" answers: ERR wrong number"),
        "{error}"
    );
}

#[test]
fn a_fixture_is_loaded_once_into_a_journal_and_dumped_from_it() {
    let dir = Recorded::new();
    let open = || {
        FakeRedis::builder()
            .journal(dir.path())
            .fixture("inventory")
            .unwrap()
            .build()
    };
    {
        let fake = open().unwrap();
        let _: () = fake
            .connection()
            .hset("product:product_1", "stock", 9)
            .unwrap();
        fake.close().unwrap();
    }
    let fake = open().unwrap();
    let stock: u32 = fake
        .connection()
        .hget("product:product_1", "stock")
        .unwrap();
    assert_eq!(
        stock, 9,
        "the dataset was not loaded over what happened since"
    );
    let script: Vec<String> = dump_journal(dir.path())
        .unwrap()
        .iter()
        .map(|argv| {
            argv.iter()
                .map(|arg| fakeredis::quote(arg))
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    let dumped = Dataset::parse("dump.redis", script.join("\n").as_bytes()).unwrap();
    let copy = FakeRedis::new();
    copy.load_dataset(&dumped, Size::default(), |_| {}).unwrap();
    assert_eq!(copy.digest(), fake.digest());
}

/// A dataset is many records, and so is the snapshot of another fake.
#[test]
fn each_record_of_a_dataset_goes_on_in_the_database_that_is_selected() {
    let [dir, other_dir] = [(); 2].map(|()| Recorded::new());
    let script: String = (0..2500).map(|n| format!("SET k:{n} {n}\n")).collect();
    let script = format!("SET first 0\nSELECT 2\n{script}SELECT 0\nSET last 0\n");
    let dataset = Dataset::parse("x.redis", script.as_bytes()).unwrap();
    let fake = FakeRedis::open(dir.path()).unwrap();
    fake.load_dataset(&dataset, Size::default(), |_| {})
        .unwrap();
    let other = FakeRedis::open(other_dir.path()).unwrap();
    other.restore(&fake.snapshot()).unwrap();
    for fake in [&fake, &other] {
        let sizes = [0, 2].map(|db| {
            let mut con = fake.connection();
            let _: () = redis::cmd("SELECT").arg(db).query(&mut con).unwrap();
            redis::cmd("DBSIZE").query::<i64>(&mut con).unwrap()
        });
        assert_eq!(sizes, [2, 2500]);
    }
    drop((fake, other));
}

#[test]
fn streams_are_dumped_with_their_groups() {
    let dir = Recorded::new();
    let fake = FakeRedis::builder().journal(dir.path()).build().unwrap();
    for line in [
        "XADD s 1-1 f v",
        "XADD s 2-1 f v g w",
        "XADD s 3-1 f v",
        "XDEL s 3-1",
        "XGROUP CREATE s g 0",
        "XREADGROUP GROUP g me COUNT 1 STREAMS s >",
        "XGROUP CREATECONSUMER s g idle",
        "XGROUP CREATE s h 1-1",
        "XADD empty 5-5 f v",
        "XTRIM empty MAXLEN 0",
        "XGROUP CREATE new g $ MKSTREAM",
    ] {
        let mut words = line.split(' ');
        let mut command = redis::cmd(words.next().unwrap());
        words.for_each(|word| {
            command.arg(word);
        });
        let _: redis::Value = command.query(&mut fake.connection()).unwrap();
    }
    let copy = FakeRedis::new();
    for argv in dump_journal(dir.path()).unwrap() {
        let mut command = redis::cmd(std::str::from_utf8(&argv[0]).unwrap());
        argv[1..].iter().for_each(|arg| {
            command.arg(arg);
        });
        let _: redis::Value = command.query(&mut copy.connection()).unwrap();
    }
    assert_eq!(copy.digest(), fake.digest());
}
